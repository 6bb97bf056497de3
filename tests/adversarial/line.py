"""The whole line for many cases at once: documents, index, hostile writer, proof, release, all by public functions.

Each case is a product version of its own with a customer of its own, so that one index, one night of writing and one
release serve all cases that share their documents.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pandas as pd

from rag.briefs import Brief, briefs_of, enumerate_briefs
from rag.chunking import chunk_document
from rag.compliance.disclosures import retrieved_of
from rag.conflicts import Conflict, without_conflicts
from rag.corpus_pin import CorpusPin
from rag.documents import Document
from rag.rate_record import Withdrawn
from rag.release import ReleaseInputs, render_messages
from rag.retrieval import Retrieved, retrieve
from rag.store import RefreshReport, Store
from rag.template_types import BriefTemplate, Night, Template, WritingSettings
from rag.templates import write_templates
from rag.writers.base import Draft, DraftCitation, DraftSentence
from tests.adversarial import bank
from tests.adversarial.quay_bank import cited, passage

Write = Callable[[Sequence[Retrieved]], Draft]
SEND_AT = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """One hostile case, and what is known of it from the way it was built.

    Attributes
    ----------
    name : str
        How it was built; unique in its family.
    write : callable
        What the writer answers, from the passages retrieved.
    documents : tuple of Document
        The corpus.
    smuggled : tuple of Retrieved
        Passages pushed into the retrieved ones, past the index.
    forbidden : tuple of str
        Words no customer may read.
    reason : str
        Words that the named reason must hold.
    truths : tuple of str
        Lines that are true besides those of the bank.
    product, channel : str
    attributes, customer : mapping
        What differs in the row of the catalogue, and of the customer.
    send_at : datetime
    timezone : str
        Of the decision.
    consent : str or None
        Latest record of the channel; None = no record.
    suppression : str or None
        Reason known at release time.
    """

    name: str
    write: Write
    documents: tuple[Document, ...] = bank.TRUE_DOCUMENTS
    smuggled: tuple[Retrieved, ...] = ()
    forbidden: tuple[str, ...] = ()
    reason: str = ""
    truths: tuple[str, ...] = ()
    product: str = "savings"
    channel: str = "email"
    attributes: Mapping[str, object] = field(default_factory=dict)
    customer: Mapping[str, object] = field(default_factory=dict)
    send_at: datetime = SEND_AT
    timezone: str = "America/New_York"
    consent: str | None = "granted"
    suppression: str | None = None


@dataclass(frozen=True)
class Result:
    """What became of a case."""

    case: Case
    served: BriefTemplate
    template: Template | None
    message: Mapping[str, object]
    checks: Mapping[str, tuple[str, str]]
    report: RefreshReport
    withdrawn: tuple[Withdrawn, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def reason(self) -> str:
        """Why no written template serves; empty = one does."""
        return self.served.abstain_reason or ""

    @property
    def is_released(self) -> bool:
        """Whether the customer gets a message."""
        return self.message["status"] == "released"

    @property
    def text(self) -> str:
        """Everything the customer would read."""
        return f"{self.message['subject'] or ''}\n{self.message['body']}" if self.is_released else ""


def known(**facts: Any) -> dict[str, Any]:
    """What several cases have in common, to be handed to `Case`."""
    return facts


class _Cases:
    """A writer that answers each brief as its case says."""

    name = "ollama"
    model_digest = "hostile"

    def __init__(self, writes: Mapping[str, Write]) -> None:
        self.calls = 0
        self._writes = writes

    def write(self, brief: Brief, retrieved: list[Retrieved]) -> list[Draft]:
        """Return the draft of the case."""
        self.calls += 1
        return [self._writes[brief.product_version](retrieved)]


@cache
def index_of(
    documents: tuple[Document, ...],
) -> tuple[Store, RefreshReport, tuple[Document, ...], tuple[Conflict, ...]]:
    """Build the index of the documents that may be used, once; sheets that disagree are left out, as at night."""
    usable, conflicts = without_conflicts(documents, bank.SEND_DATE)
    store = Store(":memory:")
    return store, store.refresh(usable), tuple(usable), conflicts


def run(cases: Iterable[Case]) -> list[Result]:
    """Go the whole way for all cases; those that share documents go together."""
    groups: dict[tuple, list[Case]] = {}
    for case in cases:
        groups.setdefault((case.documents, tuple(sorted(case.attributes.items()))), []).append(case)
    return [result for group in groups.values() for result in _run_group(group)]


def _run_group(cases: list[Case]) -> list[Result]:
    store, report, usable, conflicts = index_of(cases[0].documents)
    catalogue = pd.DataFrame(
        [
            bank.product_row(case.product, product_version=f"v{n}", channels=[case.channel], **case.attributes)
            for n, case in enumerate(cases)
        ]
    )
    frame = enumerate_briefs(catalogue)
    frame = frame[(frame["intent"] == 1) & (frame["intensity"] == "medium")]
    briefs = briefs_of(frame, catalogue)
    smuggled = {f"v{n}": list(case.smuggled) for n, case in enumerate(cases)}
    found: dict[tuple[str, ...], list[Retrieved]] = {}

    def find(brief: Brief, day: date) -> list[Retrieved]:
        key = (brief.product_id, brief.channel, brief.intent_name)
        if key not in found:
            found[key] = retrieve(store, brief, day)
        return found[key] + smuggled[brief.product_version]

    batch = write_templates(
        briefs, find, _Cases({f"v{n}": case.write for n, case in enumerate(cases)}), _night(cases[0], usable, store)
    )
    messages, checks = render_messages(_release_inputs(cases, catalogue, frame, batch))
    by_customer = {row["customer_id"]: row for row in messages.to_dict("records")}
    found_checks: dict[str, dict[str, tuple[str, str]]] = {}
    for row in checks.to_dict("records"):
        found_checks.setdefault(row["message_id"], {})[row["rule_id"]] = (row["verdict"], row["evidence"])
    version_of = {brief.brief_id: brief.product_version for brief in briefs}
    served = {version_of[item.brief_id]: item for item in batch.brief_templates}
    results = []
    for n, case in enumerate(cases):
        used = served[f"v{n}"]
        message = {str(name): value for name, value in by_customer[f"customer-{n:04d}"].items()}
        template = batch.in_use[used.template_id] if used.template_id else None
        checked = found_checks[str(message["message_id"])]
        results.append(Result(case, used, template, message, checked, report, batch.withdrawn, conflicts))
    return results


def _night(case: Case, documents: tuple[Document, ...], store: Store) -> Night:
    rows = [bank.product_row(name, **case.attributes) for name in bank.TRUE_LINES]
    return Night(
        as_of_date=bank.NIGHT,
        send_date=bank.SEND_DATE,
        documents=documents,
        products=tuple({str(name): value for name, value in row.items()} for row in rows),
        prompt_version="test",
        settings=WritingSettings(bank_names=("Quay Bank",)),
        corpus_pin=CorpusPin(store.corpus_version(), bank.NIGHT),
    )


def _release_inputs(cases: list[Case], catalogue: pd.DataFrame, frame: pd.DataFrame, batch) -> ReleaseInputs:
    def rows(of: Callable[[int, Case], dict | None]) -> list[dict]:
        return [row for row in (of(n, case) for n, case in enumerate(cases)) if row is not None]

    def decision(n: int, case: Case) -> dict:
        return {
            "decision_id": f"decision-{n:04d}",
            "customer_id": f"customer-{n:04d}",
            "product_id": case.product,
            "product_version": f"v{n}",
            "channel": case.channel,
            "intent": 1,
            "intensity": "medium",
            "send_at": case.send_at,
            "timezone": case.timezone,
        }

    def customer(n: int, case: Case) -> dict:
        return {
            "customer_id": f"customer-{n:04d}",
            "first_name": "Ana",
            "state": "US-NY",
            "held_product_ids": [],
            "zones": ["America/New_York"],
            "is_zone_known": True,
            "opens_at": None,
            "closes_at": None,
            **case.customer,
        }

    def consent(n: int, case: Case) -> dict | None:
        if case.consent is None:
            return None
        key = {"customer_id": f"customer-{n:04d}", "channel": case.channel}
        return {**key, "status": case.consent, "evidence_text": "I agree."}

    def suppression(n: int, case: Case) -> dict | None:
        if case.suppression is None:
            return None
        return {"customer_id": f"customer-{n:04d}", "channel": case.channel, "reason": case.suppression}

    columns = ["customer_id", "channel"]
    return ReleaseInputs(
        decisions=pd.DataFrame(rows(decision), dtype=object),
        briefs=frame,
        brief_templates=pd.DataFrame(
            [vars(row) for row in batch.brief_templates], columns=["brief_id", "template_id", "abstain_reason"]
        ).astype(object),
        templates=batch.in_use,
        statuses=batch.statuses,
        customers=pd.DataFrame(rows(customer), dtype=object),
        products=catalogue,
        consents=pd.DataFrame(rows(consent), columns=[*columns, "status", "evidence_text"], dtype=object),
        suppressions=pd.DataFrame(rows(suppression), columns=[*columns, "reason"], dtype=object),
        as_of_date=bank.NIGHT,
    )


# How a writer's answer is put together.


def draft(retrieved: Sequence[Retrieved], *claims: DraftSentence, opening: str = bank.OPENING) -> Draft:
    """An e-mail around some sentences."""
    subject = passage(retrieved, bank.SUBJECT)
    return Draft(
        bank.SUBJECT,
        (
            cited(bank.GREETING, passage(retrieved, bank.GREETING), role="greeting"),
            cited(opening, passage(retrieved, opening), role="opening"),
            *claims,
            cited(bank.CALL, passage(retrieved, bank.CALL), role="call_to_action"),
        ),
        (DraftCitation(subject.chunk.chunk_id, bank.SUBJECT),),
    )


COMPANION = {"savings": bank.VARIABLE_LINE, "cd": bank.CD_TERM_LINE}
"""What must stand beside a yield, so that only the hostile sentence decides."""


def say(text: str, quote: str | None = None, holding: str | None = None, product: str = "savings") -> Write:
    """A clean e-mail with one more sentence that cites the passage holding some words, or its quote, or itself."""

    def write(retrieved: Sequence[Retrieved]) -> Draft:
        sentences = [cited(text, passage(retrieved, holding or quote or text), quote)]
        beside = COMPANION.get(product)
        if beside and beside != text:
            sentences.append(cited(beside, passage(retrieved, beside)))
        return draft(retrieved, *sentences)

    return write


def say_smuggled(text: str, item: Retrieved, quote: str | None = None) -> Write:
    """A clean e-mail with one more sentence that cites a passage, whether it was retrieved or not."""
    return lambda retrieved: draft(
        retrieved, cited(text, item, quote), cited(bank.VARIABLE_LINE, passage(retrieved, bank.VARIABLE_LINE))
    )


def passage_of(document: Document, holding: str = "") -> Retrieved:
    """The first passage of a document that holds some words, as retrieval would hand it over."""
    return next(retrieved_of(chunk, document) for chunk in chunk_document(document) if holding in chunk.text)


# What must hold for every case, whatever its family.


def common_faults(result: Result) -> list[str]:
    """Find released words that nothing true backs, and forbidden words; by plain comparison with the true lines."""
    case, text = result.case, result.text
    faults = [f"released {word!r}" for word in case.forbidden if word in text]
    values = {**bank.FILLED, "link": f"https://harborbank.example/{case.product}"}
    lines = [*bank.TRUE_LINES[case.product], *bank.COMMON_LINES, *case.truths]
    for line in sorted(lines, key=len, reverse=True):
        filled = line
        for name, value in values.items():
            filled = filled.replace("{" + name + "}", value)
        text = text.replace(filled, " ")
    if text.strip():
        faults.append(f"released without a source: {text.strip()!r}")
    return faults


def blocked_faults(result: Result, *reasons: str) -> list[str]:
    """Find what speaks against 'BLOCK': a written template, a fallback with terms, another reason than named."""
    faults = common_faults(result)
    if not result.reason:
        return [*faults, "a hostile text was proven"]
    if result.template is not None and not result.template.is_fallback:
        faults.append("a written template serves")
    wanted = [*reasons, case_reason] if (case_reason := result.case.reason) else list(reasons)
    if wanted and not any(word in result.reason for word in wanted):
        faults.append(f"blocked for {result.reason!r}, expected {' or '.join(wanted)}")
    return faults


def released_faults(result: Result) -> list[str]:
    """Find what speaks against a clean text going out as it was written."""
    faults = common_faults(result)
    if result.reason or not result.is_released:
        faults.append(f"not released: {result.reason or result.message['withheld_reason']}")
    elif result.template is None or result.template.is_fallback:
        faults.append("fallback copy went out in its place")
    return faults


def withheld_faults(result: Result, rule_id: str, *reasons: str) -> list[str]:
    """Find what speaks against a message withheld at release by a rule."""
    faults = common_faults(result)
    if result.is_released:
        return [*faults, "released"]
    if result.message["withheld_reason"] not in reasons:
        faults.append(f"withheld for {result.message['withheld_reason']!r}, expected {' or '.join(reasons)}")
    if result.checks[rule_id][0] != "blocked":
        faults.append(f"{rule_id} says {result.checks[rule_id]}")
    return faults
