"""House values and legal limits the rules compare with, dated, read from `limits.csv`.

Belongs here: the lookup. Why a value is what it is stands in the file, beside its valid range.
"""

import csv
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

LIMITS_FILE = Path(__file__).parent / "limits.csv"


@cache
def limit(name: str, day: date) -> Decimal:
    """Return the value of a limit on a day.

    Parameters
    ----------
    name : str
        As in `limits.csv`; its unit stands there.
    day : date

    Returns
    -------
    Decimal

    Raises
    ------
    ValueError
        If no row, or more than one, is in force, or the value lies outside of its range.
    """
    found = [row for row in _rows() if row["name"] == name and _is_in_force(row, day)]
    if len(found) != 1:
        raise ValueError(f"{LIMITS_FILE.name}: {len(found)} rows of {name!r} are in force on {day}; one is needed.")
    row = found[0]
    value = Decimal(row["value"])
    if not Decimal(row["lowest"]) <= value <= Decimal(row["highest"]):
        raise ValueError(
            f"{LIMITS_FILE.name}: {name} is {value} {row['unit']}; expected {row['lowest']} to {row['highest']}."
        )
    return value


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with LIMITS_FILE.open(newline="", encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


def _is_in_force(row: dict[str, str], day: date) -> bool:
    last_day = date.fromisoformat(row["effective_to"]) if row["effective_to"] else date.max
    return date.fromisoformat(row["effective_from"]) <= day <= last_day
