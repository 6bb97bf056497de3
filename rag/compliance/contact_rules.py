"""Rules about a contact that the text of the message or the send decide: B-04, B-05, B-07, B-10, B-11, B-12.

Belongs here: one function a rule over what a message file says of its customer; B-01, B-02, B-03 and B-06 are those
of `release_rules`, which the night asks too. What is not known blocks.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rag.compliance.limits import limit
from rag.compliance.message_file import CHANNELS, MessageFile
from rag.compliance.model import BLOCK, PASS, WARN, CheckedSentence, Finding
from rag.compliance.release_rules import ReleaseCheck, check_consent, check_offer, check_quiet_hours
from rag.compliance.wording import find_phrase

CHANNELS_WITH_REVOCATION = ("sms", "call")
_CREDIT = ("card", "loan", "mortgage")
_FLAGS = {
    "B-05": ("do_not_call", "do_not_contact", "dnc"),
    "B-05, listed": ("national_dnc", "national_do_not_call", "registry"),
    "B-07": ("prescreen", "bureau_opt_out", "credit_bureau_opt_out"),
    "B-11": (
        *("deceased", "bankrupt", "fraud", "identity_theft", "dispute", "complaint", "collections", "hardship"),
        *("litigation", "vulnerable", "disaster", "do_not_contact", "minor", "delinquent", "past_due", "incarcerated"),
    ),
    "B-12": ("covered_borrower", "mla", "scra", "servicemember", "active_duty", "military"),
    "no rule": ("established_relationship",),
}
"""Words that make a flag one of a rule's, wherever they stand in it: 'open_dispute' is a dispute."""
_OPTOUTS = (*CHANNELS, "all")
_FROM_EVERYTHING = frozenset({"all", "do_not_contact"})
_WRITTEN = ("sms", "call")


def flags_of(file: MessageFile) -> frozenset[str]:
    """Return the customer's flags, lower case, words joined by underscores; from a list or from name: true."""
    found = file.customer.get("flags") or ()
    names = [name for name, is_set in found.items() if is_set] if isinstance(found, Mapping) else list(found)
    return frozenset(_joined(name) for name in names)


def _joined(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _flags_of_any(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name for rule_id in _FLAGS for name in _flags_for(rule_id, names))


def _flags_for(rule_id: str, names: frozenset[str]) -> list[str]:
    """Return the names that hold one of a rule's words, sorted."""
    return sorted(name for name in names if any(f"_{word}" in f"_{name}" for word in _FLAGS[rule_id]))


def offer_is_live(file: MessageFile) -> Finding:
    """B-01: the offer is live on the send date, in the customer's state and channel, and not held already."""
    offer, state = file.offer, str(file.customer.get("state") or "").removeprefix("US-")
    valid_from = _day(offer.get("valid_from"))
    if valid_from is None:
        return Finding(BLOCK, "needs offer.valid_from, which is not given")
    states = [str(name).removeprefix("US-") for name in offer.get("states") or ()]
    row = {
        "name": "offer",
        "valid_from": valid_from,
        "valid_to_inclusive": _day(offer.get("valid_to")),
        "states": states,
        "state": state,
        "offered_channels": offer.get("channels"),
        "channel": file.message.channel,
        "held_product_ids": file.customer.get("held_product_ids"),
        "product_id": file.message.product.product_id,
    }
    return _finding(check_offer(row, file.message.send_date))


def consent_of_channel(file: MessageFile) -> Finding:
    """B-02 and B-03: no opt-out, and the latest record of the channel is a grant, with its wording for texts."""
    channel = file.message.channel
    consent = _consent(file.customer, channel)
    opted_out = _opted_out(file.customer)
    if channel in opted_out:
        return Finding(BLOCK, f"opted out of {channel}")
    unknown = sorted(name for name in opted_out if name not in _OPTOUTS and not _flags_of_any(frozenset({name})))
    if unknown:
        return Finding(BLOCK, f"customer.optouts names {unknown[0]!r}; expected one of {', '.join(_OPTOUTS)}")
    if channel == "call":
        consent = consent or _consent(file.customer, "sms")
    row = {
        "channel": channel if channel != "call" else "sms",
        "consent_status": consent.get("status") if consent else None,
        "evidence_text": consent.get("evidence_text") if consent else None,
    }
    found = check_consent(row)
    fault = _fault_of_wording(str(row["evidence_text"])) if channel in _WRITTEN and not found.is_blocked else None
    return Finding(BLOCK, fault) if fault else _finding(found)


def _fault_of_wording(wording: str) -> str | None:
    """Return why the wording agreed to is no consent to marketing, or None; 47 CFR 64.1200(f)(9)."""
    readings = CheckedSentence(wording, "consent", ()).readings
    forced = find_phrase(readings, "consent_forced")
    if forced:
        return f"the wording agreed to makes consent a condition, or was agreed to by default: {forced!r}"
    service = find_phrase(readings, "consent_to_service")
    if service and not find_phrase(readings, "consent_to_marketing"):
        return f"the wording agreed to speaks of {service!r} and not of marketing"
    return None


def _consent(customer: Mapping[str, Any], channel: str) -> dict[str, Any] | None:
    """Return status and wording of a channel's consent, from a mapping, a list of channels or a list of records."""
    consents = customer.get("consents")
    if isinstance(consents, Mapping):
        found = consents.get(channel)
    else:
        records = [item for item in consents or () if isinstance(item, Mapping) and item.get("channel") == channel]
        found = records[-1] if records else channel in (consents or ()) or None
    if found is None:
        return None
    if isinstance(found, Mapping):
        return {"status": found.get("status", "granted"), "evidence_text": found.get("evidence_text")}
    status = {True: "granted", False: "withdrawn"}.get(found, str(found)) if isinstance(found, bool) else str(found)
    return {"status": "granted" if status == "True" else status, "evidence_text": None}


def _opted_out(customer: Mapping[str, Any]) -> frozenset[str]:
    found = customer.get("optouts") or ()
    names = [name for name, value in found.items() if value] if isinstance(found, Mapping) else list(found)
    said = (str(item.get("channel") if isinstance(item, Mapping) else item) for item in names)
    channels = {_joined(name) for name in said}
    return frozenset(channels | (set(CHANNELS) if channels & _FROM_EVERYTHING else set()))


def no_revocation(file: MessageFile) -> Finding:
    """B-04: any reply, on any channel, that reasonably asks to stop stops every channel at once."""
    for reply in file.customer.get("replies") or ():
        found = is_revocation(str(reply.get("text") if isinstance(reply, Mapping) else reply))
        if found:
            return Finding(BLOCK, f"the customer asked to stop: {found!r}")
    stopped = sorted(_opted_out(file.customer) & set(CHANNELS_WITH_REVOCATION))
    if stopped and file.message.channel in CHANNELS_WITH_REVOCATION:
        return Finding(BLOCK, f"consent was revoked for {', '.join(stopped)}; one revocation stops calls and texts")
    return Finding(PASS, "no reply asks to stop")


def is_revocation(reply: str) -> str | None:
    """Return the words by which a reply asks to stop, in whatever spelling, or None."""
    return find_phrase(CheckedSentence(reply, "reply", ()).readings, "revocation")


def not_on_do_not_call(file: MessageFile) -> Finding:
    """B-05: the company's own list overrides all; a listed number needs consent or a relationship and a fresh file."""
    if file.message.channel not in CHANNELS_WITH_REVOCATION:
        return Finding(PASS, "not applicable: no call or text")
    flags = flags_of(file)
    listed = _flags_for("B-05, listed", flags)
    own = _flags_for("B-05", (flags | _opted_out(file.customer)) - frozenset(listed))
    if own:
        return Finding(BLOCK, f"on the company's do-not-call list: {own[0]}")
    checked = _day(file.customer.get("registry_date"))
    most = limit("registry_age_days", file.message.send_date)
    if checked is None or not 0 <= (file.message.send_date - checked).days <= most:
        seen = checked or "not given"
        return Finding(BLOCK, f"needs customer.registry_date within {most} days of the send; it is {seen}")
    consent = _consent(file.customer, file.message.channel)
    is_allowed = "established_relationship" in flags or (consent and consent["status"] == "granted")
    if listed and not is_allowed:
        return Finding(BLOCK, "on the national registry, without permission or an established relationship")
    return Finding(PASS, f"registry file of {checked}, no entry that forbids")


def outside_quiet_hours(file: MessageFile) -> Finding:
    """B-06: the send lies inside the window in every zone that may be the customer's."""
    send_at = file.run.get("send_at")
    if send_at is None:
        return Finding(BLOCK, "needs run.send_at, an instant such as 2026-11-05T15:00:00Z, which is not given")
    instant = datetime.fromisoformat(str(send_at).replace("Z", "+00:00"))
    if instant.tzinfo is None:
        return Finding(BLOCK, f"run.send_at {send_at!r} has no zone; end it in Z or an offset")
    zones = [str(name) for name in file.customer.get("tz_candidates") or ()]
    day = file.message.send_date
    opens, closes = (int(limit(f"quiet_{name}_hour", day)) for name in ("opens", "closes"))
    row = {
        "zones": zones,
        "channel": file.message.channel,
        "is_zone_known": bool(zones),
        "opens_at": datetime.min.replace(hour=opens).time(),
        "closes_at": datetime.min.replace(hour=closes).time(),
    }
    return _finding(check_quiet_hours(row, instant.astimezone(UTC), _zone))


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def lawful_prescreen(file: MessageFile) -> Finding:
    """B-07: a prescreened offer is a firm one, to a person of age who has not opted out of prescreening."""
    if not file.message.is_prescreened:
        return Finding(PASS, "not applicable: no prescreened offer")
    if not file.message.firm_offer_id:
        return Finding(BLOCK, "a prescreened offer without offer.firm_offer_id")
    if _flags_for("B-07", flags_of(file) | _opted_out(file.customer)):
        return Finding(BLOCK, "opted out of prescreened offers")
    age = _age(file.customer)
    if age is not None and age < limit("card_age_years", file.message.send_date):
        return Finding(BLOCK, f"prescreened although {age} years old")
    return Finding(PASS, f"firm offer {file.message.firm_offer_id}")


def old_enough(file: MessageFile) -> Finding:
    """B-10: the customer is of age; below 21 no card is marketed."""
    day = file.message.send_date
    least = limit("card_age_years" if file.message.product.family == "card" else "minimum_age_years", day)
    age, gate = _age(file.customer), file.customer.get("age_gate")
    if "minor" in flags_of(file) or (age is not None and age < least):
        return Finding(BLOCK, f"{age if age is not None else 'a minor'}; {least} years are needed")
    if age is not None:
        return Finding(PASS, f"at least {least} years old")
    if gate in (True, "passed", "pass", "adult", "true"):
        return Finding(PASS, "the age gate was passed")
    if gate is None:
        return Finding(BLOCK, "needs customer.age_gate (true, false) or customer.age, which are not given")
    return Finding(BLOCK, f"the age gate is {gate!r}")


def _age(customer: Mapping[str, Any]) -> int | None:
    for found in (customer.get("age"), customer.get("age_gate")):
        if isinstance(found, (int, float)) and not isinstance(found, bool):
            return int(found)
    return None


def not_suppressed(file: MessageFile) -> Finding:
    """B-11: no flag stands that suspends marketing; one that nobody knows may, so it does."""
    flags = flags_of(file)
    standing = _flags_for("B-11", flags)
    if standing:
        return Finding(BLOCK, "marketing is suspended: " + ", ".join(standing))
    unknown = sorted(flags - _flags_of_any(flags))
    if unknown:
        known = ", ".join(word for words in _FLAGS.values() for word in words)
        return Finding(BLOCK, f"customer.flags names {unknown[0]!r}, which no rule knows; expected one with {known}")
    return Finding(PASS, "no flag suspends marketing")


def military_limits(file: MessageFile) -> Finding:
    """B-12: no credit above the cap to a covered borrower; refinancing a protected debt warns."""
    flags = flags_of(file)
    if not _flags_for("B-12", flags):
        return Finding(PASS, "not applicable: no protected status on record")
    if file.message.product.family in ("card", "loan"):
        cap = limit("mapr_cap_percent", file.message.send_date)
        rate = file.product.get("mapr_percent")
        if not isinstance(rate, (int, float)) or isinstance(rate, bool):
            return Finding(BLOCK, "needs product.mapr_percent, the highest military APR, which is not given")
        if rate > cap:
            return Finding(BLOCK, f"military APR {rate} % to a covered borrower; the cap is {cap} %")
    named = file.message.find("refinance_words")
    if named and file.message.families & set(_CREDIT):
        return Finding(WARN, f"{named!r} may end the cap on debt from before service; a person decides")
    return Finding(PASS, "within the cap for a covered borrower")


def _day(value: Any) -> date | None:
    return date.fromisoformat(str(value)[:10]) if value else None


def _finding(check: ReleaseCheck) -> Finding:
    return Finding(BLOCK if check.is_blocked else PASS, check.evidence)


FUNCTIONS: dict[str, Callable[[MessageFile], Finding]] = {
    "B-01": offer_is_live,
    "B-02": consent_of_channel,
    "B-03": consent_of_channel,
    "B-04": no_revocation,
    "B-05": not_on_do_not_call,
    "B-06": outside_quiet_hours,
    "B-07": lawful_prescreen,
    "B-10": old_enough,
    "B-11": not_suppressed,
    "B-12": military_limits,
}
