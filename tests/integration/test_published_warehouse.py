"""The published file after a tiny night: the interface people query, and the identities that always hold."""

import json
import re

import duckdb
import pytest

from dagster_pipeline.evidence import UnknownMessage, read_evidence, render_again
from dagster_pipeline.evidence_page import evidence_page
from tests.integration.warehouse_contract import CONTRACT, MAY_BE_EMPTY, expected_columns


@pytest.fixture(scope="module")
def published(tiny_home):
    with duckdb.connect(str(tiny_home.published_file), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        yield con


def count(con, query: str) -> int:
    return con.execute(query).fetchone()[0]


@pytest.mark.parametrize("table", sorted(CONTRACT))
def test_columns_and_types(published, table):
    schema, name = table.split(".")
    rows = published.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ?", [schema, name]
    ).fetchall()
    found = dict(rows)
    expected = expected_columns(table)
    assert {column: found.get(column) for column in expected} == expected


@pytest.mark.parametrize("table", sorted(set(CONTRACT) - MAY_BE_EMPTY))
def test_tables_are_not_empty(published, table):
    assert count(published, f"select count(*) from {table}") > 0


def test_every_table_and_column_has_a_comment(published):
    missing = published.execute(
        """
        select schema_name || '.' || table_name from duckdb_tables() where comment is null
        union all
        select schema_name || '.' || table_name || '.' || column_name from duckdb_columns()
        where not internal and comment is null
        """
    ).fetchall()
    assert missing == []


def test_protected_attributes_stay_in_the_working_file(published, tiny_home):
    columns = {
        row[0] for row in published.execute("select column_name from duckdb_columns() where not internal").fetchall()
    }
    assert "birth_date" not in columns
    assert count(published, "select count(*) from duckdb_tables() where table_name = 'customers_protected'") == 0
    with duckdb.connect(str(tiny_home.working_file), read_only=True) as working:
        assert count(working, "select count(*) from raw.customers_protected") == 1000


def test_customer_months_are_complete(published):
    assert count(published, "select count(*) from marts.fct_customer_months") == 6000
    assert count(published, "select count(distinct customer_id) from marts.fct_customer_months") == 1000


IDENTITIES = {
    "decisions_are_customers_in_scope": """
        select (select count(*) from marts.fct_offer_decisions) - (select count(*) from marts.dim_customers)""",
    "one_decision_a_customer_and_night": """
        select count(*) from (
            select as_of_date, customer_id from marts.fct_offer_decisions group by all having count(*) > 1)""",
    "sends_are_messages": """
        select (select count(*) from marts.fct_offer_decisions where outcome = 'send')
            - (select count(*) from marts.fct_messages where status in ('released', 'withheld'))""",
    "released_has_an_approved_template": """
        select count(*) from marts.fct_messages as messages where status = 'released' and not exists (
            select 1 from marts.fct_template_approvals as approvals
            where approvals.template_id = messages.template_id and approvals.status in ('approved', 'automatic')
                and approvals.effective_from <= messages.as_of_date)""",
    "released_has_a_citation": """
        select count(*) from marts.fct_messages as messages where status = 'released' and not exists (
            select 1 from marts.fct_message_citations as citations
            where citations.template_id = messages.template_id)""",
    "released_has_no_unsupported_citation": """
        select count(*) from marts.fct_messages as messages
        join marts.fct_message_citations as citations using (template_id)
        where messages.status = 'released' and citations.verdict <> 'supported'""",
    "released_has_no_blocked_check": """
        select count(*) from marts.fct_messages as messages
        join marts.fct_message_checks as checks
            on checks.template_id = messages.template_id
            and coalesce(checks.message_id, messages.message_id) = messages.message_id
        where messages.status = 'released' and checks.verdict = 'blocked'""",
    "quotes_stand_verbatim_at_their_offsets": """
        select count(*) from marts.fct_message_citations as citations
        left join rag.documents as documents using (doc_id, doc_version)
        where substr(documents.text, quote_start + 1, quote_end - quote_start) is distinct from quote""",
    "documents_are_valid_on_the_send_date": """
        select count(*) from marts.fct_messages as messages
        join marts.fct_message_citations as citations using (template_id)
        where messages.status = 'released' and not (
            cast(timezone(messages.timezone, messages.send_at) as date)
                between citations.doc_valid_from and coalesce(citations.doc_valid_to, date '9999-12-31'))""",
    "funnel_adds_up": """
        select count(*) from marts.rpt_decision_funnel where candidates_in <> dropped + candidates_out""",
    "funnel_steps_connect": """
        select count(*) from marts.rpt_decision_funnel as step
        join marts.rpt_decision_funnel as following
            on following.as_of_date = step.as_of_date and following.product_id = step.product_id
            and following.channel = step.channel and following.step_number = step.step_number + 1
        where step.candidates_out <> following.candidates_in""",
    "funnel_counts_the_dropped_candidates": """
        select count(*) from marts.rpt_decision_funnel as step
        where step.dropped <> (
            select count(*) from marts.fct_offer_candidates as candidates
            where candidates.as_of_date = step.as_of_date and candidates.product_id = step.product_id
                and candidates.channel = step.channel and candidates.dropped_at_step = step.step)""",
    "every_hold_has_a_reason": """
        select count(*) from marts.fct_offer_decisions where outcome = 'hold' and hold_reason is null""",
    "rows_read_are_loaded_or_rejected": """
        select count(*) from raw.loads where rows_read <> rows_loaded + rows_rejected""",
    "no_unresolved_slot": """
        select count(*) from marts.fct_messages
        where status = 'released' and regexp_matches(coalesce(subject, '') || body, '[{}]')""",
    "every_planted_defect_is_a_reject": """
        select count(*) from truth.planted_defects as planted where not exists (
            select 1 from raw.rejects as rejects
            where rejects.file = planted.file and rejects.row_number = planted.row_number
                and rejects.rule = planted.kind)""",
}


@pytest.mark.parametrize("name", sorted(IDENTITIES))
def test_identity(published, name):
    assert count(published, IDENTITIES[name]) == 0


def test_trace_rebuilds_every_message(published):
    messages = count(published, "select count(*) from marts.fct_messages")
    traced = count(published, "select count(*) from marts.audit_message_trace")
    assert traced == messages
    differing = count(
        published,
        """select count(*) from marts.audit_message_trace as trace
        join marts.fct_messages as messages using (message_id)
        where trace.rendered_sha256 is distinct from messages.content_hash""",
    )
    assert differing == 0


def rows(con, query):
    cursor = con.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_every_message_is_rendered_again_letter_by_letter(published):
    templates = {
        row["template_id"]: {**row, "sentences": json.loads(row["sentences"])}
        for row in rows(published, "select * from rag.templates")
    }
    messages = rows(published, "select * from marts.fct_messages")
    assert len(messages) > 100
    for message in messages:
        again = render_again({**message, "slots": json.loads(message["slots"])}, templates.get(message["template_id"]))
        assert (again.subject, again.body) == (message["subject"], message["body"])
        assert again.has_same_text
        assert again.has_same_template


def test_every_channel_has_an_evidence_page_with_all_of_the_trace(published):
    """Why this customer and product, every number's source, every rule, consent, versions, the text rendered again."""
    picked = rows(published, "select channel, min(message_id) as message_id from marts.fct_messages group by channel")
    assert len(picked) >= 3
    for row in picked:
        evidence = read_evidence(published, row["message_id"])
        for part in ("decision", "candidates", "features", "citations", "checks", "consents", "versions"):
            assert evidence.trace[part], part
        assert [approval["status"] for approval in evidence.approvals] == ["automatic"]
        for citation in evidence.trace["citations"]:
            text = evidence.documents[(citation["doc_id"], citation["doc_version"])]["text"]
            assert text[citation["quote_start"] : citation["quote_end"]] == citation["quote"]
        page = evidence_page(evidence)
        links = set(re.findall(r'href="#([^"]+)"', page))
        assert links <= set(re.findall(r' id="([^"]+)"', page))
        assert all(f"quote-{c['sentence_number']}-{c['claim_number']}" in page for c in evidence.trace["citations"])
        assert "Rendered again: identical" in page


def test_an_unknown_message_says_how_to_find_one(published):
    with pytest.raises(UnknownMessage, match=r"No message 'nonsense'.*make sql"):
        read_evidence(published, "nonsense")


def test_the_copy_is_alive(published):
    sends, alive = published.execute(
        """select count(*), count(*) filter (where messages.status = 'released' and not templates.is_fallback)
        from marts.fct_messages as messages left join rag.templates as templates using (template_id)"""
    ).fetchone()
    assert sends > 100
    assert alive / sends >= 0.85
    templates, cited = published.execute(
        """select count(*), count(*) filter (where exists (
                select 1 from marts.fct_message_citations as citations
                where citations.template_id = templates.template_id and citations.claim_type <> 'verbatim'))
        from rag.templates as templates join rag.briefs as briefs using (brief_id)
        join marts.dim_products as products using (product_id)
        where briefs.channel = 'email' and products.family in ('deposit', 'card', 'loan') and not is_fallback"""
    ).fetchone()
    assert cited / templates >= 0.8
