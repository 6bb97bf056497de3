"""Every rule against its examples, and the engine that runs them: dated, one verdict a rule, failing closed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import rag.compliance
from rag.claims.sentences import split_sentences
from rag.compliance import CheckedSentence, Finding, Message, ProductFacts, Rule, check_message, rules_in_force
from rag.compliance.credit_rules import monthly_payment
from rag.compliance.engine import FUNCTIONS, load_rules, rules_version
from rag.compliance.model import ProductError
from rag.evidence import claims_of_text
from rag.writers.base import MAX_CHARACTERS

EXAMPLES = yaml.safe_load((Path(rag.compliance.__file__).parent / "examples.yaml").read_text())
SEND_DATE = date(2026, 3, 1)
RULES = {rule.id: rule for rule in load_rules() if rule.is_in_force(SEND_DATE)}

USUAL = {
    "dwelling_secured": "false",
    "rate_type": "none",
    "tiered": "false",
    "stepped": "false",
    "time_account": "false",
    "maintenance_fee": "false",
    "nondeposit": "false",
    "hybrid": "false",
}


def product(**attributes):
    row = {"product_id": "p", "name": "Quay Product", "family": "deposit", "legal_entity": "Quay Bank", **USUAL}
    return ProductFacts.from_row({**row, "valid_to_inclusive": date(2026, 6, 30), **attributes})


def sentence(text, kind="", role="claim"):
    return CheckedSentence(text, role, claims_of_text(text, ()), (kind,))


def message(example):
    channel = example.get("channel", "email")
    parts = [sentence(part, example.get("kind", "")) for part in split_sentences(example["text"])]
    return Message(
        channel=channel,
        language=example.get("language", "en"),
        intensity=example.get("intensity", "medium"),
        subject=sentence(example["subject"], role="subject") if "subject" in example else None,
        sentences=tuple(parts),
        length=len(example["text"]),
        product=product(**example.get("product", {})),
        send_date=SEND_DATE,
        bank_names=("Quay Bank",),
        max_characters=MAX_CHARACTERS[channel],
        grounding_faults=tuple(example.get("faults", ())),
        fee_schedule=claims_of_text(example.get("fees", ""), ()),
        rate_claims=claims_of_text(example.get("rates", ""), ()),
        is_prescreened=example.get("prescreened", False),
        firm_offer_id="offer-1" if example.get("prescreened") else None,
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example['rule']} {example['verdict']}")
def test_example(example):
    finding = FUNCTIONS[example["rule"]](message(example), RULES[example["rule"]])
    assert finding.verdict == example["verdict"], finding
    assert finding.evidence
    assert list(finding.disclosures) == example.get("wants", [])


def test_every_rule_has_a_function_and_every_fix_is_one_of_its_row():
    content = {rule.id for rule in load_rules() if rule.rule_class == "a"}
    assert content == set(FUNCTIONS)
    for example in EXAMPLES:
        assert set(example.get("wants", [])) <= set(RULES[example["rule"]].fix_disclosure_ids), example


CLEAN: dict[str, Any] = {
    "text": "It earns 2.75% annual percentage yield (APY) as of {rate_as_of_date}. Member FDIC. This is an "
    "advertisement from Quay Bank, 12 Pier Road, Troy, NY 12180. You can unsubscribe here: {link}",
    "subject": "A note on saving",
    "product": {"rate_type": "fixed"},
}


def test_a_clean_message_gets_one_pass_per_rule_that_applies():
    result = check_message(message(CLEAN))
    assert {finding.verdict for _, finding in result.findings} == {"pass"}
    names = [rule.id for rule, _ in result.findings]
    assert len(names) == len(set(names))
    assert {"A-GEN-01", "A-DD-02", "A-CS-01", "A-FD-01", "H-LEN-01"} <= set(names)
    assert not {"A-Z24-01", "A-Z16-01", "A-TC-01", "B-01"} & set(names)


def test_terms_of_another_family_bring_its_rules():
    result = check_message(message({**CLEAN, "text": CLEAN["text"] + " A card at 0% APR."}))
    found = {rule.id: finding.verdict for rule, finding in result.findings}
    assert found["A-Z16-02"] == "block"


def test_a_rule_that_raises_blocks(monkeypatch):
    def broken(message, rule):
        raise KeyError("gone")

    monkeypatch.setitem(FUNCTIONS, "A-GEN-07", broken)
    result = check_message(message(CLEAN))
    assert result.is_blocked
    check = next(check for check in result.checks() if check.rule_id == "A-GEN-07")
    assert (check.verdict, "KeyError" in check.evidence) == ("blocked", True)


def test_a_rule_without_a_function_blocks(monkeypatch):
    monkeypatch.delitem(FUNCTIONS, "A-GEN-07")
    assert check_message(message(CLEAN)).is_blocked


def test_a_family_without_rules_is_blocked():
    clean = message(CLEAN)
    result = check_message(replace(clean, product=replace(clean.product, family="crypto")))
    assert result.is_blocked
    assert "crypto" in result.findings[0][1].evidence


@pytest.mark.parametrize("attribute", sorted(USUAL))
@pytest.mark.parametrize("value", [None, "", "perhaps", float("nan")])
def test_a_missing_attribute_is_refused_by_name(attribute, value):
    with pytest.raises(ProductError, match=attribute):
        product(**{attribute: value})


def test_an_unknown_family_is_refused():
    with pytest.raises(ProductError, match="crypto"):
        product(family="crypto")


def test_a_text_that_still_asks_for_mending_counts_as_blocked():
    result = check_message(message({**CLEAN, "text": "It earns interest."}))
    verdicts = {check.rule_id: check.verdict for check in result.checks()}
    assert verdicts["A-FD-01"] == "blocked"
    assert not result.is_blocked
    assert result.wanted_disclosures == ("FDIC_MEMBER", "CANSPAM_FOOTER")


def test_rules_are_dated():
    old = {rule.id: rule.version for rule in rules_in_force(date(2026, 7, 20))}
    new = {rule.id: rule.version for rule in rules_in_force(date(2026, 7, 21))}
    assert (old["A-B-01"], new["A-B-01"]) == ("1", "2")
    assert rules_version(date(2026, 7, 20)) != rules_version(date(2026, 7, 21))
    assert rules_version(date(2026, 7, 20)) == rules_version(date(2026, 1, 1))


def test_house_rules_hold_on_any_night():
    early = {rule.id for rule in rules_in_force(date(1990, 1, 1), "b")}
    assert {"B-01", "B-02", "B-03", "B-06", "B-11", "H-SLOT-01", "H-TPL-01"} <= early


@given(
    amount=st.integers(min_value=500, max_value=50_000),
    rate=st.integers(min_value=0, max_value=3_599),
    payments=st.integers(min_value=6, max_value=84),
)
def test_level_payments_pay_the_loan_off(amount, rate, payments):
    payment = monthly_payment(Decimal(amount), Decimal(rate) / 10_000, payments)
    balance = Decimal(amount)
    for _ in range(payments):
        balance += balance * Decimal(rate) / 10_000 / 12 - payment
    # The payment is rounded to the cent, so at most half a cent a month is left over, with interest on it.
    assert abs(balance) <= Decimal("0.005") * payments * (1 + Decimal(rate) / 10_000 / 12) ** payments + Decimal("0.01")


def test_a_finding_shows_no_private_number():
    found = FUNCTIONS["A-GEN-06"](message({"text": "Account 4012 8888 8888 1881 is waiting."}), RULES["A-GEN-06"])
    assert isinstance(found, Finding)
    assert "8888" not in found.evidence


def test_a_rule_row_applies_by_family_and_channel():
    rule = RULES["A-TC-01"]
    assert isinstance(rule, Rule)
    assert rule.applies_to(frozenset({"card"}), "sms")
    assert not rule.applies_to(frozenset({"card"}), "email")
    assert not RULES["A-DD-01"].applies_to(frozenset({"card"}), "email")
