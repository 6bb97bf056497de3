"""Ceilings: how well an observer who sees the latent state could do on the history's last month.

What belongs here: the labels of that month as the warehouse defines them, the true probabilities of each, and the mean
log loss and accuracy with bootstrap intervals. The observer ``latent`` knows segment, trait, the intent of the month
before, and everything observable; the month itself is ahead of it. Its loss is a floor no model can beat but by luck.
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from scipy.special import expit

from ml.simulator.attribution import Contacts
from ml.simulator.calendar import DAY_S, Month, bank_day_end, day_date
from ml.simulator.campaigns import CLICKED, CONVERTED, TREATMENT, WINDOW_DAYS
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray, IntArray, Stream, keys, uniform
from ml.simulator.history import MonthDraws, look_ahead
from ml.simulator.population import Customers
from ml.simulator.prediction import Prediction, predict_month
from ml.simulator.tables import make_tables, opening_probability

RESAMPLES = 400
_LEAST = 1e-12
_METHODS = {
    "product": "exact sum over the month; first opening or none, all customers",
    "product_of_openers": "as product, given that something was opened",
    "channel": "exact sum over the month; first answered contact, customers who answered",
    "send_slot": "exact sum over the month; first answered contact, customers who answered",
    "intensity": "exact sum over the month; first answered contact, customers who answered",
    "response": "true probability of the contact sent, the month's own intent known",
}


@dataclass
class Scores:
    """Sums per customer of one target's losses and hits, gathered chunk by chunk."""

    loss: list[FloatArray] = field(default_factory=list)
    hits: list[FloatArray] = field(default_factory=list)
    counts: list[FloatArray] = field(default_factory=list)

    def add(self, probabilities: FloatArray, label: IntArray) -> None:
        """Add one row per customer: P(class), shape (n, classes), and the class that came."""
        scale = probabilities.sum(axis=1)
        chosen = probabilities[np.arange(label.size), label] / np.maximum(scale, _LEAST)
        self.loss.append(-np.log(np.maximum(chosen, _LEAST)))
        self.hits.append((probabilities.argmax(axis=1) == label).astype(np.float64))
        self.counts.append(np.ones(label.size))

    def add_binary(self, customer: IntArray, probability: FloatArray, label: FloatArray, count: int) -> None:
        """Add rows of a yes-or-no target, summed by customer."""
        loss = -np.log(np.maximum(np.where(label > 0, probability, 1 - probability), _LEAST))
        hits = ((probability >= 0.5) == label).astype(np.float64)
        for store, values in ((self.loss, loss), (self.hits, hits), (self.counts, np.ones(label.size))):
            store.append(np.bincount(customer, values, count).astype(np.float64))


class CeilingCollector:
    """Gathers the scores of all chunks of a world."""

    def __init__(self, config: WorldConfig) -> None:
        self.config = config
        self.scores = {target: Scores() for target in _METHODS}

    def add(self, customers: Customers, last: MonthDraws, contacts: Contacts) -> None:
        """Add a chunk: the history's last month, which began from the snapshot that is tested."""
        prediction = predict_month(self.config, customers, last.month, last.start)
        none = 1 - prediction.opening.sum(axis=1, keepdims=True)
        opened = last.opening_product >= 0
        label = np.where(opened, last.opening_product, prediction.opening.shape[1])
        self.scores["product"].add(np.hstack([prediction.opening, none]), label)
        self.scores["product_of_openers"].add(prediction.opening[opened], last.opening_product[opened])
        self._add_answers(contacts, last, prediction)
        self._add_responses(customers, contacts, last)

    def _resolved(self, contacts: Contacts, last: MonthDraws) -> tuple[IntArray, IntArray, IntArray]:
        """Return positions of the month's contacts whose window is over, whether answered, and when."""
        end = bank_day_end(self.config.history_end)
        response, responded_at = contacts.known_at(end)
        is_over = contacts.sent_at + WINDOW_DAYS * DAY_S <= end
        chosen = np.flatnonzero(is_over & (contacts.arm == TREATMENT) & (contacts.month == last.month.number))
        is_answered = (response == CLICKED) | (response == CONVERTED)
        return chosen, is_answered[chosen], responded_at[chosen]

    def _add_answers(self, contacts: Contacts, last: MonthDraws, prediction: Prediction) -> None:
        chosen, is_answered, responded_at = self._resolved(contacts, last)
        chosen, responded_at = chosen[is_answered], responded_at[is_answered]
        order = np.lexsort((contacts.wave[chosen], responded_at, contacts.customer[chosen]))
        chosen = chosen[order]
        customer, first = np.unique(contacts.customer[chosen], return_index=True)
        chosen = chosen[first]
        for target, probabilities, label in (
            ("channel", prediction.channel, contacts.channel),
            ("send_slot", prediction.slot, contacts.slot),
            ("intensity", prediction.intensity, contacts.intensity),
        ):
            self.scores[target].add(probabilities[customer], label[chosen])

    def _add_responses(self, customers: Customers, contacts: Contacts, last: MonthDraws) -> None:
        chosen, is_answered, _ = self._resolved(contacts, last)
        probability = answer_probability(self.config, customers, contacts, chosen, last)
        self.scores["response"].add_binary(
            contacts.customer[chosen], probability, is_answered.astype(np.float64), customers.count
        )

    def table(self) -> pa.Table:
        """Return the rows of truth.ceilings."""
        month_end = day_date(Month.of(self.config.history_end).first_day - 1)
        rows: dict[str, list] = {
            name: [] for name in ("target", "metric", "observer", "value", "low", "high", "method")
        }
        for target, scores in self.scores.items():
            counts = np.concatenate(scores.counts) if scores.counts else np.zeros(0)
            if counts.sum() == 0:
                continue
            sums = np.column_stack([np.concatenate(scores.loss), np.concatenate(scores.hits)])
            values, low, high = bootstrap_ratio(self.config.seed, sums, counts)
            for position, metric in enumerate(("log_loss", "accuracy")):
                rows["target"].append(target)
                rows["metric"].append(metric)
                rows["observer"].append("latent")
                rows["value"].append(round(float(values[position]), 9))
                rows["low"].append(round(float(low[position]), 9))
                rows["high"].append(round(float(high[position]), 9))
                rows["method"].append(f"{_METHODS[target]}; snapshot {month_end}, {int(counts.sum()):,} rows")
        numeric = ("value", "low", "high")
        types = {name: pa.float64() if name in numeric else pa.utf8() for name in rows}
        return pa.table({name: pa.array(values, types[name]) for name, values in rows.items()})


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
