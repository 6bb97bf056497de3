"""What counts as caught of planted corrections when nights were left out."""

from collections.abc import Iterator

import duckdb
import pytest

from dagster_pipeline.loading.planted import planted_and_caught
from tests.unit.loading_bank import connect

BROUGHT = "nights/2026-01-03/transactions/zz-dirt.csv"
# Key, instant and earlier load of the rows that the folder of 3 January corrects; the history was loaded on
# 31 December, the nights of 1 and 2 January never ran. 03:30 UTC is still the evening of 31 December in New York.
LEFT_OUT = ("t1", "2026-01-01 17:00:00+00", None)
EVENING_BEFORE = ("t2", "2026-01-01 03:30:00+00", None)
LOST = ("t3", "2025-12-30 17:00:00+00", None)
KNOWN = ("t4", "2025-12-30 17:00:00+00", "2025-12-31")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as opened:
        opened.execute("insert into raw.loads values ('transactions.csv', '2025-12-31', 9, 9, 0)")
        opened.execute("insert into raw.loads values (?, '2026-01-03', 1, 1, 0)", [BROUGHT])
        yield opened


def correct(con: duckdb.DuckDBPyConnection, key: str, posted_at: str, known_on: str | None) -> None:
    """Bring one planted correction on 3 January, of a row known from ``known_on`` or of one that never came."""
    con.execute("insert into truth.planted_defects values ('correction', ?, 1)", [BROUGHT])
    versions = [("2026-01-03", BROUGHT)] + ([(known_on, "transactions.csv")] if known_on else [])
    for loaded_on, file in versions:
        con.execute(
            "insert into raw.transactions "
            "(transaction_id, posted_at, source_file, source_row_number, loaded_as_of_date) values (?, ?, ?, 1, ?)",
            [key, posted_at, file, loaded_on],
        )


@pytest.mark.parametrize(("row", "caught"), [(LEFT_OUT, 1), (EVENING_BEFORE, 0), (LOST, 0), (KNOWN, 1)])
def test_a_correction_counts_where_its_row_is_known_or_its_night_was_left_out(con, row, caught) -> None:
    correct(con, *row)
    assert planted_and_caught(con) == [("correction", 1, caught)]


def test_once_the_night_left_out_has_run_its_row_must_be_there(con) -> None:
    correct(con, *LEFT_OUT)
    con.execute("insert into raw.loads values ('nights/2026-01-01/transactions.csv', '2026-01-01', 1, 1, 0)")
    assert planted_and_caught(con) == [("correction", 1, 0)]
    con.execute(
        "insert into raw.transactions (transaction_id, posted_at, source_file, source_row_number, loaded_as_of_date) "
        "values ('t1', '2026-01-01 17:00:00+00', 'nights/2026-01-01/transactions.csv', 1, '2026-01-01')"
    )
    assert planted_and_caught(con) == [("correction", 1, 1)]
