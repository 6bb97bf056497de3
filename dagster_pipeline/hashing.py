"""Content hashes of tables: equal rows give equal hashes, whatever their order; volatile columns are left out."""

import hashlib

import duckdb

# Operational stamps (warehouse.md): they differ between two equal nights.
VOLATILE_COLUMNS = frozenset({"run_id", "started_at", "finished_at", "seconds", "decided_at"})
VOLATILE_BY_TABLE = {
    "marts.rpt_nightly_run": frozenset({"language_model_calls", "content_hash"}),
    "rag.nights": frozenset({"language_model_calls"}),
}
HASHED_SCHEMAS = ("raw", "truth", "ml", "rag", "marts")


def table_hash(con: duckdb.DuckDBPyConnection, table: str, condition: str = "true") -> str:
    """Return ``rows-sum`` of one table: its row count and the exact sum of its rows' hashes, in hex.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
    table : str
        ``schema.name``.
    condition : str
        SQL over its columns, prefixed ``hashed`` where a name is not its own: which rows count.
    """
    schema, name = table.split(".")
    columns = [
        row[0]
        for row in con.execute(
            "select column_name from duckdb_columns() where database_name = current_database() "
            "and schema_name = ? and table_name = ? order by column_name",
            [schema, name],
        ).fetchall()
    ]
    ignored = VOLATILE_COLUMNS | VOLATILE_BY_TABLE.get(table, frozenset())
    kept = ", ".join(f'"{column}"' for column in columns if column not in ignored)
    rows, total = con.execute(
        f"select count(*), coalesce(sum(hash({kept})::hugeint), 0) from {table} as hashed where {condition}"
    ).fetchall()[0]
    return f"{rows}-{int(total):x}"


def content_hashes(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the hash of every table of raw, truth, ml, rag and marts, by its full name."""
    names = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_database() "
        "and list_contains(?, schema_name) order by 1",
        [list(HASHED_SCHEMAS)],
    ).fetchall()
    return {name: table_hash(con, name) for (name,) in names}


def combined_hash(hashes: dict[str, str], leave_out: tuple[str, ...] = ()) -> str:
    """Return one SHA-256 over the table hashes."""
    lines = [f"{name} {value}" for name, value in sorted(hashes.items()) if name not in leave_out]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
