"""Rules for credit: A-Z24-01 to A-Z24-03 (loans), A-Z16-01 and A-Z16-02 (cards).

Belongs here: Regulation Z's advertising rules (12 CFR 1026.16 and 1026.24) over typed claims.
"""

import re
from decimal import ROUND_HALF_UP, Decimal, getcontext

from rag.claims import Claim
from rag.compliance.model import BLOCK, FIX, PASS, Finding, Message, Rule

_APR_LABEL = re.compile(r"\bannual\s+percentage\s+rates?\b|\baprs?\b")
_MAY_INCREASE = re.compile(r"\b(?:apr|rate)s?\s+(?:may|can|could)\s+(?:increase|change|vary|rise)\b|\bvariable\b")
_DEPENDS = re.compile(
    r"\b(?:depend(?:s|ing)?|based)\s+on\b|\bsubject\s+to\s+credit\b|\bfor\s+(?:well-)?qualified\b|\bcreditworthiness\b"
)
_NO_INTEREST = re.compile(r"\b(?:no|zero|without|0%)\s+interest\b|\binterest-free\b")
# One cent: a shown payment may differ from the recomputed one by no more.
_CENT = Decimal("0.01")


def loan_rate_is_apr(message: Message, rule: Rule) -> Finding:
    """A-Z24-01: any rate of a loan is an annual percentage rate; a variable one says that it may increase."""
    if not message.families & {"loan", "mortgage"}:
        return Finding(PASS, "no loan")
    for claim in message.claims_of("rate", "bps", "performance"):
        if claim.unit in ("mbp", "malformed") and not claim.subject & {"discount", "cash_back"}:
            simple = re.search(r"\bsimple\s+(?:annual|periodic)\s+rate\b", message.text)
            if not (simple and message.claims_of("apr")):
                return Finding(BLOCK, f"{claim.text!r} is not labelled annual percentage rate")
    rates = message.claims_of("apr")
    if not rates:
        return Finding(PASS, "no rate")
    if message.product.rate_type == "variable" and not _MAY_INCREASE.search(message.body_text):
        return Finding(FIX, "a variable rate that does not say it may increase", rule.fix_disclosure_ids)
    return Finding(PASS, f"{len(rates)} rates, all labelled APR")


def loan_trigger_terms(message: Message, rule: Rule) -> Finding:
    """A-Z24-02: a payment, a period of repayment, a down payment or a finance charge calls for all the terms."""
    if not message.families & {"loan", "mortgage"}:
        return Finding(PASS, "no loan")
    triggers = [claim for claim in message.claims if _is_trigger(claim)]
    if not triggers:
        return Finding(PASS, "no triggering term")
    wrong = _wrong_payment(message)
    if wrong:
        return Finding(BLOCK, wrong)
    has_apr = bool(message.claims_of("apr"))
    has_schedule = any("payment" in claim.unit for claim in message.claims) and any(
        claim.unit == "usd" and claim.claim_type in ("payment", "amount") and _is_cents(claim)
        for claim in message.claims
    )
    if not has_apr or not has_schedule:
        return Finding(FIX, f"{triggers[0].text!r} without all terms of repayment", rule.fix_disclosure_ids)
    return Finding(PASS, f"{triggers[0].text!r} with payments and APR")


def _is_trigger(claim: Claim) -> bool:
    if claim.is_negative:
        return False
    if claim.claim_type == "term":
        return claim.unit == "month" and not claim.subject & {"age"}
    if claim.claim_type == "payment" or claim.unit == "payment":
        return True
    return "down_payment" in claim.subject


def _is_cents(claim: Claim) -> bool:
    return not isinstance(claim.value, str)


def _wrong_payment(message: Message) -> str | None:
    """Recompute a payment where one sentence holds amount, number of payments, payment and APR."""
    for sentence in message.sentences:
        rates = [claim.value[0] for claim in sentence.claims if claim.claim_type == "apr" and len(claim.value) == 1]
        counts = [claim.value[0] for claim in sentence.claims if claim.unit == "payment" and len(claim.value) == 1]
        dollars = sorted(
            claim.value[0]
            for claim in sentence.claims
            if claim.unit == "usd" and not isinstance(claim.value, str) and claim.claim_type in ("amount", "payment")
        )
        if len(rates) == len(counts) == 1 and len(dollars) == 2 and all(not isinstance(v, str) for v in rates + counts):
            due = monthly_payment(dollars[1], Decimal(rates[0]) / 10_000_000, int(Decimal(counts[0])))
            if abs(due - dollars[0]) > _CENT:
                return f"payment {dollars[0]} shown, {due} recomputed"
    return None


def monthly_payment(amount: Decimal, annual_rate: Decimal, payments: int) -> Decimal:
    """Return the level monthly payment of a loan, rounded to the cent.

    Parameters
    ----------
    amount : Decimal
        Principal in US dollars.
    annual_rate : Decimal
        As a fraction: 0.0749 for 7.49 %.
    payments : int
        Number of monthly payments, at least 1.

    Returns
    -------
    Decimal
        US dollars.
    """
    getcontext().prec = 28
    monthly = annual_rate / 12
    if monthly == 0:
        return (amount / payments).quantize(_CENT, ROUND_HALF_UP)
    growth = (1 + monthly) ** payments
    return (amount * monthly * growth / (growth - 1)).quantize(_CENT, ROUND_HALF_UP)


def usual_terms(message: Message, _: Rule) -> Finding:
    """A-Z24-03: a floor rate shows its range or says what it depends on."""
    for sentence in message.all_sentences:
        for claim in sentence.claims:
            if claim.claim_type not in ("apr", "rate", "payment") or not claim.qualifiers & {"from", "as_low_as"}:
                continue
            if not _DEPENDS.search(sentence.plain) and not _DEPENDS.search(message.body_text):
                return Finding(BLOCK, f"floor {claim.text!r} without what it depends on")
    return Finding(PASS, "no floor rate, or qualified")


def card_trigger_terms(message: Message, rule: Rule) -> Finding:
    """A-Z16-01: a card's rate or fee, named or denied, calls for the product's other terms."""
    if "card" not in message.families:
        return Finding(PASS, "no card")
    triggers = [claim for claim in message.claims if _is_card_term(claim)]
    no_interest = _NO_INTEREST.search(message.text)
    if not triggers and not no_interest:
        return Finding(PASS, "no card term named")
    what = triggers[0].text if triggers else no_interest.group()  # type: ignore[union-attr]
    wanted = [claim for claim in message.rate_claims if _is_required_card_term(claim)]
    if not any(claim.claim_type == "apr" for claim in wanted):
        return Finding(BLOCK, f"{what!r} and the product has no rate sheet in force to show terms from")
    shown = {(claim.claim_type, claim.value, claim.unit) for claim in message.claims}
    missing = [claim for claim in wanted if (claim.claim_type, claim.value, claim.unit) not in shown]
    is_unsaid = message.product.rate_type == "variable" and not _MAY_INCREASE.search(message.body_text)
    if missing or is_unsaid:
        lacking = ", ".join(claim.canonical for claim in missing) or "that the rate is variable"
        return Finding(FIX, f"{what!r} without {lacking}", rule.fix_disclosure_ids)
    return Finding(PASS, f"{what!r} with rate, annual fee and minimum charge")


def _is_required_card_term(claim: Claim) -> bool:
    """Tell whether a term of the rate sheet must stand beside any other: purchase APR, annual fee, minimum charge."""
    if claim.claim_type == "apr":
        return not claim.subject & {"intro", "cash_advance", "balance_transfer", "penalty"}
    if claim.claim_type != "fee":
        return False
    return "annual" in claim.subject or {"minimum", "interest"} <= claim.subject


def _is_card_term(claim: Claim) -> bool:
    if claim.claim_type == "apr":
        return True
    return claim.claim_type == "fee" and claim.value not in ("free",)


def introductory_rate(message: Message, rule: Rule) -> Finding:
    """A-Z16-02: an introductory rate is called so, with its length and the rate that follows."""
    if "card" not in message.families:
        return Finding(PASS, "no card")
    intro = [claim for claim in message.claims_of("apr") if "intro" in claim.subject]
    unlabelled = [
        claim
        for claim in message.claims_of("apr", "rate")
        if claim.value == (Decimal(0),) and "intro" not in claim.subject
    ]
    if unlabelled:
        return Finding(BLOCK, f"{unlabelled[0].text!r} is not called introductory")
    if not intro:
        return Finding(PASS, "no introductory rate")
    later = [claim for claim in message.claims_of("apr") if "intro" not in claim.subject]
    has_length = any(claim.claim_type == "term" for claim in message.claims) or any(
        "end" in claim.subject for claim in message.claims_of("date")
    )
    if not later or not has_length:
        return Finding(FIX, f"{intro[0].text!r} without its length or the rate after it", rule.fix_disclosure_ids)
    return Finding(PASS, f"{intro[0].text!r} with its length and the rate after it")


FUNCTIONS = {
    "A-Z24-01": loan_rate_is_apr,
    "A-Z24-02": loan_trigger_terms,
    "A-Z24-03": usual_terms,
    "A-Z16-01": card_trigger_terms,
    "A-Z16-02": introductory_rate,
}
