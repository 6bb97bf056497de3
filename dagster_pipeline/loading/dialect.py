"""What a file's text forms say about where it comes from: decimal commas, and bytes that are not UTF-8.

What belongs here: telling a decimal comma from a thousands separator, and the remarks on both. Nothing is guessed in
silence: what was read in another way than with a decimal point is said, and so is what was not.

A column of numbers has decimal commas if at least one value has one (``12,50``), no value has a decimal point, and no
comma can be a thousands separator (``1,234``: one to three digits, no leading zero, and groups of three). Whole
numbers fit both ways. Otherwise numbers with a comma are malformed. Each part of a file is judged for itself.
"""

from dataclasses import replace
from pathlib import Path

import duckdb

from dagster_pipeline.loading.contract import ATTRIBUTE_PREFIX, PROTECTED_PREFIX, FileContract
from dagster_pipeline.loading.parsing import is_text_type, quote_name, quote_text
from dagster_pipeline.loading.reader import CommaCounts, Part, unreadable

_COMMA_FORM = r"[+-]?\d+,\d+"
_POINT_FORM = r"[+-]?[\d,]*\.[\d,]*([eE][+-]?\d+)?"
_GROUPED_FORM = r"[+-]?[1-9]\d{0,2}(,\d{3})+"
# 10 to 200. Planning a query grows with the square of its aggregates.
_COLUMNS_PER_QUERY = 50


def with_decimal_commas(con: duckdb.DuckDBPyConnection, contract: FileContract, part: Part) -> Part:
    """Return the part with what the commas in its columns of numbers are.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Connection that can scan the part.
    contract : FileContract
        Columns of kind decimal and number are looked at, and free columns held as text.
    part : Part

    Raises
    ------
    InputError
        If the part turns out to be unreadable while it is scanned.
    """
    numeric = {column.name for column in contract.columns if column.kind in ("decimal", "number")}
    prefixes = (ATTRIBUTE_PREFIX, PROTECTED_PREFIX)
    names = [
        name
        for name, (_, sql_type) in part.columns.items()
        if is_text_type(sql_type) and (name in numeric or (contract.has_attributes and name.startswith(prefixes)))
    ]
    commas: dict[str, CommaCounts] = {}
    for start in range(0, len(names), _COLUMNS_PER_QUERY):
        commas.update(_count_commas(con, part, names[start : start + _COLUMNS_PER_QUERY]))
    return replace(part, commas=commas)


def _count_commas(con: duckdb.DuckDBPyConnection, part: Part, names: list[str]) -> dict[str, CommaCounts]:
    columns = {name: f"trim(raw.{quote_name(part.columns[name][0])})" for name in names}
    try:
        with_commas = con.execute(
            f"select {', '.join(f'bool_or(contains({text}, chr(44)))' for text in columns.values())} "
            f"from {part.relation} as raw"
        ).fetchall()[0]
        names = [name for name, has_comma in zip(names, with_commas, strict=True) if has_comma]
        if not names:
            return {}
        counts = ", ".join(
            f"count_if(regexp_full_match({columns[name]}, {quote_text(form)}))"
            for name in names
            for form in (_COMMA_FORM, _POINT_FORM, _GROUPED_FORM)
        )
        row = con.execute(f"select {counts} from {part.relation} as raw").fetchall()[0]
    except duckdb.Error as error:
        raise unreadable(part.source_file, error) from error
    found = {name: CommaCounts(*row[3 * place : 3 * place + 3]) for place, name in enumerate(names)}
    return {name: counts for name, counts in found.items() if counts.with_comma or counts.grouped}


def decimal_comma_remarks(part: Part) -> list[str]:
    """Tell which columns of a part were read with a decimal comma, and why others with commas were not."""
    remarks = []
    read = [name for name, counts in part.commas.items() if counts.are_decimal]
    if read:
        remarks.append(f"{part.source_file}: read with a decimal comma (12,50 is 12.50): {_listed(read)}.")
    mixed = [name for name, counts in part.commas.items() if not counts.are_decimal and counts.with_point]
    grouped = [name for name, counts in part.commas.items() if not counts.are_decimal and not counts.with_point]
    for names, reason in (
        (mixed, "other values have a decimal point"),
        (grouped, "some could be thousands separators (1,234)"),
    ):
        if names:
            remarks.append(
                f"{part.source_file}: commas in numbers were not read as decimal commas, for {reason}: "
                f"{_listed(names)}. Export numbers with a decimal point and no separators."
            )
    return remarks


def _listed(names: list[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def encoding_remarks(path: Path, part: Part) -> list[str]:
    """Tell of lines that are not UTF-8, with the first of them as the file has it."""
    rows = [broken.row_number for broken in part.broken_rows if broken.rule == "bad_encoding"]
    if not rows:
        return []
    with path.open("rb") as file:
        for line_number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = line[error.start]
                told = f"line {line_number} (row {rows[0]}), byte {error.start + 1} = 0x{byte:02x}"
                other = bytes([byte]).decode("latin-1")
                told += f", which is {other} in Latin-1" if other.isprintable() else ""
                return [
                    f"{part.source_file}: {len(rows):,} rows are not UTF-8 and were left out, the first at {told}. "
                    "No other encoding is guessed: export the file as UTF-8."
                ]
    return []
