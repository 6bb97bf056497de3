"""Hundreds of spoiled folders: each ends in rejects or one clear error, never in a half-loaded night.

The dice of a case are its mutation's name and its number, so a case that fails can be run again by its name.
"""

import csv
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest

from dagster_pipeline.loading.contract import RULES
from dagster_pipeline.loading.dry_run import check_folder
from dagster_pipeline.loading.errors import InputError
from dagster_pipeline.loading.load import NO_DATE, load_night
from dagster_pipeline.loading.settings import LOAD_SETTINGS, LoadSettings
from dagster_pipeline.tables import declared_tables
from tests.unit.loading_bank import HEADERS, NIGHT, assert_identity, connect, fetch, good_rows, snapshot, write_bank
from tests.unit.loading_mutations import INJECTIONS, MUTATIONS

NEXT = NIGHT + timedelta(days=1)
CASES_PER_MUTATION = 10
# Of the cases of a mutation, these spoil a first night, the others a later one.
FIRST_NIGHTS = range(3)
# 0 to 1. Cases that a dry run checks too, which takes three times as long as the load.
CHECKED_SHARE = 0.15
ROWS = 12
LENIENT = replace(LOAD_SETTINGS, max_reject_share=1.0)
TABLES = [table.full_name for table in declared_tables().values() if table.schema in ("raw", "truth")]


@dataclass(frozen=True)
class Bank:
    """A folder with its history, a warehouse, and what the warehouse holds before a case."""

    folder: Path
    con: duckdb.DuckDBPyConnection
    before: dict[str, list[tuple]]


@pytest.fixture(scope="module")
def first() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse."""
    with connect() as con:
        con.execute("set threads = 1")
        yield con


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """A warehouse that knows a bank's customers and products."""
    folder = small_bank(tmp_path_factory.mktemp("history") / "bank", {"customers", "products"})
    with connect() as con:
        con.execute("set threads = 1")
        load_night(con, folder, NIGHT)
        yield Bank(folder, con, snapshot(con))


def small_bank(folder: Path, names: set[str]) -> Path:
    """Write some files of the small bank, each of few rows that break no rule, and its document."""
    write_bank(folder, **{name: good_rows(name, ROWS) for name in HEADERS})
    for name in HEADERS.keys() - names:
        (folder / f"{name}.csv").unlink()
    return folder


def rows_of_csv(path: Path) -> int | None:
    """Count the rows of a CSV file with another reader; None where it can't tell."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if text.count('"') or "\x00" in text or "\r" in text.replace("\r\n", ""):
        return None
    return len([row for row in csv.reader(io.StringIO(text, newline="")) if row]) - 1


def assert_right_or_refused(bank: Bank, night: date, settings: LoadSettings) -> InputError | None:
    """Load the spoiled night; return the error it was refused with."""
    con = bank.con
    try:
        report = load_night(con, bank.folder, night, settings)
    except InputError as error:
        assert snapshot(con) == bank.before
        assert len(str(error)) > 40
        assert all(sign.isprintable() or sign == "\n" for sign in str(error))
        return error
    assert_identity(con)
    assert {rule for (rule,) in fetch(con, "select distinct rule from raw.rejects")} <= set(RULES)
    assert report.rows_read == report.rows_loaded + report.rows_rejected
    tables = [*HEADERS, "documents"]
    stored = " union all ".join(f"select source_file, loaded_as_of_date from raw.{name}" for name in tables)
    counted = fetch(con, f"select source_file, count(*) from ({stored}) where loaded_as_of_date = '{night}' group by 1")
    assert dict(counted) == {count.file: count.rows_loaded for count in report.files if count.rows_loaded}
    for count in report.files:
        if count.file.endswith(".csv") and (bank.folder / count.file).is_file():
            assert rows_of_csv(bank.folder / count.file) in (None, count.rows_read)
    return None


@pytest.mark.parametrize("number", range(CASES_PER_MUTATION))
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_spoiled_folder_ends_in_rejects_or_one_clear_error(
    first: duckdb.DuckDBPyConnection, later: Bank, tmp_path: Path, mutation: str, number: int
) -> None:
    dice = Random(f"{mutation} {number}")
    name = dice.choice(sorted(HEADERS))
    settings = LENIENT if dice.random() < 0.7 else LOAD_SETTINGS
    night = NIGHT if number in FIRST_NIGHTS else NEXT
    if night == NIGHT:
        first.execute("; ".join(f"delete from {table}" for table in TABLES))
        night_folder = small_bank(tmp_path / "a" / "b" / "bank", {"customers", "products", name})
        bank = Bank(night_folder, first, {table: [] for table in TABLES})
    else:
        bank = later
        raw = [table for table in TABLES if table.startswith("raw.")]
        bank.con.execute("; ".join(f"delete from {table} where loaded_as_of_date = '{NEXT}'" for table in raw))
        bank.con.execute("; ".join(f"delete from {table}" for table in TABLES if table not in raw))
        shutil.rmtree(bank.folder / "nights", ignore_errors=True)
        night_folder = small_bank(bank.folder / "nights" / NEXT.isoformat(), {"holdings", name})
    MUTATIONS[mutation](night_folder, name, dice)

    error = assert_right_or_refused(bank, night, settings)

    if dice.random() < CHECKED_SHARE:
        verdict = check_folder(bank.folder, settings)
        # A folder without any date loads on a night that is named, and has no first night of its own.
        is_loaded = error is None and verdict.problems != [NO_DATE]
        assert verdict.is_loadable == is_loaded
        text = verdict.text()
        assert all(sign.isprintable() or sign == "\n" for sign in text)
        assert text.splitlines()[-1].startswith("Verdict: LOADABLE" if is_loaded else "Verdict: NOT LOADABLE")


def test_texts_that_look_like_orders_are_data_in_every_text_field(
    first: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first.execute("; ".join(f"delete from {table}" for table in TABLES))
    rows = [
        [f"e{number}", "c1", "2025-07-01", text, text, text]
        for number, text in enumerate([*INJECTIONS, '"quoted"', "'"])
    ]
    folder = write_bank(tmp_path, customers=good_rows("customers", 2), events=rows)
    assert load_night(first, folder, NIGHT, LENIENT).rows_loaded > len(rows)
    stored = fetch(first, "select event_type, topic, channel from raw.events order by source_row_number")
    assert stored == [(text, text, text) for _, _, _, text, _, _ in rows]
    assert len(fetch(first, "select * from raw.customers")) == 2


def test_there_are_at_least_300_spoiled_folders() -> None:
    assert len(MUTATIONS) * CASES_PER_MUTATION >= 300
