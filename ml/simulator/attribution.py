"""What became of each contact, and when it was known.

What belongs here: an unprompted opening of the offered product within 14 days of a contact makes its response
``converted`` (of a control row: any opening), as a bank that sees openings and not causes would record it.
"""

from dataclasses import dataclass

import numpy as np

from ml.simulator.campaigns import (
    ANSWER_FROM_S,
    CONTROL,
    CONVERTED,
    NONE,
    OPTED_OUT,
    OUTSIDE,
    TREATMENT,
    WAVES,
    WINDOW_DAYS,
    Wave,
)
from ml.simulator.draws import FloatArray, IntArray
from ml.simulator.history import MonthDraws


@dataclass(frozen=True)
class Contacts:
    """Contacts and control rows of a chunk, one element each.

    Attributes
    ----------
    customer : array of int
        Position in the chunk.
    month, wave : array of int
        Month number, and 0 or 1.
    arm, day, sent_at, product, channel, slot, intensity : array of int
    action_probability : array of float
    response, responded_at : array of int
        What the contact itself led to; -1 without an instant.
    converted_at : array of int
        Instant of the unprompted opening credited to it; -1 = none.
    """

    customer: IntArray
    month: IntArray
    wave: IntArray
    arm: IntArray
    day: IntArray
    sent_at: IntArray
    product: IntArray
    channel: IntArray
    slot: IntArray
    intensity: IntArray
    action_probability: FloatArray
    response: IntArray
    responded_at: IntArray
    converted_at: IntArray

    def known_at(self, instant: int) -> tuple[IntArray, IntArray]:
        """Return (response, responded_at) of each row as known just before an instant."""
        has_converted = (self.converted_at >= 0) & (self.converted_at < instant)
        has_responded = (self.responded_at >= 0) & (self.responded_at < instant)
        response = np.where(has_converted, CONVERTED, np.where(has_responded, self.response, NONE))
        responded_at = np.where(has_converted, self.converted_at, np.where(has_responded, self.responded_at, -1))
        return response, responded_at


def contacts_of(months: list[MonthDraws]) -> Contacts:
    """Return all contacts of consecutive months of a chunk, in order of month, wave and customer."""
    rows: dict[str, list] = {name: [] for name in Contacts.__dataclass_fields__}
    for index, draws in enumerate(months):
        for number in range(WAVES):
            wave = draws.waves[number]
            converted_at = np.full(draws.intent.size, -1, dtype=np.int64)
            for later in months[index : index + 2]:
                is_credited = _is_credited(wave, later)
                converted_at = np.where(
                    is_credited, np.maximum(later.opening_at, wave.sent_at + ANSWER_FROM_S), converted_at
                )
            chosen = np.flatnonzero(wave.arm != OUTSIDE)
            rows["customer"].append(chosen)
            rows["month"].append(np.full(chosen.size, draws.month.number))
            rows["wave"].append(np.full(chosen.size, number))
            rows["converted_at"].append(converted_at[chosen])
            for name in Contacts.__dataclass_fields__.keys() - {"customer", "month", "wave", "converted_at"}:
                rows[name].append(getattr(wave, name)[chosen])
    return Contacts(**{name: np.concatenate(parts) for name, parts in rows.items()})


def _is_credited(wave: Wave, draws: MonthDraws) -> IntArray:
    """Return whether a month's opening is one that the wave did not cause and is credited with."""
    opened = draws.opening_product >= 0
    in_window = opened & (draws.opening_day >= wave.day) & (draws.opening_day < wave.day + WINDOW_DAYS)
    is_offered = (wave.arm == CONTROL) | ((wave.arm == TREATMENT) & (wave.product == draws.opening_product))
    is_open = (wave.response != CONVERTED) & (wave.response != OPTED_OUT)
    return in_window & is_offered & is_open
