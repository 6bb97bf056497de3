"""The leak guard in the night: metrics, note and check for a model that knows too much, silence for an honest one."""

from datetime import date
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from dagster_pipeline.defs.checks import no_model_beats_the_ideal_observer
from dagster_pipeline.defs.resources import Warehouse
from dagster_pipeline.defs.training import model_ablation, model_metrics
from dagster_pipeline.tables import create_declared_tables, replace_partition
from ml.artifacts import Artifact, ModelStore
from ml.leaks import EXCESS, CustomerLosses
from ml.training import MODELS, PERSONALIZATION

NIGHT = "2025-12-31"
CUSTOMERS = np.array([f"C{number:07d}" for number in range(1, 401)])
LOSSES = np.random.default_rng(5).gamma(0.3, 1.2, CUSTOMERS.size)


def _warehouse(root: Path, losses: np.ndarray) -> Warehouse:
    """Return a home whose product model has such losses, beside an observer with ``LOSSES``."""
    warehouse = Warehouse(root=str(root))
    store, stored = ModelStore(warehouse.home.models_dir), CustomerLosses()
    stored.add("product", CUSTOMERS, losses)
    records = {
        "ablation": [
            {"target": "product", "feature_set": "static", "metric": "log_loss", "split": "test", "value": 0.42,
             "low": 0.41, "high": 0.43}
        ],
        "ceilings": [{"target": "product", "metric": "log_loss", "observer": "base", "value": 0.50, "low": 0.49,
                      "high": 0.51, "method": "class frequencies"}],
    }  # fmt: skip
    for name in MODELS:
        card = {"as_of_date": NIGHT, "records": records if name == PERSONALIZATION else {}, "notes": []}
        arrays = stored.to_arrays() if name == PERSONALIZATION else {}
        store.save(Artifact(name, "v1", card, arrays, {}))
        store.point(name, date.fromisoformat(NIGHT), "v1")
    observer = {"target": "product", "customer_id": CUSTOMERS, "log_loss": LOSSES, "label_count": 1}
    ceiling = {"target": "product", "metric": "log_loss", "observer": "observable", "value": 0.40, "low": 0.39,
               "high": 0.41, "method": "exact"}  # fmt: skip
    with warehouse.connect() as con:
        create_declared_tables(con)
        replace_partition(con, "truth.observer_losses", pd.DataFrame(observer), {})
        replace_partition(con, "truth.ceilings", pd.DataFrame([ceiling]), {})
    return warehouse


def _night(warehouse: Warehouse) -> tuple[list[tuple], list[str], dg.AssetCheckResult]:
    model_metrics(dg.build_asset_context(partition_key=NIGHT), warehouse=warehouse)
    with warehouse.connect() as con:
        rows = con.execute(
            "select model_name, value, low, high from ml.model_metrics where metric = ?", [EXCESS]
        ).fetchall()
        notes = [note for (note,) in con.execute("select note from marts.rpt_night_notes").fetchall()]
    result = no_model_beats_the_ideal_observer(warehouse=warehouse)
    assert isinstance(result, dg.AssetCheckResult)
    return rows, notes, result


def test_a_model_better_than_the_files_allow_is_reported(tmp_path):
    rows, notes, check = _night(_warehouse(tmp_path, 0.8 * LOSSES))
    ((name, value, low, high),) = rows
    assert name == "product"
    assert value == pytest.approx(-0.2 * LOSSES.mean(), abs=1e-8)
    assert low < value < high < 0
    assert len(notes) == 1
    assert notes[0].startswith("Leak suspected: product beats the ideal observer of the same files by")
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert check.metadata["suspected_leaks"].value == ["product v1"]


def test_an_honest_model_is_compared_and_not_reported(tmp_path):
    rows, notes, check = _night(_warehouse(tmp_path, LOSSES + 0.02))
    assert [(round(value, 6), high > 0) for _, value, _, high in rows] == [(0.02, True)]
    assert notes == []
    assert check.passed
    assert check.metadata["models_compared"].value == 1


def test_share_of_the_ceiling_is_filled_from_the_observer(tmp_path):
    warehouse = _warehouse(tmp_path, LOSSES)
    model_ablation(dg.build_asset_context(partition_key=NIGHT), warehouse=warehouse)
    with warehouse.connect() as con:
        shares = con.execute("select feature_set, share_of_ceiling from ml.model_ablation").fetchall()
    assert shares == [("static", pytest.approx(0.8))]
