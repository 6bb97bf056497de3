"""The dbt tests themselves: unit tests of models hold, and every identity's test finds a planted violation.

What belongs here: what dbt cannot say of its own tests. The identities are written once, in dbt_project/tests;
here each is run on a real night (no finding) and on the same night with one thing broken (a finding).
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from dagster_pipeline.dbt import WORKING_FILE_VARIABLE
from dagster_pipeline.home import DBT_PROJECT_DIR

IDENTITIES = sorted(path.stem for path in (DBT_PROJECT_DIR / "tests").glob("assert_*.sql"))

A_SEND = "decision_id = (select min(decision_id) from marts.fct_offer_decisions where outcome = 'send')"
A_HOLD = "decision_id = (select min(decision_id) from marts.fct_offer_decisions where outcome = 'hold')"
A_RELEASED = "message_id = (select min(message_id) from marts.fct_messages where status = 'released')"
ITS_TEMPLATE = f"template_id = (select template_id from marts.fct_messages where {A_RELEASED})"
ONE_CITATION = (
    "(template_id, sentence_number, claim_number) = (select min((template_id, sentence_number, claim_number)) "
    "from marts.fct_message_citations where quote is not null)"
)
A_CANDIDATE = (
    "(customer_id, product_id, channel) = (select min((customer_id, product_id, channel)) "
    "from marts.fct_offer_candidates where dropped_at_step = 'eligibility')"
)

# (identity, what is broken, how)
PLANTED = [
    ("assert_one_decision_per_customer", "decision lost", f"delete from marts.fct_offer_decisions where {A_HOLD}"),
    (
        "assert_one_decision_per_customer",
        "decision doubled",
        f"insert into marts.fct_offer_decisions from marts.fct_offer_decisions where {A_HOLD}",
    ),
    (
        "assert_one_decision_per_customer",
        "stranger decided",
        f"update marts.fct_offer_decisions set customer_id = 'nobody' where {A_HOLD}",
    ),
    (
        "assert_every_hold_has_a_reason",
        "reason lost",
        f"update marts.fct_offer_decisions set hold_reason = null where {A_HOLD}",
    ),
    (
        "assert_every_hold_has_a_reason",
        "send without instant",
        f"update marts.fct_offer_decisions set send_at = null where {A_SEND}",
    ),
    (
        "assert_every_hold_has_a_reason",
        "holdout sent to",
        f"update marts.fct_offer_decisions set arm = 'holdout' where {A_SEND}",
    ),
    (
        "assert_funnel_adds_up",
        "one dropped too many",
        "update marts.rpt_decision_funnel set dropped = dropped + 1 where step = 'consent'",
    ),
    (
        "assert_funnel_adds_up",
        "one lost between steps",
        "update marts.rpt_decision_funnel set candidates_in = candidates_in - 1, candidates_out = candidates_out - 1 "
        "where step = 'consent'",
    ),
    (
        "assert_funnel_matches_candidates",
        "candidate lost",
        f"delete from marts.fct_offer_candidates where {A_CANDIDATE}",
    ),
    (
        "assert_funnel_matches_candidates",
        "candidate moved to another step",
        f"update marts.fct_offer_candidates set dropped_at_step = 'consent' where {A_CANDIDATE}",
    ),
    (
        "assert_sends_are_inside_every_window",
        "sent at night",
        f"update marts.fct_offer_decisions set send_at = send_at + interval 13 hours where {A_SEND}",
    ),
    (
        "assert_sends_are_inside_every_window",
        "sent a day late",
        f"update marts.fct_offer_decisions set send_at = send_at + interval 24 hours where {A_SEND}",
    ),
    (
        "assert_sends_are_inside_every_window",
        "another slot named",
        f"update marts.fct_offer_decisions set send_slot = (send_slot + 1) % 4 where {A_SEND}",
    ),
    (
        "assert_sends_are_inside_every_window",
        "state closes earlier",
        "update seeds.policy_quiet_hours set closes_at = time '08:00:01' where state = 'all'",
    ),
    (
        "assert_arms_cover_every_bucket",
        "gap between arms",
        "update seeds.policy_experiment_arms set bucket_until = bucket_until - 1 where arm = 'random'",
    ),
    (
        "assert_arms_cover_every_bucket",
        "two experiments",
        "update seeds.policy_experiment_arms set experiment_id = 'other' where arm = 'random'",
    ),
    (
        "assert_policy_is_complete",
        "no threshold in force",
        "update seeds.policy_thresholds set effective_to = date '1990-01-02' where name = 'minimum_priority'",
    ),
    (
        "assert_policy_is_complete",
        "no rule for the deceased",
        "delete from seeds.policy_suppression_rules where event_type = 'deceased'",
    ),
    ("assert_sends_equal_messages", "message lost", f"delete from marts.fct_messages where {A_RELEASED}"),
    (
        "assert_sends_equal_messages",
        "two messages of one send",
        f"insert into marts.fct_messages from marts.fct_messages where {A_RELEASED}",
    ),
    (
        "assert_sends_equal_messages",
        "message on another channel",
        f"update marts.fct_messages set channel = 'mail' where {A_RELEASED}",
    ),
    (
        "assert_released_messages_are_proved",
        "template not approved",
        f"update marts.fct_template_approvals set status = 'pending' where {ITS_TEMPLATE}",
    ),
    (
        "assert_released_messages_are_proved",
        "no citation",
        f"delete from marts.fct_message_citations where {ITS_TEMPLATE}",
    ),
    (
        "assert_released_messages_are_proved",
        "unsupported claim",
        f"update marts.fct_message_citations set verdict = 'unsupported' where {ITS_TEMPLATE}",
    ),
    (
        "assert_released_messages_are_proved",
        "rule blocked the template",
        f"update marts.fct_message_checks set verdict = 'blocked' where {ITS_TEMPLATE} and message_id is null",
    ),
    (
        "assert_released_messages_are_proved",
        "rule blocked the message",
        f"update marts.fct_message_checks set verdict = 'blocked' where {A_RELEASED}",
    ),
    (
        "assert_released_messages_are_proved",
        "withheld without a reason",
        f"update marts.fct_messages set status = 'withheld' where {A_RELEASED}",
    ),
    (
        "assert_quotes_stand_in_valid_documents",
        "quote shifted by one",
        f"update marts.fct_message_citations set quote_start = quote_start + 1 where {ONE_CITATION}",
    ),
    (
        "assert_quotes_stand_in_valid_documents",
        "one digit changed",
        f"update marts.fct_message_citations set quote = quote || '9' where {ONE_CITATION}",
    ),
    (
        "assert_quotes_stand_in_valid_documents",
        "document unknown",
        f"update marts.fct_message_citations set doc_version = 'never' where {ONE_CITATION}",
    ),
    (
        "assert_quotes_stand_in_valid_documents",
        "document over before the send date",
        f"update marts.fct_message_citations set doc_valid_to = date '2000-01-01' where {ITS_TEMPLATE}",
    ),
    (
        "assert_released_texts_hold_no_slot",
        "slot in the body",
        f"update marts.fct_messages set body = body || ' {{first_name}}' where {A_RELEASED}",
    ),
    (
        "assert_released_texts_hold_no_slot",
        "slot in the subject",
        f"update marts.fct_messages set subject = '{{{{product_name}}}}' where {A_RELEASED}",
    ),
    (
        "assert_trace_rebuilds_every_message",
        "text changed after rendering",
        f"update marts.fct_messages set body = body || '.' where {A_RELEASED}",
    ),
    (
        "assert_trace_rebuilds_every_message",
        "features lost",
        "delete from marts.audit_send_features where customer_id = "
        f"(select customer_id from marts.fct_messages where {A_RELEASED})",
    ),
    (
        "assert_trace_rebuilds_every_message",
        "consent lost",
        f"delete from raw.consents where customer_id = (select customer_id from marts.fct_messages where {A_RELEASED})",
    ),
    (
        "assert_trace_rebuilds_every_message",
        "candidates lost",
        "delete from marts.fct_offer_candidates",
    ),
]


@pytest.fixture(scope="module")
def night(tiny_home, tmp_path_factory) -> tuple[Path, str]:
    """A copy of a real night's working file, and its as_of_date."""
    file = tmp_path_factory.mktemp("dbt_tests") / "working.duckdb"
    shutil.copy(tiny_home.working_file, file)
    with duckdb.connect(str(file), read_only=True) as con:
        row = con.execute("select cast(max(as_of_date) as varchar) from marts.fct_offer_decisions").fetchone()
    assert row is not None
    return file, row[0]


def run_dbt(night: tuple[Path, str], *arguments: str) -> Path:
    """Run one dbt command on the copied night and return its target folder."""
    file, as_of_date = night
    target = file.parent / "target"
    command = [
        str(Path(sys.executable).parent / "dbt"),
        *arguments,
        "--project-dir",
        str(DBT_PROJECT_DIR),
        "--profiles-dir",
        str(DBT_PROJECT_DIR),
        "--target-path",
        str(target),
        "--log-path",
        str(target / "logs"),
        "--vars",
        json.dumps({"as_of_date": as_of_date, "run_id": "test"}),
    ]
    finished = subprocess.run(
        command, env=os.environ | {WORKING_FILE_VARIABLE: str(file)}, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout[-5000:]
    return target


@pytest.fixture(scope="module")
def compiled(night) -> dict[str, str]:
    """SQL of every identity's test as dbt compiles it for that night."""
    target = run_dbt(night, "compile", "--select", "test_type:singular")
    return {name: (target / "compiled" / "wordbond" / "tests" / f"{name}.sql").read_text() for name in IDENTITIES}


@pytest.fixture
def con(night):
    """Connection to the copied night; whatever a test changes is undone."""
    with duckdb.connect(str(night[0])) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("begin transaction")
        yield connection
        connection.execute("rollback")


def test_every_identity_has_a_planted_violation():
    assert {identity for identity, _, _ in PLANTED} == set(IDENTITIES)


@pytest.mark.parametrize("identity", IDENTITIES)
def test_identity_holds_on_a_real_night(identity, compiled, con):
    assert con.execute(compiled[identity]).fetchall() == []


@pytest.mark.parametrize(("identity", "what", "sql"), PLANTED, ids=[f"{name}-{what}" for name, what, _ in PLANTED])
def test_identity_finds_what_is_broken(identity, what, sql, compiled, con):
    changed = con.execute(sql).fetchall()[0][0]
    assert changed > 0, f"nothing to break for: {what}"

    assert con.execute(compiled[identity]).fetchall() != []
