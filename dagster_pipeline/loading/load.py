"""One night's load: find, stage, judge, and write everything of the night in one transaction.

What belongs here: the order of the steps, what the first night and later nights read, and the two other entrances
of raw: our own sent messages, and the default night of a folder.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from dagster_pipeline.loading.contract import FILES, FileContract
from dagster_pipeline.loading.documents import LoadedDocuments, reject_known_documents
from dagster_pipeline.loading.errors import InputError
from dagster_pipeline.loading.parsing import quote_text
from dagster_pipeline.loading.planted import planted_and_caught
from dagster_pipeline.loading.reader import Part
from dagster_pipeline.loading.remarks import skipped_nights
from dagster_pipeline.loading.report import FileCount, LoadReport, degraded_notes
from dagster_pipeline.loading.settings import LOAD_SETTINGS, LoadSettings
from dagster_pipeline.loading.staging import Staged, stage_folder
from dagster_pipeline.loading.truth import load_truth
from dagster_pipeline.tables import declared_tables

NO_DATE = "The folder holds no accepted row with a date, so there is no first night. Add rows and run again."
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
        staged.refuse_problems(folder)
        con.execute("begin transaction")
        try:
            write_night(con, staged, as_of_date)
            load_truth(con, night_folder, root)
            con.execute("commit")
        except BaseException:
            con.execute("rollback")
            raise
    finally:
        drop_staging(con)
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


def write_night(con: duckdb.DuckDBPyConnection, staged: Staged, as_of_date: date) -> None:
    """Replace the night's rows in every raw table by what was staged."""
    night = as_of_date.isoformat()
    for table in _NIGHT_TABLES:
        con.execute(f"delete from raw.{table} where loaded_as_of_date = date '{night}'")
    for contract in FILES:
        if staged.parts[contract.name]:
            _write_file(con, contract, staged.parts[contract.name], night)
    _write_documents(con, reject_known_documents(con, staged.documents, as_of_date), as_of_date)
    con.execute(
        "insert into raw.rejects select source_file, row_number, rule, column_name, value, message, "
        f"date '{night}' from stage_rejects "
        "qualify row_number() over (partition by source_file, row_number, rule order by position, column_name) = 1 "
        "order by source_file, row_number, rule"
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
        con.execute("insert into stage_rejects values (?, ?, ?, ?, ?, ?, false, 0)", list(reject))
    rejected = {reject[0] for reject in documents.rejects}
    for file in documents.files:
        is_rejected = int(file in rejected)
        con.execute("insert into raw.loads values (?, ?, 1, ?, ?)", [file, as_of_date, 1 - is_rejected, is_rejected])


def drop_staging(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the temporary tables of a night."""
    names = con.execute(
        "select table_name from duckdb_tables() where temporary and starts_with(table_name, 'stage_')"
    ).fetchall()
    con.execute("; ".join(f"drop table temp.{name}" for (name,) in names))


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
    root = folder.resolve()
    if not root.is_dir():
        raise InputError(f"There is no folder {folder}; expected a folder of files in the input contract.")
    with scratch_warehouse() as con:
        staged = stage_folder(con, root, root, first_night_unknown(settings), True, settings)
        staged.refuse_problems(folder)
        night = last_staged_date(con, settings)
    if night is None:
        raise InputError(NO_DATE)
    return night


@contextmanager
def scratch_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty warehouse of raw and truth that is gone at the end; what does not fit in memory spills."""
    with (
        TemporaryDirectory(prefix="wordbond-") as place,
        duckdb.connect(str(Path(place) / "scratch.duckdb"), config={"autoinstall_known_extensions": "false"}) as con,
    ):
        con.execute("set TimeZone = 'UTC'")
        con.execute("create schema raw; create schema truth")
        for table in declared_tables().values():
            if table.schema in ("raw", "truth"):
                columns = ", ".join(f"{column.name} {column.data_type}" for column in table.columns)
                con.execute(f"create table {table.full_name} ({columns})")
        yield con


def first_night_unknown(settings: LoadSettings) -> str:
    """Return a night after all that can have happened: the first night of a folder, while its date is not known."""
    return (settings.latest_date + timedelta(days=1)).isoformat()


def last_staged_date(con: duckdb.DuckDBPyConnection, settings: LoadSettings) -> date | None:
    """Return the last local date of the staged rows, as ``default_as_of_date`` takes it; None where there is none."""
    zone = quote_text(settings.bank_timezone)
    for query in (
        f"""
        select cast(max(instant) at time zone {zone} as date) from (
            select max(posted_at) as instant from stage_transactions
            union all select max(occurred_at) from stage_events
            union all select max(greatest(sent_at, responded_at)) from stage_contacts
        )
        """,
        "select max(opened_on) from stage_holdings",
        "select max(joined_on) from stage_customers",
    ):
        last = con.execute(query).fetchall()[0][0]
        if last is not None:
            return last
    return None
