"""Rules for deposits: A-DD-01 to A-DD-06.

Belongs here: Regulation DD's advertising rules (12 CFR 1030.8) over typed claims.
"""

import re
from datetime import date
from decimal import Decimal

from rag.claims import Claim
from rag.compliance.model import BLOCK, FIX, PASS, Finding, Message, Rule

_FULL_TERM = re.compile(r"\bannual\s+percentage\s+yields?\b")
_VARIABLE = re.compile(
    r"\brates?\s+(?:may|can)\s+(?:change|vary)\b|\b(?:is|are)\s+variable\b|\bvariable\s+rate\b|\bmay\s+change\s+after\b"
)
_FEES_REDUCE = re.compile(r"\bfees?\s+(?:could|may|can)\s+reduce\s+(?:the\s+)?earnings\b")
_EARLY = re.compile(r"\bearly[\s-]+withdrawal\b|\bwithdraw\w*\s+(?:\w+\s+){0,4}(?:before|early)\b|\bpenalty\b")
_TERM_OF_NAME = re.compile(r"\b\d+[\s-]month\b|\b\d+[\s-]year\b")
_PROFIT = re.compile(r"\bprofits?\b")
_LOCKED = re.compile(
    r"\bguaranteed\s+rate\b|\block(?:ed|s)?(?:[\s-]in)?\b|\brate\s+(?:is\s+)?guaranteed\b|\bfixed\s+rate\b"
)
_OVERDRAFT_LINE = re.compile(r"\boverdraft\b[^\n]*\bline\s+of\s+credit\b|\bline\s+of\s+credit\b[^\n]*\boverdraft\b")
_PAID_WHEN = re.compile(r"\b(?:paid|credited|deposited|posted|pay|credit)\b[^\n]*\b(?:within|after|by|on)\b")

# Fees of single services: denying one of them does not call the account free.
_NAMED_FEES = frozenset(
    {"foreign", "transaction", "late", "returned", "overdraft", "atm", "wire", "statement", "withdrawal", "closing"}
)
# Days. A shown 'as of' date older than this is not recent for electronic media (1 to 60; comment 8(c)(2)-1 gives
# no number, 30 is the house's value: rate sheets are checked at least monthly).
RECENT_DAYS = 30
# US dollars. A bonus at or below it in a year is no bonus (12 CFR 1030.2(f)).
BONUS_FLOOR_USD = 10


def rate_is_named(message: Message, rule: Rule) -> Finding:
    """A-DD-01: a percentage on a deposit is an 'annual percentage yield', in full once; no rate but interest."""
    yields = message.claims_of("apy")
    others = [claim for claim in message.claims_of("rate", "bps", "performance") if _is_return(claim)]
    if message.product.family != "deposit":
        others = []
    for claim in others:
        if "interest" not in claim.subject:
            return Finding(BLOCK, f"{claim.text!r} is labelled neither annual percentage yield nor interest rate")
        if not yields:
            return Finding(BLOCK, f"interest rate {claim.text!r} without the annual percentage yield")
    if not yields:
        return Finding(PASS, "no rate")
    if not _FULL_TERM.search(message.text):
        return Finding(FIX, "'APY' without 'annual percentage yield'", rule.fix_disclosure_ids)
    return Finding(PASS, f"{len(yields)} rates, all labelled annual percentage yield")


def _is_return(claim: Claim) -> bool:
    return claim.unit == "mbp" and not claim.subject & {"cash_back", "discount", "balance_transfer"}


def companions_of_yield(message: Message, _: Rule) -> Finding:
    """A-DD-02: what must stand beside a yield, by the attributes of the product."""
    if not message.claims_of("apy"):
        return Finding(PASS, "no annual percentage yield")
    product, text = message.product, message.body_text
    least, opening = _least_balance(message.rate_claims), _opening_deposit(message.rate_claims)
    stale = _stale_date(message)
    if stale:
        return Finding(BLOCK, f"'as of' {stale} is not recent on {message.send_date}")
    is_certificate = product.time_account == "true"
    needed = (
        ("DD_VARIABLE", product.rate_type == "variable", bool(_VARIABLE.search(text))),
        ("DD_ASOF", True, _has_period(message)),
        ("DD_MINBAL", least > 0, _shows(message, least)),
        ("DD_MINOPEN", opening > least, _shows(message, opening)),
        ("DD_FEES", product.maintenance_fee == "true", bool(_FEES_REDUCE.search(text))),
        ("DD_TERM", is_certificate, _has_term(message)),
        ("DD_EWP", is_certificate, bool(_EARLY.search(text))),
    )
    missing = [name for name, is_needed, is_there in needed if is_needed and not is_there]
    if missing:
        return Finding(FIX, "the yield lacks " + ", ".join(missing), tuple(missing))
    return Finding(PASS, "variable rate, date, balance, fees and term as the product needs them")


def _has_term(message: Message) -> bool:
    """Tell whether the term of a certificate is said, in words or by the product's own name."""
    text = message.body_text
    named = f"{text} {message.product.name.lower()}" if "{product_name}" in text else text
    return any(claim.claim_type == "term" for claim in message.claims) or bool(_TERM_OF_NAME.search(named))


def _least_balance(rate_claims: tuple[Claim, ...]) -> Decimal:
    """Return the minimum balance to earn the yield that the rate sheet names; 0 = none."""
    return _largest(rate_claims, {"minimum", "balance"}, {"opening"})


def _opening_deposit(rate_claims: tuple[Claim, ...]) -> Decimal:
    """Return the minimum opening deposit that the rate sheet names; 0 = none."""
    return _largest(rate_claims, {"minimum", "opening"}, set())


def _largest(rate_claims: tuple[Claim, ...], must: set[str], must_not: set[str]) -> Decimal:
    found = [
        max(claim.value)
        for claim in rate_claims
        if claim.claim_type == "amount"
        and claim.unit == "usd"
        and not isinstance(claim.value, str)
        and must <= claim.subject
        and not must_not & claim.subject
    ]
    return max(found, default=Decimal(0))


def _shows(message: Message, amount: Decimal) -> bool:
    return any(claim.unit == "usd" and claim.value == (amount,) for claim in message.claims)


def _has_period(message: Message) -> bool:
    if "{rate_as_of_date}" in message.body_text:
        return True
    return any(claim.subject & {"as_of", "end"} for claim in message.claims_of("date"))


def _stale_date(message: Message) -> str | None:
    for claim in message.claims_of("date"):
        if "as_of" in claim.subject and claim.unit == "date":
            age = (message.send_date - date.fromisoformat(str(claim.value))).days
            if not 0 <= age <= RECENT_DAYS:
                return str(claim.value)
    return None


def all_tiers(message: Message, rule: Rule) -> Finding:
    """A-DD-03: a tiered or stepped rate shows every tier or step."""
    product = message.product
    yields = message.claims_of("apy")
    if not yields or "true" not in (product.tiered, product.stepped):
        return Finding(PASS, "no tiered or stepped rate")
    wanted = {claim.value for claim in message.rate_claims if claim.claim_type == "apy"}
    shown = {claim.value for claim in yields}
    if not wanted:
        return Finding(BLOCK, "a tiered rate without a rate sheet to compare with")
    if not wanted <= shown:
        return Finding(FIX, f"{len(shown)} of {len(wanted)} tiers shown", rule.fix_disclosure_ids)
    return Finding(PASS, f"all {len(wanted)} tiers shown")


def companions_of_bonus(message: Message, rule: Rule) -> Finding:
    """A-DD-04: what must stand beside a bonus worth more than $10."""
    bonuses = [
        claim
        for claim in message.claims_of("bonus")
        if claim.unit == "usd" and not isinstance(claim.value, str) and max(claim.value) > BONUS_FLOOR_USD
    ]
    if not bonuses or message.product.family != "deposit":
        return Finding(PASS, "no bonus of a stated worth")
    text = message.body_text
    missing = [
        name
        for name, is_there in (
            ("the annual percentage yield", bool(_FULL_TERM.search(text) and message.claims_of("apy"))),
            ("the time to qualify", any(c.claim_type == "term" for c in message.claims) or "{offer_end_date}" in text),
            ("the balance or deposit to qualify", any(c.claim_type == "amount" for c in message.claims)),
            ("when it is paid", bool(_PAID_WHEN.search(text))),
        )
        if not is_there
    ]
    if missing:
        return Finding(FIX, f"bonus {bonuses[0].text!r} lacks " + ", ".join(missing), rule.fix_disclosure_ids)
    return Finding(PASS, f"bonus {bonuses[0].text!r} with its terms")


def free_is_free(message: Message, _: Rule) -> Finding:
    """A-DD-05: 'free', 'no cost', 'waived' only where no maintenance fee can apply, or for a stated time or feature."""
    said = [
        claim
        for claim in message.claims_of("fee")
        if claim.is_negative
        and (claim.value in ("free", "waived") or (claim.value == (Decimal(0),) and not claim.subject & _NAMED_FEES))
    ]
    if not said or message.product.family != "deposit":
        return Finding(PASS, "nothing is called free")
    if message.product.maintenance_fee == "false":
        return Finding(PASS, f"{said[0].text!r}, and no maintenance fee can apply")
    for claim in said:
        is_limited = any(
            condition.startswith(("for:", "until:", "within:")) and any(c.isdigit() for c in condition)
            for condition in claim.conditions
        )
        is_feature = (
            claim.value == "free"
            and bool(claim.subject - {"fee", "deposit"})
            and not (claim.subject & {"maintenance", "monthly", "opening", "balance"})
        )
        if not is_limited and not is_feature:
            return Finding(BLOCK, f"{claim.text!r} although a maintenance fee can apply")
    return Finding(PASS, f"{said[0].text!r} for a stated time or feature")


def no_profit(message: Message, _: Rule) -> Finding:
    """A-DD-06: interest is no profit, a variable rate is not locked, overdraft is no line of credit."""
    text = message.text
    found = _PROFIT.search(text) or _OVERDRAFT_LINE.search(text)
    if found:
        return Finding(BLOCK, f"says {found.group()!r}")
    locked = _LOCKED.search(text)
    if locked and message.product.rate_type != "fixed":
        return Finding(BLOCK, f"says {locked.group()!r} of a rate that is not fixed")
    return Finding(PASS, "no profit, no locked rate")


FUNCTIONS = {
    "A-DD-01": rate_is_named,
    "A-DD-02": companions_of_yield,
    "A-DD-03": all_tiers,
    "A-DD-04": companions_of_bonus,
    "A-DD-05": free_is_free,
    "A-DD-06": no_profit,
}
