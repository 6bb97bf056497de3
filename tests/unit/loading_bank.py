"""A very small bank in the input contract, for tests of loading: folders to spoil and connections to load into."""

import csv
from datetime import date
from pathlib import Path

import duckdb

from dagster_pipeline.tables import create_declared_tables

NIGHT = date(2025, 12, 31)

HEADERS = {
    "customers": [
        "customer_id",
        "joined_on",
        "first_name",
        "birth_date",
        "state",
        "timezone",
        "language",
        "attr_score",
    ],
    "transactions": ["transaction_id", "customer_id", "posted_at", "amount", "category", "counterparty_type"],
    "events": ["event_id", "customer_id", "occurred_at", "event_type", "topic", "channel"],
    "consents": ["customer_id", "channel", "purpose", "status", "changed_at", "source", "evidence_text"],
    "holdings": ["customer_id", "product_id", "opened_on", "closed_on"],
    "products": ["product_id", "name", "family", "margin", "valid_from", "valid_to", "channels", "states", "min_age"],
    "contacts": [
        "contact_id",
        "customer_id",
        "sent_at",
        "product_id",
        "channel",
        "send_slot",
        "intensity",
        "arm",
        "action_probability",
        "response",
        "responded_at",
    ],
}


def good_rows(name: str, count: int = 40) -> list[list[str]]:
    """Return ``count`` rows of one file that break no rule; customers are c0, c1, ..."""
    make = {
        "customers": lambda i: [
            f"c{i}", "2020-03-01", "Ana", "1980-05-17", "US-NY", "America/New_York", "en", f"{i}.5"
        ],
        "transactions": lambda i: [f"t{i}", f"c{i}", "2025-07-01T10:00:00Z", f"-{i}.25", "groceries", "merchant"],
        "events": lambda i: [f"e{i}", f"c{i}", "2025-07-01 10:00:00", "login", "service", "app"],
        "consents": lambda i: [f"c{i}", "email", "marketing", "granted", "2025-01-01T00:00:00Z", "app", "Yes, please."],
        "holdings": lambda i: [f"c{i}", "savings", "2025-02-01", ""],
        "products": lambda i: [
            f"p{i}", f"P {i}", "deposit", "10.00", "2025-01-01", "9999-12-31", "email|sms", "US-NY", "18"
        ],
        "contacts": lambda i: [
            f"k{i}", f"c{i}", "2025-07-01T14:00:00Z", "savings", "email", "1", "low", "treatment", "0.05", "clicked",
            "2025-07-02T14:00:00Z",
        ],
    }  # fmt: skip
    rows = [make[name](number) for number in range(count)]
    if name == "products":
        rows[0][0] = "savings"
    return rows


def write_csv(path: Path, header: list[str], rows: list[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def write_bank(folder: Path, **changed: list[list[str]]) -> Path:
    """Write all files of the small bank, some with other rows, and one document; return the folder."""
    for name, header in HEADERS.items():
        write_csv(folder / f"{name}.csv", header, changed.get(name, good_rows(name)))
    write_document(folder / "documents" / "savings.md", "savings_sheet")
    return folder


def write_document(path: Path, doc_id: str, valid_from: str = "2025-01-01") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"---\ndoc_id: {doc_id}\ntitle: Savings\nkind: product_sheet\nproduct_ids: [savings]\njurisdictions: []\n"
        f"valid_from: {valid_from}\nvalid_to:\nversion: 1\n---\nOpen a savings account with $25.\n"
    )


def connect() -> duckdb.DuckDBPyConnection:
    """Open an empty warehouse in memory, as the pipeline opens its file."""
    con = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    con.execute("set TimeZone = 'UTC'")
    create_declared_tables(con)
    return con


def fetch(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return con.execute(query).fetchall()


def rejects(con: duckdb.DuckDBPyConnection) -> list[tuple]:
    """Return (file, row_number, rule, column_name, value) of all rejects, in order."""
    return fetch(
        con, "select file, row_number, rule, column_name, value from raw.rejects order by file, row_number, rule"
    )


def snapshot(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple]]:
    """Return the rows of every raw table, ordered, to compare the state before and after."""
    tables = fetch(con, "select schema_name, table_name from duckdb_tables() where schema_name in ('raw', 'truth')")
    state = {
        f"{schema}.{name}": fetch(con, f"select cast(stored as varchar) from {schema}.{name} as stored order by 1")
        for schema, name in tables
    }
    return state


def assert_identity(con: duckdb.DuckDBPyConnection) -> None:
    """Every file: rows read = loaded + rejected, and rejected = distinct rows in raw.rejects."""
    broken = fetch(
        con,
        """
        select loads.* from raw.loads as loads
        left join (select file, loaded_as_of_date, count(distinct row_number) as n from raw.rejects group by all) as r
            using (file, loaded_as_of_date)
        where rows_read <> rows_loaded + rows_rejected or rows_rejected <> coalesce(n, 0)
        """,
    )
    assert broken == []
