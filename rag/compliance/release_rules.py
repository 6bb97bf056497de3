"""Rules that need the customer: B-01 offer, B-02 and B-03 consent, B-06 quiet hours; evaluated when a message goes out.

Belongs here: one function a rule over what is known at release time. The text's own rules were settled before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

# Channels whose consent must be a written agreement on record; all others need a grant in force.
WRITTEN_CONSENT_CHANNELS = ("sms",)
OPENS_AT, CLOSES_AT = time(8), time(20)


@dataclass(frozen=True)
class ReleaseCheck:
    """One check of one message; `reason` names it where it blocks."""

    rule_id: str
    is_blocked: bool
    evidence: str
    reason: str


def guarded(rule_id: str, check: Callable[[], ReleaseCheck]) -> ReleaseCheck:
    """Evaluate a check; one that raises blocks, whatever it raised."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - a rule that can't be evaluated must not let a message out
        return ReleaseCheck(rule_id, True, f"the rule raised {type(error).__name__}: {error}", "rule_raised")


@lru_cache(maxsize=1024)
def find_zone(name: str) -> ZoneInfo | None:
    """Return a zone by name, or None where no clock knows it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def consent_rule_of(channel: str) -> str:
    """Return the rule that governs consent on a channel."""
    return "B-03" if channel in WRITTEN_CONSENT_CHANNELS else "B-02"


def as_date(value: object) -> date | None:
    """Return a day; DuckDB and pandas hand dates over as dates or as midnights."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


def check_offer(row: Mapping[str, Any], send_date: date) -> ReleaseCheck:
    """B-01: the version is live on the send date, served in the state and on the channel, and not held."""
    valid_from, valid_to = as_date(row["valid_from"]), as_date(row["valid_to_inclusive"])
    if row["name"] is None or valid_from is None:
        return ReleaseCheck("B-01", True, "the product version is not in the catalogue", "offer_unknown")
    if send_date < valid_from or (valid_to is not None and send_date > valid_to):
        return ReleaseCheck("B-01", True, f"valid {valid_from} to {valid_to}, sent {send_date}", "offer_not_live")
    states = list(row["states"]) if row["states"] is not None else []
    if states and row["state"] not in states:
        return ReleaseCheck("B-01", True, f"not offered in {row['state']}", "state_not_served")
    if row["offered_channels"] is not None and row["channel"] not in list(row["offered_channels"]):
        return ReleaseCheck("B-01", True, f"not offered by {row['channel']}", "channel_not_offered")
    if row["held_product_ids"] is not None and row["product_id"] in list(row["held_product_ids"]):
        return ReleaseCheck("B-01", True, "held already", "already_held")
    return ReleaseCheck(
        "B-01", False, f"live through {valid_to or 'open'}, served in {row['state'] or 'any state'}", ""
    )


def check_consent(row: Mapping[str, Any]) -> ReleaseCheck:
    """B-02 and B-03: the latest record of the channel is a grant; texts need the wording agreed to."""
    is_written = row["channel"] in WRITTEN_CONSENT_CHANNELS
    rule_id = consent_rule_of(row["channel"])
    if row["consent_status"] is None:
        return ReleaseCheck(rule_id, True, "no record of consent", "consent_missing")
    if row["consent_status"] != "granted":
        return ReleaseCheck(rule_id, True, f"latest record: {row['consent_status']}", "consent_withdrawn")
    if is_written and not (isinstance(row["evidence_text"], str) and row["evidence_text"].strip()):
        return ReleaseCheck(rule_id, True, "the wording agreed to is not on record", "consent_without_evidence")
    return ReleaseCheck(rule_id, False, f"granted for {row['channel']}", "")


def check_quiet_hours(
    row: Mapping[str, Any], send_at: datetime, find_zone: Callable[[str], ZoneInfo | None]
) -> ReleaseCheck:
    """B-06: the instant lies inside the window in every zone that may be the customer's."""
    zones = list(row["zones"]) if row["zones"] is not None else []
    if not zones or (row["channel"] in WRITTEN_CONSENT_CHANNELS and not row["is_zone_known"]):
        return ReleaseCheck("B-06", True, "time zone unknown", "time_zone_unknown")
    opens, closes = row["opens_at"] or OPENS_AT, row["closes_at"] or CLOSES_AT
    for name in zones:
        zone = find_zone(name)
        local = send_at.astimezone(zone).time() if zone else None
        if local is None or not opens <= local < closes:
            return ReleaseCheck("B-06", True, f"{local} in {name}", "quiet_hours")
    return ReleaseCheck("B-06", False, f"inside {opens:%H:%M}-{closes:%H:%M} in {', '.join(zones)}", "")
