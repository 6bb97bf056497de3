"""Days, months, time zones and campaign waves of the simulated bank.

What belongs here: arithmetic of dates. Days are counted from 1970-01-01, instants in seconds from then in UTC, months
from year 0, all as int64.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from ml.simulator.draws import IntArray

DAY_S = 86_400
BANK_ZONE = "America/New_York"
_EPOCH = date(1970, 1, 1)
_TUESDAY = 1


def day_number(day: date) -> int:
    """Return the days from 1970-01-01 to ``day``."""
    return (day - _EPOCH).days


def day_date(number: int) -> date:
    """Return the date of a day number."""
    return _EPOCH + timedelta(days=int(number))


@dataclass(frozen=True)
class Month:
    """One calendar month.

    Attributes
    ----------
    number : int
        Months from year 0: 12 * year + month - 1.
    """

    number: int

    @classmethod
    def of(cls, day: date) -> "Month":
        """Return the month that ``day`` lies in."""
        return cls(12 * day.year + day.month - 1)

    @property
    def first(self) -> date:
        """First day."""
        return date(self.number // 12, self.number % 12 + 1, 1)

    @property
    def first_day(self) -> int:
        """Day number of the first day."""
        return day_number(self.first)

    @property
    def last_day(self) -> int:
        """Day number of the last day."""
        return Month(self.number + 1).first_day - 1

    @property
    def days(self) -> int:
        """Number of days."""
        return self.last_day - self.first_day + 1

    @property
    def calendar_month(self) -> int:
        """0 for January to 11 for December."""
        return self.number % 12

    @property
    def label(self) -> str:
        """Four digits, year and month: 2507."""
        return f"{self.first:%y%m}"

    def weekdays(self) -> IntArray:
        """Return the weekday of each day, Monday = 0, shape (days,)."""
        return (np.arange(self.days) + self.first.weekday()) % 7

    def wave_days(self) -> tuple[int, int]:
        """Return the first send day of the month's two waves: the first Tuesday, and fourteen days later."""
        offset = (_TUESDAY - self.first.weekday()) % 7
        return self.first_day + offset, self.first_day + offset + 14


@lru_cache(maxsize=4096)
def zone_offsets(zone: str, first_day: int, days: int) -> IntArray:
    """Return the offset of ``zone`` from UTC at local noon of each day, in seconds.

    Clocks change at 2 in the morning, and nothing is drawn before 6.
    """
    zone_info = ZoneInfo(zone)
    noons = [datetime.combine(day_date(first_day + k), datetime.min.time(), zone_info) for k in range(days)]
    return np.array(
        [int((noon + timedelta(hours=12)).utcoffset().total_seconds()) for noon in noons],  # type: ignore[union-attr]
        dtype=np.int64,
    )


def to_utc(day: IntArray, second: IntArray, zone_index: IntArray, zones: tuple[str, ...]) -> IntArray:
    """Return instants of local times.

    Parameters
    ----------
    day : array of int, shape (n,)
        Local day numbers.
    second : array of int, shape (n,)
        Local seconds of the day, at least 6 hours.
    zone_index : array of int, shape (n,)
        Positions in ``zones``.
    zones : tuple of str
        IANA names.
    """
    if day.size == 0:
        return np.zeros(0, dtype=np.int64)
    first, last = int(day.min()), int(day.max())
    table = np.stack([zone_offsets(zone, first, last - first + 1) for zone in zones])
    return day * DAY_S + second - table[zone_index, day - first]


def bank_to_utc(day: IntArray, second: IntArray) -> IntArray:
    """Return instants of times in the bank's zone, arrays of the same shape."""
    return to_utc(day, second, np.zeros(day.size, dtype=np.int64), (BANK_ZONE,))


def bank_day_end(day: date) -> int:
    """Return the instant at which ``day`` ends in the bank's zone, exclusive."""
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(BANK_ZONE))
    return int(midnight.astimezone(UTC).timestamp())
