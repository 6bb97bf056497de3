"""Dispatch: whether a message may leave at an instant, on what is known of its customer then.

Belongs here: the last check before the bank's sender takes a message. The night released it on what was known at
night; an opt-out, a withdrawn consent or a complaint may have come since, and a late send may be too late. The text
is not judged again, only compared with the hash it was released under.
"""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from rag.briefs import MAX_CHARACTERS
from rag.compliance.engine import rules_in_force
from rag.compliance.release_rules import (
    ReleaseCheck,
    check_consent,
    check_quiet_hours,
    consent_rule_of,
    find_zone,
    guarded,
)
from rag.release import CHECK_COLUMNS, check_row, content_hash_of

Key = tuple[Hashable, Hashable]
Row = Mapping[str, Any]
GRANTED = "granted"


@dataclass(frozen=True)
class KnownAtDispatch:
    """What is known of customers when messages are about to leave; more than of the messages' customers may be given.

    Attributes
    ----------
    consents : DataFrame
        customer_id, channel, status, changed_at (timestamp with zone), evidence_text: every record of purpose
        marketing, in any order. Records after the instant are not read; of two of one instant the refusal counts; a
        record whose instant is missing or has no zone refuses.
    suppressions : DataFrame
        customer_id, channel (None, or one that messages are not sent on = every channel), reason, starts_at and
        ends_at (timestamps with zone, half-open; None or unreadable = open).
    customers : DataFrame
        customer_id, zones (list of IANA names that may be the customer's), is_zone_known (bool), opens_at and
        closes_at (time, or None for the general window).
    """

    consents: pd.DataFrame
    suppressions: pd.DataFrame
    customers: pd.DataFrame


def dispatch(messages: pd.DataFrame, known: KnownAtDispatch, at: datetime) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Check messages at the instant they are to leave; what may not leave is withheld, with the reason by name.

    Parameters
    ----------
    messages : DataFrame
        Columns of `rag.messages`, as `rag.release.render_messages` returned them.
    known : KnownAtDispatch
        As known at `at`.
    at : datetime
        The instant, with its zone.

    Returns
    -------
    messages : DataFrame
        The same rows in the same order. A released one that may not leave is 'withheld', with one of the reasons
        consent_missing, consent_withdrawn, consent_without_evidence, the suppression's own reason, quiet_hours,
        time_zone_unknown, too_early, expired, text_changed or rule_raised; one withheld before stays as it was.
    message_checks : DataFrame
        Columns of `rag.message_checks`, one row per rule and message that was still released.

    Raises
    ------
    ValueError
        If `at` has no zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"Expected the instant of dispatch with its zone; found {at!r}. Add tzinfo, such as UTC.")
    consents, customers = _consents_by_key(known.consents, at), _rows_by_customer(known.customers)
    suppressions = _suppressions_by_customer(known.suppressions, at)
    versions = {rule.id: rule.version for rule in rules_in_force(at.date(), "b")}
    kept, checks = [], []
    for message in _records(messages):
        found = _checks(message, consents, suppressions, customers, at) if message["status"] == "released" else []
        checks += [check_row(check, message, versions) for check in found]
        refusal = next((check for check in found if check.is_blocked), None)
        withheld = {"status": "withheld", "withheld_reason": refusal.reason} if refusal else {}
        kept.append({**message, **withheld})
    return pd.DataFrame(kept, columns=messages.columns), pd.DataFrame(checks, columns=list(CHECK_COLUMNS))


def _checks(
    message: Row,
    consents: Mapping[Key, Row],
    suppressions: Mapping[Hashable, list[Row]],
    customers: Mapping[Hashable, Row],
    at: datetime,
) -> list[ReleaseCheck]:
    """Return every check of one message, the one that names the refusal first among those that block."""
    customer_id, channel = message["customer_id"], message["channel"]
    consent = consents.get((customer_id, channel), {})
    customer = customers.get(customer_id, {})
    row = {
        "channel": channel,
        "consent_status": consent.get("status"),
        "evidence_text": consent.get("evidence_text"),
        "zones": customer.get("zones"),
        "is_zone_known": customer.get("is_zone_known"),
        "opens_at": customer.get("opens_at"),
        "closes_at": customer.get("closes_at"),
    }
    reasons = sorted(
        str(item["reason"])
        for item in suppressions.get(customer_id, [])
        if item["channel"] == channel or item["channel"] not in MAX_CHARACTERS
    )
    return [
        ReleaseCheck("B-11", bool(reasons), ", ".join(reasons) or "no suppression", reasons[0] if reasons else ""),
        guarded(consent_rule_of(channel), lambda: check_consent(row)),
        guarded("B-06", lambda: check_quiet_hours(row, at, find_zone)),
        guarded("H-SEND-01", lambda: _check_instant(message, at)),
        guarded("H-SEND-02", lambda: _check_text(message)),
    ]


def _check_instant(message: Row, at: datetime) -> ReleaseCheck:
    """H-SEND-01: not before the instant decided, and not after the message expired."""
    if at < message["send_at"]:
        return ReleaseCheck("H-SEND-01", True, f"to be sent at {message['send_at']}, not at {at}", "too_early")
    if at >= message["expires_at"]:
        return ReleaseCheck("H-SEND-01", True, f"expired at {message['expires_at']}", "expired")
    return ReleaseCheck("H-SEND-01", False, f"between {message['send_at']} and {message['expires_at']}", "")


def _check_text(message: Row) -> ReleaseCheck:
    """H-SEND-02: the text is the one that was released."""
    if content_hash_of(message["subject"], message["body"]) != message["content_hash"]:
        return ReleaseCheck("H-SEND-02", True, "subject and body do not have the hash released", "text_changed")
    return ReleaseCheck("H-SEND-02", False, "the text released", "")


def _consents_by_key(consents: pd.DataFrame, at: datetime) -> dict[Key, Row]:
    """Return of each customer and channel the record in force; one that can't be placed in time refuses for ever."""
    latest: dict[Key, Row] = {}
    for row in _records(consents):
        key, changed_at = (row["customer_id"], row["channel"]), row["changed_at"]
        if not _is_instant(changed_at):
            latest[key] = {"status": "undated", "changed_at": datetime.max.replace(tzinfo=UTC)}
        elif changed_at <= at:
            before = latest.get(key)
            is_later = before is None or changed_at > before["changed_at"]
            is_refusal_of_same_instant = (
                before is not None and changed_at == before["changed_at"] and row["status"] != GRANTED
            )
            if is_later or is_refusal_of_same_instant:
                latest[key] = row
    return latest


def _suppressions_by_customer(suppressions: pd.DataFrame, at: datetime) -> dict[Hashable, list[Row]]:
    """Return the suppressions in force at the instant."""
    found: dict[Hashable, list[Row]] = {}
    for row in _records(suppressions):
        has_begun = not _is_instant(row["starts_at"]) or row["starts_at"] <= at
        is_over = _is_instant(row["ends_at"]) and row["ends_at"] <= at
        if has_begun and not is_over:
            found.setdefault(row["customer_id"], []).append(row)
    return found


def _rows_by_customer(customers: pd.DataFrame) -> dict[Hashable, Row]:
    return {row["customer_id"]: row for row in _records(customers)}


def _records(frame: pd.DataFrame) -> list[Row]:
    """Return the rows as plain Python values, None for what is missing."""
    rows = frame.astype(object).to_dict("records")
    return [{str(name): None if _is_missing(value) else value for name, value in row.items()} for row in rows]


def _is_instant(value: object) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value))
