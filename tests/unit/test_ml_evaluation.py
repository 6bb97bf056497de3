"""Calibration and intervals: planted miscalibration is mended, planted gains are seen and absent ones are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.calibration import calibration_error, fit_platt, fit_temperature, sigmoid, softmax
from ml.evaluation import (
    area_under_curve,
    bootstrap_means,
    evaluate_classes,
    evaluate_response,
    log_losses,
    share_of_ceiling,
)
from ml.settings import EvaluationSettings

SETTINGS = EvaluationSettings(resamples=200, metric_resamples=100)


def _draw(probabilities: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (rng.random((len(probabilities), 1)) > probabilities.cumsum(axis=1)).sum(axis=1)


def test_temperature_undoes_a_planted_overconfidence():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 3))
    classes = _draw(softmax(logits), rng)
    assert fit_temperature(3.0 * logits, classes) == pytest.approx(3.0, rel=0.1)
    later, later_classes = rng.normal(size=(4000, 3)), None
    later_classes = _draw(softmax(later), rng)
    before = log_losses(softmax(3.0 * later), later_classes).mean()
    after = log_losses(softmax(3.0 * later / fit_temperature(3.0 * logits, classes)), later_classes).mean()
    assert after < before - 0.1


@given(st.integers(0, 10_000), st.integers(1, 60))
@settings(max_examples=25, deadline=None)
def test_temperature_never_makes_its_own_split_worse(seed, rows):
    rng = np.random.default_rng(seed)
    logits, classes = rng.normal(size=(rows, 4)) * 3, rng.integers(0, 4, rows)
    temperature = fit_temperature(logits, classes)
    assert (
        log_losses(softmax(logits / temperature), classes).mean() <= log_losses(softmax(logits), classes).mean() + 1e-9
    )


def test_platt_undoes_a_planted_shift_and_keeps_the_ranking():
    rng = np.random.default_rng(1)
    truth = rng.normal(-1.0, 1.0, 6000)
    outcomes = (rng.random(6000) < sigmoid(truth)).astype(int)
    slope, intercept = fit_platt(2.0 * truth + 1.5, outcomes)
    assert slope == pytest.approx(0.5, abs=0.06)
    assert intercept == pytest.approx(-0.75, abs=0.12)
    assert slope > 0


@pytest.mark.parametrize("outcome", [0, 1])
def test_platt_and_temperature_leave_what_they_cannot_learn_from(outcome):
    assert fit_platt(np.array([1.0, 2.0]), np.array([outcome, outcome])) == (1.0, 0.0)
    assert fit_temperature(np.zeros((0, 2)), np.zeros(0, dtype=int)) == 1.0


def test_calibration_error_of_hand_made_bins():
    probabilities = np.array([0.1] * 10 + [0.8] * 10)
    outcomes = np.array([1] * 3 + [0] * 7 + [1] * 8 + [0] * 2)
    assert calibration_error(probabilities, outcomes, 2)[0] == pytest.approx(0.5 * 0.2)
    weights = np.vstack([np.ones(20), np.repeat([0.0, 1.0], 10)])
    np.testing.assert_allclose(calibration_error(probabilities, outcomes, 2, weights), [0.1, 0.0], atol=1e-12)


def test_paired_bootstrap_sees_a_planted_gain_and_no_other():
    rng = np.random.default_rng(2)
    noise = rng.normal(0.0, 5.0, 3000)  # shared by both models: an unpaired interval would drown the gain
    first, second = noise + 1.0, noise + 0.9 + rng.normal(0.0, 0.3, 3000)
    null = rng.normal(0.0, 0.3, 3000)
    groups = np.arange(3000)
    value, low, high = bootstrap_means(np.stack([first - second, null, first], axis=1), groups, 500, 1)
    assert low[0] > 0.05
    assert high[0] < 0.15
    assert low[1] < 0.0 < high[1]
    assert high[2] - low[2] > 0.3
    assert value[0] == pytest.approx((first - second).mean())


def test_bootstrap_draws_a_customers_rows_together():
    values = np.repeat(np.random.default_rng(3).normal(size=100), 20)[:, None]
    customers = np.repeat(np.arange(100), 20)
    _, low, high = bootstrap_means(values, customers, 400, 1)
    _, row_low, row_high = bootstrap_means(values, np.arange(2000), 400, 1)
    assert (high - low)[0] > 3 * (row_high - row_low)[0]


def test_bootstrap_leaves_missing_cells_out():
    values = np.array([[1.0, np.nan], [3.0, 5.0], [np.nan, np.nan]])
    value, low, high = bootstrap_means(values, np.arange(3), 50, 1)
    assert value.tolist() == [2.0, 5.0]
    assert (low <= value).all()
    assert (value <= high).all()


def test_class_metrics_by_hand():
    probabilities = np.array([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7], [0.5, 0.1, 0.4]])
    classes = np.array([0, 1, 2, 1])
    rows = evaluate_classes(
        probabilities, classes, ("none", "a", "b"), np.array([0.5, 0.3, 0.2]), np.arange(4), SETTINGS
    )
    value = {row["metric"]: row["value"] for row in rows if row["label"] == "all"}
    assert value["accuracy"] == 0.5
    assert value["base_accuracy"] == 0.25
    assert value["top_1_among_openings"] == pytest.approx(2 / 3)
    assert value["base_top_1_among_openings"] == pytest.approx(2 / 3)
    assert value["log_loss"] == pytest.approx(-np.log([0.8, 0.3, 0.7, 0.1]).mean())
    assert value["log_loss_gain"] == pytest.approx(value["base_log_loss"] - value["log_loss"])
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows)


def test_without_an_opening_there_is_no_top_1():
    rows = evaluate_classes(
        np.full((5, 2), 0.5), np.zeros(5, dtype=int), ("none", "a"), np.array([0.9, 0.1]), np.arange(5), SETTINGS
    )
    assert "top_1_among_openings" not in {row["metric"] for row in rows}


def test_response_metrics_of_a_perfect_ranking():
    outcomes = np.repeat([0, 1], 50)
    rows = evaluate_response(np.where(outcomes == 1, 0.7, 0.2), outcomes, 0.5, np.arange(100), SETTINGS)
    value = {row["metric"]: row["value"] for row in rows}
    assert value["auc"] == 1.0
    assert value["calibration_error"] == pytest.approx(0.25)
    assert area_under_curve(np.zeros(4), np.array([0, 1, 0, 1])) == 0.5


def test_share_of_ceiling():
    assert share_of_ceiling(0.6, 0.5, 0.4) == pytest.approx(0.5)
    assert share_of_ceiling(0.6, 0.5, 0.6) is None
