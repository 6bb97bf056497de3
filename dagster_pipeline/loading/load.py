"""One night's load: find, stage, judge, and write everything of the night in one transaction.

What belongs here: the order of the steps, what the first night and later nights read, and the two other entrances
of raw: our own sent messages, and the default night of a folder.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from dagster_pipeline.loading.contract import ATTRIBUTE_PREFIX, FILES, FileContract
from dagster_pipeline.loading.documents import (
    DEFAULT_PREFIX,
    LoadedDocuments,
    read_default_documents,
    read_documents,
    reject_known_documents,
)
from dagster_pipeline.loading.errors import InputError
from dagster_pipeline.loading.parsing import quote_text
from dagster_pipeline.loading.reader import Part, find_parts, open_part
from dagster_pipeline.loading.remarks import skipped_nights, unknown_columns, unknown_files
from dagster_pipeline.loading.report import FileCount, LoadReport, degraded_notes, planted_and_caught
from dagster_pipeline.loading.settings import LOAD_SETTINGS, LoadSettings
from dagster_pipeline.loading.truth import load_truth
from dagster_pipeline.loading.validation import (
    check_columns,
    check_shares,
    create_rejects_table,
    reject_repeated_keys,
    reject_unknown_references,
    stage_rows,
)

DEFAULT_PRODUCTS = Path(__file__).resolve().parents[2] / "ml" / "simulator" / "products.csv"

_NIGHT_TABLES = (
    "customers",
    "customers_protected",
    "transactions",
    "events",
    "consents",
    "products",
    "holdings",
    "contacts",
    "documents",
    "rejects",
    "loads",
)


@dataclass(frozen=True)
class Staged:
    """Tonight's files as staged: the parts of each, the documents, and remarks on the folder."""

    parts: dict[str, list[Part]] = field(default_factory=dict)
    documents: LoadedDocuments = field(default_factory=LoadedDocuments)
    notes: list[str] = field(default_factory=list)


def load_night(
    con: duckdb.DuckDBPyConnection, folder: Path, as_of_date: date, settings: LoadSettings = LOAD_SETTINGS
) -> LoadReport:
    """Load the rows that a folder holds for one night; run again, the night's rows are replaced.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Working file with all declared tables, outside a transaction.
    folder : Path
        Input folder. The first night reads its root, a later one ``nights/<as_of_date>/``.
    as_of_date : date
        The night.
    settings : LoadSettings
        Zone, thresholds, bounds.

    Returns
    -------
    LoadReport

    Raises
    ------
    InputError
        If the night can't be loaded; all tables are then as they were before.
    """
    root = folder.resolve()
    if not root.is_dir():
        raise InputError(f"There is no folder {folder}; expected a folder of files in the input contract.")
    is_first = _is_first_night(con, as_of_date)
    night_folder = root if is_first else root / "nights" / as_of_date.isoformat()
    try:
        staged = stage_folder(con, night_folder, root, as_of_date.isoformat(), is_first, settings)
        con.execute("begin transaction")
        try:
            _write_night(con, staged, as_of_date)
            load_truth(con, night_folder, root)
            con.execute("commit")
        except BaseException:
            con.execute("rollback")
            raise
    finally:
        _drop_staging(con)
    return _report(con, as_of_date, is_first, staged.notes + skipped_nights(con, root, as_of_date))


def _is_first_night(con: duckdb.DuckDBPyConnection, as_of_date: date) -> bool:
    """Tell whether the night is the first of this home; an earlier one is refused."""
    first = con.execute("select min(loaded_as_of_date) from raw.loads").fetchall()[0][0]
    if first is not None and as_of_date < first:
        raise InputError(
            f"The night {as_of_date} lies before the first load of this home ({first}), so nothing is known on it. "
            f"Run a night from {first} on, or start a new home with WORDBOND_HOME."
        )
    return first is None or as_of_date == first


def stage_folder(
    con: duckdb.DuckDBPyConnection, night_folder: Path, root: Path, night: str, is_first: bool, settings: LoadSettings
) -> Staged:
    """Stage and judge everything in ``night_folder``; raw tables are read and not changed.

    Raises
    ------
    InputError
        If a file is missing, unreadable, without a required column, or loses too many rows.
    """
    create_rejects_table(con)
    notes = []
    if not is_first and not night_folder.is_dir():
        notes.append(f"There is no folder nights/{night}: the night runs on what is known.")
    parts: dict[str, list[Part]] = {}
    for contract in FILES:
        parts[contract.name] = _open_parts(con, contract, night_folder, root, is_first)
    if is_first:
        _check_first_night(parts)
    has_own_products = not any(part.source_file.startswith(DEFAULT_PREFIX) for part in parts["products"])
    for contract in FILES:
        stage_rows(con, contract, parts[contract.name], settings)
        reject_unknown_references(con, contract, parts[contract.name], night, has_own_products)
        reject_repeated_keys(con, contract, parts[contract.name], night)
        check_shares(con, contract.name, parts[contract.name], settings)
        notes += unknown_columns(contract, parts[contract.name])
    notes += unknown_files(night_folder, is_first)
    documents = read_documents(night_folder, root, settings.max_reject_share)
    if is_first and not documents.files:
        documents = read_default_documents()
    return Staged(parts, documents, notes)


def _open_parts(
    con: duckdb.DuckDBPyConnection, contract: FileContract, night_folder: Path, root: Path, is_first: bool
) -> list[Part]:
    parts = []
    for number, path in enumerate(find_parts(night_folder, contract.name, root)):
        source_file = path.relative_to(root).as_posix()
        parts.append(open_part(con, path, source_file, f"stage_csv_{contract.name}_{number}"))
    if contract.name == "products" and is_first and not parts:
        parts.append(open_part(con, DEFAULT_PRODUCTS, DEFAULT_PREFIX + DEFAULT_PRODUCTS.name, "stage_csv_products_0"))
    for part in parts:
        check_columns(contract, part)
    return parts


def _check_first_night(parts: dict[str, list[Part]]) -> None:
    if not parts["customers"]:
        raise InputError(
            "Found no customers (customers.csv, customers.parquet or a folder customers/); every bank needs them. "
            "Put the file into the input folder and run again."
        )
    has_attributes = any(name.startswith(ATTRIBUTE_PREFIX) for part in parts["customers"] for name in part.columns)
    if not (parts["transactions"] or parts["events"] or has_attributes):
        raise InputError(
            "Found neither transactions nor events nor attr_* columns of customers; expected at least one of them, "
            "for there is nothing else to tell customers apart by. Add one and run again."
        )


def _write_night(con: duckdb.DuckDBPyConnection, staged: Staged, as_of_date: date) -> None:
    """Replace the night's rows in every raw table."""
    night = as_of_date.isoformat()
    for table in _NIGHT_TABLES:
        con.execute(f"delete from raw.{table} where loaded_as_of_date = date '{night}'")
    for contract in FILES:
        if staged.parts[contract.name]:
            _write_file(con, contract, staged.parts[contract.name], night)
    _write_documents(con, reject_known_documents(con, staged.documents, as_of_date), as_of_date)
    con.execute(
        "insert into raw.rejects select source_file, row_number, rule, column_name, value, message, "
        f"date '{night}' from stage_rejects order by source_file, row_number, rule"
    )


def _write_file(con: duckdb.DuckDBPyConnection, contract: FileContract, parts: list[Part], night: str) -> None:
    files = ", ".join(quote_text(part.source_file) for part in parts)
    origin = f"([{files}])[part + 1] as source_file, source_row_number, date '{night}' as loaded_as_of_date"
    stage = f"stage_{contract.name}"
    names = [column.name for column in contract.columns if not column.is_protected]
    if contract.has_attributes:
        names.append("attributes")
        con.execute(
            "insert into raw.customers_protected by name "
            f"select customer_id, birth_date, protected_attributes as attributes, {origin} from {stage} "
            "where birth_date is not null or cast(protected_attributes as varchar) <> '{}'"
        )
    con.execute(f"insert into raw.{contract.name} by name select {', '.join(names)}, {origin} from {stage}")
    for number, part in enumerate(parts):
        con.execute(
            f"""
            insert into raw.loads
            select $file, date '{night}', $rows_read, (select count(*) from {stage} where part = {number}),
                (select count(distinct row_number) from stage_rejects where source_file = $file)
            """,
            {"file": part.source_file, "rows_read": part.rows_read},
        )


def _write_documents(con: duckdb.DuckDBPyConnection, documents: LoadedDocuments, as_of_date: date) -> None:
    for row in documents.rows:
        con.execute(f"insert into raw.documents values ({', '.join('?' * 13)})", [*row, as_of_date])
    for reject in documents.rejects:
        con.execute("insert into stage_rejects values (?, ?, ?, ?, ?, ?, false)", list(reject))
    rejected = {reject[0] for reject in documents.rejects}
    for file in documents.files:
        is_rejected = int(file in rejected)
        con.execute("insert into raw.loads values (?, ?, 1, ?, ?)", [file, as_of_date, 1 - is_rejected, is_rejected])


def _drop_staging(con: duckdb.DuckDBPyConnection) -> None:
    names = con.execute(
        "select table_name from duckdb_tables() where temporary and starts_with(table_name, 'stage_')"
    ).fetchall()
    for (name,) in names:
        con.execute(f"drop table temp.{name}")


def _report(con: duckdb.DuckDBPyConnection, as_of_date: date, is_first: bool, notes: list[str]) -> LoadReport:
    files = con.execute(
        "select file, rows_read, rows_loaded, rows_rejected from raw.loads where loaded_as_of_date = ? order by file",
        [as_of_date],
    ).fetchall()
    rules = con.execute(
        "select rule, count(*) from raw.rejects where loaded_as_of_date = ? group by rule order by rule", [as_of_date]
    ).fetchall()
    withdrawals = con.execute(
        "select count(*) from raw.rejects where loaded_as_of_date = ? and regexp_matches(file, '(^|/)consents[./]') "
        "and rule <> 'duplicate_row'",
        [as_of_date],
    ).fetchall()[0][0]
    if withdrawals:
        notes.append(f"{withdrawals} rejected rows of consents may be withdrawals: look at them in raw.rejects first.")
    return LoadReport(
        as_of_date=as_of_date,
        is_first_night=is_first,
        files=[FileCount(*row) for row in files],
        rejects_by_rule=dict(rules),
        planted=planted_and_caught(con, as_of_date),
        notes=notes + degraded_notes(con, as_of_date),
    )


def load_sent_messages(con: duckdb.DuckDBPyConnection, as_of_date: date) -> int:
    """Bring back what Wordbond itself released on earlier nights; return the rows added for this night.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Working file, outside a transaction.
    as_of_date : date
        The night that runs; its own messages are not written yet.
    """
    con.execute("begin transaction")
    try:
        con.execute("delete from raw.sent_messages where loaded_as_of_date = ?", [as_of_date])
        con.execute(
            """
            create or replace temp table stage_sent as
            select
                messages.message_id, messages.customer_id, briefs.product_id, messages.channel, briefs.intensity,
                messages.send_at, 'rag.messages' as source_file,
                row_number() over (order by messages.message_id) as source_row_number,
                $night as loaded_as_of_date
            from rag.messages as messages
            inner join rag.briefs as briefs using (brief_id)
            where messages.status = 'released' and messages.as_of_date < $night
                and messages.message_id not in (
                    select message_id from raw.sent_messages where loaded_as_of_date < $night
                )
            """,
            {"night": as_of_date},
        )
        con.execute("delete from raw.sent_messages where message_id in (select message_id from stage_sent)")
        con.execute("insert into raw.sent_messages by name select * from stage_sent")
        added = con.execute("select count(*) from stage_sent").fetchall()[0][0]
        con.execute("drop table stage_sent")
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return added


def default_as_of_date(folder: Path, settings: LoadSettings = LOAD_SETTINGS) -> date:
    """Return the night a folder's history ends with: the last local date of what is accepted.

    Transactions, events and contacts count; where there are none, openings and the days customers joined.

    Raises
    ------
    InputError
        If the folder can't be loaded, or holds no date at all.
    """
    from dagster_pipeline.tables import create_declared_tables

    root = folder.resolve()
    if not root.is_dir():
        raise InputError(f"There is no folder {folder}; expected a folder of files in the input contract.")
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as con:
        con.execute("set TimeZone = 'UTC'")
        create_declared_tables(con)
        stage_folder(con, root, root, (settings.latest_date + timedelta(days=1)).isoformat(), True, settings)
        zone = quote_text(settings.bank_timezone)
        for query in (
            f"""
            select cast(max(instant) at time zone {zone} as date) from (
                select max(posted_at) as instant from stage_transactions
                union all select max(occurred_at) from stage_events
                union all select max(sent_at) from stage_contacts
            )
            """,
            "select max(opened_on) from stage_holdings",
            "select max(joined_on) from stage_customers",
        ):
            last = con.execute(query).fetchall()[0][0]
            if last is not None:
                return last
    raise InputError(f"{folder} holds no accepted row with a date; name the night with DATE=.")
