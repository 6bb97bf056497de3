"""The embedded writer: copy without a language model, from approved lines and quoted facts.

Every sentence it emits stands verbatim in a passage of the corpus that was retrieved for the brief, and cites it.
What varies is which lines are said, how many, and in which order: by channel, intent and intensity, and between
briefs by a hash. A corpus without approved lines still gets plain copy, from the sentences of its own fact sheets.
"""

import re
from collections.abc import Sequence

from rag.briefs import Brief
from rag.claims.pointing import points_outside
from rag.claims.sentences import split_sentences
from rag.context import context_fault
from rag.retrieval import Retrieved
from rag.writers.base import Draft, DraftCitation, DraftSentence, WriterFault
from rag.writers.compose import Material, fits, frame, gather, pick, said

VERSION = "embedded-3"
"""Raised when the same material would give another text."""

CANDIDATES = 3
"""Drafts a brief gets (1 to 10): more give proving more to choose from, at some 2 ms each."""

# What the middle of a text says, by (channel, intensity); a role may be left out where it does not fit or has no line.
_PLANS: dict[tuple[str, str], tuple[str, ...]] = {
    ("email", "low"): ("opening", "claim", "closing"),
    ("email", "medium"): ("opening", "claim", "benefit", "closing"),
    ("email", "high"): ("opening", "benefit", "claim", "detail", "closing"),
    ("in_app", "low"): ("opening", "benefit"),
    ("in_app", "medium"): ("opening", "claim"),
    ("in_app", "high"): ("opening", "claim", "benefit"),
    ("sms", "low"): ("opening", "benefit"),
    ("sms", "medium"): ("opening", "claim", "benefit"),
    ("sms", "high"): ("opening", "claim", "benefit"),
    ("push", "low"): ("opening",),
    ("push", "medium"): ("opening", "benefit"),
    ("push", "high"): ("opening", "benefit"),
}
_PRIORITY = ("opening", "claim", "benefit", "detail", "closing")
"""Who gets the room of a short channel first."""
_PLAIN_SENTENCES = {"email": 4, "mail": 4, "in_app": 2, "sms": 2, "push": 1}
_FACT = re.compile(r"[A-Z0-9\"'{$].{20,}[.!]$")


class EmbeddedWriter:
    """Writes without a server; see the module's docstring.

    Attributes
    ----------
    name, model_digest : str
        'embedded' and the version of the way it composes.
    calls : int
        Briefs written so far.
    """

    name = "embedded"
    model_digest = VERSION

    def __init__(self, candidates: int = CANDIDATES) -> None:
        self.calls = 0
        self._candidates = candidates

    def write(self, brief: Brief, retrieved: Sequence[Retrieved]) -> list[Draft]:
        """Write up to `candidates` drafts; the last one names no terms, for the case that terms can't be shown.

        Raises
        ------
        WriterFault
            Of kind 'no_material' if the passages hold neither approved lines nor a fact sheet of the product.
        """
        self.calls += 1
        material = gather(brief, retrieved)
        if "opening" in material.lines:
            salts = [str(number) for number in range(self._candidates - 1)]
            drafts = [self._draft(brief, material, salt, with_terms=True) for salt in salts]
            drafts.append(self._draft(brief, material, str(self._candidates - 1), with_terms=False))
        else:
            drafts = [self._plain_draft(brief, material)]
        distinct = {draft.sentences: draft for draft in reversed(drafts) if draft.sentences}
        if not distinct:
            raise WriterFault(
                "no_material",
                f"nothing to write from for {brief.product_id} by {brief.channel}: no approved line and no fact sheet "
                "of it is valid on the send date; add one to the documents.",
            )
        return list(reversed(distinct.values()))

    def _draft(self, brief: Brief, material: Material, salt: str, with_terms: bool) -> Draft:
        """Say the plan of the channel and intensity; leave out what does not fit, the least important first."""
        channel = "email" if brief.channel == "mail" else brief.channel
        plan = [role for role in _PLANS[(channel, brief.intensity)] if with_terms or role not in ("claim", "detail")]
        if with_terms and brief.intent_name in ("considering", "ready") and channel in ("in_app", "sms"):
            plan = ["opening", "claim", "benefit"]
        if not with_terms and "benefit" not in plan:
            plan.insert(1, "benefit")
        chosen: dict[str, tuple[DraftSentence, ...]] = {}
        for role in sorted(plan, key=_PRIORITY.index):
            for item in pick(material, role, brief, salt):
                tried = {**chosen, role: said(item, "claim" if role == "detail" else role, material)}
                if fits(self._framed(brief, material, plan, tried, salt), brief, material):
                    chosen = tried
                    break
        sentences = self._framed(brief, material, plan, chosen, salt) if "opening" in chosen else ()
        return self._with_subject(brief, material, sentences, salt)

    def _framed(
        self, brief: Brief, material: Material, plan: list[str], chosen: dict[str, tuple[DraftSentence, ...]], salt: str
    ) -> tuple[DraftSentence, ...]:
        """Lay the chosen lines out in the order of the plan, framed."""
        middle = tuple(sentence for role in plan for sentence in chosen.get(role, ()))
        return frame(brief, material, middle, salt, has_terms="claim" in chosen)

    def _plain_draft(self, brief: Brief, material: Material) -> Draft:
        """Say whole sentences of the product's own sheets, the nearest to the brief first."""
        middle: tuple[DraftSentence, ...] = ()
        for item in material.facts:
            for text in split_sentences(item.chunk.text):
                sentence = DraftSentence(text, "claim", (DraftCitation(item.chunk.chunk_id, text),))
                is_new = text not in {other.text for other in middle}
                is_whole = _FACT.fullmatch(text) is not None and points_outside(text, is_quote=True) is None
                is_bound = is_whole and context_fault(text, text, item.chunk, brief.product_name) is not None
                if len(middle) < _PLAIN_SENTENCES[brief.channel] and is_new and is_whole and not is_bound:
                    whole = frame(brief, material, (*middle, sentence), has_terms=True)
                    middle = (*middle, sentence) if fits(whole, brief, material) else middle
        sentences = frame(brief, material, middle, has_terms=True) if middle else ()
        return self._with_subject(brief, material, sentences, "")

    def _with_subject(self, brief: Brief, material: Material, sentences: tuple[DraftSentence, ...], salt: str) -> Draft:
        """Add the subject where the channel has one: an approved line, else the first sentence that names a term."""
        subject: str | None = None
        citations: tuple[DraftCitation, ...] = ()
        if brief.channel in ("email", "mail") and sentences:
            lines = pick(material, "subject", brief, salt)
            source = lines[0].chunk if lines else None
            first = next(sentence for sentence in sentences if sentence.role != "greeting")
            subject = source.text if source else first.text
            citations = (DraftCitation(source.chunk_id, source.text),) if source else first.citations
        return Draft(subject, sentences, citations, self.name, self.model_digest)
