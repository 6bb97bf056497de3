"""Planted dirt: spoiled copies of good rows, in a part of their own, each listed in ``truth/planted_defects``.

What belongs here: which row is copied, how the copy is spoiled, and the files that hold the copies. Dirt adds rows and
takes none away. A defect's kind is the name of the rule of the door that must reject it; rows that come in a later
night's folder (``late``) are listed with them and are no rejects.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ml.simulator.columns import CUSTOMER_DIGITS
from ml.simulator.draws import IntArray, Stream, keys, pack, uniform

Row = dict[str, Any]

DIRT_FILE = "zz-dirt.csv"
# Contacts are few beside transactions: their share of dirt is larger, so that small worlds have each kind.
CONTACTS_FACTOR = 4


@dataclass(frozen=True)
class Spoiler:
    """One way to spoil a copy.

    Attributes
    ----------
    kind : str
        The rule of the door that must reject it.
    spoil_row : callable
        Row to spoiled row; its values are written as a bank's CSV export would.
    spoil_line : callable
        The line as written, without its end, to the line as delivered.
    """

    kind: str
    spoil_row: Callable[[Row], Row] = lambda row: row
    spoil_line: Callable[[bytes], bytes] = lambda line: line


def _set(column: str, value: str) -> Callable[[Row], Row]:
    return lambda row: {**row, column: value}


def _in_latin_1(column: str, value: str) -> tuple[Callable[[Row], Row], Callable[[bytes], bytes]]:
    """Return what writes ``value`` into ``column`` as a program does that exports Latin-1."""
    return _set(column, value), lambda line: line.decode("utf-8").encode("latin-1")


def _other_amount(row: Row) -> Row:
    return {**row, "amount": row["amount"] + Decimal("0.01")}


def _an_hour_earlier(row: Row) -> Row:
    return {**row, "occurred_at": row["occurred_at"] - timedelta(hours=1)}


def _half_probability(row: Row) -> Row:
    return {**row, "action_probability": row["action_probability"] / 2}


def _unknown_word(row: Row) -> Row:
    return {**row, "channel": "fax"} if row["arm"] == "treatment" else {**row, "arm": "placebo"}


SPOILERS: dict[str, tuple[Spoiler, ...]] = {
    "transactions": (
        Spoiler("duplicate_row"),
        Spoiler("conflicting_key", _other_amount),
        Spoiler("malformed_value", _set("amount", "12,3x")),
        Spoiler("malformed_row", spoil_line=lambda line: line + b",unquoted, comma"),
        Spoiler("impossible_date", _set("posted_at", "2025-09-31T10:00:00Z")),
        Spoiler("unknown_customer", _set("customer_id", "X0000000")),
        Spoiler("bad_encoding", *_in_latin_1("category", "café")),
    ),
    "events": (
        Spoiler("duplicate_row"),
        Spoiler("conflicting_key", _an_hour_earlier),
        Spoiler("malformed_value", _set("occurred_at", "yesterday")),
        Spoiler("missing_value", _set("event_type", "")),
        Spoiler("impossible_date", _set("occurred_at", "2025-02-29T10:00:00Z")),
        Spoiler("unknown_customer", _set("customer_id", "X0000000")),
        Spoiler("bad_encoding", *_in_latin_1("topic", "crédit")),
    ),
    "contacts": (
        Spoiler("duplicate_row"),
        Spoiler("conflicting_key", _half_probability),
        Spoiler("malformed_value", _set("action_probability", "often")),
        Spoiler("unknown_code", _unknown_word),
        Spoiler("unknown_customer", _set("customer_id", "X0000000")),
        Spoiler("bad_encoding", *_in_latin_1("contact_id", "dépliant")),
    ),
}


@dataclass(frozen=True)
class Defect:
    """One planted row: its kind, and its line in the file, without the line's end."""

    kind: str
    line: bytes


def plant_defects(seed: int, share: float, name: str, table: pa.Table, night: int = 0) -> list[Defect]:
    """Return spoiled copies of about ``share`` of a table's rows.

    Parameters
    ----------
    name : str
        File of the contract.
    table : pa.Table
        A chunk's good rows, sorted by customer; which ones are copied does not depend on the chunk.
    night : int
        Day number of the night they come with; 0 = with the history.
    """
    if share <= 0 or table.num_rows == 0:
        return []
    number, rank = customer_ranks(table)
    file_number = list(SPOILERS).index(name)
    share = share * CONTACTS_FACTOR if name == "contacts" else share
    chosen = np.flatnonzero(uniform(keys(seed, number, Stream.DIRT), pack(night, file_number, rank)) < share)
    if chosen.size == 0:
        return []
    kind_u = uniform(keys(seed, number[chosen], Stream.DIRT_KIND), pack(night, file_number, rank[chosen]))
    kinds = (kind_u * len(SPOILERS[name])).astype(int)
    defects = []
    for row, kind in zip(table.take(chosen).to_pylist(), kinds, strict=True):
        spoiler = SPOILERS[name][kind]
        defects.append(Defect(spoiler.kind, spoiler.spoil_line(csv_line(spoiler.spoil_row(row)))))
    return defects


def customer_ranks(table: pa.Table, day: IntArray | None = None) -> tuple[IntArray, IntArray]:
    """Return each row's customer number, and its place among the customer's rows (of its ``day``), from 0.

    Parameters
    ----------
    table : pa.Table
        At least one row, sorted by customer (and day).
    """
    number = pc.cast(pc.utf8_slice_codeunits(table["customer_id"], 1, 1 + CUSTOMER_DIGITS), pa.int64()).to_numpy()
    changes = number[1:] != number[:-1]
    if day is not None:
        changes |= day[1:] != day[:-1]
    is_first = np.concatenate([[True], changes])
    starts = np.flatnonzero(is_first)
    return number, np.arange(number.size) - starts[np.cumsum(is_first) - 1]


def csv_line(row: Row) -> bytes:
    """Return a row as a bank's CSV export would write it, without the line's end."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="").writerow([_text(value) for value in row.values()])
    return text.getvalue().encode("utf-8")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return repr(value) if isinstance(value, float) else str(value)


class DirtWriter:
    """The dirt files of one folder, written chunk by chunk, and the list of what was planted in them.

    Parameters
    ----------
    folder : Path
        Where the history or the night is being written.
    prefix : str
        How the folder will be named in raw tables: empty for the history, ``nights/2026-01-01/`` for a night.
    """

    def __init__(self, folder: Path, prefix: str = "") -> None:
        self.folder, self.prefix = folder, prefix
        self._planted: list[tuple[str, str, int]] = []
        self._rows: Counter[str] = Counter()

    def write(self, name: str, column_names: list[str], defects: list[Defect]) -> None:
        """Append planted rows to one file of the contract's dirt."""
        if not defects:
            return
        path = self.folder / name / DIRT_FILE
        with path.open("ab") as file:
            if not self._rows[name]:
                file.write(",".join(column_names).encode() + b"\r\n")
            for defect in defects:
                file.write(defect.line + b"\r\n")
                self._rows[name] += 1
                self._planted.append((defect.kind, f"{self.prefix}{name}/{DIRT_FILE}", self._rows[name]))

    def rows(self, name: str) -> int:
        """Return the rows planted in one file of the contract."""
        return self._rows[name]

    def counts(self) -> dict[str, int]:
        """Return planted defects by kind."""
        return dict(sorted(Counter(kind for kind, _, _ in self._planted).items()))

    def write_list(self) -> None:
        """Write ``truth/planted_defects.parquet``."""
        kinds, files, numbers = zip(*self._planted, strict=True) if self._planted else ((), (), ())
        table = pa.table(
            {
                "kind": pa.array(kinds, pa.utf8()),
                "file": pa.array(files, pa.utf8()),
                "row_number": pa.array(numbers, pa.int32()),
            }
        )
        (self.folder / "truth").mkdir(exist_ok=True)
        pq.write_table(table, self.folder / "truth" / "planted_defects.parquet")
