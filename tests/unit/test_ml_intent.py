"""Intents: the forward filter is exact, blind to the future, and ordered by readiness."""

import itertools

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM

from ml.intent import IntentModel, blocks, fit_intents, forward_filter, readiness
from ml.sequences import SIGNALS, WEEKS
from ml.settings import INTENT_NAMES, IntentSettings
from tests.unit.learning_world import make_world

START = np.array([0.6, 0.3, 0.1])
TRANSITIONS = np.array([[0.8, 0.15, 0.05], [0.2, 0.6, 0.2], [0.1, 0.3, 0.6]])
CENTRES = np.array([[-1.0, 0.0], [0.5, 0.5], [2.0, 1.0]])
VARIANCES = np.array([[0.5, 1.0], [0.4, 0.8], [1.0, 0.3]])
MODEL = (START, TRANSITIONS, CENTRES, VARIANCES)


def _random_values(customers: int, steps: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.5, 1.0, (customers, steps, 2))


def _density(value: np.ndarray, state: int) -> float:
    gap = (value - CENTRES[state]) ** 2 / VARIANCES[state]
    return float(np.prod(np.exp(-0.5 * gap) / np.sqrt(2 * np.pi * VARIANCES[state])))


def test_filter_equals_the_sum_over_all_paths():
    values = _random_values(4, 5)
    posterior, log_likelihood = forward_filter(values, np.ones((4, 5), dtype=bool), *MODEL)
    for customer in range(4):
        joint = np.zeros(3)
        for path in itertools.product(range(3), repeat=5):
            probability = START[path[0]] * _density(values[customer, 0], path[0])
            for step in range(1, 5):
                probability *= TRANSITIONS[path[step - 1], path[step]] * _density(values[customer, step], path[step])
            joint[path[-1]] += probability
        np.testing.assert_allclose(posterior[customer], joint / joint.sum(), rtol=1e-9)
        assert log_likelihood[customer] == pytest.approx(np.log(joint.sum()))


def test_log_likelihood_equals_hmmlearns():
    values = _random_values(6, 12, seed=4)
    reference = GaussianHMM(3, covariance_type="diag", init_params="")
    reference.startprob_, reference.transmat_, reference.means_ = START, TRANSITIONS, CENTRES
    reference.covars_ = VARIANCES
    _, log_likelihood = forward_filter(values, np.ones((6, 12), dtype=bool), *MODEL)
    expected = [reference.score(values[customer]) for customer in range(6)]
    np.testing.assert_allclose(log_likelihood, expected, rtol=1e-9)


def test_the_last_smoothed_posterior_is_the_filtered_one_and_earlier_ones_are_not():
    values = _random_values(1, 8, seed=5)
    reference = GaussianHMM(3, covariance_type="diag", init_params="")
    reference.startprob_, reference.transmat_, reference.means_ = START, TRANSITIONS, CENTRES
    reference.covars_ = VARIANCES
    smoothed = reference.predict_proba(values[0])
    filtered = [forward_filter(values[:, :n], np.ones((1, n), dtype=bool), *MODEL)[0][0] for n in range(1, 9)]
    np.testing.assert_allclose(filtered[-1], smoothed[-1], atol=1e-9)
    assert np.abs(filtered[3] - smoothed[3]).max() > 0.01


def test_padding_before_the_first_week_does_not_count():
    values = _random_values(1, 9, seed=6)
    mask = np.arange(9)[None, :] >= 4
    padded = forward_filter(values, mask, *MODEL)
    alone = forward_filter(values[:, 4:], np.ones((1, 5), dtype=bool), *MODEL)
    np.testing.assert_allclose(padded[0], alone[0])
    np.testing.assert_allclose(padded[1], alone[1])
    nothing = forward_filter(values, np.zeros((1, 9), dtype=bool), *MODEL)
    np.testing.assert_array_equal(nothing[0][0], START)


def test_an_extreme_week_does_not_break_the_filter():
    values = np.full((1, 3, 2), 1e4)
    posterior, log_likelihood = forward_filter(values, np.ones((1, 3), dtype=bool), *MODEL)
    assert posterior.sum() == pytest.approx(1.0)
    assert np.isfinite(log_likelihood).all()


@pytest.fixture(scope="module")
def fitted() -> tuple[IntentModel, object]:
    world = make_world(200)
    model, notes = fit_intents(world.sequences.values, world.sequences.observed_weeks, IntentSettings(iterations=10))
    assert notes == []
    return model, world


def test_later_weeks_leave_earlier_posteriors_unchanged(fitted):
    model, world = fitted
    sequences, weeks = world.sequences.values[:50], world.sequences.observed_weeks[:50]
    changed = sequences.copy()
    changed[:, -4:, :] += 50.0
    before = model.posteriors(sequences, weeks, weeks_back=4)
    np.testing.assert_array_equal(model.posteriors(changed, weeks, weeks_back=4), before)
    assert np.abs(model.posteriors(changed, weeks) - model.posteriors(sequences, weeks)).max() > 0.1


def test_intents_recover_the_planted_states_in_order(fitted):
    model, world = fitted
    posterior = model.posteriors(world.sequences.values, world.sequences.observed_weeks)
    np.testing.assert_allclose(posterior.sum(axis=1), 1.0, atol=1e-6)
    ready = readiness(posterior)
    means = [ready[world.intents == intent].mean() for intent in range(len(INTENT_NAMES))]
    assert means == sorted(means)
    assert means[3] - means[0] > 0.6
    assert (posterior.argmax(axis=1) == world.intents).mean() > 0.45  # by chance 0.25


def test_the_same_rows_give_the_same_model(fitted):
    model, world = fitted
    again, _ = fit_intents(world.sequences.values, world.sequences.observed_weeks, IntentSettings(iterations=10))
    np.testing.assert_array_equal(again.centres, model.centres)
    np.testing.assert_array_equal(again.transitions, model.transitions)


def test_blocks_are_cut_from_the_last_week_backwards():
    sequences = np.zeros((1, WEEKS, len(SIGNALS)), dtype=np.float32)
    sequences[0, -4:, SIGNALS.index("high_intent_count")] = [1, 0, 2, 0]
    sequences[0, -5, SIGNALS.index("high_intent_count")] = 7
    values, mask = blocks(sequences, np.array([9]), ("high_intent_count",), 4)
    assert values[0, -1, 0] == pytest.approx(np.log1p(3))
    assert values[0, -2, 0] == pytest.approx(np.log1p(7))
    assert mask[0].tolist() == [False] * 4 + [True] * 2
    assert blocks(sequences, np.array([2]), ("high_intent_count",), 4)[1][0].tolist() == [False] * 5 + [True]


def test_without_events_payments_stand_in_and_without_anything_nothing_does():
    world = make_world(60)
    silent = world.sequences.values.copy()
    for name in SIGNALS:
        if name not in ("txn_count", "outflow_usd", "inflow_usd"):
            silent[:, :, SIGNALS.index(name)] = 0.0
    model, notes = fit_intents(silent, world.sequences.observed_weeks, IntentSettings(iterations=5))
    assert set(model.signals) == {"txn_count", "outflow_usd", "inflow_usd"}
    assert "payments" in notes[0]
    empty, notes = fit_intents(np.zeros_like(silent), world.sequences.observed_weeks, IntentSettings())
    assert "untrained" in notes[0]
    assert empty.posteriors(silent[:2], world.sequences.observed_weeks[:2]).tolist() == [[0.25] * 4] * 2
