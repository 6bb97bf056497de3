"""`python -m rag.compliance MESSAGE.json`: one JSON line a rule for a message that somebody else wrote.

Belongs here: arguments, output, exit codes. Reading the message belongs to `message_file`, judging to the engine.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.compliance import contact_rules, record_rules
from rag.compliance.engine import VERDICTS, load_rules, rules_in_force
from rag.compliance.mending import Judgement, judge
from rag.compliance.message_file import MessageFile, MessageFileError, UnknownFamilyError, read_message
from rag.compliance.model import BLOCK, PASS, Finding, Rule

NOT_APPLICABLE = "not applicable: "
"""How the evidence of a rule begins that was asked and has nothing to say of the message; its verdict is 'pass'."""

MAY_BE_SENT, BLOCKED, UNREADABLE = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Judge one message and print a JSON line a rule.

    Parameters
    ----------
    arguments : list of str, optional
        As on the command line: the path of the message, or '-' for standard input.

    Returns
    -------
    int
        0 = it may be sent (with the fixed texts named), 1 = a rule blocks, 2 = the message can't be read.
    """
    parser = argparse.ArgumentParser(
        prog="python -m rag.compliance",
        description="Check one message against every rule in force; a JSON line a rule: rule_id, verdict, evidence.",
    )
    parser.add_argument("message", help="JSON file of the message (see rag/compliance/README.md), - for stdin")
    path = parser.parse_args(arguments).message
    try:
        today = datetime.now(UTC).date()
        file = read_message(_raw(path), today)
        _refuse_lawless_day(file)
    except UnknownFamilyError as error:
        print(json.dumps(_row("H-IN-01", "1", "blocked", str(error), ())))
        print(f"{path}: {error}", file=sys.stderr)
        return UNREADABLE
    except MessageFileError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return UNREADABLE
    if not file.run.get("as_of"):
        print(f"{path}: run.as_of is not given; judged by the rules in force today, {today} (UTC)", file=sys.stderr)
    if file.ignored:
        print(f"{path}: read by no rule: {', '.join(file.ignored)}", file=sys.stderr)
    rows = list(rows_of(file))
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))
    return BLOCKED if any(row["verdict"] == "blocked" for row in rows) else MAY_BE_SENT


def _raw(path: str) -> str:
    try:
        return (sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")).removeprefix("\ufeff")
    except OSError as error:
        why = f"can't be read ({error.strerror}); name a file with one JSON object, or - for standard input."
        raise MessageFileError(why) from error
    except UnicodeDecodeError as error:
        found = f"byte {error.start} is not UTF-8 (found {error.object[error.start]:#04x})"
        raise MessageFileError(f"{found}; save the file as UTF-8.") from error


def _refuse_lawless_day(file: MessageFile) -> None:
    """Refuse a send date on which no rule is in force: nothing would be asked, and the message would pass."""
    if not rules_in_force(file.message.send_date):
        first = min(rule.effective_from for rule in load_rules())
        raise MessageFileError(f"run.as_of is {file.message.send_date}; expected a day from {first} on. Mend it.")


def rows_of(file: MessageFile) -> Iterator[dict[str, Any]]:
    """Yield one row per rule in force on the send date, in the order of `rules.csv`: classes a, then b, then d.

    Class b is asked where the message names a customer, class d where its run names a model or corpus.
    """
    judgement = judge(file.message)
    said = {rule.id: finding for rule, finding in judgement.findings}
    for rule in rules_in_force(file.message.send_date):
        yield _content_row(rule, said.get(rule.id), judgement)
    if file.customer:
        yield from _other_rows(file, "b", contact_rules.FUNCTIONS)
    if file.run.get("model_digest") or file.run.get("corpus_version"):
        yield from _other_rows(file, "d", record_rules.FUNCTIONS)


def _content_row(rule: Rule, finding: Finding | None, judgement: Judgement) -> dict[str, Any]:
    if finding is None:
        families = ", ".join(sorted(judgement.message.families))
        why = f"{NOT_APPLICABLE}the rule is not for {families} by {judgement.message.channel}"
        return _row(rule.id, rule.version, "pass", why, ())
    verdict = VERDICTS[finding.verdict]
    added = judgement.fixed.get(rule.id, ())
    if verdict == "pass" and added:
        return _row(rule.id, rule.version, "fixed", f"{finding.evidence}; appended {', '.join(added)}", added)
    return _row(rule.id, rule.version, verdict, finding.evidence, ())


def _other_rows(file: MessageFile, rule_class: str, functions: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for rule in rules_in_force(file.message.send_date, rule_class):
        if rule.id not in functions:
            continue
        if not rule.applies_to(file.message.families, file.message.channel):
            finding = Finding(PASS, f"{NOT_APPLICABLE}the rule is not for {file.message.channel} or this product")
        else:
            try:
                finding = functions[rule.id](file)
            except Exception as error:  # noqa: BLE001 - a rule that raises blocks, whatever it raised
                finding = Finding(BLOCK, f"the rule raised {type(error).__name__}: {error}")
        yield _row(rule.id, rule.version, VERDICTS[finding.verdict], finding.evidence, ())


def _row(rule_id: str, version: str, verdict: str, evidence: str, added: tuple[str, ...]) -> dict[str, Any]:
    return {
        "rule_id": rule_id,
        "verdict": verdict,
        "evidence": evidence,
        "rule_version": version,
        "disclosures": list(added),
    }
