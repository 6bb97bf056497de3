"""Rewordings: what a writer's own words may leave out, add and move; and the limits around a quote."""

import pytest

from rag.claims.mood import moods_of
from rag.claims.sentences import split_sentences
from rag.evidence import Sources
from rag.grounding import ground_draft
from rag.said import clauses_of, read_said
from rag.writers.base import Draft
from tests.adversarial.quay_bank import FEE_LINE, SAVINGS_LINE, SEND_DATE, WIRE_LINE, cited, document
from tests.unit.test_rag_grounding import BRIEF, NAMES, everything, ground

TRANSFERS = "Up to 6 transfers a month are free of charge."


def faults(text, line, body=None, kind="rate_sheet"):
    source = document("sheet", kind, f"# Sheet\n\n{body or line}\n")
    return ground(cited(text, everything(source)[0], line), source).faults


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Each outgoing wire comes with a wire fee of $18.", WIRE_LINE),
        ("Outgoing wires have a wire fee of $18.", WIRE_LINE),
        ("For each outgoing wire there is a wire fee of $18.", WIRE_LINE),
        ("There is a wire fee of $18 on each outgoing wire.", WIRE_LINE),
        ("A wire fee of eighteen dollars applies to each outgoing wire.", WIRE_LINE),
        ("Take a look: a wire fee of $18 applies to each outgoing wire.", WIRE_LINE),
        ("{first_name}, a wire fee of $18 applies to each outgoing wire.", WIRE_LINE),
        ("With Quay Savings, there is no monthly fee unless the balance falls below $1,500.", FEE_LINE),
        ("Your account has no monthly fee unless the balance falls below $1,500.", FEE_LINE),
        (SAVINGS_LINE.replace("Quay Savings earns", "With Quay Savings, you can earn"), SAVINGS_LINE),
        ("Make up to 6 transfers a month free of charge.", TRANSFERS),
        ("An outgoing wire costs $18.", "An incoming wire costs $9 and an outgoing wire costs $18."),
        (
            "An outgoing wire costs $18 and an incoming wire costs $9.",
            "An incoming wire costs $9 and an outgoing wire costs $18.",
        ),
        ("You'll need a minimum balance of $90 to open it.", "A minimum balance of $90 is required to open it."),
        ("An outgoing domestic wire has a fee of $25.", "Fee of a domestic wire, outgoing: $25"),
    ],
)
def test_true_rewordings_pass(text, line):
    assert faults(text, line) == ()


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        ("Wires have no copy fee.", "Domestic wires have no copy fee.", "word_left_out: domestic"),
        ("An incoming wire costs $18.", "An incoming wire costs $9 and an outgoing wire costs $18.", "word_of_another"),
        (
            "Up to 3 copies a month are free of charge.",
            "Up to 3 copies a month and 2 checks a month are free of charge.",
            "claim_left_out",
        ),
        ("A wire fee of $18 applies per account.", WIRE_LINE, "scope_added: per account"),
        ("A wire fee of $18 applies to {first_name}.", WIRE_LINE, "slot_added"),
        ("A fee of $5 is from savings to checking.", "A fee of $5 is from checking to savings.", "stands_otherwise"),
        ("The wire fee is $25.", "The wire fee was $25.", "mood_differs: past"),
        ("A wire fee of $18 may apply to each outgoing wire.", WIRE_LINE, "mood_differs: may"),
        ("We pay you a fee of $5.", "You pay us a fee of $5.", "persons_differ"),
        (f"{WIRE_LINE} You may keep it.", WIRE_LINE, "sentence_without_claim"),
        ("Each wire earns a fee of $18.", "Each wire costs a fee of $18.", "cost_said_as_gain"),
        ("A buyer pays a seller a fee of $5.", "A seller pays a buyer a fee of $5.", "order_differs"),
        ("If a wire fee of $18 applies to each outgoing wire, look.", WIRE_LINE, "condition_added"),
        ("A wire fee of A$18 applies to each outgoing wire.", WIRE_LINE, "claim_differs_in_kind"),
        ("A wire fee of $18* applies to each outgoing wire.", WIRE_LINE, "stray_mark"),
        ("A wire fee of $1\u03368\u0336 applies to each outgoing wire.", WIRE_LINE, "stray_mark"),
    ],
)
def test_false_rewordings_are_refused_by_name(text, line, fault):
    assert any(found.startswith(fault) for found in faults(text, line)), faults(text, line)


NO_FEE = "There is no desk fee."


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (f"## For students\n\n{NO_FEE}", "limited_by_heading"),
        (f"## Former fees\n\n{NO_FEE}", "limited_by_heading"),
        (f"## What happens if I pay late?\n\n{NO_FEE}", "limited_by_heading"),
        (f"Students have:\n\n- {NO_FEE}", "limited_by_lead_in"),
        (f"{NO_FEE} This applies to students only.", "limit_left_out"),
        (f"{NO_FEE} (For students.)", "limit_left_out"),
        (f"On Mondays or\n{NO_FEE}", "quote_torn_from_line"),
        (f"## Employees\n\n{NO_FEE}", "limited_by_heading"),
        (f"## Fees effective May 1, 2026\n\n{NO_FEE}", "limited_by_heading"),
        (f"## Fees through January 31, 2026\n\n{NO_FEE}", "limited_by_heading"),
        (f"## What does a bench cost?\n\n{NO_FEE}", "limited_by_heading"),
        (f"| | from April on |\n|---|---|\n| {NO_FEE} | yes |", "limited_by_lead_in"),
    ],
)
def test_limits_around_a_quote_must_be_said(body, fault):
    assert any(found.startswith(fault) for found in faults(NO_FEE, NO_FEE, body)), faults(NO_FEE, NO_FEE, body)


@pytest.mark.parametrize(
    "body",
    [
        f"## How long does it take for a card?\n\n{NO_FEE}",
        f"## Fees of Quay Savings\n\n{NO_FEE}",
        f"Fees of the account:\n\n- {NO_FEE}",
        f"{NO_FEE} If you move, tell us.",
        f"Key fee: $3\n{NO_FEE}",
        f"## Fees effective January 1, 2026\n\n{NO_FEE}",
        f"## Fees through December 31, 2026\n\n{NO_FEE}",
        f"## What does a desk cost?\n\n{NO_FEE}",
        f"## How do I avoid fees?\n\n{NO_FEE}",
    ],
)
def test_what_stands_around_a_quote_without_limiting_it_is_no_fault(body):
    assert faults(NO_FEE, NO_FEE, body) == ()


def test_a_limit_that_the_draft_says_too_is_said():
    source = document("sheet", "fee_schedule", f"## Words | role: claim\n\n{NO_FEE} This applies to students only.\n")
    chunk = everything(source)[0]
    whole = f"{NO_FEE} This applies to students only."
    assert ground(cited(whole, chunk), source).is_supported
    assert not ground(cited(NO_FEE, chunk), source).is_supported


def test_a_sentence_that_points_back_is_not_torn_from_what_it_points_at():
    source = document(
        "sheet", "fee_schedule", f"## Words | role: claim\n\nA box key is cheap. This has no fee. {NO_FEE}\n"
    )
    chunk = everything(source)[0]
    found = ground(cited("This has no fee.", chunk), source).faults
    assert any(fault.startswith("sentence_before_left_out") for fault in found)
    assert ground(cited("A box key is cheap. This has no fee.", chunk), source).is_supported


@pytest.mark.parametrize(
    ("text", "is_supported"),
    [
        ("It has no monthly fee unless the balance falls below $1,500.", False),
        ("Your account has no monthly fee unless the balance falls below $1,500.", False),
        ("Quay Savings has no monthly fee unless the balance falls below $1,500.", True),
        ("{product_name} has no monthly fee unless the balance falls below $1,500.", True),
    ],
)
def test_a_claim_behind_the_name_of_another_product_names_its_own(text, is_supported):
    sheet = document("sheet", "fee_schedule", f"# Fees\n\n{FEE_LINE}\n")
    other = document("voice", "brand_voice", "## Open | role: opening\n\nThink of Quay 6-Month CD.\n", products=())
    chunks = everything(sheet, other)
    opening = cited("Think of Quay 6-Month CD.", chunks[1], role="opening")
    claim = cited(text, chunks[0], FEE_LINE)
    sources = Sources(
        {item.chunk.chunk_id: item for item in chunks},
        {(item.doc_id, item.doc_version): item for item in (sheet, other)},
        NAMES,
        SEND_DATE,
    )
    found = ground_draft(Draft(None, (opening, claim)), BRIEF, sources).sentences[1].faults
    assert found == (() if is_supported else ("behind_another_product",))
    assert ground_draft(Draft(None, (claim, opening)), BRIEF, sources).sentences[0].faults == ()


@pytest.mark.parametrize("mark", ["*", "\u2020", " [1]", "\u00b9"])
def test_a_footnote_is_not_left_out(mark):
    line = NO_FEE[:-1] + mark + "."
    assert "footnote_left_out" in faults(line, line)
    emphasised = "There is no *monthly* desk fee."
    assert "footnote_left_out" not in faults(emphasised, emphasised)


@pytest.mark.parametrize(
    ("tags", "is_meant"),
    [
        ("intent: browsing, considering", True),
        ("intent: dormant", False),
        ("intensity: high", False),
        ("product: cd", False),
    ],
)
def test_approved_wording_serves_what_it_was_approved_for(tags, is_meant):
    source = document("sheet", "brand_voice", f"## Words | role: opening | {tags}\n\nSaving can be calm.\n")
    found = ground(cited("Saving can be calm.", everything(source)[0]), source).faults
    assert ("approved_for_another_use" not in found) == is_meant


def test_a_sentence_does_not_end_where_lower_case_follows():
    assert split_sentences("Only in the U.S. there is none. Next one.") == [
        "Only in the U.S. there is none.",
        "Next one.",
    ]
    assert split_sentences("Members of Acme Inc.  pay none.\nnext line") == [
        "Members of Acme Inc.  pay none.",
        "next line",
    ]


@pytest.mark.parametrize(
    ("text", "moods"),
    [
        ("the fee is $5", set()),
        ("the fee was $5", {"past"}),
        ("is the fee $5?", {"asked"}),
        ("the fee will be $5", {"future"}),
        ("some say the fee might be $5", {"said", "may"}),
        ("pay it by may 5", set()),
        ("you can open it with $5", set()),
        ("the fee can be $5", {"can"}),
    ],
)
def test_moods(text, moods):
    assert moods_of(text) == moods


def test_statements_that_hold_by_themselves():
    def clauses(text):
        return [clause.text.strip() for clause in clauses_of(read_said(text, (), "Quay Savings", 0, len(text)))]

    assert clauses("A wire costs $9, and a check costs $3.") == ["a wire costs $9, and", "a check costs $3."]
    assert len(clauses("Wires are free, except wires abroad, which cost $40.")) == 1
    assert len(clauses("Members pay no fee and earn a bonus of $4.")) == 1
    assert len(clauses("Quay Savings has no fee and earns 3.10%.")) == 2
    assert len(clauses("For students, a wire costs $9, and a check costs $3.")) == 1
