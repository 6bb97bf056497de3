"""The fixed disclosure catalogue: texts that no writer writes, by id, as they stand in the corpus.

Belongs here: finding the text of a disclosure id for a brief on a day. The texts themselves are passages of
documents of kind 'disclosure' (or of a product's own sheets), under a heading that is the id, such as
`## DD_VARIABLE`, or that carries it as a tag, such as `## Terms | disclosure: Z16_TERMS`. So a fixed text has a
version, days on which it holds, products, states and an exact place, like every other source.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from rag.briefs import Brief
from rag.chunking import Chunk, chunk_document
from rag.claims import Claim, parse_claims
from rag.claims.sentences import split_sentences
from rag.documents import Document
from rag.retrieval import Retrieved
from rag.writers.base import SLOTS, DraftCitation, DraftSentence

SLOTS_FILE = Path(__file__).parent / "slots.csv"
_ID = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")

CONTACT_IDS = ("BANK_CONTACTS", "CANSPAM_FOOTER", "SMS_FOOTER")
"""What a text may point at stands in one of these; a bank lists further domains and numbers under BANK_CONTACTS."""


class DisclosureCatalogue:
    """Disclosure texts in force on one day.

    Parameters
    ----------
    documents : iterable of Document
        The corpus as known tonight.
    send_date : date
        Day on which the texts must hold.
    withdrawn : frozenset of str
        Ids of passages that must not be used.
    """

    def __init__(self, documents: Iterable[Document], send_date: date, withdrawn: frozenset[str] = frozenset()) -> None:
        self._by_id: dict[str, list[Retrieved]] = defaultdict(list)
        for document in sorted(documents, key=lambda doc: (doc.doc_id, doc.doc_version)):
            if not document.is_valid_on(send_date):
                continue
            for chunk in chunk_document(document):
                if chunk.finding is None and chunk.chunk_id not in withdrawn:
                    for name in disclosure_ids(chunk):
                        self._by_id[name].append(retrieved_of(chunk, document))

    def ids(self) -> tuple[str, ...]:
        """Return every id that has a text, sorted."""
        return tuple(sorted(self._by_id))

    def contact_texts(self) -> tuple[str, ...]:
        """Return the fixed texts whose purpose is to say how to reach the bank, by id and place."""
        return tuple(item.chunk.text for name in CONTACT_IDS for item in self._by_id.get(name, ()))

    def find(self, disclosure_id: str, brief: Brief) -> Retrieved | None:
        """Return the text of an id for a brief: the product's own before a family's before a general one.

        Parameters
        ----------
        disclosure_id : str
        brief : Brief

        Returns
        -------
        Retrieved or None
            The first by (how narrowly it is meant, doc_id, doc_version, place); None where there is none.
        """
        fitting = [item for item in self._by_id.get(disclosure_id, ()) if _fits(item, brief)]
        if not fitting:
            return None
        return min(fitting, key=lambda item: (-_narrowness(item), item.doc_id, item.doc_version, item.chunk.char_start))


def disclosure_ids(chunk: Chunk) -> tuple[str, ...]:
    """Return the disclosure ids a passage stands under: its tag, else its heading where that is an id."""
    tagged = chunk.tag("disclosure")
    if tagged:
        return tagged
    heading = chunk.headings[-1] if chunk.headings else ""
    return (heading,) if _ID.fullmatch(heading) else ()


def _fits(item: Retrieved, brief: Brief) -> bool:
    chunk = item.chunk
    if item.product_ids and brief.product_id not in item.product_ids:
        return False
    if chunk.jurisdictions and not (brief.states and set(brief.states) <= set(chunk.jurisdictions)):
        return False
    wanted = (("channel", brief.channel), ("family", brief.family), ("product", brief.product_id))
    return all(not chunk.tag(name) or value in chunk.tag(name) for name, value in wanted)


def _narrowness(item: Retrieved) -> int:
    chunk = item.chunk
    return (
        8 * bool(item.product_ids or chunk.tag("product"))
        + 4 * bool(chunk.tag("family"))
        + 2 * bool(chunk.tag("channel"))
    )


def retrieved_of(chunk: Chunk, document: Document) -> Retrieved:
    """Return a passage with what is known of its document, as retrieval would hand it over; score 0."""
    return Retrieved(
        chunk=chunk,
        doc_id=document.doc_id,
        doc_version=document.doc_version,
        kind=document.kind,
        title=document.title,
        valid_from=document.valid_from,
        valid_to=document.valid_to,
        product_ids=document.product_ids,
        score=0.0,
    )


_OPEN_SLOT = re.compile(r"\{([a-z_]+)\}")


def fill_disclosure(item: Retrieved, brief: Brief, retrieved: list[Retrieved]) -> DraftSentence | None:
    """Return a fixed text as a sentence, its typed slots filled from the product's own passages.

    Parameters
    ----------
    item : Retrieved
        The fixed text.
    brief : Brief
    retrieved : list of Retrieved
        Passages retrieved for the brief; values come from rate sheets, fee schedules and promotions of the product.

    Returns
    -------
    DraftSentence or None
        Cites the fixed text and every passage a value came from; None where a value is not to be had.
    """
    template = item.chunk.text
    citations = [DraftCitation(item.chunk.chunk_id, template)]
    text = template
    for name in _OPEN_SLOT.findall(template):
        if name in SLOTS:
            continue
        found = _value_of_slot(name, brief, retrieved)
        if found is None:
            return None
        value, citation = found
        text = text.replace("{" + name + "}", value)
        citations.append(citation)
    return DraftSentence(text, "disclosure", tuple(dict.fromkeys(citations)))


def _value_of_slot(name: str, brief: Brief, retrieved: list[Retrieved]) -> tuple[str, DraftCitation] | None:
    for item in sorted(retrieved, key=lambda item: (item.doc_id, item.doc_version, item.chunk.char_start)):
        if item.kind not in SLOT_KINDS or brief.product_id not in item.product_ids:
            continue
        for line in split_sentences(item.chunk.text):
            shown = value_in_claims(name, parse_claims(line, [brief.product_name]))
            if shown is not None:
                return shown, DraftCitation(item.chunk.chunk_id, line)
    return None


SLOT_KINDS = ("rate_sheet", "fee_schedule", "promotion")
"""Kinds of document whose numbers may fill a typed slot."""


def value_in_claims(name: str, claims: Iterable[Claim]) -> str | None:
    """Return what a typed slot is filled with: the first claim of its type, as written, or None.

    Parameters
    ----------
    name : str
        A slot of `slots.csv`, where its type and subject words stand.
    claims : iterable of Claim
        Of the product's own sources.
    """
    slot = typed_slots().get(name)
    if slot is None or not slot.claim_type:
        return None
    for claim in claims:
        if claim.claim_type == slot.claim_type and slot.must <= claim.subject and not slot.must_not & claim.subject:
            kind = " variable" if slot.type == "percent" and "variable" in claim.subject else ""
            return claim.text + kind + slot.suffix
    return None


@dataclass(frozen=True)
class TypedSlot:
    """A slot of a fixed text: what it holds, and which claim of the product's sources fills it."""

    name: str
    type: str
    claim_type: str
    must: frozenset[str]
    must_not: frozenset[str]
    suffix: str


@cache
def typed_slots() -> dict[str, TypedSlot]:
    """Return the typed slots by name."""
    with SLOTS_FILE.open(newline="", encoding="utf-8") as file:
        return {
            row["slot"]: TypedSlot(
                row["slot"],
                row["type"],
                row["claim_type"],
                frozenset(part for part in row["must"].split("|") if part),
                frozenset(part for part in row["must_not"].split("|") if part),
                row["suffix"],
            )
            for row in csv.DictReader(file)
        }
