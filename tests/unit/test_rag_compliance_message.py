"""`python -m rag.compliance`: a message somebody else wrote, judged rule by rule or refused in one clear line."""

import io
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.compliance import cli
from rag.compliance.contact_rules import FUNCTIONS as CONTACT
from rag.compliance.contact_rules import is_revocation
from rag.compliance.engine import load_rules
from rag.compliance.mending import judge
from rag.compliance.message_file import CHANNELS, MessageFileError, UnknownFamilyError, read_message
from rag.compliance.model import FAMILIES
from rag.compliance.record_rules import FUNCTIONS as RECORDS

DAY = date(2026, 11, 5)
RATES = {
    "doc_id": "rates",
    "doc_version": "7",
    "kind": "rate_sheet",
    "valid_from": "2026-11-01",
    "quote": "Quay Savings earns 3.10% annual percentage yield (APY).",
}
SAVINGS = {
    "product_id": "savings",
    "name": "Quay Savings",
    "family": "deposit",
    "rate_type": "variable",
    "legal_entity": "Quay Bank",
    **dict.fromkeys(("tiered", "stepped", "time_account", "maintenance_fee", "nondeposit", "hybrid"), False),
}
CLEAN: dict[str, Any] = {
    "text": "Quay Savings earns 3.10% annual percentage yield (APY) as of November 2, 2026. The rate may change after "
    "the account is opened. Member FDIC. This is an advertisement from Quay Bank, 12 Pier Road, Troy, NY 12180. "
    "Unsubscribe: {link}",
    "subject": "A calm place to save",
    "channel": "email",
    "product": SAVINGS,
    "offer": {"id": "o1", "valid_from": "2026-01-01", "valid_to": "2026-12-31", "states": ["US-NY"]},
    "citations": [RATES],
    "run": {"as_of": "2026-11-05"},
}
TEN_IN_NEW_YORK = {"send_at": "2026-11-05T15:00:00Z"}
TWO_COASTS = {"tz_candidates": ["America/New_York", "America/Los_Angeles"]}
LOAN = {**SAVINGS, "family": "loan", "mapr_percent": 18}
CUSTOMER: dict[str, Any] = {
    "state": "NY",
    "tz_candidates": ["America/New_York"],
    "age": 34,
    "consents": {"email": {"status": "granted", "evidence_text": "I agree to e-mails."}},
    "optouts": [],
    "flags": [],
}


def file_of(**changes: Any):
    return read_message(json.dumps({**CLEAN, **changes}), DAY)


def rows(capsys, monkeypatch, **changes: Any) -> tuple[int, dict[str, dict[str, Any]], str]:
    raw = json.dumps({**CLEAN, **changes})
    monkeypatch.setattr("sys.stdin", io.StringIO(raw))
    code = cli.main(["-"])
    printed = capsys.readouterr()
    found = [json.loads(line) for line in printed.out.splitlines()]
    assert len({row["rule_id"] for row in found}) == len(found)
    return code, {row["rule_id"]: row for row in found}, printed.err


def test_a_clean_message_passes_every_content_rule(capsys, monkeypatch):
    code, found, _ = rows(capsys, monkeypatch)
    assert (code, {row["verdict"] for row in found.values()}) == (0, {"pass"})
    assert set(found) == {rule.id for rule in load_rules() if rule.rule_class == "a"}
    assert found["A-Z16-01"]["evidence"].startswith("not applicable: ")
    assert found["A-DD-02"]["rule_version"] == "1"


def test_a_message_without_a_day_is_judged_by_today_and_told_so(capsys, monkeypatch):
    assert "run.as_of is not given" in rows(capsys, monkeypatch, run={})[2]
    assert "run.as_of" not in rows(capsys, monkeypatch)[2]


def test_a_fixed_text_is_appended_once_and_named(capsys, monkeypatch):
    code, found, _ = rows(capsys, monkeypatch, text=CLEAN["text"].replace("Member FDIC. ", ""))
    row = found["A-FD-01"]
    assert (code, row["verdict"], row["disclosures"]) == (0, "fixed", ["FDIC_MEMBER"])
    assert {name for name, row in found.items() if row["verdict"] != "pass"} == {"A-FD-01"}


def test_one_run_shows_what_is_fixed_beside_what_is_blocked(capsys, monkeypatch):
    code, found, _ = rows(capsys, monkeypatch, text="Save now or never. Profit from it.")
    assert (code, found["A-DD-06"]["verdict"], found["A-FD-01"]["verdict"]) == (1, "blocked", "fixed")


def test_a_short_text_of_an_unnamed_product_is_english(capsys, monkeypatch):
    product = {**SAVINGS, "name": ""}
    text = "Get $200 for opening. Write to P.O. Box 4. As I said."
    _, found, _ = rows(capsys, monkeypatch, text=text, product=product)
    assert {found["A-GEN-08"]["verdict"], found["H-LANG-01"]["verdict"]} == {"pass"}


def test_a_fixed_text_that_can_not_be_filled_blocks_and_says_why(capsys, monkeypatch):
    text = CLEAN["text"].replace(" as of November 2, 2026", "")
    _, found, _ = rows(capsys, monkeypatch, text=text, citations=[])
    row = found["A-DD-02"]
    assert (row["verdict"], row["disclosures"]) == ("blocked", [])
    assert "DD_ASOF needs rate_as_of_date, which no cited source of the product gives" in row["evidence"]
    tiers = {**RATES, "quote": "Below $900: 1.00% APY. From $900: 3.10% APY."}
    _, found, _ = rows(capsys, monkeypatch, product={**SAVINGS, "tiered": True}, citations=[tiers])
    assert "the catalogue has no text DD_TIERS" in found["A-DD-03"]["evidence"]


def test_slots_of_a_fixed_text_come_from_cited_sources():
    sheet = {**RATES, "quote": RATES["quote"] + " Minimum balance to earn the annual percentage yield: $400."}
    judged = judge(file_of(citations=[sheet]).message)
    assert judged.message.sentences[-1].text == "A minimum balance of $400 earns the annual percentage yield."
    assert judged.fixed == {"A-DD-02": ("DD_MINBAL",)}


def test_a_text_message_without_room_for_its_fixed_texts_is_blocked(capsys, monkeypatch):
    text = "Quay Bank: " + "a calm place to save, week by week. " * 8
    code, found, _ = rows(capsys, monkeypatch, text=text, channel="sms", subject=None)
    assert (code, found["H-LEN-01"]["verdict"]) == (1, "blocked")


@pytest.mark.parametrize("attribute", ["rate_type", "maintenance_fee", "time_account"])
def test_a_missing_attribute_blocks_the_rules_that_need_it_by_name(attribute, capsys, monkeypatch):
    product = {name: value for name, value in SAVINGS.items() if name != attribute}
    text = CLEAN["text"].replace("The rate may change after the account is opened. ", "")
    code, found, _ = rows(capsys, monkeypatch, product=product, text=text)
    assert (code, found["A-DD-02"]["verdict"]) == (1, "blocked")
    assert f"product.{attribute}" in found["A-DD-02"]["evidence"]
    assert found["A-CS-01"]["verdict"] == "pass"


def test_an_attribute_that_decides_nothing_may_be_unknown(capsys, monkeypatch):
    product = {name: value for name, value in SAVINGS.items() if name != "rate_type"}
    _, found, _ = rows(capsys, monkeypatch, product=product)
    assert found["A-DD-02"]["verdict"] == "pass"


def test_an_unknown_family_is_blocked_and_unreadable(capsys, monkeypatch):
    code, found, err = rows(capsys, monkeypatch, product={**SAVINGS, "family": "timeshare"})
    assert (code, found["H-IN-01"]["verdict"]) == (2, "blocked")
    assert "timeshare" in err


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("{", "not valid JSON"),
        ("[1]", "JSON list"),
        (json.dumps({**CLEAN, "text": ""}), "text is ''"),
        (json.dumps({**CLEAN, "channel": "fax"}), "channel is 'fax'; expected one of email, sms"),
        (json.dumps({**CLEAN, "product": "savings"}), "product is 'savings'"),
        (json.dumps({**CLEAN, "product": {**SAVINGS, "tiered": "perhaps"}}), "product.tiered is 'perhaps'"),
        (json.dumps({**CLEAN, "offer": {"valid_to": "soon"}}), "offer.valid_to is 'soon'"),
        (json.dumps({**CLEAN, "citations": [{"kind": "rumour", "quote": "x"}]}), "citations[1].kind is 'rumour'"),
        (json.dumps({**CLEAN, "citations": [{"kind": "faq"}]}), "citations[1].quote"),
        (json.dumps({**CLEAN, "claims": ["9% APY"]}), "claims[1] is '9% APY', which does not stand"),
    ],
)
def test_what_can_not_be_read_is_refused_with_one_clear_message(raw, said, tmp_path, capsys):
    path = tmp_path / "message.json"
    path.write_text(raw)
    assert cli.main([str(path)]) == 2
    printed = capsys.readouterr()
    assert (printed.out, said in printed.err) == ("", True)


def test_a_missing_file_is_refused(tmp_path, capsys):
    assert cli.main([str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err


def test_fields_no_rule_reads_are_named(capsys, monkeypatch):
    _, _, err = rows(capsys, monkeypatch, colour="red", product={**SAVINGS, "shape": "round"})
    assert "read by no rule: colour, product.shape" in err


def test_a_family_comes_from_the_catalogue_never_from_the_text():
    with pytest.raises(UnknownFamilyError, match="family is None"):
        file_of(product={})
    with pytest.raises(MessageFileError, match="prescreen"):
        file_of(offer={"prescreen": "maybe"})


def test_products_named_in_a_text_bring_their_rules(capsys, monkeypatch):
    _, found, _ = rows(capsys, monkeypatch, text=CLEAN["text"] + " Ask about our credit card: 0% APR for a year.")
    assert found["A-Z16-02"]["verdict"] == "blocked"
    _, plain, _ = rows(capsys, monkeypatch, text=CLEAN["text"] + " We also have a credit card.")
    assert plain["A-Z16-02"]["verdict"] == "pass"
    assert not plain["A-Z16-02"]["evidence"].startswith("not applicable")


@pytest.mark.parametrize(
    ("citation", "verdict", "said"),
    [
        ({}, "pass", "in their cited quotes"),
        ({"quote": "Quay Savings earns 3.01% annual percentage yield (APY)."}, "blocked", "not in any cited quote"),
        ({"valid_to": "2026-11-04"}, "blocked", "not in force on 2026-11-05"),
        ({"valid_from": "2026-11-06"}, "blocked", "not in force"),
        ({"valid_from": None}, "blocked", "not in force"),
        ({"kind": "faq"}, "blocked", "no source of record"),
        ({"product_ids": ["certificate"]}, "blocked", "not for this product"),
        ({"quote": "Quay Savings earns up to 3.10% annual percentage yield."}, "blocked", "something else"),
        ({"quote": "With direct deposit, Quay Savings earns 3.10% APY."}, "blocked", "another condition"),
    ],
)
def test_a_claim_needs_a_quote_that_says_it_today(citation, verdict, said, capsys, monkeypatch):
    _, found, _ = rows(capsys, monkeypatch, citations=[{**RATES, **citation}])
    assert (found["A-GEN-01"]["verdict"], said in found["A-GEN-01"]["evidence"]) == (verdict, True)


def agreed(wording: str) -> dict[str, str]:
    return {"status": "granted", "evidence_text": wording}


def contact(rule_id: str, changes: dict[str, Any], **message: Any) -> str:
    return CONTACT[rule_id](file_of(customer={**CUSTOMER, **changes}, **message)).verdict


@pytest.mark.parametrize(
    ("rule_id", "changes", "message", "verdict"),
    [
        ("B-01", {}, {}, "pass"),
        ("B-01", {"state": "TX"}, {}, "block"),
        ("B-01", {"held_product_ids": ["savings"]}, {}, "block"),
        ("B-01", {}, {"run": {"as_of": "2027-01-01"}}, "block"),
        ("B-01", {}, {"offer": {}}, "block"),
        ("B-02", {}, {}, "pass"),
        ("B-02", {"consents": {}}, {}, "block"),
        ("B-02", {"consents": {"email": "withdrawn"}}, {}, "block"),
        ("B-02", {"consents": ["email"]}, {}, "pass"),
        ("B-02", {"optouts": ["email"]}, {}, "block"),
        ("B-03", {"consents": {"sms": "granted"}}, {"channel": "sms"}, "block"),
        ("B-03", {"consents": {"sms": {"status": "granted", "evidence_text": "I agree."}}}, {"channel": "sms"}, "pass"),
        ("B-02", {"optouts": ["carrier pigeon"]}, {}, "block"),
        ("B-02", {"optouts": ["do-not-contact"]}, {}, "block"),
        ("B-02", {"optouts": ["sms", "prescreen"]}, {}, "pass"),
        ("B-03", {"consents": {"sms": agreed("Text me fraud alerts.")}}, {"channel": "sms"}, "block"),
        ("B-03", {"consents": {"sms": agreed("Text me alerts and offers.")}}, {"channel": "sms"}, "pass"),
        ("B-03", {"consents": {"sms": agreed("By opening it I agree to texts.")}}, {"channel": "sms"}, "block"),
        ("B-03", {"consents": {"sms": agreed("Not a condition of purchase.")}}, {"channel": "sms"}, "pass"),
        ("B-03", {"consents": {"call": agreed("The box was pre-ticked.")}}, {"channel": "call"}, "block"),
        ("B-04", {"replies": ["Thank you!"]}, {}, "pass"),
        ("B-04", {"replies": ["S.T.O.P"]}, {}, "block"),
        ("B-04", {"replies": ["no más"]}, {}, "block"),
        ("B-04", {"optouts": ["call"]}, {"channel": "sms"}, "block"),
        ("B-05", {"registry_date": "2026-10-20"}, {"channel": "call"}, "pass"),
        ("B-05", {"registry_date": "2026-09-20"}, {"channel": "call"}, "block"),
        ("B-05", {}, {"channel": "call"}, "block"),
        ("B-05", {"registry_date": "2026-10-20", "flags": ["company DNC"]}, {"channel": "call"}, "block"),
        ("B-05", {"registry_date": "2026-10-20", "flags": ["national_dnc"]}, {"channel": "call"}, "block"),
        ("B-05", {"registry_date": "2026-10-20", "flags": ["house do-not-call"]}, {"channel": "call"}, "block"),
        ("B-05", {"registry_date": "2026-10-20", "optouts": ["do not call"]}, {"channel": "sms"}, "block"),
        ("B-05", {"registry_date": "2026-10-20", "flags": ["do_not_contact"]}, {"channel": "sms"}, "block"),
        ("B-06", {}, {"run": TEN_IN_NEW_YORK}, "pass"),
        ("B-06", {}, {"run": {"send_at": "2026-11-06T01:30:00Z"}}, "block"),
        ("B-06", {}, {"run": {"send_at": "2026-11-05T12:30:00Z"}}, "block"),
        ("B-06", TWO_COASTS, {"run": TEN_IN_NEW_YORK}, "block"),
        ("B-06", {"tz_candidates": []}, {"run": TEN_IN_NEW_YORK, "channel": "sms"}, "block"),
        ("B-06", {}, {}, "block"),
        ("B-07", {}, {"offer": {"prescreen": True}}, "block"),
        ("B-07", {}, {"offer": {"prescreen": True, "firm_offer_id": "f"}}, "pass"),
        ("B-07", {"age": 20}, {"offer": {"prescreen": True, "firm_offer_id": "f"}}, "block"),
        ("B-07", {"optouts": ["prescreen"]}, {"offer": {"prescreen": True, "firm_offer_id": "f"}}, "block"),
        ("B-07", {"flags": ["no_prescreening"]}, {"offer": {"prescreen": True, "firm_offer_id": "f"}}, "block"),
        ("B-10", {"age": 17}, {}, "block"),
        ("B-10", {"age": 20}, {}, "pass"),
        ("B-10", {"age": 20}, {"product": {**SAVINGS, "family": "card"}}, "block"),
        ("B-10", {"age": None, "age_gate": True}, {}, "pass"),
        ("B-10", {"age": None}, {}, "block"),
        ("B-11", {"flags": ["hardship"]}, {}, "block"),
        ("B-11", {"flags": {"deceased": False}}, {}, "pass"),
        ("B-11", {"flags": ["open dispute"]}, {}, "block"),
        ("B-11", {"flags": ["likes_sailing"]}, {}, "block"),
        ("B-11", {"flags": ["established_relationship", "national_dnc", "mla"]}, {}, "pass"),
        ("B-12", {"flags": ["is_mla_covered"]}, {"product": {**LOAN, "mapr_percent": 36.9}}, "block"),
        ("B-12", {"flags": ["covered_borrower"]}, {"product": {**LOAN, "mapr_percent": 36.9}}, "block"),
        ("B-12", {"flags": ["covered_borrower"]}, {"product": LOAN}, "pass"),
        ("B-12", {"flags": ["covered_borrower"]}, {"product": {**SAVINGS, "family": "loan"}}, "block"),
        (
            "B-12",
            {"flags": ["scra"]},
            {"text": "Refinance your loan.", "product": LOAN},
            "warn",
        ),
    ],
)  # fmt: skip
def test_contact_rules(rule_id, changes, message, verdict):
    assert contact(rule_id, changes, **message) == verdict


def test_rules_of_a_customer_are_asked_only_of_one(capsys, monkeypatch):
    run = {"as_of": "2026-11-05", "send_at": "2026-11-05T15:00:00Z"}
    code, found, _ = rows(capsys, monkeypatch, customer=CUSTOMER, run=run)
    assert code == 0
    assert {name for name in found if name.startswith("B-")} >= {"B-01", "B-02", "B-04", "B-06", "B-10", "B-11"}


def test_a_contact_rule_that_raises_blocks(capsys, monkeypatch):
    run = {"send_at": "yesterday evening"}
    code, found, _ = rows(capsys, monkeypatch, customer=CUSTOMER, run=run)
    assert (code, found["B-06"]["verdict"], "raised" in found["B-06"]["evidence"]) == (1, "blocked", True)


def test_records_an_auditor_needs():
    run = {"model_digest": "sha256:ab", "corpus_version": "c1"}
    whole = file_of(run=run, customer=CUSTOMER)
    assert {rule_id: check(whole).verdict for rule_id, check in RECORDS.items()} == dict.fromkeys(RECORDS, "pass")
    bare = file_of(citations=[{"quote": RATES["quote"], "kind": "rate_sheet"}], run={"corpus_version": ""})
    assert {rule_id: check(bare).verdict for rule_id, check in RECORDS.items()} == dict.fromkeys(RECORDS, "block")
    assert RECORDS["D-03"](file_of(citations=[])).verdict == "block"


@pytest.mark.parametrize(
    "reply",
    [
        *("STOP", "stop.", "Please stop texting me", "UNSUBSCRIBE", "leave me alone", "take me off your list", "Quit!"),
        *("let us be", "take my number off your list", "Delete this number"),
    ],
)
def test_any_reasonable_wording_is_a_revocation(reply):
    assert is_revocation(reply)


@pytest.mark.parametrize(
    "reply", ["Thanks", "What is the rate?", "Yes please", "Take it from my savings", "I will stop by the branch"]
)
def test_other_replies_are_none(reply):
    assert is_revocation(reply) is None


def test_the_example_of_the_readme_is_what_the_command_prints(capsys, monkeypatch):
    readme = (Path(cli.__file__).parent / "README.md").read_text()
    message, line = re.findall(r"```json\n(.*?)\n```", readme, re.DOTALL)
    monkeypatch.setattr("sys.stdin", io.StringIO(message))
    assert cli.main(["-"]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert line in printed
    blocked = {json.loads(row)["rule_id"] for row in printed if json.loads(row)["verdict"] == "blocked"}
    assert "A-DD-06" in blocked


WORDS = [
    *("$", "5", "%", "3.10%", "$1,000", "4,10", "02/03", "1/1/2026", "36", "0%", ".", "?", ":", "\n", "{link}"),
    *("APR", "APY", "from", "up", "to", "as low as", "intro", "then", "fee", "free", "no", "not", "never", "month"),
    *("payments of", "mortgage", "HELOC", "overdraft", "card", "FDIC", "insured", "bonus", "fund", "guaranteed"),
]


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=14), st.sampled_from(FAMILIES), st.sampled_from(CHANNELS))
@settings(max_examples=60, deadline=None)
def test_no_rule_raises_whatever_the_text(words, family, channel):
    text = " ".join(words)
    if not text.strip():
        return
    whole = {**CLEAN, "text": text, "channel": channel, "product": {**SAVINGS, "family": family}}
    raised = [row for row in cli.rows_of(read_message(json.dumps(whole), DAY)) if "the rule raised" in row["evidence"]]
    assert raised == []
