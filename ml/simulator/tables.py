"""The parameters as arrays, made once per world, in the shapes that the draws use.

What belongs here: products of parameter tables (for example all log-odds of an answer but the customer's own part),
so that each equation stands in one place and both the draws and the observer use it.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import expit

from ml.simulator.catalogue import BoolArray, load_catalogue
from ml.simulator.draws import FloatArray, IntArray
from ml.simulator.parameters import Parameters
from ml.simulator.vocabulary import TOPICS


@dataclass(frozen=True)
class Tables:
    """Arrays made from parameters.

    Attributes
    ----------
    taste : array of float, shape (S, R, J)
        Weight of each product.
    relative_taste : array of float, shape (S, R, J)
        Log of the weight over its mean across products.
    answer : array of float, shape (S, R, Z, channels, slots, intensities)
        Log-odds of an answer without the product's, the memory's and the fatigue's part.
    """

    taste: FloatArray
    relative_taste: FloatArray
    answer: FloatArray
    opt_out: FloatArray


@lru_cache(maxsize=4)
def make_tables(parameters: Parameters) -> Tables:
    """Return the arrays of one set of parameters."""
    interest, responses = parameters.interest, parameters.responses
    taste = np.array(interest.product_weight)[:, None, :] * np.array(interest.trait_factor)[None, :, :]
    answer = (
        responses.intercept
        + np.array(responses.intent)[None, None, :, None, None, None]
        + np.array(responses.channel)[None, None, None, :, None, None]
        + np.array(responses.segment_channel)[:, None, None, :, None, None]
        + np.array(responses.segment_slot)[:, None, None, None, :, None]
        + np.array(responses.intent_intensity)[None, None, :, None, None, :]
        + np.array(responses.trait_intensity)[None, :, None, None, None, :]
    )
    opt_out = responses.opt_out * np.outer(responses.opt_out_trait, responses.opt_out_intensity)
    return Tables(
        taste=taste,
        relative_taste=np.log(taste / taste.mean(axis=-1, keepdims=True)),
        answer=answer,
        opt_out=opt_out,
    )


def memory_share(parameters: Parameters, memory: FloatArray) -> FloatArray:
    """Return each topic's share of what is remembered, shape (n, topics); they sum to less than 1."""
    return memory / (memory.sum(axis=1, keepdims=True) + parameters.interest.memory_prior)


def product_taste(parameters: Parameters, segment: IntArray, trait: IntArray, eligible: BoolArray) -> FloatArray:
    """Return the weight of each product that may be opened, 0 for the others, shape (n, J)."""
    return make_tables(parameters).taste[segment, trait] * eligible


def topic_log_weights(parameters: Parameters, taste: FloatArray, share: FloatArray) -> FloatArray:
    """Return the log-weight of each topic among what is viewed at a focus of 1, shape (n, topics).

    log w_t = log(sum of the tastes of the topic's products + unsold) + pull * share_t.
    """
    interest = parameters.interest
    by_topic = np.full((taste.shape[0], len(TOPICS)), interest.unsold_topic)
    for product, topic in enumerate(load_catalogue().topic):
        by_topic[:, topic] += taste[:, product]
    return np.log(by_topic) + interest.topic_pull * share


def topic_weights(parameters: Parameters, taste: FloatArray, share: FloatArray, intent: IntArray) -> FloatArray:
    """Return the weight of each topic among what is viewed, to the power focus(intent), shape (n, topics)."""
    focus = np.array(parameters.interest.focus)[intent][:, None]
    log_weight = topic_log_weights(parameters, taste, share) * focus
    return np.exp(log_weight - log_weight.max(axis=1, keepdims=True))


def opening_weights(parameters: Parameters, taste: FloatArray, share: FloatArray) -> FloatArray:
    """Return P(product | an unprompted opening), shape (n, J); all 0 where nothing may be opened."""
    topic = load_catalogue().topic
    weights = taste * np.exp(parameters.interest.opening_pull * share[:, topic])
    total = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)


def opening_probability(parameters: Parameters, segment: IntArray, intent: IntArray) -> FloatArray:
    """Return P(an unprompted opening in the month) of a customer who may open something, broadcast."""
    openings = parameters.openings
    return np.array(openings.by_intent)[intent] * np.array(openings.segment_factor)[segment]


def product_log_odds(parameters: Parameters, segment: IntArray, trait: IntArray, share: FloatArray) -> FloatArray:
    """Return the product's part of the log-odds of an answer, shape (n, J)."""
    responses = parameters.responses
    topic = load_catalogue().topic
    relative = make_tables(parameters).relative_taste[segment, trait]
    return responses.taste * relative + responses.interest * share[:, topic]


def response_probabilities(
    parameters: Parameters, log_odds: FloatArray, intent: IntArray, opt_out: FloatArray, channel: IntArray
) -> FloatArray:
    """Return P(none, opened, clicked, converted, opted_out) of contacts, shape (n, 5), before unprompted openings.

    Parameters
    ----------
    log_odds : array of float, shape (n,)
        Of an answer.
    intent, channel : array of int, shape (n,)
    opt_out : array of float, shape (n,)
        P(opts out | no answer).
    """
    responses = parameters.responses
    answered = expit(log_odds)
    converted = answered * np.array(responses.conversion)[intent]
    opted_out = (1 - answered) * opt_out
    opened = (1 - answered) * (1 - opt_out) * np.array(responses.opened)[channel]
    return np.column_stack([1 - answered - opted_out - opened, opened, answered - converted, converted, opted_out])


def transition_rows(parameters: Parameters, segment: IntArray, calendar_month: int) -> FloatArray:
    """Return P(intent of this month | that of the month before) per customer, shape (n, 5, Z).

    Row 4 is that after a month with an opening. Every row is tilted by readiness: p_k * exp(k * (segment + season)).
    """
    intents = parameters.intents
    rows = np.vstack([np.array(intents.transition), np.array(intents.after_opening)])
    tilt = np.array(intents.segment_tilt)[segment] + intents.season_tilt[calendar_month]
    weights = rows[None, :, :] * np.exp(tilt[:, None, None] * np.arange(rows.shape[1]))
    return weights / weights.sum(axis=2, keepdims=True)
