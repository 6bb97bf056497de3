"""Nights: what the first and later ones read, corrections, repetition, refusals, and that an error changes nothing."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from dagster_pipeline.loading.errors import InputError
from dagster_pipeline.loading.load import default_as_of_date, load_night, load_sent_messages
from dagster_pipeline.loading.settings import LOAD_SETTINGS
from tests.unit.loading_bank import (
    HEADERS,
    NIGHT,
    assert_identity,
    connect,
    fetch,
    good_rows,
    rejects,
    snapshot,
    write_bank,
    write_csv,
    write_document,
)

NEXT = NIGHT + timedelta(days=1)


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as opened:
        yield opened


@pytest.fixture
def con(warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """An empty warehouse: one for all tests, emptied before each, for creating its tables takes the longest."""
    for name in [*snapshot(warehouse), "rag.briefs", "rag.messages"]:
        warehouse.execute(f"delete from {name}")
    return warehouse


def test_a_night_loaded_again_is_the_same(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    rows = good_rows("events")
    write_csv(folder / "events.csv", HEADERS["events"], [*rows, rows[0]])
    first_report = load_night(con, folder, NIGHT)
    first = snapshot(con)
    assert first_report.is_first_night
    assert len(first["raw.transactions"]) == 40
    assert first_report.rejects_by_rule == {"duplicate_row": 1}
    assert load_night(con, folder, NIGHT) == first_report
    assert snapshot(con) == first
    assert_identity(con)


def test_a_later_night_reads_its_own_folder_and_keeps_corrections(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = write_bank(tmp_path)
    load_night(con, folder, NIGHT)
    rows = good_rows("transactions", 41)
    correction = [*rows[2][:3], "-7.00", *rows[2][4:]]
    write_csv(folder / "nights" / str(NEXT) / "transactions.csv", HEADERS["transactions"], [correction, *rows[3:]])
    customer = good_rows("customers")[5]
    customer[4] = "US-NJ"
    write_csv(folder / "nights" / str(NEXT) / "customers.csv", HEADERS["customers"], [customer])
    write_document(folder / "nights" / str(NEXT) / "documents" / "new.md", "new_sheet")
    write_document(folder / "nights" / str(NEXT) / "documents" / "same.md", "savings_sheet")

    # t40 names c40, whom nobody knows; t3 to t39 are known: they do not count towards the share of rejected rows.
    report = load_night(con, folder, NEXT, replace(LOAD_SETTINGS, max_reject_share=0.05))

    assert report.rejects_by_rule == {"duplicate_row": 38, "unknown_customer": 1}
    assert fetch(
        con, "select amount, loaded_as_of_date from raw.transactions where transaction_id = 't2' order by 2"
    ) == [
        (Decimal("-2.25"), NIGHT),
        (Decimal("-7.00"), NEXT),
    ]
    assert fetch(con, "select state from raw.customers where customer_id = 'c5' order by loaded_as_of_date") == [
        ("US-NY",),
        ("US-NJ",),
    ]
    assert fetch(con, "select count(*) from raw.customers_protected where customer_id = 'c5'") == [(2,)]
    assert fetch(con, "select doc_id, source_file from raw.documents where loaded_as_of_date > '2025-12-31'") == [
        ("new_sheet", f"nights/{NEXT}/documents/new.md")
    ]
    assert_identity(con)

    once = snapshot(con)
    load_night(con, folder, NEXT)
    assert snapshot(con) == once
    load_night(con, folder, NIGHT)
    assert snapshot(con) == once


def test_a_correction_taken_back_is_a_correction_too(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    load_night(con, folder, NIGHT)
    original = good_rows("transactions")[2]
    for day, row in ((1, [*original[:3], "-7.00", *original[4:]]), (2, original), (3, original)):
        write_csv(
            folder / "nights" / str(NIGHT + timedelta(days=day)) / "transactions.csv", HEADERS["transactions"], [row]
        )
        load_night(con, folder, NIGHT + timedelta(days=day))
    amounts = fetch(con, "select amount from raw.transactions where transaction_id = 't2' order by loaded_as_of_date")
    assert amounts == [(Decimal("-2.25"),), (Decimal("-7.00"),), (Decimal("-2.25"),)]
    assert [row[2] for row in rejects(con)] == ["duplicate_row"]


def test_nights_without_a_folder_and_nights_left_out_are_said(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    write_csv(folder / "nights" / str(NEXT) / "events.csv", HEADERS["events"], [])
    load_night(con, folder, NIGHT)
    report = load_night(con, folder, NEXT + timedelta(days=1))
    assert report.rows_read == 0
    assert any("runs on what is known" in note for note in report.notes)
    assert any(f"make backfill FROM={NEXT} TO={NEXT}" in note for note in report.notes)


def test_nights_before_the_first_are_refused(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    load_night(con, folder, NIGHT)
    with pytest.raises(InputError, match="lies before the first load of this home \\(2025-12-31\\)"):
        load_night(con, folder, NIGHT - timedelta(days=1))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda night: (night / "transactions.csv").write_text("transaction_id\nt1\n"), "lacks the required column"),
        (lambda night: (night / "transactions.parquet").write_bytes(b"PAR1 no"), "can't be read"),
        (lambda night: (night / "transactions.csv").write_bytes(b""), "is empty"),
        (lambda night: (night / "events.csv").write_bytes(b"\xff\xfee\x00v\x00"), "UTF-16 or binary"),
        (lambda night: (night / "events.csv").write_bytes(b"event_id,event_id\n"), "twice"),
        (lambda night: (night / "events.csv").symlink_to("/etc/hostname"), "leads out of the input folder"),
        (lambda night: (night / "events.csv").symlink_to("nowhere.csv"), "broken link"),
        (lambda night: (night / "truth").mkdir() or (night / "truth" / "world.json").write_text("{}"), "no seed"),
        (
            lambda night: write_csv(
                night / "transactions.csv", HEADERS["transactions"], [["t", "c0", "x", "1", "", ""]]
            ),
            "1 of 1 rows \\(100.0%\\) are rejected; at most 5%",
        ),
        (
            lambda night: (night / "documents").mkdir() or (night / "documents" / "a.md").write_text("no front matter"),
            "documents: 1 of 1 can't be read",
        ),
    ],
)
def test_a_night_that_stops_changes_nothing(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, spoil: object, message: str
) -> None:
    folder = write_bank(tmp_path)
    load_night(con, folder, NIGHT)
    before = snapshot(con)
    night = folder / "nights" / str(NEXT)
    write_csv(night / "holdings.csv", HEADERS["holdings"], [["c1", "p5", "2025-12-30", ""]])
    spoil(night)  # type: ignore[operator]

    with pytest.raises(InputError, match=message) as caught:
        load_night(con, folder, NEXT)

    assert "Traceback" not in str(caught.value)
    assert snapshot(con) == before
    assert fetch(con, "select count(*) from duckdb_tables() where temporary") == [(0,)]


def test_an_error_while_writing_rolls_the_night_back(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_bank(tmp_path)
    load_night(con, folder, NIGHT)
    before = snapshot(con)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dagster_pipeline.loading.load.load_truth", fail)
    write_csv(folder / "transactions.csv", HEADERS["transactions"], good_rows("transactions", 20))
    with pytest.raises(KeyboardInterrupt):
        load_night(con, folder, NIGHT)
    assert snapshot(con) == before


def test_the_first_night_needs_customers_and_something_about_them(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="There is no folder"):
        load_night(con, tmp_path / "absent", NIGHT)
    with pytest.raises(InputError, match="Found no customers"):
        load_night(con, tmp_path, NIGHT)
    write_csv(tmp_path / "customers.csv", ["customer_id", "joined_on"], [["c0", "2020-01-01"]])
    with pytest.raises(InputError, match="neither transactions nor events nor attr_"):
        load_night(con, tmp_path, NIGHT)


def test_what_is_missing_is_replaced_and_said(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    write_csv(tmp_path / "customers.csv", ["customer_id", "joined_on", "attr_x"], [["c0", "2020-01-01", "1"]])
    report = load_night(con, tmp_path, NIGHT)

    assert fetch(con, "select count(*), min(source_file) from raw.products") == [(11, "default:products.csv")]
    assert all(row[0].startswith("default:") for row in fetch(con, "select source_file from raw.documents"))
    for start in ("No products", "No transactions", "No events", "No consents", "No holdings", "No contacts"):
        assert len([note for note in report.notes if note.startswith(start)]) == 1
    assert default_as_of_date(tmp_path) == date(2020, 1, 1)
    assert_identity(con)


FILES_SWITCHED_OFF = ("events", "products", "contacts", "consents", "documents", "transactions", "holdings")


@pytest.mark.parametrize("missing", FILES_SWITCHED_OFF)
def test_each_missing_file_alone_is_named_and_the_rest_is_loaded(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, missing: str
) -> None:
    folder = write_bank(tmp_path)
    if missing == "documents":
        shutil.rmtree(folder / "documents")
    else:
        (folder / f"{missing}.csv").unlink()
    if missing == "products":  # holdings and contacts of a catalogue that is not there would be refused
        for name in ("holdings", "contacts"):
            (folder / f"{name}.csv").unlink()
    notes = load_night(con, folder, NIGHT).notes

    assert [note for note in notes if note.startswith(f"No {missing}:")] != []
    named = {name for name in FILES_SWITCHED_OFF if any(note.startswith(f"No {name}:") for note in notes)}
    assert named == ({"products", "holdings", "contacts"} if missing == "products" else {missing})
    loaded = fetch(con, f"select count(*) from raw.{missing} where source_file not like 'default:%'")
    assert loaded == [(0,)]
    assert fetch(con, "select count(*) from raw.customers") == [(40,)]
    assert_identity(con)


def test_a_night_that_no_document_is_in_force_on_is_told(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    write_csv(tmp_path / "customers.csv", ["customer_id", "joined_on", "attr_x"], [["c0", "2008-03-20", "1"]])
    told = "No document is in force on 2008-03-21, the send date: no message can be written."
    assert told in load_night(con, tmp_path, date(2008, 3, 20)).notes
    write_document(tmp_path / "documents" / "sheet.md", "sheet", valid_from="2008-03-21")
    assert told not in load_night(con, tmp_path, date(2008, 3, 20)).notes


def test_what_a_folder_says_of_itself_is_repeated(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    (folder / "remarks.txt").write_bytes(b"Calls stand as sms.\n\n  \xff\x1b[31mred\n" + b"x" * 600 + b"\nlast\n" * 60)
    told = [note for note in load_night(con, folder, NIGHT).notes if note.startswith("The folder says: ")]

    assert told[:2] == ["The folder says: Calls stand as sms.", "The folder says: \ufffd\\x1b[31mred"]
    assert told[2] == "The folder says: " + "x" * 500
    assert len(told) == 50
    (folder / "remarks.txt").unlink()
    (folder / "remarks.txt").symlink_to("/etc/hostname")
    notes = load_night(con, folder, NIGHT).notes
    assert any(note.startswith("remarks.txt was left alone: remarks.txt is a link that leads out") for note in notes)


def test_misspelt_files_and_products_of_another_catalogue_are_said(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = write_bank(tmp_path)
    (folder / "holdings.csv").rename(folder / "holding.csv")
    assert any("left alone: holding.csv." in note for note in load_night(con, folder, NIGHT).notes)
    (folder / "holding.csv").rename(folder / "holdings.csv")
    (folder / "products.csv").unlink()
    with pytest.raises(InputError, match="Harbor Bank's default catalogue stands in: add yours"):
        load_night(con, folder, NIGHT)


def test_the_default_night_is_the_last_accepted_local_date(tmp_path: Path) -> None:
    rows = good_rows("events")
    rows[1][2] = "2025-08-02T03:30:00Z"  # 23:30 on 1 August in New York
    rows[2][1:3] = ["nobody", "2025-09-01T00:00:00Z"]
    rows[3][0], rows[3][2] = "e0", "2025-09-01T00:00:00Z"
    settings = replace(LOAD_SETTINGS, max_reject_share=0.5)
    assert default_as_of_date(write_bank(tmp_path, events=rows), settings) == date(2025, 8, 1)
    east = replace(settings, bank_timezone="Europe/Berlin")
    assert default_as_of_date(tmp_path, east) == date(2025, 8, 2)
    answers = good_rows("contacts")
    answers[0][10] = "2025-08-09T12:00:00Z"  # an answer is known only from its own day on
    assert default_as_of_date(write_bank(tmp_path / "answered", contacts=answers)) == date(2025, 8, 9)


def test_released_messages_come_back_once(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("insert into rag.briefs values ('b1', 'savings', 'v', 'email', 1, 'low', 'en', 'all')")
    for message_id, night, status in (("m1", 30, "released"), ("m2", 30, "withheld"), ("m3", 31, "released")):
        con.execute(
            "insert into rag.messages (message_id, customer_id, as_of_date, brief_id, channel, status, send_at) "
            "values (?, 'c1', ?, 'b1', 'email', ?, ?)",
            [message_id, date(2025, 12, night), status, datetime(2025, 12, night, 14, tzinfo=UTC)],
        )
    assert load_sent_messages(con, NIGHT) == 1
    assert load_sent_messages(con, NEXT) == 1
    assert load_sent_messages(con, NIGHT) == 1
    assert fetch(con, "select * from raw.sent_messages order by message_id") == [
        ("m1", "c1", "savings", "email", "low", datetime(2025, 12, 30, 14, tzinfo=UTC), "rag.messages", 1, NIGHT),
        ("m3", "c1", "savings", "email", "low", datetime(2025, 12, 31, 14, tzinfo=UTC), "rag.messages", 1, NEXT),
    ]
    con.execute("delete from raw.sent_messages")
    assert load_sent_messages(con, NEXT) == 2
    assert load_sent_messages(con, NIGHT) == 1
    assert fetch(con, "select message_id, loaded_as_of_date from raw.sent_messages order by 1") == [
        ("m1", NIGHT),
        ("m3", NEXT),
    ]
