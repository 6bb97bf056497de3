"""Fallback copy: what a product and channel say while nothing better is proven.

Belongs here: putting approved wording together without a single claim about the product. It is proven like any draft.
"""

from rag.briefs import Brief
from rag.claims import parse_claims
from rag.retrieval import Retrieved
from rag.writers.base import Draft, DraftCitation, DraftSentence

_ROLES = {
    "email": ("greeting", "opening", "closing", "call_to_action", "sign_off"),
    "mail": ("greeting", "opening", "closing", "call_to_action", "sign_off"),
    "sms": ("greeting", "opening", "call_to_action"),
    "push": ("opening", "call_to_action"),
    "in_app": ("opening", "call_to_action"),
}
"""Parts of a fallback text by channel, in reading order; a part the corpus lacks is left out, but the opening."""

FALLBACK_INTENT = 0
FALLBACK_INTENSITY = "low"
"""Fallback copy speaks to the least ready and presses least, since it may reach anybody."""


def fallback_draft(brief: Brief, retrieved: list[Retrieved]) -> Draft | None:
    """Return the fallback copy of a brief's product and channel.

    Parameters
    ----------
    brief : Brief
        The brief of the product and channel with the lowest intent and intensity.
    retrieved : list of Retrieved
        Passages retrieved for it.

    Returns
    -------
    Draft or None
        None where the corpus has no approved opening for the product and channel.
    """
    wording = [item for item in retrieved if item.chunk.tag("role") and item.kind in ("brand_voice", "product_sheet")]
    # Where room is scarce the shortest words come first, so that the disclosures to come fit too.
    is_short = brief.channel in ("sms", "push", "in_app")
    wording.sort(
        key=lambda item: (
            len(item.chunk.text) if is_short else 0,
            item.doc_id,
            item.doc_version,
            item.chunk.char_start,
        )
    )
    sentences = []
    for role in _ROLES[brief.channel]:
        found = _first_without_claims(wording, role, brief)
        if found is None and role == "opening":
            return None
        if found is not None:
            sentences.append(_quoted(found, role))
    subject = _first_without_claims(wording, "subject", brief) if brief.channel in ("email", "mail") else None
    return Draft(
        subject.chunk.text if subject else None,
        tuple(sentences),
        (DraftCitation(subject.chunk.chunk_id, subject.chunk.text),) if subject else (),
    )


def _first_without_claims(wording: list[Retrieved], role: str, brief: Brief) -> Retrieved | None:
    for item in wording:
        if role in item.chunk.tag("role") and not parse_claims(item.chunk.text, [brief.product_name]):
            return item
    return None


def _quoted(item: Retrieved, role: str) -> DraftSentence:
    text = item.chunk.text
    return DraftSentence(text, role, (DraftCitation(item.chunk.chunk_id, text),))
