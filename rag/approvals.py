"""Approvals: what people decided about templates, kept in an append-only file.

Belongs here: reading and appending to `approvals.jsonl`, and what stands on a night. One JSON object a line:
`{"template_id": ..., "status": "approved" | "rejected", "approver": ..., "note": ..., "decided_at": ISO instant,
"after_night": ISO date}`. A decision takes effect on nights after `after_night`, the night whose templates the
person saw; so re-running an old night never sees a later decision. It names a template by its hash: whatever changes
the hash leaves the decision behind, and nothing else does.
"""

import fcntl
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

STATUSES = ("approved", "rejected")
NOBODY = "wordbond"
"""Who stands as approver where no person decided."""


class ApprovalError(ValueError):
    """The file of approvals can't be read, or a decision can't be taken; the message says what to do."""


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
        If a line is no decision, or the lines of a template are not in order of time.
    """
    return [decision for decision in read_all(path) if decision.after_night < as_of_date]


def read_all(path: Path) -> list[Decision]:
    """Return every decision ever taken, in file order; raises like `read_approvals`."""
    return _parse(path.read_text(encoding="utf-8"), path) if path.exists() else []


def _parse(text: str, path: Path) -> list[Decision]:
    decisions: list[Decision] = []
    last: dict[str, Decision] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        decision = _decision(line, path, number)
        before = last.get(decision.template_id)
        if before and (before.after_night > decision.after_night or before.decided_at >= decision.decided_at):
            raise ApprovalError(
                f"{path} line {number}: found a decision of {decision.decided_at} about template "
                f"{decision.template_id} behind one of {before.decided_at}; expected lines in order of time. "
                "Decisions are appended, never edited: put the file back as it was."
            )
        last[decision.template_id] = decision
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
            f"{path} line {number}: found {line[:80]!r}; expected a decision with template_id, status, approver, "
            f"decided_at and after_night ({type(error).__name__}: {error}). Mend or remove the line; until then no "
            "night runs, for nobody knows what it decided."
        ) from error
    if decision.status not in STATUSES or decision.decided_at.tzinfo is None or not decision.approver.strip():
        raise ApprovalError(
            f"{path} line {number}: expected status {' or '.join(STATUSES)}, an approver, and decided_at with its "
            f"zone; found {line[:80]!r}. Mend or remove the line."
        )
    return decision


def append_decision(path: Path, decision: Decision) -> Decision | None:
    """Append a decision to the file.

    Parameters
    ----------
    path : Path
        Made if missing.
    decision : Decision

    Returns
    -------
    Decision or None
        The earlier decision that this one overrules.

    Raises
    ------
    ApprovalError
        If the file is damaged, nobody signs, the same was decided before, or an earlier decision would be overruled
        without a note. The file is then as it was.
    """
    if decision.status not in STATUSES:
        raise ApprovalError(f"A decision is {' or '.join(STATUSES)}; found {decision.status!r}.")
    approver = decision.approver.strip()
    if not approver or approver.casefold() == NOBODY:
        raise ApprovalError(f"BY names nobody (found {decision.approver!r}). Say who decides: BY='R. Vale'.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        before = latest_status(_parse(text, path)).get(decision.template_id)
        _refuse_repetition(decision, before)
        entry = {
            **asdict(decision),
            "decided_at": decision.decided_at.isoformat(),
            "after_night": decision.after_night.isoformat(),
        }
        line = json.dumps(entry, ensure_ascii=False)
        # A last line that somebody left without its end must not swallow this one.
        file.write(("" if not text or text.endswith("\n") else "\n") + line + "\n")
        file.flush()
        os.fsync(file.fileno())
    return before


def _refuse_repetition(decision: Decision, before: Decision | None) -> None:
    if before is None:
        return
    said = f"template {decision.template_id} was {before.status} by {before.approver} on {before.decided_at:%Y-%m-%d}"
    if before.status == decision.status:
        raise ApprovalError(
            f"{said} (note: {before.note or 'none'}); it counts from the night after {before.after_night} on. "
            "There is nothing more to decide."
        )
    if not decision.note.strip():
        raise ApprovalError(f"{said}. To overrule that, say why: NOTE='...'.")


def latest_status(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Return the last decision of each template: the file is append-only, so a later line overrules."""
    return {decision.template_id: decision for decision in decisions}
