"""What the observer sees, read back from the files' rows alone.

What belongs here: one function that makes the arrays of ``SeenMonth`` from the rows of a customer's files, by another
way than the draws; to hold that the observer is given nothing the files do not show.
"""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ml.simulator.activity import NO_DAY
from ml.simulator.calendar import Month, day_number
from ml.simulator.campaigns import NEVER, RESPONSES
from ml.simulator.vocabulary import CHANNELS, EVENT_TYPES, INTENSITIES, PRODUCTS, SERVICE_TYPES, SPENDING, TOPICS

BANK = "America/New_York"
_CASES = {
    "complaint_opened": "complaint_closed",
    "dispute_opened": "dispute_closed",
    "hardship_started": "hardship_ended",
}
_NOTHING = -1


class Files:
    """A customer's rows, instants as pandas timestamps, days as day numbers of the bank's zone."""

    def __init__(self, tables: dict[str, pd.DataFrame], customer_id: str) -> None:
        self.rows = {name: table[table["customer_id"] == customer_id].copy() for name, table in tables.items()}
        for name, column in (("transactions", "posted_at"), ("events", "occurred_at"), ("consents", "changed_at")):
            self.rows[name]["day"] = [_bank_day(at) for at in self.rows[name][column]]
        self.zone = self.rows["customers"]["timezone"].iloc[0]


def _bank_day(at: pd.Timestamp) -> int:
    return day_number(at.tz_convert(BANK).date())


def _counts(values: pd.Series, words: tuple[str, ...]) -> list[int]:
    return [int((values == word).sum()) for word in words]


def see_month(files: Files, month: Month, contacts: pd.DataFrame, decay: float, fatigue_decay: float) -> dict:
    """Return one customer's values of ``SeenMonth`` and of its ``State``, by name.

    Parameters
    ----------
    contacts : DataFrame
        The customer's contacts as the file stands at the month's end.
    decay, fatigue_decay : float
        Of the memory of views and of contacts.
    """
    first, last = month.first_day, month.last_day
    events = files.rows["events"]
    own = events[(events["day"] >= first) & (events["day"] <= last)]
    views = own[own["event_type"].isin(EVENT_TYPES)]
    paid = files.rows["transactions"]
    paid = paid[(paid["day"] >= first) & (paid["day"] <= last)]
    is_drawn = ~((paid["category"] == "transfer_in") & (paid["counterparty_type"] == "bank"))
    return {
        "events": _counts(views["event_type"], EVENT_TYPES),
        "topics": _counts(views["topic"], TOPICS),
        "day_parts": _day_parts(views, files.zone),
        "in_app": int((views["channel"] == "app").sum()),
        "payments": _counts(paid["category"][is_drawn], SPENDING),
        "amounts": sorted((c, p, round(float(a) * 100)) for c, p, a in
                          zip(paid["category"], paid["counterparty_type"], paid["amount"], strict=True)),
        "is_active": len(paid) > 0,
        "blocked_day": _blocked_day(files, first, last),
        "has_died": bool((own["event_type"] == "deceased").any()),
        "memory": _memory(files, month, decay),
        **_holdings(files, first, last),
        "consented": _consented(files, first),
        "is_listed_by_cases": _no_open_case(files, first),
        **_waves(contacts, month, fatigue_decay),
    }  # fmt: skip


def _day_parts(views: pd.DataFrame, zone: str) -> list[int]:
    """Count local parts of the day; apart those in which late evenings of the west end up."""
    counts = [0] * 7
    for at in views["occurred_at"]:
        local, bank = at.tz_convert(zone), at.tz_convert(BANK)
        behind = (bank.utcoffset() - local.utcoffset()).total_seconds() / 3_600
        hour = local.hour + local.minute / 60 + local.second / 3_600
        counts[6 if 18 - behind <= hour < 18 else int(hour - 6) // 3] += 1
    return counts


def _blocked_day(files: Files, first: int, last: int) -> int:
    events, consents = files.rows["events"], files.rows["consents"]
    started = events["day"][events["event_type"].isin(SERVICE_TYPES)]
    changed = consents["day"][consents["source"] == "preference_centre"]
    days = [day for day in (*started, *changed) if first <= day <= last]
    return min(days, default=NEVER)


def _memory(files: Files, month: Month, decay: float) -> list[float]:
    """Return what is remembered of views when a month begins."""
    views = files.rows["events"][files.rows["events"]["event_type"].isin(EVENT_TYPES)]
    memory = np.zeros(len(TOPICS))
    number = Month.of(date(2025, 7, 1)).number
    for earlier in range(number, month.number):
        days = Month(earlier)
        of = views[(views["day"] >= days.first_day) & (views["day"] <= days.last_day)]
        memory = decay * memory + np.array(_counts(of["topic"], TOPICS))
    return memory.tolist()


def _holdings(files: Files, first: int, last: int) -> dict:
    held, closed = [False] * len(PRODUCTS), [NO_DAY] * len(PRODUCTS)
    product, day = _NOTHING, _NOTHING
    row: Any
    for row in files.rows["holdings"].itertuples():
        opened_on = day_number(row.opened_on)
        closed_on = NEVER if pd.isna(row.closed_on) else day_number(row.closed_on)
        position = PRODUCTS.index(row.product_id)
        held[position] |= opened_on < first <= closed_on
        if first <= opened_on <= last:
            product, day = position, opened_on
        if first <= closed_on <= last:
            closed[position] = closed_on
    return {"held": held, "opening_product": product, "opening_day": day, "closed_day": closed}


def _consented(files: Files, first: int) -> list[bool]:
    consents = files.rows["consents"]
    consents = consents[consents["day"] < first].sort_values("changed_at", kind="stable")
    newest = dict(zip(consents["channel"], (consents["status"] == "granted").tolist(), strict=True))
    return [newest.get(channel, False) for channel in CHANNELS]


def _no_open_case(files: Files, first: int) -> bool:
    events = files.rows["events"][files.rows["events"]["day"] < first]["event_type"].tolist()
    is_open = any(events.count(start) > events.count(end) for start, end in _CASES.items())
    return not is_open and not set(events) & set(SERVICE_TYPES[len(_CASES) :])


def _waves(contacts: pd.DataFrame, month: Month, decay: float) -> dict:
    """Return the month's waves, and the fatigue with which it begins."""
    fatigue, shown = 0.0, {}
    for number in range(Month.of(date(2025, 7, 1)).number, month.number + 1):
        for wave in (1, 2):
            of = contacts[contacts["contact_id"].str.endswith(f"-{Month(number).label}-{wave}")]
            row = of.iloc[0] if len(of) else None
            if number == month.number:
                shown[wave - 1] = _wave(row)
            else:
                fatigue = decay * (fatigue + (row is not None and row["arm"] == "treatment"))
    return {"fatigue": fatigue, "waves": [shown[0], shown[1]]}


def _wave(row: pd.Series | None) -> dict:
    if row is None:
        return {"arm": 0}
    shown = {
        "arm": {"control": 1, "treatment": 2}[row["arm"]],
        "sent_at": int(row["sent_at"].timestamp()),
        "response": RESPONSES.index(row["response"]),
        "responded_at": -1 if pd.isna(row["responded_at"]) else int(row["responded_at"].timestamp()),
        "day": _bank_day(row["sent_at"]),
    }
    if row["arm"] == "treatment":
        shown |= {
            "product": PRODUCTS.index(row["product_id"]),
            "channel": CHANNELS.index(row["channel"]),
            "slot": int(row["send_slot"]),
            "intensity": INTENSITIES.index(row["intensity"]),
        }
    return shown
