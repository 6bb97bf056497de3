"""Publishing: the working file's public schemas copied into a new file that replaces the old one at once.

What belongs here: pruning, copying, comments, and the atomic rename. What a night must satisfy before it
is published belongs to its checks.
"""

import os
from pathlib import Path
from typing import Any

import duckdb

from dagster_pipeline.tables import declared_tables

PUBLISHED_SCHEMAS = ("raw", "truth", "ml", "rag", "marts", "seeds")
# dbt tables that are kept by night like the declared ones with `retained_nights`.
RETAINED_DBT_TABLES = ("intermediate.int_customers__scored_features", "marts.fct_offer_candidates")


def _scalar(con: duckdb.DuckDBPyConnection, query: str, parameters: list | None = None) -> Any:
    """Return the single value of a query that yields exactly one row."""
    return con.execute(query, parameters or []).fetchall()[0][0]


def prune_old_nights(con: duckdb.DuckDBPyConnection, nights: int) -> int:
    """Delete rows of bulky tables older than the newest ``nights`` nights, but for customers with a send.

    Returns
    -------
    int
        Rows deleted.
    """
    kept_from = _scalar(
        con,
        "select min(as_of_date) from (select distinct as_of_date from marts.fct_offer_decisions "
        "order by as_of_date desc limit ?)",
        [nights],
    )
    bulky = [table.full_name for table in declared_tables().values() if table.is_retained_by_night]
    deleted = 0
    for name in (*bulky, *RETAINED_DBT_TABLES):
        deleted += _scalar(
            con,
            f"""delete from {name} as bulky
            where bulky.as_of_date < ? and not exists (
                select 1 from marts.fct_offer_decisions as decisions
                where decisions.customer_id = bulky.customer_id
                    and decisions.as_of_date = bulky.as_of_date and decisions.outcome = 'send'
            )""",
            [kept_from],
        )
    return deleted


def publish(con: duckdb.DuckDBPyConnection, target: Path) -> int:
    """Copy the public tables and views to ``target`` by an atomic rename; readers of the old file keep theirs.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Connection to the working file.
    target : Path
        Published file; replaced only when the copy is complete.

    Returns
    -------
    int
        Tables and views copied.
    """
    building = target.with_name(f".{target.name}.building")
    building.unlink(missing_ok=True)
    building.with_name(building.name + ".wal").unlink(missing_ok=True)
    working = _scalar(con, "select current_database()")
    con.execute(f"attach '{building}' as published")
    try:
        tables = _copy_tables(con)
        views = _copy_views(con)
        _copy_comments(con)
        con.execute("checkpoint published")
    finally:
        con.execute(f"use {working}")
        con.execute("detach published")
    with building.open("rb") as handle:
        os.fsync(handle.fileno())
    building.replace(target)
    return tables + views


def _copy_tables(con: duckdb.DuckDBPyConnection) -> int:
    private = {table.full_name for table in declared_tables().values() if not table.is_published}
    rows = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = current_database() "
        "and list_contains(?, schema_name) order by all",
        [list(PUBLISHED_SCHEMAS)],
    ).fetchall()
    names = [(schema, name) for schema, name in rows if f"{schema}.{name}" not in private]
    for schema, name in names:
        con.execute(f'create schema if not exists published."{schema}"')
        con.execute(f'create table published."{schema}"."{name}" as from "{schema}"."{name}"')
    return len(names)


def _copy_views(con: duckdb.DuckDBPyConnection) -> int:
    database = _scalar(con, "select current_database()")
    views = con.execute(
        "select schema_name, view_name, sql from duckdb_views() where database_name = current_database() "
        "and not internal and list_contains(?, schema_name) order by all",
        [list(PUBLISHED_SCHEMAS)],
    ).fetchall()
    con.execute("use published")
    try:
        for _, _, sql in views:
            con.execute(sql)  # DuckDB keeps a view's SQL without the name of its own database
    finally:
        con.execute(f"use {database}")
    return len(views)


def _copy_comments(con: duckdb.DuckDBPyConnection) -> None:
    comments = con.execute(
        """
        with things as (
            select 'table' as kind, schema_name, table_name, null as column_name, comment
            from duckdb_tables() where database_name = current_database()
            union all
            select 'view', schema_name, view_name, null, comment
            from duckdb_views() where database_name = current_database() and not internal
            union all
            select 'column', schema_name, table_name, column_name, comment
            from duckdb_columns() where database_name = current_database()
        )
        select things.* from things
        where things.comment is not null and exists (
            select 1 from duckdb_columns() as published
            where published.database_name = 'published'
                and published.schema_name = things.schema_name and published.table_name = things.table_name
        )
        """
    ).fetchall()
    for kind, schema, table, column, comment in comments:
        target = f'published."{schema}"."{table}"' + (f'."{column}"' if column else "")
        con.execute(f"comment on {kind} {target} is '" + comment.replace("'", "''") + "'")
