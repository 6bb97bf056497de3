"""Approvals: read line by line, in effect on the next night, the last line counting; appended, never edited."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.approvals import NOBODY, ApprovalError, Decision, append_decision, latest_status, read_all, read_approvals

AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
APPROVED = Decision("t1", "approved", "R. Vale", "fine", AT, date(2026, 3, 9))
LATER = replace(APPROVED, decided_at=AT + timedelta(hours=1))


def line(template_id="t1", status="approved", after_night="2026-03-09", **more):
    return json.dumps(
        {
            "template_id": template_id,
            "status": status,
            "approver": "R. Vale",
            "note": "fine",
            "decided_at": "2026-03-10T09:00:00+00:00",
            "after_night": after_night,
            **more,
        }
    )


def test_no_file_is_no_decision(tmp_path):
    assert read_approvals(tmp_path / "approvals.jsonl", date(2026, 3, 10)) == []


def test_a_decision_counts_from_the_next_night_on(tmp_path):
    path = tmp_path / "approvals.jsonl"
    path.write_text(line() + "\n\n")
    assert read_approvals(path, date(2026, 3, 9)) == []
    (decision,) = read_approvals(path, date(2026, 3, 10))
    assert (decision.template_id, decision.status, decision.approver) == ("t1", "approved", "R. Vale")


def test_the_last_line_overrules(tmp_path):
    path = tmp_path / "approvals.jsonl"
    path.write_text(
        "\n".join(
            [
                line(),
                line("t2", "rejected"),
                line("t1", "rejected", "2026-03-11", decided_at="2026-03-12T09:00:00+00:00"),
            ]
        )
    )
    assert latest_status(read_approvals(path, date(2026, 3, 11)))["t1"].status == "approved"
    assert latest_status(read_approvals(path, date(2026, 3, 12)))["t1"].status == "rejected"
    assert latest_status(read_approvals(path, date(2026, 3, 12)))["t2"].status == "rejected"


@pytest.mark.parametrize(
    "bad",
    [
        "not json",
        "[]",
        "{}",
        line(status="maybe"),
        line(decided_at="2026-03-10T09:00:00"),
        line(decided_at="yesterday"),
        line(approver=" "),
        line(after_night="soon"),
    ],
)
def test_a_line_that_is_no_decision_is_named(tmp_path, bad):
    path = tmp_path / "approvals.jsonl"
    path.write_text(line() + "\n" + bad + "\n")
    with pytest.raises(ApprovalError, match="line 2"):
        read_approvals(path, date(2026, 3, 12))


@pytest.mark.parametrize(
    "second",
    [
        line(status="rejected"),
        line(status="rejected", decided_at="2026-03-10T08:59:59+00:00"),
        line(status="rejected", decided_at="2026-03-11T09:00:00+00:00", after_night="2026-03-08"),
    ],
)
def test_lines_out_of_order_are_named(tmp_path, second):
    path = tmp_path / "approvals.jsonl"
    path.write_text(f"{line()}\n{line('t2')}\n{second}\n")
    with pytest.raises(ApprovalError, match=r"line 3.*order of time"):
        read_approvals(path, date(2026, 3, 12))


def test_what_is_appended_reads_back(tmp_path):
    path = tmp_path / "home" / "approvals.jsonl"
    assert append_decision(path, APPROVED) is None
    assert append_decision(path, replace(APPROVED, template_id="t2", note="")) is None
    assert read_all(path) == [APPROVED, replace(APPROVED, template_id="t2", note="")]


def test_an_overruling_says_what_it_overrules_and_must_say_why(tmp_path):
    path = tmp_path / "approvals.jsonl"
    append_decision(path, APPROVED)
    before = path.read_bytes()
    with pytest.raises(ApprovalError, match=r"approved by R\. Vale on 2026-03-10.*say why: NOTE="):
        append_decision(path, replace(LATER, status="rejected", note="  "))
    assert path.read_bytes() == before
    assert append_decision(path, replace(LATER, status="rejected", note="too long")) == APPROVED
    assert latest_status(read_all(path))["t1"].status == "rejected"
    assert path.read_bytes().startswith(before)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (LATER, r"approved by R\. Vale.*nothing more to decide"),
        (replace(LATER, approver="K. Moor"), "nothing more to decide"),
        (replace(LATER, template_id="t2", status="maybe"), "approved or rejected; found 'maybe'"),
        (replace(LATER, template_id="t2", approver=" "), "BY names nobody"),
        (replace(LATER, template_id="t2", approver="Wordbond"), "BY names nobody"),
    ],
)
def test_what_is_no_new_decision_changes_nothing(tmp_path, bad, words):
    path = tmp_path / "approvals.jsonl"
    append_decision(path, APPROVED)
    before = path.read_bytes()
    with pytest.raises(ApprovalError, match=words):
        append_decision(path, bad)
    assert path.read_bytes() == before


def test_nothing_is_appended_to_a_damaged_file(tmp_path):
    path = tmp_path / "approvals.jsonl"
    path.write_text(line() + "\n" + '{"template_id": "t2", "stat')
    before = path.read_bytes()
    with pytest.raises(ApprovalError, match="line 2"):
        append_decision(path, replace(APPROVED, template_id="t3"))
    assert path.read_bytes() == before


def test_a_last_line_without_its_end_is_kept(tmp_path):
    path = tmp_path / "approvals.jsonl"
    path.write_text(line())
    append_decision(path, replace(APPROVED, template_id="t2"))
    assert [decision.template_id for decision in read_all(path)] == ["t1", "t2"]


def is_a_name(text):
    return text.strip().casefold() not in ("", NOBODY)


@given(note=st.text(st.characters(exclude_categories=["Cs"])), approver=st.text(min_size=1).filter(is_a_name))
def test_any_note_and_any_name_survive_the_file(tmp_path_factory, note, approver):
    made = replace(APPROVED, note=note, approver=approver.encode("utf-8", "replace").decode())
    path = tmp_path_factory.mktemp("home") / "approvals.jsonl"
    append_decision(path, made)
    append_decision(path, replace(made, template_id="t2"))
    assert read_all(path) == [made, replace(made, template_id="t2")]


def _append_own(path, number):
    append_decision(path, replace(APPROVED, template_id=f"t{number}", note="n" * 5000))


def test_two_people_at_once_lose_nothing(tmp_path):
    path = tmp_path / "approvals.jsonl"
    with get_context("forkserver").Pool(4) as pool:  # a fork of a process with threads can hang
        pool.starmap(_append_own, [(path, number) for number in range(40)])
    assert sorted(decision.template_id for decision in read_all(path)) == sorted(f"t{number}" for number in range(40))
