"""Dispatch: what came between the night and the send keeps a message back, by name; what did not lets it go."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from rag.dispatch import KnownAtDispatch, dispatch
from rag.release import CHECK_COLUMNS, MESSAGE_COLUMNS
from tests.adversarial.quay_bank import SAVINGS_LINE, VARIABLE_LINE, cited, draft, passage, run

DECIDED = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
SEND_AT = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
GRANT = {"customer_id": "c1", "channel": "email", "status": "granted", "evidence_text": "I agree."}


@pytest.fixture(scope="module")
def message() -> dict:
    """One released message of customer c1 by e-mail, to be sent at SEND_AT (11:00 in New York)."""
    lines = (SAVINGS_LINE, VARIABLE_LINE)
    outcome = run(lambda _, found: [draft(found, *(cited(text, passage(found, text)) for text in lines))])
    assert outcome.message["status"] == "released"
    return outcome.message


def consent(status="granted", changed_at=DECIDED - timedelta(days=300), **more):
    return {**GRANT, "status": status, "changed_at": changed_at, **more}


def suppression(reason="opted_out", channel=None, starts_at=None, ends_at=None, customer_id="c1"):
    return {
        "customer_id": customer_id,
        "channel": channel,
        "reason": reason,
        "starts_at": starts_at,
        "ends_at": ends_at,
    }


def sent(message, consents=None, suppressions=(), at=SEND_AT, **customer):
    """The message after dispatch, and the verdict of each check."""
    person = {"customer_id": "c1", "zones": ["America/New_York"], "is_zone_known": True, "opens_at": None}
    known = KnownAtDispatch(
        pd.DataFrame([consent()] if consents is None else consents, columns=list(consent()), dtype=object),
        pd.DataFrame(list(suppressions), columns=list(suppression()), dtype=object),
        pd.DataFrame([{**person, "closes_at": None, **customer}], dtype=object),
    )
    messages, checks = dispatch(pd.DataFrame([message], columns=list(MESSAGE_COLUMNS), dtype=object), known, at)
    assert list(messages.columns) == list(MESSAGE_COLUMNS)
    assert list(checks.columns) == list(CHECK_COLUMNS)
    return messages.iloc[0], {row.rule_id: row.verdict for row in checks.itertuples()}


def test_what_nothing_speaks_against_leaves(message):
    row, checks = sent(message)
    assert (row["status"], row["withheld_reason"], row["body"]) == ("released", None, message["body"])
    assert checks == dict.fromkeys(["B-02", "B-06", "B-11", "H-SEND-01", "H-SEND-02"], "pass")


LATER = [consent(), consent("withdrawn", SEND_AT - MOMENT)]
AGAIN = [*LATER, consent("granted", SEND_AT - timedelta(seconds=0))]


@pytest.mark.parametrize(
    ("consents", "reason"),
    [
        ([], "consent_missing"),
        ([consent(channel="sms")], "consent_missing"),
        ([consent(customer_id="c2")], "consent_missing"),
        ([consent(changed_at=SEND_AT + MOMENT)], "consent_missing"),
        (LATER, "consent_withdrawn"),
        (LATER[::-1], "consent_withdrawn"),
        ([consent(), consent("withdrawn", SEND_AT)], "consent_withdrawn"),
        ([consent("withdrawn", SEND_AT), consent("granted", SEND_AT)], "consent_withdrawn"),
        ([consent("granted", SEND_AT), consent("withdrawn", SEND_AT)], "consent_withdrawn"),
        ([consent(), consent("withdrawn", None)], "consent_withdrawn"),
        ([consent("withdrawn", None), consent()], "consent_withdrawn"),
        ([consent(), consent("withdrawn", SEND_AT.replace(tzinfo=None))], "consent_withdrawn"),
        ([consent(), consent("Withdrawn", DECIDED)], "consent_withdrawn"),
        ([consent(), consent("", DECIDED)], "consent_withdrawn"),
        ([consent(), consent("withdrawn", SEND_AT + MOMENT)], None),
        ([consent(), consent("withdrawn", DECIDED, channel="sms")], None),
        ([consent(), consent("withdrawn", DECIDED, customer_id="c2")], None),
        (AGAIN, None),
        (AGAIN[::-1], None),
    ],
)
def test_the_consent_in_force_at_the_instant_counts(message, consents, reason):
    assert sent(message, consents)[0]["withheld_reason"] == reason


@pytest.mark.parametrize(
    ("added", "reason"),
    [
        (suppression(), "opted_out"),
        (suppression("complaint_pause", starts_at=SEND_AT), "complaint_pause"),
        (suppression("deceased", starts_at=SEND_AT - timedelta(days=9)), "deceased"),
        (suppression(channel="email"), "opted_out"),
        (suppression(channel="branch"), "opted_out"),
        (suppression("hardship_pause", ends_at=SEND_AT + MOMENT), "hardship_pause"),
        (suppression("hardship_pause", ends_at=SEND_AT.replace(tzinfo=None)), "hardship_pause"),
        (suppression("fraud_alert", starts_at="soon"), "fraud_alert"),
        (suppression("complaint_pause", starts_at=SEND_AT + MOMENT), None),
        (suppression("hardship_pause", ends_at=SEND_AT), None),
        (suppression(channel="sms"), None),
        (suppression(customer_id="c2"), None),
    ],
)
def test_a_suppression_in_force_at_the_instant_counts(message, added, reason):
    row, checks = sent(message, suppressions=[added])
    assert row["withheld_reason"] == reason
    assert row["status"] == ("withheld" if reason else "released")
    assert checks["B-11"] == ("blocked" if reason else "pass")


def test_of_several_reasons_every_one_is_in_the_evidence_and_one_names_the_refusal(message):
    found = [suppression("opted_out"), suppression("complaint_pause")]
    row, _ = sent(message, [consent("withdrawn")], found)
    assert row["withheld_reason"] == "complaint_pause"


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (SEND_AT - MOMENT, "too_early"),
        (SEND_AT, None),
        (datetime(2026, 3, 10, 23, 59, 59, tzinfo=UTC), None),
        (datetime(2026, 3, 11, 0, 0, tzinfo=UTC), "quiet_hours"),
        (datetime(2026, 3, 11, 4, 0, tzinfo=UTC), "quiet_hours"),
        (datetime(2026, 3, 11, 15, 0, tzinfo=UTC), "expired"),
    ],
)
def test_a_late_send_is_judged_by_the_clock_it_leaves_at(message, at, reason):
    assert sent(message, at=at)[0]["withheld_reason"] == reason


@pytest.mark.parametrize(
    ("customer", "reason"),
    [
        ({"zones": ["America/New_York", "Pacific/Honolulu"]}, "quiet_hours"),
        ({"zones": []}, "time_zone_unknown"),
        ({"customer_id": "c2"}, "time_zone_unknown"),
        ({"zones": 7}, "rule_raised"),
    ],
)
def test_the_window_holds_in_every_zone_that_may_be_the_customers(message, customer, reason):
    assert sent(message, **customer)[0]["withheld_reason"] == reason


@pytest.mark.parametrize("name", ["subject", "body"])
def test_a_text_changed_after_its_release_does_not_leave(message, name):
    row, checks = sent({**message, name: message[name] + " Guaranteed."})
    assert (row["withheld_reason"], checks["H-SEND-02"]) == ("text_changed", "blocked")


def test_what_was_withheld_at_night_stays_as_it_was(message):
    withheld = {**message, "status": "withheld", "withheld_reason": "already_held"}
    row, checks = sent(withheld, [])
    assert (row["status"], row["withheld_reason"], checks) == ("withheld", "already_held", {})


def test_a_text_message_needs_its_wording(message):
    by_sms = {**message, "channel": "sms"}
    assert sent(by_sms, [consent(channel="sms", evidence_text=" ")])[0]["withheld_reason"] == "consent_without_evidence"
    assert sent(by_sms, [consent(channel="sms")])[0]["withheld_reason"] is None


def test_an_instant_without_a_zone_is_refused(message):
    with pytest.raises(ValueError, match="with its zone"):
        sent(message, at=SEND_AT.replace(tzinfo=None))
