"""Hundreds of spoiled folders: each ends in rejects or one clear error, never in a half-loaded night.

The dice of a case are its mutation's name and its number, so a case that fails can be run again by its name.
"""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest

from dagster_pipeline.loading.contract import RULES
from dagster_pipeline.loading.dry_run import check_folder
from dagster_pipeline.loading.errors import InputError
from dagster_pipeline.loading.load import NO_DATE, load_night
from dagster_pipeline.loading.settings import LOAD_SETTINGS
from dagster_pipeline.tables import declared_tables
from tests.unit.loading_bank import HEADERS, NIGHT, assert_identity, connect, fetch, good_rows, snapshot, write_bank
from tests.unit.loading_mutations import MUTATIONS

NEXT = NIGHT + timedelta(days=1)
CASES_PER_MUTATION = 10
ROWS = 12
LENIENT = replace(LOAD_SETTINGS, max_reject_share=1.0)
TABLES = [table.full_name for table in declared_tables().values() if table.schema in ("raw", "truth")]
LATER_NIGHTS, CHECKED = (0,), (1,)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as opened:
        opened.execute("set threads = 1")
        yield opened


def small_bank(folder: Path, name: str) -> Path:
    """Write customers, products and the file to spoil, each of few rows that break no rule."""
    write_bank(folder, **{other: good_rows(other, ROWS) for other in HEADERS})
    for other in HEADERS:
        if other not in ("customers", "products", name):
            (folder / f"{other}.csv").unlink()
    return folder


def rows_of_csv(path: Path) -> int | None:
    """Count the rows of a CSV file with another reader; None where it can't tell."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if text.count('"') or "\x00" in text or "\r" in text.replace("\r\n", ""):
        return None
    return len([row for row in csv.reader(text.splitlines()) if row]) - 1


def assert_right_or_refused(
    con: duckdb.DuckDBPyConnection, folder: Path, night_folder: Path, lenient: bool
) -> InputError | None:
    """Load the spoiled night; return the error it was refused with."""
    night = NIGHT if night_folder == folder else NEXT
    settings = LENIENT if lenient else LOAD_SETTINGS
    before = snapshot(con) if night == NEXT else {table: [] for table in TABLES}
    try:
        report = load_night(con, folder, night, settings)
    except InputError as error:
        assert snapshot(con) == before
        assert len(str(error)) > 40
        assert all(sign.isprintable() or sign == "\n" for sign in str(error))
        return error
    assert_identity(con)
    assert {rule for (rule,) in fetch(con, "select distinct rule from raw.rejects")} <= set(RULES)
    assert report.rows_read == report.rows_loaded + report.rows_rejected
    stored = " union all ".join(
        f"select source_file as file, loaded_as_of_date from raw.{name}" for name in [*HEADERS, "documents"]
    )
    assert (
        fetch(
            con,
            f"with stored as ({stored}) select loads.file, rows_loaded, count(stored.file) from raw.loads as loads "
            "left join stored using (file, loaded_as_of_date) group by all having rows_loaded <> count(stored.file)",
        )
        == []
    )
    for file, rows_read in fetch(con, "select file, rows_read from raw.loads where file like '%.csv'"):
        if (folder / file).is_file():
            expected = rows_of_csv(folder / file)
            assert expected is None or rows_read == expected
    return None


@pytest.mark.parametrize("number", range(CASES_PER_MUTATION))
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_spoiled_folder_ends_in_rejects_or_one_clear_error(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mutation: str, number: int
) -> None:
    dice = Random(f"{mutation} {number}")
    name = dice.choice(sorted(HEADERS))
    con.execute("; ".join(f"delete from {table}" for table in TABLES))
    folder = small_bank(tmp_path / "bank", name)
    night_folder = folder
    if number in LATER_NIGHTS:
        load_night(con, folder, NIGHT)
        night_folder = small_bank(folder / "nights" / NEXT.isoformat(), name)
    MUTATIONS[mutation](night_folder, name, dice)
    lenient = dice.random() < 0.7

    error = assert_right_or_refused(con, folder, night_folder, lenient)

    if number in CHECKED:
        verdict = check_folder(folder, LENIENT if lenient else LOAD_SETTINGS)
        # A folder without any date loads on a night that is named, and has no first night of its own.
        is_loaded = error is None and verdict.problems != [NO_DATE]
        assert verdict.is_loadable == is_loaded
        text = verdict.text()
        assert all(sign.isprintable() or sign == "\n" for sign in text)
        assert text.splitlines()[-1].startswith("Verdict: LOADABLE" if is_loaded else "Verdict: NOT LOADABLE")


def test_there_are_at_least_300_spoiled_folders() -> None:
    assert len(MUTATIONS) * CASES_PER_MUTATION >= 300
