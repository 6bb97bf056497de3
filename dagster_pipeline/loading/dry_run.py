"""Checking a folder without loading it: the same staging and judging as a night's load, in a scratch warehouse.

What belongs here: running the steps over the history and the nights after it, and collecting what they found. The
scratch warehouse lies in the system's folder of temporary files and is gone at the end.
"""

from datetime import date
from pathlib import Path

import duckdb

from dagster_pipeline.loading.contract import FILES_BY_NAME
from dagster_pipeline.loading.errors import InputError
from dagster_pipeline.loading.load import (
    NO_DATE,
    drop_staging,
    first_night_unknown,
    last_staged_date,
    scratch_warehouse,
    write_night,
)
from dagster_pipeline.loading.planted import planted_and_caught
from dagster_pipeline.loading.profile import profile_columns
from dagster_pipeline.loading.report import MISSING_FILE_NOTES, FileCount, degraded_notes
from dagster_pipeline.loading.settings import LOAD_SETTINGS, LoadSettings
from dagster_pipeline.loading.staging import Problem, Staged, stage_folder
from dagster_pipeline.loading.truth import load_truth
from dagster_pipeline.loading.verdict import FileVerdict, NightVerdict, RejectGroup, Verdict


def check_folder(folder: Path, settings: LoadSettings = LOAD_SETTINGS) -> Verdict:
    """Read a folder as the first night and the nights after it would, and write nothing into any home.

    Parameters
    ----------
    folder : Path
        Input folder.
    settings : LoadSettings

    Returns
    -------
    Verdict
        ``is_loadable`` exactly if ``load_night`` would take every night of it.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    root = folder.resolve()
    if not root.is_dir():
        raise InputError(f"There is no folder {folder}; expected a folder of files in the input contract.")
    with scratch_warehouse() as con:
        history = _check_night(con, root, root, None, settings)
        nights = [history]
        if history.night is not None and not history.problems:
            later, strange = _later_nights(root, history.night)
            history.remarks.extend(strange)
            nights += [_check_night(con, root, root / "nights" / str(night), night, settings) for night in later]
        elif (root / "nights").is_dir():
            history.remarks.append("The folders below nights/ were not read: the history must be loadable first.")
    return Verdict(str(folder), nights, settings)


def _later_nights(root: Path, first: date) -> tuple[list[date], list[str]]:
    """Return the nights below ``nights/`` that would be read, and remarks on names that never will be."""
    nights, never = [], []
    base = root / "nights"
    for path in sorted(base.iterdir()) if base.is_dir() else []:
        try:
            night = date.fromisoformat(path.name)
        except ValueError:
            night = first
        if night > first and str(night) == path.name:
            nights.append(night)
        elif not path.name.startswith("."):
            never.append(path.name)
    if not never:
        return nights, []
    shown = ", ".join(never[:10]) + (" ..." if never[10:] else "")
    return nights, [f"Never read: nights/ {shown}. Expected folders named by a date after {first}, such as 2026-01-31."]


def _check_night(
    con: duckdb.DuckDBPyConnection, root: Path, folder: Path, night: date | None, settings: LoadSettings
) -> NightVerdict:
    """Stage one night, describe it, and let the scratch warehouse know it for the nights after it."""
    is_first = night is None
    staged = stage_folder(con, folder, root, str(night or first_night_unknown(settings)), is_first, settings)
    known_as = night or last_staged_date(con, settings)
    if known_as is None and not staged.problems:
        staged.problems.append(Problem("customers", NO_DATE))
    files = [_file_verdict(con, name, staged, settings, is_first) for name in FILES_BY_NAME]
    written_as = known_as or settings.latest_date
    write_night(con, staged, written_as)
    files.append(_documents_verdict(con, staged))
    try:
        load_truth(con, folder, root)
    except InputError as error:
        files.append(FileVerdict("truth", problems=[str(error)]))
    drop_staging(con)
    remarks = [*staged.notes, *_planted_remarks(con, written_as)]
    missing = _missing(con, staged, written_as) if is_first else []
    shown = [file for file in files if file.parts or file.problems]
    return NightVerdict("" if is_first else f"nights/{night}", known_as, shown, missing, remarks)


def _file_verdict(
    con: duckdb.DuckDBPyConnection, name: str, staged: Staged, settings: LoadSettings, with_columns: bool
) -> FileVerdict:
    parts = staged.parts[name] or staged.misfits.get(name, [])
    files = [part.source_file for part in parts]
    rejected = _rejected_rows(con, files)
    loaded = dict(con.execute(f"select part, count(*) from stage_{name} group by part").fetchall())
    counts = [
        FileCount(part.source_file, part.rows_read, loaded.get(number, 0), rejected.get(part.source_file, 0))
        for number, part in enumerate(parts)
    ]
    try:
        columns = profile_columns(con, FILES_BY_NAME[name], parts, settings) if parts and with_columns else []
    except (duckdb.Error, InputError):
        columns = []  # a part that can't be scanned: staging has told of it
    rejects = _reject_groups(con, files)
    return FileVerdict(name, counts, columns, rejects, _messages(staged, name), _rejected_by_column(con, files))


def _documents_verdict(con: duckdb.DuckDBPyConnection, staged: Staged) -> FileVerdict:
    """Describe the documents; their rejects were written with the night."""
    files = staged.documents.files
    rejected = _rejected_rows(con, files)
    counts = [FileCount(file, 1, int(file not in rejected), int(file in rejected)) for file in files]
    return FileVerdict("documents", counts, [], _reject_groups(con, files), _messages(staged, "documents"))


def _rejected_rows(con: duckdb.DuckDBPyConnection, files: list[str]) -> dict[str, int]:
    query = "select source_file, count(distinct row_number) from stage_rejects where list_contains($files, source_file)"
    return dict(con.execute(f"{query} group by source_file", {"files": files}).fetchall())


def _rejected_by_column(con: duckdb.DuckDBPyConnection, files: list[str]) -> dict[str, int]:
    """Count the rows that each column had rejected; a key of several columns counts for each of them."""
    return dict(
        con.execute(
            """
            select unnest(string_split(column_name, ', ')) as name, count(distinct (source_file, row_number))
            from stage_rejects where list_contains($files, source_file) and column_name is not null group by name
            """,
            {"files": files},
        ).fetchall()
    )


def _messages(staged: Staged, name: str) -> list[str]:
    return [problem.message for problem in staged.problems if problem.name == name]


def _reject_groups(con: duckdb.DuckDBPyConnection, files: list[str]) -> list[RejectGroup]:
    rows = con.execute(
        """
        select
            rule, column_name, message, count(distinct (source_file, row_number)) as rows_hit,
            min({'file': source_file, 'row_number': row_number, 'value': value}, 3)
        from stage_rejects where list_contains($files, source_file)
        group by rule, column_name, message order by rows_hit desc, rule, column_name, message
        """,
        {"files": files},
    ).fetchall()
    groups = []
    for rule, column, message, count, examples in rows:
        rows_shown = [(example["file"], example["row_number"], example["value"]) for example in examples]
        groups.append(RejectGroup(rule, column, message, count, rows_shown))
    return groups


def _missing(con: duckdb.DuckDBPyConnection, staged: Staged, night: date) -> list[str]:
    """Tell what a missing file switches off; a file that is there and has a problem is not missing."""
    return degraded_notes(con, night, frozenset(name for name in MISSING_FILE_NOTES if staged.has_problem(name)))


def _planted_remarks(con: duckdb.DuckDBPyConnection, night: date) -> list[str]:
    planted = planted_and_caught(con, night)
    if not planted:
        return []
    told = ", ".join(f"{kind} {caught:,} of {count:,}" for kind, count, caught in planted)
    return [f"A simulated bank; planted defects caught: {told}."]
