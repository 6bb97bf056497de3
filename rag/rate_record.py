"""The record of rates: passages of other documents that contradict a product's rate sheets.

Belongs here: comparing what the corpus says of each product's yields and annual percentage rates on one day with what
its rate sheets say. A passage that contradicts them is withdrawn: neither shown to a writer nor cited, and its owner
is told. Rate sheets that disagree among themselves belong to `rag.conflicts`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from rag.chunking import Chunk, chunk_document
from rag.claims import Claim
from rag.claims.sentences import split_sentences
from rag.documents import Document
from rag.evidence import claims_of_text

RECORD_KIND = "rate_sheet"
RATE_TYPES = ("apy", "apr")
SAME_WORDS = 0.8
"""Share of words two sentences have in common, numbers aside, from which one is a copy of the other (0.6 to 0.95)."""

_NUMBER = re.compile(r"\d[\d.,]*")
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Withdrawn:
    """A passage that must not be used, and why.

    Attributes
    ----------
    chunk_id, doc_id, doc_version : str
    evidence : str
        What it says and what stands against it, for its owner.
    """

    chunk_id: str
    doc_id: str
    doc_version: str
    evidence: str


@dataclass(frozen=True)
class _Said:
    """One rate of one product, as one sentence has it."""

    product_id: str
    claim: Claim
    sentence: str
    words: frozenset[str]
    chunk: Chunk
    kind: str


def find_withdrawn(documents: Iterable[Document], day: date, product_names: Mapping[str, str]) -> dict[str, Withdrawn]:
    """Find the passages that must not be used on a day.

    Parameters
    ----------
    documents : iterable of Document
        The corpus; versions that are not in force on `day` say nothing.
    day : date
        Day of sending.
    product_names : mapping of product_id to name

    Returns
    -------
    dict of chunk_id to Withdrawn
        In order of (doc_id, doc_version, place).
    """
    said = [item for document in documents if document.is_valid_on(day) for item in _rates(document, product_names)]
    said.sort(key=lambda item: (item.chunk.doc_id, item.chunk.doc_version, item.chunk.char_start, item.claim.start))
    by_product: dict[tuple[str, str], list[_Said]] = {}
    for item in said:
        by_product.setdefault((item.product_id, item.claim.claim_type), []).append(item)
    found: dict[str, Withdrawn] = {}
    for items in by_product.values():
        record = [item for item in items if item.kind == RECORD_KIND]
        for item in items:
            against = None if item.kind == RECORD_KIND else _against(item, record)
            if against is not None:
                evidence = (
                    f"{item.sentence!r} against {against.sentence!r} of {against.chunk.doc_id} "
                    f"{against.chunk.doc_version}"
                )
                chunk = item.chunk
                found.setdefault(chunk.chunk_id, Withdrawn(chunk.chunk_id, chunk.doc_id, chunk.doc_version, evidence))
    return found


def _against(item: _Said, record: list[_Said]) -> _Said | None:
    """Return what of the record stands against a rate, or None; a promotion may have rates on its own conditions."""
    others = [other for other in record if _overlap(other.chunk.jurisdictions, item.chunk.jurisdictions)]
    if not others or any(other.claim.value == item.claim.value for other in others):
        return None
    if item.kind != "promotion":
        return others[0]
    return next((other for other in others if _same_thing(item, other)), None)


def _overlap(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Tell whether two documents hold in the same states; one for named states is no rival of one for all."""
    return bool(set(left) & set(right)) or left == right == ()


def _same_thing(left: _Said, right: _Said) -> bool:
    """Tell whether two rates are of the same thing: same subject and conditions, or one sentence copies the other."""
    if (left.claim.subject, left.claim.conditions) == (right.claim.subject, right.claim.conditions):
        return True
    shared = len(left.words & right.words)
    return shared >= SAME_WORDS * len(left.words | right.words)


def _rates(document: Document, product_names: Mapping[str, str]) -> Iterator[_Said]:
    """Read the rates of a document, product by product; of several products only those a sentence names."""
    if "%" not in document.text and "percent" not in document.text.lower():
        return
    products = document.product_ids or tuple(sorted(product_names))
    for chunk in chunk_document(document):
        if chunk.finding is not None:
            continue
        for sentence in split_sentences(chunk.text):
            context = " ".join((*chunk.headings, sentence)).lower()
            for product_id in products:
                name = product_names.get(product_id, "")
                if len(products) > 1 and (not name or name.lower() not in context):
                    continue
                for claim in claims_of_text(sentence, (name,) if name else ()):
                    if claim.claim_type in RATE_TYPES and claim.unit == "mbp":
                        words = frozenset(_WORD.findall(_NUMBER.sub(" ", sentence.lower())))
                        yield _Said(product_id, claim, sentence, words, chunk, document.kind)
