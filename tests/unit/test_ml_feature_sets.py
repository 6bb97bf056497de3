"""The allow-list and the matrix: nothing unlisted reaches a model."""

import numpy as np
import pandas as pd
import pytest

from ml.feature_sets import (
    FEATURE_SETS,
    INTENSITY_FEATURES,
    MAX_TEXT_LEVELS,
    MONEY_FEATURES,
    Manifest,
    UnlistedColumnError,
    build_matrix,
    check_columns,
    columns_of,
    group_of,
    is_prohibited,
    learn_manifest,
)
from tests.unit.learning_world import make_world


@pytest.fixture(scope="module")
def features() -> pd.DataFrame:
    return make_world(20).features


def _manifest(features: pd.DataFrame) -> Manifest:
    return learn_manifest(features, ["savings_c", "card_a"])[0]


@pytest.mark.parametrize("name", ["birth_date", "protected_gender", "notes", "attr_age", "txn_count_31d"])
def test_an_unlisted_column_raises(features, name):
    with pytest.raises(UnlistedColumnError, match=name):
        build_matrix(features.assign(**{name: 1.0}), _manifest(features))


def test_a_missing_column_raises(features):
    with pytest.raises(ValueError, match="tenure_days"):
        check_columns([column for column in features.columns if column != "tenure_days"])


def test_matrix_has_the_manifests_columns_and_the_frames_values(features):
    manifest = _manifest(features)
    matrix = build_matrix(features, manifest)
    assert matrix.shape == (len(features), len(manifest.columns))
    assert matrix.dtype == np.float32
    column = {name: matrix[:, i] for i, name in enumerate(manifest.columns)}
    np.testing.assert_array_equal(column["txn_count_30d"], features["txn_count_30d"].to_numpy())
    holds = [float("savings_c" in held) for held in features["held_product_ids"]]
    np.testing.assert_array_equal(column["holds_product_savings_c"], holds)
    is_gold = features["attributes"].str.contains("gold").to_numpy(dtype=float)
    np.testing.assert_array_equal(column["attr_tier=gold"], is_gold)
    assert set(np.unique(column["attr_score"]).tolist()) <= {1.0, 2.0, 3.0}
    assert np.isnan(column["days_since_last_contact"]).all()


def test_an_unknown_level_and_product_leave_their_columns_at_zero(features):
    manifest = _manifest(features)
    changed = features.head(1).assign(
        attributes='{"attr_tier": "platinum"}', held_product_ids=pd.Series([["brand_new"]], dtype=object)
    )
    matrix = build_matrix(changed, manifest)
    column = {name: matrix[0, i] for i, name in enumerate(manifest.columns)}
    assert column["attr_tier=gold"] == 0.0
    assert column["holds_product_savings_c"] == 0.0
    assert np.isnan(column["attr_score"])


def test_attributes_become_numbers_flags_categories_or_stay_out(features):
    rows = [
        {"attr_income": 10.5, "attr_active": True, "attr_job": "clerk", "attr_gender": "f", "attr_note": f"text {i}"}
        for i in range(MAX_TEXT_LEVELS + 5)
    ]
    frame = pd.concat([features] * 2, ignore_index=True).head(len(rows))
    frame["attributes"] = [pd.Series(row).to_json() for row in rows]
    manifest, notes = learn_manifest(frame, [])
    assert manifest.numbers == ("attr_active", "attr_income")
    assert manifest.texts == (("attr_job", ("clerk",)),)
    assert any("attr_gender" in note and "prohibited" in note for note in notes)
    assert any("attr_note" in note and "distinct texts" in note for note in notes)


@pytest.mark.parametrize("name", ["attr_age", "attr_ageGroup", "attr_gender", "attr_marital_status", "attr_zip_code"])
def test_names_of_prohibited_bases_are_seen(name):
    assert is_prohibited(name)


@pytest.mark.parametrize("name", ["attr_income_usd", "attr_wage", "attr_stage", "attr_sextant", "attr_balance"])
def test_other_names_pass(name):
    assert not is_prohibited(name)


def test_null_attributes_and_holdings_are_no_attributes_and_no_holdings(features):
    bare = features.assign(attributes=None, held_product_ids=None)
    manifest, notes = learn_manifest(bare, ["card_a"])
    assert manifest == Manifest(products=("card_a",))
    assert notes == []
    assert build_matrix(bare, manifest)[:, manifest.columns.index("holds_product_card_a")].max() == 0.0


def test_feature_sets_nest():
    manifest = Manifest(numbers=("attr_score",), products=("card_a",))
    sets = {name: set(columns_of(name, manifest, 4)) for name in FEATURE_SETS}
    assert sets["static"] < sets["static+temporal"] < sets["static+temporal+intent"] < sets["all"]
    assert sets["static+temporal"] < sets["static+temporal+embedding"] < sets["all"]
    assert "attr_score" in sets["static"]
    assert "txn_count_30d" not in sets["static"]
    with pytest.raises(ValueError, match="everything"):
        columns_of("everything", manifest, 4)


def test_intensity_never_reads_money_or_the_banks_attributes():
    assert not set(INTENSITY_FEATURES) & set(MONEY_FEATURES)
    assert not [name for name in INTENSITY_FEATURES if name.startswith(("attr_", "embedding_"))]


def test_columns_are_explained_by_the_feature_they_belong_to():
    assert [group_of(name) for name in ("attr_job=clerk", "readiness", "embedding_63")] == [
        "attr_job",
        "intent",
        "weekly_behaviour",
    ]
