"""The ideal observer equals brute force, knows no more than the files show, and its probabilities come true."""

from dataclasses import replace
from datetime import date
from itertools import product as pairs

import numpy as np
import pandas as pd
import pytest

from ml.simulator.attribution import contacts_of
from ml.simulator.calendar import Month, bank_day_end, day_date
from ml.simulator.campaigns import CLICKED, CONVERTED, NEVER, OPENED, OPTED_OUT, TREATMENT
from ml.simulator.ceilings import answer_probability
from ml.simulator.columns import customer_id
from ml.simulator.config import WorldConfig
from ml.simulator.history import MonthDraws, next_state, simulate
from ml.simulator.observer.belief import next_weights
from ml.simulator.observer.cells import log_cell
from ml.simulator.observer.seen import MOVED_PART, hide
from ml.simulator.observer.watch import Watched, watch
from ml.simulator.population import SEND_DAYS, draw_customers
from ml.simulator.prediction import next_intent, predict_month, response_table
from ml.simulator.records import (
    consents_table,
    contacts_table,
    customers_table,
    events_table,
    holdings_table,
    transactions_table,
)
from ml.simulator.responses import action_chances
from ml.simulator.spending import KINDS
from ml.simulator.vocabulary import INTENTS, SEGMENTS, TRAITS
from tests.unit import observer_enumeration as enumeration
from tests.unit.observer_files import Files, see_month

SHORT = WorldConfig(customers=100_000, history_end=date(2025, 9, 30))
# Customers to whom, in three months, everything happens that hides something from the bank's files.
SPECIAL = (262, 3_331, 5_839, 49_926, 52_917, 86_201)
COUNT = 3_000
CONFIG = WorldConfig(customers=COUNT)


def watched_world(config: WorldConfig, numbers) -> tuple[Watched, list[MonthDraws]]:
    customers = draw_customers(config, np.array(numbers))
    months = list(simulate(config, customers, Month.of(config.history_end)))
    return watch(config, customers, months, contacts_of(months)), months


@pytest.fixture(scope="module")
def special():
    return watched_world(SHORT, SPECIAL)


@pytest.fixture(scope="module")
def world():
    return watched_world(CONFIG, np.arange(1, COUNT + 1))


def _what_happens(watched: Watched, months: list[MonthDraws]) -> dict[str, set[int]]:
    """Return, by what the files hide or show of it, to which customers it happens."""
    customers, seen = draw_customers(SHORT, watched.customers.number), watched.months
    found: dict[str, set[int]] = {}

    def note(name: str, chosen: np.ndarray) -> None:
        found.setdefault(name, set()).update(customers.number[chosen].tolist())

    note("checking account opened later", ~months[0].start.held[:, 0] & months[2].start.held[:, 0])
    note("late evening moved to the afternoon", (seen[0].day_parts[:, MOVED_PART] > 1) & (customers.zone == 3))
    note("joined as early as can be", customers.birth_day + 17 * 365 + 5 >= customers.joined_day)
    note("gone after the first month", months[1].start.is_gone)
    for draws, month in zip(months, seen, strict=True):
        end, opened = bank_day_end(day_date(draws.month.last_day)), draws.opening_product >= 0
        for wave, rows in zip(draws.waves, month.waves, strict=True):
            treated, shown = wave.arm == TREATMENT, rows.response
            same_day = treated & opened & (draws.opening_day == wave.day) & (shown == CONVERTED)
            waits = treated & np.isin(wave.response, (OPENED, CLICKED)) & (wave.responded_at >= end)
            void = treated & (wave.response == CLICKED) & (wave.opening_day != NEVER) & (shown == CLICKED)
            note("conversion shown on the send day", same_day)
            note("opening before the message", same_day & (rows.responded_at == wave.sent_at + 60))
            note("conversion made void", void)
            note("opening credited to a contact", treated & (wave.response != CONVERTED) & (shown == CONVERTED))
            note("opening after a click", treated & (shown == CLICKED) & opened & (draws.opening_day >= wave.day))
            note("opening after an opt-out", treated & (wave.response == OPTED_OUT) & opened)
            note("answer still to come", waits)
            if draws is not months[-1]:
                note("hidden by the next month's opening", treated & (shown != CONVERTED) & (rows.later < 0))
                note("answer to come, then hidden", waits & (rows.later < 0))
        note("nothing opened under two contacts", ~opened & (draws.waves[0].arm == 2) & (draws.waves[1].arm == 2))
        note("control, then opened", (draws.waves[0].arm == 1) & opened)
    return found


def test_everything_that_hides_something_happens_to_the_special_customers(special):
    assert {name for name, who in _what_happens(*special).items() if not who} == set()


@pytest.mark.parametrize("position", range(len(SPECIAL)))
def test_posterior_equals_brute_force(special, position):
    watched, months = special
    expected = enumeration.posteriors(SHORT, draw_customers(SHORT, np.array(SPECIAL)), months, position)
    for belief, states in zip(watched.beliefs, expected, strict=True):
        np.testing.assert_allclose(belief.states[position], states, rtol=0, atol=1e-9)


def test_a_wrong_parameter_is_told_from_the_right_one(special):
    """The comparison with brute force fails for a filter whose conversions are off by a twentieth."""
    responses = SHORT.parameters.responses
    off = responses.model_copy(update={"conversion": tuple(1.05 * share for share in responses.conversion)})
    other = SHORT.model_copy(update={"parameters": SHORT.parameters.model_copy(update={"responses": off})})
    months = special[1]
    wrong = watch(other, draw_customers(SHORT, np.array(SPECIAL)), months, contacts_of(months))
    assert np.abs(wrong.beliefs[-1].states - special[0].beliefs[-1].states).max() > 1e-4


def test_what_is_latent_cannot_be_read(special):
    hidden = special[0].customers
    with pytest.raises(IndexError):
        np.array(SHORT.parameters.population.segment_share)[hidden.segment]
    with pytest.raises(IndexError):
        np.array(SHORT.parameters.intents.first)[special[0].months[0].start.intent]


def test_a_customer_is_seen_alike_in_any_chunk(world):
    alone, _ = watched_world(CONFIG, [17, 2_000])
    for few, all_of_them in zip(alone.beliefs, world[0].beliefs, strict=True):
        np.testing.assert_allclose(few.states, all_of_them.states[[16, 1_999]], rtol=0, atol=1e-12)


def test_intent_posteriors_come_true_as_often_as_they_say(world):
    """Standardised sums over deciles of probability, per intent and month, have variance one."""
    z = []
    for belief, draws in zip(world[0].beliefs, world[1], strict=True):
        for intent in range(INTENTS):
            said, came = belief.intent[:, intent], draws.intent == intent
            for part in np.array_split(np.argsort(said, kind="stable"), 10):
                spread = np.sqrt((said[part] * (1 - said[part])).sum())
                if spread > 1:
                    z.append((came[part].sum() - said[part].sum()) / spread)
    assert len(z) > 150
    assert np.abs(z).max() < 4.5
    assert np.std(z) == pytest.approx(1, abs=0.15)


def test_segment_and_trait_posteriors_come_true_as_often_as_they_say(world):
    truth = draw_customers(CONFIG, np.arange(1, COUNT + 1))
    first = world[0].beliefs[0].states.sum(axis=3)
    for said, came in ((first.sum(axis=2), truth.segment), (first.sum(axis=1), truth.trait)):
        drawn = np.bincount(came, minlength=said.shape[1])
        assert drawn == pytest.approx(said.sum(axis=0), abs=4 * np.sqrt((said * (1 - said)).sum(axis=0)).max() + 1e-9)
    traits = world[0].beliefs[-1].states.sum(axis=(1, 3))
    assert np.log(traits[np.arange(COUNT), truth.trait]).mean() > np.log(1 / 3) + 0.4


def test_forecast_is_the_mixture_of_every_state_and_send_day(world):
    """Also where the send day is not known yet, and where it is not known who has left."""
    watched, months = world
    belief, last = watched.beliefs[0], months[1]
    unsure = np.flatnonzero((belief.send_offset.max(axis=1) < 1) | ((belief.has_left > 0) & (belief.has_left < 1)))
    few = np.concatenate([np.arange(30), unsure])
    assert unsure.size > 3
    found = watched.expect(0, last.start).opening[few]
    weights = next_weights(CONFIG, watched.months[0], belief)[few]
    customers = enumeration.pick(hide(watched.customers), few)
    state = replace(enumeration.pick(last.start, few), is_gone=belief.has_left[few] >= 1)
    expected = np.zeros_like(found)
    for segment, trait, offset in pairs(range(SEGMENTS), range(TRAITS), range(SEND_DAYS)):
        part = weights[:, segment, trait]
        one = predict_month(
            CONFIG, replace(customers, send_offset=np.full(few.size, offset)), last.month, state,
            np.full(few.size, segment), np.full(few.size, trait), part,
        )  # fmt: skip
        expected += belief.send_offset[few][:, [offset]] * (1 - belief.has_left[few])[:, None] * one.opening
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_who_has_left_unseen(world):
    """With something still open nobody has left; who may have left has as often as said."""
    said, left = [], []
    for belief, before, after in zip(world[0].beliefs[:-1], world[1], world[1][1:], strict=False):
        still_open = after.start.held.any(axis=1)
        assert (belief.has_left[still_open & ~before.has_died & ~before.start.is_gone] == 0).all()
        assert (belief.has_left[after.start.is_gone] > 0).all()
        unsure = (belief.has_left > 0) & (belief.has_left < 1)
        said.append(belief.has_left[unsure])
        left.append(after.start.is_gone[unsure])
    chances, leavers = np.concatenate(said), np.concatenate(left)
    assert chances.size > 10
    assert abs((leavers - chances).sum()) < 4 * np.sqrt((chances * (1 - chances)).sum()) + 0.5


def test_expected_answers_are_the_mixture_of_true_ones_and_come_true(world):
    """Against ``ceilings.answer_probability`` of every state, weighed by P(state) and P(the contact is sent)."""
    watched, months = world
    contacts, last = contacts_of(months), months[-1]
    chosen = np.flatnonzero((contacts.arm == TREATMENT) & (contacts.month == last.month.number))
    found = watched.expect_answers(len(months) - 1)[contacts.customer[chosen], contacts.wave[chosen]]
    weights = next_weights(CONFIG, watched.months[-2], watched.beliefs[-2])
    total, mixed = np.zeros(chosen.size), np.zeros(chosen.size)
    for segment, trait, intent in pairs(range(SEGMENTS), range(TRAITS), range(INTENTS)):
        tried = replace(watched.customers, segment=np.full(COUNT, segment), trait=np.full(COUNT, trait))
        draws = replace(last, intent=np.full(COUNT, intent))
        answer = answer_probability(CONFIG, tried, contacts, chosen, draws)
        sent = enumeration.sent_chance(CONFIG, tried, last, intent)[contacts.wave[chosen], contacts.customer[chosen]]
        weight = weights[contacts.customer[chosen], segment, trait, intent] * sent
        total += weight
        mixed += weight * answer
    np.testing.assert_allclose(found, mixed / total, rtol=0, atol=1e-9)
    response, _ = contacts.known_at(bank_day_end(day_date(last.month.last_day)) + 40 * 86_400)
    is_inside = contacts.day[chosen] + 14 <= last.month.last_day + 1
    answered, said = np.isin(response[chosen], (CLICKED, CONVERTED))[is_inside], found[is_inside]
    assert abs((answered - said).sum() / np.sqrt((said * (1 - said)).sum())) < 4
    upper = said > np.median(said)
    assert answered[upper].mean() == pytest.approx(said[upper].mean(), abs=0.04)


def test_rounded_amounts_sum_to_one():
    cents = np.arange(1, 400_000)
    for usd, sigma in ((0.8, 0.9), (12.0, 0.5), (180.0, 0.3)):
        half = (np.log(cents + 0.5) - np.log(np.maximum(cents - 0.5, 0.25))) / 2 / sigma
        total = np.exp(log_cell(cents, np.log(usd), sigma) + np.log(2 * half / np.sqrt(2 * np.pi)))
        assert total.sum() == pytest.approx(1, abs=1e-9)


def test_action_chances_on_demand_are_the_table_of_all_actions(world):
    _, months = world
    numbers = np.array([5, 11, 5, 1_203])
    product, channel, slot, intensity = np.array([3, 8, 6, 7]), np.array([0, 1, 3, 2]), np.arange(4), np.arange(4) % 3
    found = action_chances(CONFIG, date(2025, 12, 31), numbers, product, channel, slot, intensity)
    state, month = next_state(CONFIG, months[-1]), Month(months[-1].month.number + 1)
    customers = draw_customers(CONFIG, np.arange(1, COUNT + 1))
    weights = next_intent(CONFIG.parameters, customers.segment, state.intent, month)
    table = response_table(CONFIG, customers, month, state, weights)
    np.testing.assert_allclose(found.answered, table.answered[numbers - 1, product, channel, slot, intensity])
    np.testing.assert_allclose(found.opened, table.opened[numbers - 1, product, channel, slot, intensity])
    np.testing.assert_allclose(found.opened_control, table.opened_control[numbers - 1, product])
    assert np.isfinite(found.opened).any()
    with pytest.raises(ValueError, match=r"asked for as of 2026-01-10; expected the last day of a month"):
        action_chances(CONFIG, date(2026, 1, 10), numbers, product, channel, slot, intensity)


def _tables(customers, months, known_until: int) -> dict[str, pd.DataFrame]:
    """Return the rows of all files as they stand at an instant, the end of the last of ``months``."""

    def everything(days):
        return np.ones(days.shape, dtype=bool)

    tables = {
        "customers": customers_table(customers),
        "transactions": transactions_table(SHORT, customers, months, everything),
        "events": events_table(SHORT, customers, months, lambda days: days <= months[-1].month.last_day),
        "consents": consents_table(customers, months, everything, with_first=True),
        "holdings": holdings_table(customers, months, everything, with_first=True),
        "contacts": contacts_table(customers, contacts_of(months), known_until, None),
    }
    return {name: table.to_pandas() for name, table in tables.items()}


def test_the_observer_sees_what_the_files_show_and_nothing_else():
    numbers = np.array([*SPECIAL, *range(1, 15)])
    watched, months = watched_world(SHORT, numbers)
    customers = draw_customers(SHORT, numbers)
    parameters = SHORT.parameters
    decays = parameters.interest.memory_decay, parameters.responses.fatigue_decay
    for index, seen in enumerate(watched.months):
        tables = _tables(customers, months[: index + 1], bank_day_end(day_date(seen.month.last_day)))
        for position, number in enumerate(numbers):
            files = Files(tables, customer_id(number))
            shown = see_month(files, seen.month, files.rows["contacts"], *decays)
            own = seen.transactions.customer == position
            kinds = [KINDS[kind][:2] for kind in seen.transactions.kind[own]]
            cents = seen.transactions.cents[own].tolist()
            assert shown["amounts"] == sorted((*kind, one) for kind, one in zip(kinds, cents, strict=True))
            for name in ("events", "topics", "day_parts", "in_app", "payments", "blocked_day", "closed_day"):
                np.testing.assert_array_equal(shown[name], getattr(seen, name)[position], err_msg=f"{number} {name}")
            for name in ("opening_product", "opening_day", "has_died", "is_active"):
                assert shown[name] == getattr(seen, name)[position], (number, name)
            if shown["is_active"]:
                for name in ("held", "consented", "memory", "fatigue"):
                    value = getattr(seen.start, name)[position]
                    np.testing.assert_allclose(shown[name], value, rtol=1e-12, err_msg=f"{number} {name}")
                assert shown["is_listed_by_cases"] == (seen.start.restricted_until[position] < seen.month.first_day)
            for wave, expected in zip(seen.waves, shown["waves"], strict=True):
                for name, value in expected.items():
                    assert getattr(wave, name)[position] == value, (number, name)
