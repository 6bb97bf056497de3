"""The verdict of a dry run, as text a person at the bank can work through.

What belongs here: what is shown, in which order and words. What is found belongs to ``dry_run``.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from dagster_pipeline.loading.contract import FILES_BY_NAME, RULES
from dagster_pipeline.loading.errors import printable
from dagster_pipeline.loading.profile import ColumnProfile
from dagster_pipeline.loading.report import FileCount
from dagster_pipeline.loading.settings import LoadSettings

_WIDTH = 118
_COLUMNS_SHOWN = 60
_GROUPS_SHOWN = 20
_PARTS_SHOWN = 20
_NIGHTS_SHOWN = 40
# 10 to 60. Room that values need beside a column's name; a longer name leaves them out.
_LEAST_VALUES = 20


@dataclass(frozen=True)
class RejectGroup:
    """Rows of one file rejected for one reason: the rule, the column, the message, and the first examples.

    An example is (file, row number, value); value is None where it is empty or the whole row is meant.
    """

    rule: str
    column: str | None
    message: str
    rows: int
    examples: Sequence[tuple[str, int, str | None]]


@dataclass(frozen=True)
class FileVerdict:
    """One file of the contract (or ``documents``): parts, columns, rejects, problems, and rows rejected by column."""

    name: str
    parts: list[FileCount] = field(default_factory=list)
    columns: list[ColumnProfile] = field(default_factory=list)
    rejects: list[RejectGroup] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    rejected_by_column: dict[str, int] = field(default_factory=dict)

    @property
    def rows_read(self) -> int:
        """Rows of all parts that could be opened."""
        return sum(part.rows_read for part in self.parts)

    @property
    def rows_rejected(self) -> int:
        """Rows of them that broke a rule."""
        return sum(part.rows_rejected for part in self.parts)


@dataclass(frozen=True)
class NightVerdict:
    """One night: the history (``folder`` is empty) or a folder below ``nights/``.

    Attributes
    ----------
    folder : str
    night : date or None
        None where the history names no date.
    files : list of FileVerdict
    missing : list of str
        What a missing file or column switches off.
    remarks : list of str
    """

    folder: str
    night: date | None
    files: list[FileVerdict] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What alone stops the night; examples of rejected rows stand with their file."""
        place = f"{self.folder}: " if self.folder else ""
        return [
            f"{place}{problem.splitlines()[0]} See Rejected under {file.name.upper()}."
            if file.rejects and problem.startswith(f"{file.name}: ")
            else place + problem
            for file in self.files
            for problem in file.problems
        ]

    @property
    def rows_read(self) -> int:
        """Rows of all files."""
        return sum(file.rows_read for file in self.files)

    @property
    def rows_rejected(self) -> int:
        """Rows of all files that broke a rule."""
        return sum(file.rows_rejected for file in self.files)


@dataclass(frozen=True)
class Verdict:
    """What a dry run found: the history, then the nights after it in order."""

    folder: str
    nights: list[NightVerdict]
    settings: LoadSettings

    @property
    def problems(self) -> list[str]:
        """What stops a load, over all nights."""
        return [problem for night in self.nights for problem in night.problems]

    @property
    def is_loadable(self) -> bool:
        """Whether the folder and all its nights can be loaded as they are."""
        return not self.problems

    def text(self) -> str:
        """Return the whole verdict; the last line is the result."""
        history, *later = self.nights
        lines = [f"{printable(self.folder)}, read as the first night would read it. Nothing was written.", ""]
        number = 1
        for file in history.files:
            lines += [*_file_lines(file, True, number), ""]
            number += len(file.problems)
        lines += _section("Missing, and what that switches off", history.missing)
        lines += _section("Remarks", history.remarks)
        if later:
            shown = []
            for night in later[:_NIGHTS_SHOWN]:
                shown += _night_lines(night, number)
                number += len(night.problems)
            if later[_NIGHTS_SHOWN:]:
                shown.append(f"  ... and {len(later) - _NIGHTS_SHOWN} more nights")
            lines += ["Later nights, each on what is known before it", *shown, ""]
        lines += _section("To mend before it can be loaded", self.problems, is_numbered=True)
        return "\n".join([*lines, self._result()])

    def _result(self) -> str:
        history, rows = self.nights[0], sum(night.rows_read for night in self.nights)
        rejected = sum(night.rows_rejected for night in self.nights)
        if self.problems:
            return f"Verdict: NOT LOADABLE; {_counted(len(self.problems), 'thing')} to mend, listed above."
        nights = f", {_counted(len(self.nights) - 1, 'later night')} follow" if self.nights[1:] else ""
        told = f"{rows - rejected:,} of {rows:,} rows would be loaded"
        told += f", {rejected:,} would be left out (see Rejected)" if rejected else ""
        until = f"The first night would be {history.night}"
        return f"Verdict: LOADABLE. {until}{nights}; {told}."


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _section(title: str, sentences: Sequence[str], is_numbered: bool = False) -> list[str]:
    if not sentences:
        return []
    lines = [title]
    for number, sentence in enumerate(sentences, start=1):
        lines += _wrapped(sentence, f"  {number}. " if is_numbered else "  - ")
    return [*lines, ""]


def _wrapped(text: str, bullet: str) -> list[str]:
    """Break a sentence into lines; its own line breaks stay."""
    lines: list[str] = []
    for line in printable(text).split("\n"):
        lines += textwrap.wrap(
            line,
            _WIDTH,
            initial_indent=" " * len(bullet) if lines else bullet,
            subsequent_indent=" " * len(bullet),
            break_on_hyphens=False,
            break_long_words=False,
        )
    return lines


def _night_lines(night: NightVerdict, number: int) -> list[str]:
    told = f"{night.rows_read:,} rows"
    told += f", {night.rows_rejected:,} rejected" if night.rows_rejected else ""
    told += f", {len(night.problems)} to mend" if night.problems else ""
    lines = [f"  {night.folder}: {told}"]
    for file in night.files:
        if file.problems or file.rejects:
            lines += [f"    {line}" for line in _file_lines(file, False, number)]
        number += len(file.problems)
    for remark in night.remarks:
        lines += _wrapped(remark, "    - ")
    return lines


def _file_lines(file: FileVerdict, with_columns: bool, number: int) -> list[str]:
    """Describe one file; ``number`` is that of its first problem in the list at the end."""
    count = len(file.parts)
    told = f"{_counted(file.rows_read, 'row')} in {_counted(count, 'file')}" if count else "nothing could be read"
    if file.parts and file.parts[0].file.startswith("default:"):
        told += " (Wordbond's own: the folder brings none)"
    if file.rows_rejected:
        told += f"; {file.rows_rejected:,} rejected ({file.rows_rejected / file.rows_read:.2%})"
    numbers = ", ".join(str(number + place) for place in range(len(file.problems)))
    lines = [f"{file.name.upper()}: {told}{f'; TO MEND, see {numbers} at the end' if numbers else ''}"]
    lines += [] if file.name == "documents" else _part_lines(file.parts)
    if with_columns and file.columns:
        lines += _column_lines(file)
    if file.rejects:
        lines += _reject_lines(file.rejects)
    return lines


def _part_lines(parts: list[FileCount]) -> list[str]:
    """List the parts with rejects; whole ones need no line."""
    if len(parts) < 2:
        return []
    spoiled = [part for part in parts if part.rows_rejected]
    lines = [
        f"  {printable(part.file)}: {part.rows_read:,} rows, {part.rows_rejected:,} rejected"
        for part in spoiled[:_PARTS_SHOWN]
    ]
    return lines + (
        [f"  ... and {len(spoiled) - _PARTS_SHOWN} more files with rejects"] if spoiled[_PARTS_SHOWN:] else []
    )


def _column_lines(file: FileVerdict) -> list[str]:
    header = ("column", "read as", "empty", "distinct", "rejected", "values")
    rows = [header]
    for column in file.columns[:_COLUMNS_SHOWN]:
        empty = f"{column.empty:,}"
        distinct = f"{'about ' if column.is_estimate else ''}{column.distinct:,}"
        if column.read_as in ("left out", "not looked at"):
            empty = distinct = "-"
        values = printable(column.values)
        if column.remark:
            values += f"{'; ' if values else ''}{column.remark}"
        rejected = f"{file.rejected_by_column.get(column.name, 0):,}"
        rows.append((printable(column.name), column.read_as, empty, distinct, rejected, values))
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    lines = []
    for name, read_as, empty, distinct, rejected, values in rows:
        line = f"  {name:<{widths[0]}}  {read_as:<{widths[1]}}  {empty:>{widths[2]}}  {distinct:>{widths[3]}}"
        lines += _with_values(f"{line}  {rejected:>{widths[4]}}  ", values)
    if file.columns[_COLUMNS_SHOWN:]:
        lines.append(f"  ... and {len(file.columns) - _COLUMNS_SHOWN:,} more columns")
    absent = [name for name in FILES_BY_NAME[file.name].optional_columns if name not in {c.name for c in file.columns}]
    return lines + (_wrapped(f"Optional and not there: {', '.join(absent)}", "  ") if absent else [])


def _with_values(line: str, values: str) -> list[str]:
    """Return a column's line with its values, what does not fit on a second line below them, then cut."""
    if len(line) + len(values) <= _WIDTH or len(line) > _WIDTH - _LEAST_VALUES:
        return [(line + values).rstrip()[:_WIDTH]]
    return textwrap.wrap(
        values,
        _WIDTH,
        initial_indent=line,
        subsequent_indent=" " * len(line),
        max_lines=2,
        placeholder=" ...",
        break_on_hyphens=False,
    )


def _reject_lines(rejects: list[RejectGroup]) -> list[str]:
    lines = ["  Rejected"]
    for group in rejects[:_GROUPS_SHOWN]:
        where = f" in {group.column}" if group.column else ""
        lines += _wrapped(f"{group.rows:,} x {group.rule}{where}: {group.message}", "    ")
        lines += _wrapped(f"e.g. {_examples(group)}", "      ")
        lines += _wrapped(f"Mend: {RULES[group.rule].mend}.", "      ")
    if rejects[_GROUPS_SHOWN:]:
        lines.append(f"    ... and {len(rejects) - _GROUPS_SHOWN} more reasons")
    return lines


def _examples(group: RejectGroup) -> str:
    """Name the rows of the examples by file, each with its value."""
    told: dict[str, list[str]] = {}
    for file, row_number, value in group.examples:
        shown = "" if not value else f" {printable(value) if value.startswith('(protected') else repr(value)}"
        told.setdefault(file, []).append(f"row {row_number:,}{shown}" if row_number else shown)
    return "; ".join(f"{printable(file)} {', '.join(rows)}".strip() for file, rows in told.items())
