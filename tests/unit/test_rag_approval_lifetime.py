"""An approval stands while its template's hash stands, and dies with any change of what the text was written from.

Quay Bank's offer ends on a date, which a rule warns of, so every version of the text needs a person anew.
"""

from datetime import UTC, datetime, timedelta

import pytest

import rag.templates
from rag.approvals import Decision
from rag.documents import manifest_hash
from tests.adversarial.quay_bank import NIGHT, HostileWriter, cited, document, draft, passage, true_documents
from tests.unit.test_rag_templates import run

NEXT = NIGHT + timedelta(days=1)
LINE = "This offer ends {offer_end_date}."
END = document("end", "brand_voice", f"## End | role: benefit\n\n{LINE}\n", products=())


def make(_, retrieved):
    return [draft(retrieved, cited(LINE, passage(retrieved, LINE), role="benefit"))]


def documents(**changed):
    """Quay Bank's documents with some replaced or added by name."""
    known = {item.doc_id: item for item in [*true_documents(), END]}
    return list({**known, **changed}.values())


def edited(doc_id, products=("savings",)):
    """One of the documents with a sentence more at its end."""
    before = next(item for item in documents() if item.doc_id == doc_id)
    return document(doc_id, before.kind, f"{before.text}\n\nAsk us at the desk.\n", products=products)


@pytest.fixture(scope="module")
def approved():
    """The template of the first night, which a person approved, and the decision."""
    batch, _ = run(make=make, documents=documents())
    assert batch.brief_templates[0].abstain_reason == "pending_approval"
    (template,) = [item for item in batch.templates if not item.is_fallback]
    at = datetime(2026, 3, 10, 9, tzinfo=UTC)
    return batch.templates, Decision(template.template_id, "approved", "R. Vale", "", at, NIGHT)


def served(approved, known=None, **night):
    """The row of the brief on the next night."""
    templates, decision = approved
    batch, writer = run(
        NEXT, **{"make": make, "documents": documents(), **night}, known=templates, decisions=[decision]
    )
    return batch.brief_templates[0], writer.calls


FAQ = document("faq", "faq", "# Questions\n\n## May I?\n\nYes, you may.\n", products=())
KEEPING = {
    "nothing": {},
    "an FAQ is added": {"documents": documents(faq=FAQ)},
    "an FAQ about the product is added": {
        "documents": documents(faq=document("faq", "faq", "# Q\n\n## Rate?\n\nSee the sheet.\n"))
    },
    "another product's sheet is edited": {"documents": documents(cd_rates=edited("cd_rates", products=("cd",)))},
    "a new product gets its sheet": {
        "documents": documents(gold=document("gold", "product_sheet", "# Gold\n\nGold is new.\n", products=("gold",)))
    },
    "a promotion that is not in force yet": {
        "documents": documents(
            later=document("later", "promotion", "# Later\n\nMore to come.\n", valid_from="2026-06-01")
        )
    },
}


@pytest.mark.parametrize("name", KEEPING)
def test_an_unrelated_change_keeps_the_approval_and_calls_nobody(approved, name):
    row, calls = served(approved, **KEEPING[name])
    assert (row.template_id, row.abstain_reason, calls) == (approved[1].template_id, None, 0)


def test_the_version_of_the_corpus_is_recorded_and_no_part_of_the_hash(approved):
    changed = documents(faq=FAQ)
    templates, decision = approved
    (template,) = [item for item in templates if item.template_id == decision.template_id]
    assert template.corpus_version == manifest_hash(documents()) != manifest_hash(changed)
    batch, _ = run(make=make, documents=changed)
    assert template.template_id in {item.template_id for item in batch.templates}


class OtherWriter(HostileWriter):
    """The same words of another writer."""

    def __init__(self, name, model_digest):
        super().__init__(make)
        self.name, self.model_digest = name, model_digest


UNDOING = {
    "the cited passage": {"documents": documents(end=edited("end", products=()))},
    "a fee of the product": {"documents": documents(savings_fees=edited("savings_fees"))},
    "the product's rate sheet": {"documents": documents(savings_rates=edited("savings_rates"))},
    "the brand's voice": {"documents": documents(voice=edited("voice", products=()))},
    "the prompt": {"prompt_version": "test-2"},
    "the writer": {"writer": OtherWriter("embedded", "hostile")},
    "the model": {"writer": OtherWriter("ollama", "hostile-2")},
}


@pytest.mark.parametrize("name", UNDOING)
def test_a_change_of_what_it_was_written_from_undoes_the_approval(approved, name):
    row, calls = served(approved, **UNDOING[name])
    assert row.template_id != approved[1].template_id
    assert (row.is_fallback, row.abstain_reason, calls) == (True, "pending_approval", 1)
    assert row.waiting_template_id not in (None, approved[1].template_id)


def test_a_change_of_the_rules_undoes_the_approval(approved, monkeypatch):
    monkeypatch.setattr(rag.templates, "rules_version", lambda send_date: "other rules")
    row, calls = served(approved)
    assert (row.is_fallback, row.abstain_reason, calls) == (True, "pending_approval", 1)


def test_a_change_taken_back_finds_the_approval_again(approved):
    templates, decision = approved
    changed, _ = run(NEXT, make=make, documents=documents(voice=edited("voice", products=())), known=templates)
    back, writer = run(
        NEXT + timedelta(days=1),
        make=make,
        documents=documents(),
        known=[*templates, *changed.templates],
        decisions=[decision],
    )
    assert (back.brief_templates[0].template_id, writer.calls) == (decision.template_id, 0)
