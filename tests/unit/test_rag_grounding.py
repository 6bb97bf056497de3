"""Grounding, case by case: what a citation must be, what copy without claims must be, how disclosures are filled."""

from dataclasses import replace
from datetime import date

import pytest

from rag.briefs import Brief
from rag.chunking import chunk_document
from rag.claims.pointing import points_outside
from rag.claims.sentences import split_sentences, whole_sentences
from rag.compliance.disclosures import DisclosureCatalogue, fill_disclosure, retrieved_of
from rag.evidence import Sources
from rag.grounding import ground_draft
from rag.writers.base import Draft, DraftCitation, DraftSentence
from tests.adversarial.quay_bank import SEND_DATE, cited, document

BRIEF = Brief("b", "savings", "v1", "email", 1, "medium", "en", "all", "Quay Savings", "deposit", ("US-NY",))
NAMES = {"savings": "Quay Savings", "cd": "Quay 6-Month CD"}
TO_EARN = "You need a minimum balance of $90 to earn the yield."
RATE = "Quay Savings earns 3.10% annual percentage yield (APY)."


def everything(*documents):
    return [retrieved_of(chunk, item) for item in documents for chunk in chunk_document(item)]


def ground(sentence, *documents, brief=BRIEF, retrieved=None, send_date=SEND_DATE):
    found = everything(*documents) if retrieved is None else retrieved
    sources = Sources(
        {item.chunk.chunk_id: item for item in found},
        {(item.doc_id, item.doc_version): item for item in documents},
        NAMES,
        send_date,
    )
    return ground_draft(Draft(None, (sentence,)), brief, sources)


def sheet(body=RATE, kind="rate_sheet", **more):
    return document("sheet", kind, f"# Sheet\n\n{body}\n", **more)


def faults(text, source, quote=None, role="claim", **more):
    return ground(cited(text, everything(source)[0], quote, role), source, **more).faults


def test_a_sentence_that_is_its_quote_is_supported_with_one_row_a_claim():
    source = sheet(RATE + " A deposit of $40 opens it.")
    result = ground(cited(RATE, everything(source)[0]), source)
    assert result.is_supported
    (row,) = result.rows
    assert (row.claim_type, row.claim_value, row.verdict, row.method) == ("apy", "3.1 %", "supported", "exact_value")
    assert source.text[row.quote_start : row.quote_end] == row.quote == RATE


@pytest.mark.parametrize(
    "text",
    [
        "Earn 3.10% annual percentage yield (APY).",
        "With Quay Savings you earn 3.10% annual percentage yield (APY).",
        "{product_name} pays 3.10% annual percentage yield (APY).",
        "The annual percentage yield is 3.10%.",
        "Earn three point one percent annual percentage yield.",
    ],
)
def test_other_words_for_the_same_claim_are_supported(text):
    source = sheet("Quay Savings pays and earns 3.10% annual percentage yield (APY).")
    assert faults(text, source, split_sentences(source.text)[-1]) == ()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Earn 3.10% annual percentage yield (APY) tax-free.", "tax"),
        ("Earn 3.10% annual percentage yield (APY) like clever people do.", "clever"),
        ("Earn 3.10% annual percentage yield (APY) paid every week.", "paid"),
    ],
)
def test_words_that_no_source_holds_are_named(text, word):
    (fault,) = [fault for fault in faults(text, sheet(), RATE) if fault.startswith("words_without_source")]
    assert word in fault


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"valid_to": "2026-03-09"}, "document_not_in_force"),
        ({"valid_from": "2026-03-11"}, "document_not_in_force"),
        ({"products": ("cd",)}, "wrong_product"),
        ({"products": ()}, None),
        ({"products": ("savings", "cd")}, None),
    ],
)
def test_a_citation_must_hold_on_the_day_and_for_the_product(more, fault):
    found = faults(RATE, sheet(**more))
    assert (fault in found) if fault else (found == ())


def test_a_number_of_a_general_document_needs_the_product_beside_it():
    text = "Earn 3.10% annual percentage yield (APY)."
    assert faults(text, sheet(text, products=())) == ("product_not_named",)


def test_a_document_of_other_states_backs_nothing():
    source = replace(sheet(), jurisdictions=("US-CA",))
    assert "wrong_jurisdiction" in faults(RATE, source)
    assert faults(RATE, replace(sheet(), jurisdictions=("US-CA", "US-NY"))) == ()
    everywhere = replace(BRIEF, states=())
    assert "wrong_jurisdiction" in faults(RATE, source, brief=everywhere)


def test_two_sheets_in_force_that_disagree_back_no_rate():
    one = sheet()
    other = document("other", "rate_sheet", "# Sheet\n\nQuay Savings earns 3.20% annual percentage yield (APY).\n")
    assert ground(cited(RATE, everything(one)[0]), one, other).faults == ("sources_disagree",)
    same = document("other", "rate_sheet", f"# Sheet\n\n{RATE}\n")
    assert ground(cited(RATE, everything(one)[0]), one, same).faults == ()


@pytest.mark.parametrize("kind", ["product_sheet", "faq", "brand_voice", "disclosure"])
def test_a_yield_needs_a_source_of_record(kind):
    assert "not_a_source_of_record" in faults(RATE, sheet(kind=kind))


VOICE = "Saving can be calm. Take your time."


@pytest.mark.parametrize(
    ("text", "quote", "kind", "is_supported"),
    [
        ("Saving can be calm.", "Saving can be calm.", "brand_voice", True),
        (VOICE, VOICE, "brand_voice", True),
        ("Saving can be calm.", "Saving can be calm.", "disclosure", True),
        ("Saving can be calm.", "Saving can be calm.", "product_sheet", False),
        ("Saving can be calm.", "Saving can be calm", "brand_voice", False),
        ("Saving can be very calm.", "Saving can be calm.", "brand_voice", False),
        ("Saving can be", "Saving can be", "brand_voice", False),
        ("Take your time", "Take your time", "brand_voice", False),
    ],
)
def test_a_sentence_without_claims_is_approved_text_as_it_stands(text, quote, kind, is_supported):
    source = sheet(VOICE, kind=kind)
    result = ground(cited(text, everything(source)[0], quote, "opening"), source)
    assert result.is_supported is is_supported
    assert [row.claim_type for row in result.rows] == ["verbatim"]


def test_wording_with_a_role_is_approved_text_in_any_document():
    source = document("sheet", "product_sheet", f"# S\n\n## Benefits | role: benefit\n\n{VOICE}\n")
    assert ground(cited("Saving can be calm.", everything(source)[0]), source).is_supported


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty_sentence"),
        ("Hi {nickname}.", "unknown_slot"),
        ("Hi {first_name.", "unknown_slot"),
        ("Saving can\u200b be calm.", "hidden_characters"),
        ("Ends as of {offer_end_date}.", "slot_misused: offer_end_date"),
        ("A rate until {rate_as_of_date}.", "slot_misused: rate_as_of_date"),
    ],
)
def test_the_form_of_a_sentence(text, fault):
    source = sheet(VOICE, kind="brand_voice")
    assert fault in ground(cited(text, everything(source)[0], "Saving can be calm."), source).faults


NOTICES = document(
    "notices",
    "disclosure",
    "## DD_MINBAL | disclosure: DD_MINBAL\n\nA minimum balance of {minimum_balance} earns the yield.\n\n"
    "## DD_FEES | disclosure: DD_FEES\n\nFees could reduce earnings.\n",
    products=(),
)
OWN = document(
    "own", "disclosure", "## DD_FEES | disclosure: DD_FEES\n\nQuay fees could reduce earnings.\n", products=("savings",)
)
TERMS = sheet("- Minimum balance to earn the annual percentage yield: $1,500\n- Minimum opening deposit: $90")


def fixed_text(name, *documents, product_id="savings"):
    found = DisclosureCatalogue(documents, SEND_DATE).find(name, replace(BRIEF, product_id=product_id))
    assert found is not None
    return found


def test_a_fixed_text_is_filled_from_the_products_own_sheet_and_cites_both():
    sentence = fill_disclosure(fixed_text("DD_MINBAL", NOTICES, TERMS), BRIEF, everything(TERMS))
    assert sentence is not None
    assert sentence.text == "A minimum balance of $1,500 earns the yield."
    assert len(sentence.citations) == 2
    result = ground(sentence, NOTICES, TERMS)
    assert result.is_supported
    (row,) = result.rows
    assert (row.doc_id, row.method, row.claim_type) == ("sheet", "disclosure_catalogue", "amount")


@pytest.mark.parametrize("text", ["A minimum balance of $1,600 earns the yield.", "A minimum balance of $90 wins."])
def test_a_fixed_text_filled_with_another_value_or_other_words_is_refused(text):
    filled = fill_disclosure(fixed_text("DD_MINBAL", NOTICES, TERMS), BRIEF, everything(TERMS))
    assert filled is not None
    assert not ground(replace(filled, text=text), NOTICES, TERMS).is_supported


def test_without_the_value_a_fixed_text_is_not_to_be_had():
    assert fill_disclosure(fixed_text("DD_MINBAL", NOTICES), BRIEF, everything(sheet())) is None


def test_the_products_own_fixed_text_comes_before_the_general_one():
    catalogue = DisclosureCatalogue([NOTICES, OWN], SEND_DATE)
    assert fixed_text("DD_FEES", NOTICES, OWN).doc_id == "own"
    assert fixed_text("DD_FEES", NOTICES, OWN, product_id="cd").doc_id == "notices"
    assert catalogue.find("Z_TERMS", BRIEF) is None
    assert catalogue.ids() == ("DD_FEES", "DD_MINBAL")


def test_fixed_texts_hold_on_their_days():
    assert DisclosureCatalogue([NOTICES], date(2025, 12, 31)).find("DD_FEES", BRIEF) is None


def test_sentences_end_at_their_marks_and_lines():
    text = "One at 4.10%. Two!\nThree: $5.00 (why?) Four"
    assert split_sentences(text) == ["One at 4.10%.", "Two!", "Three: $5.00 (why?)", "Four"]
    place = text.index("Two")
    assert whole_sentences(text, place, place + 1) == "Two!"
    assert whole_sentences(text, place - 3, place + 1) == "One at 4.10%. Two!"


def test_a_draft_without_sentences_is_not_supported():
    assert not ground_draft(Draft(None, ()), BRIEF, Sources({}, {}, NAMES, SEND_DATE)).is_supported


def test_every_citation_must_hold_even_if_another_one_does():
    source = sheet()
    bad = DraftCitation("0" * 32, RATE)
    good = DraftCitation(everything(source)[0].chunk.chunk_id, RATE)
    assert ground(DraftSentence(RATE, "claim", (good, bad)), source).faults == ("chunk_not_retrieved",)


@pytest.mark.parametrize(
    ("said", "text", "is_borne_out"),
    [
        ("Waived with a daily balance of $500.", "The daily balance is $500.", False),
        ("Waived with a daily balance of $500.", "With a daily balance of $500 it is waived.", True),
        (TO_EARN, "To start, you need a minimum balance of $90.", False),
        (TO_EARN, "You need a minimum balance of $90.", False),
        (TO_EARN, "To earn the yield you need a minimum balance of $90.", True),
    ],
)
def test_an_amount_stays_a_condition_and_keeps_its_purpose(said, text, is_borne_out):
    source = sheet(said)
    found = [fault for fault in faults(text, source, said) if fault == "amount_stands_otherwise"]
    assert (found == []) == is_borne_out


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("3.10% APY.", "not_a_sentence"),
        ("- Quay Savings earns 3.10% annual percentage yield (APY).", "stray_mark"),
        ('"Quay Savings earns 3.10% annual percentage yield (APY).', "stray_mark"),
        ("1. Quay Savings earns 3.10% annual percentage yield (APY).", "stray_mark"),
    ],
)
def test_scraps_list_items_and_open_quotations_are_no_copy(text, fault):
    assert fault in faults(text, sheet(), RATE)


NO_FEE = "Quay Savings has no fee."


@pytest.mark.parametrize(
    "words",
    [
        "for a while",
        "for now",
        "for the time being",
        "for a short time",
        "at the moment",
        "at first",
        "right now",
        "as of now",
        "in the beginning",
        "currently",
        "initially",
        "still",
        "so far",
        "until further notice",
        "usually",
        "sometimes",
        "once in a while",
        "most of the time",
        "always",
        "forever",
        "for life",
        "at any time",
    ],
)
def test_how_long_and_how_often_is_a_condition_both_ways(words):
    limited = f"Quay Savings has no fee {words}."
    both = f"{NO_FEE} Its words are {words}."
    assert "condition_differs" in faults(limited, sheet(both), both)
    assert "condition_dropped" in faults(NO_FEE, sheet(limited), limited)
    assert faults(limited, sheet(limited), limited) == ()


@pytest.mark.parametrize("text", ["Quay Savings has no fee today.", "Now see Quay Savings: it has no fee."])
def test_now_and_today_limit_nothing(text):
    assert faults(text, sheet(NO_FEE), NO_FEE) == ()


TORN = [
    "What is not named here has no fee.",
    "What isn't listed above has no fee.",
    "The wires named below have no fee.",
    "This schedule has no fee.",
    "The fees are as follows: no fee.",
    "There is no fee for that.",
    "There is no fee for it, and you open it.",
    "You pay no fee there.",
    "There is no fee here.",
    "Then there is no fee.",
    "Otherwise there is no fee.",
    "There is no fee then.",
    "They have no fee.",
    "Both have no fee.",
    "These have no fee.",
    "This has no fee.",
    "Yes, with no fee.",
    "Each of them has no fee.",
    "If so, there is no fee.",
    "That month has no fee.",
    "Anything else has no fee.",
    "There is no other fee.",
]


@pytest.mark.parametrize("text", TORN)
def test_a_sentence_that_points_outside_of_itself_is_not_said_and_bears_nothing(text):
    source = sheet(text)
    assert any(fault.startswith("points_outside") for fault in faults(text, source, text))
    assert "quote_points_outside" in faults(text, source, text)
    assert not ground(cited("There is no fee.", everything(source)[0], text), source).is_supported


def test_it_is_the_product_in_a_text_and_unknown_in_a_quote():
    text = "It has no fee."
    assert faults(text, sheet(text), text) == ("quote_points_outside",)
    assert faults(text, sheet(NO_FEE), NO_FEE) == ()


@pytest.mark.parametrize("text", TORN[:3])
def test_approved_wording_may_point_at_what_stands_beside_it(text):
    source = document("sheet", "fee_schedule", f"# S\n\n## Fees | role: claim\n\n{text}\n")
    assert ground(cited(text, everything(source)[0]), source).is_supported


@pytest.mark.parametrize(
    "text",
    [
        "This account has no fee.",
        "There is no fee.",
        "Here is Quay Savings, with no fee.",
        "Quay Savings has no fee and no minimum balance, so that is one thing less to plan for.",
    ],
)
def test_words_that_stay_inside_of_a_sentence_do_not_point_outside(text):
    assert points_outside(text) is None
