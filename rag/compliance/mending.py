"""Mending a message once: the fixed texts the rules ask for are appended, and every rule is asked again.

Belongs here: that one round for a message that somebody else wrote. The night's drafts are mended by `rag.proving`,
which grounds the added texts too.
"""

import re
from dataclasses import dataclass, replace
from functools import cache

from rag.briefs import SLOTS, Brief
from rag.claims.sentences import split_sentences
from rag.compliance.disclosures import DisclosureCatalogue, value_in_claims
from rag.compliance.engine import ComplianceResult, check_message
from rag.compliance.model import FIX, CheckedSentence, Finding, Message, Rule
from rag.documents import DOCUMENTS_DIR, Document, parse_document
from rag.evidence import claims_of_text

CATALOGUE_FILE = DOCUMENTS_DIR / "disclosures.md"
_SLOT = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Judgement:
    """What the rules say of a message after at most one mending.

    Attributes
    ----------
    message : Message
        With the fixed texts that were appended.
    findings : tuple of (Rule, Finding)
        Of the last round.
    fixed : mapping of rule id to disclosure ids
        Rules that asked for a fixed text in the first round and pass in the last.
    """

    message: Message
    findings: tuple[tuple[Rule, Finding], ...]
    fixed: dict[str, tuple[str, ...]]


def judge(message: Message) -> Judgement:
    """Ask every rule, append the fixed texts once, ask every rule again.

    Parameters
    ----------
    message : Message

    Returns
    -------
    Judgement
        Mending is tried even where another rule blocks, so that one run shows all there is to do; a fixed text that
        can't be filled is not appended, and its rule blocks.
    """
    first = check_message(message)
    if not first.wanted_disclosures:
        return Judgement(message, first.findings, {})
    added, unfilled = _fixed_texts(message, first)
    mended = _appended(message, added) if added else message
    last = check_message(mended)
    asked = {rule.id: finding.disclosures for rule, finding in first.findings if finding.verdict == FIX}
    findings = tuple((rule, _with_reason(finding, unfilled)) for rule, finding in last.findings)
    passed = {rule.id for rule, finding in last.findings if finding.verdict != FIX}
    return Judgement(mended, findings, {name: ids for name, ids in asked.items() if name in passed})


def _fixed_texts(message: Message, result: ComplianceResult) -> tuple[list[str], dict[str, str]]:
    """Return the texts that can be filled, and why the others can't."""
    texts, unfilled = [], {}
    brief = _brief_of(message)
    for name in result.wanted_disclosures:
        item = _catalogue(message).find(name, brief)
        if item is None:
            unfilled[name] = f"the catalogue has no text {name} for this product and channel"
            continue
        text, missing = _filled(item.chunk.text, message)
        if missing:
            unfilled[name] = f"{name} needs {', '.join(missing)}, which no cited source of the product gives"
        else:
            texts.append(text)
    return texts, unfilled


def _filled(template: str, message: Message) -> tuple[str, list[str]]:
    text, missing = template, []
    for name in _SLOT.findall(template):
        if name == "rate_as_of_date" and not message.rate_claims:
            missing.append("rate_as_of_date")
        if name in SLOTS:
            continue
        is_entity = name == "legal_entity"
        claims = message.rate_claims + message.fee_schedule
        value = message.product.legal_entity if is_entity else value_in_claims(name, claims)
        if not value:
            missing.append(name)
        else:
            text = text.replace("{" + name + "}", value)
    return text, missing


def _appended(message: Message, texts: list[str]) -> Message:
    names = (message.product.name,) if message.product.name else ()
    added = tuple(
        CheckedSentence(part, "disclosure", claims_of_text(part, names), ("disclosure",), ("disclosure",))
        for text in texts
        for part in split_sentences(text)
    )
    length = message.length + sum(len(text) + 1 for text in texts)
    return replace(message, sentences=message.sentences + added, length=length)


def _with_reason(finding: Finding, unfilled: dict[str, str]) -> Finding:
    """Say in the evidence of a rule that still asks for a text why it could not be appended."""
    why = [unfilled[name] for name in finding.disclosures if name in unfilled]
    if finding.verdict != FIX or not why:
        return finding
    return replace(finding, evidence=f"{finding.evidence}; {'; '.join(why)}")


def _brief_of(message: Message) -> Brief:
    return Brief(
        brief_id="",
        product_id=message.product.product_id,
        product_version="",
        channel=message.channel,
        intent=0,
        intensity=message.intensity,
        language=message.language,
        jurisdiction_group="all",
        product_name=message.product.name,
        family=message.product.family,
    )


def _catalogue(message: Message) -> DisclosureCatalogue:
    return DisclosureCatalogue([_catalogue_document()], message.send_date)


@cache
def _catalogue_document() -> Document:
    return parse_document(CATALOGUE_FILE.read_bytes(), CATALOGUE_FILE.name)
