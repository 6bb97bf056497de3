"""The generative model: parameters are checked, rates are as stated, and the exact sums equal what is drawn."""

from itertools import pairwise
from itertools import product as pairs
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.special import expit

from ml.simulator.attribution import contacts_of
from ml.simulator.calendar import DAY_S, Month, bank_day_end
from ml.simulator.campaigns import CONTROL, CONVERTED, TREATMENT
from ml.simulator.ceilings import CeilingCollector, answer_probability, bootstrap_ratio
from ml.simulator.checks import SHAPES
from ml.simulator.config import WorldConfig
from ml.simulator.history import draw_month, look_ahead, next_state, simulate
from ml.simulator.observer.watch import watch
from ml.simulator.parameters import Campaigns, Parameters
from ml.simulator.population import draw_customers
from ml.simulator.prediction import next_intent, predict_month, response_table
from ml.simulator.spending import draw_transactions
from ml.simulator.tables import make_tables, opening_probability, transition_rows
from ml.simulator.vocabulary import CHANNELS, INTENTS, PRODUCTS

COUNT = 3_000
CONFIG = WorldConfig(customers=COUNT)


@pytest.fixture(scope="module")
def customers():
    return draw_customers(CONFIG, np.arange(1, COUNT + 1))


@pytest.fixture(scope="module")
def months(customers):
    return list(simulate(CONFIG, customers, Month.of(CONFIG.history_end)))


@pytest.fixture(scope="module")
def contacts(months):
    return contacts_of(months)


def test_every_table_of_parameters_has_a_declared_shape():
    for group, fields in Parameters().model_dump().items():
        tables = {name for name, value in fields.items() if isinstance(value, tuple)}
        assert tables == set(SHAPES[group]), group


def test_every_parameter_is_explained_in_the_readme():
    import ml.simulator

    text = (Path(ml.simulator.__file__).parent / "README.md").read_text(encoding="utf-8")
    for group, fields in Parameters().model_dump().items():
        for name in fields:
            assert f"`{name}`" in text, f"{group}.{name}"


@pytest.mark.parametrize(
    ("group", "field", "value", "message"),
    [
        ("intents", "first", (0.5, 0.25, 0.25, 0.25), r"intents\.first has a row that sums to 1\.25; expected 1"),
        ("intents", "season_tilt", (0.0,) * 11, r"intents\.season_tilt has the shape \(11,\); expected \(12,\)"),
        ("responses", "opened", (0.1, 0.2, 0.3, 1.2), "less than or equal to 1"),
        ("events", "rate", ((-1.0,) * 7,) * 4, "greater than or equal to 0"),
        ("openings", "churn_rate", 0.1, "Extra inputs are not permitted"),
    ],
)
def test_wrong_parameters_are_refused_by_name(group, field, value, message):
    content = Parameters().model_dump()
    content[group][field] = value
    with pytest.raises(ValidationError, match=message):
        Parameters.model_validate(content)


def test_a_world_is_configured_in_whole_months():
    with pytest.raises(ValidationError, match="expected whole months"):
        WorldConfig.model_validate({"history_start": "2025-07-02"})
    assert WorldConfig.model_validate_json(CONFIG.model_dump_json()) == CONFIG


def test_latent_classes_and_first_intents_come_as_often_as_stated(customers, months):
    shares = np.bincount(customers.segment, minlength=5) / COUNT
    assert shares == pytest.approx(CONFIG.parameters.population.segment_share, abs=0.035)
    first = np.bincount(months[0].intent, minlength=4) / COUNT
    assert first == pytest.approx(CONFIG.parameters.intents.first, abs=0.035)


def test_intents_move_as_the_transition_says(customers, months):
    """Standardised differences between drawn and expected moves over five months have variance one."""
    z = []
    for before, after in pairwise(months):
        start = next_state(CONFIG, before)
        rows = transition_rows(CONFIG.parameters, customers.segment, after.month.calendar_month)
        expected = rows[np.arange(COUNT), start.intent]
        for state in range(INTENTS + 1):
            chosen = start.intent == state
            drawn = np.bincount(after.intent[chosen], minlength=INTENTS)
            variance = (expected[chosen] * (1 - expected[chosen])).sum(axis=0)
            z.extend((drawn - expected[chosen].sum(axis=0)) / np.sqrt(variance))
    assert np.abs(z).max() < 4.5
    assert np.std(z) == pytest.approx(1, abs=0.25)


def test_volumes_lie_where_the_design_wants_them(customers, months, contacts):
    openings = [(draws.opening_product >= 0).mean() for draws in months]
    assert min(openings) > 2_500 / 35_000
    response, _ = contacts.known_at(bank_day_end(CONFIG.history_end))
    answered = (contacts.arm == TREATMENT) & ((response == CONVERTED) | (response == 2))
    by_month = np.unique(contacts.month[answered], return_counts=True)[1]
    assert by_month.min() / COUNT > 10_000 / 35_000
    rows = sum(
        draw_transactions(CONFIG, customers, d.month, d.intent, d.start.held, d.is_active).kind.size for d in months
    )
    assert 0.7 < rows / COUNT / 184 < 0.9
    consented = months[0].start.consented.mean(axis=0)
    assert dict(zip(CHANNELS, consented, strict=True)) == pytest.approx(
        {"email": 0.88, "sms": 0.55, "push": 0.58, "in_app": 0.82}, abs=0.04
    )


def test_opt_outs_and_answers_are_rare_and_common_as_stated(contacts):
    treated = contacts.arm == TREATMENT
    for channel in range(len(CHANNELS)):
        of_channel = contacts.response[treated & (contacts.channel == channel)]
        assert 0.15 < np.isin(of_channel, (2, 3)).mean() < 0.30
        assert 0.001 < (of_channel == 4).mean() < 0.007
    assert (contacts.arm == CONTROL).mean() == pytest.approx(0.1, abs=0.01)


def test_who_answers_what_depends_on_segment_trait_and_intent(customers, months, contacts):
    treated = (contacts.arm == TREATMENT) & (contacts.month == months[1].month.number)
    answered = np.isin(contacts.response, (2, 3))
    intent = months[1].intent[contacts.customer]
    rates = [answered[treated & (intent == k)].mean() for k in range(INTENTS)]
    assert rates[0] + 0.05 < rates[1] < rates[2] < rates[3]
    segment, trait = customers.segment[contacts.customer], customers.trait[contacts.customer]
    everywhere = contacts.arm == TREATMENT

    def rate(chosen):
        return answered[everywhere & chosen].mean()

    retired, starting = segment == 4, segment == 0
    assert rate(retired & (contacts.channel == 0)) > rate(retired & (contacts.channel == 2)) + 0.1
    assert rate(starting & (contacts.channel == 2)) > rate(starting & (contacts.channel == 0)) + 0.1
    assert rate(starting & (contacts.slot == 3)) > rate(starting & (contacts.slot == 0)) + 0.1
    assert rate((trait == 2) & (contacts.intensity == 2)) > rate((trait == 0) & (contacts.intensity == 2)) + 0.1


def test_views_tell_the_intent_and_what_is_opened_next(months):
    ready, dormant = months[3].intent == 3, months[3].intent == 0
    count = np.bincount(months[3].views.customer[months[3].views.kind >= 4], minlength=COUNT)
    assert count[ready].mean() > 5 * count[dormant].mean()
    before, after = months[3], months[4]
    shares = before.start.memory[:, 1] / (before.start.memory.sum(axis=1) + 2)
    opened = after.opening_product >= 0
    is_card = np.isin(after.opening_product, (4, 5, 6))
    assert is_card[opened & (shares > 0.4)].mean() > 2 * is_card[opened & (shares < 0.1)].mean()


@pytest.fixture(scope="module")
def drawn_again():
    """One month of 400 customers drawn 250 times from the same state, beside its exact probabilities."""
    count, repeats = 400, 250
    config = WorldConfig(customers=count)
    few = draw_customers(config, np.arange(1, count + 1))
    last = list(simulate(config, few, Month.of(config.history_end)))[-1]
    drawn = {"opening": np.zeros((count, len(PRODUCTS))), "channel": np.zeros((count, len(CHANNELS)))}
    end = bank_day_end(config.history_end)
    for seed in range(1_000, 1_000 + repeats):
        draws = draw_month(WorldConfig(customers=count, seed=seed), few, last.month, last.start)
        opener = np.flatnonzero(draws.opening_product >= 0)
        drawn["opening"][opener, draws.opening_product[opener]] += 1
        contacts = contacts_of([draws])
        response, at = contacts.known_at(end)
        is_label = np.isin(response, (2, 3)) & (contacts.arm == TREATMENT) & (contacts.sent_at + 14 * DAY_S <= end)
        chosen = np.flatnonzero(is_label)
        chosen = chosen[np.lexsort((at[chosen], contacts.customer[chosen]))]
        chosen = chosen[np.unique(contacts.customer[chosen], return_index=True)[1]]
        drawn["channel"][contacts.customer[chosen], contacts.channel[chosen]] += 1
    return predict_month(config, few, last.month, last.start), drawn, repeats


@pytest.mark.parametrize("target", ["opening", "channel"])
def test_exact_probabilities_of_a_month_are_the_frequencies_of_draws(drawn_again, target):
    prediction, drawn, repeats = drawn_again
    expected = getattr(prediction, target)
    variance = (expected * (1 - expected)).sum(axis=0) * repeats
    z = (drawn[target].sum(axis=0) - expected.sum(axis=0) * repeats) / np.sqrt(np.maximum(variance, 1))
    assert np.abs(z).max() < 4
    cells = expected * repeats > 3
    each = (drawn[target] - expected * repeats)[cells] / np.sqrt(expected * (1 - expected) * repeats)[cells]
    assert each.var() == pytest.approx(1, abs=0.2)


def enumerate_opening(answer: float, conversion: float, delays, per_day: float, own: float, put_off: float) -> float:
    """Return P(the product is opened within 14 days of a contact) by walking through every case."""
    total = 0.0
    arrivals = [(None, 1 - 14 * per_day), *((day, per_day) for day in range(14))]
    for (day, chance), (wait, wait_chance), is_put_off in pairs(arrivals, enumerate(delays), (True, False)):
        chance_put_off = put_off if is_put_off else 1 - put_off
        arrives = day is not None and not is_put_off
        weight = chance * wait_chance * chance_put_off
        is_first = not arrives or day >= wait
        total += weight * answer * conversion * is_first
        silent = 1 - answer * conversion
        share = own / per_day
        total += weight * share * (silent * arrives + answer * conversion * (arrives and not is_first))
    return total


def test_response_table_equals_enumeration(customers, months):
    parameters, month = CONFIG.parameters, Month(months[-1].month.number + 1)
    state = next_state(CONFIG, months[-1]).take(40)
    few = customers.take(40)
    weights = next_intent(parameters, few.segment, state.intent, month)
    table = response_table(CONFIG, few, month, state, weights)
    outlook = look_ahead(CONFIG, few, month, state, few.segment, few.trait)
    delays = parameters.responses.conversion_delay
    for row, product in ((0, 3), (5, 7), (11, 8), (23, 6)):
        if not outlook.eligible[row, product]:
            continue
        segment, trait = int(few.segment[row]), int(few.trait[row])
        expected = 0.0
        for intent in range(INTENTS):
            per_day = float(opening_probability(parameters, np.array([segment]), np.array([intent]))[0]) / month.days
            log_odds = make_tables(parameters).answer[segment, trait, intent, 1, 2, 2]
            log_odds += outlook.product_part[row, product] + parameters.responses.fatigue * state.fatigue[row]
            expected += weights[row, intent] * enumerate_opening(
                float(expit(log_odds)),
                parameters.responses.conversion[intent],
                delays,
                per_day,
                per_day * outlook.opening_weights[row, product],
                parameters.responses.put_off[trait][2],
            )
        assert table.opened[row, product, 1, 2, 2] == pytest.approx(expected, abs=1e-12)
    assert np.isnan(table.opened[~outlook.eligible]).all()


def test_a_contact_wins_some_and_puts_others_off(customers, months):
    state = next_state(CONFIG, months[-1])
    month = Month(months[-1].month.number + 1)
    ready = np.tile(np.eye(INTENTS)[3], (COUNT, 1))
    table = response_table(CONFIG, customers, month, state, ready)
    uplift = table.opened - table.opened_control[:, :, None, None, None]
    pushy = uplift[customers.trait == 0][..., 2]
    gentle = uplift[customers.trait == 2][..., 0]
    assert (pushy[~np.isnan(pushy)] < 0).mean() > 0.04
    assert (gentle[~np.isnan(gentle)] > 0).all()
    considering = response_table(CONFIG, customers, month, state, np.tile(np.eye(INTENTS)[2], (COUNT, 1)))
    won = considering.opened - considering.opened_control[:, :, None, None, None]
    assert np.nanmean(considering.answered) < np.nanmean(table.answered)
    assert np.nanmean(won) > np.nanmean(uplift)


def test_true_answer_probabilities_are_calibrated(customers, months, contacts):
    end = bank_day_end(CONFIG.history_end)
    response, _ = contacts.known_at(end)
    chosen = np.flatnonzero((contacts.arm == TREATMENT) & (contacts.month == months[-2].month.number))
    probability = answer_probability(CONFIG, customers, contacts, chosen, months[-2])
    answered = np.isin(response[chosen], (2, 3))
    z = (answered - probability).sum() / np.sqrt((probability * (1 - probability)).sum())
    assert abs(z) < 4
    upper = probability > np.median(probability)
    assert answered[upper].mean() == pytest.approx(probability[upper].mean(), abs=0.03)


@pytest.fixture(scope="module")
def collector(customers, months, contacts):
    gathered = CeilingCollector(CONFIG)
    gathered.add(months, customers, contacts, watch(CONFIG, customers, months, contacts))
    return gathered


def test_ceilings_beat_class_frequencies(months, collector):
    rows = {(row["target"], row["metric"], row["observer"]): row for row in collector.table().to_pylist()}
    targets = {"product", "product_of_openers", "channel", "send_slot", "intensity", "response"}
    assert {(target, observer) for target, _, observer in rows} == {
        *((target, observer) for target in targets for observer in ("latent", "observable")), ("intent", "observable"),
    }  # fmt: skip
    for row in rows.values():
        assert row["low"] < row["value"] < row["high"]
    frequencies = np.bincount(np.where(months[-1].opening_product < 0, 10, months[-1].opening_product)) / COUNT
    entropy = -(frequencies[frequencies > 0] * np.log(frequencies[frequencies > 0])).sum()
    assert rows["product", "log_loss", "observable"]["high"] < entropy
    assert 0.35 < rows["product_of_openers", "accuracy", "observable"]["value"] < 0.65
    assert rows["channel", "log_loss", "observable"]["value"] < np.log(4)
    for target in ("product", "response", "intensity"):
        assert rows[target, "log_loss", "latent"]["value"] < rows[target, "log_loss", "observable"]["value"], target


def test_losses_of_the_observer_add_up_to_its_ceilings(collector):
    ceilings = {(row["target"], row["observer"]): row["value"] for row in collector.table().to_pylist()
                if row["metric"] == "log_loss"}  # fmt: skip
    losses = collector.losses().to_pandas()
    assert set(losses["target"]) == {"product", "channel", "send_slot", "intensity", "response"}
    for target, part in losses.groupby("target"):
        mean = part["log_loss"].sum() / part["label_count"].sum()
        assert mean == pytest.approx(ceilings[target, "observable"], abs=1e-8), target
    assert (losses.loc[losses["target"] == "product", "label_count"] == 1).all()


def test_bootstrap_interval_holds_the_standard_error():
    values = np.random.default_rng(3).normal(2, 1, (4_000, 1))
    value, low, high = bootstrap_ratio(7, values, np.ones(4_000))
    assert value[0] == pytest.approx(values.mean())
    assert (high - low)[0] == pytest.approx(2 * 1.96 / np.sqrt(4_000), rel=0.15)


def test_no_control_share_means_no_control_rows(customers, months):
    config = WorldConfig(customers=COUNT, parameters=Parameters(campaigns=Campaigns(control_share=0.0)))
    draws = draw_month(config, customers, months[0].month, months[0].start)
    assert all((wave.arm != CONTROL).all() for wave in draws.waves)
    assert (draws.waves[0].arm == TREATMENT).mean() > 0.9
