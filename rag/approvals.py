"""Approvals: what people decided about templates, read from an append-only file.

Belongs here: reading `approvals.jsonl` and the status of a template on a night. One JSON object a line:
`{"template_id": ..., "status": "approved" | "rejected", "approver": ..., "note": ..., "decided_at": ISO instant,
"after_night": ISO date}`. A decision takes effect on nights after `after_night`, the night whose templates the
person saw; so re-running an old night never sees a later decision.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

STATUSES = ("approved", "rejected")


class ApprovalError(ValueError):
    """The file of approvals can't be read; the message names the line."""


@dataclass(frozen=True)
class Decision:
    """One decision of a person about one template."""

    template_id: str
    status: str
    approver: str
    note: str
    decided_at: datetime
    after_night: date


def read_approvals(path: Path, as_of_date: date) -> list[Decision]:
    """Return the decisions in effect on a night, in file order.

    Parameters
    ----------
    path : Path
        A missing file means no decisions.
    as_of_date : date
        The night; decisions of this night or later are left out.

    Returns
    -------
    list of Decision

    Raises
    ------
    ApprovalError
        If a line is no decision.
    """
    if not path.exists():
        return []
    decisions = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            decision = _decision(line, path, number)
            if decision.after_night < as_of_date:
                decisions.append(decision)
    return decisions


def _decision(line: str, path: Path, number: int) -> Decision:
    try:
        entry = json.loads(line)
        decision = Decision(
            template_id=str(entry["template_id"]),
            status=str(entry["status"]),
            approver=str(entry["approver"]),
            note=str(entry.get("note", "")),
            decided_at=datetime.fromisoformat(entry["decided_at"]),
            after_night=date.fromisoformat(entry["after_night"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ApprovalError(
            f"{path.name} line {number}: found {line[:80]!r}; expected a decision with template_id, status, approver, "
            f"decided_at and after_night ({error}). Mend or remove the line."
        ) from error
    if decision.status not in STATUSES or decision.decided_at.tzinfo is None or not decision.approver.strip():
        raise ApprovalError(
            f"{path.name} line {number}: expected status {' or '.join(STATUSES)}, an approver, and decided_at with its "
            f"zone; found {line[:80]!r}."
        )
    return decision


def latest_status(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Return the last decision of each template: the file is append-only, so a later line overrules."""
    return {decision.template_id: decision for decision in decisions}
