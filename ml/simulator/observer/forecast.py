"""What the ideal observer expects of a month that has not begun, exactly.

What belongs here: mixtures of the simulator's own sums (``prediction``) over all that the observer does not know, and
the answer to a contact of which it knows that it was sent.
"""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from ml.simulator.calendar import Month
from ml.simulator.campaigns import CLICKED, CONVERTED, OPTED_OUT, TREATMENT, WINDOW_DAYS
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray, IntArray
from ml.simulator.history import State
from ml.simulator.observer.belief import Belief
from ml.simulator.observer.contest import put_off, response_chances, unprompted_days
from ml.simulator.observer.seen import SeenMonth
from ml.simulator.population import Customers
from ml.simulator.prediction import Prediction, predict_month

# Hypotheses less likely than this are left out: all of them together change no probability by 1e-9.
_LEAST = 1e-12
_BLOCK = 4_096
_Rows = TypeVar("_Rows", Customers, State)


@dataclass(frozen=True)
class Hypotheses:
    """What may be the case, one element each; the weights of a customer sum to P(it has not left).

    Attributes
    ----------
    customer : array of int, shape (h,)
        Position in the chunk.
    segment, trait, send_offset : array of int, shape (h,)
    weight : array of float, shape (h,)
    intent : array of float, shape (h, Z)
        P(intent of the month to come | segment, trait).
    """

    customer: IntArray
    segment: IntArray
    trait: IntArray
    send_offset: IntArray
    weight: FloatArray
    intent: FloatArray


def hypotheses(belief: Belief, weights: FloatArray) -> Hypotheses:
    """Return all hypotheses worth a sum.

    Parameters
    ----------
    belief : Belief
        At the end of the month before.
    weights : array of float, shape (n, S, R, Z)
        P(segment, trait, intent of the month to come), from ``belief.next_weights``.
    """
    classes = weights.sum(axis=3) * (1 - belief.has_left)[:, None, None]
    joint = classes[..., None] * belief.send_offset[:, None, None, :]
    customer, segment, trait, offset = np.nonzero(joint > _LEAST)
    intent = weights[customer, segment, trait]
    return Hypotheses(
        customer=customer,
        segment=segment,
        trait=trait,
        send_offset=offset,
        weight=joint[customer, segment, trait, offset],
        intent=intent / intent.sum(axis=1, keepdims=True),
    )


def expect_month(
    config: WorldConfig, customers: Customers, month: Month, state: State, belief: Belief, weights: FloatArray
) -> Prediction:
    """Return the observer's probabilities of a month, ``prediction.predict_month`` mixed over its hypotheses.

    Parameters
    ----------
    customers : Customers
        Latent classes hidden.
    state : State
        As the month begins; who has left is read from ``belief`` instead.
    belief : Belief
        At the end of the month before.
    weights : array of float, shape (n, S, R, Z)
        From ``belief.next_weights``.
    """
    known = replace(state, is_gone=belief.has_left >= 1)
    tried = hypotheses(belief, weights)
    totals: dict[str, FloatArray] = {}
    for first in range(0, tried.customer.size, _BLOCK):
        block = slice(first, first + _BLOCK)
        of = tried.customer[block]
        rows = replace(pick(customers, of), send_offset=tried.send_offset[block])
        one = predict_month(
            config, rows, month, pick(known, of), tried.segment[block], tried.trait[block], tried.intent[block]
        )
        for name in Prediction.__dataclass_fields__:
            values = getattr(one, name) * tried.weight[block][:, None]
            total = totals.setdefault(name, np.zeros((customers.count, values.shape[1])))
            np.add.at(total, of, values)
    return Prediction(**totals)


def pick(rows: _Rows, positions: IntArray) -> _Rows:
    """Return customers or states at positions, repeated as often as named."""
    fields: dict[str, Any] = {name: getattr(rows, name)[positions] for name in rows.__dataclass_fields__}
    return type(rows)(**fields)


def expect_answers(config: WorldConfig, customers: Customers, seen: SeenMonth, weights: FloatArray) -> FloatArray:
    """Return P(a contact is answered within its window | files of the month before, what was sent), shape (n, 2).

    Of the month itself only the actions are used: that the contact was sent, which says that nothing was opened or
    opted out of before, and whether a first wave's contact came before the second's. Without meaning where no contact
    was sent.

    Parameters
    ----------
    seen : SeenMonth
        The month of the contacts.
    weights : array of float, shape (n, S, R, Z)
        P(segment, trait, intent of the month).
    """
    answers = np.zeros((customers.count, len(seen.waves)))
    sent = np.ones_like(weights)
    for number, wave in enumerate(seen.waves):
        is_treated = (wave.arm == TREATMENT)[:, None, None, None]
        chances, stays = response_chances(config, seen, wave), 1 - put_off(config, wave)
        any_day, product_day = unprompted_days(config, customers, seen, wave.product)
        if number == 0:
            days = np.where(is_treated, (wave.day - seen.month.first_day)[:, None, None, None], 0)
            undisturbed = 1 - days * any_day
            first = wave
        else:
            days = np.where(first.arm > 0, first.day - seen.month.first_day, 0)[:, None, None, None]
            undisturbed = 1 - any_day * (days + WINDOW_DAYS * (1 - put_off(config, first)))
        answered = chances[..., CLICKED] + chances[..., CONVERTED]
        unprompted = WINDOW_DAYS * product_day * stays / undisturbed
        silent = 1 - answered - chances[..., OPTED_OUT]
        joint = weights * sent * undisturbed
        answers[:, number] = (joint * (answered + silent * unprompted)).sum(axis=(1, 2, 3)) / joint.sum(axis=(1, 2, 3))
        sent = np.where(is_treated, 1 - chances[..., CONVERTED] - chances[..., OPTED_OUT], 1.0)
    return answers
