"""Rules for cards: A-Z16-01 to A-Z16-04, A-Z60-01, and A-FC-01 for prescreened offers.

Belongs here: what 12 CFR 1026.16, 1026.60 and 1022.54 ask of a text, over typed claims and the lists of
`phrases/cards.txt`.
"""

import re
from decimal import Decimal

from rag.claims import Claim
from rag.compliance.limits import limit
from rag.compliance.model import BLOCK, FIX, PASS, CheckedSentence, Finding, Message, Rule
from rag.compliance.wording import has_phrase, word_set

_HEADING = "PRESCREEN & OPT-OUT NOTICE"
_TOLL_FREE = re.compile(r"\b1?[-. ]?\(?8(?:00|33|44|55|66|77|88)\)?[-. ]\d{3}[-. ]\d{4}\b")
# Words after a rate within which its end is said (6 to 12): 'APR on purchases until June 30, 2027' and little more.
_NEAR_WORDS = 9
_NO_ROOM = ("sms", "push", "in_app")


def card_trigger_terms(message: Message, rule: Rule) -> Finding:
    """A-Z16-01: a card's rate or fee, named or denied, calls for the product's other terms."""
    what = next((found for s in message.about("card") if (found := _card_term_of(s, message))), None)
    if what is None:
        return Finding(PASS, "no card term named")
    wanted = [claim for claim in message.rate_claims if _is_required_card_term(claim)]
    is_variable = message.attribute("rate_type", "card") == "variable"
    is_unsaid = is_variable and not message.says("apr_varies")
    if not any(claim.claim_type == "apr" for claim in wanted):
        return _without_sheet(message, what, is_unsaid=is_unsaid)
    shown = {(claim.claim_type, claim.value, claim.unit) for claim in message.claims}
    missing = [claim for claim in wanted if (claim.claim_type, claim.value, claim.unit) not in shown]
    if missing or is_unsaid:
        lacking = ", ".join(claim.canonical for claim in missing) or "that the rate is variable"
        return Finding(FIX, f"{what!r} without {lacking}", rule.fix_disclosure_ids)
    return Finding(PASS, f"{what!r} with rate, annual fee and minimum charge")


def _without_sheet(message: Message, what: str, *, is_unsaid: bool) -> Finding:
    """Judge by the text alone where no rate sheet is given: APR, that it varies, and the annual fee."""
    purchase = [c for c in message.claims_of("apr") if not c.subject & {"intro", "cash_advance", "balance_transfer"}]
    has_fee = any("annual" in claim.subject for claim in message.claims_of("fee"))
    missing = [
        name
        for name, is_there in (
            ("the annual percentage rate", bool(purchase)),
            ("that the rate varies", not is_unsaid),
            ("the annual fee", has_fee),
        )
        if not is_there
    ]
    if missing:
        return Finding(BLOCK, f"{what!r} without {', '.join(missing)}; no rate sheet in force to show terms from")
    return Finding(PASS, f"{what!r} with APR and annual fee; no rate sheet given to compare with")


def _is_required_card_term(claim: Claim) -> bool:
    """Tell whether a term of the rate sheet must stand beside any other: purchase APR, annual fee, minimum charge."""
    if claim.claim_type == "apr":
        return not claim.subject & {"intro", "cash_advance", "balance_transfer", "penalty"}
    if claim.claim_type != "fee":
        return False
    return "annual" in claim.subject or {"minimum", "interest"} <= claim.subject


def _card_term_of(sentence: CheckedSentence, message: Message) -> str | None:
    is_own = message.product.family == "card"
    for claim in sentence.all_claims:
        if claim.claim_type == "apr" or (claim.claim_type == "fee" and claim.value != "free" and is_own):
            return claim.text
    return sentence.find("card_cost_terms")


def introductory_rate(message: Message, rule: Rule) -> Finding:
    """A-Z16-02: an introductory rate or fee is called so, with its length and what follows."""
    sentences = message.about("card")
    for sentence in sentences:
        rates = [c for c in sentence.all_claims if c.unit == "mbp" and c.claim_type in ("apr", "rate", "fee")]
        called = sentence.find("promo_words") if rates and not sentence.find("intro_words") else None
        if called:
            return Finding(BLOCK, f"{called!r} is not called introductory")
        for claim in rates:
            if claim.subject & {"intro", "cash_back", "discount", "reward"}:
                continue
            if claim.value == (Decimal(0),) or _is_for_a_time(claim, sentence, message):
                return Finding(BLOCK, f"{claim.text!r} is not called introductory")
    intro = [(s, what) for s in sentences if (what := s.find("intro_words"))]
    intro = [(s, what) for s, what in intro if any(c.unit in ("mbp", "usd") for c in s.all_claims)]
    if not intro:
        return Finding(PASS, "no introductory rate")
    has_length = any(s.find("promo_period") for s, _ in intro) or any(
        claim.claim_type == "term" or "end" in claim.subject for claim in message.claims
    )
    is_followed = any(s.find("later_rate") for s in message.sentences) or any(
        "intro" not in claim.subject for claim in message.claims_of("apr")
    )
    if not has_length or not is_followed:
        lacking = "the rate after it" if has_length else "its length"
        return Finding(FIX, f"an introductory rate without {lacking}", rule.fix_disclosure_ids)
    return Finding(PASS, "an introductory rate with its length and what follows")


def _is_for_a_time(claim: Claim, sentence: CheckedSentence, message: Message) -> bool:
    """Tell whether a rate ends, or another follows: promotional, whatever it is called and whatever is said later."""
    first = min((c.start for c in sentence.all_claims if c.unit == "mbp"), default=claim.start)
    if claim.start != first:
        return False
    rest = sentence.plain[claim.end :]
    is_fixed = message.product.family == "card" and message.product.rate_type == "fixed"
    near = " ".join(rest.split()[:_NEAR_WORDS])
    if not is_fixed and has_phrase((near,), "rate_ends") and not re.search(r"\bafter\b", near):
        return True
    return has_phrase((rest,), "promo_period") and has_phrase((rest,), "later_rate")


def deferred_interest(message: Message, rule: Rule) -> Finding:
    """A-Z16-03: 'no interest' says 'if paid in full' each time, for how long, and what is charged otherwise."""
    said = [(s, what) for s in message.about("card") if (what := s.find("deferred_interest"))]
    said = [(s, what) for s, what in said if not s.find("grace_period")]
    if not said:
        return Finding(PASS, "no deferred interest")
    for sentence, what in said:
        if not sentence.find("if_paid_in_full"):
            return Finding(BLOCK, f"{what!r} without 'if paid in full' beside it")
    if not any(c.claim_type in ("term", "date") for c in message.claims) and "{offer_end_date}" not in message.text:
        return Finding(BLOCK, f"{said[0][1]!r} without its period")
    if not message.says("retroactive_interest"):
        return Finding(FIX, f"{said[0][1]!r} without what is charged otherwise", rule.fix_disclosure_ids)
    return Finding(PASS, f"{said[0][1]!r} if paid in full, with its period and what is charged otherwise")


def fixed_card_rate(message: Message, _: Rule) -> Finding:
    """A-Z16-04: a card's rate is called fixed only where it is, and for how long."""
    for sentence in message.about("card"):
        fixed = sentence.find("fixed_words")
        if not fixed or not (sentence.find("rate_words") or "rate" in fixed):
            continue
        if message.attribute("rate_type", "card") != "fixed":
            return Finding(BLOCK, f"says {fixed!r} of a rate that is not fixed")
        is_lasting = re.search(r"\b(?:while|as long as) (?:the |your )?(?:account|plan|card) is open\b", sentence.plain)
        if not is_lasting and not any(c.claim_type in ("term", "date") for c in sentence.claims):
            return Finding(BLOCK, f"says {fixed!r} without for how long")
    return Finding(PASS, "no fixed rate, or fixed for a stated time")


def solicitation_table(message: Message, _: Rule) -> Finding:
    """A-Z60-01: a card solicitation carries, or unavoidably links to, the table of rates and fees."""
    asked = message.find("solicitation")
    if not (message.is_prescreened or asked) or "card" not in message.families:
        return Finding(PASS, "no card solicitation")
    what = asked or f"prescreened offer {message.firm_offer_id}"
    if message.channel in ("sms", "push"):
        return Finding(BLOCK, f"a card solicitation ({what!r}) by {message.channel}: no room for the table")
    for sentence in message.sentences:
        table = sentence.find("rate_table")
        if table and sentence.find("behind_login"):
            return Finding(BLOCK, f"the table of rates and fees stands behind a step: {sentence.text[:80]!r}")
        if table:
            return Finding(PASS, f"{what!r} with {table!r}")
    return Finding(BLOCK, f"a card solicitation ({what!r}) without the table of rates and fees")


def prescreen_notices(message: Message, rule: Rule) -> Finding:
    """A-FC-01: a prescreened offer carries both opt-out notices; no other text speaks of prescreening."""
    if not message.is_prescreened:
        named = message.find("preapproved")
        if named:
            return Finding(BLOCK, f"says {named!r} of an offer that is not prescreened (offer.prescreen)")
        return Finding(PASS, "no prescreened offer")
    if message.channel in _NO_ROOM:
        return Finding(BLOCK, f"{message.channel} can't carry the prescreen notices")
    short = next((s for s in message.sentences if s.find("prescreen_right") and _TOLL_FREE.search(s.text)), None)
    wanted = []
    if short is None or not message.says("prescreen_pointer"):
        wanted.append("PRESCREEN_SHORT")
    if not _has_long_notice(message):
        wanted.append("PRESCREEN_LONG")
    if wanted:
        return Finding(
            FIX,
            "lacks " + " and ".join(wanted),
            tuple(name for name in rule.fix_disclosure_ids if name in wanted),
        )
    extra = _extra_words(short) if short else []
    if len(extra) > limit("prescreen_short_extra_words", message.send_date):
        return Finding(BLOCK, "the short notice holds other words: " + ", ".join(extra[:6]))
    return Finding(PASS, "short and long notice")


def _has_long_notice(message: Message) -> bool:
    has_heading = any(_HEADING in s.text and not s.find("prescreen_pointer") for s in message.sentences)
    needed = ("prescreen_report", "prescreen_criteria", "prescreen_not_extended")
    contacts = sum(len(_TOLL_FREE.findall(s.text)) for s in message.sentences)
    return has_heading and all(message.says(name) for name in needed) and contacts > 1


def _extra_words(short: CheckedSentence) -> list[str]:
    """Return words of the short notice that the rule's own wording does not need."""
    words = re.findall(r"[a-z]+", _TOLL_FREE.sub(" ", short.plain))
    return [word for word in words if word not in word_set("prescreen_short_words")]


FUNCTIONS = {
    "A-Z16-01": card_trigger_terms,
    "A-Z16-02": introductory_rate,
    "A-Z16-03": deferred_interest,
    "A-Z16-04": fixed_card_rate,
    "A-Z60-01": solicitation_table,
    "A-FC-01": prescreen_notices,
}
