"""The hash of a night: it sees every row that belongs to the night, and none that came after it."""

from datetime import date

import duckdb
import pytest

from dagster_pipeline.night_hash import night_conditions, night_hash
from dagster_pipeline.tables import create_declared_tables

NIGHT = date(2026, 1, 1)
_MADE_BY_DBT = """
create table marts.fct_offer_decisions (customer_id varchar, as_of_date date, outcome varchar, run_id varchar);
create table marts.fct_offer_candidates (customer_id varchar, as_of_date date, priority double);
create table marts.fct_messages (message_id varchar, as_of_date date, body varchar);
create table marts.fct_message_citations (template_id varchar, quote varchar);
create table marts.fct_message_checks (template_id varchar, message_id varchar, verdict varchar);
create table marts.dim_customers (customer_id varchar, as_of_date date, readiness double);
create table marts.fct_customer_months (customer_id varchar, month_end date, known_as_of_date date);
insert into marts.fct_offer_decisions values ('c1', '2026-01-01', 'send', 'r1'), ('c2', '2026-01-01', 'hold', 'r1');
insert into marts.fct_offer_candidates values ('c1', '2026-01-01', 0.5), ('c2', '2026-01-01', 0.25);
insert into marts.fct_messages values ('m1', '2026-01-01', 'Hi');
insert into marts.fct_message_citations values ('t1', 'quote');
insert into marts.fct_message_checks values ('t1', null, 'pass'), ('t1', 'm1', 'pass');
insert into rag.brief_templates (brief_id, as_of_date, template_id) values ('b1', '2026-01-01', 't1');
insert into rag.templates (template_id, body) values ('t1', 'Hi');
insert into ml.predictions (customer_id, as_of_date, probability)
    values ('c1', '2026-01-01', 0.5), ('c2', '2026-01-01', 0.5);
insert into raw.transactions (transaction_id, amount, loaded_as_of_date) values ('x1', -5.00, '2026-01-01');
"""
OWN = (
    "insert into raw.transactions (transaction_id, loaded_as_of_date) values ('x2', '2026-01-01')",
    "update raw.transactions set amount = -6",
    "update marts.fct_offer_decisions set outcome = 'send' where customer_id = 'c2'",
    "update marts.fct_offer_candidates set priority = 0.75 where customer_id = 'c1'",
    "update ml.predictions set probability = 0.75 where customer_id = 'c1'",
    "update marts.fct_messages set body = 'Hello'",
    "update marts.fct_message_citations set quote = 'another'",
    "update marts.fct_message_checks set verdict = 'warned' where message_id is null",
    "update marts.fct_message_checks set verdict = 'warned' where message_id is not null",
    "update rag.templates set body = 'Hello'",
    "delete from rag.brief_templates",
    "insert into marts.rpt_night_notes values ('2026-01-01', 'raw', 'No consents.')",
)
NOT_OWN = (
    "insert into raw.transactions (transaction_id, amount, loaded_as_of_date) values ('x1', -6, '2026-01-02')",
    "insert into marts.fct_offer_decisions values ('c1', '2026-01-02', 'hold', 'r2')",
    "update marts.fct_offer_decisions set run_id = 'r9'",
    "insert into marts.fct_messages values ('m2', '2026-01-02', 'Hi')",
    "insert into rag.templates (template_id, body) values ('t2', 'Hi')",
    "insert into marts.fct_message_citations values ('t2', 'quote')",
    "insert into marts.fct_message_checks values ('t1', 'm2', 'warned'), ('t2', null, 'warned')",
    "insert into marts.dim_customers values ('c1', '2026-01-01', 0.5)",
    "insert into marts.fct_customer_months values ('c1', '2025-12-31', '2026-01-01')",
    "insert into marts.rpt_nightly_run (as_of_date, run_id) values ('2026-01-01', 'r1')",
    # What pruning takes from a night some days old: customers without a send.
    "delete from marts.fct_offer_candidates where customer_id = 'c2'",
    "delete from ml.predictions where customer_id = 'c2'",
)


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        create_declared_tables(connection)
        connection.execute(_MADE_BY_DBT)
        yield connection


@pytest.mark.parametrize(("statements", "changes"), [(OWN, True), (NOT_OWN, False)], ids=["own", "not own"])
def test_it_sees_the_nights_own_rows_and_no_others(con, statements, changes):
    before = night_hash(con, NIGHT)
    for statement in statements:
        con.execute("begin transaction")
        con.execute(statement)
        assert (night_hash(con, NIGHT) != before) is changes, statement
        con.execute("rollback")
    assert night_hash(con, NIGHT) == before


def test_every_table_with_a_nights_date_is_told_or_left_out_by_name(con):
    found = con.execute(
        "select distinct schema_name || '.' || table_name from duckdb_columns() "
        "where schema_name in ('raw', 'ml', 'rag', 'marts') and column_name in ('as_of_date', 'loaded_as_of_date')"
    ).fetchall()
    left_out = {"marts.dim_customers", "marts.rpt_nightly_run", "raw.customers_protected"}
    told = set(night_conditions(con, NIGHT))
    assert {name for (name,) in found} - told == left_out
    assert told - {name for (name,) in found} == {
        "rag.templates",
        "marts.fct_message_citations",
        "marts.fct_message_checks",
    }
