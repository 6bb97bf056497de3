"""Proving a draft: grounding, then the rules, then one round of fixed disclosures, then both again.

Belongs here: the order of those steps and what a proven draft is. Choosing among drafts and keeping templates belongs
to `rag.templates`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from rag.briefs import MAX_CHARACTERS, Brief
from rag.citations import GroundedDraft
from rag.claims import Claim
from rag.compliance.disclosures import DisclosureCatalogue, fill_disclosure
from rag.compliance.engine import Check, ComplianceResult, check_message
from rag.compliance.model import BLOCK, CheckedSentence, Message, ProductFacts
from rag.contacts import Contacts
from rag.documents import Document
from rag.evidence import Sources, claims_of_text
from rag.grounding import ground_draft
from rag.retrieval import Retrieved
from rag.writers.base import Draft
from rag.writers.compose import expanded_length

FEE_KINDS = ("fee_schedule", "rate_sheet")
RATE_KINDS = ("rate_sheet", "promotion")


@dataclass(frozen=True)
class ProvingGround:
    """What drafts of one night are proven against.

    Attributes
    ----------
    documents : mapping of (doc_id, doc_version) to Document
        The corpus as known tonight.
    products : mapping of product_id to ProductFacts
        The catalogue as known tonight, products whose attributes could be read.
    product_names : mapping of product_id to name
        All of them.
    disclosures : DisclosureCatalogue
        Fixed texts in force on the send date.
    send_date : date
    bank_names : tuple of str
        Names the bank signs with.
    contacts : Contacts
        The bank's own, with those of its fixed texts.
    """

    documents: Mapping[tuple[str, str], Document]
    products: Mapping[str, ProductFacts]
    product_names: Mapping[str, str]
    disclosures: DisclosureCatalogue
    send_date: date
    bank_names: tuple[str, ...]
    contacts: Contacts = field(default_factory=Contacts)


@dataclass(frozen=True)
class Proof:
    """What came of one draft.

    Attributes
    ----------
    draft : Draft
        With the disclosures the rules added.
    grounded : GroundedDraft
    checks : tuple of Check
        One per rule.
    reason : str or None
        Why it may not be used; None = proven.
    """

    draft: Draft
    grounded: GroundedDraft
    checks: tuple[Check, ...]
    reason: str | None

    @property
    def is_proven(self) -> bool:
        """Whether every sentence is supported and no rule blocks."""
        return self.reason is None

    @property
    def has_warning(self) -> bool:
        """Whether a rule warned."""
        return any(check.verdict == "warned" for check in self.checks)


def prove(draft: Draft, brief: Brief, retrieved: list[Retrieved], ground: ProvingGround) -> Proof:
    """Prove one draft.

    Parameters
    ----------
    draft : Draft
    brief : Brief
    retrieved : list of Retrieved
        Passages retrieved for this brief.
    ground : ProvingGround

    Returns
    -------
    Proof
        A draft that can't be read at all is not proven.
    """
    try:
        return _prove(draft, brief, retrieved, ground)
    except Exception as error:  # noqa: BLE001 - what can't be judged must not be said, and must not stop the night
        reason = f"unreadable: {type(error).__name__}: {error}"
        return Proof(draft, GroundedDraft(draft, ()), (), reason[:300])


def _prove(draft: Draft, brief: Brief, retrieved: list[Retrieved], ground: ProvingGround) -> Proof:
    sources = {item.chunk.chunk_id: item for item in retrieved}
    grounded = _ground(draft, brief, sources, ground)
    if not grounded.is_supported:
        return Proof(draft, grounded, (), "unsupported: " + (grounded.faults or ("no sentences",))[0])
    product = ground.products.get(brief.product_id)
    if product is None:
        return Proof(draft, grounded, (), "blocked: product attributes missing")
    result = check_message(message_of(grounded, brief, retrieved, product, ground))
    fixed: frozenset[str] = frozenset()
    if result.wanted_disclosures and not result.is_blocked:
        mended, added = _mend(draft, result, brief, retrieved, ground)
        if mended is not None:
            sources |= {item.chunk.chunk_id: item for item in added}
            grounded = _ground(mended, brief, sources, ground)
            first, draft = result, mended
            if not grounded.is_supported:
                return Proof(draft, grounded, (), "unsupported: " + grounded.faults[0])
            result = check_message(message_of(grounded, brief, [*retrieved, *added], product, ground))
            fixed = frozenset(rule.id for rule, finding in first.findings if finding.verdict == "fix")
    checks = result.checks(fixed)
    # A rule that blocks for good is the reason, before one that only wants a fixed text nobody may add any more.
    final = {rule.id for rule, finding in result.findings if finding.verdict == BLOCK}
    blocked = sorted((check for check in checks if check.verdict == "blocked"), key=lambda c: c.rule_id not in final)
    reason = f"blocked: {blocked[0].rule_id} {blocked[0].evidence}" if blocked else None
    return Proof(draft, grounded, checks, reason)


def _ground(draft: Draft, brief: Brief, sources: Mapping[str, Retrieved], ground: ProvingGround) -> GroundedDraft:
    return ground_draft(draft, brief, Sources(sources, ground.documents, ground.product_names, ground.send_date))


def _mend(
    draft: Draft, result: ComplianceResult, brief: Brief, retrieved: list[Retrieved], ground: ProvingGround
) -> tuple[Draft | None, list[Retrieved]]:
    """Append the fixed texts the rules ask for and the corpus has; None where it has none of them."""
    sentences, added = [], []
    for name in result.wanted_disclosures:
        item = ground.disclosures.find(name, brief)
        sentence = fill_disclosure(item, brief, retrieved) if item else None
        if item is not None and sentence is not None:
            sentences.append(sentence)
            added.append(item)
    if not sentences:
        return None, []
    return replace(draft, sentences=(*draft.sentences, *sentences)), added


def message_of(
    grounded: GroundedDraft, brief: Brief, retrieved: list[Retrieved], product: ProductFacts, ground: ProvingGround
) -> Message:
    """Lay a grounded draft out as the rules see it."""
    kinds = {item.chunk.chunk_id: item.kind for item in retrieved}
    checked = [
        CheckedSentence(
            text=sentence.text,
            role=sentence.role,
            claims=sentence.claims,
            source_kinds=tuple(kinds.get(citation.chunk_id, "") for citation in sentence.citations),
        )
        for sentence in grounded.sentences
    ]
    subject = next((sentence for sentence in checked if sentence.role == "subject"), None)
    return Message(
        channel=brief.channel,
        language=brief.language,
        intensity=brief.intensity,
        subject=subject,
        sentences=tuple(sentence for sentence in checked if sentence.role != "subject"),
        length=expanded_length(grounded.draft.sentences, brief),
        product=product,
        send_date=ground.send_date,
        bank_names=tuple(name for name in (*ground.bank_names, product.legal_entity) if name),
        max_characters=MAX_CHARACTERS[brief.channel],
        contacts=ground.contacts,
        grounding_faults=grounded.faults,
        fee_schedule=claims_of_sources(retrieved, FEE_KINDS, brief.product_name, brief.product_id),
        rate_claims=claims_of_sources(retrieved, RATE_KINDS, brief.product_name, brief.product_id),
    )


def claims_of_sources(
    retrieved: list[Retrieved], kinds: tuple[str, ...], product_name: str, product_id: str
) -> tuple[Claim, ...]:
    """Return the typed claims of the product's own passages of some kinds, in order of place."""
    own = [item for item in retrieved if item.kind in kinds and product_id in item.product_ids]
    own.sort(key=lambda item: (item.doc_id, item.doc_version, item.chunk.char_start))
    return tuple(claim for item in own for claim in claims_of_text(item.chunk.text, (product_name,)))
