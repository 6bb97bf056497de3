"""Staging a folder: every file found, opened, read and judged, and every problem of it collected.

What belongs here: the order of the steps and what one problem switches off in the next. A night's load refuses a
folder with any problem, the dry run shows them; both see the same ones, for both call ``stage_folder``.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from dagster_pipeline.loading.contract import ATTRIBUTE_PREFIX, FILES, FileContract
from dagster_pipeline.loading.dialect import decimal_comma_remarks, encoding_remarks, with_decimal_commas
from dagster_pipeline.loading.documents import (
    DEFAULT_PREFIX,
    LoadedDocuments,
    check_document_share,
    read_default_documents,
    read_documents,
)
from dagster_pipeline.loading.errors import InputError
from dagster_pipeline.loading.reader import Part, check_part, find_parts, open_part
from dagster_pipeline.loading.remarks import own_remarks, unknown_columns, unknown_files
from dagster_pipeline.loading.settings import LoadSettings
from dagster_pipeline.loading.validation import (
    check_columns,
    check_shares,
    create_rejects_table,
    has_contract_columns,
    reject_repeated_keys,
    reject_unknown_references,
    stage_rows,
)

DEFAULT_PRODUCTS = Path(__file__).resolve().parents[2] / "ml" / "simulator" / "products.csv"


@dataclass(frozen=True)
class Problem:
    """Why a night can't be loaded: the file of the contract (or ``documents``, ``truth``) and the message."""

    name: str
    message: str


@dataclass(frozen=True)
class Staged:
    """One night's files as staged.

    Attributes
    ----------
    parts : dict of str to list of Part
        The parts that can be loaded, by file of the contract.
    misfits : dict of str to list of Part
        Parts that lack required columns, of files without any other: judged by the columns they have, so that all
        their problems are told in one go, and never loaded.
    documents : LoadedDocuments
    notes : list of str
        Remarks on the folder.
    problems : list of Problem
        Each alone stops the night.
    """

    parts: dict[str, list[Part]] = field(default_factory=dict)
    misfits: dict[str, list[Part]] = field(default_factory=dict)
    documents: LoadedDocuments = field(default_factory=LoadedDocuments)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def has_problem(self, name: str) -> bool:
        """Tell whether a file of the contract has a problem."""
        return any(problem.name == name for problem in self.problems)

    def refuse_problems(self, folder: Path) -> None:
        """Stop the night if there is a problem.

        Raises
        ------
        InputError
            With all problems, and how to see every file and column of ``folder``.
        """
        messages = [problem.message for problem in self.problems]
        if len(messages) > 1:
            messages = [f"{number}. {message}" for number, message in enumerate(messages, start=1)]
            messages.insert(0, f"The night can't be loaded, for {len(self.problems)} reasons:")
        if messages:
            raise InputError("\n".join([*messages, f"A verdict on every file and column: make check INPUT={folder}"]))


def stage_folder(
    con: duckdb.DuckDBPyConnection, night_folder: Path, root: Path, night: str, is_first: bool, settings: LoadSettings
) -> Staged:
    """Stage and judge everything in ``night_folder``; raw tables are read and not changed.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Connection with all declared tables; temporary tables ``stage_<name>`` are made in it.
    night_folder, root : Path
        The night's folder, and the input folder it lies in (the same for the first night).
    night : str
        ``YYYY-MM-DD``: what was loaded before it is known.
    is_first : bool
        Whether it is the first night, which needs customers and gets the defaults.
    settings : LoadSettings

    Returns
    -------
    Staged
        With all problems found; nothing is raised for them.
    """
    create_rejects_table(con)
    staged = Staged()
    if not is_first and not night_folder.is_dir():
        staged.notes.append(f"There is no folder nights/{night}: the night runs on what is known.")
    for contract in FILES:
        staged.parts[contract.name] = _open_parts(con, contract, night_folder, root, is_first, staged)
    if is_first:
        _check_first_night(staged)
    for contract in FILES:
        _stage_file(con, contract, night, staged, settings)
    staged.notes.extend(unknown_files(night_folder, is_first) + own_remarks(night_folder, root))
    documents = _documents(night_folder, root, is_first, staged, settings)
    return replace(staged, documents=documents)


def _open_parts(
    con: duckdb.DuckDBPyConnection,
    contract: FileContract,
    night_folder: Path,
    root: Path,
    is_first: bool,
    staged: Staged,
) -> list[Part]:
    """Open the parts of one file; those that can't be used become problems, of those that lack columns misfits."""
    try:
        found = [(path, path.relative_to(root).as_posix()) for path in find_parts(night_folder, contract.name, root)]
    except InputError as error:
        staged.problems.append(Problem(contract.name, str(error)))
        return []
    if contract.name == "products" and is_first and not found:
        found = [(DEFAULT_PRODUCTS, DEFAULT_PREFIX + DEFAULT_PRODUCTS.name)]
    parts, misfits = [], []
    for number, (path, source_file) in enumerate(found):
        try:
            if not source_file.startswith(DEFAULT_PREFIX):
                check_part(path, contract.name, root)
            part = open_part(con, path, source_file, f"stage_csv_{contract.name}_{number}")
            part = with_decimal_commas(con, contract, part)
            misfits.append(part)
            check_columns(contract, part)
        except InputError as error:
            staged.problems.append(Problem(contract.name, str(error)))
            continue
        parts.append(misfits.pop())
        staged.notes.extend(decimal_comma_remarks(part) + encoding_remarks(path, part))
    if not parts:
        staged.misfits[contract.name] = [part for part in misfits if has_contract_columns(contract, part)]
    return parts


def _check_first_night(staged: Staged) -> None:
    """Note what the first night can't do without; a file that is there and broken is told of already."""
    parts = staged.parts
    if not parts["customers"] and not staged.has_problem("customers"):
        staged.problems.append(
            Problem(
                "customers",
                "Found no customers (customers.csv, customers.parquet or a folder customers/); every bank needs them. "
                "Put the file into the input folder and run again.",
            )
        )
    has_attributes = any(name.startswith(ATTRIBUTE_PREFIX) for part in parts["customers"] for name in part.columns)
    if has_attributes or any(parts[name] or staged.has_problem(name) for name in ("transactions", "events")):
        return
    if parts["customers"]:
        staged.problems.append(
            Problem(
                "transactions",
                "Found neither transactions nor events nor attr_* columns of customers; expected at least one of "
                "them, for there is nothing else to tell customers apart by. Add one and run again.",
            )
        )


def _stage_file(
    con: duckdb.DuckDBPyConnection, contract: FileContract, night: str, staged: Staged, settings: LoadSettings
) -> None:
    """Stage and judge the rows of one file.

    What it refers to is not asked for where that file itself has a problem: every row would be rejected for it.
    """
    parts, misfits = staged.parts[contract.name], staged.misfits.get(contract.name, [])
    try:
        stage_rows(con, contract, parts or misfits, settings)
        if misfits:
            con.execute(f"delete from stage_{contract.name}")
        if parts:
            has_own_products = not any(part.source_file.startswith(DEFAULT_PREFIX) for part in staged.parts["products"])
            targets = [name for name in contract.refers_to if not staged.has_problem(f"{name}s")]
            reject_unknown_references(con, contract, parts, night, targets, has_own_products)
            reject_repeated_keys(con, contract, parts, night)
            check_shares(con, contract.name, parts, settings)
            for name in contract.refers_to:
                if name not in targets:
                    staged.notes.append(
                        f"{name}_id of {contract.name} was not looked up: {name}s must be mended first (see there)."
                    )
    except InputError as error:
        staged.problems.append(Problem(contract.name, str(error)))
    staged.notes.extend(unknown_columns(contract, parts or misfits))


def _documents(
    night_folder: Path, root: Path, is_first: bool, staged: Staged, settings: LoadSettings
) -> LoadedDocuments:
    documents = LoadedDocuments()
    try:
        documents = read_documents(night_folder, root)
        check_document_share(documents, settings.max_reject_share)
    except InputError as error:
        staged.problems.append(Problem("documents", str(error)))
        return documents
    return read_default_documents() if is_first and not documents.files else documents
