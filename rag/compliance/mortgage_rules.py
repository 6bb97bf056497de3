"""Rules for credit secured by a home: A-Z24-04, A-Z24-05, A-Z16-05 and A-EHL-01.

Belongs here: what 12 CFR 1026.24(f)-(i), 1026.16(d), 1014.3 and the equal housing rules ask of such a text.
"""

import re

from rag.claims import Claim
from rag.compliance.credit_rules import is_unlabelled_rate
from rag.compliance.limits import limit
from rag.compliance.model import BLOCK, FIX, PASS, CheckedSentence, Finding, Message, Rule

_PERCENT_OF_VALUE = re.compile(r"(\d+(?:\.\d+)?)\s?(?:%|percent)")
_PROHIBITED = (
    ("government_claim", "claims a tie to a government programme"),
    ("debt_elimination", "promises that debt goes away"),
    ("counselor", "calls itself a counselor"),
    ("current_lender", "speaks of the reader's lender"),
)


def dwelling_rates(message: Message, rule: Rule) -> Finding:
    """A-Z24-04: a rate or payment of a home loan stands with its period, its APR and what the payment leaves out."""
    if not message.is_dwelling_credit or message.is_home_equity_line:
        return Finding(PASS, "no closed-end credit secured by a home")
    over = _over_value(message)
    if over and not message.says("tax_deductible_statement"):
        return Finding(BLOCK, f"lends {over!r} without the statement on deducting interest")
    rates = [(s, c) for s in message.about("loan", "mortgage") for c in s.all_claims if _is_rate(s, c)]
    payments = [c for s in message.about("loan", "mortgage") for c in s.all_claims if c.claim_type == "payment"]
    payments += [c for c in message.claims_of("amount") if "monthly" in c.subject and c.unit == "usd"]
    if not rates and not payments:
        return Finding(PASS, "no rate or payment of a home loan")
    shown = rates[0][1].text if rates else payments[0].text
    if not message.claims_of("apr"):
        return Finding(BLOCK, f"{shown!r} without the annual percentage rate")
    early = next((s for s, _ in rates if s.find("heloc_discount")), None)
    if early and len({c.value for c in message.claims_of("apr")}) < 2 and not early.find("heloc_indexed"):
        return Finding(BLOCK, f"{shown!r} for a time, without the rate after it")
    return _whole_payment(message, rule, payments[0]) if payments else Finding(PASS, f"{shown!r} with the APR")


def _whole_payment(message: Message, rule: Rule, payment: Claim) -> Finding:
    if not any("payment" in claim.unit or claim.unit == "month" for claim in message.claims):
        return Finding(BLOCK, f"payment {payment.text!r} without its period")
    if not (message.says("taxes_insurance") and message.says("payment_greater")):
        return Finding(FIX, f"payment {payment.text!r} without taxes and insurance", rule.fix_disclosure_ids)
    return Finding(PASS, f"payment {payment.text!r} with period, APR, taxes and insurance")


def _is_rate(sentence: CheckedSentence, claim: Claim) -> bool:
    return claim.claim_type == "apr" or is_unlabelled_rate(claim, sentence)


def _over_value(message: Message) -> str | None:
    """Return the words by which the loan may exceed the home's value, or None."""
    most = limit("loan_to_value_percent", message.send_date)
    for sentence in message.all_sentences:
        found = sentence.find("loan_to_value")
        if found:
            number = _PERCENT_OF_VALUE.search(found)
            if number is None or float(number[1]) > most:
                return found
    return None


def dwelling_claims(message: Message, _: Rule) -> Finding:
    """A-Z24-05: claims that may not be made of credit secured by a home."""
    if not message.is_dwelling_credit:
        return Finding(PASS, "no credit secured by a home")
    for phrases, why in _PROHIBITED:
        found = message.find(phrases)
        if found:
            return Finding(BLOCK, f"{why}: {found!r}")
    compared = message.find("hypothetical_payment")
    if compared and any(c.claim_type in ("payment", "amount", "apr", "rate") for c in message.claims):
        return Finding(BLOCK, f"compares a payment or rate with one that is not shown: {compared!r}")
    for sentence in message.all_sentences:
        fixed = sentence.find("fixed_words")
        if not fixed or (sentence.find("adjustable_words") and sentence.find("limited_period")):
            continue
        if message.attribute("rate_type", "mortgage", "loan") != "fixed":
            return Finding(BLOCK, f"says {fixed!r} of a loan whose rate is not fixed for its whole term")
    return Finding(PASS, "none of the prohibited claims")


def home_equity_line(message: Message, _: Rule) -> Finding:
    """A-Z16-05: a term of a home equity line calls for fees, APR, maximum APR, the later rate and the tax statement."""
    if not message.is_dwelling_credit:
        return Finding(PASS, "no credit secured by a home")
    free = message.find("free_money")
    if free:
        return Finding(BLOCK, f"says {free!r} of credit secured by a home")
    if not message.is_home_equity_line:
        return Finding(PASS, "no home equity line")
    trigger = next((c.text for c in message.claims if _is_plan_term(c)), None) or message.find("card_cost_terms")
    if trigger is None:
        return Finding(PASS, "no term of the plan")
    missing = [
        name
        for name, is_there in (
            ("the fees to open it", message.says("heloc_fees")),
            ("the annual percentage rate", bool(message.claims_of("apr"))),
            ("the maximum annual percentage rate", message.says("heloc_max_apr")),
            ("the statement on deducting interest", message.says("tax_deductible_statement")),
            ("the current indexed rate", not message.find("heloc_discount") or message.says("heloc_indexed")),
        )
        if not is_there
    ]
    if missing:
        return Finding(BLOCK, f"term {trigger!r} of a home equity line without " + ", ".join(missing))
    return Finding(PASS, f"term {trigger!r} with fees, APR, maximum APR and the tax statement")


def _is_plan_term(claim: Claim) -> bool:
    return claim.claim_type in ("apr", "rate", "bps", "fee", "payment") and claim.unit in ("mbp", "usd", "malformed")


def equal_housing(message: Message, rule: Rule) -> Finding:
    """A-EHL-01: a text about home loans says 'Equal Housing Lender'."""
    if not message.is_dwelling_credit:
        return Finding(PASS, "no credit secured by a home")
    if message.says("equal_housing"):
        return Finding(PASS, "Equal Housing Lender")
    return Finding(FIX, "no equal housing legend", rule.fix_disclosure_ids)


FUNCTIONS = {
    "A-Z24-04": dwelling_rates,
    "A-Z24-05": dwelling_claims,
    "A-Z16-05": home_equity_line,
    "A-EHL-01": equal_housing,
}
