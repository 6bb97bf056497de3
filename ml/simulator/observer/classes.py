"""How likely it is that a customer of a segment is what the files show of it once.

What belongs here: the likelihood of age, tenure, first holdings and consents (all there before the history), and of
income, its kind and housing (seen with the first payments). Given the segment nothing of it depends on trait or
intent. Factors that are the same for all segments are left out.
"""

import numpy as np
from scipy.special import xlogy

from ml.simulator.calendar import day_number
from ml.simulator.catalogue import BoolArray, load_catalogue
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray, IntArray
from ml.simulator.observer.cells import log_cell
from ml.simulator.population import YEAR_DAYS, Customers
from ml.simulator.spending import MORTGAGE, RENT, Transactions
from ml.simulator.vocabulary import PRODUCTS, SEGMENTS

_SCHOOL_YEARS, _LONGEST_YEARS = 17, 27
_CHECKING, _SAVINGS = PRODUCTS.index("everyday_checking"), PRODUCTS.index("high_yield_savings")


def log_prior(config: WorldConfig, customers: Customers) -> FloatArray:
    """Return the log of P(segment, what the files show of a customer before the history), shape (n, S)."""
    shares = np.log(config.parameters.population.segment_share)
    return (
        shares
        + _age(config, customers)
        + _tenure(config, customers)
        + _holdings(config, customers)
        + _consents(config, customers)
    )


def _age(config: WorldConfig, customers: Customers) -> FloatArray:
    """Age in days is a uniform number of years times 365.25, rounded down."""
    days = (day_number(config.history_start) - customers.birth_day)[:, None]
    youngest, oldest = np.array(config.parameters.population.age_years).T * YEAR_DAYS
    overlap = np.minimum(days + 1, oldest) - np.maximum(days, youngest)
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(overlap, 0) / (oldest - youngest))


def _tenure(config: WorldConfig, customers: Customers) -> FloatArray:
    """Days since joining are exponential, cut at age 17 and at 27 years, rounded down."""
    start = day_number(config.history_start)
    age_days = start - customers.birth_day
    cap = np.minimum(age_days - _SCHOOL_YEARS * YEAR_DAYS, _LONGEST_YEARS * YEAR_DAYS)[:, None]
    days = (start - 1 - customers.joined_day)[:, None]
    mean = np.array(config.parameters.population.tenure_years) * YEAR_DAYS
    is_cut = days == np.floor(cap)
    return -days / mean + np.where(is_cut, 0.0, np.log(-np.expm1(-1 / mean)))


def _holdings(config: WorldConfig, customers: Customers) -> FloatArray:
    """Return the likelihood of what is held at the start, as ``population`` draws it product after product.

    Who has neither account gets a checking account, so that one held without savings may not have been wanted.
    """
    chance = np.array(config.parameters.population.holding_first)
    age = ((day_number(config.history_start) - customers.birth_day) / YEAR_DAYS).astype(np.int64)
    eligible = load_catalogue().eligible

    def can_open(held: BoolArray, product: int) -> BoolArray:
        return eligible(held, customers.state, age)[:, [product]]

    nothing = np.zeros_like(customers.held)
    with_checking = nothing.copy()
    with_checking[:, _CHECKING] = True
    wanted = chance[:, _CHECKING] * can_open(nothing, _CHECKING)
    saves = chance[:, _SAVINGS] * can_open(nothing, _SAVINGS), chance[:, _SAVINGS] * can_open(with_checking, _SAVINGS)
    checking, savings = customers.held[:, [_CHECKING]], customers.held[:, [_SAVINGS]]
    with_savings = np.where(checking, wanted * saves[1], (1 - wanted) * saves[0])
    without = wanted * (1 - saves[1]) + (1 - wanted) * (1 - saves[0])
    likelihood = np.where(savings, with_savings, np.where(checking, without, 0.0))
    held = nothing.copy()
    held[:, [_CHECKING, _SAVINGS]] = customers.held[:, [_CHECKING, _SAVINGS]]
    for product in range(_SAVINGS + 1, len(PRODUCTS)):
        wanted = chance[:, product] * can_open(held, product)
        held[:, product] = customers.held[:, product]
        likelihood = likelihood * np.where(held[:, [product]], wanted, 1 - wanted)
    with np.errstate(divide="ignore"):
        return np.log(likelihood)


def _consents(config: WorldConfig, customers: Customers) -> FloatArray:
    chance = np.array(config.parameters.population.consent_first)
    given = customers.consented.astype(np.float64)
    return xlogy(given[:, None, :], chance).sum(axis=2) + xlogy(1 - given[:, None, :], 1 - chance).sum(axis=2)


def log_income(config: WorldConfig, customers: Customers) -> FloatArray:
    """Return the log-likelihood of income, which everybody's first payments tell, shape (n, S)."""
    population = config.parameters.population
    cents = np.round(customers.income_usd * 100).astype(np.int64)
    return log_cell(cents[:, None], np.log(population.income_usd), population.income_sigma)


def log_main_account(config: WorldConfig, customers: Customers, has_main: BoolArray, paid: Transactions) -> FloatArray:
    """Return the log-likelihood of what the first month with a checking account shows besides, shape (n, S).

    Salary or pension; and rent, a mortgage or neither, with its amount: a share of income that the segment fixes.
    """
    population = config.parameters.population
    pension = np.array(population.pension_share)
    likelihood = np.where(customers.is_pension[:, None], pension, 1 - pension)
    housing = np.array(population.housing_share)
    housing = np.column_stack([housing, 1 - housing.sum(axis=1)])
    likelihood = likelihood * housing[:, customers.housing].T
    cents = _housing_cents(customers.count, paid)
    cost = customers.income_usd[:, None] * np.array(population.housing_cost)
    is_cost = np.maximum(np.round(cost * 100), 1).astype(np.int64) == cents[:, None]
    likelihood = np.where((cents > 0)[:, None], likelihood * is_cost, likelihood)
    with np.errstate(divide="ignore"):
        return np.where(has_main[:, None], np.log(likelihood), 0.0).reshape(-1, SEGMENTS)


def _housing_cents(count: int, paid: Transactions) -> IntArray:
    """Return what each customer pays for housing; 0 = nothing."""
    is_housing = (paid.kind == RENT) | (paid.kind == MORTGAGE)
    cents = np.zeros(count, dtype=np.int64)
    cents[paid.customer[is_housing]] = -paid.cents[is_housing]
    return cents
