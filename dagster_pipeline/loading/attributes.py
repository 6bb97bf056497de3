"""Free columns of customers, ``attr_<name>`` and ``protected_<name>``, as one JSON object per row.

What belongs here: telling the kind of such a column (number, boolean or text, the same in all parts of a load) and
building the object. A column is a number or boolean only if every value in it is one; names lose their prefix.
"""

from dataclasses import dataclass

import duckdb

from dagster_pipeline.loading.contract import Column
from dagster_pipeline.loading.parsing import (
    is_number_type,
    is_text_type,
    quote_name,
    quote_text,
    read_column,
)
from dagster_pipeline.loading.reader import Part, unreadable

# 10 to 200. Planning a query grows with the square of its aggregates: 1,500 columns at once took a minute.
_COLUMNS_PER_QUERY = 50


@dataclass(frozen=True)
class AttributeColumns:
    """Names (with prefix, sorted) and kinds (number, boolean, text) of all columns of one prefix."""

    prefix: str
    kinds: dict[str, str]

    @classmethod
    def find(
        cls, con: duckdb.DuckDBPyConnection, parts: list[Part], prefix: str, limit: int | None = None
    ) -> "AttributeColumns":
        """Look through all parts of a load; with a limit, at its first columns by name only."""
        names = sorted({name for part in parts for name in part.columns if name.startswith(prefix) and name != prefix})
        names = names[:limit]
        seen: dict[str, set[str]] = {name: set() for name in names}
        for part in parts:
            texts = []
            for name in names:
                if name not in part.columns:
                    continue
                sql_type = part.columns[name][1]
                if is_number_type(sql_type):
                    seen[name].add("number")
                elif sql_type == "BOOLEAN":
                    seen[name].add("boolean")
                elif is_text_type(sql_type):
                    texts.append(name)
                else:
                    seen[name].add("text")
            for start in range(0, len(texts), _COLUMNS_PER_QUERY):
                for name, kind in _kinds_of_texts(con, part, texts[start : start + _COLUMNS_PER_QUERY]).items():
                    seen[name].add(kind)
        kinds = {}
        for name, found in seen.items():
            told = found - {"empty"}
            kinds[name] = told.pop() if len(told) == 1 else "text"
        return cls(prefix, kinds)


def read_attribute(name: str, kind: str, part: Part) -> str:
    """Return the SQL expression of a free column's values (over ``raw``) read as number, boolean or text."""
    actual, sql_type = part.columns[name]
    raw = f"raw.{quote_name(actual)}"
    if kind == "number":
        return read_column(Column(name, "number"), raw, sql_type, "UTC", part.has_decimal_comma(name)).value
    if kind == "boolean" and sql_type == "BOOLEAN":
        return raw
    if kind == "boolean":
        # No part of it is written twice: DuckDB looks for repeated parts, which takes the square of the columns.
        return f"try_cast(case when regexp_full_match({raw}, '(?i)true|false') then {raw} end as boolean)"
    return read_column(Column(name), raw, sql_type, "UTC").value


def _kinds_of_texts(con: duckdb.DuckDBPyConnection, part: Part, names: list[str]) -> dict[str, str]:
    """Tell whether all values of each text column are numbers, booleans, or neither; empty = there is none."""
    counts = ", ".join(
        f"count({read_attribute(name, kind, part)})" for name in names for kind in ("text", "number", "boolean")
    )
    try:
        row = con.execute(f"select {counts} from {part.relation} as raw").fetchall()[0]
    except duckdb.Error as error:
        raise unreadable(part.source_file, error) from error
    kinds = {}
    for position, name in enumerate(names):
        values, numbers, booleans = row[3 * position : 3 * position + 3]
        kinds[name] = "text"
        if values == 0:
            kinds[name] = "empty"
        elif values == numbers:
            kinds[name] = "number"
        elif values == booleans:
            kinds[name] = "boolean"
    return kinds


def attributes_json(columns: AttributeColumns, part: Part) -> str:
    """Return the SQL expression of a part's object: every column of the load, null where the row has no value."""
    items = []
    for name, kind in columns.kinds.items():
        value = "null"
        if name in part.columns:
            value = read_attribute(name, kind, part)
        items.append(f"{quote_text(name.removeprefix(columns.prefix))}, {value}")
    return f"cast(json_object({', '.join(items)}) as json)"
