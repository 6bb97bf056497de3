"""The Starbucks set through its adapter and the door: rows, duplicates, contacts, documents."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from dagster_pipeline.loading.load import load_night
from rag.documents import load_corpus
from tests.real_data.sources import real_data
from tests.real_data.starbucks import adapt
from tests.unit.loading_bank import assert_identity, connect, fetch

NIGHT = date(2018, 8, 30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("starbucks") / "bank"
    adapt(real_data("starbucks_offers"), out)
    return out


@pytest.fixture(scope="module")
def loaded(folder: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[str]]]:
    with connect() as opened:
        yield opened, load_night(opened, folder, NIGHT).notes


@pytest.fixture
def con(loaded: tuple[duckdb.DuckDBPyConnection, list[str]]) -> duckdb.DuckDBPyConnection:
    return loaded[0]


@pytest.fixture
def notes(loaded: tuple[duckdb.DuckDBPyConnection, list[str]]) -> list[str]:
    return loaded[1]


def test_the_exact_duplicates_are_rejected_and_rows_add_up(con: duckdb.DuckDBPyConnection) -> None:
    assert fetch(con, "select rule, file, count(*) from raw.rejects group by all") == [
        ("duplicate_row", "events/part-000.parquet", 397)
    ]
    rows = fetch(con, "select file, rows_read, rows_loaded from raw.loads where file not like 'documents/%' order by 1")
    assert rows == [
        ("consents.csv", 51_000, 51_000),
        ("contacts/part-000.parquet", 102_000, 102_000),
        ("customers.csv", 17_000, 17_000),
        ("events/part-000.parquet", 91_304, 90_907),
        ("products.csv", 10, 10),
        ("transactions/part-000.parquet", 138_953, 138_953),
    ]
    assert_identity(con)


def test_a_customers_story_reads_as_in_the_set(con: duckdb.DuckDBPyConnection) -> None:
    customer = "0011e0d4e6b944f998e987f904e8c1e5"
    contacts = fetch(
        con,
        f"select sent_at, channel, arm, action_probability, response, responded_at from raw.contacts "
        f"where customer_id = '{customer}' order by sent_at",
    )
    assert contacts[1] == (
        datetime(2018, 8, 8, tzinfo=UTC),
        "in_app",
        "treatment",
        0.075,
        "converted",
        datetime(2018, 8, 11, 12, tzinfo=UTC),
    )
    assert contacts[2][4:] == ("opened", datetime(2018, 8, 15, 18, tzinfo=UTC))
    assert len(contacts) == 6
    arms = fetch(con, "select arm, response, count(*) from raw.contacts group by all order by 1, 2")
    assert arms == [
        ("control", "none", 25_723),
        ("treatment", "converted", 23_677),
        ("treatment", "none", 13_648 + 5_734),
        ("treatment", "opened", 28_998 + 4_220),
    ]
    assert fetch(con, "select sum(amount) < 0, max(amount) from raw.transactions") == [(True, Decimal("-0.05"))]


def test_protected_and_missing_values_stay_where_they_belong(con: duckdb.DuckDBPyConnection) -> None:
    query = """
        select c.attributes, p.attributes from raw.customers as c
        join raw.customers_protected as p using (customer_id)
        where customer_id in ('68be06ca386d4c31939f3a4f0e3dd783', '0610b486422d4921ae7d2bf64640c50b') order by 1
    """
    assert fetch(con, query) == [
        ('{"income_usd":112000.0}', '{"age":55.0,"gender":"F"}'),
        ('{"income_usd":null}', '{"age":null,"gender":null}'),
    ]


def test_every_offer_has_a_fact_sheet_and_the_run_says_what_it_cannot_tell(folder: Path, notes: list[str]) -> None:
    documents = {document.doc_id: document for document in load_corpus(folder / "documents")}
    sheet = documents["offer_0b1e1539f2cc45b7b9fa7c272da2e1d7"]
    assert "Spend $20 within 10 days and you get a $5 reward." in sheet.text
    assert sheet.product_ids == ("0b1e1539f2cc45b7b9fa7c272da2e1d7",)
    titles = {document.title for name, document in documents.items() if name.startswith("offer_")}
    assert len(titles) == 10
    assert {"Five for Twenty in Ten Days", "Ten for Ten in Five Days", "Three-Day Product News"} <= titles
    assert "{first_name}" not in documents["brand_voice_general"].text
    assert all(document.is_valid_on(date(2018, 8, 31)) for document in documents.values())
    assert any("effect of a channel can't be told from that of the product" in note for note in notes)


def test_a_missing_file_of_the_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="lacks portfolio, profile, transcript, contacts_with_response"):
        adapt(tmp_path, tmp_path / "out")
