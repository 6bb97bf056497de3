"""Grounding: whether every sentence of a draft is bonded to a source.

Belongs here: the comparison of a sentence's typed claims with the words it cites, the checks of the citation itself,
and the rows of `rag.template_citations`. What may be said although it is true belongs to `rag.compliance`.

A citation is read with the whole sentences around its quote, so that a quote can't leave out the 'not', the 'unless'
or the 'up to' beside it. Nothing is matched with tolerance.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rag.briefs import Brief
from rag.citations import CitationRow, GroundedDraft, GroundedSentence, as_unsupported, citation_row
from rag.claims import Claim, date_role
from rag.claims.normalise import normalise_claim_text
from rag.claims.pointing import points_outside
from rag.claims.sentences import split_sentences, whole_sentences
from rag.claims.standing import needs_standing, standing_of
from rag.claims.words import NEUTRAL_STEMS, stem
from rag.context import context_fault
from rag.evidence import Evidence, Sources, claims_of_text, hold_citation
from rag.fixed_texts import filled_rows, filled_template, is_disclosure
from rag.rewording import rewording_fault
from rag.writers.base import SLOTS, Draft, DraftSentence

_DATE_SLOTS = {"rate_as_of_date": "as_of", "offer_end_date": "end"}
"""What a date slot may be said to be; its value is checked when it is filled, so no source need show it."""
_SLOT = re.compile(r"\{([^{}]*)\}")
_WORD = re.compile(r"[a-z][a-z'-]*")
_LIST_MARK = re.compile(r"[-*\u2022]\s|\d+[.)]\s")
# Signs that change what a number or a statement says, or are no copy: struck or starred numbers, plus and minus, other
# currencies, quotation marks around a single word, markup, letters that stand for digits.
_STRAY = re.compile(
    r"[^\w\s.,;:'\u2019\u2013\u2014%$()?!{}-]|[%$!?*]{2,}|[%$]\s?[%$]|(?<![\w)])[-+]\s?\$?\d|[:;]-?[()]|\d[OolI](?![a-z])|"
    r"(?<![A-Za-z])[OolI]\d|(?<!\w)'[^\s']+'|_"
)
_TYPOGRAPHIC = "\u2019\u2013\u2014"
MIN_WORDS = 3
"""Fewest words of a writer's own sentence (2 to 5): a number alone says nothing that could be checked."""


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
    rate_kinds : tuple of str
        Kinds that are sources of record for yields and annual percentage rates; a rate that only a product sheet
        or an FAQ names is not said.
    """

    verbatim_kinds: tuple[str, ...] = ("brand_voice", "disclosure")
    general_kinds: tuple[str, ...] = ("disclosure",)
    rate_kinds: tuple[str, ...] = ("rate_sheet", "promotion", "fee_schedule")


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
    said = frozenset(part for sentence in draft.sentences for part in split_sentences(sentence.text))
    grounded = [
        ground_sentence(sentence, number, brief, sources, settings, said) for number, sentence in enumerate(sentences)
    ]
    return GroundedDraft(draft, tuple(_with_products_told_apart(grounded, brief, sources)))


def _with_products_told_apart(
    grounded: list[GroundedSentence], brief: Brief, sources: Sources
) -> Iterator[GroundedSentence]:
    """Refuse a claim that stands behind the name of another product without the own one: it reads as the other's."""
    others = [name.lower() for product_id, name in sources.product_names.items() if product_id != brief.product_id]
    own = brief.product_name.lower()
    is_of_another = False
    for sentence in grounded:
        text = sentence.text.lower()
        rest = text.replace(own, " ")
        if sentence.role in ("disclosure", "subject"):  # a fixed text is of the message, a subject stands before all
            yield sentence
            continue
        names_own = rest != text or "{product_name}" in text
        if is_of_another and sentence.claims and not names_own:
            sentence = replace(sentence, faults=(*sentence.faults, "behind_another_product"))  # noqa: PLW2901
        is_of_another = any(name in rest for name in others) or (is_of_another and not names_own)
        yield sentence


def ground_sentence(
    sentence: DraftSentence,
    number: int,
    brief: Brief,
    sources: Sources,
    settings: GroundingSettings,
    said: frozenset[str] = frozenset(),
) -> GroundedSentence:
    """Ground one sentence; `said` holds all sentences of its draft. See `ground_draft`."""
    faults: list[str] = _form_faults(sentence.text)
    claims = claims_of_text(sentence.text, (brief.product_name,))
    evidence: list[Evidence] = []
    for citation in sentence.citations:
        held, fault = hold_citation(citation, brief, sources)
        if held is None:
            faults.append(fault)
        else:
            evidence.append(held)
    if not sentence.citations:
        faults.append("sentence_without_citation")
    template = filled_template(sentence, evidence)
    if template is not None and claims:
        rows, claim_faults = filled_rows(sentence, number, claims, template, evidence)
    elif claims:
        rows, claim_faults = _claim_rows(sentence, number, claims, evidence, brief, sources, settings)
    else:
        rows, claim_faults = _verbatim_row(sentence, number, evidence, settings)
    limits = [
        context_fault(sentence.text, item.text, item.source.chunk, brief.product_name, said, sources.send_date)
        for item in evidence
    ]
    claim_faults += [limit for limit in limits if limit is not None]
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
    for name, role in _DATE_SLOTS.items():
        for match in re.finditer(r"\{" + name + r"\}", text):
            if date_role(text[: match.start()]) != role:
                faults.append(f"slot_misused: {name}")
    return faults


def _claim_rows(
    sentence: DraftSentence,
    number: int,
    claims: tuple[Claim, ...],
    evidence: list[Evidence],
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
            reason = _why_unsupported(claim, item, brief, sources, settings)
            if reason is None and not is_verbatim:
                reason = _stands_otherwise(claim, sentence.text, item)
            if reason is None:
                chosen = item
                break
            reasons.append(reason)
        if chosen is None:
            faults.append(min(reasons) if reasons else "claim_without_source")
        method = "disclosure_catalogue" if chosen and is_disclosure(sentence, chosen.source) else "exact_value"
        shown = chosen or (evidence[0] if evidence else None)
        rows.append(
            citation_row(
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
    is_approved = any(item.text == sentence.text.strip() and _is_approved(item, settings) for item in evidence)
    pointing = None if is_approved else _pointing_fault(sentence.text)
    if pointing is not None:
        faults.append(pointing)
        rows = [as_unsupported(row) for row in rows]
    if not is_verbatim:
        own_faults = _own_prose_faults(sentence.text, claims, evidence, brief, settings)
        if own_faults:
            faults += own_faults
            rows = [as_unsupported(row) for row in rows]
    return rows, faults


def _approved_texts(evidence: list[Evidence], settings: GroundingSettings) -> frozenset[str]:
    """Return the sentences of approved wording that are cited."""
    return frozenset(part for item in evidence if _is_approved(item, settings) for part in split_sentences(item.text))


def _own_prose_faults(
    text: str, claims: tuple[Claim, ...], evidence: list[Evidence], brief: Brief, settings: GroundingSettings
) -> list[str]:
    """Find what a writer's own words must not be: a scrap, a list item, decorated, of other words than their source."""
    faults = []
    if len(_WORD.findall(text.lower())) < MIN_WORDS:
        faults.append("not_a_sentence")
    seen = "".join(item.text for item in evidence)
    strange = [match[0] for match in _STRAY.finditer(_SLOT.sub(" ", text)) if match[0] not in seen]
    foreign = [sign for sign in text if not sign.isascii() and sign not in seen and sign not in _TYPOGRAPHIC]
    if _LIST_MARK.match(text.strip()) or strange or foreign or text.count("(") != text.count(")"):
        faults.append("stray_mark")
    novel = _novel_words(text, claims, evidence, brief)
    if novel:
        faults.append("words_without_source: " + ", ".join(novel[:5]))
    reworded = rewording_fault(text, claims, evidence, brief.product_name, _approved_texts(evidence, settings))
    return faults if reworded is None else [*faults, reworded]


def _pointing_fault(text: str) -> str | None:
    """Refuse a sentence that says something only together with what stands around it elsewhere."""
    found = [words for part in split_sentences(text) if (words := points_outside(part)) is not None]
    return f"points_outside: {found[0]}" if found else None


def _is_approved(item: Evidence, settings: GroundingSettings) -> bool:
    """Tell whether a citation is of wording that may be said as it stands: by kind of document, or by role."""
    return item.source.kind in settings.verbatim_kinds or bool(item.source.chunk.tag("role"))


def _why_unsupported(
    claim: Claim,
    item: Evidence,
    brief: Brief,
    sources: Sources,
    settings: GroundingSettings,
) -> str | None:
    """Return why a citation does not bear a claim, or None if it does."""
    if claim.claim_type in ("apy", "apr") and item.source.kind not in settings.rate_kinds:
        return "not_a_source_of_record"
    equal = [source for source in item.claims if source.core == claim.core]
    if not equal:
        if claim.value in [source.value for source in item.claims]:
            return "claim_differs_in_kind"
        return "claim_not_in_quote"
    if not _is_approved(item, settings):
        whole = [whole_sentences(item.text, source.start, source.end) for source in equal]
        equal = [
            source for source, said in zip(equal, whole, strict=True) if points_outside(said, is_quote=True) is None
        ]
        if not equal:
            return "quote_points_outside"
    if not any(source.conditions == claim.conditions for source in equal):
        is_dropped = any(claim.conditions < source.conditions for source in equal)
        return "condition_dropped" if is_dropped else "condition_differs"
    return _wrong_product(claim, item, brief, sources, settings) or _disagreement(claim, item, brief, sources)


def _stands_otherwise(claim: Claim, text: str, item: Evidence) -> str | None:
    """Refuse an amount that its source names as a condition or for a purpose, and the sentence otherwise."""
    if not needs_standing(claim):
        return None
    own = standing_of(text, claim)
    sources = [standing_of(item.text, source) for source in item.claims if source.core == claim.core]
    return None if own in sources else "amount_stands_otherwise"


def _wrong_product(
    claim: Claim, item: Evidence, brief: Brief, sources: Sources, settings: GroundingSettings
) -> str | None:
    """Check that a claim is this product's: by its document, else by the name beside it."""
    context = " ".join((*item.source.chunk.headings, item.text)).lower()
    names_it = brief.product_name.lower() in context
    others = [
        name
        for product_id, name in sources.product_names.items()
        if product_id != brief.product_id and name.lower() in context.replace(brief.product_name.lower(), " ")
    ]
    if others and not names_it:
        return "number_of_another_product"
    if not claim.is_numeric:
        return None
    products = item.source.product_ids
    if len(products) > 1 and not names_it and item.source.kind not in settings.general_kinds:
        return "product_not_named"
    if not products and item.source.kind not in settings.general_kinds and not names_it:
        return "product_not_named"
    return None


def _disagreement(claim: Claim, item: Evidence, brief: Brief, sources: Sources) -> str | None:
    """Refuse a rate on which two rate sheets in force say different things."""
    if claim.unit != "mbp" or item.source.kind != "rate_sheet":
        return None
    for other in sources.retrieved.values():
        is_another = other.kind == "rate_sheet" and (other.doc_id, other.doc_version) != (
            item.source.doc_id,
            item.source.doc_version,
        )
        if is_another and brief.product_id in other.product_ids and other.chunk.finding is None:
            for said in claims_of_text(other.chunk.text, (brief.product_name,)):
                is_same_thing = (said.claim_type, said.subject, said.unit) == (
                    claim.claim_type,
                    claim.subject,
                    claim.unit,
                )
                if is_same_thing and said.value != claim.value and said.conditions == claim.conditions:
                    return "sources_disagree"
    return None


def _novel_words(text: str, claims: tuple[Claim, ...], evidence: list[Evidence], brief: Brief) -> list[str]:
    """Return content words of a sentence, its numbers aside, that neither its sources nor neutral copy hold."""
    known = set(NEUTRAL_STEMS)
    for item in evidence:
        known |= _stems(" ".join((item.text, *item.source.chunk.headings, item.source.title)))
    known |= _stems(brief.product_name)
    for claim in claims:
        if claim.is_numeric:
            text = text[: claim.start] + " " * (claim.end - claim.start) + text[claim.end :]
    # Letters and signs of other scripts are words too: all of them must stand in a source.
    seen = set("".join(item.text for item in evidence))
    strange = {sign for sign in normalise_claim_text(text).text if not sign.isascii()} - seen
    return sorted({word for word in _stems(text) if word not in known} | strange)


def _stems(text: str) -> set[str]:
    plain = normalise_claim_text(_SLOT.sub(" ", text)).text.lower()
    return {stem(part) for word in _WORD.findall(plain) for part in (word, *word.split("-")) if part.strip("'-")}


def _verbatim_row(
    sentence: DraftSentence, number: int, evidence: list[Evidence], settings: GroundingSettings
) -> tuple[list[CitationRow], list[str]]:
    """Match a sentence without a typed claim: approved text as it stands, cited whole."""
    text = sentence.text.strip()
    for item in evidence:
        if item.text == text and item.citation.quote == text and _is_approved(item, settings):
            method = "disclosure_catalogue" if is_disclosure(sentence, item.source) else "verbatim_chunk"
            return [citation_row(sentence.text, number, 0, "verbatim", text, item, True, method)], []
    shown = evidence[0] if evidence else None
    return [citation_row(sentence.text, number, 0, "verbatim", text, shown, False, "verbatim_chunk")], [
        "not_approved_text"
    ]


if __name__ == "__main__":  # `python -m rag.grounding PAIRS.jsonl`: the support model as a tool of its own
    from rag.support.cli import main

    main()
