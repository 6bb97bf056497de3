"""Planted dirt: spoiled copies of good rows, in parts of their own, each listed in ``truth/planted_defects``.

What belongs here: which row is copied and how the copy is spoiled. Dirt adds rows and takes none away; a defect's kind
is the name of the rule of the door that must reject it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.simulator.columns import CUSTOMER_DIGITS
from ml.simulator.draws import Stream, keys, pack, uniform

Row = dict[str, Any]
Spoiler = Callable[[Row], Row]

DIRT_FILE = "zz-dirt.csv"
# Contacts are few beside transactions: their share of dirt is larger, so that small worlds have each kind.
CONTACTS_FACTOR = 4


def _set(column: str, value: str) -> Spoiler:
    return lambda row: {**row, column: value}


def _unchanged(row: Row) -> Row:
    return row


def _other_amount(row: Row) -> Row:
    return {**row, "amount": row["amount"] + Decimal("0.01")}


def _an_hour_earlier(row: Row) -> Row:
    return {**row, "occurred_at": row["occurred_at"] - timedelta(hours=1)}


def _half_probability(row: Row) -> Row:
    return {**row, "action_probability": row["action_probability"] / 2}


def _unknown_word(row: Row) -> Row:
    return {**row, "channel": "fax"} if row["arm"] == "treatment" else {**row, "arm": "placebo"}


SPOILERS: dict[str, tuple[tuple[str, Spoiler], ...]] = {
    "transactions": (
        ("duplicate_row", _unchanged),
        ("conflicting_key", _other_amount),
        ("malformed_value", _set("amount", "12,3x")),
        ("impossible_date", _set("posted_at", "2025-09-31T10:00:00Z")),
        ("unknown_customer", _set("customer_id", "X0000000")),
    ),
    "events": (
        ("duplicate_row", _unchanged),
        ("conflicting_key", _an_hour_earlier),
        ("malformed_value", _set("occurred_at", "yesterday")),
        ("missing_value", _set("event_type", "")),
        ("unknown_customer", _set("customer_id", "X0000000")),
    ),
    "contacts": (
        ("duplicate_row", _unchanged),
        ("conflicting_key", _half_probability),
        ("malformed_value", _set("action_probability", "often")),
        ("unknown_code", _unknown_word),
        ("unknown_customer", _set("customer_id", "X0000000")),
    ),
}


@dataclass(frozen=True)
class Defect:
    """One spoiled copy: its kind, and the row as texts."""

    kind: str
    row: dict[str, str]


def plant_defects(seed: int, share: float, name: str, table: pa.Table) -> list[Defect]:
    """Return spoiled copies of about ``share`` of a table's rows.

    Parameters
    ----------
    name : str
        File of the contract.
    table : pa.Table
        A chunk's good rows, sorted by customer; which ones are copied does not depend on the chunk.
    """
    if share <= 0 or table.num_rows == 0:
        return []
    number = pc.cast(pc.utf8_slice_codeunits(table["customer_id"], 1, 1 + CUSTOMER_DIGITS), pa.int64()).to_numpy()
    is_first = np.concatenate([[True], number[1:] != number[:-1]])
    starts = np.flatnonzero(is_first)
    rank = np.arange(number.size) - starts[np.cumsum(is_first) - 1]
    file_number = list(SPOILERS).index(name)
    share = share * CONTACTS_FACTOR if name == "contacts" else share
    chosen = np.flatnonzero(uniform(keys(seed, number, Stream.DIRT), pack(0, file_number, rank)) < share)
    if chosen.size == 0:
        return []
    kind_u = uniform(keys(seed, number[chosen], Stream.DIRT_KIND), pack(0, file_number, rank[chosen]))
    kinds = (kind_u * len(SPOILERS[name])).astype(int)
    defects = []
    for row, kind in zip(table.take(chosen).to_pylist(), kinds, strict=True):
        kind_name, spoil = SPOILERS[name][kind]
        defects.append(Defect(kind_name, {column: _text(value) for column, value in spoil(row).items()}))
    return defects


def _text(value: Any) -> str:
    """Return a value as a bank's CSV export would write it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return repr(value) if isinstance(value, float) else str(value)
