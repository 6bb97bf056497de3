"""Every rule against texts that pass and texts that fail: those of the rule table, and harder ones of our own."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

import rag.compliance
from rag.compliance.cli import rows_of
from rag.compliance.engine import FUNCTIONS, evaluate, load_rules
from rag.compliance.message_file import read_message
from rag.compliance.model import FAMILIES

FOLDER = Path(rag.compliance.__file__).parent
DAY = date(2026, 11, 5)
TABLE = yaml.safe_load((FOLDER / "examples_table.yaml").read_text())["groups"]
WILD = yaml.safe_load((FOLDER / "examples_wild.yaml").read_text())
CLEAN = yaml.safe_load((FOLDER / "examples_clean.yaml").read_text())
RULES = {rule.id: rule for rule in load_rules() if rule.is_in_force(DAY)}
VERDICTS = {"pass": {"pass"}, "warn": {"warn"}, "fail": {"fix", "block"}}
USUAL = {
    **dict.fromkeys(("dwelling_secured", "tiered", "stepped", "time_account", "maintenance_fee"), False),
    **{"nondeposit": False, "hybrid": False, "rate_type": "none", "legal_entity": "Quay Bank"},
}


def message_of(group: dict[str, Any], item: Any) -> str:
    """Return an example as a message file."""
    fields: dict[str, Any] = {"text": item} if isinstance(item, str) else dict(item)
    named: Any = fields.pop("product", {})
    own: dict[str, Any] = {} if isinstance(named, str) else named
    profile = WILD["products"][named if isinstance(named, str) else group.get("product", "savings")]
    offer = {"valid_from": "2026-01-01", "valid_to": "2026-12-31", **fields.pop("offer", {})}
    run = {"as_of": DAY.isoformat(), "bank_name": "Quay Bank"}
    whole = {"channel": "email", **fields, "product": {**USUAL, **profile, **own}, "offer": offer, "run": run}
    return json.dumps(whole, default=str)


def verdict_of(group: dict[str, Any], item: Any) -> tuple[str, str]:
    message = read_message(message_of(group, item), DAY).message
    rule = RULES[group["rule"]]
    if not rule.applies_to(message.families, message.channel):
        return "pass", "not applicable"
    finding = evaluate(message, rule)
    return finding.verdict, finding.evidence


@pytest.mark.parametrize("group", [*TABLE, *WILD["groups"]], ids=lambda group: group["rule"])
def test_texts_get_the_verdict_they_deserve(group):
    wrong = []
    for wanted, allowed in VERDICTS.items():
        for item in group.get(wanted, []):
            verdict, evidence = verdict_of(group, item)
            assert evidence, item
            if verdict not in allowed:
                wrong.append((wanted, verdict, item, evidence))
    assert not wrong, wrong


def test_every_content_rule_has_three_examples_of_our_own_of_each_kind():
    own = {rule_id: {"pass": 0, "fail": 0} for rule_id in FUNCTIONS}
    for group in WILD["groups"]:
        for kind in ("pass", "fail"):
            own[group["rule"]][kind] += len(group.get(kind, []))
    missing = {name: found for name, found in own.items() if min(found.values()) < 3 and name[0] == "A"}
    assert missing == {}


def test_every_content_rule_has_the_examples_of_the_table():
    found = {group["rule"]: group for group in TABLE}
    house = {rule_id for rule_id in FUNCTIONS if rule_id.startswith("H-")}
    assert set(found) == set(FUNCTIONS) - house
    assert all(len(group["pass"]) + len(group.get("warn", [])) >= 2 for group in TABLE)
    assert all(len(group["fail"]) >= 2 for group in TABLE)


def test_an_example_without_its_product_is_blocked_where_the_rule_needs_it():
    text = "It earns 3.10% annual percentage yield as of November 2, 2026."
    whole = {"text": text, "channel": "email", "product": {"family": "deposit"}, "run": {"as_of": "2026-11-05"}}
    finding = evaluate(read_message(json.dumps(whole), DAY).message, RULES["A-DD-02"])
    assert (finding.verdict, "product.rate_type" in finding.evidence) == ("block", True)


@pytest.mark.parametrize("item", CLEAN, ids=lambda item: f"{item['product']['name']} {item.get('channel', 'email')}")
def test_clean_copy_of_every_family_may_be_sent(item):
    fields = {**item, "product": {"legal_entity": "Harbor Bank", "name": "", "rate_type": "none", **item["product"]}}
    file = read_message(message_of({}, fields), DAY)
    assert [row for row in rows_of(file) if row["verdict"] not in ("pass", "fixed")] == []


def test_clean_copy_covers_every_family_and_written_channel():
    assert {item["product"]["family"] for item in CLEAN} == set(FAMILIES)
    assert {item.get("channel", "email") for item in CLEAN} == {"email", "sms", "push", "in_app", "mail"}
