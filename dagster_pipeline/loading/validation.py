"""Judging the rows of one file of the contract, set by set: staged rows that passed, and rejects by rule.

What belongs here: SQL made from ``contract`` and ``parsing``. Rows are staged in the temporary table
``stage_<name>`` (part, source_row_number, the columns as read), rejects in ``stage_rejects``. A row is judged
first by itself, then by what it refers to, last by its key; a row that failed one judgement does not meet the next,
so a spoiled copy never makes its original a duplicate.
"""

import duckdb

from dagster_pipeline.loading.attributes import AttributeColumns, attributes_json
from dagster_pipeline.loading.checks import Check, checks_of, parsed_query, read_part
from dagster_pipeline.loading.contract import ATTRIBUTE_PREFIX, PROTECTED_PREFIX, FileContract
from dagster_pipeline.loading.errors import InputError
from dagster_pipeline.loading.parsing import SQL_TYPES, quote_text
from dagster_pipeline.loading.reader import Part, unreadable
from dagster_pipeline.loading.remarks import look_alikes
from dagster_pipeline.loading.settings import LoadSettings

HIDDEN = "(protected, not shown)"
_COLUMNS_SHOWN = 40


def create_rejects_table(con: duckdb.DuckDBPyConnection) -> None:
    """Create the empty temporary table that all rejects of a night go to."""
    con.execute(
        "create or replace temp table stage_rejects "
        "(source_file varchar, row_number bigint, rule varchar, column_name varchar, value varchar, message varchar, "
        "is_known boolean, position integer)"
    )


def has_contract_columns(contract: FileContract, part: Part) -> bool:
    """Tell whether any name in a part's header is a column of the contract."""
    return any(column.name in part.columns for column in contract.columns)


def check_columns(contract: FileContract, part: Part) -> None:
    """Refuse a part without a required column.

    Raises
    ------
    InputError
        Naming the columns found and those missing.
    """
    missing = [name for name in contract.required_columns if name not in part.columns]
    if missing:
        contract_names = {column.name for column in contract.columns}
        if not has_contract_columns(contract, part):
            raise InputError(
                f"{part.source_file}: none of the names in its first line is a column of {contract.name}; expected a "
                f"header with at least {', '.join(contract.required_columns)}. Add it, or rename the columns, and run "
                "again."
            )
        strange = [name for name in part.columns if name not in contract_names]
        alike = "".join(f" {remark}" for remark in look_alikes(strange, missing))
        raise InputError(
            f"{part.source_file} lacks the required column{'s' if missing[1:] else ''} {', '.join(missing)}. "
            f"Found: {', '.join(list(part.columns)[:_COLUMNS_SHOWN])}. "
            f"Expected: {', '.join(contract.required_columns)}.{alike} Add or rename the column and run again."
        )


def stage_rows(
    con: duckdb.DuckDBPyConnection, contract: FileContract, parts: list[Part], settings: LoadSettings
) -> None:
    """Stage the rows of all parts that are right by themselves; write rejects for the others.

    Raises
    ------
    InputError
        If a part turns out to be unreadable while it is scanned.
    """
    attributes = AttributeColumns.find(con, parts, ATTRIBUTE_PREFIX) if contract.has_attributes else None
    protected = AttributeColumns.find(con, parts, PROTECTED_PREFIX) if contract.has_attributes else None
    definition = ", ".join(f"{column.name} {SQL_TYPES[column.kind]}" for column in contract.columns)
    if contract.has_attributes:
        definition += ", attributes json, protected_attributes json"
    con.execute(
        f"create or replace temp table stage_{contract.name} (part integer, source_row_number bigint, {definition})"
    )
    for number, part in enumerate(parts):
        readings = read_part(contract, part, settings)
        checks = checks_of(contract, part, readings, settings)
        extra = ""
        if attributes is not None and protected is not None:
            extra = f", {attributes_json(attributes, part)} as attributes"
            extra += f", {attributes_json(protected, part)} as protected_attributes"
        parsed = parsed_query(contract, part, readings, extra)
        is_bad = " or ".join(f"coalesce({check.condition}, false)" for check in checks) or "false"
        names = ", ".join(column.name for column in contract.columns)
        names += ", attributes, protected_attributes" if contract.has_attributes else ""
        try:
            con.execute(
                f"insert into stage_{contract.name} with parsed as ({parsed}) "
                f"select {number}, source_row_number, {names} from parsed where not ({is_bad})"
            )
            staged = _count(con, f"select count(*) from stage_{contract.name} where part = {number}")
            if staged + len(part.broken_rows) < part.rows_read:
                _reject_bad_rows(con, part, parsed, is_bad, checks, settings)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise unreadable(part.source_file, error) from error
        _reject_broken_rows(con, contract, part, settings)


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    return con.execute(query).fetchall()[0][0]


def _reject_bad_rows(
    con: duckdb.DuckDBPyConnection, part: Part, parsed: str, is_bad: str, checks: list[Check], settings: LoadSettings
) -> None:
    """Write one reject per bad row, rule and column that broke it; ``position`` orders the columns."""
    structs = []
    for order, check in enumerate(checks):
        value = quote_text(HIDDEN) if check.is_protected else f"cast(raw_{check.column} as varchar)"
        if check.column not in part.columns:
            value = "null"
        structs.append(
            f"case when {check.condition} then {{'position': {order}, 'rule': {quote_text(check.rule)}, "
            f"'column_name': {quote_text(check.column)}, 'value': {value}, 'message': {quote_text(check.message)}}} end"
        )
    con.execute(
        f"""
        insert into stage_rejects
        with parsed as ({parsed}),
        broken as (
            select source_row_number, unnest([{", ".join(structs)}]) as problem from parsed where {is_bad}
        )
        select
            {quote_text(part.source_file)}, source_row_number, problem.rule, problem.column_name,
            left(problem.value, {settings.reject_value_length}), problem.message, false, problem.position
        from broken
        where problem is not null
        """
    )


def _reject_broken_rows(
    con: duckdb.DuckDBPyConnection, contract: FileContract, part: Part, settings: LoadSettings
) -> None:
    hides_lines = contract.has_attributes
    rows = [
        (
            part.source_file,
            broken.row_number,
            broken.rule,
            broken.column,
            HIDDEN if hides_lines else broken.value[: settings.reject_value_length],
            broken.message,
        )
        for broken in part.broken_rows
    ]
    if rows:
        con.executemany("insert into stage_rejects values (?, ?, ?, ?, ?, ?, false, 0)", rows)


def reject_unknown_references(
    con: duckdb.DuckDBPyConnection,
    contract: FileContract,
    parts: list[Part],
    night: str,
    targets: list[str],
    has_own_products: bool,
) -> None:
    """Reject staged rows whose customer or product (``targets``) no accepted row of tonight or an earlier night has."""
    for target in targets:
        name = f"{target}_id"
        hint = ""
        if target == "product" and not has_own_products:
            hint = " (the folder brings no products, so Harbor Bank's default catalogue stands in: add yours)"
        known = f"select {name} from raw.{target}s where loaded_as_of_date < date '{night}'"
        known += f" union select {name} from stage_{target}s"
        _reject_staged(
            con,
            contract,
            parts,
            f"select part, source_row_number, {name} as value from stage_{contract.name} "
            f"where {name} is not null and {name} not in ({known})",
            rule=f"unknown_{target}",
            column=name,
            message=f"no accepted row of {target}s, of tonight or an earlier night, has this {name}{hint}",
        )


def _reject_staged(
    con: duckdb.DuckDBPyConnection,
    contract: FileContract,
    parts: list[Part],
    query: str,
    rule: str,
    column: str | None,
    message: str,
    is_known: bool = False,
) -> None:
    """Move the staged rows that ``query`` (part, source_row_number, value) returns to the rejects."""
    con.execute(f"create or replace temp table stage_found as {query}")
    if not _count(con, "select count(*) from stage_found"):
        return
    files = ", ".join(quote_text(part.source_file) for part in parts)
    con.execute(
        f"insert into stage_rejects select ([{files}])[part + 1], source_row_number, {quote_text(rule)}, "
        f"{quote_text(column) if column else 'null'}, left(cast(value as varchar), 200), {quote_text(message)}, "
        f"{str(is_known).lower()}, 0 from stage_found"
    )
    con.execute(
        f"delete from stage_{contract.name} where (part, source_row_number) in "
        "(select (part, source_row_number) from stage_found)"
    )


def reject_repeated_keys(con: duckdb.DuckDBPyConnection, contract: FileContract, parts: list[Part], night: str) -> None:
    """Reject exact duplicates, then other content under a key seen before in this load, then rows known already.

    A row equal to the version known last is a repetition; a row that differs from it is a correction and stays.
    """
    stage, key = f"stage_{contract.name}", ", ".join(contract.key)
    shown = " || ' ' || ".join(f"cast({name} as varchar)" for name in contract.key)
    content = [column.name for column in contract.columns]
    content += ["attributes", "protected_attributes"] if contract.has_attributes else []
    con.execute(
        f"create or replace temp table stage_keys as select {key} from {stage} group by {key} having count(*) > 1"
    )
    if _count(con, "select count(*) from stage_keys"):
        con.execute(
            f"""
            create or replace temp table stage_repeated as
            select
                part, source_row_number, {shown} as value,
                row_number() over (partition by {", ".join(content)} order by part, source_row_number) > 1 as is_equal,
                row_number() over (partition by {key} order by part, source_row_number) > 1 as is_later
            from {stage} semi join stage_keys using ({key})
            """
        )
        for rule, condition, message in (
            ("duplicate_row", "is_equal", "an earlier row of this load is exactly the same; deliver every row once"),
            (
                "conflicting_key",
                "is_later and not is_equal",
                "an earlier row of this load has the same key and other content; the first one counts",
            ),
        ):
            query = f"select part, source_row_number, value from stage_repeated where {condition}"
            _reject_staged(con, contract, parts, query, rule, key, message)
    _reject_known_rows(con, contract, parts, night, shown)


def _reject_known_rows(
    con: duckdb.DuckDBPyConnection, contract: FileContract, parts: list[Part], night: str, shown: str
) -> None:
    """Reject staged rows that equal the version of an earlier night that is known last."""
    earlier = f"select count(*) from raw.loads where loaded_as_of_date < date '{night}'"
    if not _count(con, earlier):
        return
    key = ", ".join(contract.key)
    same = " and ".join(f"staged.{column.name} is not distinct from known.{column.name}" for column in contract.columns)
    known = f"raw.{contract.name}"
    if contract.has_attributes:
        same += " and cast(staged.attributes as varchar) = cast(known.attributes as varchar)"
        same += " and cast(staged.protected_attributes as varchar)"
        same += " = coalesce(cast(known.protected_attributes as varchar), '{}')"
        known = (
            "(select customers.*, protected.birth_date, protected.attributes as protected_attributes "
            "from raw.customers as customers left join raw.customers_protected as protected "
            "using (customer_id, loaded_as_of_date))"
        )
    _reject_staged(
        con,
        contract,
        parts,
        f"""
        with known as (
            select * from {known} as known semi join stage_{contract.name} using ({key})
            where loaded_as_of_date < date '{night}'
            qualify row_number() over (partition by {key} order by loaded_as_of_date desc) = 1
        )
        select staged.part, staged.source_row_number, {shown.replace("cast(", "cast(staged.")} as value
        from stage_{contract.name} as staged inner join known using ({key})
        where {same}
        """,
        rule="duplicate_row",
        column=key,
        message="an earlier night loaded this row already; nothing changed",
        is_known=True,
    )


def check_shares(con: duckdb.DuckDBPyConnection, contract_name: str, parts: list[Part], settings: LoadSettings) -> None:
    """Refuse a file that lost more than the admitted share of its rows.

    Raises
    ------
    InputError
        Naming the rules broken, with counts and examples.
    """
    rows_read = sum(part.rows_read for part in parts)
    files = ", ".join(quote_text(part.source_file) for part in parts)
    condition = f"source_file in ({files}) and not is_known"
    rejected = _count(
        con, f"select count(*) from (select distinct source_file, row_number from stage_rejects where {condition})"
    )
    if rejected <= settings.max_reject_share * rows_read:
        return
    rules = con.execute(
        f"select rule, count(distinct (source_file, row_number)) as rows_hit from stage_rejects where {condition} "
        "group by rule order by rows_hit desc, rule"
    ).fetchall()
    examples = con.execute(
        f"select source_file, row_number, column_name, value, message from stage_rejects where {condition} "
        f"order by source_file, row_number, rule, position limit {settings.examples_in_message}"
    ).fetchall()
    lines = [
        f"  {file} row {row}{f', {column}' if column else ''}{f' = {value!r}' if value else ''}: {message}"
        for file, row, column, value, message in examples
    ]
    raise InputError(
        f"{contract_name}: {rejected:,} of {rows_read:,} rows ({rejected / rows_read:.1%}) are rejected; at most "
        f"{settings.max_reject_share:.0%} may be. By rule: {', '.join(f'{rule} {count:,}' for rule, count in rules)}.\n"
        + "\n".join(lines)
        + "\nNothing of this night was loaded. Mend the file and run again."
    )
