"""General content rules: A-GEN-01 to A-GEN-05, and the length of a text.

Belongs here: truth, approval, urgency, comparisons and fees: rules that hold for every family. Words are looked for by
the lists of `phrases/general.txt`, numbers by typed claims. Rules about people and form are in `people_rules`.
"""

import re
from datetime import date

from rag.claims import Claim
from rag.claims.lexicon import SUBJECT_TAGS
from rag.compliance.model import BLOCK, PASS, WARN, CheckedSentence, Finding, Message, Rule
from rag.compliance.people_rules import is_cleared_award
from rag.compliance.wording import find_phrase, phrase_lists

_FEE_KINDS = frozenset(
    {"foreign", "late", "returned", "overdraft", "origination", "application", "prepayment", "early_withdrawal"}
    | {"maintenance", "atm", "wire", "statement", "closing", "monthly", "annual", "balance_transfer", "cash_advance"}
)
_BASIS_KINDS = ("rate_sheet", "product_sheet", "promotion", "fee_schedule")
_CERTAIN = ("certain_approval", "certain_approval_anyway", "everyone_approved")
_OTHER_BANK = re.compile(r"\b[A-Z][\w&'-]+(?: [A-Z][\w&'-]+)? (?:Bank|Bancorp|Credit Union|Financial)\b")
_US_DATE = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>(?:19|20)\d\d)")


def only_real_terms(message: Message, _: Rule) -> Finding:
    """A-GEN-01: every claim is found, exact, in a cited passage."""
    if message.grounding_faults:
        return Finding(BLOCK, "; ".join(sorted(set(message.grounding_faults)))[:300])
    return Finding(PASS, f"{len(message.claims)} typed claims, all in their cited quotes")


def no_certain_approval(message: Message, _: Rule) -> Finding:
    """A-GEN-02: nothing says that approval is certain; 'pre-approved' only with a firm offer."""
    certain = next((found for name in _CERTAIN if (found := message.find(name))), None)
    certain = certain or message.find("approval_beside_certainty", unless="harmless_approval")
    if certain:
        return Finding(BLOCK, f"says {certain!r}")
    named = message.find("preapproved")
    if named and not (message.is_prescreened and message.firm_offer_id):
        return Finding(BLOCK, f"says {named!r} without a firm offer")
    if named:
        return Finding(PASS, f"says {named!r}, backed by firm offer {message.firm_offer_id}")
    return Finding(PASS, "no promise of approval")


def true_urgency(message: Message, _: Rule) -> Finding:
    """A-GEN-03: urgency stands only with the offer's own last day, and then warns where it presses."""
    hard = message.find("hard_urgency")
    if hard:
        return Finding(BLOCK, f"presses with {hard!r}")
    pressing = [(s, found) for s in message.all_sentences if (found := s.find("pressing"))]
    if not pressing:
        return Finding(PASS, "no urgency")
    what = pressing[0][1]
    end = message.product.valid_to
    shown = [day for sentence, _ in pressing for day in _dates_of(sentence)]
    shown += [day for sentence in message.all_sentences for day in _dates_of(sentence, only_ends=True)]
    is_slot = "{offer_end_date}" in message.text
    if not is_slot and (not shown or any(day != end for day in shown)):
        seen = ", ".join(sorted({str(day) for day in shown})) or "no date"
        return Finding(BLOCK, f"says {what!r} without the offer's last day {end}; shows {seen}")
    if end is None:
        return Finding(BLOCK, f"says {what!r}, and the offer has no end (offer.valid_to is not given)")
    is_plain = all(claim.subject & {"expires"} for claim in message.claims_of("urgency"))
    if message.intensity == "high" or not is_plain:
        return Finding(WARN, f"true urgency that presses: {what!r}, offer ends {end}")
    return Finding(PASS, f"ends on the offer's last day {end}")


def _dates_of(sentence: CheckedSentence, *, only_ends: bool = False) -> list[date | str]:
    """Return the calendar days of a sentence, US numeric dates read as month/day/year; others as they stand."""
    days: list[date | str] = []
    for claim in sentence.claims:
        is_wanted = "end" in claim.subject if only_ends else not claim.subject & {"as_of", "start"}
        if claim.claim_type == "date" and is_wanted:
            days.append(day_of(claim) or str(claim.value))
    if only_ends and not any(claim.claim_type == "urgency" for claim in sentence.claims):
        return []
    return days


def day_of(claim: Claim) -> date | None:
    """Return the calendar day of a date claim; a US numeric date with a four-digit year is month/day/year."""
    written = str(claim.value)
    if claim.unit == "date":
        return date.fromisoformat(written)
    match = _US_DATE.fullmatch(written)
    if not match:
        return None
    try:
        return date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None


def backed_comparison(message: Message, _: Rule) -> Finding:
    """A-GEN-04: a superlative or comparison needs a cited, dated basis with a number, and then warns."""
    warned = None
    for sentence in message.all_sentences:
        what = _comparison_of(sentence)
        if what is None:
            continue
        if is_cleared_award(sentence):
            warned = what
            continue
        other = _other_bank(sentence, message)
        if other:
            return Finding(BLOCK, f"compares with {other!r} by name: {what!r}")
        has_basis = any(claim.is_numeric for claim in sentence.claims) and any(
            kind in _BASIS_KINDS for kind in sentence.source_kinds
        )
        if not has_basis:
            return Finding(BLOCK, f"compares without a basis: {what!r}")
        warned = what
    if warned:
        return Finding(WARN, f"compares with a cited basis: {warned!r}")
    return Finding(PASS, "no comparison")


def _comparison_of(sentence: CheckedSentence) -> str | None:
    found = sentence.find("best_claims", unless="harmless_best") or sentence.find("saving_claims")
    if found:
        return found
    for claim in sentence.claims:
        is_word_alone = claim.subject & {"best", "highest", "lowest", "double", "beats"}
        if claim.claim_type == "comparison" and not (
            claim.is_negative or is_word_alone or _is_harmless(sentence, claim)
        ):
            return claim.text
    return None


def _is_harmless(sentence: CheckedSentence, claim: Claim) -> bool:
    """Tell whether a comparison is none of prices, such as of a loan with the home's value."""
    spans = (match.span() for match in phrase_lists()["harmless_best"].pattern.finditer(sentence.plain))
    return any(start <= claim.start < end for start, end in spans)


def _other_bank(sentence: CheckedSentence, message: Message) -> str | None:
    """Return the name of a competitor in a comparison: a bank that is not the sender."""
    own = " ".join((*message.bank_names, message.product.name, message.product.legal_entity)).lower()
    for match in _OTHER_BANK.finditer(sentence.text):
        if match.group().lower() not in own and not own.startswith(match.group().lower()):
            return match.group()
    return None


def no_fee_contradiction(message: Message, _: Rule) -> Finding:
    """A-GEN-05: a denial of fees agrees with the fee schedule, fee by fee."""
    charged = [claim for claim in message.fee_schedule + message.claims_of("fee") if _is_charged(claim)]
    denied = None
    for sentence in message.all_sentences:
        sweeping = sentence.find("deny_all_fees")
        denials = [(claim.text, _kinds(claim)) for claim in sentence.all_claims if _is_named_denial(claim)]
        if sweeping and not denials:
            denials = [(sweeping, _kinds_named(sentence))]
        for what, kinds in denials:
            against = _contradiction(kinds, charged, message)
            if against:
                return Finding(BLOCK, f"says {what!r} {against}")
            denied = what
    asked = find_phrase((message.text.replace("\n", " "),), "deny_all_fees") if denied is None else None
    against = _contradiction(frozenset(), charged, message) if asked else None
    if against:
        return Finding(BLOCK, f"says {asked!r} {against}")
    return Finding(PASS, f"denies {denied!r}, as the fee schedule does" if denied else "denies no fee")


def _kinds_named(sentence: CheckedSentence) -> frozenset[str]:
    """Return the kinds of fee a sentence speaks of, empty where it speaks of all of them."""
    return frozenset(name for name, tag in SUBJECT_TAGS if name in _FEE_KINDS and tag.search(sentence.readings[-1]))


def _is_named_denial(claim: Claim) -> bool:
    is_denied = claim.claim_type == "fee" and claim.is_negative and claim.value not in ("waived", "free")
    return is_denied and not claim.conditions and bool(_kinds(claim))


def _kinds(claim: Claim) -> frozenset[str]:
    return claim.subject - {"fee", "free", "interest", "minimum"}


def _contradiction(kinds: frozenset[str], charged: list[Claim], message: Message) -> str | None:
    against = [claim for claim in charged if kinds <= claim.subject | _implied(claim)]
    if against:
        return f"against {against[0].canonical!r}"
    if (not kinds or "maintenance" in kinds) and message.product.maintenance_fee == "true":
        return "although a maintenance fee can apply"
    if not message.fee_schedule:
        return "and no fee schedule of the product is at hand"
    return None


def _is_charged(claim: Claim) -> bool:
    return (
        claim.claim_type in ("fee", "amount")
        and (claim.claim_type == "fee" or "closing" in claim.subject)
        and not claim.is_negative
        and not isinstance(claim.value, str)
        and any(value > 0 for value in claim.value)
    )


def _implied(claim: Claim) -> frozenset[str]:
    """Return what a fee is besides its own words: a monthly fee of an account is its maintenance fee."""
    return frozenset({"maintenance"}) if {"monthly"} <= claim.subject else frozenset()


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
    "H-LEN-01": fits_channel,
}
