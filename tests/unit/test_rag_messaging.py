"""Between warehouse and rag: nights that repeat, that come out of order, and documents that are corrected."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import duckdb
import pandas as pd
import pytest

from dagster_pipeline import messaging
from dagster_pipeline.defs.messages import message_metadata
from dagster_pipeline.tables import declared_tables, replace_partition
from dagster_pipeline.writing_progress import keeper
from rag.approvals import Decision
from rag.briefs import brief_id_of, briefs_of, enumerate_briefs
from rag.retrieval import retrieve
from rag.store import Store
from rag.template_types import WritingSettings
from rag.templates import write_templates
from tests.adversarial.quay_bank import CATALOGUE, NIGHT, HostileWriter, document, true_documents
from tests.unit.test_rag_templates import new_rates, true_drafts

NEXT = NIGHT + timedelta(days=1)
TABLES = ("templates", "template_citations", "template_checks", "template_approvals", "brief_templates")


@pytest.fixture
def con():
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    for schema in ("rag", "raw", "intermediate"):
        connection.execute(f"create schema {schema}")
    for table in declared_tables().values():
        if table.schema == "rag" or table.full_name == "raw.documents":
            columns = ", ".join(f"{column.name} {column.data_type}" for column in table.columns)
            connection.execute(f"create table {table.full_name} ({columns})")
    connection.register("catalogue", CATALOGUE)
    connection.execute("create table intermediate.int_products__as_known as select * from catalogue")
    replace_partition(connection, "rag.briefs", enumerate_briefs(CATALOGUE), {})
    yield connection
    connection.close()


def load(con, documents, night):
    for item in documents:
        row = [
            item.doc_id,
            item.doc_version,
            item.title,
            item.kind,
            list(item.product_ids),
            list(item.jurisdictions),
            item.valid_from,
            item.valid_to,
            item.text,
            item.content_hash,
            item.file_name,
            1,
            night,
        ]
        con.execute(f"insert into raw.documents values ({', '.join('?' * 13)})", row)


class Killed(BaseException):
    """The process went away."""


class DyingWriter(HostileWriter):
    """Goes away instead of answering the call of a number."""

    def __init__(self, dies_at):
        super().__init__(true_drafts)
        self.dies_at = dies_at
        self.written = []

    def write(self, brief, retrieved):
        if self.calls + 1 == self.dies_at:
            raise Killed
        self.written.append(brief.brief_id)
        return super().write(brief, retrieved)


def write(con, as_of_date, decisions=(), writer=None):
    """One night of writing for the three briefs of one intent; returns the batch and the calls it made."""
    effective = [decision for decision in decisions if decision.after_night < as_of_date]
    night = messaging.night_of(con, as_of_date, "test", effective)
    night = type(night)(**{**vars(night), "settings": WritingSettings(bank_names=("Quay Bank",))})
    briefs = [item for item in briefs_of(enumerate_briefs(CATALOGUE), CATALOGUE) if item.product_id == "savings"][:3]
    writer = writer or HostileWriter(true_drafts)
    with Store(":memory:") as store:
        store.refresh(messaging.documents_as_known(con, as_of_date))
        batch = write_templates(
            briefs, lambda brief, day: retrieve(store, brief, day), writer, night, keep=keeper(con, as_of_date)
        )
    messaging.keep_templates(con, as_of_date, batch, list(decisions))
    row = messaging.nights_row(as_of_date, batch, "embedded", "test", "c")
    replace_partition(con, "rag.nights", pd.DataFrame([row]), {"as_of_date": as_of_date})
    return batch, writer.calls


def contents(con, night=None):
    """All rows of the tables of writing, as comparable text; of one night where it is named."""
    found = {}
    for table in TABLES:
        rows = (
            con.execute(f"select * exclude (decided_at) from rag.{table} order by all").fetchall()
            if (table == "template_approvals")
            else con.execute(f"select * from rag.{table} order by all").fetchall()
        )
        found[table] = rows
    if night is not None:
        found = {
            "brief_templates": [row for row in found["brief_templates"] if night in row],
            "templates": [row for row in found["templates"] if night in row],
        }
    return found


def test_what_is_written_reads_back_equal(con):
    load(con, true_documents(), NIGHT)
    batch, _ = write(con, NIGHT)
    assert messaging.read_templates(con, NIGHT) == batch.templates
    assert messaging.read_templates(con, NIGHT - timedelta(days=1)) == ()
    assert con.execute("select templates_written, templates_reused from rag.nights").fetchall() == [(3, 0)]


def test_a_night_that_runs_again_changes_nothing_and_calls_nobody(con):
    load(con, true_documents(), NIGHT)
    write(con, NIGHT)
    before = contents(con)
    _, calls = write(con, NIGHT)
    assert (contents(con), calls) == (before, 0)


def test_the_next_night_reuses_and_leaves_the_night_before_alone(con):
    load(con, true_documents(), NIGHT)
    write(con, NIGHT)
    before = contents(con, NIGHT)
    _, calls = write(con, NEXT)
    assert calls == 0
    assert contents(con, NIGHT) == before
    assert con.execute(
        "select templates_written, templates_reused from rag.nights where as_of_date = ?", [NEXT]
    ).fetchall() == [(0, 3)]


def test_an_old_night_that_runs_again_after_a_newer_one_decides_as_it_did(con):
    load(con, true_documents(), NIGHT)
    write(con, NIGHT)
    load(con, new_rates("2.90%"), NEXT)
    con.execute(
        "delete from raw.documents where doc_id = 'savings_rates' and doc_version = '1' and loaded_as_of_date = ?",
        [NEXT],
    )
    write(con, NEXT)
    before = contents(con)
    _, calls = write(con, NIGHT)
    assert (contents(con), calls) == (before, 0)


def test_a_night_filled_in_later_takes_over_what_it_writes_first(con):
    load(con, true_documents(), NIGHT)
    write(con, NEXT)
    late, _ = write(con, NIGHT)
    assert {template.first_written_as_of_date for template in late.templates} == {NIGHT}
    assert con.execute("select distinct first_written_as_of_date from rag.templates").fetchall() == [(NIGHT,)]
    dangling = con.execute(
        "select count(*) from rag.brief_templates anti join rag.templates using (template_id)"
    ).fetchone()
    assert dangling == (0,)


def test_a_template_left_without_its_proof_by_a_killed_run_is_written_again(con):
    load(con, true_documents(), NIGHT)
    write(con, NIGHT)
    con.execute("delete from rag.template_citations")
    assert messaging.read_templates(con, NIGHT) == ()
    _, calls = write(con, NIGHT)
    assert calls == 3
    assert len(messaging.read_templates(con, NIGHT)) == 3


@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_a_killed_night_takes_up_where_it_stopped(con, dies_at):
    load(con, true_documents(), NIGHT)
    write(con, NIGHT)
    whole = contents(con)
    for table in TABLES:
        con.execute(f"delete from rag.{table}")
    killed = DyingWriter(dies_at)
    with pytest.raises(Killed):
        write(con, NIGHT, writer=killed)
    assert con.execute("select count(*) from rag.templates").fetchone() == (dies_at - 1,)
    resumed = DyingWriter(None)
    write(con, NIGHT, writer=resumed)
    assert (len(killed.written), len(resumed.written)) == (dies_at - 1, 4 - dies_at)
    assert not set(killed.written) & set(resumed.written)
    assert contents(con) == whole


def test_a_night_killed_in_the_middle_of_keeping_keeps_all_of_a_template_or_nothing(con):
    load(con, true_documents(), NIGHT)
    batch, _ = write(con, NIGHT)
    for table in TABLES:
        con.execute(f"delete from rag.{table}")
    con.execute("alter table rag.brief_templates rename to hidden")
    with pytest.raises(duckdb.CatalogException):
        keeper(con, NIGHT)(batch.brief_templates[0], batch.templates[:1])
    assert con.execute("select count(*) from rag.templates").fetchone() == (0,)
    assert con.execute("select count(*) from rag.template_citations").fetchone() == (0,)


def test_a_decision_shows_from_the_next_night_on_and_stays_when_an_old_night_runs_again(con):
    load(con, true_documents(), NIGHT)
    batch, _ = write(con, NIGHT)
    name = batch.templates[0].template_id
    ruling = Decision(name, "rejected", "R. Vale", "too long", datetime(2026, 3, 10, 9, tzinfo=UTC), NIGHT)
    _, _ = write(con, NEXT, [ruling])
    rows = con.execute("select status, approver from rag.template_approvals where template_id = ? order by all", [name])
    assert rows.fetchall() == [("automatic", "wordbond"), ("rejected", "R. Vale")]
    served = con.execute(
        "select abstain_reason from rag.brief_templates where as_of_date = ? and brief_id = ?",
        [NEXT, batch.templates[0].brief_id],
    )
    assert served.fetchall() == [("rejected",)]
    again, _ = write(con, NIGHT, [ruling])
    assert again.brief_templates[0].abstain_reason is None
    assert con.execute("select count(*) from rag.template_approvals where status = 'rejected'").fetchone() == (1,)


def test_a_corrected_document_keeps_the_place_of_old_quotes(con):
    first = document("sheet", "rate_sheet", "# R\n\nOne.\n")
    corrected = document("sheet", "rate_sheet", "# R\n\nTwo words.\n")
    load(con, [first], NIGHT)
    load(con, [corrected], NEXT)
    known = {item.doc_version: item.text for item, _ in messaging.all_documents(con)}
    assert known == {"1": first.text, f"1~{corrected.content_hash[:8]}": corrected.text}
    assert [item.text for item in messaging.documents_as_known(con, NIGHT)] == [first.text]
    assert [item.text for item in messaging.documents_as_known(con, NEXT)] == [corrected.text]
    assert messaging.documents_as_known(con, NIGHT - timedelta(days=1)) == []


def test_a_document_set_back_to_its_first_content_is_that_content_again(con):
    first = document("sheet", "rate_sheet", "# R\n\nOne.\n")
    load(con, [first], date(2026, 1, 1))
    load(con, [document("sheet", "rate_sheet", "# R\n\nTwo.\n")], date(2026, 1, 2))
    load(con, [first], date(2026, 1, 3))
    (item,) = messaging.documents_as_known(con, date(2026, 1, 3))
    assert (item.doc_version, item.text) == ("1", first.text)


def test_brief_ids_of_the_table_are_those_of_the_briefs(con):
    rows = con.execute(
        "select brief_id, product_id, product_version, channel, intent, intensity, language, jurisdiction_group "
        "from rag.briefs"
    ).fetchall()
    assert rows
    assert all(row[0] == brief_id_of(row[1:]) for row in rows)


def test_a_night_with_withheld_messages_is_reported_by_reason(con):
    con.execute("create schema marts")
    con.execute(
        "create table marts.fct_offer_decisions as select 'd' || range as decision_id, 'savings' as product_id "
        "from range(1, 5)"
    )
    columns = "decision_id, template_id, channel, status, withheld_reason, subject, body, message_id, as_of_date"
    for row in (
        ["d1", "t1", "email", "released", None, "Hello", "Text", "m1", NIGHT],
        ["d2", None, "email", "withheld", "no_template", None, None, "m2", NIGHT],
        ["d3", None, "email", "withheld", "no_template", None, None, "m3", NIGHT],
        ["d4", None, "sms", "withheld", "quiet_hours", None, None, "m4", NEXT],
    ):
        con.execute(f"insert into rag.messages ({columns}) values ({', '.join('?' * len(row))})", row)
    con.execute("insert into rag.templates (template_id, is_fallback) values ('t1', false)")
    metadata = message_metadata(con, NIGHT)

    materialization = dg.AssetMaterialization("messages", metadata=metadata)
    assert json.loads(json.dumps(materialization.metadata["withheld"].value)) == {"no_template": 2}
    assert (metadata["dagster/row_count"], metadata["released"]) == (3, 1)
    assert "| savings | email | 3 | 66.7% |" in metadata["fallback_by_product_and_channel"].md_str
    assert metadata["sample"].md_str == "**Hello**\n\nText\n\n(email, message `m1`)"


def test_sheets_that_disagree_on_the_send_date_are_known_and_not_used(con):
    sheets = [
        document(name, "rate_sheet", f"# R\n\n- Late payment fee: ${fee}\n") for name, fee in (("a", 20), ("b", 25))
    ]
    load(con, [*sheets, document("c", "faq", "# Q\n\nYes.\n")], NIGHT)
    usable, conflicts = messaging.usable_documents(con, NIGHT)
    assert [item.doc_id for item in messaging.documents_as_known(con, NIGHT)] == ["a", "b", "c"]
    assert [item.doc_id for item in usable] == ["c"]
    assert [(item.left.doc_id, item.right.doc_id, item.key) for item in conflicts] == [("a", "b", "late payment fee")]


def test_a_night_too_large_to_trace_whole_says_so(con, monkeypatch):
    for night, count in ((NIGHT, 3), (NEXT, 4)):
        con.execute("insert into rag.messages (as_of_date) select ? from range(?)", [night, count])
    monkeypatch.setattr(messaging, "SETTINGS", replace(messaging.SETTINGS, traced_messages=3))
    assert messaging.trace_notes(con, NIGHT) == []
    (note,) = messaging.trace_notes(con, NEXT)
    assert note.startswith("The audit test builds the traces of a sixteenth of the 4 messages: more than 3 at once")
