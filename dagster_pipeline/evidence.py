"""The evidence of one message: everything an auditor needs, read from the published file alone.

What belongs here: reading the trace and what stands behind it, and rendering the text again. How it is laid out
belongs to ``evidence_page.html.jinja`` and the functions of ``dagster_pipeline.evidence_page``.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from rag.slots import fill
from rag.template_types import template_id_of

_TRACED = ("decision", "candidates", "features", "citations", "checks", "consents", "versions")


class UnknownMessage(LookupError):
    """No message of that id is in the published warehouse."""


@dataclass(frozen=True)
class Rendering:
    """The text made again from its template and the values of its slots.

    Attributes
    ----------
    subject, body : str or None
    has_same_text : bool
        Whether it equals the message, letter by letter, and has the hash the message was released under.
    has_same_template : bool
        Whether the template's content still has the hash that is its id, which is what was approved.
    """

    subject: str | None
    body: str | None
    has_same_text: bool
    has_same_template: bool


@dataclass(frozen=True)
class Evidence:
    """What is known of one message.

    Attributes
    ----------
    message : dict
        Its row, with the values of its slots and the names of product, segment and intent that night.
    trace : dict
        The parts of `marts.audit_message_trace`, parsed.
    template : dict or None
        Its row of `rag.templates`, sentences parsed.
    approvals : list of dict
        Decisions about the template in effect on the night.
    documents : dict of (doc_id, doc_version) to dict
        Documents it cites.
    night : dict
        The night's row of `marts.rpt_nightly_run`.
    reasons : dict of drop_reason to description
    rendering : Rendering
    """

    message: dict[str, Any]
    trace: dict[str, Any]
    template: dict[str, Any] | None
    approvals: list[dict[str, Any]]
    documents: dict[tuple[str, str], dict[str, Any]]
    night: dict[str, Any]
    reasons: dict[str, str]
    rendering: Rendering


def read_evidence(con: duckdb.DuckDBPyConnection, message_id: str) -> Evidence:
    """Read everything about one message.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Connection to the published warehouse, in UTC.
    message_id : str

    Raises
    ------
    UnknownMessage
        If the warehouse has no message of that id.
    """
    message = _one(con, _MESSAGE, [message_id.strip()])
    if message is None:
        raise UnknownMessage(
            f"No message {message_id!r} in the published warehouse. Find one with: make sql "
            "Q=\"select message_id, customer_id, channel, subject from marts.fct_messages where status = 'released' "
            'limit 5"'
        )
    message["slots"] = json.loads(message["slots"]) if message["slots"] else {}
    trace = _one(con, "select * from marts.audit_message_trace where message_id = ?", [message["message_id"]]) or {}
    template = _one(con, "select * from rag.templates where template_id = ?", [message["template_id"]])
    if template is not None:
        template["sentences"] = json.loads(template["sentences"])
    parsed = {name: json.loads(trace[name]) if trace.get(name) else None for name in _TRACED}
    citations = parsed["citations"] or []
    keys = sorted({(row["doc_id"], row["doc_version"]) for row in citations if row["doc_id"]})
    found = [
        _one(con, "select * from rag.documents where doc_id = ? and doc_version = ?", [doc_id, version])
        for doc_id, version in keys
    ]
    return Evidence(
        message=message,
        trace={**parsed, "rendered_sha256": trace.get("rendered_sha256")},
        template=template,
        approvals=_all(con, _APPROVALS, [message["template_id"], message["as_of_date"]]),
        documents={key: row for key, row in zip(keys, found, strict=True) if row is not None},
        night=_one(con, "select * from marts.rpt_nightly_run where as_of_date = ?", [message["as_of_date"]]) or {},
        reasons={
            row["drop_reason"]: row["description"] for row in _all(con, "select * from seeds.policy_drop_reasons", [])
        },
        rendering=render_again(message, template),
    )


def render_again(message: dict[str, Any], template: dict[str, Any] | None) -> Rendering:
    """Render a message from its template and the values of its slots, and compare.

    Parameters
    ----------
    message : dict
        Columns subject, body and content_hash, and slots as a dict.
    template : dict or None
        Columns of `rag.templates`, sentences parsed; None = the message had no text.
    """
    subject = fill(template["subject"], message["slots"]) if template and template["subject"] else None
    body = fill(template["body"], message["slots"]) if template else None
    digest = hashlib.sha256(((subject or "") + (body or "")).encode()).hexdigest()
    is_same = (subject, body, digest) == (message["subject"], message["body"], message["content_hash"])
    has_same_template = template is None or template["template_id"] == template_id_of(
        template["inputs_hash"], template["subject"], template["body"], template["sentences"]
    )
    return Rendering(subject, body, is_same, has_same_template)


_MESSAGE = """
with products as (
    select product_id, arg_max(name, valid_from) as product_name, arg_max(family, valid_from) as family
    from marts.dim_products group by product_id
)
select messages.*, decisions.product_id, products.product_name, products.family,
    segments.segment_name, intents.intent_name, intents.readiness
from marts.fct_messages as messages
inner join marts.fct_offer_decisions as decisions using (decision_id)
left join products on products.product_id = decisions.product_id
left join ml.customer_segments as segments
    on segments.customer_id = messages.customer_id and segments.as_of_date = messages.as_of_date
left join ml.customer_intents as intents
    on intents.customer_id = messages.customer_id and intents.as_of_date = messages.as_of_date
where messages.message_id = ?
"""
_APPROVALS = """
select status, approver, note, decided_at, effective_from from marts.fct_template_approvals
where template_id = ? and effective_from <= ? order by effective_from, decided_at
"""


def _all(con: duckdb.DuckDBPyConnection, query: str, parameters: list) -> list[dict[str, Any]]:
    cursor = con.execute(query, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _one(con: duckdb.DuckDBPyConnection, query: str, parameters: list) -> dict[str, Any] | None:
    rows = _all(con, query, parameters)
    return rows[0] if rows else None


def write_evidence_page(con: duckdb.DuckDBPyConnection, message_id: str, folder: Path) -> Path:
    """Write the evidence page of one message into ``folder`` and return its path."""
    from dagster_pipeline.evidence_page import evidence_page

    evidence = read_evidence(con, message_id)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{evidence.message['message_id']}.html"
    path.write_text(evidence_page(evidence), encoding="utf-8")
    return path
