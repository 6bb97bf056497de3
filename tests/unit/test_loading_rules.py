"""Every rule of the door, with the reject it writes: file, row, rule, column and value."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

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


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as opened:
        yield opened


def spoil(tmp_path: Path, name: str, column: str, value: str) -> Path:
    """Write the small bank with one cell of row 7 of one file changed."""
    rows = good_rows(name)
    rows[6][HEADERS[name].index(column)] = value
    return write_bank(tmp_path, **{name: rows})


CASES = [
    ("customers", "customer_id", "", "missing_value"),
    ("customers", "joined_on", "01.03.2020", "malformed_value"),
    ("customers", "joined_on", "2020-02-30", "impossible_date"),
    ("customers", "joined_on", "1899-12-31", "impossible_date"),
    ("customers", "joined_on", "2036-01-01", "impossible_date"),
    ("customers", "state", "New York", "malformed_value"),
    ("customers", "timezone", "America/Gotham", "unknown_code"),
    ("customers", "language", "english", "malformed_value"),
    ("transactions", "transaction_id", "  ", "missing_value"),
    ("transactions", "customer_id", "nobody", "unknown_customer"),
    ("transactions", "posted_at", "yesterday", "malformed_value"),
    ("transactions", "posted_at", "2025-07-01 25:00:00", "impossible_date"),
    ("transactions", "posted_at", "2099-07-01T00:00:00Z", "impossible_date"),
    ("transactions", "posted_at", "0001-01-01T00:00:00Z", "impossible_date"),
    ("transactions", "amount", "12,50", "malformed_value"),
    ("transactions", "amount", "1_000", "malformed_value"),
    ("transactions", "amount", "NaN", "malformed_value"),
    ("transactions", "amount", "1e300", "malformed_value"),
    ("transactions", "amount", "", "missing_value"),
    ("events", "event_type", "", "missing_value"),
    ("consents", "channel", "fax", "unknown_code"),
    ("consents", "status", "maybe", "unknown_code"),
    ("products", "family", "crypto", "unknown_code"),
    ("products", "channels", "email|fax", "unknown_code"),
    ("products", "states", "US-NY|Utah", "malformed_value"),
    ("products", "min_age", "18.5", "malformed_value"),
    ("products", "min_age", "200", "malformed_value"),
    ("products", "valid_to", "2024-12-31", "impossible_date"),
    ("holdings", "product_id", "gold_bar", "unknown_product"),
    ("holdings", "closed_on", "2025-01-31", "impossible_date"),
    ("contacts", "channel", "email ", "unknown_code"),
    ("contacts", "send_slot", "4", "unknown_code"),
    ("contacts", "intensity", "", "missing_value"),
    ("contacts", "arm", "placebo", "unknown_code"),
    ("contacts", "action_probability", "1.5", "malformed_value"),
    ("contacts", "action_probability", "0", "malformed_value"),
    ("contacts", "responded_at", "", "missing_value"),
    ("contacts", "responded_at", "2025-06-30T14:00:00Z", "impossible_date"),
    ("contacts", "product_id", "gold_bar", "unknown_product"),
    ("events", "occurred_at", "2025-07-01T10:00:00+99:00", "malformed_value"),
]
GOOD_ROWS = 40


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Every case on a row of its own after the good ones, loaded at once."""
    con, changed = connect(), {}
    for name in HEADERS:
        cases = [case for case in CASES if case[0] == name]
        changed[name] = good_rows(name, GOOD_ROWS + len(cases))
        for row, (_, column, value, _) in zip(changed[name][GOOD_ROWS:], cases, strict=True):
            if name != "customers" and column != "customer_id":
                row[HEADERS[name].index("customer_id") if name != "products" else 1] = "c0"
            row[HEADERS[name].index(column)] = value
    folder = write_bank(tmp_path_factory.mktemp("spoiled"), **changed)
    load_night(con, folder, NIGHT, replace(LOAD_SETTINGS, max_reject_share=1.0))
    return con


@pytest.mark.parametrize(("name", "column", "value", "rule"), CASES)
def test_one_spoiled_cell_is_one_reject(
    spoiled: duckdb.DuckDBPyConnection, name: str, column: str, value: str, rule: str
) -> None:
    position = [case for case in CASES if case[0] == name].index((name, column, value, rule))
    row_number = GOOD_ROWS + 1 + position
    found = [row for row in rejects(spoiled) if row[:2] == (f"{name}.csv", row_number)]
    assert [row[2:4] for row in found] == [(rule, column)]
    assert (found[0][4] or "").strip() == value.strip()


def test_spoiled_rows_are_left_out_and_counted(spoiled: duckdb.DuckDBPyConnection) -> None:
    for name in HEADERS:
        rejected = len([case for case in CASES if case[0] == name])
        query = f"select rows_read, rows_loaded, rows_rejected from raw.loads where file = '{name}.csv'"
        assert fetch(spoiled, query) == [(GOOD_ROWS + rejected, GOOD_ROWS, rejected)]
        assert fetch(spoiled, f"select count(*) from raw.{name}") == [(GOOD_ROWS,)]
    assert_identity(spoiled)


@pytest.mark.parametrize(
    ("changes", "rule", "column"),
    [
        ({"product_id": "savings"}, "unexpected_value", "product_id"),
        ({"channel": "email"}, "unexpected_value", "channel"),
        ({"send_slot": "1"}, "unexpected_value", "send_slot"),
        ({"intensity": "low"}, "unexpected_value", "intensity"),
        ({"response": "clicked", "responded_at": "2025-07-02T00:00:00Z"}, "unexpected_value", "response"),
        ({"responded_at": "2025-07-02T00:00:00Z"}, "unexpected_value", "responded_at"),
        ({"response": "converted"}, "missing_value", "responded_at"),
    ],
)
def test_control_rows_hold_no_action(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, changes: dict[str, str], rule: str, column: str
) -> None:
    control = dict.fromkeys(HEADERS["contacts"], "")
    control |= {
        "contact_id": "k6", "customer_id": "c6", "sent_at": "2025-07-01T14:00:00Z", "arm": "control",
        "action_probability": "0.25", "response": "none",
    }  # fmt: skip
    rows = good_rows("contacts")
    rows[5] = list((control | {"contact_id": "k5"}).values())
    rows[6] = list((control | changes).values())
    load_night(con, write_bank(tmp_path, contacts=rows), NIGHT)

    assert [row[:4] for row in rejects(con)] == [("contacts.csv", 7, rule, column)]
    assert fetch(con, "select arm, product_id, send_slot from raw.contacts where contact_id = 'k5'") == [
        ("control", None, None)
    ]


def test_birth_dates_never_reach_the_rejects(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    load_night(con, spoil(tmp_path, "customers", "birth_date", "2024-02-29"), NIGHT)

    found = [row for row in rejects(con) if row[0] == "customers.csv"]
    assert found == [("customers.csv", 7, "impossible_date", "birth_date", "(protected, not shown)")]
    assert fetch(con, "select count(*) from raw.rejects where contains(cast(rejects as varchar), '2024-02')") == [(0,)]


def test_a_row_with_several_faults_has_one_reject_per_rule(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows = good_rows("transactions")
    rows[6] = ["", "", "2099-01-01", "x", "groceries", "merchant"]
    load_night(con, write_bank(tmp_path, transactions=rows), NIGHT)

    assert [row[2:] for row in rejects(con)] == [
        ("impossible_date", "posted_at", "2099-01-01"),
        ("malformed_value", "amount", "x"),
        ("missing_value", "transaction_id", None),
    ]
    assert fetch(con, "select rows_loaded, rows_rejected from raw.loads where file = 'transactions.csv'") == [(39, 1)]


def test_duplicates_and_conflicts_keep_the_first_row(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows = good_rows("transactions", 200)
    for row in rows:
        row[1] = "c1"
    rows += [list(rows[3]), [*rows[4][:3], "-99.00", *rows[4][4:]], [*rows[4][:3], "-99.00", *rows[4][4:]]]
    spoiled_copy = [*rows[5][:3], "broken", *rows[5][4:]]
    load_night(con, write_bank(tmp_path, transactions=[spoiled_copy, *rows]), NIGHT)

    assert rejects(con) == [
        ("transactions.csv", 1, "malformed_value", "amount", "broken"),
        ("transactions.csv", 202, "duplicate_row", "transaction_id", "t3"),
        ("transactions.csv", 203, "conflicting_key", "transaction_id", "t4"),
        ("transactions.csv", 204, "duplicate_row", "transaction_id", "t4"),
    ]
    assert fetch(con, "select amount from raw.transactions where transaction_id = 't4'") == [(Decimal("-4.25"),)]
    assert fetch(con, "select count(*) from raw.transactions") == [(200,)]


def test_conflicts_go_by_file_then_row(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    (folder / "transactions.csv").unlink()
    rows = good_rows("transactions")
    write_csv(folder / "transactions" / "b.csv", HEADERS["transactions"], rows)
    other = [*rows[9][:3], "-1.00", *rows[9][4:]]
    write_csv(folder / "transactions" / "a.csv", HEADERS["transactions"], [other])
    load_night(con, folder, NIGHT)

    assert rejects(con) == [("transactions/b.csv", 10, "conflicting_key", "transaction_id", "t9")]
    assert fetch(con, "select amount, source_file from raw.transactions where transaction_id = 't9'") == [
        (Decimal("-1.00"), "transactions/a.csv")
    ]


INSTANTS = {
    "2025-07-01T10:00:00Z": datetime(2025, 7, 1, 10, tzinfo=UTC),
    "2025-07-01 10:00:00.5+02:00": datetime(2025, 7, 1, 8, 0, 0, 500_000, tzinfo=UTC),
    "2025-07-01T10:00+0530": datetime(2025, 7, 1, 4, 30, tzinfo=UTC),
    "2025-07-01 10:00:00": datetime(2025, 7, 1, 14, tzinfo=UTC),
    "2025-12-01 10:00": datetime(2025, 12, 1, 15, tzinfo=UTC),
    "2025-07-01": datetime(2025, 7, 1, 4, tzinfo=UTC),
}


def test_instants_without_zone_are_the_banks(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows = [[f"t{i}", "c0", text, "1", "", ""] for i, text in enumerate(INSTANTS)]
    load_night(con, write_bank(tmp_path, transactions=rows), NIGHT)
    loaded = fetch(con, "select posted_at from raw.transactions order by transaction_id")
    assert [row[0] for row in loaded] == list(INSTANTS.values())


def test_values_arrive_typed(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    load_night(con, write_bank(tmp_path), NIGHT)

    assert fetch(con, "select * from raw.customers where customer_id = 'c2'") == [
        (
            "c2",
            date(2020, 3, 1),
            "Ana",
            None,
            "US-NY",
            "America/New_York",
            "en",
            '{"score":2.5}',
            "customers.csv",
            3,
            NIGHT,
        )
    ]
    assert fetch(con, "select * from raw.customers_protected where customer_id = 'c2'") == [
        ("c2", date(1980, 5, 17), "{}", "customers.csv", 3, NIGHT)
    ]
    assert fetch(con, "select send_slot, action_probability from raw.contacts where contact_id = 'k0'") == [(1, 0.05)]
    assert fetch(con, "select valid_to, margin, min_age, tiered from raw.products where product_id = 'savings'") == [
        (date(9999, 12, 31), Decimal("10.00"), 18, None)
    ]
    assert fetch(con, "select doc_id, doc_version, product_ids, source_row_number from raw.documents") == [
        ("savings_sheet", "1", ["savings"], 1)
    ]
    assert rejects(con) == []


def test_attributes_are_numbers_booleans_or_text_as_a_whole(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    header = ["customer_id", "joined_on", "attr_n", "attr_b", "attr_t", "attr_empty", "protected_age"]
    folder = write_bank(tmp_path)
    rows = [["c0", "2020-01-01", "1e3", "TRUE", "7", "", "40"], ["c1", "2020-01-01", "", "false", "x", "", ""]]
    (folder / "customers.csv").unlink()
    write_csv(
        folder / "customers" / "1.csv", header, rows[:1] + [[f"c{i}", "2020-01-01", *[""] * 5] for i in range(2, 40)]
    )
    write_csv(folder / "customers" / "2.csv", header, rows[1:])
    load_night(con, folder, NIGHT)

    assert fetch(
        con, "select attributes from raw.customers where customer_id in ('c0', 'c1') order by customer_id"
    ) == [
        ('{"b":true,"empty":null,"n":1000.0,"t":"7"}',),
        ('{"b":false,"empty":null,"n":null,"t":"x"}',),
    ]
    assert fetch(con, "select attributes from raw.customers_protected where customer_id = 'c0'") == [('{"age":40.0}',)]
