"""Evidence: a citation that holds, with the words it really stands on.

Belongs here: the checks of a citation by itself (retrieved, in force, for this product and its states, verbatim at
its offsets) and the whole sentences around a quote. Whether they bear a claim is decided by `rag.grounding`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

from rag.briefs import Brief
from rag.chunking import Chunk, chunk_id_of
from rag.claims import Claim, parse_claims
from rag.claims.sentences import split_sentences, whole_sentences
from rag.documents import Document
from rag.retrieval import Retrieved
from rag.writers.base import DraftCitation

DocumentKey = tuple[str, str]


@dataclass(frozen=True)
class Sources:
    """What a brief's text may be grounded in.

    Attributes
    ----------
    retrieved : mapping of chunk_id to Retrieved
        Passages retrieved for this brief (and disclosures the rules added).
    documents : mapping of (doc_id, doc_version) to Document
        The corpus as known tonight.
    product_names : mapping of product_id to name
        Every product of the catalogue, to tell a number of one from a number of another.
    send_date : date
        Day on which the text would be sent.
    """

    retrieved: Mapping[str, Retrieved]
    documents: Mapping[DocumentKey, Document]
    product_names: Mapping[str, str]
    send_date: date


@dataclass(frozen=True)
class Evidence:
    """A citation that holds: the passage, the place of the quote, and the whole sentences around it."""

    citation: DraftCitation
    source: Retrieved
    start: int
    end: int
    text: str
    claims: tuple[Claim, ...] = field(default=())


def hold_citation(citation: DraftCitation, brief: Brief, sources: Sources) -> tuple[Evidence | None, str]:
    """Check a citation by itself: retrieved, in force, for this product and its states, verbatim at its offsets."""
    source = sources.retrieved.get(citation.chunk_id)
    if source is None:
        return None, "chunk_not_retrieved"
    chunk = source.chunk
    document = sources.documents.get((source.doc_id, source.doc_version))
    if document is None:
        return None, "document_unknown"
    at = chunk.text.find(citation.quote) if citation.quote.strip() else -1
    start = chunk.char_start + at
    faults = (
        (chunk.finding is not None, "chunk_quarantined"),
        (
            chunk_id_of(chunk.doc_id, chunk.doc_version, chunk.char_start, chunk.char_end, chunk.text)
            != citation.chunk_id
            or document.text[chunk.char_start : chunk.char_end] != chunk.text,
            "chunk_does_not_match_document",
        ),
        (not document.is_valid_on(sources.send_date), "document_not_in_force"),
        (bool(document.product_ids) and brief.product_id not in document.product_ids, "wrong_product"),
        (bool(document.jurisdictions) and not _covers(document.jurisdictions, brief.states), "wrong_jurisdiction"),
        (not _is_meant_for(chunk, brief), "approved_for_another_use"),
        (at < 0 or document.text[start : start + len(citation.quote)] != citation.quote, "quote_not_verbatim"),
    )
    for is_fault, name in faults:
        if is_fault:
            return None, name
    text = whole_sentences(chunk.text, at, at + len(citation.quote))
    claims = claims_of_text(text, (brief.product_name,))
    return Evidence(citation, source, start, start + len(citation.quote), text, claims), ""


def _is_meant_for(chunk: Chunk, brief: Brief) -> bool:
    """Tell whether the tags of a passage name the brief's channel, intent, intensity, family and product, or none."""
    wanted = (
        ("channel", brief.channel),
        ("intent", brief.intent_name),
        ("intensity", brief.intensity),
        ("family", brief.family),
        ("product", brief.product_id),
    )
    return all(not chunk.tag(name) or value in chunk.tag(name) for name, value in wanted)


def _covers(jurisdictions: tuple[str, ...], states: tuple[str, ...]) -> bool:
    return bool(states) and set(states) <= set(jurisdictions)


def claims_of_text(text: str, names: tuple[str, ...]) -> tuple[Claim, ...]:
    """Return the claims of a text of one or more sentences, each read by itself, placed in the whole text."""
    found: list[Claim] = []
    position = 0
    for part in split_sentences(text):
        position = text.index(part, position)
        found += [
            replace(claim, start=claim.start + position, end=claim.end + position) for claim in _claims(part, names)
        ]
        position += len(part)
    return tuple(found)


@lru_cache(maxsize=16384)
def _claims(sentence: str, names: tuple[str, ...]) -> tuple[Claim, ...]:
    return parse_claims(sentence, names)
