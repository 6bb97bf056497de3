"""Month after month: what a chunk of customers does, from the first month on.

What belongs here: the state carried from month to month and the order of a month's draws. A month depends on the one
before through the intent, through whether something was opened, and through observed things: holdings, consents,
views, contacts and open cases as they stood when the month began.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from ml.simulator.activity import (
    NO_DAY,
    ServiceCases,
    Views,
    draw_cases,
    draw_consent_changes,
    draw_views,
    event_rates,
    topic_counts,
)
from ml.simulator.calendar import Month
from ml.simulator.campaigns import (
    CLICKED,
    CONVERTED,
    NEVER,
    OPTED_OUT,
    TREATMENT,
    WAVES,
    Unprompted,
    Wave,
    draw_unprompted,
    draw_wave,
    opening_instant,
    policy_weights,
    suppress_put_off,
)
from ml.simulator.catalogue import BoolArray, load_catalogue
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray, IntArray, Stream, categorical, keys, pack, uniform
from ml.simulator.population import Customers
from ml.simulator.tables import (
    memory_share,
    opening_probability,
    opening_weights,
    product_log_odds,
    product_taste,
    topic_weights,
    transition_rows,
)
from ml.simulator.vocabulary import CHANNELS, INTENTS, PRODUCTS, TOPICS


@dataclass(frozen=True)
class State:
    """What a month starts from, arrays of shape (n,) unless said; all of it but ``intent`` is observed.

    Attributes
    ----------
    intent : array of int
        Of the month before; ``INTENTS`` (the row of the transition table) after a month with an opening.
    held : array of bool, shape (n, J)
    opened_day : array of int, shape (n, J)
    consented : array of bool, shape (n, channels)
    memory : array of float, shape (n, topics)
        Views per topic, older ones fading.
    fatigue : array of float
        Contacts of earlier waves, older ones fading.
    restricted_until : array of int
        Last day of open cases; ``NEVER`` = for good.
    is_gone : array of bool
        Left or dead.
    """

    intent: IntArray
    held: BoolArray
    opened_day: IntArray
    consented: BoolArray
    memory: FloatArray
    fatigue: FloatArray
    restricted_until: IntArray
    is_gone: BoolArray

    def take(self, count: int) -> "State":
        """Return the state of the first ``count`` customers of the chunk."""
        return State(**{name: getattr(self, name)[:count] for name in self.__dataclass_fields__})


@dataclass(frozen=True)
class MonthDraws:
    """What happened to a chunk in one month, arrays of shape (n,) unless said.

    Attributes
    ----------
    month : Month
    start : State
        As the month began.
    intent : array of int
    views : Views
    cases : ServiceCases
    consent_day, consent_at : array of int, shape (n, channels)
        Changes of consent that no message caused; -1 = none.
    waves : list of Wave
    opening_product, opening_day, opening_at : array of int
        The month's opening: product or -1, day, instant.
    closed_day : array of int, shape (n, J)
        -1 = not closed.
    has_died, has_left : array of bool
        On the month's last day.
    """

    month: Month
    start: State
    intent: IntArray
    views: Views
    cases: ServiceCases
    consent_day: IntArray
    consent_at: IntArray
    waves: list[Wave]
    opening_product: IntArray
    opening_day: IntArray
    opening_at: IntArray
    closed_day: IntArray
    has_died: BoolArray
    has_left: BoolArray
    is_active: BoolArray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_active", ~self.start.is_gone)


@dataclass(frozen=True)
class Outlook:
    """What a month's openings and responses depend on, known when it begins but for the intent.

    Attributes
    ----------
    eligible : array of bool, shape (n, J)
    share : array of float, shape (n, topics)
        Of what is remembered.
    opening_weights : array of float, shape (n, J)
    product_part : array of float, shape (n, J)
    policy : tuple
        From ``policy_weights``.
    is_listed : array of bool, shape (n,)
        Whether the customer is on the month's campaign list.
    """

    eligible: BoolArray
    share: FloatArray
    taste: FloatArray
    opening_weights: FloatArray
    product_part: FloatArray
    policy: tuple[FloatArray, FloatArray, BoolArray]
    is_listed: BoolArray


def first_state(customers: Customers) -> State:
    """Return the state before the first month."""
    count = customers.count
    return State(
        intent=np.full(count, -1, dtype=np.int64),
        held=customers.held,
        opened_day=customers.opened_day,
        consented=customers.consented & (customers.lapsed_day == NO_DAY),
        memory=np.zeros((count, len(TOPICS))),
        fatigue=np.zeros(count),
        restricted_until=np.full(count, NO_DAY, dtype=np.int64),
        is_gone=np.zeros(count, dtype=bool),
    )


def look_ahead(
    config: WorldConfig, customers: Customers, month: Month, state: State, segment: IntArray, trait: IntArray
) -> Outlook:
    """Return what the month depends on, for given latent classes (the true ones, or those an observer tries)."""
    parameters = config.parameters
    catalogue = load_catalogue()
    eligible = catalogue.eligible(state.held, customers.state, customers.age_years(month)) & ~state.is_gone[:, None]
    share = memory_share(parameters, state.memory)
    taste = product_taste(parameters, segment, trait, eligible)
    policy = policy_weights(eligible, catalogue.channels(month), state.consented)
    return Outlook(
        eligible=eligible,
        share=share,
        taste=taste,
        opening_weights=opening_weights(parameters, taste, share),
        product_part=product_log_odds(parameters, segment, trait, share),
        policy=policy,
        is_listed=(state.restricted_until < month.first_day) & ~state.is_gone & policy[2],
    )


def simulate(config: WorldConfig, customers: Customers, last: Month) -> Iterator[MonthDraws]:
    """Yield the months from the history's first to ``last``, the chunk's draws of each."""
    state = first_state(customers)
    for number in range(Month.of(config.history_start).number, last.number + 1):
        draws = draw_month(config, customers, Month(number), state)
        yield draws
        state = next_state(config, draws)


def draw_intent(config: WorldConfig, customers: Customers, month: Month, state: State) -> IntArray:
    """Draw the month's intent from that of the month before."""
    u = uniform(keys(config.seed, customers.number, Stream.INTENT), pack(month.number))
    first = np.array(config.parameters.intents.first)
    rows = transition_rows(config.parameters, customers.segment, month.calendar_month)
    weights = np.where(
        (state.intent < 0)[:, None], first, rows[np.arange(customers.count), np.maximum(state.intent, 0)]
    )
    return categorical(u, weights)


def draw_month(config: WorldConfig, customers: Customers, month: Month, state: State) -> MonthDraws:
    """Draw one month of a chunk from the state in which it begins."""
    parameters = config.parameters
    is_active = ~state.is_gone
    intent = draw_intent(config, customers, month, state)
    outlook = look_ahead(config, customers, month, state, customers.segment, customers.trait)
    rates = event_rates(config, customers.segment, customers.trait, intent) * is_active[:, None]
    topics = topic_weights(parameters, outlook.taste, outlook.share, intent)
    views = draw_views(config, customers, month, rates, topics)
    cases = draw_cases(config, customers, month)
    cases = ServiceCases(*(np.where(is_active[:, None], days, NO_DAY) for days in (cases.day, cases.end_day)))
    consent_day, consent_at = draw_consent_changes(config, customers, month, state.consented)
    consent_day, consent_at = (np.where(is_active[:, None], one, NO_DAY) for one in (consent_day, consent_at))
    probability = opening_probability(parameters, customers.segment, intent) * is_active
    unprompted = draw_unprompted(config, customers, month, probability, outlook.opening_weights)
    waves, opening = _contest(config, customers, month, state, outlook, intent, unprompted, cases, consent_day)
    closed_day = _draw_closings(config, customers, month, state)
    u_gone = uniform(keys(config.seed, customers.number, Stream.CHURN), pack(month.number))
    u_dead = uniform(keys(config.seed, customers.number, Stream.DEATH), pack(month.number))
    has_died = is_active & (u_dead < np.array(parameters.openings.death)[customers.segment])
    has_left = is_active & ~has_died & (u_gone < parameters.openings.churn)
    draws = MonthDraws(
        month, state, intent, views, cases, consent_day, consent_at, waves, *opening, closed_day, has_died, has_left
    )
    return _close_all_of_the_gone(draws)


def _contest(
    config: WorldConfig,
    customers: Customers,
    month: Month,
    state: State,
    outlook: Outlook,
    intent: IntArray,
    unprompted: Unprompted,
    cases: ServiceCases,
    consent_day: IntArray,
) -> tuple[list[Wave], tuple[IntArray, IntArray, IntArray]]:
    """Draw the waves and find the month's one opening: the earliest; on one day the conversion counts.

    A customer with an opening, a change of consent or a new case since the month began is left out of its waves.
    """
    responses = config.parameters.responses
    changed = np.where(consent_day == NO_DAY, NEVER, consent_day).min(axis=1)
    blocked_from = np.minimum(changed, cases.first_day())
    opening_day = np.full(customers.count, NEVER)
    opening_product = np.full(customers.count, -1, dtype=np.int64)
    opening_at = np.full(customers.count, -1, dtype=np.int64)
    fatigue, waves = state.fatigue, []
    for number in range(WAVES):
        send_day = month.wave_days()[number] + customers.send_offset
        is_free = (blocked_from >= send_day) & (unprompted.day >= send_day) & (opening_day == NEVER)
        wave = draw_wave(
            config, customers, month, number, outlook.is_listed & is_free, outlook.policy, outlook.product_part,
            intent, fatigue,
        )  # fmt: skip
        unprompted = suppress_put_off(unprompted, wave)
        is_void = (wave.response == CONVERTED) & (unprompted.day < wave.opening_day)
        wave = replace(wave, response=np.where(is_void, CLICKED, wave.response))
        is_new = wave.response == CONVERTED
        opening_day = np.where(is_new, wave.opening_day, opening_day)
        opening_product = np.where(is_new, wave.product, opening_product)
        opening_at = np.where(is_new, wave.responded_at, opening_at)
        blocked_from = np.where(wave.response == OPTED_OUT, np.minimum(blocked_from, wave.day), blocked_from)
        fatigue = responses.fatigue_decay * (fatigue + (wave.arm == TREATMENT))
        waves.append(wave)
    is_unprompted = unprompted.day < opening_day
    u = uniform(keys(config.seed, customers.number, Stream.OPENING_SECOND), pack(month.number))
    day = np.where(is_unprompted, unprompted.day, month.first_day)
    opening = (
        np.where(is_unprompted, unprompted.product, opening_product),
        np.where(is_unprompted, unprompted.day, np.where(opening_day == NEVER, NO_DAY, opening_day)),
        np.where(is_unprompted, opening_instant(day, u), opening_at),
    )
    return waves, opening


def _draw_closings(config: WorldConfig, customers: Customers, month: Month, state: State) -> IntArray:
    """Draw the day on which each product held is closed, shape (n, J); -1 = it stays."""
    step = pack(month.number, np.arange(len(PRODUCTS)))
    u = uniform(keys(config.seed, customers.number, Stream.CLOSING)[:, None], step)
    closes = state.held & (u < np.array(config.parameters.openings.closing))
    day_u = uniform(keys(config.seed, customers.number, Stream.CLOSING_DAY)[:, None], step)
    return np.where(closes, month.first_day + (day_u * month.days).astype(np.int64), NO_DAY)


def _close_all_of_the_gone(draws: MonthDraws) -> MonthDraws:
    """Close, on the month's last day, what customers who left or died still hold."""
    goes = (draws.has_died | draws.has_left)[:, None]
    opened = draws.opening_product[:, None] == np.arange(len(PRODUCTS))
    still_held = (draws.start.held | opened) & (draws.closed_day == NO_DAY)
    return replace(draws, closed_day=np.where(goes & still_held, draws.month.last_day, draws.closed_day))


def next_state(config: WorldConfig, draws: MonthDraws) -> State:
    """Return the state in which the following month begins."""
    start, parameters = draws.start, config.parameters
    opened = draws.opening_product[:, None] == np.arange(len(PRODUCTS))
    closed = draws.closed_day != NO_DAY
    consented = start.consented ^ (draws.consent_day != NO_DAY)
    fatigue = start.fatigue
    for wave in draws.waves:
        fatigue = parameters.responses.fatigue_decay * (fatigue + (wave.arm == TREATMENT))
        opted_out = (wave.response == OPTED_OUT)[:, None] & (wave.channel[:, None] == np.arange(len(CHANNELS)))
        consented = consented & ~opted_out
    views = topic_counts(draws.views, draws.intent.size)
    cases = draws.cases
    stays = (cases.day != NO_DAY) & (cases.end_day == NO_DAY)
    until = np.where(stays, NEVER, cases.end_day).max(axis=1)
    return State(
        intent=np.where(draws.opening_product >= 0, INTENTS, draws.intent),
        held=(start.held | opened) & ~closed,
        opened_day=np.where(opened, draws.opening_day[:, None], start.opened_day),
        consented=consented,
        memory=parameters.interest.memory_decay * start.memory + views,
        fatigue=fatigue,
        restricted_until=np.maximum(start.restricted_until, until),
        is_gone=start.is_gone | draws.has_died | draws.has_left,
    )
