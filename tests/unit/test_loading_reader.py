"""Files as they come: encodings, dialects, parts, Parquet types and names."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dagster_pipeline.loading.errors import InputError
from dagster_pipeline.loading.load import load_night
from dagster_pipeline.loading.settings import LOAD_SETTINGS
from tests.unit.loading_bank import (
    HEADERS,
    NIGHT,
    assert_identity,
    connect,
    fetch,
    good_rows,
    rejects,
    write_bank,
    write_csv,
)

LENIENT = replace(LOAD_SETTINGS, max_reject_share=1.0)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as opened:
        yield opened


def as_text(name: str, rows: list[list[str]], delimiter: str = ",", newline: str = "\n") -> str:
    return newline.join(delimiter.join(row) for row in [HEADERS[name], *rows]) + newline


@pytest.mark.parametrize(
    "encode",
    [
        lambda rows: ("\ufeff" + as_text("events", rows)).encode(),
        lambda rows: as_text("events", rows, newline="\r\n").encode(),
        lambda rows: as_text("events", rows, delimiter=";").encode(),
        lambda rows: as_text("events", rows, delimiter="\t").encode(),
        lambda rows: as_text("events", rows).rstrip("\n").encode(),
        lambda rows: as_text("events", rows).replace("event_id", " Event_ID ", 1).encode(),
        lambda rows: as_text("events", rows).replace("\n", "\n\n").encode(),
        lambda rows: as_text("events", [[f'"{cell}"' for cell in row] for row in rows]).encode(),
    ],
)
def test_csv_dialects_are_read_alike(con: duckdb.DuckDBPyConnection, tmp_path: Path, encode: object) -> None:
    folder = write_bank(tmp_path)
    (folder / "events.csv").write_bytes(encode(good_rows("events")))  # type: ignore[operator]
    load_night(con, folder, NIGHT)
    assert fetch(con, "select count(*), count(distinct source_row_number), max(channel) from raw.events") == [
        (40, 40, "app")
    ]
    assert fetch(con, "select source_row_number from raw.events where event_id = 'e11'") == [(12,)]


def test_broken_lines_are_rejected_with_their_own_number(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    lines = as_text("events", good_rows("events", 100)).encode().splitlines(keepends=True)
    lines = [line.replace(line.split(b",")[1], b"c1", 1) if number else line for number, line in enumerate(lines)]
    lines[10] = lines[10].replace(b"login", b"log\xffin")
    lines[20] = b"too,few\n"
    lines[30] = lines[30].replace(b"app", b"app,more")
    lines[40] = lines[40].replace(b"login", b'"log\nin"')
    (folder / "events.csv").write_bytes(b"".join(lines))
    load_night(con, folder, NIGHT)

    assert rejects(con) == [
        ("events.csv", 10, "bad_encoding", "event_type", "log\ufffdin"),
        ("events.csv", 20, "malformed_row", None, "too,few"),
        (
            "events.csv",
            30,
            "malformed_row",
            None,
            ",".join([*good_rows("events")[29][:1], "c1", *good_rows("events")[29][2:], "more"]),
        ),
    ]
    said = dict(fetch(con, "select row_number, message from raw.rejects where rule = 'malformed_row'"))
    assert said[20] == "found 2 fields, expected 6 as in the header; the line ends early"
    assert said[30].endswith("quote values that hold the delimiter")
    assert fetch(con, "select event_id, event_type from raw.events where source_row_number in (40, 41) order by 1") == [
        ("e39", "log\nin"),
        ("e40", "login"),
    ]
    assert fetch(con, "select rows_read, rows_loaded from raw.loads where file = 'events.csv'") == [(100, 97)]


def test_a_line_with_an_empty_field_too_many_is_no_row(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """An unquoted delimiter before an empty last value moves the values by one place."""
    folder = write_bank(tmp_path)
    lines = as_text("events", good_rows("events", 100)).splitlines()
    lines = [
        ",".join([*line.split(",")[:1], "c1", *line.split(",")[2:]]) if n else line for n, line in enumerate(lines)
    ]
    lines[7] = lines[7].replace("service,app", "cards, loans,")
    lines[8] = lines[8].replace("service,app", '"cards, loans",')
    lines[9] = lines[9].replace("service,app", '"cards, ""new"", loans",')
    (folder / "events.csv").write_text("\r\n".join(lines) + "\r\n")
    load_night(con, folder, NIGHT)

    assert rejects(con) == [("events.csv", 7, "malformed_row", None, lines[7])]
    assert fetch(con, "select topic, channel from raw.events where source_row_number between 8 and 10 order by 1") == [
        ('cards, "new", loans', None),
        ("cards, loans", None),
        ("service", "app"),
    ]


def test_a_quote_that_is_never_closed_stops_the_file(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    lines = as_text("events", good_rows("events")).splitlines(keepends=True)
    (folder / "events.csv").write_text("".join([*lines[:30], lines[30].replace("app", '"app'), *lines[31:]]))
    with pytest.raises(InputError, match=r"events.csv: a quote opened in row 30 is never closed, .* last 11 lines"):
        load_night(con, folder, NIGHT)


def test_a_delimiter_inside_a_quoted_name_does_not_count(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    text = as_text("events", [[*row, "x"] for row in good_rows("events")], delimiter=";")
    (folder / "events.csv").write_text(text.replace("channel", 'channel;"a,b,c,d,e,f,g,h"', 1))
    load_night(con, folder, NIGHT)
    assert fetch(con, "select count(*), max(channel) from raw.events") == [(40, "app")]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["12,50", "-3,1", "7"], ["12.50", "-3.10", "7.00"]),
        (["0,125", "-10,00", ""], ["0.13", "-10.00", None]),
        (["1234,56", "oops", "1"], ["1234.56", None, "1.00"]),
        (["12,50", "12.50", "7"], [None, "12.50", "7.00"]),
        (["1,250", "12,50", "7"], [None, None, "7.00"]),
        (["1,250,000", "12,50", "7"], [None, None, "7.00"]),
        (["1.250,00", "12,50", "7"], [None, None, "7.00"]),
        (["1,234.50", "12,50", "7"], [None, None, "7.00"]),
        (["12,50", "1e3", "7"], ["12.50", None, "7.00"]),
        (["12,", ",5", "7"], [None, None, "7.00"]),
    ],
)
def test_a_decimal_comma_is_read_only_where_it_can_be_nothing_else(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, written: list[str], expected: list[str | None]
) -> None:
    rows = good_rows("transactions", 3)
    for row, amount in zip(rows, written, strict=True):
        row[3] = amount
    folder = write_bank(tmp_path, transactions=rows)
    report = load_night(con, folder, NIGHT, LENIENT)

    amounts = dict(fetch(con, "select source_row_number, cast(amount as varchar) from raw.transactions"))
    assert [amounts.get(number) for number in (1, 2, 3)] == expected
    told = [note for note in report.notes if note.startswith("transactions.csv: ")]
    has_decimal_commas = expected[0] is not None and "," in written[0]
    if has_decimal_commas:
        assert told == ["transactions.csv: read with a decimal comma (12,50 is 12.50): amount."]
    else:
        assert all("were not read as decimal commas" in note for note in told)


def test_decimal_commas_of_free_columns_and_probabilities(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    customers = [[*row[:-1], row[-1].replace(".", ",")] for row in good_rows("customers")]
    contacts = [[cell.replace("0.05", "0,05") for cell in row] for row in good_rows("contacts")]
    report = load_night(con, write_bank(tmp_path, customers=customers, contacts=contacts), NIGHT)
    assert fetch(con, "select attributes from raw.customers where customer_id = 'c7'") == [('{"score":7.5}',)]
    assert fetch(con, "select distinct action_probability from raw.contacts") == [(0.05,)]
    assert len([note for note in report.notes if "decimal comma" in note]) == 2


def test_other_encodings_are_named_and_never_guessed(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows = good_rows("customers")
    rows[20][2] = "José"
    folder = write_bank(tmp_path)
    text = as_text("customers", rows)
    (folder / "customers.csv").write_bytes(text.encode("latin-1"))
    report = load_night(con, folder, NIGHT)
    assert ("customers.csv", 21, "bad_encoding", "first_name", "(protected, not shown)") in rejects(con)
    assert [note for note in report.notes if "UTF-8" in note] == [
        "customers.csv: 1 rows are not UTF-8 and were left out, the first at line 22 (row 21), byte 19 = 0xe9, which "
        "is é in Latin-1. No other encoding is guessed: export the file as UTF-8."
    ]
    for row in rows:
        row[2] = "José"
    (folder / "customers.csv").write_bytes(as_text("customers", rows).encode("latin-1"))
    with pytest.raises(InputError, match="found bytes that are not UTF-8; export the file as UTF-8"):
        load_night(con, folder, NIGHT)
    (folder / "customers.csv").write_bytes(text.replace("attr_score", "attr_größe").encode("latin-1"))
    with pytest.raises(InputError, match=r"customers.csv: line 1, the header, is not UTF-8 \(byte 76 = 0xf6\)"):
        load_night(con, folder, NIGHT)


def test_a_broken_line_of_customers_is_not_shown(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    with (folder / "customers.csv").open("a") as file:
        file.write("c99,2020-01-01,Ana,1971-07-07\n")
    load_night(con, folder, NIGHT)
    assert rejects(con) == [("customers.csv", 41, "malformed_row", None, "(protected, not shown)")]


def test_parquet_types_need_no_text(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    (folder / "transactions.csv").unlink()
    naive = datetime(2025, 7, 1, 10)
    columns = {
        "transaction_id": pa.array([1, 2, 3, 4]),
        "customer_id": pa.array(["c1"] * 4),
        "posted_at": pa.array([naive] * 4, pa.timestamp("ns")),
        "amount": pa.array([1.006, -2.5, float("nan"), float("inf")]),
        "category": pa.array(["a", None, "c", "d"]).dictionary_encode(),
        "counterparty_type": pa.array([None] * 4, pa.null()),
    }
    (folder / "transactions").mkdir()
    pq.write_table(pa.table(columns), folder / "transactions" / "1.parquet")
    columns["transaction_id"] = pa.array(["5", "6", "7", "8"])
    columns["posted_at"] = pa.array([naive.replace(tzinfo=UTC)] * 4, pa.timestamp("us", tz="Europe/Berlin"))
    columns["amount"] = pa.array([Decimal("1.2345"), Decimal("7"), None, Decimal("9")])
    pq.write_table(pa.table(columns), folder / "transactions" / "2.parquet")
    write_csv(folder / "transactions" / "3.csv", HEADERS["transactions"], [["9", "c1", "2025-07-01", "1", "", ""]])
    (folder / "transactions" / "_SUCCESS").write_text("")
    load_night(con, folder, NIGHT, LENIENT)

    assert fetch(
        con, "select transaction_id, posted_at, amount, source_row_number from raw.transactions order by 1"
    ) == [
        ("1", datetime(2025, 7, 1, 14, tzinfo=UTC), Decimal("1.01"), 1),
        ("2", datetime(2025, 7, 1, 14, tzinfo=UTC), Decimal("-2.50"), 2),
        ("5", datetime(2025, 7, 1, 10, tzinfo=UTC), Decimal("1.23"), 1),
        ("6", datetime(2025, 7, 1, 10, tzinfo=UTC), Decimal("7.00"), 2),
        ("8", datetime(2025, 7, 1, 10, tzinfo=UTC), Decimal("9.00"), 4),
        ("9", datetime(2025, 7, 1, 4, tzinfo=UTC), Decimal("1.00"), 1),
    ]
    assert rejects(con) == [
        ("transactions/1.parquet", 3, "missing_value", "amount", "nan"),
        ("transactions/1.parquet", 4, "malformed_value", "amount", "inf"),
        ("transactions/2.parquet", 3, "missing_value", "amount", None),
    ]
    assert_identity(con)


def test_parquet_lists_dates_and_booleans(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    (folder / "products.csv").unlink()
    table = pa.table(
        {
            "product_id": ["savings", "cd"],
            "name": ["S", "C"],
            "family": ["deposit", "deposit"],
            "margin": [10, 20],
            "valid_from": pa.array([datetime(2025, 1, 1), datetime(2025, 1, 1, 12)]),
            "channels": [["email", "sms"], None],
            "tiered": [True, False],
            "min_age": [18.0, None],
        }
    )
    pq.write_table(table, folder / "products.parquet")
    load_night(con, folder, NIGHT, LENIENT)
    assert fetch(con, "select product_id, valid_from, channels, tiered, min_age from raw.products") == [
        ("savings", date(2025, 1, 1), "email|sms", "true", 18)
    ]
    assert rejects(con) == [("products.parquet", 2, "malformed_value", "valid_from", "2025-01-01 12:00:00")]


def test_a_date_in_digits_is_no_date(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"customer_id": ["c1"], "joined_on": [20200101], "attr_x": [1]}), tmp_path / "customers.parquet"
    )
    with pytest.raises(InputError, match=r"customers.parquet row 1, joined_on = '20200101': expected a date such as"):
        load_night(con, tmp_path, NIGHT)


def test_odd_names_and_values_are_only_data(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = write_bank(tmp_path / "o'brien [1] *")
    evil = "Robert'); drop table raw.customers; --"
    header = [*HEADERS["customers"], 'attr_"); select 1; --', "", "=cmd|' /C calc'!A0"]
    rows = [[*row, "=1+1", "x", "y"] for row in good_rows("customers")]
    rows[0][2] = evil
    (folder / "customers.csv").unlink()
    write_csv(folder / "customers" / "part 'a'; [b].csv", header, rows)
    report = load_night(con, folder, NIGHT)
    assert fetch(con, "select first_name, source_file from raw.customers where customer_id = 'c0'") == [
        (evil, "customers/part 'a'; [b].csv")
    ]
    assert any("=cmd|' /c calc'!a0, unnamed_10" in note for note in report.notes)


def test_thousands_of_columns(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    wide = [f"attr_{number}" for number in range(1_200)]
    rows = [[f"c{number}", "2020-01-01", *["1", "true", "x", ""] * 300] for number in range(3)]
    write_csv(tmp_path / "customers.csv", ["customer_id", "joined_on", *wide], rows)
    load_night(con, tmp_path, NIGHT)
    assert fetch(con, "select min(len(json_keys(attributes))) from raw.customers") == [(1_200,)]


def test_a_file_that_is_there_twice_is_refused(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    (folder / "events").mkdir()
    with pytest.raises(InputError, match=r"Found events and events.csv; expected one of them"):
        load_night(con, folder, NIGHT)
    (folder / "events.csv").rename(folder / "events" / "part.xlsx")
    with pytest.raises(InputError, match=r"events/part.xlsx is no part of events"):
        load_night(con, folder, NIGHT)
