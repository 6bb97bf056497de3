"""How likely a month's contacts and its opening are under each latent state.

What belongs here: the sum over everything the files hide of a month: what a contact itself led to where an opening
covers it, which cause an opening had, unprompted openings put off, and answers that are still to come.

Notation of one customer and state: w = P(the unprompted opening comes on a given day), w_j that of product j; q = P(a
contact puts it off); a wave's window = its 14 days; D = days of the month. The README derives the sums.
"""

from dataclasses import dataclass

import numpy as np

from ml.simulator.calendar import DAY_S, bank_day_end, bank_to_utc, day_date
from ml.simulator.campaigns import (
    ANSWER_FROM_S,
    CLICKED,
    CONVERTED,
    LONGEST_WAIT_S,
    NONE,
    OPENED,
    OPENING_FROM_S,
    OPENING_S,
    RESPONSES,
    SAME_DAY_S,
    TREATMENT,
    WINDOW_DAYS,
)
from ml.simulator.catalogue import BoolArray, load_catalogue
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray, IntArray
from ml.simulator.observer.seen import SeenMonth, SeenWave
from ml.simulator.parameters import Responses
from ml.simulator.population import Customers
from ml.simulator.tables import (
    make_tables,
    memory_share,
    opening_probability,
    opening_weights,
    product_taste,
    response_probabilities,
)
from ml.simulator.vocabulary import INTENTS, SEGMENTS, TRAITS

_STATES = (SEGMENTS, TRAITS, INTENTS)


@dataclass(frozen=True)
class _Month:
    """What the sums share, arrays of n rows.

    Attributes
    ----------
    any_day, opened_day : array of float, shape (n, S, R, Z)
        w, and w_j of the product that was opened (without meaning where none was).
    has_opened : array of bool, shape (n,)
    day : array of int, shape (n,)
        Of the opening; the month's last where none was.
    days : int
        D.
    """

    responses: Responses
    any_day: FloatArray
    opened_day: FloatArray
    has_opened: BoolArray
    day: IntArray
    first_day: int
    days: int


@dataclass(frozen=True)
class _Contact:
    """One wave: its treated customers, arrays of n rows.

    Attributes
    ----------
    is_treated : array of bool, shape (n,)
    day, sent_at, responded_at : array of int, shape (n,)
        The month's first day outside treatment.
    chances : array of float, shape (n, S, R, Z, 5)
        P(the contact itself leads to), as ``campaigns.RESPONSES``.
    put_off : array of float, shape (n, 1, R, 1)
        q; 0 outside treatment.
    covers : array of bool, shape (n,)
        The month's opening lies in the window.
    """

    is_treated: BoolArray
    day: IntArray
    sent_at: IntArray
    responded_at: IntArray
    chances: FloatArray
    put_off: FloatArray
    covers: BoolArray


def log_contest(config: WorldConfig, customers: Customers, seen: SeenMonth) -> tuple[FloatArray, FloatArray]:
    """Return the log-likelihood of a month's contacts and opening, each of shape (n, S, R, Z).

    Returns
    -------
    at_end : array of float
        As the files stand at the month's end, where answers to the second wave may be still to come.
    later : array of float
        As they stand a month later, for what follows.
    """
    month = _month(config, customers, seen)
    contacts = [_contact(config, customers, seen, month, wave) for wave in seen.waves]
    shown = [wave.response for wave in seen.waves]
    end = bank_day_end(day_date(seen.month.last_day))
    waits = [_waiting(month.responses, contact, end) for contact in contacts]
    at_end = _likelihood(
        month, contacts, [_own(*one, month) for one in zip(contacts, shown, waits, strict=True)], shown
    )
    is_known = seen.waves[1].later >= 0
    shown = [shown[0], np.where(is_known, seen.waves[1].later, shown[1])]
    waits = [waits[0], np.where(is_known, 0.0, waits[1])]
    later = _likelihood(month, contacts, [_own(*one, month) for one in zip(contacts, shown, waits, strict=True)], shown)
    with np.errstate(divide="ignore"):
        return np.log(at_end), np.log(later)


def unprompted_days(
    config: WorldConfig, customers: Customers, seen: SeenMonth, product: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return w, and w_j of one product of each customer, shape (n, S, R, Z)."""
    parameters, count = config.parameters, customers.count
    eligible = load_catalogue().eligible(seen.start.held, customers.state, customers.age_years(seen.month))
    share = memory_share(parameters, seen.start.memory)
    any_day, product_day = np.zeros((count, *_STATES)), np.zeros((count, *_STATES))
    for segment in range(SEGMENTS):
        per_day = opening_probability(parameters, np.array(segment), np.arange(INTENTS)) / seen.month.days
        for trait in range(TRAITS):
            taste = product_taste(parameters, np.full(count, segment), np.full(count, trait), eligible)
            weights = opening_weights(parameters, taste, share)
            any_day[:, segment, trait] = per_day * (weights.sum(axis=1, keepdims=True) > 0)
            product_day[:, segment, trait] = per_day * weights[np.arange(count), product][:, None]
    return any_day, product_day


def _month(config: WorldConfig, customers: Customers, seen: SeenMonth) -> _Month:
    any_day, opened_day = unprompted_days(config, customers, seen, np.maximum(seen.opening_product, 0))
    return _Month(
        responses=config.parameters.responses,
        any_day=any_day,
        opened_day=opened_day,
        has_opened=seen.has_opened,
        day=np.where(seen.has_opened, seen.opening_day, seen.month.last_day),
        first_day=seen.month.first_day,
        days=seen.month.days,
    )


def _contact(config: WorldConfig, customers: Customers, seen: SeenMonth, month: _Month, wave: SeenWave) -> _Contact:
    is_treated = wave.arm == TREATMENT
    day = np.where(is_treated, wave.day, month.first_day)
    age = month.day - day
    return _Contact(
        is_treated=is_treated,
        day=day,
        sent_at=np.where(is_treated, wave.sent_at, month.first_day * DAY_S),
        responded_at=wave.responded_at,
        chances=response_chances(config, seen, wave),
        put_off=put_off(config, wave),
        covers=is_treated & month.has_opened & (age >= 0) & (age < WINDOW_DAYS),
    )


def put_off(config: WorldConfig, wave: SeenWave) -> FloatArray:
    """Return q, 0 outside treatment, shape (n, 1, R, 1)."""
    chance = np.array(config.parameters.responses.put_off)[:, wave.intensity].T
    return (chance * (wave.arm == TREATMENT)[:, None])[:, None, :, None]


def response_chances(config: WorldConfig, seen: SeenMonth, wave: SeenWave) -> FloatArray:
    """Return P(what a contact itself leads to), as ``campaigns.RESPONSES``, under each state, shape (n, S, R, Z, 5)."""
    fatigue = seen.start.fatigue
    if wave is not seen.waves[0]:
        fatigue = config.parameters.responses.fatigue_decay * (fatigue + (seen.waves[0].arm == TREATMENT))
    parameters, responses, tables = config.parameters, config.parameters.responses, make_tables(config.parameters)
    count = fatigue.size
    topic = load_catalogue().topic[wave.product]
    interest = responses.interest * memory_share(parameters, seen.start.memory)[np.arange(count), topic]
    taste = responses.taste * np.moveaxis(tables.relative_taste[:, :, wave.product], 2, 0)
    action = np.moveaxis(tables.answer[:, :, :, wave.channel, wave.slot, wave.intensity], 3, 0)
    log_odds = action + taste[..., None] + (interest + responses.fatigue * fatigue)[:, None, None, None]
    opt_out = tables.opt_out[:, wave.intensity].T * np.exp(responses.opt_out_fatigue * fatigue)[:, None]
    shape = log_odds.shape
    chances = response_probabilities(
        parameters,
        log_odds.ravel(),
        np.broadcast_to(np.arange(INTENTS), shape).ravel(),
        np.broadcast_to(opt_out[:, None, :, None], shape).ravel(),
        np.broadcast_to(wave.channel[:, None, None, None], shape).ravel(),
    )
    return chances.reshape(*shape, len(RESPONSES))


def _waiting(responses: Responses, contact: _Contact, end: int) -> FloatArray:
    """Return P(a message opened or clicked is so only after ``end``), shape (n,)."""
    left = end - contact.sent_at - ANSWER_FROM_S
    quick = (1 - responses.late_share) * np.exp(-left / (responses.quick_days * DAY_S))
    late = responses.late_share * (1 - left / LONGEST_WAIT_S)
    return np.where(left <= LONGEST_WAIT_S, quick + late, 0.0)


def _own(contact: _Contact, shown: IntArray, waiting: FloatArray, month: _Month) -> FloatArray:
    """Return P(what is shown of a contact, a conversion aside), shape (n, S, R, Z); 1 outside treatment.

    Nothing shown may be an answer still to come. A click after an opening of another product may be a conversion that
    came too late: both are weighed by the density of the click's instant.
    """
    chances = contact.chances
    own = np.take_along_axis(chances, shown[:, None, None, None, None], axis=4)[..., 0]
    waits = np.where(shown == NONE, waiting, 0.0)[:, None, None, None]
    own = own + waits * (chances[..., OPENED] + chances[..., CLICKED])
    # A click shown only later is none of these: conversions fall into the month of sending.
    rows = np.flatnonzero(contact.covers & (shown == CLICKED) & (contact.responded_at >= 0))
    if rows.size:
        void = _void_density(month.responses, contact, month, rows) / _click_density(month.responses, contact, rows)
        own[rows] += void[:, None, None, None] * chances[rows][..., CONVERTED]
    own[~contact.is_treated] = 1.0
    return own


def _click_density(responses: Responses, contact: _Contact, rows: IntArray) -> FloatArray:
    """Return P(the second in which a click came)."""
    wait = (contact.responded_at - contact.sent_at - ANSWER_FROM_S)[rows].astype(np.float64)
    scale = responses.quick_days * DAY_S
    quick = (1 - responses.late_share) * np.exp(-wait / scale) * -np.expm1(-1 / scale)
    return quick + responses.late_share / LONGEST_WAIT_S


def _void_density(responses: Responses, contact: _Contact, month: _Month, rows: IntArray) -> FloatArray:
    """Return P(the second of a click, if it is a conversion on a later day than the opening)."""
    density = np.zeros(rows.size)
    for delay, chance in enumerate(responses.conversion_delay):
        since = contact.responded_at[rows] - _opening_from(contact.day[rows] + delay)
        is_then = (since >= 0) & (since < OPENING_S) & (month.day[rows] < contact.day[rows] + delay)
        density += np.where(is_then, chance / OPENING_S, 0.0)
    return density


def _opening_from(day: IntArray) -> IntArray:
    """Return the first instant of a day at which products are opened."""
    return bank_to_utc(day, np.full(day.size, OPENING_FROM_S))


def _likelihood(month: _Month, contacts: list[_Contact], own: list[FloatArray], shown: list[IntArray]) -> FloatArray:
    """Return P(contacts and opening of the month), the files as in ``own`` and ``shown``, shape (n, S, R, Z)."""
    w, has_opened = month.any_day, month.has_opened
    last = month.first_day + month.days - 1
    quiet = 1 - month.days * w
    for contact in contacts:
        window = np.clip(last - contact.day + 1, 0, WINDOW_DAYS)[:, None, None, None]
        quiet = quiet + window * w * contact.put_off
    result = own[0] * own[1] * quiet
    rows = np.flatnonzero(has_opened)
    unprompted = month.opened_day[rows]
    for contact, of_contact, code in zip(contacts, own, shown, strict=True):
        stays = np.where(contact.covers[rows][:, None, None, None], 1 - contact.put_off[rows], 1.0)
        is_credited = (contact.is_treated & (code == CONVERTED))[rows][:, None, None, None]
        unprompted = unprompted * stays * np.where(is_credited, _credited(month, contact, rows), of_contact[rows])
    converted = _converted(month, contacts, 0, rows, shown) + own[0][rows] * _converted(month, contacts, 1, rows, shown)
    result[rows] = unprompted + converted
    return result


def _credited(month: _Month, contact: _Contact, rows: IntArray) -> FloatArray:
    """Return P(the contact itself does not win the opening), times the density of its instant, shape (m, S, R, Z)."""
    chances = contact.chances[rows]
    delays = np.array(month.responses.conversion_delay)
    age = (month.day - contact.day)[rows]
    too_late = (delays * (np.arange(delays.size) > age[:, None])).sum(axis=1)[:, None, None, None]
    silent = chances[..., NONE] + chances[..., OPENED] + chances[..., CLICKED]
    since = (contact.responded_at - contact.sent_at)[rows] - ANSWER_FROM_S
    opened = contact.responded_at[rows] - _opening_from(month.day[rows])
    later = np.where((since > 0) & (opened >= 0) & (opened < OPENING_S), 1 / OPENING_S, 0.0)
    # An opening before the message counts as answered at the first possible second.
    earlier = np.clip(opened + 1, 0, OPENING_S) / OPENING_S
    density = np.where(age > 0, 1.0, np.where(since == 0, earlier, later))
    return (silent + chances[..., CONVERTED] * too_late) * density[:, None, None, None]


def _converted(
    month: _Month, contacts: list[_Contact], number: int, rows: IntArray, shown: list[IntArray]
) -> FloatArray:
    """Return P(a wave's contact converts on the opening's day and nothing was opened before), shape (m, S, R, Z)."""
    contact, w = contacts[number], month.any_day[rows]
    age = (month.day - contact.day)[rows]
    delays = np.array(month.responses.conversion_delay)
    is_possible = (contact.is_treated & (shown[number] == CONVERTED))[rows] & (age >= 0) & (age < delays.size)
    age = np.clip(age, 0, delays.size - 1)
    since = (contact.responded_at - contact.sent_at)[rows] - ANSWER_FROM_S
    same_day = np.where((since >= 0) & (since < SAME_DAY_S), 1 / SAME_DAY_S, 0.0)
    density = np.where(is_possible, delays[age] * np.where(age > 0, 1.0, same_day), 0.0)
    first_sent = contact.day[rows] - number * WINDOW_DAYS
    before = (first_sent - month.first_day)[:, None, None, None] * w
    if number == 1:
        before = before + WINDOW_DAYS * w * (1 - contacts[0].put_off[rows])
    before = before + age[:, None, None, None] * w * (1 - contact.put_off[rows])
    return density[:, None, None, None] * contact.chances[rows][..., CONVERTED] * (1 - before)
