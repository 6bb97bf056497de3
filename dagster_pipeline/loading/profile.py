"""What the columns of one file hold: filled, distinct and range of the values as read, over all parts.

What belongs here: counting. How it is shown belongs to ``verdict``. Values of people are never listed: only ranges of
dates and numbers, and the few values of a column that repeats them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from dagster_pipeline.loading.attributes import AttributeColumns, read_attribute
from dagster_pipeline.loading.checks import read_part
from dagster_pipeline.loading.contract import ATTRIBUTE_PREFIX, PROTECTED_PREFIX, FileContract
from dagster_pipeline.loading.parsing import is_text_type
from dagster_pipeline.loading.reader import Part
from dagster_pipeline.loading.settings import LoadSettings

# Rows above which distinct values are estimated (a few per cent off) rather than counted.
_COUNTED_ROWS = 1_000_000
# Values of a column are listed if it has at most so many, and each stands in at least four rows.
_LISTED_VALUES = 6
_COLUMNS_PER_QUERY = 40
# 10 to 1,000. Free columns of a prefix that are looked at: a verdict on thousands would not be read.
_FREE_COLUMNS = 100
_RANGED = ("date", "instant", "decimal", "integer", "number")
# Words about one person, and keys: never listed.
_PERSONAL = ("customer_id", "household_id", "first_name", "evidence_text")


@dataclass(frozen=True)
class ColumnProfile:
    """One column over all parts of a file.

    Attributes
    ----------
    name : str
    read_as : str
        Type of its values in words; ``left out`` for a column the contract does not know, ``not looked at`` for a
        free column after the first of many.
    empty, distinct : int
        Rows without a value, and different values among those that could be read; broken lines do not count.
    values : str
        Range, or the few values there are; empty where they are not shown.
    is_estimate : bool
        Whether ``distinct`` is an estimate.
    remark : str
        What a reader should know about the way it was read.
    """

    name: str
    read_as: str
    empty: int
    distinct: int
    values: str = ""
    is_estimate: bool = False
    remark: str = ""


@dataclass(frozen=True)
class _Source:
    """How one column is read: its kind, and per part the SQL of presence, value and a mark.

    The mark is what ``_remark`` tells of: an instant without a zone, a number in a column of text.
    """

    name: str
    kind: str
    expressions: dict[int, tuple[str, str, str]]
    is_hidden: bool


def profile_columns(
    con: duckdb.DuckDBPyConnection, contract: FileContract, parts: list[Part], settings: LoadSettings
) -> list[ColumnProfile]:
    """Profile the columns of one file: those of the contract in its order, then free and unknown ones.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Connection in which the parts are open.
    contract : FileContract
    parts : list of Part
        At least one.
    settings : LoadSettings

    Raises
    ------
    duckdb.Error
        If a part can't be scanned; staging has told of it already.
    """
    sources = [*_contract_sources(contract, parts, settings), *_free_sources(con, contract, parts)]
    profiles = []
    for start in range(0, len(sources), _COLUMNS_PER_QUERY):
        profiles += _profile(con, parts, sources[start : start + _COLUMNS_PER_QUERY], settings)
    others = {name for part in parts for name in part.columns} - {source.name for source in sources}
    for name in sorted(others):
        is_free = contract.has_attributes and name.startswith((ATTRIBUTE_PREFIX, PROTECTED_PREFIX))
        profiles.append(ColumnProfile(name, "not looked at" if is_free else "left out", 0, 0))
    return profiles


def _contract_sources(contract: FileContract, parts: list[Part], settings: LoadSettings) -> Iterable[_Source]:
    readings = [read_part(contract, part, settings) for part in parts]
    hidden = {*_PERSONAL, *(contract.key if len(contract.key) == 1 else ())}
    for column in contract.columns:
        found = {
            number: (reading[column.name].is_present, reading[column.name].value, reading[column.name].is_local)
            for number, reading in enumerate(readings)
            if column.name in reading
        }
        if found:
            yield _Source(column.name, column.kind, found, column.is_protected or column.name in hidden)


def _free_sources(con: duckdb.DuckDBPyConnection, contract: FileContract, parts: list[Part]) -> Iterable[_Source]:
    if not contract.has_attributes:
        return
    for prefix in (ATTRIBUTE_PREFIX, PROTECTED_PREFIX):
        for name, kind in AttributeColumns.find(con, parts, prefix, _FREE_COLUMNS).kinds.items():
            found = {}
            for number, part in enumerate(parts):
                if name in part.columns:
                    text = f"{read_attribute(name, 'text', part)} is not null"
                    mark = "false"
                    if kind == "text" and is_text_type(part.columns[name][1]):
                        mark = f"{read_attribute(name, 'number', part)} is not null"
                    found[number] = (text, read_attribute(name, kind, part), mark)
            yield _Source(name, kind, found, prefix == PROTECTED_PREFIX)


def _profile(
    con: duckdb.DuckDBPyConnection, parts: list[Part], sources: list[_Source], settings: LoadSettings
) -> list[ColumnProfile]:
    """Profile some columns in two queries: counts and ranges, then the values of columns that have few."""
    is_estimate = sum(part.rows_read for part in parts) > _COUNTED_ROWS
    distinct = "approx_count_distinct(v{0})" if is_estimate else "count(distinct v{0})"
    smallest, largest = "cast(min(v{0}) as varchar)", "cast(max(v{0}) as varchar)"
    measures = ("count(*)", "count(*) filter (p{0})", distinct, smallest, largest, "count(*) filter (m{0})")
    read = _read_query(parts, sources)
    counts = ", ".join(measure.format(place) for place in range(len(sources)) for measure in measures)
    row = con.execute(f"with read as ({read}) select {counts} from read").fetchall()[0]
    found = [row[len(measures) * place : len(measures) * (place + 1)] for place in range(len(sources))]
    few = [
        place
        for place, (_, filled, different, *_) in enumerate(found)
        if not sources[place].is_hidden
        and sources[place].kind not in _RANGED
        and 0 < different <= min(_LISTED_VALUES, filled // 4)
    ]
    listed: dict[int, list[str]] = {}
    if few:
        different = "list_sort(list(distinct cast(v{0} as varchar)) filter (v{0} is not null))"
        lists = ", ".join(different.format(place) for place in few)
        values = con.execute(f"with read as ({read}) select {lists} from read").fetchall()[0]
        listed = dict(zip(few, values, strict=True))
    return [
        _column_profile(source, counted, listed.get(place, []), is_estimate, parts, settings)
        for place, (source, counted) in enumerate(zip(sources, found, strict=True))
    ]


def _read_query(parts: list[Part], sources: list[_Source]) -> str:
    """Return the query of presence, value and mark (p, v, m and the place) of all sources over all parts."""
    selects = []
    for number, part in enumerate(parts):
        items = []
        for place, source in enumerate(sources):
            present, value, mark = source.expressions.get(number, ("false", "null", "false"))
            items.append(f"{present} as p{place}, {value} as v{place}, {mark} as m{place}")
        selects.append(f"select {', '.join(items)} from {part.relation} as raw")
    return " union all ".join(selects)


def _column_profile(
    source: _Source, counted: tuple, values: list[str], is_estimate: bool, parts: list[Part], settings: LoadSettings
) -> ColumnProfile:
    rows, filled, distinct, first, last, marked = counted
    shown = ""
    if source.kind in _RANGED and distinct and not source.is_hidden:
        shown = first if first == last else f"{first} to {last}"
    elif not source.is_hidden:
        shown = ", ".join(values)
    remark = ""
    if any(part.has_decimal_comma(source.name) for part in parts):
        remark = "decimal comma"
    elif source.kind == "instant" and marked:
        remark = f"{'all' if marked == filled else f'{marked:,}'} without a zone, read in {settings.bank_timezone}"
    elif source.kind == "text" and filled > marked >= max(filled / 2, 1):
        remark = f"read as text, for only {marked:,} of {filled:,} values are numbers"
    return ColumnProfile(source.name, source.kind, rows - filled, distinct, shown, is_estimate, remark)
