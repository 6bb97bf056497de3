"""Tables that Python writes, as declared in the dbt source files.

What belongs here: reading the declarations (names, types, comments, keys), creating the tables,
and replacing one partition of one table. What the rows mean belongs to the stage that writes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import duckdb
import pandas as pd
import yaml

from dagster_pipeline.home import DBT_PROJECT_DIR


@dataclass(frozen=True)
class Column:
    """A declared column: its DuckDB type, its comment, and whether content hashes leave it out."""

    name: str
    data_type: str
    description: str
    is_volatile: bool


@dataclass(frozen=True)
class Table:
    """A declared table, ``schema.name``, with its columns in order and its key."""

    schema: str
    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    is_published: bool
    is_retained_by_night: bool

    @property
    def full_name(self) -> str:
        """Schema and name, joined by a dot."""
        return f"{self.schema}.{self.name}"


@cache
def declared_tables() -> dict[str, Table]:
    """Return every table declared in ``models/staging/*/_*__sources.yml`` by its full name."""
    tables = {}
    for path in sorted(DBT_PROJECT_DIR.glob("models/staging/*/_*__sources.yml")):
        for source in yaml.safe_load(path.read_text())["sources"]:
            for entry in source["tables"]:
                table = _parse_table(source["schema"], entry)
                tables[table.full_name] = table
    return tables


def _parse_table(schema: str, entry: dict) -> Table:
    meta = entry["config"]["meta"]
    columns = tuple(
        Column(
            name=column["name"],
            data_type=column["data_type"],
            description=column["description"],
            is_volatile=column.get("config", {}).get("meta", {}).get("volatile", False),
        )
        for column in entry["columns"]
    )
    return Table(
        schema=schema,
        name=entry["name"],
        description=entry["description"],
        columns=columns,
        key=tuple(meta["key"]),
        is_published=meta.get("published", True),
        is_retained_by_night=meta.get("retained_nights", False),
    )


def create_declared_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create every declared table and column that does not exist yet, with its comments. Safe to repeat.

    A home made before a column was declared gets it, null in the rows it has.
    """
    for table in declared_tables().values():
        columns = ", ".join(f"{column.name} {column.data_type}" for column in table.columns)
        con.execute(f"create schema if not exists {table.schema}")
        con.execute(f"create table if not exists {table.full_name} ({columns})")
        con.execute(f"comment on table {table.full_name} is {_literal(table.description)}")
        for column in table.columns:
            con.execute(f"alter table {table.full_name} add column if not exists {column.name} {column.data_type}")
            con.execute(f"comment on column {table.full_name}.{column.name} is {_literal(column.description)}")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def replace_partition(
    con: duckdb.DuckDBPyConnection, table_name: str, frame: pd.DataFrame, where: Mapping[str, object]
) -> int:
    """Delete the rows of ``table_name`` that match ``where`` and insert ``frame``, in one transaction.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Open connection to the working file.
    table_name : str
        Declared table, for example ``ml.customer_segments``.
    frame : DataFrame
        Rows to insert; its columns are exactly the declared ones, in any order. Values are cast to
        the declared types, and a value that does not fit raises.
    where : mapping of column name to value
        Partition to replace, for example ``{"as_of_date": date(2025, 12, 31)}``; a list means any of its values;
        empty = the whole table.

    Returns
    -------
    int
        Rows inserted.

    Raises
    ------
    ValueError
        If the frame's columns are not the declared ones, or its key is not unique.
    """
    condition = " and ".join(
        f"{name} in (select unnest(?))" if isinstance(value, list) else f"{name} = ?" for name, value in where.items()
    )
    con.execute("begin transaction")
    try:
        con.execute(f"delete from {table_name} where {condition or 'true'}", list(where.values()))
        count = append_rows(con, table_name, frame)
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return count


def append_rows(con: duckdb.DuckDBPyConnection, table_name: str, frame: pd.DataFrame) -> int:
    """Insert ``frame`` into a declared table, as ``replace_partition`` does, and return its number of rows."""
    table = declared_tables()[table_name]
    expected = [column.name for column in table.columns]
    if sorted(frame.columns) != sorted(expected):
        raise ValueError(
            f"{table_name}: found columns {sorted(frame.columns)}, expected {sorted(expected)}. "
            "Mend the frame, or declare the column in the table's source file."
        )
    if frame.duplicated(list(table.key)).any():
        raise ValueError(f"{table_name}: rows repeat the key {table.key}; the writer must return one row per key.")
    casts = ", ".join(f"cast({column.name} as {column.data_type}) as {column.name}" for column in table.columns)
    if len(frame):
        con.register("incoming_frame", frame)
        con.execute(f"insert into {table_name} by name select {casts} from incoming_frame")
        con.unregister("incoming_frame")
    return len(frame)
