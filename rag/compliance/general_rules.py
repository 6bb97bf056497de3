"""General content rules: A-GEN-01 to A-GEN-08, A-B-01 and the length of a text.

Belongs here: rules that hold for every family. Patterns are read over normalised lower-case text, in which look-alike
letters and number words are plain already.
"""

import re

from rag.claims import Claim
from rag.compliance.model import BLOCK, FIX, PASS, WARN, CheckedSentence, Finding, Message, Rule

_LEET = str.maketrans("013457$@", "oieastsa")
_CERTAIN = ("guaranteed", "approved", "no_credit_check", "everyone_qualifies")
_SQUASHED = re.compile(
    r"guaranteed(?:approval|loan|credit|offer|you)|approvalguaranteed|preapproved|instantapproval|nocreditcheck|"
    r"everyonequalifies|youreapproved|youareapproved|alreadyapproved|aprobaciongarantizada|aprobado"
)
_SAVE_MONEY = re.compile(r"\bsav(?:e|ing)\s+(?:you\s+)?(?:up\s+to\s+)?\$")
_HARD_URGENCY = ("today_only", "last_chance", "act_now", "scarcity", "relative_date")
_PRIVATE = (
    ("a number like a social security number", re.compile(r"\b\d{3}-\d{2}-\d{4}\b")),
    ("a number like an account or card number", re.compile(r"(?<![\d-])\d(?:[ -]?\d){11,18}(?![\d-])")),
    ("an e-mail address", re.compile(r"\b[\w.+-]+@[\w-]+\.[a-z]{2,}\b")),
    (
        "the reader's money",
        re.compile(r"\byour\s+(?:current\s+)?(?:balance|account|debt|savings?)\s+(?:of|is|shows|has)\b"),
    ),
    ("the reader's money", re.compile(r"\byour\s+\$")),
    ("watching the reader", re.compile(r"\bwe(?:'ve|\s+have)?\s+(?:saw|seen|noticed|know|detected|see\s+that)\b")),
)
_SENSITIVE = re.compile(
    r"\b(?:pregnan\w*|new\s+(?:mother|mom|father|dad|parents?)|as\s+a\s+(?:mother|father|widow\w*|divorcee)|divorced?|widowed|"
    r"hospital|medical|diagnos\w+|illness|disab\w+|cancer|therapy|health\s+condition|christian|muslim|jewish|church|mosque|"
    r"synagogue|religio\w+|immigra\w+|citizenship|race|ethnic\w*|gender|sexual\w*|lgbt\w*|retirees?|senior\s+citizens?|"
    r"elderly|veterans?|welfare|food\s+stamps|behind\s+on|struggling|in\s+debt|overdue|bankrupt\w*|victims?|gambl\w+)\b"
)
_TESTIMONIAL = re.compile(
    r"\bcustomers?\s+(?:love|say|rave|agree|rate|recommend)\b|\b(?:say|says|said)\s+our\s+customers?\b|\b[1-5](?:\.\d)?[\s-]*stars?\b|"
    r"★|\brated\s+(?:#|number|top|best|\d)|\baward[\s-]winning\b|\bvoted\b|\btestimonials?\b|\breviews?\s+(?:say|from)\b|"
    r"\bas\s+seen\s+(?:on|in)\b|\b(?:saved|earned|got|made)\s+\$[\d,.]+\s*[!\"]"
)
_TERMS_APPLY = re.compile(r"\bterms\s+(?:and\s+conditions\s+)?apply\b")
_LABELLED_LINK = re.compile(
    r"\b(?:rates?|terms?|details?|disclosures?|fees?|full\s+terms)\b[^\n]{0,60}\{link\}|\{link\}[^\n]{0,60}\b(?:rates?|terms?|details)\b"
)
_EXCLUSION = re.compile(
    r"\bnot\s+for\s+(?:retirees?|seniors?|students?|renters?|families|women|men)\b|\b(?:young|youthful)\s+(?:professionals?|people|adults?|"
    r"couples?)\s+(?:only|preferred)\b|\bideal\s+for\s+(?:young|single|married|men|women|christian|native|american)\w*\b|"
    r"\bnative\s+(?:english\s+)?speakers?\b|\b(?:no|without)\s+(?:children|kids|seniors|foreigners|immigrants)\b|"
    r"\bpreferred\s+(?:neighbou?rhoods?|zip\s+codes?)\b|\b(?:men|women|citizens|christians)\s+(?:only|preferred)\b|\byounger\s+customers\b"
)
_INVITATION = re.compile(
    r"\b(?:for|welcom\w+|invit\w+|serving)\s+(?:women|men|minorit\w+|immigrants?|hispanic|latino|black|asian|veterans?|seniors?|"
    r"young\s+(?:people|adults|professionals))\b"
)


def squash(text: str) -> str:
    """Return a text without spaces and marks, leet digits read as letters: 'g u 4 r a n t e e d' is 'guaranteed'."""
    return re.sub(r"[^a-z]", "", text.translate(_LEET))


def only_real_terms(message: Message, _: Rule) -> Finding:
    """A-GEN-01: every claim is found, exact, in a cited passage."""
    if message.grounding_faults:
        return Finding(BLOCK, "; ".join(sorted(set(message.grounding_faults)))[:300])
    return Finding(PASS, f"{len(message.claims)} typed claims, all in their cited quotes")


def no_certain_approval(message: Message, _: Rule) -> Finding:
    """A-GEN-02: nothing says that approval is certain; 'pre-approved' only with a firm offer."""
    for claim in message.claims_of("approval"):
        if claim.is_negative:
            continue
        word = next(iter(claim.subject))
        if word in _CERTAIN:
            return Finding(BLOCK, f"says {claim.text!r}")
        if word == "preapproved" and not (message.is_prescreened and message.firm_offer_id):
            return Finding(BLOCK, f"says {claim.text!r} without a firm offer")
    for sentence in message.all_sentences:
        hidden = _SQUASHED.search(squash(sentence.plain))
        if hidden and not any(claim.claim_type == "approval" for claim in sentence.claims):
            return Finding(BLOCK, f"says {hidden.group()!r} in disguise")
    return Finding(PASS, "no promise of approval")


def true_urgency(message: Message, _: Rule) -> Finding:
    """A-GEN-03: urgency stands only with the offer's own last day, and then warns at high intensity."""
    urgent = [claim for claim in message.claims_of("urgency") if not claim.is_negative]
    if not urgent:
        return Finding(PASS, "no urgency")
    for claim in urgent:
        if set(claim.subject) & set(_HARD_URGENCY):
            return Finding(BLOCK, f"presses with {claim.text!r}")
    shown = [claim.value for claim in message.claims_of("date") if "end" in claim.subject]
    true_end = message.product.valid_to.isoformat() if message.product.valid_to else None
    if "{offer_end_date}" not in message.text and (not shown or any(value != true_end for value in shown)):
        return Finding(BLOCK, f"says {urgent[0].text!r} without the offer's last day {true_end}")
    if message.product.valid_to is None:
        return Finding(BLOCK, "names an end, and the offer has none")
    if message.intensity == "high":
        return Finding(WARN, f"true urgency at high intensity: {urgent[0].text!r}")
    return Finding(PASS, f"ends on the offer's last day {true_end}")


def backed_comparison(message: Message, _: Rule) -> Finding:
    """A-GEN-04: a superlative or comparison needs a cited, dated basis with a number, and then warns."""
    warned = None
    for sentence in message.all_sentences:
        compared = [claim for claim in sentence.claims if claim.claim_type == "comparison" and not claim.is_negative]
        saves = _SAVE_MONEY.search(sentence.plain)
        if not compared and not saves:
            continue
        what = compared[0].text if compared else saves.group()  # type: ignore[union-attr]
        has_basis = any(claim.is_numeric for claim in sentence.claims) and any(
            kind in ("rate_sheet", "product_sheet", "promotion", "fee_schedule") for kind in sentence.source_kinds
        )
        if not has_basis:
            return Finding(BLOCK, f"compares without a basis: {what!r}")
        warned = what
    if warned:
        return Finding(WARN, f"compares with a cited basis: {warned!r}")
    return Finding(PASS, "no comparison")


def no_fee_contradiction(message: Message, _: Rule) -> Finding:
    """A-GEN-05: a denial of fees agrees with the fee schedule, fee by fee."""
    denials = [
        claim
        for claim in message.claims_of("fee")
        if claim.is_negative and not claim.conditions and claim.value not in ("waived", "free")
    ]
    free_of_fees = [
        claim for claim in message.claims_of("fee") if claim.value == "free" and "fee" in claim.text.lower()
    ]
    if not denials and not free_of_fees:
        return Finding(PASS, "denies no fee")
    charged = [claim for claim in message.fee_schedule + message.claims_of("fee") if _is_charged(claim)]
    for denial in denials + free_of_fees:
        kinds = denial.subject - {"fee", "free", "interest", "minimum"}
        if not kinds and (message.product.maintenance_fee == "true" or charged):
            return Finding(BLOCK, f"says {denial.text!r} although fees apply")
        against = [claim for claim in charged if kinds and kinds <= claim.subject | _implied(claim)]
        if against:
            return Finding(BLOCK, f"says {denial.text!r} against {against[0].canonical!r}")
        if "maintenance" in kinds and message.product.maintenance_fee == "true":
            return Finding(BLOCK, f"says {denial.text!r} although a maintenance fee can apply")
        if not message.fee_schedule:
            return Finding(BLOCK, f"says {denial.text!r} and no fee schedule of the product is at hand")
    return Finding(PASS, f"denies {denials[0].text if denials else free_of_fees[0].text!r}, as the fee schedule does")


def _is_charged(claim: Claim) -> bool:
    return (
        claim.claim_type == "fee"
        and not claim.is_negative
        and not isinstance(claim.value, str)
        and any(value > 0 for value in claim.value)
    )


def _implied(claim: Claim) -> frozenset[str]:
    """Return what a fee is besides its own words: a monthly fee of an account is its maintenance fee."""
    return frozenset({"maintenance"}) if {"monthly"} <= claim.subject else frozenset()


def no_private_data(message: Message, _: Rule) -> Finding:
    """A-GEN-06: no sensitive inference, no private data of anybody."""
    for sentence in message.all_sentences:
        plain = sentence.plain
        for name, pattern in _PRIVATE:
            if sentence.role == "disclosure" and name == "an e-mail address":
                continue
            found = pattern.search(plain)
            if found:
                return Finding(BLOCK, f"holds {name}: {found.group()[:4]}...")
        found = _SENSITIVE.search(plain)
        if found and not _is_coverage_term(sentence, message):
            return Finding(BLOCK, f"touches on {found.group()!r}")
    return Finding(PASS, "nothing private or sensitive")


def _is_coverage_term(sentence: CheckedSentence, message: Message) -> bool:
    """Insurance copy may name a medical or liability cover that its own sheet names."""
    return message.product.family == "insurance" and any(
        kind in ("product_sheet", "rate_sheet", "fee_schedule") for kind in sentence.source_kinds
    )


def no_testimonials(message: Message, _: Rule) -> Finding:
    """A-GEN-07: no quotes of customers, stars, awards."""
    found = _TESTIMONIAL.search(message.text)
    return Finding(BLOCK, f"holds {found.group()!r}") if found else Finding(PASS, "no testimonial, rating or award")


def disclosure_form(message: Message, rule: Rule) -> Finding:
    """A-GEN-08: disclosures in the body or behind a labelled link, in the language of the offer."""
    if message.language != "en":
        return Finding(BLOCK, f"no fixed disclosures exist in language {message.language!r}")
    if message.channel in ("email", "mail"):
        bare = _TERMS_APPLY.search(message.text) and not any(
            sentence.role == "disclosure" for sentence in message.sentences
        )
        return Finding(BLOCK, "'terms apply' stands alone") if bare else Finding(PASS, "disclosures stand in the body")
    has_terms = any(claim.is_numeric for sentence in message.sentences for claim in sentence.claims)
    if (has_terms or _TERMS_APPLY.search(message.text)) and not _LABELLED_LINK.search(message.text):
        return Finding(FIX, "names terms without a labelled link to them", rule.fix_disclosure_ids)
    return Finding(PASS, "full terms behind a labelled link" if has_terms else "names no terms")


def no_discouragement(message: Message, rule: Rule) -> Finding:
    """A-B-01: no words that prefer, exclude or discourage a group; inviting one warns."""
    found = _EXCLUSION.search(message.text)
    if found:
        return Finding(BLOCK, f"holds {found.group()!r} (version {rule.version})")
    found = _INVITATION.search(message.text)
    if found:
        return Finding(WARN, f"invites a group: {found.group()!r}")
    return Finding(PASS, "no preference or exclusion")


def fits_channel(message: Message, _: Rule) -> Finding:
    """H-LEN-01: the text, disclosures included, fits the channel; nothing is ever cut."""
    verdict = PASS if 0 < message.length <= message.max_characters else BLOCK
    return Finding(verdict, f"{message.length} of {message.max_characters} characters")


FUNCTIONS = {
    "A-GEN-01": only_real_terms,
    "A-GEN-02": no_certain_approval,
    "A-GEN-03": true_urgency,
    "A-GEN-04": backed_comparison,
    "A-GEN-05": no_fee_contradiction,
    "A-GEN-06": no_private_data,
    "A-GEN-07": no_testimonials,
    "A-GEN-08": disclosure_form,
    "A-B-01": no_discouragement,
    "H-LEN-01": fits_channel,
}
