"""Grounding: is every sentence of a draft bonded to a source?

Belongs here: the comparison of a sentence's typed claims with the words it cites, the checks of the citation itself,
and the rows of `rag.template_citations`. What may be said although it is true belongs to `rag.compliance`.

A citation is read with the whole sentences around its quote, so that a quote can't leave out the 'not', the 'unless'
or the 'up to' beside it. Nothing is matched with tolerance.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

from rag.briefs import Brief
from rag.chunking import chunk_id_of
from rag.claims import Claim, parse_claims
from rag.claims.conditions import stem
from rag.claims.normalise import normalise_claim_text
from rag.claims.sentences import split_sentences, whole_sentences
from rag.claims.words import NEUTRAL_STEMS
from rag.documents import Document
from rag.retrieval import Retrieved
from rag.writers.base import SLOTS, Draft, DraftCitation, DraftSentence

DocumentKey = tuple[str, str]
_SLOT = re.compile(r"\{([^{}]*)\}")
_WORD = re.compile(r"[a-z][a-z'-]*")


@dataclass(frozen=True)
class GroundingSettings:
    """What counts as approved text.

    Attributes
    ----------
    verbatim_kinds : tuple of str
        Kinds of document whose sentences may be said as they stand, without a typed claim. Any of
        `rag.documents.KINDS`; product sheets and FAQs state facts and are no approved copy, so they are left out,
        but for their passages that carry a role: the bank marks its approved wording so.
    general_kinds : tuple of str
        Kinds whose documents may back a number although they name no product, such as the insurance limit.
    """

    verbatim_kinds: tuple[str, ...] = ("brand_voice", "disclosure")
    general_kinds: tuple[str, ...] = ("disclosure",)


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
class CitationRow:
    """One row of `rag.template_citations`, without the template's id."""

    sentence_number: int
    claim_number: int
    sentence: str
    claim_type: str
    claim_value: str
    doc_id: str | None
    doc_version: str | None
    doc_valid_from: date | None
    doc_valid_to: date | None
    chunk_id: str | None
    quote: str | None
    quote_start: int | None
    quote_end: int | None
    verdict: str
    method: str


@dataclass(frozen=True)
class GroundedSentence:
    """A sentence with its claims, its rows and what is wrong with it."""

    text: str
    role: str
    citations: tuple[DraftCitation, ...]
    claims: tuple[Claim, ...]
    rows: tuple[CitationRow, ...]
    faults: tuple[str, ...]

    @property
    def is_supported(self) -> bool:
        """Whether the sentence may stand."""
        return not self.faults


@dataclass(frozen=True)
class GroundedDraft:
    """A draft after grounding: the subject line is its last sentence, of role 'subject'."""

    draft: Draft
    sentences: tuple[GroundedSentence, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """All faults, in order of the sentences."""
        return tuple(fault for sentence in self.sentences for fault in sentence.faults)

    @property
    def is_supported(self) -> bool:
        """Whether every sentence may stand, and there is one."""
        return bool(self.sentences) and not self.faults

    @property
    def rows(self) -> tuple[CitationRow, ...]:
        """All citation rows, in order."""
        return tuple(row for sentence in self.sentences for row in sentence.rows)


@dataclass(frozen=True)
class _Evidence:
    """A citation that holds: the passage, the place of the quote, and the whole sentences around it."""

    citation: DraftCitation
    source: Retrieved
    start: int
    end: int
    text: str
    claims: tuple[Claim, ...] = field(default=())


def ground_draft(
    draft: Draft, brief: Brief, sources: Sources, settings: GroundingSettings | None = None
) -> GroundedDraft:
    """Ground every sentence of a draft, the subject line included.

    Parameters
    ----------
    draft : Draft
        What a writer proposed; nothing of it is trusted.
    brief : Brief
        What it was written for.
    sources : Sources
    settings : GroundingSettings, optional

    Returns
    -------
    GroundedDraft
    """
    settings = settings or GroundingSettings()
    sentences = list(draft.sentences)
    if draft.subject is not None:
        sentences.append(DraftSentence(draft.subject, "subject", draft.subject_citations))
    grounded = [
        ground_sentence(sentence, number, brief, sources, settings) for number, sentence in enumerate(sentences)
    ]
    return GroundedDraft(draft, tuple(grounded))


def ground_sentence(
    sentence: DraftSentence, number: int, brief: Brief, sources: Sources, settings: GroundingSettings
) -> GroundedSentence:
    """Ground one sentence; see `ground_draft`."""
    faults: list[str] = _form_faults(sentence.text)
    claims = claims_of_text(sentence.text, (brief.product_name,))
    evidence: list[_Evidence] = []
    for citation in sentence.citations:
        held, fault = _hold_citation(citation, brief, sources)
        if held is None:
            faults.append(fault)
        else:
            evidence.append(held)
    if not sentence.citations:
        faults.append("sentence_without_citation")
    template = _filled_template(sentence, evidence)
    if template is not None and claims:
        rows, claim_faults = _filled_rows(sentence, number, claims, template, evidence)
    elif claims:
        rows, claim_faults = _claim_rows(sentence, number, claims, evidence, brief, sources, settings)
    else:
        rows, claim_faults = _verbatim_row(sentence, number, evidence, settings)
    return GroundedSentence(
        sentence.text, sentence.role, sentence.citations, claims, tuple(rows), tuple(faults + claim_faults)
    )


def _form_faults(text: str) -> list[str]:
    """Find hidden characters, slots that are not on the list, and emptiness."""
    faults = []
    if not text.strip():
        faults.append("empty_sentence")
    if normalise_claim_text(text).hidden:
        faults.append("hidden_characters")
    unknown = [name for name in _SLOT.findall(text) if name not in SLOTS]
    if unknown or text.count("{") != text.count("}") or text.count("{") != len(_SLOT.findall(text)):
        faults.append("unknown_slot")
    return faults


def _hold_citation(citation: DraftCitation, brief: Brief, sources: Sources) -> tuple[_Evidence | None, str]:
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
        (at < 0 or document.text[start : start + len(citation.quote)] != citation.quote, "quote_not_verbatim"),
    )
    for is_fault, name in faults:
        if is_fault:
            return None, name
    text = whole_sentences(chunk.text, at, at + len(citation.quote))
    claims = claims_of_text(text, (brief.product_name,))
    return _Evidence(citation, source, start, start + len(citation.quote), text, claims), ""


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


def _claim_rows(
    sentence: DraftSentence,
    number: int,
    claims: tuple[Claim, ...],
    evidence: list[_Evidence],
    brief: Brief,
    sources: Sources,
    settings: GroundingSettings,
) -> tuple[list[CitationRow], list[str]]:
    """Match every claim with a citation; one row a claim."""
    rows, faults = [], []
    is_verbatim = any(item.text == sentence.text.strip() for item in evidence)
    for claim_number, claim in enumerate(claims):
        reasons = []
        chosen = None
        for item in evidence:
            reason = _why_unsupported(claim, item, evidence, brief, sources, settings)
            if reason is None:
                chosen = item
                break
            reasons.append(reason)
        if chosen is None:
            faults.append(min(reasons) if reasons else "claim_without_source")
        method = "disclosure_catalogue" if chosen and is_disclosure(sentence, chosen.source) else "exact_value"
        shown = chosen or (evidence[0] if evidence else None)
        rows.append(
            _row(
                sentence.text,
                number,
                claim_number,
                claim.claim_type,
                claim.canonical,
                shown,
                chosen is not None,
                method,
            )
        )
    if not is_verbatim:
        novel = _novel_words(sentence.text, evidence, brief)
        if novel:
            faults.append("words_without_source: " + ", ".join(novel[:5]))
            rows = [_unsupported(row) for row in rows]
    return rows, faults


def _filled_template(sentence: DraftSentence, evidence: list[_Evidence]) -> _Evidence | None:
    """Return the fixed text with typed slots that a disclosure sentence was filled from, or None."""
    if sentence.role != "disclosure":
        return None
    for item in evidence:
        open_slots = [name for name in _SLOT.findall(item.text) if name not in SLOTS]
        if item.source.kind == "disclosure" and open_slots and item.citation.quote == item.text:
            pattern = re.escape(item.text)
            for name in open_slots:
                pattern = pattern.replace(re.escape("{" + name + "}"), r"[^{}]{1,60}?")
            if re.fullmatch(pattern, sentence.text):
                return item
    return None


def _filled_rows(
    sentence: DraftSentence,
    number: int,
    claims: tuple[Claim, ...],
    template: _Evidence,
    evidence: list[_Evidence],
) -> tuple[list[CitationRow], list[str]]:
    """A filled fixed text: its words are the catalogue's, its values stand in the other quotes of the product."""
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
            _row(
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


def _why_unsupported(
    claim: Claim,
    item: _Evidence,
    evidence: list[_Evidence],
    brief: Brief,
    sources: Sources,
    settings: GroundingSettings,
) -> str | None:
    """Return why a citation does not bear a claim, or None if it does."""
    equal = [source for source in item.claims if source.core == claim.core]
    if not equal:
        if claim.value in [source.value for source in item.claims]:
            return "claim_differs_in_kind"
        return "claim_not_in_quote"
    known = frozenset(name for other in evidence for source in other.claims for name in source.conditions)
    if not any(source.conditions <= claim.conditions for source in equal):
        return "condition_dropped"
    if not claim.conditions <= known:
        return "condition_invented"
    return _wrong_product(claim, item, brief, sources, settings)


def _wrong_product(
    claim: Claim, item: _Evidence, brief: Brief, sources: Sources, settings: GroundingSettings
) -> str | None:
    """Check that a number is this product's: by its document, else by the name beside it."""
    if not claim.is_numeric:
        return None
    context = " ".join((*item.source.chunk.headings, item.text)).lower()
    names_it = brief.product_name.lower() in context
    others = [
        name
        for product_id, name in sources.product_names.items()
        if product_id != brief.product_id and name.lower() in context.replace(brief.product_name.lower(), " ")
    ]
    if others and not names_it:
        return "number_of_another_product"
    products = item.source.product_ids
    if len(products) > 1 and not names_it and item.source.kind not in settings.general_kinds:
        return "product_not_named"
    if not products and item.source.kind not in settings.general_kinds and not names_it:
        return "product_not_named"
    return None


def _novel_words(text: str, evidence: list[_Evidence], brief: Brief) -> list[str]:
    """Return content words of a sentence that neither its sources nor the neutral words of copy hold."""
    known = set(NEUTRAL_STEMS)
    for item in evidence:
        known |= _stems(" ".join((item.text, *item.source.chunk.headings, item.source.title)))
    known |= _stems(brief.product_name)
    plain = _SLOT.sub(" ", text)
    return sorted(word for word in _stems(plain) if word not in known)


def _stems(text: str) -> set[str]:
    plain = normalise_claim_text(_SLOT.sub(" ", text)).text.lower()
    return {stem(part) for word in _WORD.findall(plain) for part in (word, *word.split("-")) if part.strip("'-")}


def _verbatim_row(
    sentence: DraftSentence, number: int, evidence: list[_Evidence], settings: GroundingSettings
) -> tuple[list[CitationRow], list[str]]:
    """A sentence without a typed claim must be approved text as it stands, cited whole."""
    text = sentence.text.strip()
    for item in evidence:
        is_approved = item.source.kind in settings.verbatim_kinds or bool(item.source.chunk.tag("role"))
        if item.text == text and item.citation.quote == text and is_approved:
            method = "disclosure_catalogue" if is_disclosure(sentence, item.source) else "verbatim_chunk"
            return [_row(sentence.text, number, 0, "verbatim", text, item, True, method)], []
    shown = evidence[0] if evidence else None
    return [_row(sentence.text, number, 0, "verbatim", text, shown, False, "verbatim_chunk")], ["not_approved_text"]


def _row(
    sentence: str,
    number: int,
    claim_number: int,
    claim_type: str,
    claim_value: str,
    item: _Evidence | None,
    is_supported: bool,
    method: str,
) -> CitationRow:
    return CitationRow(
        sentence_number=number,
        claim_number=claim_number,
        sentence=sentence,
        claim_type=claim_type,
        claim_value=claim_value,
        doc_id=item.source.doc_id if item else None,
        doc_version=item.source.doc_version if item else None,
        doc_valid_from=item.source.valid_from if item else None,
        doc_valid_to=item.source.valid_to if item else None,
        chunk_id=item.citation.chunk_id if item else None,
        quote=item.citation.quote if item else None,
        quote_start=item.start if item else None,
        quote_end=item.end if item else None,
        verdict="supported" if is_supported else "unsupported",
        method=method,
    )


def _unsupported(row: CitationRow) -> CitationRow:
    return replace(row, verdict="unsupported")
