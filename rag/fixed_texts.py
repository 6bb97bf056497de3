"""Fixed texts of the disclosure catalogue: whether a sentence is one of them, its typed slots filled from the sheets.

Belongs here: the comparison of such a sentence with its text and values, and its citation rows. Which fixed texts there
are and how they are filled belongs to `rag.compliance.disclosures`.
"""

import re
from itertools import product

from rag.citations import CitationRow, citation_row
from rag.claims import Claim
from rag.compliance.disclosures import SLOT_KINDS, value_in_claims
from rag.evidence import Evidence
from rag.retrieval import Retrieved
from rag.writers.base import SLOTS, DraftSentence

_SLOT = re.compile(r"\{([^{}]*)\}")


def filled_template(sentence: DraftSentence, evidence: list[Evidence]) -> Evidence | None:
    """Return the fixed text with typed slots that a disclosure sentence was filled from, or None."""
    if sentence.role != "disclosure":
        return None
    for item in evidence:
        open_slots = [name for name in _SLOT.findall(item.text) if name not in SLOTS]
        if item.source.kind == "disclosure" and open_slots and item.citation.quote == item.text:
            values = [_slot_values(name, evidence) for name in open_slots]
            for filling in product(*values):
                text = item.text
                for name, value in zip(open_slots, filling, strict=True):
                    text = text.replace("{" + name + "}", value, 1)
                if text == sentence.text:
                    return item
    return None


def _slot_values(name: str, evidence: list[Evidence]) -> list[str]:
    """Return what a typed slot may hold: the value of its kind in each cited line of the product's own sheets."""
    lines = [item for item in evidence if item.source.kind in SLOT_KINDS and item.source.product_ids]
    values = [value_in_claims(name, item.claims) for item in lines]
    return list(dict.fromkeys(value for value in values if value))


def filled_rows(
    sentence: DraftSentence,
    number: int,
    claims: tuple[Claim, ...],
    template: Evidence,
    evidence: list[Evidence],
) -> tuple[list[CitationRow], list[str]]:
    """Match a filled fixed text: its words are the catalogue's, its values stand in other quotes of the product."""
    rows, faults = [], []
    sources = [item for item in evidence if item is not template and item.source.product_ids]
    for claim_number, claim in enumerate(claims):
        value = (claim.claim_type, claim.value, claim.unit, claim.is_negative, claim.qualifiers)
        chosen = next(
            (
                item
                for item in sources
                if any(
                    (source.claim_type, source.value, source.unit, source.is_negative, source.qualifiers) == value
                    for source in item.claims
                )
            ),
            None,
        )
        if chosen is None and claim.core in {source.core for source in template.claims}:
            chosen = template
        if chosen is None:
            faults.append("slot_value_without_source")
        rows.append(
            citation_row(
                sentence.text,
                number,
                claim_number,
                claim.claim_type,
                claim.canonical,
                chosen or template,
                chosen is not None,
                "disclosure_catalogue",
            )
        )
    return rows, faults


def is_disclosure(sentence: DraftSentence, source: Retrieved) -> bool:
    """Tell whether a sentence is a fixed text of the disclosure catalogue."""
    return sentence.role == "disclosure" and source.kind == "disclosure"
