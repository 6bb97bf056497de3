"""Whether the claims of a message that somebody else wrote stand in the sources it cites.

Belongs here: the comparison for message files, in which a citation is a quote with its document's kind, validity and
products. The night's own drafts are judged by `rag.grounding`, which also holds the documents themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from rag.claims import Claim
from rag.compliance.model import CheckedSentence, ProductFacts
from rag.documents import KINDS
from rag.evidence import claims_of_text
from rag.grounding import GroundingSettings

CITATION_KINDS = (*KINDS, "cleared_award", "factual_insert")
"""Kinds of document, and the two kinds of pre-cleared text that rules A-GEN-07 and A-INV-02 let through."""
_RATE_KINDS = (*GroundingSettings().rate_kinds, "factual_insert")
_NO_RATES = frozenset({"cash_back", "reward", "discount"})
_NO_TERMS = ("url", "phone", "address")


@dataclass(frozen=True)
class Citation:
    """A quote and what is known of its document."""

    quote: str
    kind: str
    doc_id: str = ""
    doc_version: str = ""
    content_hash: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    product_ids: tuple[str, ...] = ()

    def is_valid_for(self, product: ProductFacts, day: date) -> bool:
        """Tell whether it holds on a day for a product; without a first day it holds never."""
        is_in_force = self.valid_from is not None and self.valid_from <= day <= (self.valid_to or date.max)
        return is_in_force and (not self.product_ids or product.product_id in self.product_ids)


def claims_of_kinds(
    citations: Iterable[Citation], kinds: tuple[str, ...], product: ProductFacts, day: date
) -> tuple[Claim, ...]:
    """Return the typed claims of the citations of some kinds that are in force for the product."""
    own = [item for item in citations if item.kind in kinds and item.is_valid_for(product, day)]
    return tuple(claim for item in own for claim in _claims_of(item, product))


def _claims_of(item: Citation, product: ProductFacts) -> tuple[Claim, ...]:
    return claims_of_text(item.quote, (product.name,) if product.name else ())


def kinds_of(
    text: str, claims: tuple[Claim, ...], citations: tuple[Citation, ...], product: ProductFacts, day: date
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the kinds of the citations that bear a sentence, and of those that hold it word for word."""
    bearing, verbatim = [], []
    for item in citations:
        if not item.is_valid_for(product, day):
            continue
        if text.strip() in item.quote:
            verbatim.append(item.kind)
            bearing.append(item.kind)
        elif any(_bears(source, claim) for source in _claims_of(item, product) for claim in claims):
            bearing.append(item.kind)
    return tuple(dict.fromkeys(bearing)), tuple(dict.fromkeys(verbatim))


def faults_of(
    sentences: Iterable[CheckedSentence],
    citations: tuple[Citation, ...],
    product: ProductFacts,
    day: date,
    claims_said: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Return what is wrong with the sources of a message: one line a claim that no valid citation bears.

    Parameters
    ----------
    sentences : iterable of CheckedSentence
        Subject included.
    citations : tuple of Citation
    product : ProductFacts
    day : date
        Send date.
    claims_said : tuple of str
        Claims the writer named; a text with such a claim that the parser can't read is refused.

    Returns
    -------
    tuple of str
    """
    faults = []
    held = [(item, _claims_of(item, product)) for item in citations if item.is_valid_for(product, day)]
    spans = [claim.text for sentence in sentences for claim in sentence.claims]
    for sentence in sentences:
        for claim in sentence.claims:
            if not _needs_source(claim, product):
                continue
            if not any(_is_source(item, claim) and any(_bears(s, claim) for s in found) for item, found in held):
                faults.append(f"{claim.text!r}: {_why(claim, citations, held, product, day)}")
    for said in claims_said:
        if not any(span in said or said in span for span in spans):
            faults.append(f"claim {said!r} can't be read as a typed claim")
    return tuple(faults)


def _needs_source(claim: Claim, product: ProductFacts) -> bool:
    """Tell whether a claim carries a term; contact data and the offer's own last day do not."""
    if not claim.is_numeric or claim.unit in _NO_TERMS:
        return False
    if claim.claim_type == "date":
        is_own_end = product.valid_to is not None and claim.value == product.valid_to.isoformat()
        return not (is_own_end or "as_of" in claim.subject)
    return True


def _is_source(item: Citation, claim: Claim) -> bool:
    is_rate = claim.claim_type in ("apy", "apr", "rate", "bps") and not claim.subject & _NO_RATES
    return not is_rate or item.kind in _RATE_KINDS


def _bears(source: Claim, claim: Claim) -> bool:
    """Tell whether a claim of a source says what a claim of the text says: all of it, nothing loosened."""
    is_same = (source.claim_type, source.value, source.unit, source.is_negative, source.qualifiers) == (
        claim.claim_type,
        claim.value,
        claim.unit,
        claim.is_negative,
        claim.qualifiers,
    )
    is_same_thing = source.subject <= claim.subject or claim.subject <= source.subject
    return is_same and is_same_thing and source.conditions <= claim.conditions


def _why(
    claim: Claim,
    citations: tuple[Citation, ...],
    held: list[tuple[Citation, tuple[Claim, ...]]],
    product: ProductFacts,
    day: date,
) -> str:
    if not citations:
        return "no citation"
    lapsed = [item for item in citations if not item.is_valid_for(product, day)]
    if any(_bears(source, claim) for item in lapsed for source in _claims_of(item, product)):
        return f"its source is not in force on {day} or not for this product"
    if any(_bears(source, claim) for _, found in held for source in found):
        return "its source is no source of record for rates"
    if any(source.value == claim.value for _, found in held for source in found):
        return "the source says it of something else or under another condition"
    return "not in any cited quote"
