"""Rows that come in a later night's folder: late arrivals, and corrections of rows delivered before.

What belongs here: which rows come late, on which night, and what they say. They are no rejects: they count from their
own night on and change no earlier one. Like dirt they are added: no good row is kept back or touched.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa

from ml.simulator.dirt import Defect, Row, csv_line, customer_ranks
from ml.simulator.draws import IntArray, Stream, keys, pack, uniform
from ml.simulator.vocabulary import TOPICS

LATE_ARRIVAL, CORRECTION = "late_arrival", "correction"
# 1 to 20 days after its own day; nights' folders reach back so far.
LAST_LAG_DAYS = 5

_MINUTES_BEFORE = timedelta(minutes=10)


def _second_purchase(row: Row) -> Row | None:
    """Return another purchase of the same kind ten minutes earlier, a dollar dearer; pay and rent come once.

    It comes without a balance: the other rows' balances stand, and none of them has counted it.
    """
    if row["counterparty_type"] != "merchant":
        return None
    return {
        **row,
        "transaction_id": row["transaction_id"] + "L",
        "posted_at": row["posted_at"] - _MINUTES_BEFORE,
        "amount": row["amount"] - Decimal("1.00"),
        "balance_usd": None,
    }


def _other_amount(row: Row) -> Row | None:
    """Return the row with another amount and the balance that was recorded: later rows' balances stand, too."""
    return {**row, "amount": row["amount"] - Decimal("1.00")}


def _second_view(row: Row) -> Row | None:
    """Return another view of the same page ten minutes earlier; service cases stay as they are."""
    if row["topic"] not in TOPICS:
        return None
    return {**row, "event_id": row["event_id"] + "L", "occurred_at": row["occurred_at"] - _MINUTES_BEFORE}


def _other_topic(row: Row) -> Row | None:
    if row["topic"] not in TOPICS:
        return None
    return {**row, "topic": TOPICS[(TOPICS.index(row["topic"]) + 1) % len(TOPICS)]}


_MAKERS: dict[str, tuple[tuple[str, Stream, Callable[[Row], Row | None]], ...]] = {
    "transactions": (
        (LATE_ARRIVAL, Stream.LATE_ARRIVAL, _second_purchase),
        (CORRECTION, Stream.CORRECTION, _other_amount),
    ),
    "events": (
        (LATE_ARRIVAL, Stream.LATE_ARRIVAL, _second_view),
        (CORRECTION, Stream.CORRECTION, _other_topic),
    ),
}


def plant_later_rows(seed: int, share: float, name: str, table: pa.Table, day: IntArray, night: int) -> list[Defect]:
    """Return the late arrivals and corrections that a night's folder holds.

    Each purchase and each view of the days before has, with probability ``share``, a companion that arrives late, and
    each transaction and view with the same probability a correction; they come 1 to ``LAST_LAG_DAYS`` days later.

    Parameters
    ----------
    name : str
        ``transactions`` or ``events``.
    table : pa.Table
        A chunk's good rows of the ``LAST_LAG_DAYS`` days before the night, sorted by customer and instant.
    day : array of int, shape (rows,)
        Their days in the bank's zone.
    night : int
        Day number of the night.
    """
    if share <= 0 or table.num_rows == 0:
        return []
    number, rank = customer_ranks(table, day)
    file_number = list(_MAKERS).index(name)
    planted = []
    for kind, stream, make in _MAKERS[name]:
        u = uniform(keys(seed, number, stream), pack(day, file_number, rank))
        lag_days = 1 + (u / share * LAST_LAG_DAYS).astype(np.int64)
        chosen = np.flatnonzero((u < share) & (day + lag_days == night))
        made = [make(row) for row in table.take(chosen).to_pylist()]
        planted += [Defect(kind, csv_line(row)) for row in made if row is not None]
    return planted
