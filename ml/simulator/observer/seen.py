"""What the bank's clean files show of its customers, month by month, and nothing else.

What belongs here: the only way from draws to the observer. ``hide`` and ``see_months`` strip what is latent: segment,
trait and intent; which openings a contact caused, put off or made void; when an unseen opening would have come.

The files are seen as they stand at the end of each month: a contact's row then shows what is known by then, and an
opening of the offered product within 14 days hides what the contact itself led to.
"""

from dataclasses import dataclass, replace

import numpy as np

from ml.simulator.activity import NO_DAY, place_views, topic_counts
from ml.simulator.attribution import Contacts
from ml.simulator.calendar import BANK_ZONE, DAY_S, Month, bank_day_end, day_date, zone_offsets
from ml.simulator.campaigns import CONVERTED, NEVER, OPTED_OUT, OUTSIDE, WAVES
from ml.simulator.catalogue import ZONES, BoolArray
from ml.simulator.config import WorldConfig
from ml.simulator.draws import IntArray
from ml.simulator.history import MonthDraws, State
from ml.simulator.population import Customers
from ml.simulator.spending import Transactions
from ml.simulator.vocabulary import EVENT_TYPES, SPENDING

# Parts of the day in which views are counted: six of three hours from 6 o'clock, and the end of the fourth, into which
# late evenings of western customers are moved.
DAY_PARTS = 7
MOVED_PART = 6
_PART_S = 3 * 3_600
_FIRST_S = 6 * 3_600
_MOVED_UNTIL_S = 18 * 3_600
# In place of a latent class: an index that no table has.
_HIDDEN = 99


@dataclass(frozen=True)
class SeenWave:
    """One wave, arrays of shape (n,); those of the action mean nothing outside treatment.

    Attributes
    ----------
    arm, day, product, channel, slot, intensity : array of int
        As in ``campaigns.Wave``.
    sent_at : array of int
        Instant.
    response, responded_at : array of int
        As the files show them at the month's end; -1 without an instant.
    later : array of int
        The response as the files show it one month later; -1 where an opening of the next month hides it, or where
        that month is not over.
    """

    arm: IntArray
    day: IntArray
    sent_at: IntArray
    product: IntArray
    channel: IntArray
    slot: IntArray
    intensity: IntArray
    response: IntArray
    responded_at: IntArray
    later: IntArray


@dataclass(frozen=True)
class SeenMonth:
    """What the files show of a month at its end, arrays of n rows.

    Attributes
    ----------
    month : Month
    start : State
        As the month began; its ``intent`` is hidden. Whether a customer had left by then shows in this month's rows.
    events : array of int, shape (n, types)
        App and web events by ``EVENT_TYPES``.
    topics : array of int, shape (n, topics)
    day_parts : array of int, shape (n, DAY_PARTS)
        Events by local part of the day.
    in_app : array of int, shape (n,)
        Events in the app; the others are on the web site.
    payments : array of int, shape (n, categories)
        Drawn transactions by ``SPENDING``.
    transactions : Transactions
        With amounts, for all kinds.
    waves : tuple of SeenWave
    opening_product, opening_day : array of int, shape (n,)
        -1 = nothing was opened.
    blocked_day : array of int, shape (n,)
        First change of consent no message caused, or first new case; ``NEVER`` without one.
    closed_day : array of int, shape (n, J)
        -1 = not closed.
    has_died : array of bool, shape (n,)
    """

    month: Month
    start: State
    events: IntArray
    topics: IntArray
    day_parts: IntArray
    in_app: IntArray
    payments: IntArray
    transactions: Transactions
    waves: tuple[SeenWave, ...]
    opening_product: IntArray
    opening_day: IntArray
    blocked_day: IntArray
    closed_day: IntArray
    has_died: BoolArray

    @property
    def is_active(self) -> BoolArray:
        """Whether the customer was there in this month: who is has income or a bill, who has left has no row."""
        return ~self.start.is_gone

    @property
    def has_opened(self) -> BoolArray:
        """Whether something was opened."""
        return self.opening_product >= 0


def hide(customers: Customers) -> Customers:
    """Return customers without their latent classes: to read these is an IndexError.

    Income stays, to the cent: pay tells it to within two cents, or 40 % of it comes in by transfer.
    """
    hidden = np.full(customers.count, _HIDDEN)
    return replace(customers, segment=hidden, trait=hidden)


def see_months(
    config: WorldConfig,
    customers: Customers,
    months: list[MonthDraws],
    contacts: Contacts,
    transactions: list[Transactions],
) -> list[SeenMonth]:
    """Return what is seen of consecutive months of a chunk.

    Parameters
    ----------
    contacts : Contacts
        Of the same months.
    transactions : list of Transactions
        Of each month.
    """
    return [
        _see_month(config, customers, draws, see_waves(months, index, contacts), paid)
        for index, (draws, paid) in enumerate(zip(months, transactions, strict=True))
    ]


def _see_month(
    config: WorldConfig, customers: Customers, draws: MonthDraws, waves: tuple[SeenWave, ...], paid: Transactions
) -> SeenMonth:
    count, views = customers.count, draws.views
    day, at, is_app = place_views(config, customers, draws.month, views)
    parts = _day_parts(draws.month, day, at, customers.zone[views.customer])
    is_drawn = paid.kind < len(SPENDING)
    changed = np.where(_is_change_seen(draws), draws.consent_day, NEVER).min(axis=1)
    return SeenMonth(
        month=draws.month,
        start=replace(draws.start, intent=np.full(count, _HIDDEN)),
        events=_table(views.customer, views.kind, count, len(EVENT_TYPES)),
        topics=topic_counts(views, count).astype(np.int64),
        day_parts=_table(views.customer, parts, count, DAY_PARTS),
        in_app=np.bincount(views.customer, is_app, count).astype(np.int64),
        payments=_table(paid.customer[is_drawn], paid.kind[is_drawn], count, len(SPENDING)),
        transactions=paid,
        waves=waves,
        opening_product=draws.opening_product,
        opening_day=draws.opening_day,
        blocked_day=np.minimum(changed, draws.cases.first_day()),
        closed_day=draws.closed_day,
        has_died=draws.has_died,
    )


def _is_change_seen(draws: MonthDraws) -> BoolArray:
    """Return which changes of consent the files show: not those of a channel opted out of by a message before."""
    is_seen = draws.consent_day != NO_DAY
    for wave in draws.waves:
        opted_out = np.flatnonzero(wave.response == OPTED_OUT)
        is_seen[opted_out, wave.channel[opted_out]] = False
    return is_seen


def _table(row: IntArray, column: IntArray, rows: int, columns: int) -> IntArray:
    return np.bincount(row * columns + column, minlength=rows * columns).reshape(rows, columns)


def _day_parts(month: Month, day: IntArray, at: IntArray, zone: IntArray) -> IntArray:
    """Return the part of the local day of each instant."""
    offsets = np.stack([zone_offsets(name, month.first_day, month.days) for name in ZONES])
    behind = zone_offsets(BANK_ZONE, month.first_day, month.days) - offsets
    second = at - day * DAY_S + offsets[zone, day - month.first_day]
    moved_from = _MOVED_UNTIL_S - behind[zone, day - month.first_day]
    is_moved = (second >= moved_from) & (second < _MOVED_UNTIL_S)
    return np.where(is_moved, MOVED_PART, (second - _FIRST_S) // _PART_S)


def see_waves(months: list[MonthDraws], index: int, contacts: Contacts) -> tuple[SeenWave, ...]:
    """Return the waves of one month as the contacts' rows show them."""
    draws = months[index]
    end = bank_day_end(day_date(draws.month.last_day))
    response, responded_at = contacts.known_at(end)
    later = np.full(response.size, -1, dtype=np.int64)
    if index + 1 < len(months):
        later, _ = contacts.known_at(bank_day_end(day_date(months[index + 1].month.last_day)))
        later = np.where((later == CONVERTED) & (response != CONVERTED), -1, later)
    seen = []
    for number in range(WAVES):
        rows = np.flatnonzero((contacts.month == draws.month.number) & (contacts.wave == number))
        fields = {name: getattr(contacts, name)[rows] for name in ("arm", "day", "sent_at", "product", "channel")}
        fields |= {name: getattr(contacts, name)[rows] for name in ("slot", "intensity")}
        fields |= {"response": response[rows], "responded_at": responded_at[rows], "later": later[rows]}
        seen.append(SeenWave(**_spread(fields, contacts.customer[rows], draws.intent.size)))
    return tuple(seen)


def _spread(fields: dict[str, IntArray], customer: IntArray, count: int) -> dict[str, IntArray]:
    """Return the fields of a wave's rows with one element per customer; who has no row is ``OUTSIDE``."""
    spread = {}
    for name, values in fields.items():
        empty = {"arm": OUTSIDE, "day": NEVER, "responded_at": -1, "later": -1}.get(name, 0)
        spread[name] = np.full(count, empty, dtype=np.int64)
        spread[name][customer] = values
    return spread
