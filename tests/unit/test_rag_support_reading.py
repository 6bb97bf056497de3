"""Reading of texts by the support model: sentences, tokens, quantities."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.support.preselection import WHOLE_CHARACTERS, preselect
from rag.support.quantities import bounded_quantity, find_quantities, near_quantity, same_quantity
from rag.support.reading import normalise, read, split_sentences, stem_of
from rag.support.rewriting import Context
from rag.support.rewriting_false import break_bound
from rag.support.rewriting_true import bound_number


def values(text: str) -> list[tuple[float, str]]:
    return [(quantity.value, quantity.kind) for quantity in find_quantities(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,500 people and 2.5 % more", [(1500.0, "number"), (2.5, "percent")]),
        ("12 per cent of $1.3 million", [(12.0, "percent"), (1_300_000.0, "money")]),
        (
            "twenty-four cats, a dozen eggs, one hundred and five days",
            [(24.0, "number"), (12.0, "number"), (105.0, "number")],
        ),
        ("in 1984 at 9 p.m. or 21:00", [(1984.0, "year"), (10_001_260.0, "time"), (10_001_260.0, "time")]),
        (
            "between eight and ten days, seven to four",
            [(8.0, "number"), (10.0, "number"), (7.0, "number"), (4.0, "number")],
        ),
        ("half a million or a million and a half", [(500_000.0, "number"), (1_500_000.0, "number")]),
        ("one of them", []),
        ("", []),
    ],
)
def test_quantities_have_exact_values(text: str, expected: list) -> None:
    assert values(text) == expected


@given(st.integers(min_value=0, max_value=10**9))
def test_a_number_equals_itself_with_separators(number: int) -> None:
    plain, grouped = find_quantities(f"they have {number} coins")[0], find_quantities(f"they have {number:,} coins")[0]
    assert same_quantity(plain, grouped) or (1000 <= number <= 2100)
    assert plain.value == grouped.value == number


@given(st.integers(min_value=11, max_value=99_999))
def test_swapped_digits_are_another_number(number: int) -> None:
    text = str(number)
    swapped = text[1] + text[0] + text[2:]
    if swapped != text and swapped[0] != "0":
        left, right = find_quantities(f"{text} coins")[0], find_quantities(f"{swapped} coins")[0]
        assert not same_quantity(left, right)


def test_a_left_out_scale_and_rounding_are_told_apart_from_other_numbers() -> None:
    asked, given_ = find_quantities("asked for 1.3 million and got 1.1")
    (claimed,) = find_quantities("it got 1.1 million")
    assert same_quantity(claimed, given_)
    assert not same_quantity(claimed, asked)
    assert near_quantity(find_quantities("97 jobs")[0], find_quantities("100 jobs")[0])
    assert not near_quantity(find_quantities("9:15")[0], find_quantities("9:16")[0])


@pytest.mark.parametrize(
    ("said", "actual", "expected"),
    [
        ("more than 1,300 cases", "1,312 cases", True),
        ("more than 1,400 cases", "1,312 cases", False),
        ("at least 1,312 cases", "1,312 cases", True),
        ("fewer than 50 people", "47 people", True),
        ("fewer than 40 people", "47 people", False),
        ("nearly 98 %", "97 %", True),
        ("more than 10 cases", "4,000 cases", False),
        ("1,300 cases", "1,312 cases", False),
        ("over 1990", "1995", False),
    ],
)
def test_a_bound_holds_what_it_includes_and_is_not_far_from(said: str, actual: str, expected: bool) -> None:
    (claimed,), (there,) = find_quantities(said), find_quantities(actual)
    assert bounded_quantity(claimed, there) is expected
    if claimed.bound in ("least", "most"):
        assert near_quantity(there, claimed) is expected


@given(st.integers(min_value=20, max_value=999_999), st.integers(min_value=0, max_value=10_000))
def test_a_number_rewritten_as_a_bound_stays_true_and_a_broken_bound_is_false(number: int, seed: int) -> None:
    text = f"It closed {number:,} shops."
    context = Context((text,), 0, (), (), (), (), (), ())
    (actual,) = find_quantities(text)
    for rule, expected in ((bound_number, True), (break_bound, False)):
        new = rule(text, context, random.Random(seed))
        assert new is not None
        (said,) = find_quantities(new)
        assert bounded_quantity(said, actual) is expected


@pytest.mark.parametrize(
    ("forms", "stem"),
    [
        (("voted", "voting", "votes", "vote"), "vot"),
        (("cities", "city"), "citi"),
        (("stole", "theft", "stolen"), "steal"),
        (("twelve", "12"), "12"),
        (("1,500", "1500"), "1500"),
    ],
)
def test_forms_of_a_word_share_a_stem(forms: tuple[str, ...], stem: str) -> None:
    assert {stem_of(form) for form in forms} == {stem}


def test_sentences_keep_abbreviations_together_and_speakers_with_each_sentence() -> None:
    assert split_sentences("Dr. Lam left. She went home.") == ["Dr. Lam left.", "She went home."]
    assert split_sentences("Tom: I can't come. Sorry!") == ["Tom: I can't come.", "Tom: Sorry!"]


def test_a_record_is_read_field_by_field_and_false_as_a_negation() -> None:
    record = json.dumps({"name": "Inn", "attributes": {"OutdoorSeating": True, "WiFi": "no"}, "pool": False})
    assert split_sentences(record) == [
        "name: Inn",
        "attributes Outdoor Seating: yes",
        "attributes Wi Fi: not attributes Wi Fi, no",
        "pool: not pool, no",
    ]
    assert split_sentences('{"hours": {"Monday": "7:0-15:30"}}') == ["hours Monday: 7:00-15:30"]


def test_negation_reaches_to_the_end_of_its_clause() -> None:
    (sentence,) = read("The shop isn't open, but the bakery sells bread.").sentences
    marks = {token.lower: token.is_negated for token in sentence.tokens}
    assert marks["open"]
    assert not marks["bakery"] and not marks["bread"] and not marks["shop"]


def test_names_are_capitals_inside_of_a_sentence_and_acronyms() -> None:
    (sentence,) = read("Yesterday the WHO praised Ilse Varga.").sentences
    assert [token.text for token in sentence.tokens if token.is_name] == ["WHO", "Ilse", "Varga"]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    reading = read(text)
    assert all(sentence.tokens for sentence in reading.sentences)
    assert "\x00" not in normalise(text)


def test_short_evidence_is_left_whole_and_of_long_evidence_the_sentences_that_matter_stay() -> None:
    assert preselect("The treasurer resigned.", "One. Two.") == "One. Two."
    filler = "Nothing of interest happened on the river that day. " * 3_000
    kept = preselect("The treasurer of Skarn resigned at 4.10.", f"{filler}The treasurer left at 4.10 a.m. {filler}")
    assert "The treasurer left at 4.10 a.m." in kept
    assert len(kept) < WHOLE_CHARACTERS / 5
    record = json.dumps([{"name": f"Inn {i}", "pool": i == 7} for i in range(3_000)])
    assert "pool: yes" in preselect("It has a pool: yes.", record).splitlines()
    assert len(preselect("x", "a" * 300_000)) <= WHOLE_CHARACTERS


def test_negation_counts_by_clause_on_both_sides() -> None:
    (first, second) = read("You should not take both at the same time. Both can be taken, but not at night.").sentences
    assert all(token.in_negated_clause for token in first.tokens)
    marks = {token.lower: token.in_negated_clause for token in second.tokens}
    assert not marks["taken"] and marks["night"]
