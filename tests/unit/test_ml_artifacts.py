"""Artefacts: a version says what went in; a night uses the same model whenever it is run."""

from dataclasses import asdict
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ml.artifacts import Artifact, ArtifactError, Fitted, ModelStore, Recipe, hash_values, obtain
from ml.settings import SegmentSettings

DECEMBER, JANUARY_1, JANUARY_5, JANUARY_6 = date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 5), date(2026, 1, 6)


class Trainer:
    """Counts how often it reads and fits."""

    def __init__(self, store: ModelStore) -> None:
        self.store, self.reads, self.fits = store, 0, 0

    def run(self, night: date, data: str = "d1", parameters: dict | None = None, upstream: dict | None = None):
        def read():
            self.reads += 1
            return data, hash_values(data)

        def fit(inputs, previous):
            self.fits += 1
            state = {"data": inputs, "previous": previous.version if previous else None}
            return Fitted(state, {"weights": np.arange(3.0)}, {"m.cbm": b"trees"}, {"runs": [{"a": 1}]}, ["remark"])

        recipe = Recipe("segment_model", parameters or asdict(SegmentSettings()), upstream or {})
        return obtain(self.store, recipe, night, read, fit)


@pytest.fixture
def trainer(tmp_path: Path) -> Trainer:
    return Trainer(ModelStore(tmp_path / "models"))


def test_what_is_saved_is_loaded(trainer):
    first = trainer.run(DECEMBER).artifact
    again = trainer.store.load("segment_model", first.version)
    assert again.state == {"data": "d1", "previous": None}
    assert again.arrays["weights"].tolist() == [0.0, 1.0, 2.0]
    assert again.blobs == {"m.cbm": b"trees"}
    assert again.records("runs") == [{"a": 1}]
    assert again.notes == ["remark"]


def test_the_version_follows_data_parameters_and_upstream(tmp_path):
    changes: list[dict] = [{}, {"data": "d2"}, {"parameters": {"components": 3}}, {"upstream": {"intent_model": "v1"}}]
    versions = {
        Trainer(ModelStore(tmp_path / str(i))).run(DECEMBER, **changed).artifact.version
        for i, changed in enumerate(changes)
    }
    assert len(versions) == 4
    same = Trainer(ModelStore(tmp_path / "same")).run(DECEMBER).artifact.version
    assert same in versions


def test_a_night_within_the_month_reuses_without_reading(trainer):
    first = trainer.run(JANUARY_5)
    second = trainer.run(JANUARY_6, data="d2")
    assert first.is_new
    assert not second.is_new
    assert second.artifact.version == first.artifact.version
    assert (trainer.reads, trainer.fits) == (1, 1)


def test_the_first_night_of_a_month_trains_only_if_the_data_changed(trainer):
    first = trainer.run(DECEMBER)
    unchanged = trainer.run(JANUARY_1)
    assert unchanged.artifact.version == first.artifact.version
    assert unchanged.artifact.card["as_of_date"] == "2025-12-31"
    assert (trainer.reads, trainer.fits) == (2, 1)
    changed = trainer.run(date(2026, 2, 1), data="d2")
    assert changed.is_new
    assert changed.artifact.state["previous"] == first.artifact.version


def test_an_old_night_run_again_uses_its_own_model(trainer):
    december = trainer.run(DECEMBER).artifact.version
    february = trainer.run(date(2026, 2, 3), data="d2").artifact.version
    assert december != february
    assert trainer.run(DECEMBER).artifact.version == december
    assert trainer.run(JANUARY_6).artifact.version == december
    assert trainer.run(date(2026, 2, 4)).artifact.version == february
    assert trainer.fits == 2


def test_a_night_before_the_first_model_does_not_use_a_later_one(trainer):
    trainer.run(JANUARY_5)
    assert trainer.store.newest("segment_model", DECEMBER) is None
    assert trainer.run(DECEMBER, data="d0").artifact.state["data"] == "d0"


def test_changed_parameters_or_upstream_make_a_model_invalid(trainer):
    trainer.run(JANUARY_5)
    assert trainer.run(JANUARY_6, parameters={"components": 2}).is_new
    assert trainer.run(JANUARY_6, upstream={"intent_model": "v2"}).is_new


def test_a_corrected_input_of_the_training_night_is_noticed(trainer):
    first = trainer.run(DECEMBER)
    second = trainer.run(DECEMBER, data="corrected")
    assert second.is_new
    assert second.artifact.version != first.artifact.version
    assert trainer.run(JANUARY_1, data="corrected").artifact.version == second.artifact.version


def test_a_damaged_model_is_trained_anew_with_the_same_version(trainer):
    first = trainer.run(JANUARY_5).artifact
    broken = trainer.store.root / "segment_model" / first.version / "m.cbm"
    broken.write_bytes(b"other")
    with pytest.raises(ArtifactError, match=r"m\.cbm"):
        trainer.store.load("segment_model", first.version)
    again = trainer.run(JANUARY_6)
    assert again.is_new
    assert again.artifact.blobs == {"m.cbm": b"trees"}


def test_a_half_written_model_is_not_seen(trainer):
    store = trainer.store
    folder = store.root / "segment_model" / ".abc.building"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text("{}")
    assert store.newest("segment_model", JANUARY_6) is None
    store.point("segment_model", JANUARY_5, "abc")
    assert store.newest("segment_model", JANUARY_6) is None
    assert trainer.run(JANUARY_6).is_new


def test_hashes_see_order_type_and_content():
    array = np.arange(6.0)
    assert hash_values(array) == hash_values(array.copy())
    different = {hash_values(array), hash_values(array[::-1]), hash_values(array.astype(np.float32)),
                 hash_values(array.reshape(2, 3)), hash_values("a", "b"), hash_values("ab")}  # fmt: skip
    assert len(different) == 6


def test_an_artifact_without_state_of_failure_is_trained():
    assert Artifact("m", "v", {"state": {}, "notes": [], "records": {}}, {}, {}).untrained is None
