"""Reading of texts by the support model: sentences, tokens, quantities."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.support.quantities import find_quantities, near_quantity, same_quantity
from rag.support.reading import normalise, read, split_sentences, stem_of


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
    ("forms", "stem"),
    [
        (("voted", "voting", "votes", "vote"), "vot"),
        (("cities", "city"), "citi"),
        (("stole", "theft", "stolen"), "steal"),
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
