"""The evidence page of one message as self-contained HTML.

What belongs here: turning evidence into what the page shows: sentences with their quotes, documents cut at their
quotes, features behind reason codes. The layout is ``evidence_page.html.jinja``, the look ``evidence_page.css``;
everything is escaped by the template engine, and nothing is loaded from elsewhere.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2

from dagster_pipeline.evidence import Evidence
from rag.compliance.engine import load_rules
from rag.slots import fill

_FOLDER = Path(__file__).parent
_ARMS = {
    "decisioned": "chosen by priority: propensity x context x value x lever",
    "random": "a random eligible action, to keep learning what works",
    "propensity_only": "chosen by propensity alone, as a comparison",
    "holdout": "gets no offers, as a comparison",
}
_CHANNELS = {
    "email": "E-mail",
    "sms": "Text message",
    "push": "Push notification",
    "in_app": "In the app",
    "mail": "Letter",
}


@dataclass(frozen=True)
class Source:
    """One quote a sentence rests on, and what it bears of the sentence."""

    name: str
    quote: str
    anchor: str
    claims: list[str]
    is_typed: bool
    verdict: str


@dataclass(frozen=True)
class Sentence:
    """One sentence as sent and as it stands in the template; `number` is the one of `fct_message_citations`."""

    number: int
    role: str
    text: str
    template_text: str
    sources: list[Source]


@dataclass(frozen=True)
class Piece:
    """A stretch of text: of the message (with the sentence it is) or of a document (with the quotes it holds)."""

    text: str
    sentence: int | None = None
    anchors: tuple[str, ...] = ()
    sentences: tuple[int, ...] = ()


def evidence_page(evidence: Evidence) -> str:
    """Return the page of one message."""
    message, trace = evidence.message, evidence.trace
    citations = trace["citations"] or []
    sentences = _sentences(evidence)
    checks = trace["checks"] or []
    return _template().render(
        style=(_FOLDER / "evidence_page.css").read_text(encoding="utf-8"),
        message=message,
        channel=_CHANNELS.get(message["channel"], message["channel"]),
        sent_local=_local(message["send_at"], message["timezone"]),
        expires_local=_local(message["expires_at"], message["timezone"]),
        sentences=sentences,
        paragraphs=_paragraphs(message["body"], sentences),
        decision=trace["decision"] or {},
        arm_words=_ARMS.get((trace["decision"] or {}).get("arm", ""), ""),
        reasons=_reasons(trace, message),
        candidates=_candidates(trace, evidence.reasons),
        features=sorted((trace["features"] or {}).items()),
        claims=[row for row in citations if row["claim_type"] != "verbatim"],
        supported=sum(row["verdict"] == "supported" for row in citations),
        citations=citations,
        checks=[
            {**check, "title": _rule_titles().get((check["rule_id"], check["rule_version"]), "")} for check in checks
        ],
        verdicts=sorted(Counter(check["verdict"] for check in checks).items()),
        consents=trace["consents"] or [],
        approvals=evidence.approvals,
        versions=trace["versions"] or {},
        night=evidence.night,
        rendering=evidence.rendering,
        documents=[
            {**document, "pieces": _document_pieces(document["text"], _cited(citations, key))}
            for key, document in sorted(evidence.documents.items(), key=lambda item: _is_wording(item[1]))
        ],
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["anchor"] = anchor_of
    environment.filters["claim_name"] = claim_name
    return environment.get_template("evidence_page.html.jinja")


@cache
def _rule_titles() -> dict[tuple[str, str], str]:
    return {(rule.id, rule.version): rule.title for rule in load_rules()}


def anchor_of(citation: dict[str, Any]) -> str:
    """Return the id of a quote's place on the page."""
    return f"quote-{citation['sentence_number']}-{citation['claim_number']}"


def _local(instant: datetime, zone: str | None) -> str:
    return f"{instant.astimezone(ZoneInfo(zone or 'UTC')):%A %d %B %Y, %H:%M}"


def _sentences(evidence: Evidence) -> list[Sentence]:
    """Return the sentences in reading order, the subject first, with the values of their slots."""
    citations, slots = evidence.trace["citations"] or [], evidence.message["slots"]
    found = [
        Sentence(
            item["number"],
            item["role"],
            fill(item["text"], slots),
            item["text"],
            _sources([row for row in citations if row["sentence_number"] == item["number"]]),
        )
        for item in (evidence.template["sentences"] if evidence.template else [])
    ]
    return sorted(found, key=lambda sentence: (sentence.role != "subject", sentence.number))


def _sources(citations: list[dict[str, Any]]) -> list[Source]:
    """Return the quotes of one sentence, each once, with the claims it bears."""
    by_quote: dict[tuple, list[dict[str, Any]]] = {}
    for row in citations:
        by_quote.setdefault((row["doc_id"], row["doc_version"], row["quote_start"], row["quote_end"]), []).append(row)
    return [
        Source(
            name=f"{rows[0]['doc_id']} {rows[0]['doc_version']}",
            quote=rows[0]["quote"],
            anchor=anchor_of(rows[0]),
            claims=list(dict.fromkeys(_claim_words(row) for row in rows)),
            is_typed=any(row["method"] == "exact_value" for row in rows),
            verdict="supported" if all(row["verdict"] == "supported" for row in rows) else "unsupported",
        )
        for rows in by_quote.values()
    ]


def claim_name(row: dict[str, Any]) -> str:
    """Return what a claim is called on the page."""
    return "fixed disclosure" if row["method"] == "disclosure_catalogue" else row["claim_type"]


def _claim_words(row: dict[str, Any]) -> str:
    if row["claim_type"] == "verbatim":
        return "approved wording"
    return claim_name(row) + ("" if row["method"] == "disclosure_catalogue" else f" {row['claim_value']}")


def _paragraphs(body: str | None, sentences: list[Sentence]) -> list[list[Piece]]:
    """Cut the text as sent into paragraphs of pieces, each sentence a piece; what is no sentence stays plain."""
    pieces, position = [], 0
    text = body or ""
    for sentence in sentences:
        start = text.find(sentence.text, position) if sentence.role != "subject" else -1
        if start >= 0:
            pieces += [Piece(text[position:start]), Piece(sentence.text, sentence.number)]
            position = start + len(sentence.text)
    pieces.append(Piece(text[position:]))
    paragraphs: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece.sentence is None and "\n" in piece.text:
            paragraphs.append([])
        elif piece.text:
            paragraphs[-1].append(piece)
    return [paragraph for paragraph in paragraphs if paragraph]


def _is_wording(document: dict[str, Any]) -> bool:
    """Tell whether a document gives words only; the ones that numbers rest on are shown first."""
    return document["kind"] in ("brand_voice", "disclosure")


def _cited(citations: list[dict[str, Any]], key: tuple[str, str]) -> list[dict[str, Any]]:
    return [row for row in citations if (row["doc_id"], row["doc_version"]) == key]


def _document_pieces(text: str, citations: list[dict[str, Any]]) -> list[Piece]:
    """Cut a document at its quotes; quotes that overlap share a piece, which holds the anchors of both."""
    groups: list[list[dict[str, Any]]] = []
    end = 0
    for citation in sorted(citations, key=lambda row: (row["quote_start"], row["quote_end"])):
        if groups and citation["quote_start"] < end:
            groups[-1].append(citation)
        else:
            groups.append([citation])
        end = max(end, citation["quote_end"])
    pieces, position = [], 0
    for group in groups:
        start, stop = group[0]["quote_start"], max(row["quote_end"] for row in group)
        anchors = tuple(anchor_of(row) for row in group)
        numbers = tuple(sorted({row["sentence_number"] for row in group}))
        pieces += [Piece(text[position:start]), Piece(text[start:stop], None, anchors, numbers)]
        position = stop
    return [*pieces, Piece(text[position:])]


def _reasons(trace: dict[str, Any], message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the features that counted, with their direction and their value that night."""
    decision, features = trace["decision"] or {}, trace["features"] or {}
    found = []
    for code in decision.get("reason_codes") or []:
        kind, _, rest = code.partition(":")
        if kind == "feature":
            name, _, direction = rest.rpartition(":")
            own = own_feature(name, message["family"], message["channel"])
            value = features.get(own)
            if own == "intent":
                value = message["intent_name"]
            elif own == "holds_product":
                value = decision.get("product_id") in (features.get("held_product_ids") or [])
            found.append({"name": own, "raised": direction == "+", "value": value})
    return found


def own_feature(name: str, family: str | None, channel: str) -> str:
    """Return the feature behind one that goes by the action's family or channel.

    Examples
    --------
    >>> own_feature("topic_events_of_family_30d", "loan", "email")
    'topic_loan_events_30d'
    >>> own_feature("contacts_of_channel_90d", "loan", "email")
    'contacts_email_90d'
    """
    name = name.replace("topic_events_of_family", f"topic_{family}_events").replace("holds_family", f"holds_{family}")
    return name.replace("_of_channel_", f"_{channel}_")


def _candidates(trace: dict[str, Any], reasons: dict[str, str]) -> list[dict[str, Any]]:
    """Return the candidates with what became of each in words, the chosen one first."""
    decision = trace["decision"] or {}
    chosen = (decision.get("product_id"), decision.get("channel"))
    rows = []
    for row in trace["candidates"] or []:
        is_chosen = (row["product_id"], row["channel"]) == chosen and row["drop_reason"] is None
        rows.append({**row, "is_chosen": is_chosen, "words": reasons.get(row["drop_reason"], row["drop_reason"])})
    return sorted(rows, key=lambda row: not row["is_chosen"])
