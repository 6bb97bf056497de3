"""Templates as a person reviews them: what is in use or waits, how it differs from what was approved, and why.

What belongs here: reading the published file for ``make templates``, laying it out for a terminal, and checking that
a decision of ``make approve`` or ``make reject`` is about a template that can be decided. The file of decisions
belongs to ``rag.approvals``.
"""

import json
import textwrap
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from rag.approvals import ApprovalError, Decision, latest_status
from rag.template_diff import differences

WIDTH = 110
_CURRENT = """
with night as (select max(as_of_date) as as_of_date from marts.rpt_nightly_run),
tonight as (
    select brief_templates.* from rag.brief_templates as brief_templates inner join night using (as_of_date)
),
used as (
    select template_id, count(*) as serves, 0 as waits from tonight where template_id is not null group by template_id
    union all
    select waiting_template_id, 0, count(*) from tonight where waiting_template_id is not null group by all
),
decided as (
    select
        approvals.template_id,
        max_by(struct_pack(status := status, approver := approver, note := note),
            (effective_from, decided_at)) as ruling
    from marts.fct_template_approvals as approvals
    where effective_from <= (select as_of_date from night)
    group by approvals.template_id
)
select
    templates.*,
    briefs.product_id, briefs.channel, briefs.intent, briefs.intensity, briefs.language, briefs.jurisdiction_group,
    decided.ruling.status as status, decided.ruling.approver as approver, decided.ruling.note as note,
    coalesce(in_use.serves, 0)::integer as serves, coalesce(in_use.waits, 0)::integer as waits
from rag.templates as templates
inner join rag.briefs as briefs using (brief_id)
inner join decided using (template_id)
left join (select template_id, sum(serves) as serves, sum(waits) as waits from used group by all) as in_use
    using (template_id)
order by templates.first_written_as_of_date, templates.template_id
"""


@dataclass(frozen=True)
class ReviewedTemplate:
    """One template as it stands in the published file.

    Attributes
    ----------
    row : dict
        Columns of `rag.templates` and of its brief, with status, approver and note on the last published night.
    serves, waits : int
        Briefs it serves on that night, and briefs it was written for while a person has not approved it.
    new_decision : Decision or None
        A decision that counts from the next night on.
    """

    row: dict[str, Any]
    serves: int
    waits: int
    new_decision: Decision | None

    @property
    def template_id(self) -> str:
        """Hash of the template."""
        return self.row["template_id"]

    @property
    def is_current(self) -> bool:
        """Whether a brief uses it or waits for it on the last published night."""
        return bool(self.serves or self.waits)

    @property
    def is_undecided(self) -> bool:
        """Whether it waits for somebody to decide."""
        return bool(self.waits) and self.row["status"] == "pending" and self.new_decision is None

    @property
    def sentences(self) -> list[dict]:
        """Sentences in reading order, the subject last."""
        return json.loads(self.row["sentences"])

    @property
    def brief_key(self) -> tuple:
        """What two versions of a product share of a brief."""
        names = ("product_id", "channel", "intent", "intensity", "language", "jurisdiction_group")
        return tuple(self.row[name] for name in names)


class Review:
    """Every template of a published file, and what people decided since."""

    def __init__(self, con: duckdb.DuckDBPyConnection, decisions: list[Decision]) -> None:
        self.con = con
        self.night: date = con.execute("select max(as_of_date) from marts.rpt_nightly_run").fetchall()[0][0]
        fresh = latest_status(decision for decision in decisions if decision.after_night >= self.night)
        cursor = con.execute(_CURRENT)
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        self.templates = {
            row["template_id"]: ReviewedTemplate(
                row, row.pop("serves"), row.pop("waits"), fresh.get(row["template_id"])
            )
            for row in rows
        }

    def find(self, template_id: str) -> ReviewedTemplate:
        """Return a template by its full id.

        Raises
        ------
        ApprovalError
            If the published file has none of that id.
        """
        template = self.templates.get(template_id.strip())
        if template is None:
            raise ApprovalError(
                f"No template {template_id!r} in the warehouse published for {self.night}. `make templates` lists "
                "those in use and those that wait, with their full ids."
            )
        return template

    def last_approved(self, template: ReviewedTemplate) -> ReviewedTemplate | None:
        """Return the version of the same brief that was approved last before this template was written."""
        first_night = template.row["first_written_as_of_date"]
        earlier = [
            item
            for item in self.templates.values()
            if item.brief_key == template.brief_key
            and item.row["first_written_as_of_date"] < first_night
            and item.row["status"] in ("automatic", "approved")
            and not item.row["is_fallback"]
        ]
        return earlier[-1] if earlier and not template.row["is_fallback"] else None

    def differences(self, template: ReviewedTemplate) -> list[str] | None:
        """Return the changed sentences since the last approved version; None where there is no earlier version."""
        before = self.last_approved(template)
        if before is None:
            return None
        return differences(_reading_order(before), _reading_order(template))

    def decision(self, template_id: str, status: str, approver: str, note: str, now: datetime) -> Decision:
        """Return a decision about a template, ready to be appended.

        Raises
        ------
        ApprovalError
            If there is no such template, no brief uses it or waits for it any more, or it needs no approval.
        """
        template = self.find(template_id)
        if not template.is_current:
            raise ApprovalError(
                f"Template {template.template_id} is out of use since the night {self.night}: what it was written from "
                "(documents, rules, prompt or writer) has changed, or it is fallback copy that no brief needs. "
                "`make templates` lists what can be decided."
            )
        if status == "approved" and template.row["status"] == "automatic" and template.new_decision is None:
            raise ApprovalError(
                f"Template {template.template_id} was released automatically ({template.row['note']}); it needs no "
                "approval. To stop it: make reject."
            )
        return Decision(template.template_id, status, approver.strip(), note.strip(), now, self.night)

    def overview(self) -> str:
        """Return the list: counts, a line for each template in use or waiting, and the waiting ones in full."""
        current = [template for template in self.templates.values() if template.is_current]
        current.sort(key=lambda item: (not item.is_undecided, item.brief_key, item.template_id))
        counts = Counter(_status(item) for item in current)
        waiting = [item for item in current if item.is_undecided]
        lines = [
            f"Templates of the night {self.night}: {len(current):,} in use or waiting",
            *(f"  {count:6,} {status}" for status, count in sorted(counts.items())),
            "",
            *_table(current, self),
            "",
        ]
        if not waiting:
            return "\n".join([*lines, "Nothing waits for a person. One template in full: make templates TEMPLATE=id"])
        for item in waiting:
            lines += [self.detail(item), ""]
        return "\n".join([*lines, f"{len(waiting):,} wait for a person; until then their sends get fallback copy."])

    def detail(self, template: ReviewedTemplate) -> str:
        """Return one template in full: text, differences, claims with their sources, rules, and how to decide."""
        row = template.row
        subject = [f"  | Subject: {row['subject']}", "  |"] if row["subject"] else []
        body = [f"  | {line}" for part in row["body"].split("\n") for line in textwrap.wrap(part, WIDTH) or [""]]
        return "\n".join(
            [
                f"Template {template.template_id}",
                f"  {_status(template)}: {_reason(template)}",
                f"  {row['product_id']}, {row['channel']}, intent {row['intent']}, intensity {row['intensity']}; "
                f"written by {row['writer']} ({row['model_digest']}) on the night {row['first_written_as_of_date']}; "
                f"serves {template.serves}, waited for by {template.waits}",
                *subject,
                *body,
                *self._difference_lines(template),
                *self._citation_lines(template),
                *self._rule_lines(template),
                *_how_to_decide(template),
            ]
        )

    def _difference_lines(self, template: ReviewedTemplate) -> list[str]:
        before, found = self.last_approved(template), self.differences(template)
        if before is None or found is None:
            return ["  No earlier approved version of this brief."]
        head = f"  Since the last approved version ({before.template_id}, {before.row['first_written_as_of_date']}): "
        return [head + ("the same text" if not found else ""), *_wrapped(found, "    ")]

    def _citation_lines(self, template: ReviewedTemplate) -> list[str]:
        rows = self.con.execute(
            """select claim_type, claim_value, doc_id, doc_version, doc_valid_from, doc_valid_to, quote, verdict
            from marts.fct_message_citations where template_id = ? order by sentence_number, claim_number""",
            [template.template_id],
        ).fetchall()
        lines = ["  Claims and their sources:"]
        for claim_type, value, doc_id, version, valid_from, valid_to, quote, verdict in rows:
            claim = claim_type if claim_type == "verbatim" else f"{claim_type} {value}"
            unsupported = "" if verdict == "supported" else f" {verdict.upper()}"
            validity = f"{valid_from} to {valid_to or 'further notice'}"
            source = f"{claim}{unsupported} <- {doc_id} {version} ({validity}): "
            lines += _wrapped([source + json.dumps(quote, ensure_ascii=False)], "    ")
        return lines

    def _rule_lines(self, template: ReviewedTemplate) -> list[str]:
        rows = self.con.execute(
            """select rule_id, verdict, evidence from marts.fct_message_checks
            where template_id = ? and message_id is null order by rule_id""",
            [template.template_id],
        ).fetchall()
        counts = Counter(verdict for _, verdict, _ in rows)
        told = [f"{rule_id} {verdict}: {evidence}" for rule_id, verdict, evidence in rows if verdict != "pass"]
        return [
            "  Rules: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())),
            *_wrapped(told, "    "),
        ]


def _reading_order(template: ReviewedTemplate) -> list[str]:
    sentences = sorted(template.sentences, key=lambda item: (item["role"] != "subject", item["number"]))
    return [f"Subject: {item['text']}" if item["role"] == "subject" else item["text"] for item in sentences]


def _status(template: ReviewedTemplate) -> str:
    if template.new_decision is not None:
        return f"{template.new_decision.status} from the next night on"
    return template.row["status"] + (" (fallback copy)" if template.row["is_fallback"] else "")


def _reason(template: ReviewedTemplate) -> str:
    decision = template.new_decision
    if decision is not None:
        return f"{decision.approver}: {decision.note or 'no note'}; {template.row['status']} until then"
    return f"{template.row['note'] or 'no note'} ({template.row['approver']})"


def _how_to_decide(template: ReviewedTemplate) -> list[str]:
    if not template.is_undecided:
        return []
    return [
        f"  make approve TEMPLATE={template.template_id} BY='your name' NOTE='...'",
        f"  make reject  TEMPLATE={template.template_id} BY='your name' NOTE='...'",
    ]


def _table(templates: list[ReviewedTemplate], review: Review) -> list[str]:
    cells = [("template", "status", "product", "channel", "intent", "intensity", "serves", "changed sentences")]
    for item in templates:
        found, row = review.differences(item), item.row
        is_fallback = row["is_fallback"]
        cells.append(
            (
                item.template_id,
                _status(item),
                row["product_id"],
                row["channel"],
                "all" if is_fallback else str(row["intent"]),
                "all" if is_fallback else row["intensity"],
                str(item.serves),
                "" if found is None else str(len(found)),
            )
        )
    widths = [max(len(cell[i]) for cell in cells) for i in range(len(cells[0]))]
    return [
        "  " + "  ".join(text.ljust(width) for text, width in zip(cell, widths, strict=True)).rstrip() for cell in cells
    ]


def _wrapped(lines: list[str], indent: str) -> list[str]:
    return [textwrap.fill(line, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ") for line in lines]
