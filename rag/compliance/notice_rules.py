"""Rules for notices: insurance status (A-FD, A-ND), e-mail (A-CS) and text messages (A-TC).

Belongs here: what a text must carry because of what it sells or where it is sent.
"""

import re

from rag.compliance.model import BLOCK, FIX, PASS, Finding, Message, Rule

_MEMBER_FDIC = re.compile(r"\bmember\s+fdic\b")
_FDIC = re.compile(r"\bfdic\b")
_NOT_INSURED = re.compile(r"\bnot\s+(?:fdic[\s-]insured|insured\s+by\s+the\s+fdic)\b")
_NOT_DEPOSIT = re.compile(r"\bnot\s+(?:a\s+)?(?:bank\s+)?deposits?\b")
_NO_BANK_GUARANTEE = re.compile(r"\b(?:not\s+guaranteed\s+by|no)\s+(?:the\s+|any\s+)?bank(?:\s+guarantee)?\b")
_NO_AGENCY = re.compile(r"\bnot\s+insured\s+by\s+any\s+federal\s+(?:government\s+)?agency\b")
_LOSE_VALUE = re.compile(r"\bmay\s+(?:lose|go\s+down\s+in)\s+value\b")
_TOO_MUCH_COVER = re.compile(
    r"\b(?:fully|100\s?%|completely|totally|unlimited)\s+(?:fdic[\s-])?(?:insured|protected|insurance|covered)\b|\bany\s+amount\b[^\n]*\binsured\b"
    r"|\binsured\b[^\n]*\bany\s+amount\b|\b(?:never|can't|cannot)\s+(?:be\s+)?(?:lost|lose)\b|\bno\s+risk\b|\brisk-free\b"
)
_UNSUBSCRIBE = re.compile(r"\bunsubscribe\b|\bopt[\s-]out\b|\bstop\s+(?:receiving|getting)\b")
_HARD_OPT_OUT = re.compile(r"\b(?:log|sign)\s?-?in\s+to\s+(?:unsubscribe|opt|stop)")
_POSTAL = re.compile(
    r"\b\d+\s+[a-z][\w .'-]+,\s*[a-z .'-]+,?\s+[a-z]{2}\s+\d{5}(?:-\d{4})?\b|\bp\.?\s?o\.?\s+box\s+\d+"
)
_IS_AD = re.compile(
    r"\badvertis\w+\b|\bpromotional\s+(?:message|e-?mail)\b|\bmarketing\s+(?:message|e-?mail)\b|\badvert\b"
)
_FALSE_HEADER = re.compile(
    r"^\s*(?:re|fw|fwd|aw)\s*:|\baccount\s+(?:alert|notice|suspended|locked)\b|\bsecurity\s+(?:alert|notice|warning)\b|"
    r"\bstatement\s+(?:is\s+)?ready\b|\burgent\b|\byour\s+application\b|\baction\s+required\b|\bfinal\s+notice\b|\bpayment\s+due\b|\binvoice\b"
)
_STOP = re.compile(r"\breply\s+stop\b|\btext\s+stop\b")
_HELP = re.compile(r"\bhelp\b")
_NUMERIC_STOP = re.compile(r"\breply\s+\d\b")
_SHORTENER = re.compile(r"\b(?:bit\.ly|tinyurl|t\.co|goo\.gl|ow\.ly)\b")


def fdic_statement(message: Message, rule: Rule) -> Finding:
    """A-FD-01: a text that promotes deposits says 'Member FDIC'."""
    if message.product.family != "deposit" or message.product.nondeposit == "true":
        return Finding(PASS, "promotes no deposit")
    if _MEMBER_FDIC.search(message.body_text):
        return Finding(PASS, "Member FDIC")
    return Finding(FIX, "no official advertising statement", rule.fix_disclosure_ids)


def no_fdic_on_uninsured(message: Message, _: Rule) -> Finding:
    """A-FD-02: no sign of deposit insurance on an uninsured or mixed product."""
    if "true" not in (message.product.nondeposit, message.product.hybrid):
        return Finding(PASS, "the product is no uninsured one")
    for sentence in message.all_sentences:
        rest = _NOT_INSURED.sub(" ", sentence.plain)
        found = _FDIC.search(rest)
        if found or any(
            claim.claim_type == "coverage" and claim.value in ("member_fdic", "fdic_insured") and not claim.is_negative
            for claim in sentence.claims
        ):
            return Finding(BLOCK, f"speaks of the FDIC: {sentence.text[:80]!r}")
        if re.search(r"\bsafe\s+(?:like|as)\s+a\s+deposit\b", rest):
            return Finding(BLOCK, "likens an uninsured product to a deposit")
    return Finding(PASS, "no sign of deposit insurance")


def coverage_is_accurate(message: Message, _: Rule) -> Finding:
    """A-FD-03: insurance is never said to be full or without limit; the amount stands with what it is per."""
    found = _TOO_MUCH_COVER.search(message.text)
    if found:
        return Finding(BLOCK, f"says {found.group()!r}")
    for sentence in message.all_sentences:
        amounts = [claim for claim in sentence.claims if claim.claim_type == "coverage" and claim.unit == "usd"]
        is_whole = "per depositor" in sentence.plain and "ownership category" in sentence.plain
        if _FDIC.search(sentence.plain) and amounts and not is_whole:
            return Finding(BLOCK, f"insured amount {amounts[0].text!r} without per depositor and ownership category")
    return Finding(PASS, "no claim of coverage beyond the limits")


def uninsured_says_so(message: Message, rule: Rule) -> Finding:
    """A-ND-01: a nondeposit product says that it is not insured, no deposit and not guaranteed by the bank."""
    if message.product.nondeposit != "true":
        return Finding(PASS, "the product is no uninsured one")
    text = message.body_text
    wanted = [
        ("not FDIC insured", _NOT_INSURED),
        ("not a deposit", _NOT_DEPOSIT),
        ("no bank guarantee", _NO_BANK_GUARANTEE),
    ]
    is_insurance = message.product.family == "insurance"
    wanted.append(
        ("not insured by any federal agency", _NO_AGENCY) if is_insurance else ("may lose value", _LOSE_VALUE)
    )
    missing = [name for name, pattern in wanted if not pattern.search(text)]
    if missing:
        fix = "INS_5" if is_insurance else "NDIP_SHORT"
        return Finding(FIX, "does not say: " + ", ".join(missing), (fix,) if fix in rule.fix_disclosure_ids else ())
    return Finding(PASS, "says that it is not insured")


def email_footer(message: Message, rule: Rule) -> Finding:
    """A-CS-01: an e-mail says it is an advertisement, how to stop, and where the bank is."""
    text = message.body_text
    if _HARD_OPT_OUT.search(text):
        return Finding(BLOCK, "asks for a login to unsubscribe")
    missing = [
        name
        for name, pattern in (
            ("advertisement", _IS_AD),
            ("way to unsubscribe", _UNSUBSCRIBE),
            ("postal address", _POSTAL),
        )
        if not pattern.search(text)
    ]
    if missing:
        return Finding(FIX, "the footer lacks " + ", ".join(missing), rule.fix_disclosure_ids)
    return Finding(PASS, "advertisement, way to unsubscribe, postal address")


def subject_is_true(message: Message, _: Rule) -> Finding:
    """A-CS-02: the subject looks like what it is and claims nothing the body does not."""
    if message.subject is None or not message.subject.text.strip():
        return Finding(BLOCK, "an e-mail without a subject")
    found = _FALSE_HEADER.search(message.subject.plain)
    if found:
        return Finding(BLOCK, f"the subject poses as something else: {found.group()!r}")
    said = {
        (claim.claim_type, claim.value, claim.is_negative)
        for sentence in message.sentences
        for claim in sentence.claims
    }
    alone = [
        claim for claim in message.subject.claims if (claim.claim_type, claim.value, claim.is_negative) not in said
    ]
    if alone:
        return Finding(BLOCK, f"the subject claims {alone[0].text!r}, the body does not")
    return Finding(PASS, f"{len(message.subject.claims)} claims of the subject stand in the body")


def text_message_form(message: Message, rule: Rule) -> Finding:
    """A-TC-01: a text message names the sender, and says how to stop and how to get help."""
    text = message.body_text
    if _NUMERIC_STOP.search(text):
        return Finding(BLOCK, "a numeric code to opt out")
    if _SHORTENER.search(text):
        return Finding(BLOCK, "a link shortener")
    missing = [
        name
        for name, is_there in (
            ("the sender's name", any(name.lower() in text for name in message.bank_names)),
            ("Reply STOP", bool(_STOP.search(text))),
            ("HELP", bool(_HELP.search(text))),
        )
        if not is_there
    ]
    if missing:
        return Finding(FIX, "lacks " + ", ".join(missing), rule.fix_disclosure_ids)
    return Finding(PASS, "sender, STOP and HELP")


FUNCTIONS = {
    "A-FD-01": fdic_statement,
    "A-FD-02": no_fdic_on_uninsured,
    "A-FD-03": coverage_is_accurate,
    "A-ND-01": uninsured_says_so,
    "A-CS-01": email_footer,
    "A-CS-02": subject_is_true,
    "A-TC-01": text_message_form,
}
