"""Finding the files of a folder and opening each as a relation DuckDB can scan, with exact row numbers.

What belongs here: paths, formats, encodings, headers. What a row may hold belongs to ``contract`` and ``validation``.
A file of the contract is ``<name>.csv``, ``<name>.parquet``, or a folder ``<name>/`` of such parts, read by name.

CSV is read by DuckDB as text, strictly. A file it refuses (a line with too many fields, bytes that are not UTF-8)
is read again line by line in Python, which is slower and can name the lines that are broken.
"""

import csv
import glob
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_pipeline.loading.errors import InputError
from dagster_pipeline.loading.parsing import quote_name, quote_text

SUFFIXES = (".csv", ".parquet")
NOT_UTF8 = "found bytes that are not UTF-8; export the file as UTF-8"
_DELIMITERS = ",;\t|"
# 10,000 to 100,000,000 bytes: what is longer is no header but a file without line ends.
_LONGEST_HEADER = 1_000_000
# 1 to 1,000 MiB: a longer value is no value but the rest of a file after a quote that was never closed.
_LONGEST_FIELD = 16 * 2**20
_BATCH_ROWS = 50_000
_ROW_NUMBER = "source_row_number"


@dataclass(frozen=True)
class BrokenRow:
    """A line of a CSV file that is no row: its number, rule, text and what is wrong with it."""

    row_number: int
    rule: str
    column: str | None
    value: str
    message: str


@dataclass(frozen=True)
class CommaCounts:
    """Values of one column by form: with one comma (12,50), with a point (12.50), as if in groups (1,234)."""

    with_comma: int
    with_point: int
    grouped: int

    @property
    def are_decimal(self) -> bool:
        """Whether the commas are decimal commas and nothing else."""
        return self.with_comma > 0 and not self.with_point and not self.grouped


@dataclass(frozen=True)
class Part:
    """One opened file.

    Attributes
    ----------
    source_file : str
        Path relative to the input folder, or ``default:<name>``.
    relation : str
        SQL of a relation with the file's columns and ``source_row_number`` (first data row = 1).
    columns : dict of str to (str, str)
        Column of the contract, in lower case, to its name and DuckDB type in the relation.
    rows_read : int
        Data rows in the file, broken ones included.
    broken_rows : list of BrokenRow
        Rows that never reached the relation.
    commas : dict of str to CommaCounts
        What the commas in columns of numbers are; columns without any are left out.
    """

    source_file: str
    relation: str
    columns: dict[str, tuple[str, str]]
    rows_read: int
    broken_rows: list[BrokenRow] = field(default_factory=list)
    commas: dict[str, CommaCounts] = field(default_factory=dict)

    def has_decimal_comma(self, name: str) -> bool:
        """Tell whether a column's numbers are written with a decimal comma."""
        return name in self.commas and self.commas[name].are_decimal


def check_inside(path: Path, root: Path) -> None:
    """Refuse a path that leads out of the input folder, is no regular file or folder, or has an unusable name.

    Raises
    ------
    InputError
        If the path resolves to a place outside ``root``, or to a device, pipe, broken link or circle of links, or
        if its name is not UTF-8.
    """
    name = path.relative_to(root)
    try:
        str(name).encode("utf-8")
        real = path.resolve()
        is_usable = real.is_file() or real.is_dir()
    except UnicodeEncodeError as error:
        raise InputError(f"The name of {name} is not UTF-8; rename the file and run again.") from error
    except (OSError, RuntimeError):
        real, is_usable = path.absolute(), False
    if not real.is_relative_to(root.resolve()):
        raise InputError(
            f"{name} is a link that leads out of the input folder (to {real}); expected files inside it. "
            "Copy the file into the folder and run again."
        )
    if not is_usable:
        raise InputError(f"{name} is neither a file nor a folder (a broken link or a device); put a file there.")


def find_parts(folder: Path, name: str, root: Path) -> list[Path]:
    """Return the parts of one file of the contract in ``folder``, sorted by name; empty = there is none.

    Parameters
    ----------
    folder : Path
        The input folder, or a night's folder in it.
    name : str
        For example ``transactions``.
    root : Path
        The input folder, which no link may leave.

    Raises
    ------
    InputError
        If the file is there twice (as CSV and Parquet, or as file and folder), leads out, or can't be listed.
    """
    found = [path for path in (folder / name, folder / f"{name}.csv", folder / f"{name}.parquet") if _exists(path)]
    if len(found) > 1:
        raise InputError(
            f"Found {' and '.join(str(path.relative_to(root)) for path in found)}; expected one of them. "
            "Keep one, or put both into one folder of parts if they hold different rows."
        )
    if not found:
        return []
    check_inside(found[0], root)
    if not found[0].is_dir():
        return found
    try:
        return sorted(path for path in found[0].iterdir() if not path.name.startswith((".", "_")))
    except OSError as error:
        raise unreadable(found[0].relative_to(root).as_posix(), error) from error


def check_part(path: Path, name: str, root: Path) -> None:
    """Refuse a part that is no CSV or Parquet file inside the input folder.

    Raises
    ------
    InputError
        Naming the part and what was expected.
    """
    check_inside(path, root)
    if path.suffix not in SUFFIXES or path.is_dir():
        raise InputError(
            f"{path.relative_to(root)} is no part of {name}: expected files ending in .csv or .parquet. "
            "Move it away, or name it by its format, and run again."
        )


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def open_part(con: duckdb.DuckDBPyConnection, path: Path, source_file: str, staging_table: str) -> Part:
    """Open one CSV or Parquet file.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Connection that will scan the part.
    path : Path
        The file.
    source_file : str
        How it is named in raw tables and messages.
    staging_table : str
        Name of the temporary table a CSV file is read into.

    Raises
    ------
    InputError
        If the file is empty, has no usable header, or is not what its ending says.
    """
    if path.suffix == ".parquet":
        return _open_parquet(con, path, source_file)
    return _open_csv(con, path, source_file, staging_table)


def _open_parquet(con: duckdb.DuckDBPyConnection, path: Path, source_file: str) -> Part:
    scan = f"read_parquet({quote_text(glob.escape(str(path)))}, file_row_number = true)"
    try:
        described = con.execute(f"describe select * from {scan}").fetchall()
        rows = con.execute(f"select count(*) from {scan}").fetchall()[0][0]
    except duckdb.Error as error:
        raise unreadable(source_file, error) from error
    types = {row[0]: row[1] for row in described if row[0] != "file_row_number"}
    columns = {name: (actual, types[actual]) for name, actual in _contract_names(list(types), source_file).items()}
    relation = f"(select * exclude (file_row_number), file_row_number + 1 as {_ROW_NUMBER} from {scan})"
    return Part(source_file, relation, columns, rows)


def unreadable(source_file: str, error: Exception) -> InputError:
    """Return the one message of a file that can't be read."""
    reason = str(error).splitlines()[0][:300]
    return InputError(
        f"{source_file} can't be read: {reason}. Expected a whole file of the kind its ending says; "
        "export it again and run again."
    )


def _contract_names(names: list[str], source_file: str) -> dict[str, str]:
    """Map trimmed lower-case names to the names in the file; two that fall together are refused."""
    mapped: dict[str, str] = {}
    for name in names:
        plain = name.strip().lower()
        if plain in mapped:
            raise InputError(f"{source_file} has the column {plain!r} twice; expected every column once. Rename one.")
        mapped[plain] = name
    if _ROW_NUMBER in mapped:
        raise InputError(f"{source_file} has a column {_ROW_NUMBER!r}, a name the loader needs; rename it.")
    return mapped


def _open_csv(con: duckdb.DuckDBPyConnection, path: Path, source_file: str, staging_table: str) -> Part:
    header, delimiter = _read_header(path, source_file)
    named = [name if name.strip() else f"unnamed_{number}" for number, name in enumerate(header, start=1)]
    columns = {name: (name, "VARCHAR") for name in _contract_names(named, source_file)}
    declared = ", ".join(f"{quote_text(name)}: 'VARCHAR'" for name in columns)
    scan = (
        f"read_csv({quote_text(glob.escape(str(path)))}, auto_detect = false, header = true, "
        f"delim = {quote_text(delimiter)}, quote = '\"', escape = '\"', columns = {{{declared}}})"
    )
    broken: list[BrokenRow] = []
    try:
        con.execute(f"create temp table {staging_table} as select *, row_number() over () as {_ROW_NUMBER} from {scan}")
        is_whole = not _may_hold_one_field_more(con, path, delimiter, len(columns))
    except duckdb.Error:
        is_whole = False
    if not is_whole:
        broken = _read_slowly(con, path, source_file, staging_table, list(columns), delimiter)
    rows = con.execute(f"select count(*) from {staging_table}").fetchall()[0][0]
    return Part(source_file, staging_table, columns, rows + len(broken), broken)


def _may_hold_one_field_more(con: duckdb.DuckDBPyConnection, path: Path, delimiter: str, count: int) -> bool:
    """Tell whether a line may end in an empty field too many, which DuckDB drops without a word.

    An unquoted delimiter in a row whose last value is empty makes such a line: its values have moved by one place.
    What stands between two quotes of a line does not count; a field over several lines may: ``_read_slowly`` tells.
    """
    sign = quote_text(delimiter)
    lines = (
        f"read_csv({quote_text(glob.escape(str(path)))}, auto_detect = false, header = true, delim = '\x1f', "
        "quote = '', escape = '', columns = {'line': 'VARCHAR'})"
    )
    return bool(
        con.execute(
            f"""
            select count(*) > 0 from (
                select regexp_replace(rtrim(line, chr(13)), '"[^"]*"', '', 'g') as bare from {lines}
                where ends_with(rtrim(line, chr(13)), {sign})
                    and length(line) - length(replace(line, {sign}, '')) >= {count}
            ) where length(bare) - length(replace(bare, {sign}, '')) >= {count}
            """
        ).fetchall()[0][0]
    )


def _read_header(path: Path, source_file: str) -> tuple[list[str], str]:
    """Return the names and the delimiter: of , ; tab and | the one that cuts the header into most whole names."""
    try:
        with path.open("rb") as file:
            first = file.readline(_LONGEST_HEADER + 1)
    except OSError as error:
        raise unreadable(source_file, error) from error
    if first.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in first:
        raise InputError(f"{source_file} is UTF-16 or binary; expected CSV in UTF-8. Save it as UTF-8 and run again.")
    try:
        line = first.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{source_file}: line 1, the header, is not UTF-8 (byte {error.start + 1} = 0x{first[error.start]:02x}). "
            "No other encoding is guessed: export the file as UTF-8 and run again."
        ) from error
    line = line.split("\r")[0].rstrip("\n")
    if not line.strip():
        raise InputError(f"{source_file} is empty; expected a header line with column names. Export it again.")
    if len(line) > _LONGEST_HEADER:
        raise InputError(
            f"{source_file}: no line ends within the first {_LONGEST_HEADER:,} bytes; expected a header line with "
            "column names and a line per row. Export it again."
        )
    headers, problem = [], ""
    for sign in _DELIMITERS:
        try:
            headers.append((next(csv.reader([line], delimiter=sign, strict=True)), sign))
        except csv.Error as error:
            problem = str(error)
    if not headers:
        raise InputError(f"{source_file}: the header line can't be read ({problem}); mend its quotes.")
    return max(headers, key=lambda header: ('"' not in "".join(header[0]), len(header[0])))


def _read_slowly(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    source_file: str,
    staging_table: str,
    names: list[str],
    delimiter: str,
) -> list[BrokenRow]:
    """Read a CSV file line by line into ``staging_table``; return its broken rows."""
    broken: list[BrokenRow] = []
    schema = pa.schema([*((name, pa.string()) for name in names), (_ROW_NUMBER, pa.int64())])
    definition = ", ".join(f"{quote_name(name)} varchar" for name in names)
    con.execute(f"create or replace temp table {staging_table} ({definition}, {_ROW_NUMBER} bigint)")
    batch: list[list] = []

    def flush() -> None:
        if batch:
            arrays = [
                pa.array(values, type=kind.type) for values, kind in zip(zip(*batch, strict=True), schema, strict=True)
            ]
            con.register("slow_batch", pa.Table.from_arrays(arrays, schema=schema))
            con.execute(f"insert into {staging_table} select * from slow_batch")
            con.unregister("slow_batch")
            batch.clear()

    for row_number, (fields, lines) in enumerate(_csv_rows(path, source_file, delimiter), start=1):
        problem = _problem(row_number, fields, lines, names)
        if problem:
            broken.append(problem)
            continue
        batch.append([*(value or None for value in fields), row_number])
        if len(batch) >= _BATCH_ROWS:
            flush()
    flush()
    return broken


def _csv_rows(path: Path, source_file: str, delimiter: str) -> Iterator[tuple[list[str], int]]:
    """Yield the data rows of a CSV file and the lines each spans; bytes that are not UTF-8 stand as lone surrogates."""
    csv.field_size_limit(_LONGEST_FIELD)
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            taken.append(line)
            yield line

    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            rows = csv.reader(lines(), delimiter=delimiter)
            next(rows, None)
            taken.clear()
            for number, row in enumerate((row for row in rows if row), start=1):
                is_open = len(taken) > 1 and sum(line.count('"') for line in taken) % 2
                if is_open and row[-1].endswith(taken[-1]):
                    raise InputError(
                        f"{source_file}: a quote opened in row {number} is never closed, so the file's last "
                        f"{len(taken):,} lines can't be told apart. Close it, or export the file again, and run again."
                    )
                yield row, len(taken)
                taken.clear()
    except (OSError, csv.Error) as error:
        raise unreadable(source_file, error) from error


def _problem(row_number: int, fields: list[str], lines: int, names: list[str]) -> BrokenRow | None:
    """Tell what keeps a line from being a row, or None."""
    if len(fields) != len(names):
        message = f"found {len(fields)} fields, expected {len(names)} as in the header; "
        is_short = len(fields) < len(names)
        message += "the line ends early" if is_short else "quote values that hold the delimiter"
        if lines > 1:
            message = f"found {len(fields)} fields over several lines, expected {len(names)} as in the header; "
            message += "a quote before may be left open"
        return BrokenRow(row_number, "malformed_row", None, _printable(",".join(fields)), message)
    for name, value in zip(names, fields, strict=True):
        if not value.isascii() and _printable(value) != value:
            return BrokenRow(row_number, "bad_encoding", name, _printable(value), NOT_UTF8)
    return None


def _printable(text: str) -> str:
    """Show bytes that are not UTF-8 (lone surrogates here) as replacement characters."""
    return text.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace")
