"""One hash for everything that belongs to one night: a night that runs again must give its old result.

What belongs here: which rows of which table are a night's own. Late rows, corrections and later nights change other
rows; if they change these, an old result has been rewritten.
"""

from datetime import date

import duckdb

from dagster_pipeline.hashing import combined_hash, table_hash
from dagster_pipeline.publication import RETAINED_DBT_TABLES
from dagster_pipeline.tables import declared_tables

SCHEMAS = ("raw", "ml", "rag", "marts")
# Tables with a night's date that show what is known on the latest night, and the record that holds this hash.
NOT_OF_ONE_NIGHT = ("marts.dim_customers", "marts.rpt_nightly_run")
_OF_TEMPLATES_USED = (
    "hashed.template_id in (select used.template_id from rag.brief_templates as used where used.as_of_date = {night})"
)
_OF_MESSAGES = (
    "hashed.message_id in (select sent.message_id from marts.fct_messages as sent where sent.as_of_date = {night})"
)
# Tables without a date of their own, and which of their rows a night used or made.
CONDITIONS = {
    "rag.templates": _OF_TEMPLATES_USED,
    "marts.fct_message_citations": _OF_TEMPLATES_USED,
    "marts.fct_message_checks": f"(hashed.message_id is null and {_OF_TEMPLATES_USED}) or {_OF_MESSAGES}",
}
# Bulky tables lose the customers without a send when a night is some days old: only the rows that stay count.
_OF_SENDS = (
    "exists (select 1 from marts.fct_offer_decisions as decided where decided.as_of_date = {night} "
    "and decided.customer_id = hashed.customer_id and decided.outcome = 'send')"
)


def night_conditions(con: duckdb.DuckDBPyConnection, night: date) -> dict[str, str]:
    """Return the tables that hold rows of single nights, with the SQL condition of this night's rows.

    A table with ``as_of_date`` holds what a night made, one with ``loaded_as_of_date`` what it learned. Tables that are
    not published are left out, so that a reader of the published file can compute the hash again.
    """
    dated = con.execute(
        """
        select tables.schema_name || '.' || tables.table_name, columns.column_name
        from duckdb_tables() as tables
        inner join duckdb_columns() as columns using (database_name, schema_name, table_name)
        where tables.database_name = current_database() and list_contains(?, tables.schema_name)
            and columns.column_name in ('as_of_date', 'loaded_as_of_date')
        """,
        [list(SCHEMAS)],
    ).fetchall()
    declared = declared_tables()
    bulky = {*RETAINED_DBT_TABLES, *(name for name, table in declared.items() if table.is_retained_by_night)}
    left_out = {*NOT_OF_ONE_NIGHT, *(name for name, table in declared.items() if not table.is_published)}
    conditions = dict(CONDITIONS)
    for name, column in dated:
        if name not in left_out:
            kept = f" and {_OF_SENDS}" if name in bulky else ""
            conditions[name] = f"hashed.{column} = {{night}}{kept}"
    return {name: text.format(night=f"date '{night}'") for name, text in sorted(conditions.items())}


def night_hash(con: duckdb.DuckDBPyConnection, night: date) -> str:
    """Return one SHA-256 over all rows that belong to ``night``, volatile columns aside.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        The working or the published file; both hold these tables.
    night : date
        A night that has run.
    """
    return combined_hash({name: table_hash(con, name, where) for name, where in night_conditions(con, night).items()})
