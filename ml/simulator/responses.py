"""True probabilities of what any customer does when contacted with any action, and when left alone, on demand.

What belongs here: the question from outside. ``truth/response_probabilities`` holds every action of 200 customers; this
answers for whichever customers and actions a policy chose, so that its true value and true uplift can be computed.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from ml.simulator.calendar import Month, day_date
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray, IntArray
from ml.simulator.history import next_state, simulate
from ml.simulator.population import draw_customers
from ml.simulator.prediction import next_intent, response_table

_BLOCK = 1_000


@dataclass(frozen=True)
class ActionChances:
    """True probabilities within 14 days of a contact, one element per action asked for.

    Attributes
    ----------
    answered : array of float, shape (m,)
        P(clicked or converted) when contacted so.
    opened : array of float, shape (m,)
        P(the product is opened) when contacted so.
    opened_control : array of float, shape (m,)
        P(the product is opened) without a contact. ``opened - opened_control`` is the true uplift.
    """

    answered: FloatArray
    opened: FloatArray
    opened_control: FloatArray


def action_chances(
    config: WorldConfig,
    as_of_date: date,
    numbers: IntArray,
    product: IntArray,
    channel: IntArray,
    slot: IntArray,
    intensity: IntArray,
) -> ActionChances:
    """Return the true probabilities of actions on the day after a month's end, the month's intent to be drawn.

    Parameters
    ----------
    config : WorldConfig
        Of the world, for example from ``truth/world.json`` by ``world.read_config``.
    as_of_date : date
        A month's last day, in the history or after it.
    numbers : array of int, shape (m,)
        Customer numbers (17 is ``C0000017``), as often as there are questions.
    product, channel, slot, intensity : array of int, shape (m,)
        Positions in the vocabularies.

    Returns
    -------
    ActionChances
        nan where the customer may not open the product, or has left.

    Raises
    ------
    ValueError
        If the day does not end a month.
    """
    month = Month.of(as_of_date)
    if day_date(month.last_day) != as_of_date or as_of_date < config.history_start:
        raise ValueError(
            f"True probabilities were asked for as of {as_of_date}; expected the last day of a month from "
            f"{config.history_start} on, for intents change at month ends only."
        )
    distinct, position = np.unique(numbers, return_inverse=True)
    answers = np.full((3, position.size), np.nan)
    for first in range(0, distinct.size, _BLOCK):
        customers = draw_customers(config, distinct[first : first + _BLOCK])
        *_, last = simulate(config, customers, month)
        state, following = next_state(config, last), Month(month.number + 1)
        intents = next_intent(config.parameters, customers.segment, state.intent, following)
        table = response_table(config, customers, following, state, intents)
        asked = np.flatnonzero((position >= first) & (position < first + customers.count))
        row, of = position[asked] - first, product[asked]
        action = row, of, channel[asked], slot[asked], intensity[asked]
        answers[:, asked] = table.answered[action], table.opened[action], table.opened_control[row, of]
    return ActionChances(*answers)
