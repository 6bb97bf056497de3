"""Balances: the stock of money behind a customer's flows, after every transaction.

What belongs here: what the stock starts from, the standing order at a month's end, and the running sum between. It
reads income, tenure and the flows, all of them observed, and one stream of draws of its own; never a latent class. So
it tells an observer nothing that the rows do not tell already, and no other draw changes because of it.
"""

from dataclasses import dataclass

import numpy as np

from ml.simulator.calendar import day_number
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray, IntArray, Stream, keys, normal, uniform
from ml.simulator.population import YEAR_DAYS, Customers

_CENTS = 100
_BUFFER_STEP, _OPENING_STEP = 0, 1


@dataclass(frozen=True)
class Accounts:
    """A chunk's money as a month begins, arrays of shape (n,).

    Attributes
    ----------
    buffer_cents : array of int
        What the customer is used to keep; the standing order pulls towards it.
    balance_cents : array of int
        Balance before the month's first transaction; negative = overdrawn.
    """

    buffer_cents: IntArray
    balance_cents: IntArray


def open_accounts(config: WorldConfig, customers: Customers) -> Accounts:
    """Return the accounts as the history begins.

    buffer = income * ``buffer_months`` * ((1 + years of tenure) / ``tenure_scale_years``) ^ ``tenure_elasticity``
    * exp(``buffer_sigma`` * N(0, 1)); balance = buffer * exp(``opening_sigma`` * N(0, 1)).
    """
    parameters = config.parameters.balances
    key = keys(config.seed, customers.number, Stream.BALANCE)

    def spread(step: int, sigma: float) -> FloatArray:
        return np.exp(sigma * normal(uniform(key, step)))

    tenure_years = (day_number(config.history_start) - customers.joined_day) / YEAR_DAYS
    loyalty = ((1 + tenure_years) / parameters.tenure_scale_years) ** parameters.tenure_elasticity
    buffer_usd = customers.income_usd * parameters.buffer_months * loyalty
    buffer_usd = buffer_usd * spread(_BUFFER_STEP, parameters.buffer_sigma)
    opening_usd = buffer_usd * spread(_OPENING_STEP, parameters.opening_sigma)
    return Accounts(_in_cents(buffer_usd), _in_cents(opening_usd))


def _in_cents(usd: FloatArray) -> IntArray:
    return np.round(usd * _CENTS).astype(np.int64)


def balances_after(accounts: Accounts, customer: IntArray, cents: IntArray) -> IntArray:
    """Return the balance after each of a month's transactions, in cents: an exact running sum.

    Parameters
    ----------
    accounts : Accounts
        As the month begins.
    customer : array of int, shape (rows,)
        Position in the chunk, ascending; the rows of one customer in order of posting.
    cents : array of int, shape (rows,)
        Signed amounts.
    """
    total = np.cumsum(cents)
    is_first = np.ones(customer.size, dtype=bool)
    is_first[1:] = customer[1:] != customer[:-1]
    before = (total - cents)[is_first]
    return accounts.balance_cents[customer] + total - before[np.cumsum(is_first) - 1]


def next_month(config: WorldConfig, accounts: Accounts, customer: IntArray, cents: IntArray) -> Accounts:
    """Return the accounts as the following month begins, after the standing order of the month's last night.

    The order moves ``sweep_share`` of what lies above the buffer to savings elsewhere, or brings as much of what is
    missing from there. It is no row of the files: without it the flows, which run a surplus, would pile up.
    """
    flow = np.bincount(customer, cents, accounts.balance_cents.size).astype(np.int64)
    balance = accounts.balance_cents + flow
    moved = np.round((balance - accounts.buffer_cents) * config.parameters.balances.sweep_share).astype(np.int64)
    return Accounts(accounts.buffer_cents, balance - moved)
