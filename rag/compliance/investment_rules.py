"""Rules for investments and other uninsured products: A-ND-01 and A-INV-01 to A-INV-03.

Belongs here: what the interagency statement, FINRA 2210 and the insurance sales rules ask of a text.
"""

import re
from functools import cache

from rag.compliance.model import BLOCK, FIX, PASS, CheckedSentence, Finding, Message, Rule
from rag.compliance.wording import word_list

_APPROVED_INSERT = ("factual_insert",)
_SET_APART = re.compile(
    r"\b(?:separate|distinct|independent|different|apart)(?: (?:company|entity|firm|business))? $", re.I
)


def uninsured_says_so(message: Message, rule: Rule) -> Finding:
    """A-ND-01: a nondeposit product says that it is not insured, no deposit and not guaranteed by the bank."""
    if not is_uninsured(message):
        return Finding(PASS, "the product is no uninsured one")
    alike = message.find("like_a_deposit")
    if alike:
        return Finding(BLOCK, f"likens an uninsured product to a deposit: {alike!r}")
    is_insurance = message.product.family == "insurance"
    wanted = [
        ("not FDIC insured", "not_fdic"),
        ("not a deposit", "not_deposit"),
        ("no bank guarantee", "no_bank_guarantee"),
    ]
    if is_insurance:
        wanted.append(("not insured by any federal agency", "no_agency"))
    else:
        wanted.append(("may lose value", "may_lose"))
    missing = [name for name, phrases in wanted if not message.says(phrases)]
    if missing:
        fix = "INS_5" if is_insurance else "NDIP_SHORT"
        return Finding(FIX, "does not say: " + ", ".join(missing), (fix,) if fix in rule.fix_disclosure_ids else ())
    return Finding(PASS, "says that it is not insured")


def is_uninsured(message: Message) -> bool:
    """Tell whether the message sells a nondeposit product: its own, or an investment it speaks of."""
    return message.product.is_true("nondeposit") or "investment" in message.mentioned


def no_promise(message: Message, _: Rule) -> Finding:
    """A-INV-01: nothing promissory or exaggerated; a benefit stands with its risk."""
    sentences = message.about("investment")
    for sentence in sentences:
        found = sentence.find("promissory")
        if found:
            return Finding(BLOCK, f"promises {found!r}")
    benefit = next((what for s in sentences if (what := s.find("investment_benefit", unless="not_a_return"))), None)
    if benefit and not message.says("investment_risk"):
        return Finding(BLOCK, f"names a benefit ({benefit!r}) and no risk")
    return Finding(PASS, f"benefit {benefit!r} with its risk" if benefit else "promises nothing")


def no_projection(message: Message, _: Rule) -> Finding:
    """A-INV-02: no return numbers, targets or past results, but approved factual inserts."""
    insert = None
    for sentence in message.about("investment"):
        found = _projection_of(sentence)
        if found is None:
            continue
        if not any(kind in _APPROVED_INSERT for kind in sentence.verbatim_kinds):
            return Finding(BLOCK, f"shows a return or projection: {found!r}, and is no approved factual insert")
        insert = found
    return Finding(PASS, f"{insert!r} in an approved factual insert" if insert else "no return, target or past result")


def _projection_of(sentence: CheckedSentence) -> str | None:
    found = sentence.find("projection", unless="not_a_return")
    if found or sentence.find("not_a_return"):
        return found
    for claim in sentence.all_claims:
        if claim.claim_type in ("rate", "performance", "apy", "bps") and claim.unit in ("mbp", "malformed"):
            return claim.text
    return None


@cache
def _bank_sells() -> re.Pattern[str]:
    words = "|".join(word_list("seller_words"))
    bank = r"[A-Z][\w'-]+ Bank"
    return re.compile(rf"\b(?P<bank>{bank})(?:'s)?\s+(?:{words})\b|\b(?:with|at|through|from|via)\s+(?P<at>{bank})\b")


def right_entity(message: Message, rule: Rule) -> Finding:
    """A-INV-03: the registered entity is named, the bank is not the seller, and no regulator is said to approve."""
    if message.product.family != "investment":
        return Finding(PASS, "no broker or adviser product of its own")
    if message.channel in ("sms", "push"):
        return Finding(BLOCK, f"securities by {message.channel} are off (house)")
    entity = message.product.legal_entity
    if not entity:
        return Finding(BLOCK, "needs product.legal_entity, the registered seller, which is not given")
    wrong = _wrong_standing(message, entity)
    if wrong:
        return Finding(BLOCK, wrong)
    if not any(entity.lower() in sentence.plain for sentence in message.sentences):
        return Finding(FIX, f"does not name {entity}, the registered seller", rule.fix_disclosure_ids)
    return Finding(PASS, f"names {entity}")


def _wrong_standing(message: Message, entity: str) -> str | None:
    """Return how a text puts the bank or a regulator in the seller's place, or None."""
    approved = message.find("regulator_approval")
    if approved:
        return f"says {approved!r}; no regulator approves securities or sellers"
    for sentence in message.all_sentences:
        if sentence.role == "disclosure":
            continue
        is_about_investing = sentence.find("family_investment") or re.search(r"\binvest", sentence.plain)
        for seller in _bank_sells().finditer(sentence.text):
            is_set_apart = _SET_APART.search(sentence.text, 0, seller.start())
            if seller["at"] and (is_set_apart or not is_about_investing):
                continue
            if (seller["bank"] or seller["at"]).lower() != entity.lower():
                return f"names the bank as the seller: {seller.group()!r}"
    return None


FUNCTIONS = {
    "A-ND-01": uninsured_says_so,
    "A-INV-01": no_promise,
    "A-INV-02": no_projection,
    "A-INV-03": right_entity,
}
