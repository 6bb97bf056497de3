"""The SQL that reads and judges one part of a file, made from the contract: no rows here, only expressions.

What belongs here: the query of a part's columns as read, and the conditions under which a row is rejected for what it
says by itself.
"""

from dataclasses import dataclass

from dagster_pipeline.loading.contract import Column, FileContract
from dagster_pipeline.loading.parsing import EXPECTED, SQL_TYPES, Reading, quote_name, quote_text, read_column
from dagster_pipeline.loading.reader import Part
from dagster_pipeline.loading.settings import LoadSettings


@dataclass(frozen=True)
class Check:
    """One judgement of one column: ``condition`` over a part's raw and read columns rejects the row."""

    rule: str
    column: str
    condition: str
    message: str
    is_protected: bool = False


def read_part(contract: FileContract, part: Part, settings: LoadSettings) -> dict[str, Reading]:
    """Return the reading of every contract column that the part has."""
    readings = {}
    for column in contract.columns:
        if column.name in part.columns:
            actual, sql_type = part.columns[column.name]
            readings[column.name] = read_column(
                column,
                f"raw.{quote_name(actual)}",
                sql_type,
                settings.bank_timezone,
                part.has_decimal_comma(column.name),
            )
    return readings


def parsed_query(contract: FileContract, part: Part, readings: dict[str, Reading], extra: str) -> str:
    """Return the query of a part's columns as read, with flags of presence and the raw text of those that can fail."""
    items = ["raw.source_row_number"]
    for column in contract.columns:
        if column.name not in readings:
            items.append(f"cast(null as {SQL_TYPES[column.kind]}) as {column.name}")
            continue
        reading = readings[column.name]
        actual = quote_name(part.columns[column.name][0])
        items.append(f"{reading.value} as {column.name}")
        items.append(f"raw.{actual} as raw_{column.name}")
        if reading.can_fail:
            items.append(f"{reading.is_present} as has_{column.name}")
            items.append(f"{reading.looks_like_date} as is_date_{column.name}")
    return f"select {', '.join(items)}{extra} from {part.relation} as raw"


def checks_of(contract: FileContract, part: Part, readings: dict[str, Reading], settings: LoadSettings) -> list[Check]:
    """Return every judgement that applies to a part, in the order in which a row's first reject is chosen."""
    checks = []
    for column in contract.columns:
        if column.name in readings:
            checks += _column_checks(column, readings[column.name], settings)
    for rule in contract.row_rules:
        is_protected = any(column.is_protected for column in contract.columns if column.name == rule.column)
        checks.append(Check(rule.rule, rule.column, rule.condition, rule.message, is_protected))
    return checks


def _column_checks(column: Column, reading: Reading, settings: LoadSettings) -> list[Check]:
    name, found = column.name, []

    def check(rule: str, condition: str, message: str) -> None:
        found.append(Check(rule, name, condition, message, column.is_protected))

    has_value = f"has_{name}" if reading.can_fail else f"{name} is not null"
    if column.must_have_value:
        check("missing_value", f"not ({has_value})", f"{name} is empty; every row needs one")
    if reading.can_fail:
        unread = f"has_{name} and {name} is null"
        if reading.looks_like_date != "false":
            check("impossible_date", f"{unread} and is_date_{name}", f"{name} is no day of the calendar")
            unread += f" and not is_date_{name}"
        check("malformed_value", unread, f"expected {EXPECTED[column.kind]}")
    if column.kind in ("date", "instant"):
        first, last = settings.earliest_date, settings.latest_date
        check("impossible_date", f"{name} < date '{first}'", f"{name} lies before {first}")
        if not column.may_lie_ahead:
            check(
                "impossible_date",
                f"{name} >= date '{last}' + interval 1 day",
                f"{name} lies after {last}, the latest date that can have happened",
            )
    if column.minimum is not None and column.maximum is not None:
        check(
            "malformed_value",
            f"{name} not between {column.minimum} and {column.maximum}",
            f"expected {column.minimum} to {column.maximum}",
        )
    condition = _vocabulary_condition(column)
    if condition:
        expected = column.pattern_hint or "one of " + ", ".join(column.vocabulary)
        check("unknown_code", condition, f"expected {expected}")
    if column.pattern:
        each = f"regexp_full_match(<value>, {quote_text(column.pattern)})"
        check("malformed_value", _not_all(column, each), f"expected {column.pattern_hint}")
    return found


def _vocabulary_condition(column: Column) -> str:
    if column.vocabulary_query:
        return f"{column.name} not in ({column.vocabulary_query})"
    if not column.vocabulary:
        return ""
    values = ", ".join(quote_text(value) for value in column.vocabulary)
    if column.kind == "integer":
        values = ", ".join(column.vocabulary)
    return _not_all(column, f"(<value> in ({values}))")


def _not_all(column: Column, condition: str) -> str:
    """Return the condition that a value, or an element of a list, fails ``condition`` (with <value> for it)."""
    if column.kind != "list":
        return f"not {condition.replace('<value>', column.name)}"
    elements = f"string_split({column.name}, '|')"
    return f"len(list_filter({elements}, lambda element: not {condition.replace('<value>', 'element')})) > 0"
