"""Release: a message per send, rendered alike every time, withheld by name when anything speaks against it."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, time

import numpy as np
import pandas as pd
import pytest

from rag.briefs import enumerate_briefs
from rag.release import CHECK_COLUMNS, MESSAGE_COLUMNS, ReleaseInputs, ReleaseSettings, render_messages
from rag.template_types import Template
from tests.adversarial.quay_bank import CATALOGUE, NIGHT, SAVINGS_LINE, VARIABLE_LINE, cited, draft, passage, run

BRIEFS = enumerate_briefs(CATALOGUE)
BRIEF = BRIEFS[(BRIEFS["product_id"] == "savings") & (BRIEFS["intent"] == 1) & (BRIEFS["intensity"] == "medium")].iloc[
    0
]


@pytest.fixture(scope="module")
def template() -> Template:
    outcome = run(
        lambda _, retrieved: [
            draft(retrieved, *(cited(text, passage(retrieved, text)) for text in (SAVINGS_LINE, VARIABLE_LINE)))
        ]
    )
    return next(iter(outcome.batch.in_use.values()))


def inputs(template, rows=1, decision=None, customer=None, consent=None, suppression=None, status="automatic", **more):
    """Release inputs of some customers alike; None in `consent` = no record."""
    customers = [f"c{number:05d}" for number in range(rows)]
    base = {
        "product_id": "savings",
        "product_version": "v1",
        "channel": "email",
        "intent": 1,
        "intensity": "medium",
        "send_at": datetime(2026, 3, 10, 15, 0, tzinfo=UTC),
        "timezone": "America/New_York",
        **(decision or {}),
    }
    person = {
        "first_name": "Ana",
        "state": "US-NY",
        "held_product_ids": ["checking"],
        "zones": ["America/New_York"],
        "is_zone_known": True,
        "opens_at": time(8),
        "closes_at": time(20),
        **(customer or {}),
    }
    agreed = {"channel": base["channel"], "status": "granted", "evidence_text": "I agree.", **(consent or {})}
    return ReleaseInputs(
        decisions=pd.DataFrame(
            [{"decision_id": f"d-{name}", "customer_id": name, **base} for name in customers], dtype=object
        ),
        briefs=BRIEFS,
        brief_templates=pd.DataFrame(
            [
                {
                    "brief_id": BRIEF["brief_id"],
                    "template_id": template.template_id if template else None,
                    "abstain_reason": None if template else "writer_timeout",
                }
            ],
            dtype=object,
        ),
        templates={template.template_id: template} if template else {},
        statuses={template.template_id: status} if template else {},
        customers=pd.DataFrame([{"customer_id": name, **person} for name in customers], dtype=object),
        products=more.pop("products", CATALOGUE),
        consents=pd.DataFrame(
            [] if consent is False else [{"customer_id": name, **agreed} for name in customers],
            columns=["customer_id", "channel", "status", "evidence_text"],
            dtype=object,
        ),
        suppressions=pd.DataFrame(
            [{"customer_id": name, "channel": base["channel"], "reason": suppression} for name in customers]
            if suppression
            else [],
            columns=["customer_id", "channel", "reason"],
            dtype=object,
        ),
        as_of_date=NIGHT,
        **more,
    )


def only(template, **changes):
    messages, checks = render_messages(inputs(template, **changes))
    assert list(messages.columns) == list(MESSAGE_COLUMNS)
    assert list(checks.columns) == list(CHECK_COLUMNS)
    return messages.iloc[0], {row.rule_id: row.verdict for row in checks.itertuples()}


def test_a_message_is_rendered_and_released(template):
    message, checks = only(template)
    assert (message["status"], message["withheld_reason"]) == ("released", None)
    assert message["body"].startswith("Hi Ana,\n\n")
    assert "3.10% annual percentage yield (APY) as of March 10, 2026" in message["body"]
    assert "https://harborbank.example/savings" in message["body"]
    assert json.loads(message["slots"])["first_name"] == "Ana"
    assert message["message_id"] == hashlib.md5(f"d-c00000|{template.template_id}".encode()).hexdigest()
    assert message["content_hash"] == hashlib.sha256((message["subject"] + message["body"]).encode()).hexdigest()
    assert checks == dict.fromkeys(["B-01", "B-02", "B-06", "B-11", "H-SLOT-01", "H-TPL-01", "H-XCUST-01"], "pass")


def test_it_expires_with_the_customers_day(template):
    message, _ = only(template)
    assert message["expires_at"] == datetime(2026, 3, 11, 4, 0, tzinfo=UTC)
    far = {"timezone": "Pacific/Honolulu", "send_at": datetime(2026, 3, 10, 19, 0, tzinfo=UTC)}
    message, _ = only(template, decision=far, customer={"zones": ["Pacific/Honolulu"]})
    assert message["expires_at"] == datetime(2026, 3, 11, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "reason", "rule"),
    [
        ({"consent": False}, "consent_missing", "B-02"),
        ({"consent": {"status": "withdrawn"}}, "consent_withdrawn", "B-02"),
        ({"suppression": "opted_out"}, "opted_out", "B-11"),
        ({"suppression": "complaint_pause"}, "complaint_pause", "B-11"),
        ({"customer": {"held_product_ids": ["savings"]}}, "already_held", "B-01"),
        ({"decision": {"product_version": "v0"}}, "no_template", "B-01"),
        ({"status": "pending"}, "template_not_approved", "H-TPL-01"),
        ({"status": "rejected"}, "template_not_approved", "H-TPL-01"),
        ({"decision": {"send_at": datetime(2026, 3, 11, 0, 30, tzinfo=UTC)}}, "quiet_hours", "B-06"),
        ({"decision": {"send_at": datetime(2026, 3, 10, 11, 59, tzinfo=UTC)}}, "quiet_hours", "B-06"),
        ({"customer": {"zones": ["America/New_York", "Pacific/Honolulu"]}}, "quiet_hours", "B-06"),
        ({"customer": {"zones": []}}, "time_zone_unknown", "B-06"),
        ({"customer": {"zones": ["Mars/Base"]}}, "quiet_hours", "B-06"),
        ({"customer": {"opens_at": time(12)}}, "quiet_hours", "B-06"),
        ({"settings": ReleaseSettings(link_base="https://evil.example/")}, "slot_unverified", "H-SLOT-01"),
        ({"settings": ReleaseSettings(link_base="http://harborbank.example/")}, "slot_unverified", "H-SLOT-01"),
    ],
)
def test_what_speaks_against_a_message_withholds_it_by_name(template, changes, reason, rule):
    message, checks = only(template, **changes)
    assert (message["status"], message["withheld_reason"]) == ("withheld", reason)
    assert checks[rule] == "blocked"


def with_product(**attributes):
    frame = CATALOGUE.copy()
    for name, value in attributes.items():
        frame[name] = pd.Series([value] * len(frame), dtype=object)
    return frame


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"valid_to_inclusive": date(2026, 3, 9)}, "offer_not_live"),
        ({"valid_from": date(2026, 3, 11)}, "offer_not_live"),
        ({"states": ["US-CA"]}, "state_not_served"),
        ({"channels": ["sms"]}, "channel_not_offered"),
        ({"valid_to_inclusive": date(2026, 3, 10)}, None),
        ({"valid_to_inclusive": None}, None),
        ({"states": ["US-NY", "US-CA"]}, None),
    ],
)
def test_the_offer_is_checked_on_the_day_of_sending(template, attributes, reason):
    message, _ = only(template, products=with_product(**attributes))
    assert message["withheld_reason"] == reason


def test_an_unknown_state_gets_no_offer_of_named_states(template):
    message, _ = only(template, products=with_product(states=["US-NY"]), customer={"state": None})
    assert message["withheld_reason"] == "state_not_served"


def test_without_a_template_the_message_is_withheld_and_says_why():
    messages, checks = render_messages(inputs(None))
    row = messages.iloc[0]
    assert (row["status"], row["withheld_reason"], row["body"]) == ("withheld", "no_template", None)
    assert checks.set_index("rule_id").loc["H-TPL-01", "evidence"] == "writer_timeout"


@pytest.mark.parametrize("name", ["Ana; add: guaranteed approval", "", None, "{link}", "null"])
def test_a_name_that_cannot_be_shown_gives_a_neutral_greeting(template, name):
    message, _ = only(template, customer={"first_name": name})
    assert message["status"] == "released"
    assert message["body"].startswith("Hi,\n\n")
    assert "guaranteed" not in message["body"]


def test_a_name_that_makes_a_text_too_long_is_left_out(template):
    room = 306 - len("https://harborbank.example/savings") + len("{link}") + len("{first_name}") - len("Ana")
    body = "Hi {first_name}. " + "x" * (room - len("Hi {first_name}. ") - len(" {link}")) + " {link}"
    fits = replace(template, subject=None, body=body)
    sms = {"decision": {"channel": "sms"}, "products": with_product(channels=["sms"])}

    def rendered(text, name):
        base = inputs(replace(fits, body=text), customer={"first_name": name}, **sms)
        return render_messages(replace(base, briefs=BRIEFS.assign(channel="sms")))[0].iloc[0]

    assert (len(rendered(body, "Ana")["body"]), rendered(body, "Ana")["status"]) == (306, "released")
    longer = rendered(body, "Anabella")
    assert (longer["status"], longer["body"].startswith("Hi. ")) == ("released", True)
    assert rendered(body + "x" * 8, "Ana")["withheld_reason"] == "slot_unverified"


def test_a_text_message_needs_the_wording_agreed_to(template):
    sms = {"decision": {"channel": "sms"}}
    briefs = BRIEFS.assign(channel="sms")
    base = inputs(template, consent={"evidence_text": " "}, products=with_product(channels=["sms"]), **sms)
    messages, checks = render_messages(replace(base, briefs=briefs))
    assert messages.iloc[0]["withheld_reason"] == "consent_without_evidence"
    assert checks.set_index("rule_id").loc["B-03", "verdict"] == "blocked"


def test_a_check_that_raises_withholds(template):
    message, checks = only(template, customer={"opens_at": "eight"})
    assert (message["status"], message["withheld_reason"], checks["B-06"]) == ("withheld", "rule_raised", "blocked")


def test_an_unproven_template_is_never_released(template):
    rows = (replace(template.citations[0], verdict="unsupported"), *template.citations[1:])
    message, _ = only(replace(template, citations=rows))
    assert message["withheld_reason"] == "template_not_proven"
    message, _ = only(replace(template, citations=()))
    assert message["withheld_reason"] == "template_not_proven"
    blocked = (replace(template.checks[0], verdict="blocked"), *template.checks[1:])
    message, _ = only(replace(template, checks=blocked))
    assert message["withheld_reason"] == "template_not_proven"


def test_an_open_slot_withholds(template):
    message, _ = only(replace(template, body=template.body + " {mystery}"))
    assert message["withheld_reason"] == "slot_unverified"


def test_an_offer_without_an_end_has_no_end_to_show(template):
    ends = replace(template, body=template.body + " Ends {offer_end_date}.")
    message, _ = only(ends)
    assert "Ends December 31, 2026." in message["body"]
    message, _ = only(ends, products=with_product(valid_to_inclusive=None))
    assert message["withheld_reason"] == "slot_unverified"


def test_many_messages_are_ordered_unique_and_equal_twice(template):
    first, first_checks = render_messages(inputs(template, rows=500))
    second, second_checks = render_messages(inputs(template, rows=500))
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(first_checks, second_checks)
    assert first["message_id"].is_unique
    assert first["message_id"].is_monotonic_increasing
    assert len(first_checks) == 7 * 500
    assert np.array_equal(first["status"].unique(), ["released"])
