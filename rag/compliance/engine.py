"""The engine: which rules are in force, what each says, one verdict per rule.

Belongs here: reading `rules.csv`, running the rule functions, failing closed. What a rule looks for belongs to the
modules of the rules; the one round of mending belongs to `rag.templates`, which can ground the added sentences.
"""

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from rag.compliance import (
    card_rules,
    credit_rules,
    deposit_rules,
    general_rules,
    investment_rules,
    mortgage_rules,
    notice_rules,
    output_rules,
    people_rules,
)
from rag.compliance.model import BLOCK, FAMILIES, FIX, PASS, WARN, Finding, Message, MissingAttributeError, Rule

RULES_FILE = Path(__file__).parent / "rules.csv"

RuleFunction = Callable[[Message, Rule], Finding]
FUNCTIONS: dict[str, RuleFunction] = {
    **general_rules.FUNCTIONS,
    **people_rules.FUNCTIONS,
    **deposit_rules.FUNCTIONS,
    **credit_rules.FUNCTIONS,
    **mortgage_rules.FUNCTIONS,
    **card_rules.FUNCTIONS,
    **investment_rules.FUNCTIONS,
    **notice_rules.FUNCTIONS,
    **output_rules.FUNCTIONS,
}

VERDICTS = {PASS: "pass", WARN: "warned", BLOCK: "blocked", FIX: "blocked"}


@dataclass(frozen=True)
class Check:
    """One row of `rag.template_checks` without the template's id."""

    rule_id: str
    rule_version: str
    verdict: str
    evidence: str


@dataclass(frozen=True)
class ComplianceResult:
    """All findings about one message."""

    findings: tuple[tuple[Rule, Finding], ...]

    @property
    def wanted_disclosures(self) -> tuple[str, ...]:
        """Fixed texts that would mend it, in order of the rules, each once."""
        wanted = [name for _, finding in self.findings if finding.verdict == FIX for name in finding.disclosures]
        return tuple(dict.fromkeys(wanted))

    @property
    def is_blocked(self) -> bool:
        """Whether a rule blocks that no fixed text can mend."""
        return any(finding.verdict == BLOCK for _, finding in self.findings)

    def checks(self, fixed: frozenset[str] = frozenset()) -> tuple[Check, ...]:
        """Return one row per rule; `fixed` names the rules that passed only after mending.

        A rule that still asks for mending is blocked: texts are mended once.
        """
        rows = []
        for rule, finding in self.findings:
            verdict = VERDICTS[finding.verdict]
            if verdict == "pass" and rule.id in fixed:
                verdict = "fixed"
            rows.append(Check(rule.id, rule.version, verdict, finding.evidence))
        return tuple(rows)


@cache
def load_rules(path: Path = RULES_FILE) -> tuple[Rule, ...]:
    """Read every rule, in file order.

    Raises
    ------
    ValueError
        If a row is not well formed, or two versions of a rule are in force on one day.
    """
    rules = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rules.append(_rule(row))
    for rule in rules:
        overlapping = [
            other
            for other in rules
            if other.id == rule.id
            and other is not rule
            and (other.is_in_force(rule.effective_from) or rule.is_in_force(other.effective_from))
        ]
        if overlapping:
            raise ValueError(f"{path.name}: {rule.id} has two versions in force at once; close the older one.")
    return tuple(rules)


def _rule(row: dict[str, str]) -> Rule:
    def parts(name: str) -> tuple[str, ...]:
        return tuple(part for part in row[name].split("|") if part)

    return Rule(
        id=row["id"],
        version=row["version"],
        rule_class=row["class"],
        title=row["title"],
        citation=row["citation"],
        effective_from=date.fromisoformat(row["effective_from"]),
        effective_to=date.fromisoformat(row["effective_to"]) if row["effective_to"] else None,
        jurisdictions=parts("jurisdictions"),
        product_families=parts("product_families"),
        channels=parts("channels"),
        severity=row["severity"],
        fix_disclosure_ids=parts("fix_disclosure_id"),
        source_verification=row["source_verification"],
    )


@cache
def rules_version(day: date) -> str:
    """Return a hash of the rules in force on a day and of the code and data that evaluate them (12 hex digits)."""
    rows = "".join(f"{rule!r}\n" for rule in load_rules() if rule.is_in_force(day))
    digest = hashlib.sha256(rows.encode())
    package = Path(__file__).parents[1]
    proof = [
        package / f"{name}.py"
        for name in ("citations", "contacts", "evidence", "grounding", "languages", "privacy", "proving", "slots")
    ]
    for source in sorted(
        [
            *package.glob("compliance/*.py"),
            *package.glob("compliance/*.csv"),
            *package.glob("compliance/phrases/*.txt"),
            *package.glob("claims/*.py"),
            *package.glob("claims/*.txt"),
            *proof,
        ]
    ):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def rules_in_force(day: date, rule_class: str = "a") -> tuple[Rule, ...]:
    """Return the rules of a class that hold on a day, in file order."""
    return tuple(rule for rule in load_rules() if rule.rule_class == rule_class and rule.is_in_force(day))


def check_message(message: Message) -> ComplianceResult:
    """Evaluate every content rule that is in force and applies; one finding per rule, passes included.

    Parameters
    ----------
    message : Message

    Returns
    -------
    ComplianceResult
        A rule that can't be evaluated, or a family without rules, blocks.
    """
    findings: list[tuple[Rule, Finding]] = []
    for rule in rules_in_force(message.send_date):
        if rule.applies_to(message.families, message.channel):
            findings.append((rule, evaluate(message, rule)))
    unknown = sorted(message.families - frozenset(FAMILIES))
    if unknown:
        rule = findings[0][0]
        findings[0] = (rule, Finding(BLOCK, f"no rules are written for family {', '.join(unknown)}"))
    return ComplianceResult(tuple(findings))


def evaluate(message: Message, rule: Rule) -> Finding:
    """Ask one content rule; one that can't be evaluated blocks.

    Parameters
    ----------
    message : Message
    rule : Rule

    Returns
    -------
    Finding
        'block' where the rule has no function, needs what was not given, or raises.
    """
    function = FUNCTIONS.get(rule.id)
    if function is None:
        return Finding(BLOCK, "the rule has no function; it can't be evaluated")
    try:
        return function(message, rule)
    except MissingAttributeError as missing:
        return Finding(BLOCK, str(missing))
    except Exception as error:  # noqa: BLE001 - a rule that raises blocks, whatever it raised
        return Finding(BLOCK, f"the rule raised {type(error).__name__}: {error}")
