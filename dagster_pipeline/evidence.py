"""The evidence page of one message: the text, each sentence linked to its quote in the source, and the trace.

What belongs here: reading ``audit_message_trace`` and laying it out as one self-contained HTML page. It reads the
published file alone, so an auditor needs nothing else.
"""

import html
import json
from pathlib import Path
from typing import Any

import duckdb

_STYLE = """
:root { --ink: #1d2733; --soft: #5b6b7c; --line: #d9e0e7; --mark: #fff2b3; --paper: #fff; --bad: #a4262c;
  --good: #1f6f43; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: #f3f5f8; margin: 0; }
main { max-width: 62rem; margin: 0 auto; padding: 1rem; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 8px;
  padding: 1rem 1.25rem; margin: 1rem 0; }
h1 { font-size: 1.3rem; margin: .5rem 0; } h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; } .wide { overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; } th { color: var(--soft); font-weight: 600; }
.text p { margin: .3rem 0; } .text a { color: inherit; text-decoration: underline; text-decoration-color: #9db4cc; }
sup { font-size: .7em; color: var(--soft); } mark { background: var(--mark); scroll-margin-top: 4rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem/1.5 ui-monospace, monospace; margin: 0; }
.blocked, .unsupported, .withheld { color: var(--bad); font-weight: 600; }
.pass, .supported, .released { color: var(--good); }
.soft { color: var(--soft); font-size: .88rem; } mark:target { outline: 2px solid #d8a400; }
"""


class UnknownMessage(LookupError):
    """No message of that id is in the published warehouse."""


def evidence_page(con: duckdb.DuckDBPyConnection, message_id: str) -> str:
    """Return the evidence page of one message as self-contained HTML.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Connection to the published warehouse.
    message_id : str
        Message to prove.

    Raises
    ------
    UnknownMessage
        If the warehouse has no message of that id.
    """
    message = _one(
        con,
        """select messages.message_id, messages.as_of_date, messages.customer_id, messages.channel, messages.subject,
            messages.body, messages.status, messages.withheld_reason, messages.send_at, messages.timezone,
            messages.content_hash, rendered.slots
        from marts.fct_messages as messages join rag.messages as rendered using (message_id)
        where messages.message_id = ?""",
        message_id,
    )
    if message is None:
        raise UnknownMessage(
            f"No message {message_id} in the published warehouse. Find one with: "
            "select message_id from marts.fct_messages where status = 'released' limit 5"
        )
    trace = _one(con, "select * from marts.audit_message_trace where message_id = ?", message_id) or {}
    parsed = {name: json.loads(trace[name]) if trace.get(name) else None for name in _TRACED}
    citations = parsed.get("citations") or []
    sections = [
        _message_section(message, citations),
        _decision_section(parsed.get("decision") or {}),
        _rows_section(
            "Claims and their sources",
            citations,
            ("sentence_number", "claim_type", "claim_value", "doc_id", "doc_version", "verdict", "method"),
        ),
        _rows_section("Rules", parsed.get("checks") or [], ("rule_id", "rule_version", "verdict", "evidence")),
        _rows_section(
            "Consent in force", parsed.get("consents") or [], ("status", "changed_at", "source", "evidence_text")
        ),
        _rows_section(
            "Candidates",
            parsed.get("candidates") or [],
            ("product_id", "channel", "dropped_at_step", "drop_reason", "propensity", "priority"),
        ),
        _pairs_section("Features that night", parsed.get("features") or {}),
        _pairs_section("Versions", parsed.get("versions") or {}),
        _documents_section(con, citations),
    ]
    title = f"Evidence for message {message_id}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{_text(title)}</h1>{''.join(sections)}</main></body></html>\n"
    )


_TRACED = ("decision", "candidates", "features", "citations", "checks", "consents", "versions")


def _one(con: duckdb.DuckDBPyConnection, query: str, message_id: str) -> dict[str, Any] | None:
    cursor = con.execute(query, [message_id])
    row = cursor.fetchone()
    return dict(zip([column[0] for column in cursor.description], row, strict=True)) if row else None


def _text(value: object) -> str:
    return "" if value is None else html.escape(str(value))


def _anchor(citation: dict[str, Any]) -> str:
    return f"c{citation['sentence_number']}-{citation['claim_number']}"


def _message_section(message: dict[str, Any], citations: list[dict[str, Any]]) -> str:
    slots = json.loads(message["slots"]) if message["slots"] else {}
    by_sentence: dict[int, list[dict[str, Any]]] = {}
    for citation in citations:
        by_sentence.setdefault(citation["sentence_number"], []).append(citation)
    lines = []
    for number in sorted(by_sentence):
        sentence = by_sentence[number][0]["sentence"]
        for name, value in slots.items():
            sentence = sentence.replace("{" + name + "}", str(value))
        cited = {
            citation["doc_id"]: _anchor(citation) for citation in reversed(by_sentence[number]) if citation["doc_id"]
        }
        links = " ".join(f'<sup><a href="#{anchor}">{_text(doc_id)}</a></sup>' for doc_id, anchor in cited.items())
        lines.append(f"<p>{_text(sentence)} {links}</p>")
    subject = f"<p><strong>{_text(message['subject'])}</strong></p>" if message["subject"] else ""
    status = _text(message["status"]) + (
        f" ({_text(message['withheld_reason'])})" if message["withheld_reason"] else ""
    )
    return (
        f'<section><h2>As it was sent</h2><p class="soft">{_text(message["channel"])} to customer '
        f"{_text(message['customer_id'])}, night {_text(message['as_of_date'])}, send at {_text(message['send_at'])} "
        f'({_text(message["timezone"])}), <span class="{_text(message["status"])}">{status}</span></p>{subject}'
        f"<pre>{_text(message['body'])}</pre>"
        f'<p class="soft">SHA-256 of subject and body: {_text(message["content_hash"])}</p></section>'
        f'<section class="text"><h2>Sentence by sentence</h2>{"".join(lines)}</section>'
    )


def _decision_section(decision: dict[str, Any]) -> str:
    reasons = ", ".join(decision.get("reason_codes") or [])
    because = f"<p>Because: {_text(reasons)}</p>" if reasons else ""
    rest = {name: value for name, value in decision.items() if name != "reason_codes"}
    return _pairs_section("Decision", rest, because)


def _pairs_section(title: str, pairs: dict[str, Any], lead: str = "") -> str:
    rows = "".join(
        f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in pairs.items() if value is not None
    )
    return f"<section><h2>{_text(title)}</h2>{lead}<div class='wide'><table>{rows}</table></div></section>"


def _rows_section(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    head = "".join(f"<th>{_text(column.replace('_', ' '))}</th>" for column in columns)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{_text(row.get(c))}">{_text(row.get(c))}</td>'
            if c == "verdict"
            else f"<td>{_text(row.get(c))}</td>"
            for c in columns
        )
        + "</tr>"
        for row in rows
    )
    table = f"<table><tr>{head}</tr>{body}</table>" if rows else "<p class='soft'>none</p>"
    return f"<section><h2>{_text(title)}</h2><div class='wide'>{table}</div></section>"


def _documents_section(con: duckdb.DuckDBPyConnection, citations: list[dict[str, Any]]) -> str:
    keys = sorted({(citation["doc_id"], citation["doc_version"]) for citation in citations if citation["doc_id"]})
    parts = []
    for doc_id, doc_version in keys:
        row = con.execute(
            "select title, text, valid_from, valid_to from rag.documents where doc_id = ? and doc_version = ?",
            [doc_id, doc_version],
        ).fetchone()
        if row is None:
            continue
        title, text, valid_from, valid_to = row
        quotes = [c for c in citations if (c["doc_id"], c["doc_version"]) == (doc_id, doc_version)]
        parts.append(
            f"<section><h2>{_text(title)}</h2><p class='soft'>{_text(doc_id)} version {_text(doc_version)}, valid "
            f"{_text(valid_from)} to {_text(valid_to) or 'further notice'}</p>"
            f"<pre>{_highlighted(text, quotes)}</pre></section>"
        )
    return "".join(parts)


def _highlighted(text: str, citations: list[dict[str, Any]]) -> str:
    """Return the document with every quote marked; a quote that overlaps an earlier one shares its mark."""
    pieces, position = [], 0
    for citation in sorted(citations, key=lambda c: (c["quote_start"], -c["quote_end"])):
        start, end = citation["quote_start"], citation["quote_end"]
        anchor = f'<span id="{_anchor(citation)}"></span>'
        if start < position:
            pieces.append(anchor)
            start = position
        else:
            pieces.append(_text(text[position:start]) + anchor)
        if end > start:
            pieces.append(f"<mark>{_text(text[start:end])}</mark>")
            position = end
    return "".join(pieces) + _text(text[position:])


def write_evidence_page(con: duckdb.DuckDBPyConnection, message_id: str, folder: Path) -> Path:
    """Write the evidence page of one message into ``folder`` and return its path."""
    page = evidence_page(con, message_id)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{message_id}.html"
    path.write_text(page, encoding="utf-8")
    return path
