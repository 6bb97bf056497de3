"""Rules for deposits: A-DD-01 to A-DD-07.

Belongs here: Regulation DD's advertising rules (12 CFR 1030.8) over typed claims and the lists of
`phrases/deposits.txt`.
"""

import re
from datetime import date
from decimal import Decimal

from rag.claims import Claim
from rag.compliance.general_rules import day_of
from rag.compliance.limits import limit
from rag.compliance.model import BLOCK, FIX, PASS, CheckedSentence, Finding, Message, Rule

_TERM_OF_NAME = re.compile(r"\b\d+[\s-]month\b|\b\d+[\s-]year\b")
# Services an account offers beside itself: denying the fee of one of them does not call the account free.
_SERVICES = frozenset(
    {"foreign", "transaction", "late", "returned", "overdraft", "atm", "wire", "statement", "withdrawal", "closing"}
)
_ACCOUNT = re.compile(r"\b(?:accounts?|checking|savings?|banking)\b")


def rate_is_named(message: Message, rule: Rule) -> Finding:
    """A-DD-01: a percentage on a deposit is an 'annual percentage yield', in full once; no rate but interest."""
    yields = message.claims_of("apy")
    for sentence in message.about("deposit"):
        for claim in sentence.all_claims:
            if not _is_return(claim, sentence):
                continue
            if "interest" not in claim.subject:
                return Finding(BLOCK, f"{claim.text!r} is labelled neither annual percentage yield nor interest rate")
            if not yields:
                return Finding(BLOCK, f"interest rate {claim.text!r} without the annual percentage yield")
    if not yields:
        return Finding(PASS, "no rate")
    if not message.find("full_apy"):
        return Finding(FIX, "'APY' without 'annual percentage yield'", rule.fix_disclosure_ids)
    return Finding(PASS, f"{len(yields)} rates, all labelled annual percentage yield")


def _is_return(claim: Claim, sentence: CheckedSentence) -> bool:
    if claim.claim_type not in ("rate", "bps", "performance") or claim.unit not in ("mbp", "malformed"):
        return False
    if claim.subject & {"cash_back", "discount", "balance_transfer"}:
        return False
    other = sentence.find("other_percent_of_deposit")
    shown = re.sub(r"\s", "", claim.text.lower()).rstrip("%")
    return not (other and re.sub(r"\s", "", other).startswith(shown.replace("percent", "")))


def companions_of_yield(message: Message, _: Rule) -> Finding:
    """A-DD-02: what must stand beside a yield, by the attributes of the product."""
    if not message.claims_of("apy"):
        return Finding(PASS, "no yield")
    old = _stale_date(message)
    if old:
        days = limit("recent_rate_days", message.send_date)
        return Finding(BLOCK, f"the yield is shown as of {old}, not within {days} days before {message.send_date}")
    steady = message.find("never_changes")
    if steady and message.attribute("rate_type", "deposit") == "variable":
        return Finding(BLOCK, f"says {steady!r} of a variable rate")
    balance = _largest(message.rate_claims, {"minimum", "balance"}, {"opening", "bonus", "fee"})
    opening = _largest(message.rate_claims, {"minimum", "opening"}, set())
    # An attribute is asked for only where the text does not say the thing anyway: what is not needed may be unknown.
    needed = (
        ("DD_VARIABLE", not message.says("rate_varies") and message.attribute("rate_type", "deposit") == "variable"),
        ("DD_ASOF", not _has_period(message)),
        ("DD_MINBAL", bool(balance) and not _shows(message, balance)),
        ("DD_MINOPEN", opening > balance and not _shows(message, opening)),
        ("DD_FEES", not message.says("fees_reduce") and message.attribute("maintenance_fee", "deposit") == "true"),
        ("DD_TERM", not _has_term(message) and message.attribute("time_account", "deposit") == "true"),
        ("DD_EWP", not message.says("early_withdrawal") and message.attribute("time_account", "deposit") == "true"),
    )
    missing = tuple(name for name, is_missing in needed if is_missing)
    if missing:
        return Finding(FIX, "the yield lacks " + ", ".join(missing), missing)
    return Finding(PASS, "variable rate, date, balance, fees and term as the product needs them")


def _has_term(message: Message) -> bool:
    """Tell whether the term of a certificate is said, in words or by the product's own name."""
    text = message.body_text
    named = f"{text} {message.product.name.lower()}" if "{product_name}" in text else text
    return any(claim.claim_type == "term" for claim in message.claims) or bool(_TERM_OF_NAME.search(named))


def _largest(rate_claims: tuple[Claim, ...], must: set[str], must_not: set[str]) -> Decimal:
    """Return the largest amount the rate sheet names for a subject, such as the minimum balance; 0 = none."""
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
    most = limit("recent_rate_days", message.send_date)
    for claim in message.claims_of("date"):
        if "as_of" in claim.subject:
            day = day_of(claim) or _in_year_of(claim, message.send_date)
            if day is None or not 0 <= (message.send_date - day).days <= most:
                return str(claim.value)
    return None


def _in_year_of(claim: Claim, send_date: date) -> date | None:
    """Read a date without a year as its latest occurrence up to the send date."""
    if claim.unit != "month_day":
        return None
    for year in (send_date.year, send_date.year - 1):
        try:
            day = date.fromisoformat(f"{year}{str(claim.value)[1:]}")
        except ValueError:
            continue
        if day <= send_date:
            return day
    return None


def all_tiers(message: Message, rule: Rule) -> Finding:
    """A-DD-03: a tiered or stepped rate shows every tier or step, with the balance it is for."""
    rates = [c for s in message.about("deposit") for c in s.claims if c.claim_type == "apy" or _is_return(c, s)]
    if not rates:
        return Finding(PASS, "no rate shown")
    is_up_to = any("up_to" in claim.qualifiers for claim in rates)
    is_stepped = message.product.family == "deposit" and message.product.stepped == "true"
    is_ladder = is_stepped or message.attribute("tiered", "deposit") == "true"
    if is_ladder or message.attribute("stepped", "deposit") == "true":
        return _whole_ladder(message, rule, rates, is_stepped=is_stepped, is_up_to=is_up_to)
    if is_up_to:
        return Finding(BLOCK, f"'up to' {rates[0].text!r} for a rate without tiers")
    return Finding(PASS, "no tiered or stepped rate")


def _whole_ladder(message: Message, rule: Rule, rates: list[Claim], *, is_stepped: bool, is_up_to: bool) -> Finding:
    wanted = {claim.value for claim in message.rate_claims if claim.claim_type == "apy"}
    shown = {claim.value for claim in rates}
    if wanted and not wanted <= shown:
        return Finding(FIX, f"{len(wanted & shown)} of {len(wanted)} tiers shown", rule.fix_disclosure_ids)
    if len(shown) < 2 or (is_up_to and not wanted):
        return Finding(BLOCK, "one rate of a tiered or stepped product, and no rate sheet with the others")
    ladders = [c for c in message.claims if (c.unit in ("month", "day") if is_stepped else c.unit == "usd")]
    if len(ladders) + 1 < len(shown):
        return Finding(BLOCK, f"{len(shown)} rates without the {'period' if is_stepped else 'balance'} of each")
    return Finding(PASS, f"{len(shown)} tiers shown" + ("" if wanted else "; no rate sheet given to compare with"))


def companions_of_bonus(message: Message, rule: Rule) -> Finding:
    """A-DD-04: what must stand beside a bonus worth more than $10."""
    floor = limit("bonus_floor_usd", message.send_date)
    found = next((what for s in message.about("deposit") if (what := _bonus_of(s, floor))), None)
    if found is None:
        return Finding(PASS, "no bonus of a stated worth")
    text = message.body_text
    amounts = [c for c in message.claims if c.unit == "usd" and c.claim_type in ("amount", "payment", "fee")]
    beyond = [c for c in amounts if c.text.lower() not in found]
    is_timed = any(c.claim_type == "term" for c in message.claims) or "{offer_end_date}" in text
    missing = [
        name
        for name, is_there in (
            ("the annual percentage yield", message.says("full_apy") and bool(message.claims_of("apy"))),
            ("the time to qualify", is_timed),
            ("the balance or deposit to qualify", bool(beyond)),
            ("when it is paid", message.says("bonus_paid")),
        )
        if not is_there
    ]
    if missing:
        return Finding(FIX, f"bonus {found!r} lacks " + ", ".join(missing), rule.fix_disclosure_ids)
    return Finding(PASS, f"bonus {found!r} with its terms")


def _bonus_of(sentence: CheckedSentence, floor: Decimal) -> str | None:
    """Return the words that promise a bonus worth more than the floor, or None."""
    for claim in sentence.all_claims:
        is_worth = claim.unit == "usd" and not isinstance(claim.value, str) and max(claim.value) > floor
        if claim.claim_type == "bonus" and is_worth:
            return claim.text.lower()
    found = sentence.find("bonus_offer", unless="harmless_bonus")
    if found is None or any(claim.claim_type == "coverage" for claim in sentence.claims):
        return None
    amounts = [
        max(claim.value) for claim in sentence.all_claims if claim.unit == "usd" and not isinstance(claim.value, str)
    ]
    return found if not amounts or max(amounts) > floor else None


def free_is_free(message: Message, _: Rule) -> Finding:
    """A-DD-05: 'free', 'no cost', 'waived' only where no maintenance fee can apply, or for a stated time or feature."""
    said = [(s, what) for s in message.about("deposit") if (what := s.find("free_account", unless="harmless_free"))]
    said += [(s, c.text) for s in message.about("deposit") for c in s.all_claims if _calls_free(c)]
    if not said:
        return Finding(PASS, "nothing is called free")
    if message.attribute("maintenance_fee", "deposit") == "false":
        return Finding(PASS, f"{said[0][1]!r}, and no maintenance fee can apply")
    for sentence, what in said:
        if not (sentence.find("limited_period") or sentence.find("free_audience") or _is_feature(sentence, what)):
            return Finding(BLOCK, f"{what!r} although a maintenance fee can apply")
    return Finding(PASS, f"{said[0][1]!r} for a stated time, audience or feature")


def _calls_free(claim: Claim) -> bool:
    return (
        claim.claim_type == "fee"
        and claim.is_negative
        and (claim.value == "waived" or (claim.value == (Decimal(0),) and not claim.subject & _SERVICES))
    )


def _is_feature(sentence: CheckedSentence, what: str) -> bool:
    """Tell whether one service is called free and the account is not implied to be."""
    if re.search(r"waiv|month|maintenance", what) or not sentence.find("free_feature"):
        return False
    rest = sentence.plain
    for match in re.finditer(
        r"(?:online|mobile|phone|digital)\s+banking|(?:from|to|with|on|in)\s+(?:your|the)\s+[\w ]+", rest
    ):
        rest = rest.replace(match.group(), " ")
    return not _ACCOUNT.search(rest)


def no_profit(message: Message, _: Rule) -> Finding:
    """A-DD-06: interest is no profit, a variable rate is not locked, overdraft is no line of credit."""
    found = message.find("profit", unless="harmless_profit")
    if found:
        return Finding(BLOCK, f"says {found!r} for interest")
    for sentence in message.about("deposit"):
        line = "overdraft" in sentence.readings[-1] and sentence.find("credit_line_words")
        if line:
            return Finding(BLOCK, f"calls overdraft a {line!r}")
    for sentence in message.about("deposit"):
        locked = sentence.find("never_changes")
        if locked and message.attribute("rate_type", "deposit") != "fixed":
            return Finding(BLOCK, f"says {locked!r} of a rate that is not fixed")
    return Finding(PASS, "no profit, no locked rate")


def overdraft_terms(message: Message, _: Rule) -> Finding:
    """A-DD-07: promoting overdraft payment calls for its fee, transactions, time to repay and when it is not paid."""
    promoted = None
    for sentence in message.about("deposit"):
        found = sentence.find("overdraft_promotion", unless="harmless_overdraft")
        if found and not sentence.find("overdraft_transfer"):
            promoted = found
            break
    if promoted is None:
        return Finding(PASS, "no overdraft payment promoted")
    categories = {what for s in message.sentences if (what := s.find("overdraft_categories"))}
    missing = [
        name
        for name, is_there in (
            ("the fee per item", message.says("overdraft_fee_each")),
            ("the kinds of transaction", bool(categories)),
            ("the time to repay", message.says("overdraft_repay")),
            ("when it is not paid", message.says("overdraft_declined")),
        )
        if not is_there
    ]
    if missing:
        return Finding(BLOCK, f"promotes overdraft payment ({promoted!r}) without " + ", ".join(missing))
    return Finding(PASS, f"overdraft payment ({promoted!r}) with its fee, transactions, repayment and limits")


FUNCTIONS = {
    "A-DD-01": rate_is_named,
    "A-DD-02": companions_of_yield,
    "A-DD-03": all_tiers,
    "A-DD-04": companions_of_bonus,
    "A-DD-05": free_is_free,
    "A-DD-06": no_profit,
    "A-DD-07": overdraft_terms,
}
