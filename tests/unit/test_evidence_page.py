"""The evidence page: everything escaped, nothing loaded from elsewhere, every link with its target."""

import hashlib
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from dagster_pipeline.evidence import Evidence, render_again
from dagster_pipeline.evidence_page import evidence_page, own_feature
from rag.template_types import template_id_of

TEXT = "# Rates\n\nIt earns 4.10% APY. It is <b>ours</b> & yours. Hello {first_name},\n"
HOSTILE = "<script>alert('x')</script> \"&\" {{ 1234 * 5 }}"
SENTENCES = [
    {"number": 0, "text": "Hello {first_name},", "role": "greeting", "citations": []},
    {"number": 1, "text": "It earns 4.10% APY.", "role": "claim", "citations": []},
    {"number": 2, "text": "A subject", "role": "subject", "citations": []},
]


def citation(number, quote, claim_number=0, **more):
    start = TEXT.index(quote)
    return {
        "sentence_number": number,
        "claim_number": claim_number,
        "sentence": SENTENCES[number]["text"],
        "claim_type": "verbatim",
        "claim_value": quote,
        "doc_id": "sheet",
        "doc_version": "1",
        "doc_valid_from": "2026-01-01",
        "doc_valid_to": None,
        "quote": quote,
        "quote_start": start,
        "quote_end": start + len(quote),
        "verdict": "supported",
        "method": "verbatim_chunk",
        **more,
    }


def made(citations=None, **message):
    """Evidence of a small message, with hostile words wherever somebody outside can put some."""
    body = "Hello Ana,\n\nIt earns 4.10% APY."
    template: dict[str, Any] = {
        "inputs_hash": "i",
        "subject": "A subject",
        "body": "Hello {first_name},\n\nIt earns 4.10% APY.",
    }
    template |= {"sentences": SENTENCES, "template_id": template_id_of(**template, sentences=SENTENCES)}
    row = {
        "message_id": "m1",
        "customer_id": HOSTILE,
        "as_of_date": date(2026, 3, 9),
        "template_id": template["template_id"],
        "channel": "email",
        "subject": "A subject",
        "body": body,
        "slots": {"first_name": "Ana"},
        "status": "released",
        "withheld_reason": None,
        "send_at": datetime(2026, 3, 10, 15, tzinfo=UTC),
        "expires_at": datetime(2026, 3, 11, 4, tzinfo=UTC),
        "timezone": "America/New_York",
        "content_hash": hashlib.sha256(("A subject" + body).encode()).hexdigest(),
        "product_id": "savings",
        "product_name": HOSTILE,
        "family": "deposit",
        "segment_name": None,
        "intent_name": "ready",
        "readiness": 0.75,
        **message,
    }
    trace = {
        "decision": {
            "arm": "decisioned",
            "product_id": "savings",
            "channel": "email",
            "intensity": "low",
            "propensity": 0.1,
            "context_weight": 0.5,
            "value": 1.0,
            "lever": 1.0,
            "priority": 0.05,
            "action_probability": 1.0,
            "reason_codes": ["arm:decisioned", "feature:topic_events_of_family_30d:+", "feature:intent:-"],
        },
        "candidates": [
            {"product_id": "cd", "channel": "sms", "dropped_at_step": "consent", "drop_reason": "consent_missing"}
            | {"propensity": None, "priority": None},
            {"product_id": "savings", "channel": "email", "dropped_at_step": None, "drop_reason": None}
            | {"propensity": 0.1, "priority": 0.05},
        ],
        "features": {"topic_deposit_events_30d": 3, "note": HOSTILE},
        "citations": citations
        if citations is not None
        else [
            citation(0, "Hello {first_name},"),
            citation(1, "It earns 4.10% APY.", claim_type="apy", claim_value="4.1 %", method="exact_value"),
            citation(1, "earns 4.10% APY. It is <b>ours</b> & yours.", 1),
        ],
        "checks": [
            {"rule_id": "A-GEN-01", "rule_version": "1", "checked": "template", "verdict": "pass", "evidence": HOSTILE}
        ],
        "consents": [
            {
                "channel": "email",
                "purpose": "marketing",
                "status": "granted",
                "changed_at": "2025-01-01T00:00:00Z",
                "source": "web",
                "evidence_text": HOSTILE,
                "loaded_as_of_date": "2026-03-09",
            }
        ],
        "versions": {"prompt_version": "2026.1"},
    }
    document: dict[str, Any] = {
        "doc_id": "sheet",
        "doc_version": "1",
        "title": HOSTILE,
        "kind": "rate_sheet",
        "text": TEXT,
    }
    document |= {"valid_from": date(2026, 1, 1), "valid_to": None, "content_hash": "c" * 64}
    approval = {"status": "approved", "approver": "R. Vale", "note": HOSTILE, "decided_at": row["send_at"]}
    return Evidence(
        message=row,
        trace=trace,
        template=template,
        approvals=[approval | {"effective_from": date(2026, 3, 9)}],
        documents={("sheet", "1"): document},
        night={"run_id": "r", "content_hash": "n", "writer": "embedded"},
        reasons={"consent_missing": "No marketing consent on record."},
        rendering=render_again(row, template),
    )


class Page(HTMLParser):
    """Ids, links, tags and text of a page."""

    def __init__(self, page):
        super().__init__()
        self.ids, self.links, self.tags, self.loaded, self.text = [], [], [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" else []
        self.loaded += [given[name] for name in ("src", "srcset", "data", "action") if name in given]
        self.loaded += [given["href"]] if tag == "link" else []

    def handle_data(self, data):
        self.text += data


def test_every_sentence_leads_to_its_quote_and_back():
    page = Page(evidence_page(made()))
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    for number in range(3):
        assert f"#sentence-{number}" in page.links
    assert {"#quote-0-0", "#quote-1-0", "#quote-1-1"} <= set(page.links)


def test_quotes_are_marked_in_place_and_the_document_is_whole():
    html = evidence_page(made())
    marks = re.findall(r"<mark>(.*?)</mark>", html, re.DOTALL)
    assert marks == ["It earns 4.10% APY. It is &lt;b&gt;ours&lt;/b&gt; &amp; yours.", "Hello {first_name},"]
    source = re.findall(r'<div class="source">(.*?)</div>', html, re.DOTALL)[0]
    assert Page(re.sub(r'<a class="back".*?</a>', "", source, flags=re.DOTALL)).text == TEXT


def test_nothing_hostile_becomes_markup_and_nothing_is_loaded():
    html = evidence_page(made())
    page = Page(html)
    assert "script" not in page.tags
    assert page.loaded == []
    assert not re.search(r"url\(|@import|https?://", html)
    assert page.text.count(HOSTILE) >= 6
    assert "6170" not in page.text
    assert "default-src 'none'" in html


def test_why_is_told_with_numbers():
    text = re.sub(r"\s+", " ", Page(evidence_page(made())).text)
    assert "0.1000propensity×0.50context×1.00value×1.00lever=0.0500priority" in text
    assert "topic_deposit_events_30d3raised it" in text
    assert "No marketing consent on record." in text
    assert "Rendered again: identical" in text


@pytest.mark.parametrize("changed", [{"body": "Hello Ana,\n\nIt earns 4.20% APY."}, {"content_hash": "0" * 64}])
def test_a_text_that_is_not_rendered_alike_is_said_so(changed):
    found = made(**changed)
    assert not found.rendering.has_same_text
    assert "Rendered again: the text differs" in Page(evidence_page(found)).text


def test_a_template_that_was_touched_is_said_so():
    found = made()
    touched = {**found.template, "inputs_hash": "other"}
    assert not render_again(found.message, touched).has_same_template
    assert found.rendering.has_same_template


def test_a_message_without_a_text_has_a_page():
    found = made([], subject=None, body=None, status="withheld", withheld_reason="no_template", template_id=None)
    bare = Evidence(**{**vars(found), "template": None, "approvals": [], "documents": {}})
    text = Page(evidence_page(bare)).text
    assert "No text: no_template." in text
    assert "No template, so nothing was approved." in text


def test_features_of_the_action_stand_under_their_own_name():
    assert own_feature("holds_family", "loan", "sms") == "holds_loan"
    assert own_feature("responses_of_channel_90d", "loan", "sms") == "responses_sms_90d"
    assert own_feature("tenure_days", "loan", "sms") == "tenure_days"
