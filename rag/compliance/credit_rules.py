"""Rules for loans: A-Z24-01 to A-Z24-03.

Belongs here: Regulation Z's advertising rules for closed-end credit (12 CFR 1026.24) over typed claims and the lists of
`phrases/loans.txt`. What is special to homes is in `mortgage_rules`, open-end credit in `card_rules`.
"""

import re
from decimal import ROUND_HALF_UP, Decimal, getcontext

from rag.claims import Claim
from rag.compliance.limits import limit
from rag.compliance.model import BLOCK, FIX, PASS, CheckedSentence, Finding, Message, Rule

_CENT = Decimal("0.01")
_CREDIT = ("loan", "mortgage")


def loan_rate_is_apr(message: Message, rule: Rule) -> Finding:
    """A-Z24-01: any rate of a loan is an annual percentage rate; a variable one says that it may increase."""
    sentences = message.about(*_CREDIT)
    rates = [c for s in sentences for c in s.all_claims if c.claim_type == "apr"]
    for sentence in sentences:
        per_sum = sentence.find("cost_per_sum")
        if per_sum:
            return Finding(BLOCK, f"{per_sum!r} is a rate said as money; only an annual percentage rate may be shown")
        for claim in sentence.all_claims:
            if not is_unlabelled_rate(claim, sentence):
                continue
            simple = message.find("simple_rate")
            if not simple or not rates:
                return Finding(BLOCK, f"{claim.text!r} is not labelled annual percentage rate")
            if "annual" not in simple and message.is_dwelling_credit:
                return Finding(BLOCK, f"{claim.text!r}: beside the APR a home loan shows a simple annual rate only")
    if not rates:
        return Finding(PASS, "no rate")
    if message.attribute("rate_type", *_CREDIT) == "variable" and not message.says("apr_varies"):
        return Finding(FIX, "a variable rate that does not say it may increase", rule.fix_disclosure_ids)
    return Finding(PASS, f"{len(rates)} rates, all labelled APR")


def is_unlabelled_rate(claim: Claim, sentence: CheckedSentence) -> bool:
    """Tell whether a percentage is a rate of credit without its label; shares, discounts and down payments are none."""
    if claim.claim_type not in ("rate", "bps", "performance") or claim.unit not in ("mbp", "malformed"):
        return False
    if claim.subject & {"discount", "cash_back", "down_payment"}:
        return False
    return not sentence.find("not_a_loan_rate")


def loan_trigger_terms(message: Message, rule: Rule) -> Finding:
    """A-Z24-02: a payment, a period of repayment, a down payment or a finance charge calls for all the terms."""
    if message.is_home_equity_line:
        return Finding(PASS, "a line, not a loan: A-Z16-05 decides")
    trigger = next((what for s in message.about(*_CREDIT) if (what := _trigger_of(s))), None)
    if trigger is None:
        return Finding(PASS, "no triggering term")
    wrong = _wrong_payment(message)
    if wrong:
        return Finding(BLOCK, wrong)
    has_apr = bool(message.claims_of("apr"))
    has_schedule = any("payment" in claim.unit for claim in message.claims) and any(
        claim.unit == "usd" and claim.claim_type in ("payment", "amount") and not isinstance(claim.value, str)
        for claim in message.claims
    )
    if not has_apr or not has_schedule:
        return Finding(FIX, f"{trigger!r} without all terms of repayment", rule.fix_disclosure_ids)
    return Finding(PASS, f"{trigger!r} with payments and APR")


def _trigger_of(sentence: CheckedSentence) -> str | None:
    for claim in sentence.all_claims:
        if not claim.is_negative and (claim.claim_type == "payment" or claim.unit == "payment"):
            return claim.text
    return sentence.find("loan_triggers", unless="not_a_loan_term")


def _wrong_payment(message: Message) -> str | None:
    """Recompute a payment where one sentence holds amount, number of payments, payment and APR."""
    tolerance = limit("payment_tolerance_usd", message.send_date)
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
            if abs(due - dollars[0]) > tolerance:
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
    """A-Z24-03: a floor rate is one really offered, and shows its range or says what it depends on."""
    for sentence in message.about(*_CREDIT):
        floor = _floor_of(sentence)
        if floor is None:
            continue
        least = _least_offered(message)
        if least is not None and not isinstance(floor.value, str) and floor.unit == "mbp" and min(floor.value) < least:
            return Finding(
                BLOCK, f"floor {floor.text!r} is not offered; the rate sheet begins at {least / 100_000:f} %"
            )
        if len(floor.value) == 2 and not isinstance(floor.value, str):
            continue
        if not sentence.find("depends_on") and not message.says("depends_on"):
            return Finding(BLOCK, f"floor {floor.text!r} without what it depends on")
    return Finding(PASS, "no floor rate, or qualified")


def _floor_of(sentence: CheckedSentence) -> Claim | None:
    for claim in sentence.all_claims:
        is_rate = claim.claim_type in ("apr", "rate") and claim.unit == "mbp"
        if claim.claim_type != "payment" and not is_rate:
            continue
        is_range = len(claim.value) == 2 and not isinstance(claim.value, str)
        before = re.sub(r"\bjust\b|\bonly\b", " ", sentence.plain[max(0, claim.start - 40) : claim.start])
        if claim.qualifiers & {"from", "as_low_as"} or is_range or find_floor(before, sentence):
            return claim
    return None


def find_floor(before: str, sentence: CheckedSentence) -> bool:
    """Tell whether the words before a rate make it a floor: 'starting at just', 'as little as'."""
    return bool(sentence.find("floor_rate")) and bool(
        re.search(r"\b(?:low|little|start\w*|begin\w*|from|down)\b[^.!?%]{0,20}$", before)
        or re.search(r"\b(?:and|or)\s+(?:up|more|higher)\b", sentence.plain)
    )


def _least_offered(message: Message) -> Decimal | None:
    offered = [
        min(claim.value)
        for claim in message.rate_claims
        if claim.claim_type == "apr" and claim.unit == "mbp" and not isinstance(claim.value, str)
    ]
    return min(offered, default=None)


FUNCTIONS = {
    "A-Z24-01": loan_rate_is_apr,
    "A-Z24-02": loan_trigger_terms,
    "A-Z24-03": usual_terms,
}
