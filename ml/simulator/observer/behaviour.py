"""How likely a month of views and payments is under each latent state.

What belongs here: app and web events with their topics, hours and channels, and transactions with their amounts. Days
of the month depend on nothing latent. Factors that are the same for all states are left out.
"""

from dataclasses import replace
from itertools import product as pairs

import numpy as np
from scipy.special import xlogy

from ml.simulator.activity import event_rates
from ml.simulator.calendar import Month
from ml.simulator.catalogue import load_catalogue
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray, IntArray
from ml.simulator.observer.cells import log_cell
from ml.simulator.observer.seen import MOVED_PART, SeenMonth
from ml.simulator.population import Customers
from ml.simulator.spending import (
    INTEREST_KINDS,
    INTEREST_SIGMA,
    PHONE_BILL,
    PHONE_SHARE,
    PHONE_SIGMA,
    POWER_BILL,
    POWER_SIGMA,
    spending_rates,
)
from ml.simulator.tables import memory_share, product_taste, topic_log_weights
from ml.simulator.vocabulary import DISCRETIONARY, INTENTS, SEGMENTS, SPENDING, TRAITS

_EVENING = 5
_AFTERNOON = 3
_STATES = np.array(list(pairs(range(SEGMENTS), range(TRAITS), range(INTENTS)))).T
_IS_DISCRETIONARY = np.array([name in DISCRETIONARY for name in SPENDING])


def log_views(config: WorldConfig, customers: Customers, seen: SeenMonth) -> FloatArray:
    """Return the log-likelihood of a month's app and web events, shape (n, S, R, Z)."""
    shape = (-1, SEGMENTS, TRAITS, INTENTS)
    rates = event_rates(config, *_STATES)
    counts = np.einsum("nk,xk->nx", seen.events, np.log(rates)) - rates.sum(axis=1)
    return counts.reshape(shape) + _log_hours(config, seen)[:, :, None, None] + _log_topics(config, customers, seen)


def _log_hours(config: WorldConfig, seen: SeenMonth) -> FloatArray:
    """Return the log-likelihood of the parts of the day, and of app or web site, shape (n, S).

    The end of the afternoon holds what was moved there from the late evening besides its own.
    """
    parameters = config.parameters.events
    hours = np.array(parameters.hours)
    hours = hours / hours.sum(axis=1, keepdims=True)
    parts = np.column_stack([hours, hours[:, _AFTERNOON] + hours[:, _EVENING]])
    assert parts.shape[1] == MOVED_PART + 1  # noqa: S101 - the moved part comes last
    app = np.array(parameters.app_share)
    in_app = seen.in_app[:, None]
    on_web = seen.events.sum(axis=1)[:, None] - in_app
    return np.einsum("nk,sk->ns", seen.day_parts, np.log(parts)) + xlogy(in_app, app) + xlogy(on_web, 1 - app)


def _log_topics(config: WorldConfig, customers: Customers, seen: SeenMonth) -> FloatArray:
    """Return the log-likelihood of the topics of views, shape (n, S, R, Z)."""
    parameters, state, count = config.parameters, seen.start, customers.count
    eligible = load_catalogue().eligible(state.held, customers.state, customers.age_years(seen.month))
    share = memory_share(parameters, state.memory)
    focus = np.array(parameters.interest.focus)
    views = seen.topics.sum(axis=1)
    result = np.zeros((count, SEGMENTS, TRAITS, INTENTS))
    for segment, trait in pairs(range(SEGMENTS), range(TRAITS)):
        taste = product_taste(parameters, np.full(count, segment), np.full(count, trait), eligible)
        log_weights = topic_log_weights(parameters, taste, share)
        log_weights = log_weights - log_weights.max(axis=1, keepdims=True)
        chosen = (seen.topics * log_weights).sum(axis=1)[:, None]
        total = np.log(np.exp(log_weights[:, :, None] * focus).sum(axis=1))
        result[:, segment, trait] = focus * chosen - views[:, None] * total
    return result


def log_payments(config: WorldConfig, customers: Customers, seen: SeenMonth) -> FloatArray:
    """Return the log-likelihood of a month's transactions, shape (n, S, R, Z)."""
    by_trait, by_intent = _log_counts(config, customers, seen)
    amounts, planned = _log_amounts(config, customers, seen)
    return by_trait[..., None] + (by_intent + amounts[:, :, None] + planned)[:, :, None, :]


def _log_counts(config: WorldConfig, customers: Customers, seen: SeenMonth) -> tuple[FloatArray, FloatArray]:
    """Return the log-likelihood of discretionary counts, shape (n, S, R), and of the others, shape (n, S, Z)."""
    held, count = seen.start.held, customers.count
    by_trait = np.zeros((count, SEGMENTS, TRAITS))
    by_intent = np.zeros((count, SEGMENTS, INTENTS))

    def log_poisson(segment: int, trait: int, intent: int, categories: np.ndarray) -> FloatArray:
        tried = replace(customers, segment=np.full(count, segment), trait=np.full(count, trait))
        rates = spending_rates(config, tried, seen.month, np.full(count, intent), held)[:, categories]
        return xlogy(seen.payments[:, categories], rates).sum(axis=1) - rates.sum(axis=1)

    for segment in range(SEGMENTS):
        for trait in range(TRAITS):
            by_trait[:, segment, trait] = log_poisson(segment, trait, 0, _IS_DISCRETIONARY)
        for intent in range(INTENTS):
            by_intent[:, segment, intent] = log_poisson(segment, 0, intent, ~_IS_DISCRETIONARY)
    return by_trait, by_intent


def _log_amounts(config: WorldConfig, customers: Customers, seen: SeenMonth) -> tuple[FloatArray, FloatArray]:
    """Return the log-likelihood of amounts that plans leave alone, (n, S), and of those they raise, (n, S, Z).

    Card payments are a share of income and tell nothing of the segment; pay and rent are fixed.
    """
    paid, count, parameters = seen.transactions, customers.count, config.parameters.spending
    cents = np.abs(paid.cents)
    plain, planned = np.zeros((count, SEGMENTS)), np.zeros((count, SEGMENTS, INTENTS))
    log_income = np.log(customers.income_usd)[:, None] - np.log(config.parameters.population.income_usd)
    log_plan = np.log(parameters.intent_amount)
    for kind in range(len(SPENDING)):
        chosen = paid.kind == kind
        who = paid.customer[chosen]
        log_usd = np.log(parameters.amount_usd)[:, kind] + parameters.income_elasticity * log_income[who]
        sigma = parameters.amount_sigma[kind]
        if _IS_DISCRETIONARY[kind]:
            planned_usd = log_usd[:, :, None] + log_plan
            _add(planned, who, log_cell(cents[chosen][:, None, None], planned_usd, sigma))
        else:
            _add(plain, who, log_cell(cents[chosen][:, None], log_usd, sigma))
    for kind, usd, sigma in _bills(config, seen.month):
        chosen = paid.kind == kind
        _add(plain, paid.customer[chosen], log_cell(cents[chosen][:, None], np.log(usd), sigma))
    return plain, planned


def _bills(config: WorldConfig, month: Month) -> list[tuple[int, FloatArray, float]]:
    """Return (kind, median in USD by segment, standard deviation of the log) of bills and interest."""
    parameters = config.parameters.spending
    utilities = np.array(parameters.utilities_usd) * parameters.utilities_season[month.calendar_month]
    interest = [(kind, np.array(parameters.interest_usd), INTEREST_SIGMA) for kind in INTEREST_KINDS]
    power = POWER_BILL, utilities * (1 - PHONE_SHARE), POWER_SIGMA
    return [power, (PHONE_BILL, utilities * PHONE_SHARE, PHONE_SIGMA), *interest]


def _add(total: FloatArray, who: IntArray, values: FloatArray) -> None:
    """Add rows of values to their customers' rows of ``total``, in place."""
    flat = total.reshape(len(total), -1)
    rows = values.reshape(len(values), flat.shape[1])
    for column in range(flat.shape[1]):
        flat[:, column] += np.bincount(who, rows[:, column], len(flat))
