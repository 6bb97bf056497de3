r"""How the value of one column is read: SQL expressions from what a file holds to what the raw table holds.

What belongs here: forms of text (dates, instants, numbers) and native Parquet types. Values that come typed are
not parsed again. Text forms: a date is ``2025-07-01`` (midnight may follow); an instant is a date, or a date and
``10:30``, ``10:30:00`` or ``10:30:00.123`` after a blank or ``T``, with ``Z`` or ``+02:00`` (or the bank's zone is
meant); a number is ``-12.50`` or ``1e3``, without grouping, with a decimal point, or a decimal comma in columns that
``dialect`` found to have them.
"""

from dataclasses import dataclass

from dagster_pipeline.loading.contract import Column

_DAY = r"\d{4}-\d{2}-\d{2}"
_TIME = r"[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
_DATE_FORM = rf"{_DAY}([ T]00:00(:00(\.0{{1,9}})?)?)?"
_LOCAL_FORM = rf"{_DAY}({_TIME})?"
_ZONED_FORM = rf"{_DAY}{_TIME}(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)"
# Bounded, so that no number of this form overflows a double; larger ones are typing errors.
_NUMBER_FORM = r"[+-]?(\d{1,100}(\.\d*)?|\.\d+)([eE](\+?\d{1,2}|-\d{1,3}))?"
_COMMA_FORM = r"[+-]?\d{1,100}(,\d+)?"
_INTEGER_FORM = r"[+-]?\d+(\.0*)?"

SQL_TYPES = {
    "text": "varchar",
    "list": "varchar",
    "date": "date",
    "instant": "timestamptz",
    "decimal": "decimal(18,2)",
    "integer": "integer",
    "number": "double",
}

EXPECTED = {
    "text": "text",
    "list": "names joined by |",
    "date": "a date such as 2025-12-31",
    "instant": "an instant such as 2025-12-31T14:05:00Z",
    "decimal": "an amount such as -12.50, without grouping, at most 16 digits before the point",
    "integer": "a whole number",
    "number": "a number such as 0.075",
}


@dataclass(frozen=True)
class Reading:
    """SQL expressions over one raw column.

    Attributes
    ----------
    is_present : str
        Whether the file has a value there.
    value : str
        The value as the raw table holds it; null where it can't be read.
    can_fail : bool
        Whether a present value may be unreadable.
    looks_like_date : str
        Whether an unreadable value has the form of a date, so that it is the calendar it breaks.
    is_local : str
        Whether an instant names no zone.
    """

    is_present: str
    value: str
    can_fail: bool
    looks_like_date: str = "false"
    is_local: str = "false"


def quote_name(name: str) -> str:
    """Quote an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Quote an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def is_text_type(sql_type: str) -> bool:
    """Tell whether a DuckDB type holds text."""
    return sql_type.startswith("VARCHAR") and not sql_type.endswith("]")


def is_float_type(sql_type: str) -> bool:
    """Tell whether a DuckDB type can hold NaN."""
    return sql_type in ("DOUBLE", "FLOAT")


def is_number_type(sql_type: str) -> bool:
    """Tell whether a DuckDB type is numeric."""
    return (
        is_float_type(sql_type)
        or sql_type.startswith("DECIMAL")
        or sql_type.removeprefix("U").endswith("INT")
        or (sql_type in ("INTEGER", "UINTEGER"))
    )


def _is_naive_instant(sql_type: str) -> bool:
    return sql_type in ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")


def _is_zoned_instant(sql_type: str) -> bool:
    return sql_type.startswith("TIMESTAMP") and sql_type.endswith("TIME ZONE")


def read_column(column: Column, raw: str, sql_type: str, zone: str, has_decimal_comma: bool = False) -> Reading:
    """Return how ``column`` is read from the expression ``raw`` of DuckDB type ``sql_type``.

    Parameters
    ----------
    column : Column
        Column of the contract.
    raw : str
        SQL expression of the raw value.
    sql_type : str
        Its DuckDB type as DESCRIBE prints it.
    zone : str
        IANA zone of instants that name none.
    has_decimal_comma : bool
        Whether numbers in text are written ``12,50``.
    """
    native = _read_native(column, raw, sql_type, zone)
    if native is not None:
        return native
    text = raw if is_text_type(sql_type) else f"cast({raw} as varchar)"
    if column.kind == "list" and sql_type.endswith("]"):
        text = f"array_to_string({raw}, '|')"
    if column.is_lowered:
        text = f"lower({text})"
    return _read_text(column, text, zone, has_decimal_comma)


def _read_native(column: Column, raw: str, sql_type: str, zone: str) -> Reading | None:
    """Read a value whose Parquet type already fits; None where it must go through its text."""
    if column.kind in ("date", "instant"):
        return _read_native_time(column, raw, sql_type, quote_text(zone))
    if column.kind in ("text", "list") or not is_number_type(sql_type):
        return None
    is_present = f"({raw} is not null and not isnan({raw}))" if is_float_type(sql_type) else f"{raw} is not null"
    value = f"try_cast({raw} as {SQL_TYPES[column.kind]})"
    if column.kind == "integer":
        value = f"case when {raw} = trunc({raw}) then {value} end"
    if column.kind == "number":
        value = f"case when isfinite(cast({raw} as double)) then {value} end"
    return Reading(is_present, value, can_fail=True)


def _read_native_time(column: Column, raw: str, sql_type: str, local_zone: str) -> Reading | None:
    """Read a native date or instant; an instant serves as a date only if it is a midnight."""
    is_present = f"{raw} is not null"
    if column.kind == "date":
        if sql_type == "DATE":
            return Reading(is_present, raw, can_fail=False)
        local = f"({raw} at time zone {local_zone})" if _is_zoned_instant(sql_type) else f"cast({raw} as timestamp)"
        if _is_zoned_instant(sql_type) or _is_naive_instant(sql_type):
            value = f"case when date_trunc('day', {local}) = {local} then cast({local} as date) end"
            return Reading(is_present, value, can_fail=True)
    if column.kind == "instant":
        if _is_zoned_instant(sql_type):
            return Reading(is_present, f"cast({raw} as timestamptz)", can_fail=False)
        if _is_naive_instant(sql_type) or sql_type == "DATE":
            value = f"cast({raw} as timestamp) at time zone {local_zone}"
            return Reading(is_present, value, can_fail=False, is_local=is_present)
    return None


def _read_text(column: Column, text: str, zone: str, has_decimal_comma: bool) -> Reading:
    """Read a value from text; blanks alone are no value, blanks around a value belong to it."""
    is_present = f"coalesce(trim({text}, ' \t\r\n') <> '', false)"
    if column.kind in ("text", "list"):
        return Reading(is_present, f"case when {is_present} then {text} end", can_fail=False)
    looks_like_date = is_local = "false"
    if column.kind == "date":
        value = f"case when {_matches(text, _DATE_FORM)} then try_cast(left({text}, 10) as date) end"
        looks_like_date = _matches(text, _DATE_FORM)
    elif column.kind == "instant":
        value = (
            f"case when {_matches(text, _ZONED_FORM)} then try_cast({text} as timestamptz) "
            f"when {_matches(text, _LOCAL_FORM)} then try_cast({text} as timestamp) at time zone {quote_text(zone)} end"
        )
        is_local = _matches(text, _LOCAL_FORM)
        looks_like_date = f"({_matches(text, _ZONED_FORM)} or {is_local})"
    else:
        form = _INTEGER_FORM if column.kind == "integer" else _NUMBER_FORM
        number = text
        if has_decimal_comma:
            form, number = _COMMA_FORM, f"replace({text}, ',', '.')"
        value = f"case when {_matches(text, form)} then try_cast({number} as {SQL_TYPES[column.kind]}) end"
    return Reading(is_present, value, can_fail=True, looks_like_date=looks_like_date, is_local=is_local)


def _matches(text: str, form: str) -> str:
    return f"regexp_full_match({text}, {quote_text(form)})"
