"""Remarks on what a folder holds beside the rows that were loaded: strange files and columns, nights left out.

What belongs here: sentences for the run's output, the folder's own included. What a missing file switches off is told
by ``report``.
"""

from datetime import date
from difflib import get_close_matches
from pathlib import Path

import duckdb

from dagster_pipeline.loading.contract import ATTRIBUTE_PREFIX, FILES, PROTECTED_PREFIX, FileContract
from dagster_pipeline.loading.errors import InputError, printable
from dagster_pipeline.loading.reader import SUFFIXES, Part, check_inside

# 0 to 1. Likeness from which a name is taken for a misspelling: costumer_id for customer_id has 0.9.
_ALIKE = 0.7
# A folder's own remarks: one a line of this file, the first 50 of at most 500 characters (10 to 1,000 each).
OWN_REMARKS = "remarks.txt"
_MOST_REMARKS = 50
_LONGEST_REMARK = 500
# 10 to 1,000: comparing names takes time, and a table with more strange names has another fault.
_COMPARED = 200


def unknown_files(night_folder: Path, is_first: bool) -> list[str]:
    """Tell of files and folders the contract does not know: a misspelt name must not pass for a missing file."""
    if not night_folder.is_dir():
        return []
    known = {*(contract.name for contract in FILES), "documents", "truth", OWN_REMARKS}
    known |= {"nights"} if is_first else set()
    strange = sorted(
        path.name
        for path in night_folder.iterdir()
        if not path.name.startswith(".") and path.name.removesuffix(".csv").removesuffix(".parquet") not in known
    )
    if not strange:
        return []
    shown = ", ".join(map(printable, strange[:10])) + (" ..." if strange[10:] else "")
    absent = {name for name in known if not any((night_folder / f"{name}{end}").exists() for end in ("", *SUFFIXES))}
    alike = _look_alike_files(strange, sorted(absent))
    return [" ".join([f"Not part of the input contract and left alone: {shown}.", *alike])]


def _look_alike_files(strange: list[str], absent: list[str]) -> list[str]:
    """Tell which strange files look like ones that are missing: holding.csv for holdings, contacts.xlsx."""
    by_stem = {name.split(".")[0]: name for name in strange[:_COMPARED]}
    told = []
    for name in absent:
        for stem in get_close_matches(name, by_stem, 1, _ALIKE):
            file = printable(by_stem[stem])
            if by_stem[stem].endswith(SUFFIXES) or "." not in by_stem[stem]:
                told.append(f"{file} looks like {name}: rename it to {name}{by_stem[stem][len(stem) :]} if it is.")
            else:
                told.append(f"{file} is neither CSV nor Parquet: if it holds {name}, export it as {name}.csv.")
    return told


def own_remarks(night_folder: Path, root: Path) -> list[str]:
    """Return what the folder says of itself in ``remarks.txt``, for example which values are stand-ins.

    Anything but a readable file inside the folder is left alone, and that is said.
    """
    path = night_folder / OWN_REMARKS
    if not path.exists() and not path.is_symlink():
        return []
    try:
        check_inside(path, root)
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(_MOST_REMARKS * _LONGEST_REMARK)
    except (InputError, OSError) as error:
        return [f"{OWN_REMARKS} was left alone: {printable(str(error))}"]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [f"The folder says: {printable(line[:_LONGEST_REMARK])}" for line in lines[:_MOST_REMARKS]]


def unknown_columns(contract: FileContract, parts: list[Part]) -> list[str]:
    """Tell of columns that were left out because the contract does not know them."""
    known = {column.name for column in contract.columns}
    unknown = {
        name
        for part in parts
        for name in part.columns
        if name not in known and not (contract.has_attributes and name.startswith((ATTRIBUTE_PREFIX, PROTECTED_PREFIX)))
    }
    if not unknown:
        return []
    absent = known - {name for part in parts for name in part.columns}
    alike = look_alikes(sorted(unknown), sorted(absent))
    if contract.has_attributes:
        alike.append("Columns of your own need the prefix attr_ to be used, or protected_ to be kept apart.")
    shown = ", ".join(map(printable, sorted(unknown)[:10]))
    shown += f" and {len(unknown) - 10} more" if len(unknown) > 10 else ""
    return [" ".join([f"Columns of {contract.name} that the contract does not know were left out: {shown}.", *alike])]


def look_alikes(found: list[str], absent: list[str]) -> list[str]:
    """Tell which strange names look like ones that are missing: costumer_id for customer_id."""
    pairs = [(name, alike) for name in absent for alike in get_close_matches(name, found[:_COMPARED], 1, _ALIKE)]
    return [f"{printable(alike)} looks like {name}: rename it if it is." for name, alike in pairs]


def skipped_nights(con: duckdb.DuckDBPyConnection, root: Path, as_of_date: date) -> list[str]:
    """Tell of nights' folders up to tonight that were never loaded."""
    if not (root / "nights").is_dir():
        return []
    loaded = {row[0].isoformat() for row in con.execute("select distinct loaded_as_of_date from raw.loads").fetchall()}
    tonight = as_of_date.isoformat()
    skipped = sorted(
        path.name for path in (root / "nights").iterdir() if path.name < tonight and path.name not in loaded
    )
    if not skipped:
        return []
    return [
        f"Folders of {len(skipped)} earlier nights were never loaded ({skipped[0]} to {skipped[-1]}): "
        f"`make backfill FROM={skipped[0]} TO={skipped[-1]}` loads them."
    ]
