"""The ideal observer by brute force: every latent path and everything hidden of a month, one customer at a time.

What belongs here: an independent way to the same posterior. Latent paths are enumerated one by one. What a month hides
(unprompted opening, what contacts led to and when, who was put off) is enumerated and pushed through the simulator's
own contest (``history._contest``) and its own files' rows (``attribution``); what equals the rows seen counts, with the
probability that the drawing modules' tables give it. Nothing of ``ml.simulator.observer`` is used.
"""

from dataclasses import replace
from itertools import product as pairs
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.special import ndtr
from scipy.stats import poisson

from ml.simulator import campaigns, history, population
from ml.simulator.activity import _within_bank_day, event_rates, place_views, topic_counts
from ml.simulator.attribution import Contacts, contacts_of
from ml.simulator.calendar import DAY_S, Month, bank_day_end, bank_to_utc, day_date, day_number, zone_offsets
from ml.simulator.campaigns import CLICKED, CONVERTED, NEVER, NONE, OPENED, OPTED_OUT, TREATMENT, Unprompted
from ml.simulator.catalogue import ZONES
from ml.simulator.config import WorldConfig
from ml.simulator.history import look_ahead
from ml.simulator.spending import KINDS, draw_transactions, spending_rates
from ml.simulator.tables import make_tables, opening_probability, response_probabilities, topic_weights, transition_rows
from ml.simulator.vocabulary import DISCRETIONARY, EVENT_TYPES, INTENTS, PRODUCTS, SEGMENTS, SPENDING, TRAITS

STATES = list(pairs(range(SEGMENTS), range(TRAITS), range(INTENTS)))
# In place of an instant: before the first end of a month, but none of those seen; and just after an end.
_ELSEWHERE = -7
_AFTER_S = 7


def take(rows, position: int, times: int = 1):
    """Return one customer's row of a frozen record of arrays, repeated."""
    return type(rows)(**{name: np.repeat(getattr(rows, name)[[position]], times, axis=0)
                         for name in rows.__dataclass_fields__ if name != "is_active"})  # fmt: skip


def pick(rows, positions):
    """Return some customers' rows of a frozen record of arrays."""
    return type(rows)(**{name: getattr(rows, name)[positions] for name in rows.__dataclass_fields__})


def sent_chance(config: WorldConfig, customers, draws, intent: int) -> np.ndarray:
    """Return P(nothing keeps a customer from each wave | what was sent before), classes and intent given, shape (2, n).

    Up to a factor that depends on nothing latent. Day by day: an unprompted opening keeps away from the waves after it,
    unless the first wave's contact put it off; so does a conversion or an opt-out of the first wave.
    """
    parameters, state = config.parameters, draws.start
    outlook = look_ahead(config, customers, draws.month, state, customers.segment, customers.trait)
    everyone = np.full(customers.count, intent)
    per_day = opening_probability(parameters, customers.segment, everyone) / draws.month.days
    per_day = per_day * (outlook.opening_weights.sum(axis=1) > 0)
    first = draws.waves[0]
    is_treated = first.arm == TREATMENT
    rows = np.arange(customers.count)
    log_odds = make_tables(parameters).answer[
        customers.segment, customers.trait, intent, first.channel, first.slot, first.intensity
    ]
    log_odds = log_odds + outlook.product_part[rows, first.product] + parameters.responses.fatigue * state.fatigue
    opt_out = make_tables(parameters).opt_out[customers.trait, first.intensity]
    opt_out = opt_out * np.exp(parameters.responses.opt_out_fatigue * state.fatigue)
    chances = response_probabilities(parameters, log_odds, everyone, opt_out, first.channel)
    goes_on = np.where(is_treated, chances[:, [NONE, OPENED, CLICKED]].sum(axis=1), 1.0)
    put_off = np.where(is_treated, np.array(parameters.responses.put_off)[customers.trait, first.intensity], 0.0)
    free = np.ones((2, customers.count))
    for day in range(draws.month.first_day, draws.month.last_day + 1):
        free[0] -= per_day * (day < first.day)
        free[1] -= per_day * np.where(day < first.day, 1.0, (1 - put_off) * (day < first.day + 14))
    return np.stack([free[0], free[1] * goes_on])


def posteriors(config: WorldConfig, customers, months, position: int) -> list[np.ndarray]:
    """Return P(segment, trait, intent | files at each month's end) of one customer, arrays of shape (S, R, Z)."""
    one = take(customers, position)
    contacts = contacts_of(months)
    prior = np.array([_once(config, one, segment, months[0].start.held[position]) for segment in range(SEGMENTS)])
    prior = prior[:, None] * np.array(config.parameters.population.trait_share)
    found, at_end, later = [], [], []
    has_account = False
    for index, draws in enumerate(months):
        likelihood = np.ones((SEGMENTS, TRAITS, INTENTS)) if draws.start.is_gone[position] else None
        if likelihood is None:
            shows = bool(draws.start.held[position, 0]) and not has_account
            has_account |= shows
            likelihood = _behaviour(config, one, draws, position, shows)
            ends = [
                contest_likelihood(config, one, months, index, position, contacts, is_later=k) for k in (False, True)
            ]
        else:
            ends = [np.ones(likelihood.shape)] * 2
        at_end.append(likelihood * ends[0])
        later.append(likelihood * ends[1])
        found.append(_path_sum(config, prior, months, position, [*later[:-1], at_end[-1]]))
    return found


def _path_sum(config: WorldConfig, prior, months, position: int, likelihoods) -> np.ndarray:
    """Sum over all paths of intents, segments and traits, one by one."""
    total = np.zeros((SEGMENTS, TRAITS, INTENTS))
    first = config.parameters.intents.first
    tables = [transition_rows(config.parameters, np.arange(SEGMENTS), d.month.calendar_month) for d in months]
    opened = [d.opening_product[position] >= 0 for d in months]
    for segment, trait in pairs(range(SEGMENTS), range(TRAITS)):
        for path in pairs(range(INTENTS), repeat=len(likelihoods)):
            weight = prior[segment, trait] * first[path[0]]
            for step, intent in enumerate(path):
                if step:
                    before = INTENTS if opened[step - 1] else path[step - 1]
                    weight *= tables[step][segment, before, intent]
                weight *= likelihoods[step][segment, trait, intent]
            total[segment, trait, path[-1]] += weight
    return total / total.sum()


def _once(config: WorldConfig, one, segment: int, held) -> float:
    """Return P(segment, age, tenure, first holdings, consents, income) of one customer."""
    p = config.parameters.population
    start = day_number(config.history_start)
    age = start - int(one.birth_day[0])
    young, old = (years * 365.25 for years in p.age_years[segment])
    chance = p.segment_share[segment] * max(0.0, min(age + 1, old) - max(age, young)) / (old - young)
    cap, days = min(age - 17 * 365.25, 27 * 365.25), start - 1 - int(one.joined_day[0])
    scale = p.tenure_years[segment] * 365.25
    above = np.exp(-days / scale)
    chance *= above if days == int(cap) else above - np.exp(-(days + 1) / scale)
    chance *= _first_holdings(config, one, segment, held)
    for given, share in zip(one.consented[0], p.consent_first[segment], strict=True):
        chance *= share if given else 1 - share
    cents = round(float(one.income_usd[0]) * 100)
    return chance * _cell(cents, np.log(p.income_usd[segment]), p.income_sigma)


def _first_holdings(config: WorldConfig, one, segment: int, held) -> float:
    """Push every combination of wishes through the simulator's own loop over products."""
    wishes = np.array(list(pairs((False, True), repeat=len(PRODUCTS))))
    count = len(wishes)

    def wish(_: Any, product: Any) -> np.ndarray:
        return np.where(wishes[:, product], 0.0, 1.0)

    stand_in: Any = wish
    real, population.uniform = population.uniform, stand_in
    try:
        age = (day_number(config.history_start) - one.birth_day) / population.YEAR_DAYS
        result = population._first_holdings(
            config, np.arange(count), np.full(count, segment), np.repeat(one.state, count),
            np.repeat(age.astype(np.int64), count),
        )  # fmt: skip
    finally:
        population.uniform = real
    share = np.array(config.parameters.population.holding_first[segment])
    weights = np.where(wishes, share, 1 - share).prod(axis=1)
    return float(weights[(result == held).all(axis=1)].sum())


def _cell(cents: int, log_usd: float, sigma: float) -> float:
    """Return P(a log-normal amount is rounded to ``cents``)."""
    high = (np.log((cents + 0.5) / 100) - log_usd) / sigma
    low = (np.log((cents - 0.5) / 100) - log_usd) / sigma if cents > 1 else -np.inf
    return float(ndtr(-low) - ndtr(-high)) if low > 0 else float(ndtr(high) - ndtr(low))


def _behaviour(config: WorldConfig, one, draws, position: int, shows_account: bool) -> np.ndarray:
    """Return the likelihood of views, payments and survival in each state."""
    own = draws.views.customer == position
    views = replace(draws.views, **{n: getattr(draws.views, n)[own] for n in ("kind", "ordinal", "topic")})
    views = replace(views, customer=np.zeros(own.sum(), dtype=np.int64))
    paid = draw_transactions(
        config, one, draws.month, draws.intent[[position]], draws.start.held[[position]], np.array([True])
    )
    state = take(draws.start, position)
    placed = place_views(config, one, draws.month, views)
    hours = _hours(config, one, draws.month, placed)
    likelihood = np.zeros((SEGMENTS, TRAITS, INTENTS))
    for segment, trait, intent in STATES:
        s, r, z = (np.array([k]) for k in (segment, trait, intent))
        tried = replace(one, segment=s, trait=r)
        rates = event_rates(config, s, r, z)[0]
        counts = np.bincount(views.kind, minlength=len(EVENT_TYPES))
        log = poisson.logpmf(counts, rates).sum()
        outlook = look_ahead(config, one, draws.month, state, s, r)
        topics = topic_weights(config.parameters, outlook.taste, outlook.share, z)[0]
        log += (topic_counts(views, 1)[0] * np.log(topics / topics.sum())).sum()
        log += np.log(hours[segment]).sum()
        share = config.parameters.events.app_share[segment]
        log += np.log(np.where(placed[2] == 1, share, 1 - share)).sum()
        death = config.parameters.openings.death[segment]
        log += np.log(death if draws.has_died[position] else 1 - death)
        log += _payments(config, tried, draws, position, paid, z, shows_account)
        likelihood[segment, trait, intent] = log
    return np.exp(likelihood - likelihood.max())


def _hours(config: WorldConfig, one, month: Month, placed) -> np.ndarray:
    """Return P(local second of each view | segment): all seconds of the day, moved as the simulator moves them."""
    day, at, _ = placed
    zone = int(one.zone[0])
    seconds = np.arange(6 * 3_600, DAY_S)
    result = np.zeros((SEGMENTS, day.size))
    for index in range(day.size):
        offset = zone_offsets(ZONES[zone], int(day[index]), 1)[0]
        local = at[index] - day[index] * DAY_S + offset
        moved = _within_bank_day(month, np.full(seconds.size, day[index]), seconds, np.full(seconds.size, zone))
        came_from = seconds[moved == local]
        for segment, weights in enumerate(config.parameters.events.hours):
            result[segment, index] = sum(weights[(s - 6 * 3_600) // 10_800] for s in came_from) / sum(weights) / 10_800
    return result


def _payments(config: WorldConfig, tried, draws, position: int, paid, intent, shows_account: bool) -> float:
    """Return the log-likelihood of one customer's payments in one state."""
    parameters, population_ = config.parameters.spending, config.parameters.population
    segment = int(tried.segment[0])
    rates = spending_rates(config, tried, draws.month, intent, draws.start.held[[position]])[0]
    log = poisson.logpmf(np.bincount(paid.kind[paid.kind < len(SPENDING)], minlength=len(SPENDING)), rates).sum()
    season = parameters.utilities_season[draws.month.calendar_month]
    relative = float(tried.income_usd[0]) / population_.income_usd[segment]
    again = draw_transactions(config, tried, draws.month, intent, draws.start.held[[position]], np.array([True]))
    for kind, cents in zip(paid.kind.tolist(), np.abs(paid.cents).tolist(), strict=True):
        name = KINDS[kind][0]
        if kind < len(SPENDING):
            usd = parameters.amount_usd[segment][kind] * relative**parameters.income_elasticity
            usd *= parameters.intent_amount[int(intent[0])] if name in DISCRETIONARY else 1.0
            chance = _cell(cents, np.log(usd), parameters.amount_sigma[kind])
        elif name == "utilities":
            part, sigma = (0.7, 0.2) if kind == 15 else (0.3, 0.1)
            chance = _cell(cents, np.log(parameters.utilities_usd[segment] * season * part), sigma)
        elif name == "interest":
            chance = _cell(cents, np.log(parameters.interest_usd[segment]), 0.7)
        elif name == "card_payment":
            chance = 1.0
        else:
            chance = float(np.abs(again.cents[again.kind == kind][0]) == cents)
        log += np.log(chance) if chance > 0 else -np.inf
    if shows_account:
        pension = population_.pension_share[segment]
        housing = (*population_.housing_share[segment], 1 - sum(population_.housing_share[segment]))
        shown = (pension if tried.is_pension[0] else 1 - pension) * housing[int(tried.housing[0])]
        log += np.log(shown) if shown > 0 else -np.inf
    return float(log)


# ---- what a month hides of its contacts and its opening ----


def contest_likelihood(
    config: WorldConfig, one, months, index: int, position: int, contacts: Contacts, is_later: bool
) -> np.ndarray:
    """Return P(contacts and opening as the files show them) in each state, by walking through all that is hidden."""
    draws = months[index]
    following = months[index + 1] if index + 1 < len(months) else None
    ends = [bank_day_end(day_date(draws.month.last_day))]
    if is_later and following is not None:
        ends.append(bank_day_end(day_date(following.month.last_day)))
    shown = _shown(contacts, position, draws.month.number, ends)
    hidden = _hidden(draws, position, shown, ends)
    matching = np.flatnonzero(_replay(config, one, draws, position, hidden, following, ends, shown))
    hidden["instant_shares"] = [_arrival_share(draws, position, hidden, *of[1:]) for of in hidden["arrivals"][1:]]
    likelihood = np.zeros((SEGMENTS, TRAITS, INTENTS))
    for segment, trait, intent in STATES:
        chance = _unprompted_chance(config, one, draws, position, hidden, segment, trait, intent)
        chance = chance[hidden["unprompted"][matching]]
        for number in range(2):
            if hidden["waves"][number] is not None:
                of_case = _contact_chance(config, one, draws, position, number, hidden, segment, trait, intent)
                chance = chance * of_case[hidden["of_wave"][number][matching]]
        likelihood[segment, trait, intent] = chance.sum()
    return likelihood


def _shown(contacts: Contacts, position: int, month: int, ends: list[int]) -> list[list[tuple[int, int]]]:
    """Return (response, instant) of each wave's row at each end; nothing for a wave without a row."""
    result: list[list[tuple[int, int]]] = [[], []]
    for number in range(2):
        rows = np.flatnonzero((contacts.customer == position) & (contacts.month == month) & (contacts.wave == number))
        for end in ends:
            response, at = contacts.known_at(end)
            result[number] += [(int(response[k]), int(at[k])) for k in rows]
    return result


def _hidden(draws, position: int, shown, ends: list[int]) -> dict:
    """Return every combination of what may have happened, as indices into lists of cases."""
    waves: list[list[tuple[int, int, int, bool]] | None] = []
    for number, wave in enumerate(draws.waves):
        if wave.arm[position] != TREATMENT:
            waves.append(None)
            continue
        instants = sorted({at for _, at in shown[number] if at >= 0})
        cases: list[tuple[int, int, int]] = [(NONE, 0, -1), (OPTED_OUT, 0, _ELSEWHERE)]
        cases += [(OPTED_OUT, 0, at) for at in instants]
        for response in (OPENED, CLICKED):
            cases += [(response, 0, at) for at in (*instants, _ELSEWHERE, *(end + _AFTER_S for end in ends))]
        for delay in range(5):
            cases += [(CONVERTED, delay, at) for at in (*instants, _ELSEWHERE)]
        waves.append([(*case, put_off) for case in cases for put_off in (False, True)])
    offered = {int(w.product[position]) for w in draws.waves if w.arm[position] == TREATMENT}
    named = sorted(offered | {int(draws.opening_product[position])} - {-1})
    products = [*named, next(j for j in range(len(PRODUCTS)) if j not in named)]
    days = range(draws.month.first_day, draws.month.last_day + 1)
    instants = sorted({at for rows in shown for _, at in rows if at >= 0})
    arrivals: list[tuple[int, int, int]] = [(-1, NEVER, _ELSEWHERE)]
    arrivals += [(j, d, _ELSEWHERE) for j in products for d in days]
    arrivals += [(j, int(draws.opening_day[position]), at) for j in products for at in instants]
    sizes = [len(arrivals), *(len(cases) if cases else 1 for cases in waves)]
    grid = np.indices(sizes).reshape(3, -1)
    return {"arrivals": arrivals, "waves": waves, "named": named, "unprompted": grid[0], "of_wave": grid[1:],
            "ends": tuple(ends)}  # fmt: skip


def _replay(config: WorldConfig, one, draws, position: int, hidden, following, ends, shown) -> np.ndarray:
    """Push all combinations through the simulator's contest; return which show what was seen."""
    count = hidden["unprompted"].size
    arrival = np.array(hidden["arrivals"])[hidden["unprompted"]]
    unprompted = Unprompted(arrival[:, 0], arrival[:, 1])
    forced = iter([_forced_wave(draws.waves[k], position, hidden, k, count) for k in range(2)])

    def draw_wave(_config, _customers, _month, _number, in_audience, policy, *_):
        wave = next(forced)
        arm = np.where(in_audience & policy[2], np.maximum(wave.arm, campaigns.CONTROL), campaigns.OUTSIDE)
        is_treated = arm == TREATMENT
        return replace(
            wave,
            arm=arm,
            response=np.where(is_treated, wave.response, NONE),
            opening_day=np.where(is_treated, wave.opening_day, NEVER),
            is_put_off=is_treated & wave.is_put_off,
        )

    many, state = take(one, 0, count), take(draws.start, position, count)
    outlook = look_ahead(config, one, draws.month, take(draws.start, position), one.segment, one.trait)
    policy: Any = tuple(np.repeat(part, count, axis=0) for part in outlook.policy)
    outlook = replace(
        outlook,
        policy=policy,
        product_part=np.repeat(outlook.product_part, count, axis=0),
        is_listed=np.repeat(outlook.is_listed, count),
    )
    real, history.draw_wave = history.draw_wave, draw_wave
    try:
        cases = type(draws.cases)(*(np.repeat(part[[position]], count, axis=0)
                                    for part in (draws.cases.day, draws.cases.end_day)))  # fmt: skip
        waves, opening = history._contest(
            config, many, draws.month, state, outlook, np.zeros(count, dtype=np.int64), unprompted, cases,
            np.repeat(draws.consent_day[[position]], count, axis=0),
        )  # fmt: skip
    finally:
        history.draw_wave = real
    product, day, at = opening
    # The instant of an unprompted opening is hidden, too: the case's own.
    is_converted = (waves[0].response == CONVERTED) | (waves[1].response == CONVERTED)
    elsewhere = bank_to_utc(np.maximum(day, draws.month.first_day), np.full(count, DAY_S - 30))
    at = np.where(is_converted | (product < 0), at, np.where(arrival[:, 2] == _ELSEWHERE, elsewhere, arrival[:, 2]))
    is_same = (product == draws.opening_product[position]) & (day == draws.opening_day[position])
    for number in range(2):
        is_same &= waves[number].arm == draws.waves[number].arm[position]
    month = SimpleNamespace(month=draws.month, waves=waves, opening_product=product, opening_day=day, opening_at=at,
                            intent=np.zeros(count))  # fmt: skip
    after: list[Any] = [month]
    if following is not None:
        fields = {n: np.repeat(getattr(following, n)[[position]], count)
                  for n in ("opening_product", "opening_day", "opening_at")}  # fmt: skip
        outside = [
            replace(take(wave, position, count), arm=np.zeros(count, dtype=np.int64)) for wave in following.waves
        ]
        after.append(SimpleNamespace(month=following.month, waves=outside, intent=np.zeros(count), **fields))
    contacts = contacts_of(after)
    for step, end in enumerate(ends):
        response, responded_at = contacts.known_at(end)
        for number in range(2):
            if len(shown[number]) > step:
                rows = (contacts.month == draws.month.number) & (contacts.wave == number)
                same = np.zeros(count, dtype=bool)
                same[contacts.customer[rows]] = (response[rows] == shown[number][step][0]) & (
                    responded_at[rows] == shown[number][step][1]
                )
                is_same &= same | (waves[number].arm != TREATMENT)
    return is_same


def _forced_wave(wave, position: int, hidden, number: int, count: int):
    """Return a wave whose contact leads to each combination's case."""
    forced = take(wave, position, count)
    if hidden["waves"][number] is None:
        return forced
    response, delay, at, put_off = np.array(hidden["waves"][number], dtype=object)[hidden["of_wave"][number]].T
    response, delay, at = (part.astype(np.int64) for part in (response, delay, at))
    never_seen = forced.sent_at + 61
    never_seen = np.where(response == CONVERTED, (forced.day + delay) * DAY_S + 70_001, never_seen)
    return replace(
        forced,
        response=response,
        responded_at=np.where(at == _ELSEWHERE, never_seen + 7, at),
        opening_day=np.where(response == CONVERTED, forced.day + delay, NEVER),
        is_put_off=put_off.astype(bool),
    )


def _unprompted_chance(config, one, draws, position, hidden, segment, trait, intent) -> np.ndarray:
    """Return P(unprompted opening) of every case in one state."""
    s, r, z = (np.array([k]) for k in (segment, trait, intent))
    outlook = look_ahead(config, one, draws.month, take(draws.start, position), s, r)
    weights, days = outlook.opening_weights[0], draws.month.days
    total = float(opening_probability(config.parameters, s, z)[0]) * (weights.sum() > 0)
    others = 1 - sum(weights[j] for j in hidden["named"]) if weights.sum() > 0 else 0.0
    chances = [1 - total]
    for (product, _, _), of_instant in zip(hidden["arrivals"][1:], hidden["instant_shares"], strict=True):
        share = weights[product] if product in hidden["named"] else others
        chances.append(total / days * share * of_instant)
    return np.array(chances)


def _arrival_share(draws, position, hidden, day: int, at: int) -> float:
    """Return P(the opening's instant is ``at``, or shows so, given its day): all seconds from 9 to 21 o'clock."""
    special = [i for _, d, i in hidden["arrivals"] if i != _ELSEWHERE and d == day]
    if not special:
        return 1.0
    seconds = bank_to_utc(np.full(43_200, day), 9 * 3_600 + np.arange(43_200))
    for wave in draws.waves:
        if wave.arm[position] == TREATMENT and wave.day[position] == day:
            seconds = np.maximum(seconds, wave.sent_at[position] + 60)
    return float(1 - np.isin(seconds, special).mean() if at == _ELSEWHERE else (seconds == at).mean())


def _contact_chance(config, one, draws, position, number, hidden, segment, trait, intent) -> np.ndarray:
    """Return P(what the contact led to, and when, and whether it put off) of every case in one state."""
    parameters, wave = config.parameters, draws.waves[number]
    responses, tables = parameters.responses, make_tables(config.parameters)
    fatigue = draws.start.fatigue[[position]]
    if number:
        fatigue = responses.fatigue_decay * (fatigue + (draws.waves[0].arm[position] == TREATMENT))
    product, channel, slot, intensity = (
        int(getattr(wave, n)[position]) for n in ("product", "channel", "slot", "intensity")
    )
    s, r = np.array([segment]), np.array([trait])
    outlook = look_ahead(config, one, draws.month, take(draws.start, position), s, r)
    log_odds = tables.answer[segment, trait, intent, channel, slot, intensity] + outlook.product_part[:, product]
    opt_out = tables.opt_out[trait, intensity] * np.exp(responses.opt_out_fatigue * fatigue)
    chances = response_probabilities(
        parameters, log_odds + responses.fatigue * fatigue, np.array([intent]), opt_out, np.array([channel])
    )[0]
    put_off = responses.put_off[trait][intensity]
    cases = hidden["waves"][number]
    times = _times(config, wave, position, tuple(case[:3] for case in cases), hidden["ends"])
    result = [
        chances[response] * times[response, delay, at] * (put_off if is_put_off else 1 - put_off)
        for response, delay, at, is_put_off in cases
    ]
    return np.array(result)


_TIMES: dict = {}
_MEASURES: dict = {}


def _times(config: WorldConfig, wave, position: int, cases, ends) -> dict:
    """Return P(delay and instant | response) of every case, by measuring the draws that lead to it."""
    sent, day = int(wave.sent_at[position]), int(wave.day[position])
    key = (sent, day, cases, ends)
    if key not in _TIMES:
        _TIMES[key] = {case: _time_chance(config, day, sent, case, cases, ends) for case in cases}
    return _TIMES[key]


def _time_chance(config: WorldConfig, day: int, sent: int, case, cases, ends) -> float:
    response, delay, at = case
    if response == NONE:
        return 1.0
    instants = sorted({c[2] for c in cases if c[0] == response and c[1] == delay and c[2] > 0})
    if response == CONVERTED:
        share = config.parameters.responses.conversion_delay[delay]
        seconds = np.arange(43_200) if delay else np.arange(3_000)
        u = (seconds + 0.5) / seconds.size
        middle = float(np.sum(config.parameters.responses.conversion_delay[:delay])) + share / 2
        own = _respond(config, CONVERTED, day, sent, np.full(u.size, middle), u)
        hits = {instant: float((own == instant).mean()) for instant in instants}
        return share * (hits[at] if at > 0 else 1 - sum(hits.values()))
    after = [end + _AFTER_S for end in ends]
    exact = {i: _measure(config, response, day, sent, i, i + 1) for i in instants if i not in after}
    for low, high in zip(ends, (*ends[1:], sent + 60 * DAY_S), strict=True):
        seen = sum(chance for instant, chance in exact.items() if low <= instant < high and instant not in after)
        exact[low + _AFTER_S] = _measure(config, response, day, sent, low, high) - seen
    return exact[at] if at > 0 else 1 - sum(exact.values())


def _respond(config: WorldConfig, response: int, day: int, sent: int, u_delay, u_second) -> np.ndarray:
    size = np.size(u_delay)
    return campaigns._response_times(
        config, np.full(size, response), np.full(size, day), np.full(size, sent), np.asarray(u_delay),
        np.broadcast_to(u_second, (size,)),
    )[1]  # fmt: skip


def _measure(config: WorldConfig, response: int, day: int, sent: int, low: int, high: int) -> float:
    """Return the measure of the draws whose answer falls into [low, high), by bisection of the simulator's function.

    The instant falls with the draw up to ``1 - late_share`` and rises after it; an opt-out's rises.
    """
    key = (response == OPTED_OUT, day, sent, low, high)
    if key not in _MEASURES:
        _MEASURES[key] = _bisect(config, response, day, sent, low, high)
    return _MEASURES[key]


def _bisect(config: WorldConfig, response: int, day: int, sent: int, low: int, high: int) -> float:
    quick = 1 - config.parameters.responses.late_share
    pieces = [(0.0, 1.0, 1)] if response == OPTED_OUT else [(0.0, quick, -1), (quick, 1.0, 1)]
    left, right, direction = (np.repeat(part, 2) for part in np.array(pieces).T)
    instants = np.tile([low, high], len(pieces))
    for _ in range(60):
        middle = (left + right) / 2
        is_before = _respond(config, response, day, sent, middle, 0.5) < instants
        left, right = np.where(is_before == (direction > 0), [middle, right], [left, middle])
    edges = ((left + right) / 2).reshape(-1, 2)
    return float(np.abs(edges[:, 1] - edges[:, 0]).sum())
