"""Templates: written once, reused while their inputs stand, approved by people where they must be."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import cast

import pytest

from rag.approvals import Decision
from rag.briefs import briefs_of, enumerate_briefs
from rag.compliance.engine import load_rules
from rag.retrieval import retrieve
from rag.store import Store
from rag.template_types import Night, WritingSettings, draft_of
from rag.templates import brief_key, first_status, write_templates
from rag.writers.base import DraftSentence, WriterFault
from tests.adversarial.quay_bank import (
    CATALOGUE,
    NIGHT,
    SAVINGS_LINE,
    VARIABLE_LINE,
    HostileWriter,
    cited,
    document,
    draft,
    passage,
    true_documents,
)

NEXT = NIGHT + timedelta(days=1)


def true_drafts(_, retrieved):
    lines = (SAVINGS_LINE.replace("3.10%", "2.90%"), SAVINGS_LINE)
    line = next((line for line in lines if any(line in item.chunk.text for item in retrieved)), None)
    if line is None:
        return []
    return [draft(retrieved, *(cited(text, passage(retrieved, text)) for text in (line, VARIABLE_LINE)))]


def catalogue(**attributes):
    rows = [{str(name): value for name, value in row.items()} for row in CATALOGUE.to_dict("records")]
    return tuple({**row, **(attributes if row["product_id"] == "savings" else {})} for row in rows)


def run(
    night=NIGHT,
    make=true_drafts,
    documents=None,
    known=(),
    decisions=(),
    abstentions=None,
    wanted=1,
    writer=None,
    prompt_version="test",
    **more,
):
    """One night over the first briefs of Quay Savings by e-mail."""
    documents = tuple(documents or true_documents())
    briefs = [item for item in briefs_of(enumerate_briefs(CATALOGUE), CATALOGUE) if item.product_id == "savings"]
    writer = writer or HostileWriter(make)
    with Store(":memory:") as store:
        store.refresh(documents)
        batch = write_templates(
            briefs[:wanted],
            lambda brief, day: retrieve(store, brief, day),
            writer,
            Night(
                as_of_date=night,
                send_date=night + timedelta(days=1),
                documents=documents,
                products=catalogue(**more),
                prompt_version=prompt_version,
                known_templates=tuple(known),
                known_abstentions=abstentions or {},
                brief_keys={brief.brief_id: brief_key(brief) for brief in briefs},
                decisions=tuple(decisions),
                settings=WritingSettings(bank_names=("Quay Bank",)),
            ),
        )
    return batch, writer


def new_rates(rate):
    documents = true_documents()
    line = SAVINGS_LINE.replace("3.10%", rate)
    documents[0] = document(
        "savings_rates",
        "rate_sheet",
        "# Rates\n\n- Minimum balance to earn the annual percentage yield: $1,500\n\n"
        f"## Words | role: claim\n\n{line} {VARIABLE_LINE}\n",
        version="2",
    )
    return documents


def test_a_proven_draft_becomes_a_template_with_its_proof():
    batch, writer = run()
    (template,) = batch.templates
    (served,) = batch.brief_templates
    assert served.template_id == template.template_id
    assert (served.is_fallback, served.is_reused, served.abstain_reason) == (False, False, None)
    assert batch.statuses == {template.template_id: "automatic"}
    assert {row.verdict for row in template.citations} == {"supported"}
    assert {check.verdict for check in template.checks} == {"pass", "fixed"}
    assert {check.rule_id for check in template.checks if check.verdict == "fixed"} == {"A-CS-01", "A-FD-01"}
    assert writer.calls == batch.calls == 1


def test_every_sentence_has_a_row_and_every_row_its_quote_at_its_offsets():
    batch, _ = run()
    (template,) = batch.templates
    texts = {item.doc_id: item.text for item in true_documents()}
    assert {row.sentence_number for row in template.citations} == {item["number"] for item in template.sentences}
    for row in template.citations:
        assert texts[row.doc_id][row.quote_start : row.quote_end] == row.quote
    apy = [row for row in template.citations if row.claim_type == "apy"]
    assert [(row.claim_value, row.method) for row in apy] == [("3.1 % (on:1500 usd|at_least|balanc)", "exact_value")]


def test_every_rule_that_applies_has_one_row():
    batch, _ = run()
    (template,) = batch.templates
    wanted = {
        rule.id
        for rule in load_rules()
        if rule.rule_class == "a"
        and rule.is_in_force(NIGHT + timedelta(days=1))
        and rule.applies_to(frozenset({"deposit"}), "email")
    }
    assert Counter(check.rule_id for check in template.checks) == dict.fromkeys(wanted, 1)


def test_equal_inputs_give_equal_templates():
    first, _ = run(wanted=3)
    second, _ = run(wanted=3)
    assert first == second


def test_the_next_night_reuses_and_calls_nobody():
    first, _ = run(wanted=3)
    second, writer = run(NEXT, known=first.templates, wanted=3)
    assert writer.calls == second.calls == 0
    assert second.templates == ()
    assert [item.template_id for item in second.brief_templates] == [item.template_id for item in first.brief_templates]
    assert all(item.is_reused for item in second.brief_templates)


def test_the_same_night_again_gives_the_same_and_calls_nobody():
    first, _ = run(wanted=3)
    again, writer = run(known=first.templates, wanted=3)
    assert writer.calls == 0
    assert (again.templates, again.brief_templates) == (first.templates, first.brief_templates)


def test_an_edited_faq_changes_no_template():
    first, _ = run()
    second, writer = run(
        NEXT, documents=[*true_documents(), document("faq", "faq", "# Q\n\nMay I ask? Yes.\n")], known=first.templates
    )
    assert writer.calls == 0
    assert second.brief_templates[0].template_id == first.brief_templates[0].template_id


def test_a_changed_rate_waits_for_a_person_and_its_sends_get_fallback_copy():
    first, _ = run()
    second, _ = run(NEXT, documents=new_rates("2.90%"), known=first.templates)
    (served,) = second.brief_templates
    assert (served.is_fallback, served.abstain_reason) == (True, "pending_approval")
    pending = [name for name, status in second.statuses.items() if status == "pending"]
    (waiting,) = [item for item in second.templates if item.template_id in pending]
    assert "2.90%" in waiting.body
    assert "rates changed" in waiting.note
    fallback = second.in_use[served.template_id]
    assert "%" not in fallback.body


def decision(template_id, status, after_night):
    return Decision(template_id, status, "R. Vale", "", datetime(2026, 3, 11, tzinfo=UTC), after_night)


@pytest.mark.parametrize(("status", "serves"), [("approved", True), ("rejected", False)])
def test_a_person_decides_for_the_next_night(status, serves):
    first, _ = run()
    second, _ = run(NEXT, documents=new_rates("2.90%"), known=first.templates)
    (waiting,) = [item for item in second.templates if not item.is_fallback]
    known = [*first.templates, *second.templates]
    third, writer = run(
        NEXT + timedelta(days=1),
        documents=new_rates("2.90%"),
        known=known,
        decisions=[decision(waiting.template_id, status, NEXT)],
    )
    (served,) = third.brief_templates
    assert writer.calls == 0
    assert (served.template_id == waiting.template_id) is serves
    assert served.is_fallback is not serves
    assert served.abstain_reason == (None if serves else "rejected")


def test_an_approval_dies_with_any_change_of_what_it_was_written_from():
    first, _ = run()
    second, _ = run(NEXT, documents=new_rates("2.90%"), known=first.templates)
    (waiting,) = [item for item in second.templates if not item.is_fallback]
    third, _ = run(
        NEXT + timedelta(days=1),
        documents=new_rates("2.95%"),
        make=lambda _, retrieved: [
            draft(
                retrieved,
                cited(SAVINGS_LINE.replace("3.10%", "2.95%"), passage(retrieved, "2.95%")),
                cited(VARIABLE_LINE, passage(retrieved, VARIABLE_LINE)),
            )
        ],
        known=[*first.templates, *second.templates],
        decisions=[decision(waiting.template_id, "approved", NEXT)],
    )
    assert third.brief_templates[0].abstain_reason == "pending_approval"


def test_a_warned_rule_waits_for_a_person():
    line = "This offer ends {offer_end_date}."
    documents = [*true_documents(), document("end", "brand_voice", f"## End | role: benefit\n\n{line}\n", products=())]

    def make(_, retrieved):
        return [draft(retrieved, cited(line, passage(retrieved, line), role="benefit"))]

    batch, _ = run(make=make, documents=documents, wanted=3)
    intensities = ["high", "low", "medium"]
    assert [item.abstain_reason for item in batch.brief_templates] == [
        "pending_approval" if intensity == "high" else None for intensity in intensities
    ]


def test_securities_wait_for_a_person_before_first_use():
    batch, _ = run(family="investment")
    assert batch.brief_templates[0].template_id is None
    assert "blocked" in batch.brief_templates[0].abstain_reason


APY = frozenset({("apy", "3.1 %")})


@pytest.mark.parametrize(
    ("family", "verdicts", "rates", "had", "status"),
    [
        ("deposit", ["pass", "fixed"], APY, None, "automatic"),
        ("deposit", ["pass"], APY, APY, "automatic"),
        ("deposit", ["pass"], APY, frozenset(), "pending"),
        ("deposit", ["pass"], frozenset(), APY, "pending"),
        ("deposit", ["pass"], APY, frozenset({("apr", "3.1 %")}), "pending"),
        ("deposit", ["pass", "warned"], APY, APY, "pending"),
        ("investment", ["pass"], frozenset(), None, "pending"),
        ("investment", ["pass"], APY, APY, "pending"),
    ],
)
def test_a_person_looks_at_securities_warnings_and_changed_rates(family, verdicts, rates, had, status):
    batch, _ = run()
    (template,) = batch.templates
    cited = next(row for row in template.citations if row.claim_type == "apy")
    before = None
    if had is not None:
        rows = tuple(replace(cited, claim_type=kind, claim_value=value) for kind, value in had)
        before = replace(template, citations=rows)
    checks = [replace(template.checks[0], verdict=verdict) for verdict in verdicts]
    assert first_status(family, checks, rates, before)[0] == status


def test_a_product_without_its_attributes_gets_no_text_at_all():
    batch, _ = run(maintenance_fee=None)
    (served,) = batch.brief_templates
    assert (served.template_id, served.abstain_reason) == (None, "blocked: product attributes missing")


class FaultyWriter:
    """Fails as it is told."""

    name, model_digest = "ollama", "faulty"

    def __init__(self, kind):
        self.calls, self.kind = 0, kind

    def write(self, brief, retrieved):
        self.calls += 1
        raise WriterFault(self.kind, "gone")


@pytest.mark.parametrize("kind", ["timeout", "malformed_json", "died_midway", "no_material"])
def test_a_writer_that_fails_leaves_fallback_copy_and_its_reason(kind):
    batch, _ = run(writer=FaultyWriter(kind))
    (served,) = batch.brief_templates
    assert (served.is_fallback, served.abstain_reason) == (True, f"writer_{kind}")


def test_a_known_abstention_is_not_tried_again_while_its_inputs_stand():
    lie = HostileWriter(lambda _, retrieved: [draft(retrieved, cited("Earn 9% APY.", retrieved[0], "Earn 9% APY."))])
    first, _ = run(writer=lie)
    (served,) = first.brief_templates
    assert served.abstain_reason.startswith("unsupported")
    known = {served.inputs_hash: served.abstain_reason}
    second, _ = run(NEXT, writer=lie, known=first.templates, abstentions=known)
    assert lie.calls == 1
    assert second.brief_templates[0].abstain_reason == served.abstain_reason
    third, _ = run(NEXT, writer=lie, documents=new_rates("2.90%"), known=first.templates, abstentions=known)
    assert lie.calls == 2
    assert third.brief_templates[0].is_fallback


def test_a_draft_that_cannot_be_read_does_not_stop_the_night():
    batch, _ = run(make=lambda _, retrieved: [draft(retrieved, DraftSentence(cast(str, None), "claim", ()))])
    (served,) = batch.brief_templates
    assert served.abstain_reason.startswith("unreadable")
    assert served.is_fallback


def test_the_first_provable_candidate_is_kept():
    def make(_, retrieved):
        lie = draft(retrieved, cited("Earn 9% APY.", passage(retrieved, SAVINGS_LINE), SAVINGS_LINE))
        return [lie, *true_drafts(_, retrieved)]

    batch, _ = run(make=make)
    assert batch.brief_templates[0].abstain_reason is None


def test_a_template_keeps_the_draft_it_was_made_from():
    batch, _ = run()
    (template,) = batch.templates
    again = draft_of(replace(template, sentences=tuple(json.loads(json.dumps(template.sentences)))))
    assert again.subject == template.subject
    assert [item.text for item in again.sentences] + [again.subject] == [item["text"] for item in template.sentences]


def test_a_template_with_a_date_in_its_text_is_proven_anew():
    line = SAVINGS_LINE.replace("{rate_as_of_date}", "March 10, 2026")
    documents = true_documents()
    documents[0] = document(
        "savings_rates",
        "rate_sheet",
        "# Rates\n\n- Minimum balance to earn the annual percentage yield: $1,500\n\n"
        f"## Words | role: claim\n\n{line} {VARIABLE_LINE}\n",
    )

    def make(_, retrieved):
        return [draft(retrieved, *(cited(text, passage(retrieved, text)) for text in (line, VARIABLE_LINE)))]

    first, _ = run(make=make, documents=documents)
    assert first.brief_templates[0].abstain_reason is None
    soon, writer = run(NIGHT + timedelta(days=20), make=make, documents=documents, known=first.templates)
    assert (writer.calls, soon.brief_templates[0].abstain_reason) == (0, None)
    late, writer = run(date(2026, 6, 1), make=make, documents=documents, known=first.templates)
    assert writer.calls == 1
    assert "A-DD-02" in late.brief_templates[0].abstain_reason
