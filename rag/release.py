"""Release: from a decision and a template to the message a customer gets, or the reason why none goes out.

Belongs here: filling slots, the checks that need the customer (B-01, B-02, B-03, B-06, B-11, slots, leaks), and the
named reason of every message that is withheld. It reads what is known at release time, not what the decision saw.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from rag.briefs import MAX_CHARACTERS
from rag.compliance.engine import rules_in_force
from rag.compliance.release_rules import (
    ReleaseCheck,
    as_date,
    check_consent,
    check_offer,
    check_quiet_hours,
    consent_rule_of,
    find_zone,
    guarded,
)
from rag.leaks import cross_customer_leak
from rag.slots import (
    LINK_BASE,
    NEUTRAL_NAME,
    SlotSettings,
    fill,
    is_allowed_link,
    is_allowed_phone,
    link_of,
    open_tokens,
    shown_date,
    shown_name,
    used_slots,
)
from rag.template_types import Template

MESSAGE_COLUMNS = (
    "message_id",
    "decision_id",
    "customer_id",
    "as_of_date",
    "brief_id",
    "template_id",
    "channel",
    "subject",
    "body",
    "slots",
    "status",
    "withheld_reason",
    "send_at",
    "expires_at",
    "timezone",
    "content_hash",
)
RELEASE_BATCH_SIZE = 20_000
"""Sends rendered at a time (1,000 to 100,000): memory is bounded by a batch, not by the night."""
CHECK_COLUMNS = ("message_id", "template_id", "rule_id", "rule_version", "verdict", "evidence")


@dataclass(frozen=True)
class ReleaseSettings:
    """What is filled in for the bank.

    Attributes
    ----------
    branch_phone : str
        US number on which a person of the bank answers.
    link_base : str
        Where product pages stand; a message links to `link_base + product_id`.
    slots : SlotSettings
    """

    branch_phone: str = "1-800-555-0142"
    link_base: str = LINK_BASE
    slots: SlotSettings = field(default_factory=SlotSettings)


@dataclass(frozen=True)
class ReleaseInputs:
    """What is known at release time.

    Attributes
    ----------
    decisions : DataFrame
        Sends: decision_id, customer_id, product_id, product_version, channel, intent, intensity, send_at
        (timestamp with zone), timezone.
    briefs : DataFrame
        Columns of `rag.briefs`.
    brief_templates : DataFrame
        brief_id, template_id (or None), abstain_reason.
    templates : mapping of template_id to Template
    statuses : mapping of template_id to status
        Approval status on this night.
    customers : DataFrame
        customer_id, first_name, state, held_product_ids (list), zones (list of IANA names that may be the
        customer's), is_zone_known (bool), opens_at and closes_at (time) of the state.
    products : DataFrame
        product_id, product_version, name, valid_from, valid_to_inclusive, states (list; empty = all), channels (list).
    consents : DataFrame
        customer_id, channel, status, evidence_text: the latest record of purpose marketing.
    suppressions : DataFrame
        customer_id, channel, reason.
    as_of_date : date
    settings : ReleaseSettings
    """

    decisions: pd.DataFrame
    briefs: pd.DataFrame
    brief_templates: pd.DataFrame
    templates: Mapping[str, Template]
    statuses: Mapping[str, str]
    customers: pd.DataFrame
    products: pd.DataFrame
    consents: pd.DataFrame
    suppressions: pd.DataFrame
    as_of_date: date
    settings: ReleaseSettings = field(default_factory=ReleaseSettings)


def render_messages(inputs: ReleaseInputs) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Render one message per send and check it.

    Parameters
    ----------
    inputs : ReleaseInputs

    Returns
    -------
    messages : DataFrame
        Columns of `rag.messages`, one row per decision, by message_id.
    message_checks : DataFrame
        Columns of `rag.message_checks`, one row per message and rule, by (message_id, rule_id).
    """
    joined = _joined(inputs)
    known = _Known(inputs)
    messages, checks = [], []
    versions = {rule.id: rule.version for rule in rules_in_force(known.send_date, "b")}
    for row in joined.to_dict("records"):
        message, found = _render(row, known)
        messages.append(message)
        checks += [check_row(check, message, versions) for check in found]
    message_frame = pd.DataFrame(messages, columns=list(MESSAGE_COLUMNS))
    check_frame = pd.DataFrame(checks, columns=list(CHECK_COLUMNS))
    return (
        message_frame.sort_values("message_id", kind="stable").reset_index(drop=True),
        check_frame.sort_values(["message_id", "rule_id"], kind="stable").reset_index(drop=True),
    )


def check_row(check: ReleaseCheck, message: Mapping[str, object], versions: Mapping[str, str]) -> tuple:
    """Return the row of `rag.message_checks` of one check of one message."""
    verdict = "blocked" if check.is_blocked else "pass"
    version = versions.get(check.rule_id, "1")
    return message["message_id"], message["template_id"], check.rule_id, version, verdict, check.evidence


def _joined(inputs: ReleaseInputs) -> pd.DataFrame:
    """Put decision, brief, template, product, customer, consent and suppression side by side; one row a decision."""
    keys = ["product_id", "product_version", "channel", "intent", "intensity"]
    briefs = inputs.briefs.loc[inputs.briefs["language"] == "en", [*keys, "brief_id"]]
    served = inputs.brief_templates[["brief_id", "template_id", "abstain_reason"]]
    products = inputs.products[
        ["product_id", "product_version", "name", "valid_from", "valid_to_inclusive", "states", "channels"]
    ].rename(columns={"channels": "offered_channels"})
    consents = inputs.consents[["customer_id", "channel", "status", "evidence_text"]].rename(
        columns={"status": "consent_status"}
    )
    suppressions = inputs.suppressions.groupby(["customer_id", "channel"], as_index=False)["reason"].min()
    frame = (
        inputs.decisions.merge(briefs, on=keys, how="left", validate="m:1")
        .merge(served, on="brief_id", how="left", validate="m:1")
        .merge(products, on=["product_id", "product_version"], how="left", validate="m:1")
        .merge(inputs.customers, on="customer_id", how="left", validate="m:1")
        .merge(consents, on=["customer_id", "channel"], how="left", validate="m:1")
        .merge(suppressions, on=["customer_id", "channel"], how="left", validate="m:1")
    )
    return frame.astype(object).where(frame.notna(), None)


class _Known:
    """What does not differ from message to message, worked out once."""

    def __init__(self, inputs: ReleaseInputs) -> None:
        self.inputs = inputs
        self.settings = inputs.settings
        self.send_date = inputs.as_of_date + timedelta(days=1)
        self.templates = {name: _Prepared.of(template) for name, template in inputs.templates.items()}
        self.statuses = inputs.statuses
        self.is_phone_allowed = is_allowed_phone(inputs.settings.branch_phone)
        self.rate_date = shown_date(self.send_date)
        self.links: dict[str, str | None] = {}
        self.leak = cross_customer_leak(
            {name: f"{item.subject or ''}\n{item.body}" for name, item in inputs.templates.items()},
            inputs.customers["first_name"],
            inputs.customers["customer_id"],
        )

    def link(self, product_id: str) -> str | None:
        """Return the link of a product, or None where it leads anywhere but to the bank."""
        if product_id not in self.links:
            link = link_of(product_id, self.settings.link_base)
            self.links[product_id] = link if is_allowed_link(link, self.settings.slots) else None
        return self.links[product_id]


@dataclass(frozen=True)
class _Prepared:
    """What rendering needs of a template: its slots, what is wrong with its proof, and when its sources all hold."""

    template: Template
    slots: tuple[str, ...]
    fault: str | None
    sources_from: date
    sources_to: date

    @classmethod
    def of(cls, template: Template) -> "_Prepared":
        """Read slots and proof of a template once for all its messages."""
        fault = None
        if not template.citations or any(row.verdict != "supported" for row in template.citations):
            fault = "a sentence is unsupported"
        elif any(check.verdict == "blocked" for check in template.checks):
            fault = "a rule blocks it"
        return cls(
            template,
            used_slots(template.body + (template.subject or "")),
            fault,
            max((row.doc_valid_from for row in template.citations if row.doc_valid_from), default=date.min),
            min((row.doc_valid_to for row in template.citations if row.doc_valid_to), default=date.max),
        )


def _render(row: dict, known: _Known) -> tuple[dict, list[ReleaseCheck]]:
    """Render and check one message."""
    template_id = row["template_id"]
    prepared = known.templates.get(template_id) if template_id else None
    send_at: datetime = row["send_at"]
    zone = find_zone(row["timezone"] or "UTC") or ZoneInfo("UTC")
    local_send = send_at.astimezone(zone)
    checks = [
        _template_check(row, prepared, local_send.date(), known),
        guarded("B-01", lambda: check_offer(row, local_send.date())),
        guarded(consent_rule_of(row["channel"]), lambda: check_consent(row)),
        guarded("B-06", lambda: check_quiet_hours(row, send_at, find_zone)),
        ReleaseCheck(
            "H-XCUST-01", known.leak is not None, known.leak or "no other customer's data", "cross_customer_data"
        ),
        ReleaseCheck("B-11", row["reason"] is not None, row["reason"] or "no suppression", row["reason"] or ""),
    ]
    values: dict[str, str] = {}
    subject = body = None
    if prepared is not None:
        values, missing = _values(row, prepared, known)
        longest = MAX_CHARACTERS[row["channel"]]
        if "first_name" in values and len(fill(prepared.template.body, values)) > longest:
            values["first_name"] = NEUTRAL_NAME
        subject = fill(prepared.template.subject, values) if prepared.template.subject else None
        body = fill(prepared.template.body, values)
        too_long = [f"{len(body)} of {longest} characters"] if len(body) > longest else []
        fault = ", ".join((*missing, *open_tokens(body + (subject or "")), *too_long))
        hidden = "; first_name not shown, neutral greeting" if values.get("first_name") == NEUTRAL_NAME else ""
        shown = fault or f"{len(values)} slots verified{hidden}"
        checks.append(ReleaseCheck("H-SLOT-01", bool(fault), shown, "slot_unverified"))
    blocked = next((check for check in checks if check.is_blocked), None)
    return (
        {
            "message_id": message_id_of(row["decision_id"], template_id),
            "decision_id": row["decision_id"],
            "customer_id": row["customer_id"],
            "as_of_date": known.inputs.as_of_date,
            "brief_id": row["brief_id"],
            "template_id": template_id,
            "channel": row["channel"],
            "subject": subject,
            "body": body,
            "slots": json.dumps(values, ensure_ascii=False, sort_keys=True),
            "status": "withheld" if blocked else "released",
            "withheld_reason": blocked.reason if blocked else None,
            "send_at": send_at,
            "expires_at": _expires_at(row, local_send, zone),
            "timezone": row["timezone"],
            "content_hash": content_hash_of(subject, body),
        },
        checks,
    )


def message_id_of(decision_id: str, template_id: str | None) -> str:
    """Return the MD5 (hex) of decision and template, joined by a vertical bar."""
    return hashlib.md5(f"{decision_id}|{template_id or ''}".encode(), usedforsecurity=False).hexdigest()


def content_hash_of(subject: str | None, body: str | None) -> str:
    """Return the SHA-256 (hex) of the subject and the body, one behind the other."""
    return hashlib.sha256(((subject or "") + (body or "")).encode()).hexdigest()


def _template_check(row: dict, prepared: _Prepared | None, send_date: date, known: _Known) -> ReleaseCheck:
    """H-TPL-01: an approved template, all sentences supported, all sources in force on the day it is sent."""
    if prepared is None:
        why = row["abstain_reason"] or ("no brief fits" if row["brief_id"] is None else "no template")
        return ReleaseCheck("H-TPL-01", True, why, "no_template")
    status = known.statuses.get(prepared.template.template_id, "unknown")
    if status not in ("automatic", "approved"):
        return ReleaseCheck("H-TPL-01", True, f"approval is {status}", "template_not_approved")
    if prepared.fault:
        return ReleaseCheck("H-TPL-01", True, prepared.fault, "template_not_proven")
    if not prepared.sources_from <= send_date <= prepared.sources_to:
        seen = f"sources hold {prepared.sources_from} to {prepared.sources_to}, sent {send_date}"
        return ReleaseCheck("H-TPL-01", True, seen, "source_not_in_force")
    return ReleaseCheck("H-TPL-01", False, f"approval is {status}", "")


def _values(row: dict, prepared: _Prepared, known: _Known) -> tuple[dict[str, str], list[str]]:
    """Return verified values of the slots a template uses, and what could not be verified."""
    values: dict[str, str] = {}
    missing = []
    for name in prepared.slots:
        value = _value(name, row, known)
        if value is None:
            missing.append(f"no value for {name}")
        else:
            values[name] = value
    return values, missing


def _value(name: str, row: dict, known: _Known) -> str | None:
    if name == "first_name":
        return shown_name(row["first_name"]) or NEUTRAL_NAME
    if name == "product_name":
        return row["name"] or None
    if name == "offer_end_date":
        last_day = as_date(row["valid_to_inclusive"])
        return shown_date(last_day) if last_day else None
    if name == "rate_as_of_date":
        return known.rate_date
    if name == "branch_phone":
        return known.settings.branch_phone if known.is_phone_allowed else None
    return known.link(row["product_id"])


def _expires_at(row: dict, local_send: datetime, zone: ZoneInfo) -> datetime:
    """Return the end of the send day on the customer's clock, or of the offer's last day if that is earlier."""
    last_day = as_date(row["valid_to_inclusive"])
    day = local_send.date() if last_day is None else min(local_send.date(), last_day)
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(ZoneInfo("UTC"))
