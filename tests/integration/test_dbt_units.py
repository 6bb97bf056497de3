"""dbt's own unit tests, run on an empty bank: every model must build without a single row."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from dagster_pipeline.dbt import WORKING_FILE_VARIABLE
from dagster_pipeline.home import DBT_PROJECT_DIR
from dagster_pipeline.tables import create_declared_tables


def run_dbt(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run dbt on ``folder/working.duckdb`` and return its result."""
    command = [str(Path(sys.executable).parent / "dbt"), *arguments, "--project-dir", str(DBT_PROJECT_DIR)]
    command += ["--profiles-dir", str(DBT_PROJECT_DIR), "--no-use-colors"]
    command += ["--target-path", str(folder / "target"), "--log-path", str(folder / "log")]
    environment = {**os.environ, WORKING_FILE_VARIABLE: str(folder / "working.duckdb")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def empty_bank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dbt")
    con = duckdb.connect(str(folder / "working.duckdb"))
    create_declared_tables(con)
    con.close()
    return folder


def test_models_build_without_rows_and_unit_tests_pass(empty_bank):
    result = run_dbt(empty_bank, "build", "--exclude-resource-type", "test", "--vars", '{"as_of_date": "2025-12-31"}')
    assert result.returncode == 0, result.stdout[-4000:]
    results = json.loads((empty_bank / "target" / "run_results.json").read_text())["results"]
    tested = [entry["unique_id"] for entry in results if entry["unique_id"].startswith("unit_test.")]
    for model in ("int_calendar__snapshots", "int_customers__labels", "int_contacts__outcomes", "fct_customer_months"):
        assert any(f".{model}." in unique_id for unique_id in tested), model


def test_a_night_must_be_named(empty_bank):
    result = run_dbt(empty_bank, "run", "--select", "int_customers__as_known")
    assert result.returncode != 0
    assert "as_of_date is missing" in result.stdout
    assert run_dbt(empty_bank, "parse").returncode == 0
