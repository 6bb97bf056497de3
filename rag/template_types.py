"""What a night's writing takes and gives: templates, briefs served, and what is known beforehand.

Belongs here: the dataclasses and constants shared by `rag.templates`, `rag.release` and the pipeline.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from rag.approvals import Decision
from rag.briefs import Brief
from rag.citations import CitationRow
from rag.compliance.engine import Check
from rag.corpus_pin import CorpusPin
from rag.documents import Document
from rag.rate_record import Withdrawn
from rag.retrieval import Retrieved
from rag.writers.base import Draft, DraftCitation, DraftSentence

Retrieve = Callable[[Brief, date], list[Retrieved]]
Progress = Callable[[int, int], None]
Keep = Callable[["BriefTemplate", Sequence["Template"]], None]
"""Called as soon as a brief is served, with its row and the templates first written for it."""

FALLBACK = "fallback"
TRANSIENT_REASONS = tuple(
    f"writer_{kind}"
    for kind in ("refused", "timeout", "missing_model", "malformed_json", "died_midway", "server_error", "empty")
)
"""Reasons that may have gone by the next night: the writer is asked again. Others hold while the inputs stand."""

RATE_TYPES = ("apy", "apr", "rate", "bps")
"""Claims whose change since the last approved version calls for a person."""
SECURITIES_FAMILIES = ("investment",)
"""Families whose texts a person approves before first use."""


@dataclass(frozen=True)
class Template:
    """One template with its proof, as the tables of schema rag hold it."""

    template_id: str
    inputs_hash: str
    brief_id: str
    subject: str | None
    body: str
    sentences: tuple[dict, ...]
    writer: str
    model_digest: str
    prompt_version: str
    rules_version: str
    corpus_version: str
    is_fallback: bool
    first_written_as_of_date: date
    citations: tuple[CitationRow, ...]
    checks: tuple[Check, ...]
    initial_status: str
    note: str

    @property
    def rates(self) -> frozenset[tuple[str, str]]:
        """The rates it states, as (type, value)."""
        return rates_of(self.citations)


@dataclass(frozen=True)
class BriefTemplate:
    """One row of `rag.brief_templates` without the night; a template waits while a person has not approved it."""

    brief_id: str
    template_id: str | None
    is_fallback: bool
    is_reused: bool
    abstain_reason: str | None
    inputs_hash: str
    waiting_template_id: str | None = None


@dataclass(frozen=True)
class WritingSettings:
    """Settings of a night's writing.

    Attributes
    ----------
    bank_names : tuple of str
        Names the bank signs its messages with.
    """

    bank_names: tuple[str, ...] = ("Harbor Bank",)


@dataclass(frozen=True)
class Night:
    """What is known when a night's texts are written.

    Attributes
    ----------
    as_of_date, send_date : date
        The night, and the day its messages go out.
    documents : tuple of Document
        Every document version known.
    products : tuple of mapping
        Rows of the catalogue as known: product_id, name, family and the product attributes.
    prompt_version : str
    known_templates : tuple of Template
        Templates first written on this night or before, in order of (night, template_id).
    known_abstentions : mapping of inputs hash to reason
        Briefs for which nothing could be proven on an earlier night, though a writer answered.
    brief_keys : mapping of brief_id to tuple
        (product_id, channel, intent, intensity, language, jurisdiction_group) of every brief ever enumerated: two
        versions of a product share them.
    decisions : tuple of Decision
        What people decided, in effect on this night.
    settings : WritingSettings
    corpus_pin : CorpusPin or None
        What the index was built from; None = nothing was pinned.
    """

    as_of_date: date
    send_date: date
    documents: tuple[Document, ...]
    products: tuple[Mapping[str, object], ...]
    prompt_version: str
    known_templates: tuple[Template, ...] = ()
    known_abstentions: Mapping[str, str] = field(default_factory=dict)
    brief_keys: Mapping[str, tuple] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    settings: WritingSettings = field(default_factory=WritingSettings)
    corpus_pin: CorpusPin | None = None


@dataclass(frozen=True)
class TemplateBatch:
    """What a night has to say for every brief.

    Attributes
    ----------
    templates : tuple of Template
        Templates first written on this night: new ones, and those a first run of the same night wrote.
    brief_templates : tuple of BriefTemplate
        One per brief.
    in_use : mapping of template_id to Template
        Every template that serves a brief, reused ones included.
    statuses : mapping of template_id to status
        'automatic', 'approved', 'rejected' or 'pending' on this night, of all templates known.
    calls : int
        Calls made to writers.
    stand_ins : int
        Briefs for which nothing of the writer could be proven, so that the stand-in wrote.
    withdrawn : tuple of Withdrawn
        Passages of the corpus that say different things and were used by nobody; their owners must be told.
    """

    templates: tuple[Template, ...]
    brief_templates: tuple[BriefTemplate, ...]
    in_use: Mapping[str, Template]
    statuses: Mapping[str, str]
    calls: int
    stand_ins: int
    withdrawn: tuple[Withdrawn, ...] = ()


def rates_of(citations: Iterable[CitationRow]) -> frozenset[tuple[str, str]]:
    """Return the rates that claims state, as (type, value)."""
    return frozenset((row.claim_type, row.claim_value) for row in citations if row.claim_type in RATE_TYPES)


def template_id_of(inputs_hash: str, subject: str | None, body: str, sentences: Sequence[dict]) -> str:
    """Return the template hash: SHA-256 (first 32 hex digits) of what it was written from and of its text."""
    digest = "\n".join((inputs_hash, subject or "", body, json.dumps(sentences, ensure_ascii=False)))
    return hashlib.sha256(digest.encode()).hexdigest()[:32]


def status_of(template: Template, rulings: Mapping[str, Decision]) -> str:
    """Return how a template stands: as a person decided last, else as it was first put down."""
    ruling = rulings.get(template.template_id)
    return ruling.status if ruling else template.initial_status


def sentences_of(draft: Draft) -> tuple[dict, ...]:
    """Return the sentences of a draft as JSON-ready objects; the subject is the last one."""
    sentences = [(item.text, item.role, item.citations) for item in draft.sentences]
    if draft.subject is not None:
        sentences.append((draft.subject, "subject", draft.subject_citations))
    return tuple(
        {
            "number": number,
            "text": text,
            "role": role,
            "citations": [{"chunk_id": citation.chunk_id, "quote": citation.quote} for citation in citations],
        }
        for number, (text, role, citations) in enumerate(sentences)
    )


def draft_of(template: Template) -> Draft:
    """Return the draft a template was made from, its disclosures included."""
    sentences = [
        DraftSentence(
            item["text"],
            item["role"],
            tuple(DraftCitation(citation["chunk_id"], citation["quote"]) for citation in item["citations"]),
        )
        for item in template.sentences
    ]
    subject = sentences.pop() if sentences and sentences[-1].role == "subject" else None
    return Draft(subject.text if subject else None, tuple(sentences), subject.citations if subject else ())
