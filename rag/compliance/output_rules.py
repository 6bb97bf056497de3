"""House rules for what a writer puts out: form, language, personal data, contacts, approximate rates, dates.

Belongs here: what may stand in no text whatever its product, even where a document says it. Most of it can't be
grounded either; these rules hold where somebody approved a document that should not have been.
"""

import re
from functools import cache

from rag.compliance.model import BLOCK, PASS, Finding, Message, Rule
from rag.contacts import strange_contact
from rag.languages import foreign_language
from rag.privacy import personal_data
from rag.prompts import CANARY, CANNOT_ANSWER, SYSTEM_PROMPT
from rag.slots import open_tokens

_RATES = ("rate", "apy", "apr", "bps", "performance")
_MARKERS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("letters in disguise", r"[a-z]_[a-z]|(?:\b[a-z]\.[\s.]*){4,}|[a-z]\d+[a-z].*[a-z]\d+[a-z]"),
        (
            "a refusal",
            r"\bas an? (?:ai|language model|assistant)\b|\bi(?:'m| am) (?:sorry|unable|not able|just an)\b|"
            r"\bi (?:can(?:'t|not)|won't|will not|must decline|do not have|don't have)\b|\bsorry, (?:but )?i\b|"
            r"\bi apologi[sz]e\b|\bunable to (?:comply|help|assist|fulfil)|\b(?:ai|language) model\b",
        ),
        (
            "a train of thought",
            r"</?(?:think|thinking|reasoning|scratchpad|analysis)>|\blet(?:'s| me|\s+us) (?:think|reason|break)"
            r"|\bchain of thought\b|\bstep \d+\s*:"
            r"|^\s*(?:thought|reasoning|analysis|plan|final answer|answer|output|draft)\s*:"
            r"|\bthe user (?:wants|asks|asked|is asking)\b"
            r"|\bi (?:need|should|will|have) to (?:write|mention|cite|include|say)\b"
            r"|\b(?:okay|ok|alright|hmm|wait),? (?:so|let|i|the|now)\b",
        ),
        (
            "talk about the answer",
            r"^\s*(?:sure|certainly|of course|absolutely|great question)[,!:.]|\bhere(?:'s| is) (?:the|a|your|an) "
            r"(?:json|message|email|e-mail|draft|copy|response|answer|subject|text|sms)\b|\bhope this helps\b"
            r"|\b(?:note|disclaimer) to (?:editor|reviewer|self)\b|\bword count\b|\blorem ipsum\b"
            r"|\b(?:todo|tbd|fixme)\b|\b(?:option|version|variant|alternative|draft) [12ab]\s*:|\blet me know which\b",
        ),
        (
            "the form of an answer",
            r"```|^\s*[\[{]\s*\"|\"\s*:\s*[\"\[{]|\"(?:text|subject|sentences|citations|quote|chunk_id)\"|\*\*"
            r"|^\s*#{1,6}\s|</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|<\|[a-z_]+\|>|\[/?inst\]|\\n|\\u[0-9a-f]{4}"
            r"|^\s*subject\s*:|\bundefined\b|\bnan\b|\[object object\]",
        ),
        (
            "words of the prompt",
            r"\bchunk_id\b|\b(?:system|user|developer) prompt\b|\bmy (?:instructions|prompt|rules)\b|</?passage",
        ),
    )
)
_PROMPT_RUN = 7
"""Words in a row of the system prompt that are a leak (5 to 12): shorter runs occur in ordinary copy."""
_ARM = re.compile(r"(?:3|5|7|10)/[16]")
_ROUND_THE_CLOCK = "24/7"
_DASHED = re.compile(r"(?<![\d-])\d{1,2}-\d{1,2}-(?:\d\d|\d{4})(?![\d-])")
_WORD = re.compile(r"[a-z']+")
_SLOT_OR_LINK = re.compile(r"\{[a-z_]+\}|https?://\S+")


def no_approximate_rate(message: Message, _: Rule) -> Finding:
    """H-RATE-01: a rate is exact; 'about', 'nearly' and 'or so' stand beside none."""
    for claim in message.claims_of(*_RATES):
        if "about" in claim.qualifiers:
            return Finding(BLOCK, f"an approximate rate: {claim.canonical!r}")
    for sentence in message.all_sentences:
        loose = sentence.find("approximate_rate")
        is_of_rate = any(claim.claim_type in _RATES for claim in sentence.all_claims) or sentence.find("rate_words")
        if loose and is_of_rate:
            return Finding(BLOCK, f"an approximate rate: {loose!r}")
    return Finding(PASS, "no approximate rate")


def dates_are_spelled_out(message: Message, _: Rule) -> Finding:
    """H-DATE-01: a date has its month spelled out and stands in the calendar; 02/03 is two days, 24/7 none."""
    for sentence in message.all_sentences:
        dashed = _DASHED.search(sentence.plain)
        if dashed:
            return Finding(BLOCK, f"a date that can be read in two ways: {dashed.group()!r}")
        for claim in sentence.all_claims:
            is_loan_type = _ARM.fullmatch(claim.text) and sentence.find("adjustable_rate_mortgage")
            is_no_date = is_loan_type or claim.text == _ROUND_THE_CLOCK
            if claim.claim_type == "date" and claim.unit == "malformed" and not is_no_date:
                return Finding(BLOCK, f"a date that can be read in two ways or does not exist: {claim.text!r}")
    return Finding(PASS, "dates have their month spelled out")


def contacts_are_the_banks(message: Message, _: Rule) -> Finding:
    """H-LINK-01: every web address, mail address and phone number is on the bank's list."""
    for sentence in message.all_sentences:
        found = strange_contact(sentence.text, message.contacts)
        if found:
            return Finding(BLOCK, f"points at {found!r}, which is not on the bank's list")
    return Finding(PASS, "every contact is the bank's")


def no_personal_data(message: Message, _: Rule) -> Finding:
    """H-PII-01: no card, account or social security number, date of birth, balance or name of a person."""
    for sentence in message.all_sentences:
        found = personal_data(sentence.text)
        if found:
            return Finding(BLOCK, f"holds {found}")
    return Finding(PASS, "no personal data")


def is_plain_copy(message: Message, _: Rule) -> Finding:
    """H-FORM-01: copy only: no refusal, no train of thought, no markup, no words of the prompt, no open field."""
    for sentence in message.all_sentences:
        plain = _SLOT_OR_LINK.sub(" ", sentence.text).casefold().replace("\u2019", "'")
        if CANARY in plain or CANNOT_ANSWER.casefold() in plain:
            return Finding(BLOCK, "holds a marker of the prompt")
        for name, pattern in _MARKERS:
            found = pattern.search(plain)
            if found:
                return Finding(BLOCK, f"holds {name}: {found.group()[:40]!r}")
        field = open_tokens(re.sub(r"\{[a-z_]+\}", "", sentence.text))
        if field:
            return Finding(BLOCK, f"holds an open field: {field[0]!r}")
        words = _WORD.findall(plain)
        runs = {tuple(words[start : start + _PROMPT_RUN]) for start in range(len(words) - _PROMPT_RUN + 1)}
        if runs & _prompt_runs():
            return Finding(BLOCK, "repeats the prompt")
    return Finding(PASS, "plain copy")


@cache
def _prompt_runs() -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(SYSTEM_PROMPT.casefold())
    return frozenset(tuple(words[start : start + _PROMPT_RUN]) for start in range(len(words) - _PROMPT_RUN + 1))


def is_in_its_language(message: Message, _: Rule) -> Finding:
    """H-LANG-01: every sentence is in the language of the brief."""
    names = (message.product.name, *message.bank_names)
    for sentence in message.all_sentences:
        found = foreign_language(sentence.text, names) if message.language == "en" else None
        if found:
            return Finding(BLOCK, f"{sentence.text[:60]!r} is {found}, not English")
    return Finding(PASS, "English")


FUNCTIONS = {
    "H-RATE-01": no_approximate_rate,
    "H-DATE-01": dates_are_spelled_out,
    "H-LINK-01": contacts_are_the_banks,
    "H-PII-01": no_personal_data,
    "H-FORM-01": is_plain_copy,
    "H-LANG-01": is_in_its_language,
}
