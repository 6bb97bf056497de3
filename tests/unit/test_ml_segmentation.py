"""Segments: deterministic, stable from night to night, and never silently meaningless."""

import numpy as np
import pandas as pd
import pytest

from ml.artifacts import Artifact
from ml.feature_sets import build_matrix, learn_manifest
from ml.segmentation import METHOD, NOISE, SINGLE, SegmentModel, fit_segments, shrunk_components
from ml.settings import SegmentSettings
from tests.unit.learning_world import make_world


@pytest.fixture(scope="module")
def prepared() -> tuple[np.ndarray, tuple[str, ...], np.ndarray]:
    world = make_world(150)
    manifest, _ = learn_manifest(world.features, list(world.products["product_id"]))
    return build_matrix(world.features, manifest), manifest.columns, world.kinds


def _purity(segments: np.ndarray, kinds: np.ndarray) -> float:
    table = pd.crosstab(segments, kinds).to_numpy()
    return float(table.max(axis=1).sum() / table.sum())


def test_planted_kinds_are_found_and_no_segment_mixes_them(prepared):
    matrix, columns, kinds = prepared
    model, notes = fit_segments(matrix, columns, SegmentSettings())
    segments, strengths = model.assign(matrix, columns)
    assert notes == []
    assert model.method == METHOD
    assert len(set(segments.tolist()) - {NOISE}) >= 3
    assert _purity(segments, kinds) > 0.97
    assert (segments == NOISE).mean() < 0.03
    assert strengths.min() >= 0.0
    assert strengths.max() <= 1.0


def test_fitting_and_assigning_twice_give_the_same(prepared):
    matrix, columns, _ = prepared
    first, _ = fit_segments(matrix, columns, SegmentSettings())
    second, _ = fit_segments(matrix, columns, SegmentSettings())
    np.testing.assert_array_equal(first.assign(matrix, columns)[0], second.assign(matrix, columns)[0])
    assert first.names == second.names
    assert len(set(first.names.values())) == len(first.names)


def test_a_stored_model_assigns_as_before(prepared):
    matrix, columns, _ = prepared
    model, _ = fit_segments(matrix, columns, SegmentSettings())
    fitted = model.to_fitted({}, [])
    stored = SegmentModel.from_artifact(Artifact("segment_model", "v", {"state": fitted.state}, fitted.arrays, {}))
    np.testing.assert_array_equal(stored.assign(matrix, columns)[0], model.assign(matrix, columns)[0])
    assert stored.names == model.names


def test_a_customer_keeps_the_segment_when_others_come_and_go(prepared):
    matrix, columns, _ = prepared
    model, _ = fit_segments(matrix, columns, SegmentSettings())
    together, _ = model.assign(matrix, columns)
    alone, _ = model.assign(matrix[5:6], columns)
    assert alone[0] == together[5]


def test_a_new_model_takes_over_the_numbers_of_the_old_one(prepared):
    matrix, columns, _ = prepared
    old, _ = fit_segments(matrix, columns, SegmentSettings())
    shuffled = SegmentModel(**{**vars(old), "labels": (old.labels + 1) % (old.labels.max() + 1)})
    new, _ = fit_segments(matrix, columns, SegmentSettings(), previous=shuffled)
    before, _ = shuffled.assign(matrix, columns)
    after, _ = new.assign(matrix, columns)
    assert (before == after).mean() > 0.98
    assert set(new.names) == set(new.labels.tolist())


def test_an_outlier_is_noise(prepared):
    matrix, columns, _ = prepared
    model, _ = fit_segments(matrix, columns, SegmentSettings())
    strange = np.nan_to_num(matrix[:1].copy())
    strange[:] = 1e9
    segments, strengths = model.assign(strange, columns)
    assert segments.tolist() == [NOISE]
    assert strengths.tolist() == [0.0]
    assert model.name_of(segments).tolist() == ["unlike the others"]


def test_components_are_orthonormal_and_signed_the_same_way():
    values = np.random.default_rng(1).normal(size=(200, 6)) @ np.diag([3, 2, 1, 1, 0.5, 0.1])
    loadings = shrunk_components(values, 3)
    np.testing.assert_allclose(loadings.T @ loadings, np.eye(3), atol=1e-9)
    assert (loadings[np.abs(loadings).argmax(axis=0), range(3)] > 0).all()
    np.testing.assert_allclose(np.abs(shrunk_components(-values, 3)), np.abs(loadings), atol=1e-9)


@pytest.mark.parametrize("rows", [0, 1, 20])
def test_too_few_customers_are_one_segment_and_said_so(prepared, rows):
    matrix, columns, _ = prepared
    model, notes = fit_segments(matrix[:rows], columns, SegmentSettings())
    assert model.method == SINGLE
    assert "untrained" in notes[0]
    assert model.assign(matrix[:3], columns)[0].tolist() == [0, 0, 0]


def test_customers_without_any_difference_are_one_segment(prepared):
    matrix, columns, _ = prepared
    model, notes = fit_segments(np.repeat(matrix[:1], 100, axis=0), columns, SegmentSettings())
    assert model.method == SINGLE
    assert notes
