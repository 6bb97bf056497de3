"""Rules for notices: deposit insurance (A-FD), e-mail (A-CS) and text messages (A-TC).

Belongs here: what a text must carry, or must not, because of what it sells or where it is sent.
"""

import re

from rag.compliance.investment_rules import is_uninsured
from rag.compliance.limits import limit
from rag.compliance.model import BLOCK, FIX, PASS, CheckedSentence, Finding, Message, Rule

_POSTAL = re.compile(
    r"\b\d+\s+[a-z][\w .'-]+,\s*(?:(?:suite|ste|unit|floor|fl|room|rm|building|bldg)\b\.?\s*#?[\w-]+,\s*|"
    r"\w+\s+floor,\s*|#\s?\w+,\s*)?[a-z .'-]+,?\s+(?:[a-z]{2}|(?:[a-z]+\s){0,2}[a-z]{4,})\s+\d{5}(?:-\d{4})?\b"
    r"|\bp\.?\s?o\.?\s+box\s+\d+"
)
_HEADING_WORDS = 4


def fdic_statement(message: Message, rule: Rule) -> Finding:
    """A-FD-01: a text that promotes deposits carries the official advertising statement."""
    if message.product.family != "deposit" or message.product.nondeposit == "true":
        return Finding(PASS, "promotes no deposit")
    found = message.find("member_fdic", in_body=True)
    if found:
        return Finding(PASS, f"{found!r}")
    return Finding(FIX, "no official advertising statement", rule.fix_disclosure_ids)


def no_fdic_on_uninsured(message: Message, _: Rule) -> Finding:
    """A-FD-02: no sign of deposit insurance on an uninsured or mixed product; mixed texts keep sections apart."""
    insured = [s for s in message.all_sentences if s.find("insured_words", unless="not_insured")]
    if not insured:
        return Finding(PASS, "no sign of deposit insurance")
    if message.product.is_true("nondeposit") or message.product.is_true("hybrid"):
        found = insured[0].find("insured_words", unless="not_insured")
        return Finding(BLOCK, f"signs of deposit insurance on an uninsured or mixed product: {found!r}")
    if is_uninsured(message):
        return _sections_apart(message)
    return Finding(PASS, "insured words, and the product is a deposit or credit")


def _sections_apart(message: Message) -> Finding:
    sections: list[list[CheckedSentence]] = [[]]
    for sentence in message.sentences:
        if _is_heading(sentence):
            sections.append([])
        sections[-1].append(sentence)
    uninsured = {id(s) for s in message.mentioned.get("investment", ())}
    for section in sections:
        mixed = [s for s in section if id(s) in uninsured]
        signs = [s for s in section if s.find("insured_words", unless="not_insured")]
        if mixed and signs:
            return Finding(BLOCK, f"{signs[0].text[:60]!r} in one section with {mixed[0].text[:60]!r}")
    return Finding(PASS, f"{len(sections) - 1} headed sections keep insured and uninsured products apart")


def _is_heading(sentence: CheckedSentence) -> bool:
    """Tell whether a line is a heading: few words, no end mark, nothing said of insurance."""
    words = sentence.text.split()
    is_plain = not re.search(r"[.!?:;]$", sentence.text) and not sentence.find("insured_words")
    return 0 < len(words) <= _HEADING_WORDS and is_plain


def coverage_is_accurate(message: Message, _: Rule) -> Finding:
    """A-FD-03: insurance is never full or without limit; the amount is the legal one, with what it is per."""
    found = message.find("too_much_cover") or message.find("no_limit_of_cover")
    if found and not is_insurance_copy(message):
        return Finding(BLOCK, f"says {found!r}")
    legal = limit("fdic_limit_usd", message.send_date)
    for sentence in message.all_sentences:
        is_deposit = message.product.family == "deposit" and sentence.find("insured_amount")
        if not (is_deposit or sentence.find("insured_words", unless="not_insured")) or is_insurance_copy(message):
            continue
        for claim in sentence.all_claims:
            if claim.unit != "usd" or claim.claim_type not in ("coverage", "amount"):
                continue
            if claim.value != (legal,):
                return Finding(BLOCK, f"insured amount {claim.text!r}; the limit is {legal:f} usd")
            if not (sentence.find("per_depositor") and sentence.find("per_ownership")):
                return Finding(BLOCK, f"insured amount {claim.text!r} without per depositor and ownership category")
    return Finding(PASS, "no claim of coverage beyond the limits")


def is_insurance_copy(message: Message) -> bool:
    """Tell whether cover and insurance are what the product itself sells, not deposit insurance."""
    return message.product.family == "insurance" and not message.find("insured_words", unless="not_insured")


def email_footer(message: Message, rule: Rule) -> Finding:
    """A-CS-01: an e-mail says it is an advertisement, how to stop at no cost, and where the bank is."""
    hard = message.find("hard_opt_out", in_body=True)
    if hard:
        return Finding(BLOCK, f"makes it hard to opt out: {hard!r}")
    missing = [
        name
        for name, is_there in (
            ("advertisement", message.says("advertisement")),
            ("way to unsubscribe", message.says("unsubscribe")),
            ("postal address", bool(_POSTAL.search(message.body_text))),
        )
        if not is_there
    ]
    if missing:
        return Finding(FIX, "the footer lacks " + ", ".join(missing), rule.fix_disclosure_ids)
    return Finding(PASS, "advertisement, way to unsubscribe, postal address")


def subject_is_true(message: Message, _: Rule) -> Finding:
    """A-CS-02: the subject looks like what it is and claims nothing the body does not."""
    if message.subject is None or not message.subject.text.strip():
        return Finding(BLOCK, "an e-mail without a subject")
    sender = message.from_name
    if sender is not None and not any(name.lower() in sender.lower() for name in message.bank_names):
        return Finding(BLOCK, f"the sender's name {sender!r} does not name the bank")
    found = message.subject.find("false_header")
    if found:
        return Finding(BLOCK, f"the subject poses as something else: {found!r}")
    said = {
        (claim.claim_type, claim.value, claim.is_negative)
        for sentence in message.sentences
        for claim in sentence.all_claims
    }
    alone = [
        claim for claim in message.subject.all_claims if (claim.claim_type, claim.value, claim.is_negative) not in said
    ]
    if alone:
        return Finding(BLOCK, f"the subject claims {alone[0].text!r}, the body does not")
    return Finding(PASS, f"{len(message.subject.claims)} claims of the subject stand in the body")


def text_message_form(message: Message, rule: Rule) -> Finding:
    """A-TC-01: a text message names the sender, and says how to stop and how to get help."""
    numeric = message.find("numeric_stop", in_body=True)
    if numeric:
        return Finding(BLOCK, f"a numeric code to opt out: {numeric!r}")
    shortened = message.find("shorteners", in_body=True)
    if shortened:
        return Finding(BLOCK, f"a link shortener: {shortened!r}")
    is_one_way = message.says("sms_one_way")
    has_stop = message.says("sms_other_route") if is_one_way else message.says("sms_stop")
    missing = [
        name
        for name, is_there in (
            ("the sender's name", any(name.lower() in message.body_text for name in message.bank_names)),
            ("another way to opt out" if is_one_way else "Reply STOP", has_stop),
            ("HELP", message.says("sms_help")),
        )
        if not is_there
    ]
    if missing:
        return Finding(FIX, "lacks " + ", ".join(missing), rule.fix_disclosure_ids)
    return Finding(PASS, "sender, one-way notice and another route" if is_one_way else "sender, STOP and HELP")


FUNCTIONS = {
    "A-FD-01": fdic_statement,
    "A-FD-02": no_fdic_on_uninsured,
    "A-FD-03": coverage_is_accurate,
    "A-CS-01": email_footer,
    "A-CS-02": subject_is_true,
    "A-TC-01": text_message_form,
}
