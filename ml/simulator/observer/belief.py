"""The forward filter: what the bank's clean files tell of segment, trait and intent at each month's end, exactly.

What belongs here: prior, prediction and update. Customers are independent of each other; of one customer there are
S x R x Z = 60 states. Also here: whether a customer has left unseen, and on which weekday its turn in a wave comes,
which nothing latent bears on.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ml.simulator.activity import NO_DAY
from ml.simulator.campaigns import NEVER, OUTSIDE, policy_weights
from ml.simulator.catalogue import load_catalogue
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray
from ml.simulator.observer.behaviour import log_payments, log_views
from ml.simulator.observer.classes import log_income, log_main_account, log_prior
from ml.simulator.observer.contest import log_contest
from ml.simulator.observer.seen import SeenMonth
from ml.simulator.population import SEND_DAYS, Customers
from ml.simulator.tables import transition_rows
from ml.simulator.vocabulary import INTENTS, PRODUCTS, SEGMENTS

_CHECKING = PRODUCTS.index("everyday_checking")


@dataclass(frozen=True)
class Belief:
    """What is known at a month's end, arrays of n rows.

    Attributes
    ----------
    states : array of float, shape (n, S, R, Z)
        P(segment, trait, intent of the month | files).
    has_left : array of float, shape (n,)
        P(left or dead). Who closes the last product on a month's last day may have left: the next month's rows tell.
    send_offset : array of float, shape (n, SEND_DAYS)
        P(days from a wave's first send day to the customer's turn): the first contact tells.
    """

    states: FloatArray
    has_left: FloatArray
    send_offset: FloatArray

    @property
    def intent(self) -> FloatArray:
        """P(intent of the month), shape (n, Z)."""
        return self.states.sum(axis=(1, 2))


def believe(config: WorldConfig, customers: Customers, months: list[SeenMonth]) -> Iterator[Belief]:
    """Yield what is known at the end of each month from the first.

    Parameters
    ----------
    customers : Customers
        Latent classes hidden, from ``seen.hide``.
    months : list of SeenMonth
        From the history's first on.
    """
    parameters, count = config.parameters, customers.count
    shares = np.log(parameters.population.trait_share)[None, :, :, None]
    prior = log_prior(config, customers)[:, :, None, None] + shares + np.log(parameters.intents.first)
    predicted = _normalise(prior)
    offset = np.full((count, SEND_DAYS), 1 / SEND_DAYS)
    has_shown_account = np.zeros(count, dtype=bool)
    for index, seen in enumerate(months):
        log_likelihood = _log_month(config, customers, seen)
        shows_account = seen.is_active & seen.start.held[:, _CHECKING] & ~has_shown_account
        log_likelihood += log_main_account(config, customers, shows_account, seen.transactions)[:, :, None, None]
        has_shown_account |= shows_account
        if index == 0:
            log_likelihood += log_income(config, customers)[:, :, None, None]
        at_end, later = log_contest(config, customers, seen)
        offset = _update_offset(customers, seen, offset)
        with np.errstate(divide="ignore"):
            log_predicted = np.log(predicted)
        active = seen.is_active[:, None, None, None]
        yield Belief(
            _normalise(log_predicted + np.where(active, log_likelihood + at_end, 0.0)), _has_left(config, seen), offset
        )
        filtered = _normalise(log_predicted + np.where(active, log_likelihood + later, 0.0))
        predicted = _move(config, seen, filtered)


def _normalise(log_weights: FloatArray) -> FloatArray:
    """Return weights of the states that sum to 1 for every customer."""
    top = log_weights.max(axis=(1, 2, 3), keepdims=True)
    if not np.isfinite(top).all():
        number = int(np.flatnonzero(~np.isfinite(top.ravel()))[0])
        raise ValueError(
            f"What the files show of the customer at position {number} of the chunk is impossible under every latent "
            "state: the observer's likelihood and the simulator's draws disagree. Mend the one that is wrong."
        )
    weights = np.exp(log_weights - top)
    return weights / weights.sum(axis=(1, 2, 3), keepdims=True)


def _log_month(config: WorldConfig, customers: Customers, seen: SeenMonth) -> FloatArray:
    """Return the log-likelihood of all of an active month but contacts and opening, shape (n, S, R, Z)."""
    death = np.array(config.parameters.openings.death)
    survival = np.log(np.where(seen.has_died[:, None], death, 1 - death))
    behaviour = log_views(config, customers, seen) + log_payments(config, customers, seen)
    return behaviour + survival[:, :, None, None]


def _move(config: WorldConfig, seen: SeenMonth, states: FloatArray) -> FloatArray:
    """Return P(segment, trait, intent of the month after), shape (n, S, R, Z)."""
    next_month = (seen.month.calendar_month + 1) % 12
    rows = transition_rows(config.parameters, np.arange(SEGMENTS), next_month)
    moved = np.einsum("nsrz,szk->nsrk", states, rows[:, :INTENTS])
    renewed = states.sum(axis=3, keepdims=True) * rows[:, None, INTENTS]
    return np.where(seen.has_opened[:, None, None, None], renewed, moved)


def next_weights(config: WorldConfig, seen: SeenMonth, belief: Belief) -> FloatArray:
    """Return P(segment, trait, intent of the month after ``seen``), shape (n, S, R, Z)."""
    return _move(config, seen, belief.states)


def _has_left(config: WorldConfig, seen: SeenMonth) -> FloatArray:
    """Return P(gone at the month's end), shape (n,).

    Leaving closes everything on the last day. With something still open, nobody has left; with nothing open, either
    the customer left, or each product closed that day did so by chance (never one opened this month).
    """
    openings, days = config.parameters.openings, seen.month.days
    held, closing = seen.start.held, np.array(openings.closing)
    opened = seen.opening_product[:, None] == np.arange(len(PRODUCTS))
    had = held | opened
    on_last_day = had & (seen.closed_day == seen.month.last_day)
    is_open = (had & (seen.closed_day == NO_DAY)).any(axis=1)
    left = openings.churn * np.where(on_last_day & held, 1 - closing * (days - 1) / days, 1.0).prod(axis=1)
    stayed = (1 - openings.churn) * np.where(on_last_day, closing / days * held, 1.0).prod(axis=1)
    chance = np.where(is_open, 0.0, left / (left + stayed))
    return np.where(seen.start.is_gone | seen.has_died, 1.0, chance)


def _update_offset(customers: Customers, seen: SeenMonth, offset: FloatArray) -> FloatArray:
    """Return P(send offset) after a month: a contact tells it; without one, the turn came after what kept it away."""
    send_day = seen.month.wave_days()[0] + np.arange(SEND_DAYS)
    is_contacted = seen.waves[0].arm != OUTSIDE
    told = seen.waves[0].day[:, None] == send_day
    kept_away = np.minimum(seen.blocked_day, np.where(seen.has_opened, seen.opening_day, NEVER))
    eligible = load_catalogue().eligible(seen.start.held, customers.state, customers.age_years(seen.month))
    can_contact = policy_weights(eligible, load_catalogue().channels(seen.month), seen.start.consented)[2]
    is_listed = seen.is_active & can_contact & (seen.start.restricted_until < seen.month.first_day)
    possible = np.where(is_contacted[:, None], told, ~is_listed[:, None] | (kept_away[:, None] < send_day))
    offset = offset * possible
    return offset / offset.sum(axis=1, keepdims=True)
