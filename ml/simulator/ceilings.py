"""Ceilings: how well one could do on the history's last month who knows all that an observer knows.

What belongs here: the labels of that month as the warehouse defines them, each observer's exact probabilities of them,
and the mean log loss and accuracy with bootstrap intervals. The month itself is ahead of both observers. ``latent``
knows segment, trait, the intent of the month before, and everything observable. ``observable`` knows what the clean
files show, exactly: no model that learns from them can have a lower expected loss.
"""

from dataclasses import dataclass, field
from itertools import product as pairs

import numpy as np
import pyarrow as pa
from scipy.special import expit

from ml.simulator.attribution import Contacts
from ml.simulator.calendar import DAY_S, Month, bank_day_end, day_date
from ml.simulator.campaigns import CLICKED, CONVERTED, TREATMENT, WINDOW_DAYS
from ml.simulator.columns import customer_ids
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray, IntArray, Stream, keys, uniform
from ml.simulator.history import MonthDraws, look_ahead
from ml.simulator.observer.watch import Watched
from ml.simulator.population import Customers
from ml.simulator.prediction import Prediction, predict_month
from ml.simulator.tables import make_tables, opening_probability

RESAMPLES = 400
_LEAST = 1e-12
LATENT, OBSERVABLE = "latent", "observable"
_ANSWERED = "exact sum over the month; first answered contact, customers who answered"
_METHODS = {
    "product": "exact sum over the month; first opening or none, all customers",
    "product_of_openers": "as product, given that something was opened",
    "channel": _ANSWERED,
    "send_slot": _ANSWERED,
    "intensity": _ANSWERED,
    "response": "exact probability of an answer to the contact sent",
    "intent": "exact posterior of the month that ends with the snapshot",
}
# What models predict, too.
PREDICTED = ("product", "channel", "send_slot", "intensity", "response")
_TEXT, _NUMBER = pa.utf8(), pa.float64()
_CEILINGS = pa.schema(
    {"target": _TEXT, "metric": _TEXT, "observer": _TEXT}
    | {"value": _NUMBER, "low": _NUMBER, "high": _NUMBER, "method": _TEXT}
)
_LOSSES = pa.schema({"customer_id": _TEXT, "target": _TEXT, "log_loss": _NUMBER, "label_count": pa.int32()})
_KNOWS = {
    LATENT: "knows segment, trait and last intent",
    OBSERVABLE: "knows the clean files to the snapshot",
}
# What else an observer knows of a target.
_KNOWS_BESIDES = {("response", LATENT): " and the month's own intent"}


@dataclass
class Scores:
    """One target's losses and hits per customer and observer, gathered chunk by chunk.

    Attributes
    ----------
    observers : tuple of str
    numbers : list of array of int
        Customer numbers, one row per customer.
    sums : list of array of float, shape (n, 2 * observers)
        Log loss and hits of each observer in turn.
    counts : list of array of float
        Labels summed.
    """

    observers: tuple[str, ...]
    numbers: list[IntArray] = field(default_factory=list)
    sums: list[FloatArray] = field(default_factory=list)
    counts: list[FloatArray] = field(default_factory=list)

    def add(self, numbers: IntArray, probabilities: list[FloatArray], label: IntArray) -> None:
        """Add one row per customer: P(class) of each observer, shape (n, classes), and the class that came."""
        columns = []
        for one in probabilities:
            chosen = one[np.arange(label.size), label] / np.maximum(one.sum(axis=1), _LEAST)
            columns += [-np.log(np.maximum(chosen, _LEAST)), one.argmax(axis=1) == label]
        self._append(numbers, np.column_stack(columns).astype(np.float64), np.ones(label.size))

    def add_binary(
        self, numbers: IntArray, customer: IntArray, probabilities: list[FloatArray], label: FloatArray
    ) -> None:
        """Add rows of a yes-or-no target, summed by customer: ``customer`` is the position in ``numbers``."""
        columns = []
        for one in probabilities:
            loss = -np.log(np.maximum(np.where(label > 0, one, 1 - one), _LEAST))
            columns += [np.bincount(customer, loss, numbers.size)]
            columns += [np.bincount(customer, (one >= 0.5) == label, numbers.size)]
        counts = np.bincount(customer, minlength=numbers.size).astype(np.float64)
        self._append(numbers, np.column_stack(columns), counts)

    def _append(self, numbers: IntArray, sums: FloatArray, counts: FloatArray) -> None:
        self.numbers.append(numbers)
        self.sums.append(sums)
        self.counts.append(counts)


class CeilingCollector:
    """Gathers the scores of all chunks of a world."""

    def __init__(self, config: WorldConfig) -> None:
        self.config = config
        both = {target: Scores((LATENT, OBSERVABLE)) for target in _METHODS if target != "intent"}
        self.scores = {**both, "intent": Scores((OBSERVABLE,))}

    def add(self, months: list[MonthDraws], customers: Customers, contacts: Contacts, watched: Watched) -> None:
        """Add a chunk. Its last month began from the snapshot that is tested; a history of one month has none."""
        if len(months) < 2:
            return
        last = months[-1]
        predictions = [
            predict_month(self.config, customers, last.month, last.start),
            watched.expect(len(months) - 2, last.start),
        ]
        opened = last.opening_product >= 0
        label = np.where(opened, last.opening_product, predictions[0].opening.shape[1])
        with_none = [np.hstack([one.opening, 1 - one.opening.sum(axis=1, keepdims=True)]) for one in predictions]
        self.scores["product"].add(customers.number, with_none, label)
        of_openers = [one.opening[opened] for one in predictions]
        self.scores["product_of_openers"].add(customers.number[opened], of_openers, label[opened])
        self.scores["intent"].add(customers.number, [watched.beliefs[-2].intent], months[-2].intent)
        self._add_answers(customers, contacts, last, predictions)
        self._add_responses(customers, contacts, last, watched.expect_answers(len(months) - 1))

    def _resolved(self, contacts: Contacts, last: MonthDraws) -> tuple[IntArray, IntArray, IntArray]:
        """Return positions of the month's contacts whose window is over, whether answered, and when."""
        end = bank_day_end(self.config.history_end)
        response, responded_at = contacts.known_at(end)
        is_over = contacts.sent_at + WINDOW_DAYS * DAY_S <= end
        chosen = np.flatnonzero(is_over & (contacts.arm == TREATMENT) & (contacts.month == last.month.number))
        is_answered = (response == CLICKED) | (response == CONVERTED)
        return chosen, is_answered[chosen], responded_at[chosen]

    def _add_answers(
        self, customers: Customers, contacts: Contacts, last: MonthDraws, predictions: list[Prediction]
    ) -> None:
        chosen, is_answered, responded_at = self._resolved(contacts, last)
        chosen, responded_at = chosen[is_answered], responded_at[is_answered]
        order = np.lexsort((contacts.wave[chosen], responded_at, contacts.customer[chosen]))
        chosen = chosen[order]
        customer, first = np.unique(contacts.customer[chosen], return_index=True)
        chosen = chosen[first]
        for target, name, label in (
            ("channel", "channel", contacts.channel),
            ("send_slot", "slot", contacts.slot),
            ("intensity", "intensity", contacts.intensity),
        ):
            probabilities = [getattr(one, name)[customer] for one in predictions]
            self.scores[target].add(customers.number[customer], probabilities, label[chosen])

    def _add_responses(self, customers: Customers, contacts: Contacts, last: MonthDraws, expected: FloatArray) -> None:
        chosen, is_answered, _ = self._resolved(contacts, last)
        probabilities = [
            answer_probability(self.config, customers, contacts, chosen, last),
            expected[contacts.customer[chosen], contacts.wave[chosen]],
        ]
        self.scores["response"].add_binary(
            customers.number, contacts.customer[chosen], probabilities, is_answered.astype(np.float64)
        )

    def table(self) -> pa.Table:
        """Return the rows of truth.ceilings."""
        month_end = day_date(Month.of(self.config.history_end).first_day - 1)
        rows: list[dict] = []
        for target, scores in self.scores.items():
            counts = np.concatenate(scores.counts) if scores.counts else np.zeros(0)
            if counts.sum() == 0:
                continue
            values, low, high = bootstrap_ratio(self.config.seed, np.concatenate(scores.sums), counts)
            columns = pairs(scores.observers, ("log_loss", "accuracy"))
            for (observer, metric), *interval in zip(columns, values, low, high, strict=True):
                knows = _KNOWS[observer] + _KNOWS_BESIDES.get((target, observer), "")
                rows.append({
                    "target": target, "metric": metric, "observer": observer,
                    **dict(zip(("value", "low", "high"), (round(float(x), 9) for x in interval), strict=True)),
                    "method": f"{_METHODS[target]}; {knows}; snapshot {month_end}, {int(counts.sum()):,} rows",
                })  # fmt: skip
        return pa.Table.from_pylist(rows, schema=_CEILINGS)

    def losses(self) -> pa.Table:
        """Return the rows of truth.observer_losses: what the observable observer lost on each customer."""
        tables = []
        for target, scores in self.scores.items():
            if target not in PREDICTED or not scores.counts:
                continue
            counts, sums = np.concatenate(scores.counts), np.concatenate(scores.sums)
            rows = np.flatnonzero(counts)
            tables.append(
                pa.table(
                    {
                        "customer_id": customer_ids(np.concatenate(scores.numbers)[rows]),
                        "target": pa.array([target] * rows.size, pa.utf8()),
                        "log_loss": np.round(sums[rows, 2 * scores.observers.index(OBSERVABLE)], 9),
                        "label_count": counts[rows].astype(np.int32),
                    }
                )
            )
        return pa.concat_tables(tables) if tables else _LOSSES.empty_table()


def answer_probability(
    config: WorldConfig, customers: Customers, contacts: Contacts, chosen: IntArray, draws: MonthDraws
) -> FloatArray:
    """Return the true probability of an answer to contacts of one month, its intent and what was sent before known.

    Parameters
    ----------
    chosen : array of int, shape (m,)
        Positions in ``contacts`` of treatment rows of the month.
    """
    parameters, state = config.parameters, draws.start
    responses = parameters.responses
    outlook = look_ahead(config, customers, draws.month, state, customers.segment, customers.trait)
    who, product, intensity = contacts.customer[chosen], contacts.product[chosen], contacts.intensity[chosen]
    segment, trait, intent = customers.segment[who], customers.trait[who], draws.intent[who]
    is_second = contacts.wave[chosen] == 1
    first = draws.waves[0]
    was_treated = is_second & (first.arm[who] == TREATMENT)
    fatigue = np.where(is_second, responses.fatigue_decay * (state.fatigue[who] + was_treated), state.fatigue[who])
    log_odds = make_tables(parameters).answer[
        segment, trait, intent, contacts.channel[chosen], contacts.slot[chosen], intensity
    ]
    answered = expit(log_odds + outlook.product_part[who, product] + responses.fatigue * fatigue)
    opt_out = make_tables(parameters).opt_out[trait, intensity] * np.exp(responses.opt_out_fatigue * fatigue)
    stays = 1 - np.array(responses.put_off)[trait]
    rows = np.arange(who.size)
    per_day = opening_probability(parameters, segment, intent) / draws.month.days
    per_day = per_day * (outlook.opening_weights[who].sum(axis=1) > 0)
    before_1 = draws.month.wave_days()[0] - draws.month.first_day + customers.send_offset[who]
    stayed = np.where(was_treated, stays[rows, first.intensity[who]], 1.0)
    not_yet = 1 - per_day * (before_1 + is_second * WINDOW_DAYS * stayed)
    unprompted = WINDOW_DAYS * per_day * outlook.opening_weights[who, product] * stays[rows, intensity] / not_yet
    return answered + (1 - answered) * (1 - opt_out) * unprompted


def bootstrap_ratio(seed: int, sums: FloatArray, counts: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return sum / count over customers and its 95 % percentile interval.

    Parameters
    ----------
    sums : array of float, shape (n, metrics)
        Per customer.
    counts : array of float, shape (n,)

    Returns
    -------
    value, low, high : array of float, shape (metrics,)
    """
    resampled = np.empty((RESAMPLES, sums.shape[1]))
    stream = keys(seed, np.arange(counts.size), Stream.BOOTSTRAP)
    for number in range(RESAMPLES):
        position = (uniform(stream, number) * counts.size).astype(np.int64)
        weight = np.bincount(position, minlength=counts.size)
        resampled[number] = weight @ sums / np.maximum(weight @ counts, 1.0)
    low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
    return sums.sum(axis=0) / counts.sum(), low, high
