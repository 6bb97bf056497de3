"""The observer beside the draws of a chunk: what it saw, what it believed at each month's end, what it expected.

What belongs here: the entrance for the rest of the simulator.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ml.simulator.attribution import Contacts
from ml.simulator.calendar import Month
from ml.simulator.columns import customer_ids, dates
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray
from ml.simulator.history import MonthDraws, State
from ml.simulator.observer.belief import Belief, believe, next_weights
from ml.simulator.observer.forecast import expect_answers, expect_month
from ml.simulator.observer.seen import SeenMonth, hide, see_months
from ml.simulator.population import Customers
from ml.simulator.prediction import Prediction
from ml.simulator.spending import draw_transactions
from ml.simulator.vocabulary import INTENTS

_DIGITS = 9


@dataclass(frozen=True)
class Watched:
    """What the observer made of a chunk.

    Attributes
    ----------
    config : WorldConfig
    customers : Customers
        Latent classes hidden.
    months : list of SeenMonth
    beliefs : list of Belief
        At the end of each month.
    """

    config: WorldConfig
    customers: Customers
    months: list[SeenMonth]
    beliefs: list[Belief]

    def expect(self, index: int, state: State) -> Prediction:
        """Return the observer's probabilities of the month after that at ``index``, which begins in ``state``."""
        month, belief = self.months[index], self.beliefs[index]
        weights = next_weights(self.config, month, belief)
        return expect_month(self.config, self.customers, Month(month.month.number + 1), state, belief, weights)

    def expect_answers(self, index: int) -> FloatArray:
        """Return P(answered), shape (n, 2), of the contacts of the month at ``index``, known the month before."""
        weights = next_weights(self.config, self.months[index - 1], self.beliefs[index - 1])
        return expect_answers(self.config, self.customers, self.months[index], weights)

    def table(self) -> pa.Table:
        """Return P(intent) of each customer at each month's end, the rows of truth.intent_posteriors."""
        ids, count = customer_ids(self.customers.number), self.customers.count
        offsets = pa.array(np.arange(count + 1, dtype=np.int32) * INTENTS)
        return pa.concat_tables(
            pa.table(
                {
                    "customer_id": ids,
                    "month_end": dates(np.full(count, seen.month.last_day)),
                    "probabilities": pa.ListArray.from_arrays(offsets, np.round(belief.intent, _DIGITS).ravel()),
                }
            )
            for seen, belief in zip(self.months, self.beliefs, strict=True)
        )


def watch(config: WorldConfig, customers: Customers, months: list[MonthDraws], contacts: Contacts) -> Watched:
    """Let the ideal observer read the clean files of a chunk, month by month from the history's first.

    Parameters
    ----------
    contacts : Contacts
        Of the same months.
    """
    paid = [
        draw_transactions(config, customers, draws.month, draws.intent, draws.start.held, draws.is_active)
        for draws in months
    ]
    seen, hidden = see_months(config, customers, months, contacts, paid), hide(customers)
    return Watched(config, hidden, seen, list(believe(config, hidden, seen)))
