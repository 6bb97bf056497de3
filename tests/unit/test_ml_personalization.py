"""The whole of learning on a small bank: what is planted is learned, and what is missing is named."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dagster_pipeline.tables import declared_tables
from ml.actions import ActionLevels, live_actions
from ml.boosting import ClassModel, sample_rows, smoothed_rates
from ml.decision_frame import Sequences, decision_frame
from ml.encoder import EncoderModel
from ml.feature_sets import COMPARED_WITH, FEATURE_SETS, INTENSITY_FEATURES
from ml.intent import IntentModel
from ml.settings import BASE_RATES
from ml.training import ENCODER, INTENTS, SEGMENTS, manifest_of, split_note, unsupervised_snapshot
from tests.unit.learning_line import Line, run_line, score_line
from tests.unit.learning_world import SNAPSHOTS, TONIGHT, World, make_world, without_contacts


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(260)


@pytest.fixture(scope="module")
def line(world) -> Line:
    return run_line(world)


@pytest.fixture(scope="module")
def scores(line, world) -> dict[str, pd.DataFrame]:
    return score_line(line, world)


def _metric(line: Line, model: str, metric: str) -> dict:
    rows = [
        row
        for row in line.fitted.records["metrics"]
        if (row["model_name"], row["metric"], row["split"], row["label"]) == (model, metric, "test", "all")
    ]
    assert len(rows) == 1
    return rows[0]


def test_next_product_and_response_beat_class_frequencies_out_of_time(line):
    for model in ("product", "response"):
        gain = _metric(line, model, "log_loss_gain")
        assert gain["low"] > 0.0, model
        assert gain["low"] <= gain["value"] <= gain["high"]
    assert _metric(line, "product", "top_1_among_openings")["value"] > 0.7


def test_a_target_without_signal_gains_nothing(line):
    gain = _metric(line, "send_slot", "log_loss_gain")
    assert gain["low"] < 0.0 < gain["high"] + 0.02


def test_the_ablation_has_every_set_with_paired_gains(line):
    rows = pd.DataFrame(line.fitted.records["ablation"])
    assert set(rows["feature_set"]) == set(FEATURE_SETS)
    assert set(rows["metric"]) == {"log_loss", "accuracy", "log_loss_gain"}
    value = {(row["feature_set"], row["metric"]): row["value"] for row in line.fitted.records["ablation"]}
    for name, before in COMPARED_WITH.items():
        if before != "base":
            gain = value[before, "log_loss"] - value[name, "log_loss"]
            assert value[name, "log_loss_gain"] == pytest.approx(gain, abs=1e-6)
    temporal = rows[(rows["feature_set"] == "static+temporal") & (rows["metric"] == "log_loss_gain")].iloc[0]
    assert temporal["low"] > 0.1


def test_the_embedding_feeds_the_decision_only_with_an_interval_above_zero(line):
    gain = next(
        row
        for row in line.fitted.records["ablation"]
        if row["feature_set"] == "all" and row["metric"] == "log_loss_gain"
    )
    assert line.personalization.uses_embedding == (gain["low"] > 0)
    uses = any(name.startswith("embedding_") for name in line.personalization.response.columns)
    assert uses == line.personalization.uses_embedding
    verdict = {run["parameters"]["embedding_feeds_decision"] for run in line.fitted.records["runs"]}
    assert verdict == {line.personalization.uses_embedding}
    assert any("embedding" in note for note in line.notes)


def test_training_twice_gives_the_same_predictions(world, line, scores):
    again = score_line(run_line(world), world)
    for name, frame in scores.items():
        pd.testing.assert_frame_equal(again[name], frame, check_exact=True, obj=name)


def test_score_tables_have_the_declared_columns_keys_and_rows(scores, world):
    customers = (world.features["as_of_date"] == TONIGHT).sum()
    rows = {"predictions": 4 + 2 + 4 + 3, "action_scores": 3 * 2}
    for name, frame in scores.items():
        table = declared_tables()[f"ml.{name}"]
        assert set(frame.columns) == {column.name for column in table.columns}
        assert not frame.duplicated(list(table.key)).any()
        assert len(frame) == customers * rows.get(name, 1)


def test_predictions_add_up_and_propensities_are_probabilities(scores):
    total = scores["predictions"].groupby(["customer_id", "target"], observed=True)["probability"].sum()
    np.testing.assert_allclose(total, 1.0, atol=1e-7)
    assert scores["action_scores"]["propensity"].between(0.0, 1.0).all()
    assert scores["action_scores"]["uplift"].isna().all()


def test_propensity_follows_readiness_and_the_preferred_channel_matters(scores, world):
    tonight = world.intents[np.flatnonzero(world.features["as_of_date"] == TONIGHT)]
    mean = scores["action_scores"].groupby("customer_id", observed=True)["propensity"].mean().to_numpy()
    assert mean[tonight == 3].mean() > mean[tonight == 0].mean() + 0.1


def test_reasons_name_features_not_parts_of_the_action(scores):
    codes = scores["action_reasons"]["reason_codes"]
    assert codes.map(len).between(1, 3).all()
    told = codes.explode()
    assert told.str.fullmatch(r"feature:[a-z0-9_]+:[+-]").all()
    assert not told.str.contains("action_|embedding_|=").any()
    assert codes.map(lambda listed: len({code.rsplit(":", 1)[0] for code in listed}) == len(listed)).all()


def test_the_intensity_model_reads_nothing_about_money(line):
    assert set(line.personalization.classes["intensity"].columns) <= set(INTENSITY_FEATURES)
    richer = replace(line.tonight, matrix=line.tonight.matrix.copy())
    for name in ("balance_proxy_usd", "balance_usd", "lowest_balance_ratio_30d"):
        richer.matrix[:, line.tonight.columns.index(name)] = 1e6
    before, after = line.personalization.predict(line.tonight), line.personalization.predict(richer)
    np.testing.assert_array_equal(after["intensity"], before["intensity"])


def test_a_product_newer_than_the_model_is_scored_and_said_so(line, world):
    newer = pd.concat(
        [world.products, pd.DataFrame([{"product_id": "new_x", "family": "card", "channels": None, "is_live": True}])]
    )
    from ml.scoring import action_rows
    from ml.settings import ScoringSettings
    from tests.unit.learning_line import NIGHT

    rows, notes = action_rows(line.tonight, line.personalization, newer, NIGHT, ScoringSettings())
    assert (rows["product_id"] == "new_x").sum() == len(line.tonight.keys) * 5
    assert "new_x" in notes[0]
    assert rows["propensity"].notna().all()


def test_live_actions_take_every_channel_where_none_is_named():
    products = pd.DataFrame(
        {
            "product_id": ["a", "a", "b", "c"],
            "family": ["card", "card", "loan", "loan"],
            "channels": [["email"], ["sms"], None, ["email"]],
            "is_live": [False, True, True, False],
        }
    )
    actions = live_actions(products)
    assert actions["product"].tolist() == ["a", *["b"] * 5]
    assert actions["channel"].tolist() == ["sms", "email", "in_app", "mail", "push", "sms"]


def test_no_live_product_means_no_scores_and_a_remark(line, world):
    from ml.scoring import action_rows
    from ml.settings import ScoringSettings
    from tests.unit.learning_line import NIGHT

    rows, notes = action_rows(
        line.tonight, line.personalization, world.products.assign(is_live=False), NIGHT, ScoringSettings()
    )
    assert len(rows) == 0
    assert "No product is live" in notes[0]


def test_features_and_sequences_of_other_rows_are_refused(line):
    swapped = Sequences(line.sequences.keys.iloc[::-1], line.sequences.values, line.sequences.observed_weeks)
    with pytest.raises(ValueError, match="same order"):
        decision_frame(
            line.features,
            swapped,
            manifest_of(line.models[SEGMENTS]),
            IntentModel.from_artifact(line.models[INTENTS]),
            EncoderModel.from_artifact(line.models[ENCODER]),
        )


def test_sampling_keeps_every_rare_row_and_the_frequencies():
    classes = np.array([0] * 900 + [1] * 60 + [2] * 40)
    rows, weights = sample_rows(classes, 300, seed=1)
    assert len(rows) == 300
    assert np.bincount(classes[rows]).tolist() == [200, 60, 40]
    np.testing.assert_allclose(np.bincount(classes[rows], weights), [900, 60, 40])
    assert sample_rows(classes, 5000, seed=1)[1].tolist() == [1.0] * 1000


def test_base_rates_are_smoothed():
    np.testing.assert_allclose(smoothed_rates(np.array([0, 0, 1]), 3), [2.5 / 4.5, 1.5 / 4.5, 0.5 / 4.5])
    model = ClassModel("channel", ("email", "sms"), smoothed_rates(np.zeros(0, dtype=int), 2))
    assert model.predict(np.zeros((2, 0))).tolist() == [[0.5, 0.5]] * 2


def test_action_columns_describe_the_action_and_its_match(line):
    levels = ActionLevels(("card_a", "loan_b"), ("card", "loan"), ("email", "push"))
    actions = pd.DataFrame(
        {"product": ["card_a", "unknown"], "family": ["card", None], "channel": ["push", None],
         "send_slot": ["2", None], "intensity": ["high", None]}
    )  # fmt: skip
    encoded = levels.encode(line.tonight, np.array([3, 4]), actions)
    column = dict(zip(levels.columns, encoded[0], strict=True))
    assert [name for name, value in column.items() if name.startswith("action_") and value == 1.0] == [
        "action_product=card_a",
        "action_family=card",
        "action_channel=push",
        "action_send_slot=2",
        "action_intensity=high",
    ]
    assert column["topic_events_of_family_30d"] == line.features["topic_card_events_30d"].iloc[3]
    assert encoded[1][: len(levels.columns) - 6].sum() == 0.0
    assert np.isnan(encoded[1][-6:]).all()


def _no_contacts(world: World) -> World:
    labels = world.labels.assign(
        channel=None, send_slot=pd.array([pd.NA] * len(world.labels), dtype="Int64"), intensity=None
    )
    return replace(world, features=without_contacts(world.features), outcomes=world.outcomes.iloc[:0], labels=labels)


def _only_attributes(world: World) -> World:
    """Flat data: one snapshot, tonight, and nothing but attributes."""
    rows = np.flatnonzero(world.features["as_of_date"] == TONIGHT)
    flat = world.features.iloc[rows].reset_index(drop=True)
    numbers = flat.select_dtypes("number").columns
    flat = flat.assign(**{name: np.float32(0) for name in numbers}, split="unlabelled")
    sequences = world.sequences.take(rows)
    silent = Sequences(sequences.keys, np.zeros_like(sequences.values), np.zeros_like(sequences.observed_weeks))
    flat["held_product_ids"] = pd.Series([[]] * len(flat), dtype=object)
    return replace(
        _no_contacts(world),
        features=flat,
        sequences=silent,
        labels=world.labels.iloc[:0],
        outcomes=world.outcomes.iloc[:0],
    )


def _without_split(world: World, split: str) -> World:
    dates = [day for day, name in SNAPSHOTS if name == split]
    keep = np.flatnonzero(~world.features["as_of_date"].isin(dates))
    return replace(
        world,
        features=world.features.iloc[keep].reset_index(drop=True),
        sequences=world.sequences.take(keep),
        labels=world.labels[~world.labels["as_of_date"].isin(dates)].reset_index(drop=True),
        outcomes=world.outcomes[~world.outcomes["as_of_date"].isin(dates)].reset_index(drop=True),
    )


DEGENERATE = {
    "few customers": (lambda w: make_world(4), ["segments: untrained", "product: untrained", "response: untrained"]),
    "no contacts": (_no_contacts, ["channel: untrained", "send_slot: untrained", "response: untrained"]),
    "no openings": (
        lambda w: replace(w, labels=w.labels.assign(product="none")),
        ["product: untrained", "ablation: not done"],
    ),
    "no send slot": (
        lambda w: replace(
            w,
            labels=w.labels.assign(send_slot=pd.array([pd.NA] * len(w.labels), dtype="Int64")),
            outcomes=w.outcomes.assign(send_slot=pd.array([pd.NA] * len(w.outcomes), dtype="Int64")),
        ),
        ["send_slot: untrained", "no contact carries a send_slot"],
    ),
    "channel follows the product": (
        lambda w: replace(
            w, outcomes=w.outcomes.assign(channel=np.where(w.outcomes["product_id"] == "card_a", "email", "push"))
        ),
        ["channel is a function of the product"],
    ),
    "only attributes": (
        _only_attributes,
        ["intents: untrained", "encoder: untrained", "product: untrained", "response: untrained"],
    ),
    "no calibration split": (lambda w: _without_split(w, "calibration"), ["no calibration split"]),
    "no test split": (lambda w: _without_split(w, "test"), ["ablation: not done"]),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_what_is_missing_is_named_and_every_customer_is_scored_all_the_same(case):
    change, expected = DEGENERATE[case]
    poorer = change(make_world(110))
    line = run_line(poorer)
    for text in expected:
        assert any(text in note for note in line.notes), (text, line.notes)
    tables = score_line(line, poorer)
    customers = set(line.features["customer_id"])
    for name in ("customer_segments", "customer_intents", "predictions", "action_scores", "action_reasons"):
        assert set(tables[name]["customer_id"].astype(str)) == customers, name
    total = tables["predictions"].groupby(["customer_id", "target"], observed=True)["probability"].sum()
    np.testing.assert_allclose(total, 1.0, atol=1e-7)
    for target, model in line.personalization.classes.items():
        rows = tables["predictions"][tables["predictions"]["target"] == target]
        versions = set(rows["model_version"].astype(str))
        assert versions == ({BASE_RATES} if model.model is None else {line.personalization.version})
    assert (tables["action_scores"]["model_version"] == BASE_RATES).all() == (
        line.personalization.response.model is None
    )
    json.dumps([line.fitted.state, line.fitted.records], allow_nan=False)


@pytest.mark.parametrize(
    ("splits", "is_by_customer", "expected"),
    [
        (
            {"2025-07-31": "train", "2025-08-31": "train", "2025-10-31": "calibration", "2025-11-30": "test"},
            False,
            "Split by time: trained on 2 snapshots (2025-07-31 to 2025-08-31), calibrated on 2025-10-31, tested on "
            "2025-11-30.",
        ),
        ({"2025-10-31": "train", "2025-11-30": "test"}, False,
         "Split by time: trained on 2025-10-31, tested on 2025-11-30."),
        ({"2008-03-13": "train"}, True, "Only one snapshot (2008-03-13) is labelled, so time can't split it"),
        ({}, False, "No snapshot's label window is over yet"),
    ],
)  # fmt: skip
def test_the_split_is_told(splits, is_by_customer, expected):
    rows = [(day, split, is_by_customer) for day, split in splits.items()] + [("2025-12-31", "unlabelled", False)]
    snapshots = pd.DataFrame(rows, columns=["as_of_date", "split", "is_split_by_customer"])
    assert split_note(snapshots).startswith(expected)


def test_segments_and_intents_are_fitted_where_there_is_a_history():
    def fitted_on(*rows):
        return unsupervised_snapshot(pd.DataFrame(rows, columns=["as_of_date", "split", "looks_back_a_week"]))

    assert fitted_on(("a", "train", True), ("b", "train", True), ("c", "test", True)) == "b"
    assert fitted_on(("a", "train", False), ("b", "calibration", False), ("c", "test", True), ("d", "x", True)) == "c"
    assert fitted_on(("a", "unlabelled", False)) == "a"
