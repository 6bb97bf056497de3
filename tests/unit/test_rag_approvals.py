"""Approvals: read line by line, in effect on the next night, the last line counting."""

import json
from datetime import date

import pytest

from rag.approvals import ApprovalError, latest_status, read_approvals


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
    path.write_text("\n".join([line(), line("t2", "rejected"), line("t1", "rejected", "2026-03-11")]))
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
