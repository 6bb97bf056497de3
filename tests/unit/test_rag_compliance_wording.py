"""The data rules look things up in, and readings: a disguise never hides a phrase, ordinary text is left alone."""

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.briefs import SLOTS
from rag.chunking import chunk_document
from rag.claims import normalise_claim_text
from rag.compliance import limits
from rag.compliance.disclosures import DisclosureCatalogue, disclosure_ids, typed_slots
from rag.compliance.engine import load_rules
from rag.compliance.limits import limit
from rag.compliance.mending import CATALOGUE_FILE
from rag.compliance.reading import readings_of
from rag.compliance.wording import PhraseError, find_phrase, phrase_lists
from rag.documents import load_corpus

HIDDEN = ["guaranteed", "approved", "insured", "free", "profit", "testimonial"]
SWAPS = str.maketrans({"a": "@", "e": "3", "i": "1", "o": "0", "s": "$"})
DISGUISES = {
    "letters apart": " ".join,
    "points between": ".".join,
    "wide gaps": "  ".join,
    "swapped letters": lambda word: word.translate(SWAPS),
    "a break inside": lambda word: f"{word[: len(word) // 2]} {word[len(word) // 2 :]}",
    "an underscore inside": lambda word: f"{word[:2]}_{word[2:]}",
    "long letters": lambda word: word.replace(word[-2], word[-2] * 4, 1) if len(word) > 4 else word,
    "zero width": "\u200b".join,
    "capitals": str.upper,
    "full width": lambda word: "".join(chr(ord(letter) + 0xFEE0) for letter in word),
}


def readings(text: str) -> tuple[str, ...]:
    return readings_of(normalise_claim_text(text).text.lower())


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("word", HIDDEN)
def test_a_disguised_word_is_read(word, disguise):
    hidden = DISGUISES[disguise](word)
    assert any(word in text for text in readings(f"Now {hidden} - see inside.")), hidden


@pytest.mark.parametrize(
    "text",
    [
        "a 401(k) and a 12-month cd, 2nd edition, $5k",
        "https://bank.example/unsubscribe and www.bank.example",
        "the u.s. and a plan b",
        "see more of it on the fee sheet, up to 3.10% as of 2026-11-01",
        "call 1-800-555-0142 (toll-free)",
    ],
)
def test_ordinary_text_is_left_alone(text):
    assert readings_of(text) == (text,)


@given(st.text(max_size=60))
def test_the_first_reading_is_the_text_itself(text):
    assert readings_of(text)[0] == text


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("approval is guaranteed", True),
        ("approval is not guaranteed", False),
        ("we can't say that approval is guaranteed", False),
        ("no doubt: approval is guaranteed", True),
        ("no doubt approval is guaranteed", True),
        ("not only fast, approval is guaranteed", True),
        ("no fees and approval is guaranteed", True),
        ("if approval is guaranteed elsewhere, beware", False),
        ("guaranteed approval is not offered here", False),
    ],
)
def test_a_denial_counts_in_its_own_clause(text, is_said):
    assert (find_phrase((text,), "certain_approval") is not None) == is_said


def test_harmless_phrases_cover_what_they_hold():
    assert find_phrase(("feel free to call",), "free_account", unless="harmless_free") is None
    assert find_phrase(("feel free to open a free account",), "free_account", unless="harmless_free") == "free"


def test_a_number_is_shown_whole():
    assert find_phrase(("get $1,250 today",), "bonus_offer") == "get $1,250"


def test_phrase_files_are_checked(tmp_path):
    for text, said in (
        ("stray\n", "outside of a list"),
        ("[a]\nx\n[a]\ny\n", "exists already"),
        ("[a]\n(x\n", "list a"),
    ):
        folder = tmp_path / said.replace(" ", "_")
        folder.mkdir()
        (folder / "one.txt").write_text(text)
        with pytest.raises(PhraseError, match=said):
            phrase_lists(folder)


def test_limits_are_dated_and_stay_in_their_range(monkeypatch):
    assert limit("fdic_limit_usd", date(2008, 10, 2)) == Decimal(100_000)
    assert limit("fdic_limit_usd", date(2008, 10, 3)) == Decimal(250_000)
    with pytest.raises(ValueError, match="0 rows of 'nothing'"):
        limit("nothing", date(2026, 1, 1))
    row = {**limits._rows()[0], "name": "odd", "value": "99"}
    monkeypatch.setattr(limits, "_rows", lambda: (row,))
    with pytest.raises(ValueError, match="expected 1 to 60"):
        limit("odd", date(2026, 1, 2))


def test_every_limit_is_within_its_range_today():
    for row in limits._rows():
        assert limit(row["name"], date(2026, 11, 5)) > 0
        assert row["reason"], row


def test_every_fix_has_a_text_in_the_default_corpus_with_known_slots():
    documents = load_corpus()
    catalogue = DisclosureCatalogue(documents, date(2026, 1, 1))
    wanted = {name for rule in load_rules() for name in rule.fix_disclosure_ids}
    assert wanted - set(catalogue.ids()) == {"DD_TIERS"}, "tiers stand in the product's own rate sheet"
    assert set(catalogue.ids()) >= {"NDIP_LONG", "TAXES_INS", "PRESCREEN_LONG", "Z16_DEFER", "DD_MINOPEN"}


def test_open_slots_of_the_catalogue_are_typed():
    document = next(doc for doc in load_corpus() if doc.file_name == CATALOGUE_FILE.name)
    open_slots = {
        name
        for chunk in chunk_document(document)
        if disclosure_ids(chunk)
        for name in re.findall(r"\{([a-z_]+)\}", chunk.text)
    }
    assert open_slots - set(SLOTS) <= set(typed_slots())
    assert {slot.type for slot in typed_slots().values()} <= {"usd", "percent", "span", "name"}
