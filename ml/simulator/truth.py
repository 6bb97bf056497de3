"""What no bank could know: latent classes, monthly intents, and true probabilities of an answer.

What belongs here: the tables of ``truth/`` that are made chunk by chunk.
"""

from datetime import date

import numpy as np
import pyarrow as pa

from ml.simulator.calendar import Month, day_number
from ml.simulator.catalogue import load_catalogue
from ml.simulator.columns import codes, customer_ids, dates
from ml.simulator.config import WorldConfig
from ml.simulator.history import MonthDraws, next_state
from ml.simulator.population import Customers
from ml.simulator.prediction import next_intent, response_table
from ml.simulator.vocabulary import CHANNELS, INTENSITIES, PRODUCTS

# Customers whose every action's true probability is written: enough for a true policy value to three digits.
SAMPLE_CUSTOMERS = 200


def truth_tables(customers: Customers, months: list[MonthDraws]) -> dict[str, pa.Table]:
    """Return the latent classes and intents of a chunk, as truth.customers and truth.customer_months."""
    ids = customer_ids(customers.number)
    by_month = [
        pa.table(
            {
                "customer_id": ids,
                "month_end": dates(np.full(customers.count, draws.month.last_day)),
                "intent": pa.array(draws.intent.astype(np.int32)),
            }
        )
        for draws in months
    ]
    return {
        "customers": pa.table(
            {
                "customer_id": ids,
                "segment": pa.array(customers.segment.astype(np.int32)),
                "trait": pa.array(customers.trait.astype(np.int32)),
            }
        ),
        "customer_months": pa.concat_tables(by_month),
    }


def response_probabilities_table(
    config: WorldConfig, customers: Customers, draws: MonthDraws, as_of_date: date
) -> pa.Table:
    """Return true probabilities of all actions for the sampled customers of a chunk, those with the lowest numbers.

    Of a contact on the day after ``as_of_date``, a month's end, with the intent of the month to come unknown: rows for
    products the customer may be offered, on the channels the catalogue allows. ``probability_treated`` is that of an
    answer within 14 days, ``probability_control`` that of opening the product within 14 days without a contact,
    ``probability_opening_treated`` that of opening it with one: their difference is the true uplift.

    Parameters
    ----------
    draws : MonthDraws
        The month that ends on ``as_of_date``.
    """
    month, state = Month(draws.month.number + 1), next_state(config, draws)
    count = int((customers.number <= SAMPLE_CUSTOMERS).sum())
    weights = next_intent(config.parameters, customers.segment[:count], state.intent[:count], month)
    few, state = customers.take(count), state.take(count)
    truth = response_table(config, few, month, state, weights)
    allowed = load_catalogue().channels(month)
    known = ~np.isnan(truth.answered) & allowed[None, :, :, None, None] & ~state.is_gone[:, None, None, None, None]
    row, product, channel, slot, intensity = action = np.nonzero(known)
    return pa.table(
        {
            "customer_id": customer_ids(few.number[row]),
            "as_of_date": dates(np.full(row.size, day_number(as_of_date))),
            "product_id": codes(product, PRODUCTS),
            "channel": codes(channel, CHANNELS),
            "send_slot": pa.array(slot.astype(np.int32)),
            "intensity": codes(intensity, INTENSITIES),
            "probability_treated": pa.array(np.round(truth.answered[action], 9)),
            "probability_control": pa.array(np.round(truth.opened_control[row, product], 9)),
            "probability_opening_treated": pa.array(np.round(truth.opened[action], 9)),
        }
    )
