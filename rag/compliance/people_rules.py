"""Content rules about people and form: A-GEN-06 to A-GEN-08 and A-B-01.

Belongs here: what a text says or implies of its reader and of other people, and whether its disclosures can be read.
"""

import re
from functools import cache

from rag.compliance.model import BLOCK, FIX, PASS, WARN, CheckedSentence, Finding, Message, Rule
from rag.compliance.wording import word_list, word_set
from rag.languages import foreign_language

_PRIVATE_NUMBERS = (
    ("a number like a social security number", re.compile(r"(?<![\d-])\d{3}[- ]\d{2}[- ]\d{4}(?![\d-])")),
    ("a number like an account or card number", re.compile(r"(?<![\d-])\d(?:[ -]?\d){11,18}(?![\d-])")),
    ("an e-mail address", re.compile(r"\b[\w.+-]+@[\w-]+\.[a-z]{2,}\b")),
    ("the reader's money", re.compile(r"\byour\s+\$")),
)
_CLEARED_KINDS = ("cleared_award",)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_QUOTED = re.compile(
    r"[\"“][^\"”]{8,}[\"”]\s*(?:,|-|–|—|\()?\s*(?:(?:says?|said|writes|wrote|tells?|told)\b|[A-Z][a-z]+)"
)
_ALL_QUOTED = re.compile(r"[\"“](?:\S+\s+){2,}\S+[\"”][.!]?|[-–—]\s?[A-Z][a-z]+ [A-Z][\w.]*(?:,.*)?")


def no_private_data(message: Message, _: Rule) -> Finding:
    """A-GEN-06: no sensitive inference, no private data of anybody."""
    for sentence in message.all_sentences:
        for name, pattern in _PRIVATE_NUMBERS:
            found = pattern.search(sentence.plain)
            is_bank = found and found.group().endswith(tuple(f"@{host}" for host in message.contacts.domains))
            if found and not is_bank and not (sentence.role == "disclosure" and name == "an e-mail address"):
                return Finding(BLOCK, f"holds {name}: {found.group()[:4]}...")
        watching = sentence.find("private_watching") or sentence.find("private_state")
        if watching:
            return Finding(BLOCK, f"speaks of what the bank knows of the reader: {_masked(watching)!r}")
        touched = sentence.find("sensitive", unless="harmless_sensitive")
        if touched and not _is_coverage_term(sentence, message):
            return Finding(BLOCK, f"touches on {touched!r}")
    return Finding(PASS, "nothing private or sensitive")


def _masked(words: str) -> str:
    return re.sub(r"\d", "#", words)


def _is_coverage_term(sentence: CheckedSentence, message: Message) -> bool:
    """Insurance copy may name a medical or liability cover that its own sheet names."""
    return message.product.family == "insurance" and any(
        kind in ("product_sheet", "rate_sheet", "fee_schedule") for kind in sentence.source_kinds
    )


def no_testimonials(message: Message, _: Rule) -> Finding:
    """A-GEN-07: no quotes of customers, stars, awards, but cleared ones with year and giver."""
    cleared = None
    for sentence in message.all_sentences:
        found = sentence.find("testimonial") or _praise_by_name(sentence, message)
        if not found:
            continue
        if not is_cleared_award(sentence):
            return Finding(BLOCK, f"holds {found!r}, which is no cleared text of the catalogue")
        cleared = found
    if cleared:
        return Finding(PASS, f"{cleared!r} as it stands in a cleared text, with its year")
    return Finding(PASS, "no testimonial, rating or award")


def is_cleared_award(sentence: CheckedSentence) -> bool:
    """Tell whether a sentence is a cleared text of the catalogue, word for word and with its year."""
    is_cleared = any(kind in _CLEARED_KINDS for kind in sentence.verbatim_kinds)
    return is_cleared and bool(_YEAR.search(sentence.text))


@cache
def _named_praise() -> re.Pattern[str]:
    verbs = "|".join(word_list("praise_verbs"))
    return re.compile(rf"\b(?P<name>[A-Z][a-z]+)(?: [A-Z][a-z]*\.?| from [A-Z]\w+)?,? (?:{verbs})\b")


def _praise_by_name(sentence: CheckedSentence, message: Message) -> str | None:
    quoted = _QUOTED.search(sentence.text) or _ALL_QUOTED.fullmatch(sentence.text.strip())
    if quoted:
        return quoted.group()[:60]
    own = f"{message.product.name} {message.product.legal_entity} {' '.join(message.bank_names)}".lower().split()
    for match in _named_praise().finditer(sentence.text):
        if match["name"].lower() not in word_set("no_person") and match["name"].lower() not in own:
            return match.group()
    return None


def disclosure_form(message: Message, rule: Rule) -> Finding:
    """A-GEN-08: disclosures in the body or behind a labelled link, in the language of the offer, not hidden."""
    if message.language != "en":
        return Finding(BLOCK, f"no fixed disclosures exist in language {message.language!r}")
    names = (message.product.name, *message.bank_names)
    for sentence in message.sentences:
        foreign = foreign_language(sentence.text, names)
        if foreign:
            return Finding(BLOCK, f"{sentence.text[:60]!r} is {foreign}; disclosures exist in English only")
    hidden = message.find("fold_markers", in_body=True)
    if hidden:
        return Finding(BLOCK, f"disclosures behind a fold or in smaller type: {hidden!r}")
    bare = message.find("bare_terms")
    if message.channel in ("email", "mail", "call"):
        is_alone = bare and not any(s.role == "disclosure" and _names_terms(s) for s in message.sentences)
        return Finding(BLOCK, f"{bare!r} stands alone") if is_alone else Finding(PASS, "disclosures stand in the body")
    has_terms = any(_names_terms(sentence) for sentence in message.sentences)
    if (has_terms or bare) and not _LABELLED_LINK.search(message.text):
        return Finding(FIX, "names terms without a labelled link to them", rule.fix_disclosure_ids)
    return Finding(PASS, "full terms behind a labelled link" if has_terms else "names no terms")


def _names_terms(sentence: CheckedSentence) -> bool:
    """Tell whether a sentence holds a number that is a term; a footer's address or a membership is none."""
    return any(claim.is_numeric and claim.unit not in _NO_TERMS for claim in sentence.claims)


_NO_TERMS = ("url", "phone", "address")
_LABELLED_LINK = re.compile(
    r"\b(?:rates?|terms?|details?|disclosures?|fees?|full\s+terms|conditions)\b[^\n]{0,60}(?:\{link\}|https://\S+)"
    r"|(?:\{link\}|https://\S+)[^\n]{0,60}\b(?:rates?|terms?|details|fees)\b"
)


def no_discouragement(message: Message, rule: Rule) -> Finding:
    """A-B-01: no words that prefer, exclude or discourage a group; inviting one warns."""
    for sentence in message.about("card", "loan", "mortgage"):
        found = sentence.find("prefer_group", unless="group_ok")
        if found:
            return Finding(BLOCK, f"prefers, excludes or discourages a group: {found!r} (version {rule.version})")
    for sentence in message.about("card", "loan", "mortgage"):
        found = sentence.find("invite_group", unless="group_ok")
        if found:
            return Finding(WARN, f"invites a group: {found!r}; a person decides (special-purpose programme limits)")
    return Finding(PASS, "no preference or exclusion")


FUNCTIONS = {
    "A-GEN-06": no_private_data,
    "A-GEN-07": no_testimonials,
    "A-GEN-08": disclosure_form,
    "A-B-01": no_discouragement,
}
