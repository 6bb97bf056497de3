"""The generator of training pairs and the passages it starts from."""

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from rag.support.generator import GeneratorSettings, generate_pairs
from rag.support.passages import NATURAL_DIR, PASSAGES_DIR, Passage, PassageError, read_all_passages, read_passages
from rag.support.rewriting import Context
from rag.support.rewriting_false import (
    change_scope,
    negate,
    replace_phrase,
    swap_name,
    swap_number,
    swap_roles,
    use_opposite,
)
from rag.support.rewriting_true import drop_aside, drop_lead, move_lead, reformat_number, resolve_pronoun, to_passive

CONTEXT = Context(
    sentences=("Ada Holm opened a mill near Oss.", "She sold it in 1990 for 1,200 francs to Jon Berg."),
    place=1,
    names=("Ada Holm", "Oss", "Jon Berg"),
    numbers=("1990", "1,200"),
    words=("mill", "francs"),
    other_names=("Tarbet",),
    other_words=("river",),
    tails=(" for the first time",),
)


def rng() -> random.Random:
    return random.Random(1)


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        (drop_lead, "In 1990, the mill was shut for good.", "The mill was shut for good."),
        (move_lead, "In 1990, the mill was shut for good.", "The mill was shut for good in 1990."),
        (drop_aside, "The mill, which stood by the river, was sold.", "The mill was sold."),
        (to_passive, "The council approved the plan.", "The plan was approved by the council."),
        (resolve_pronoun, "She sold it.", "Ada Holm sold it."),
        (reformat_number, "It cost 1,200 francs.", "It cost 1200 francs."),
        (drop_lead, "If it rains, the mill will be shut for good.", None),
        (to_passive, "Rain fell.", None),
    ],
)
def test_keeping_rules(rule, before: str, after: str | None) -> None:
    assert rule(before, CONTEXT, rng()) == after


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        (negate, "The mill is not open.", "The mill is open."),
        (negate, "The mill was open.", "The mill was not open."),
        (change_scope, "It costs at least 5.", "It costs at most 5."),
        (use_opposite, "Prices increased.", "Prices decreased."),
        (swap_roles, "Then Ada Holm paid Jon Berg.", "Then Jon Berg paid Ada Holm."),
        (swap_number, "Nothing to count.", None),
    ],
)
def test_breaking_rules(rule, before: str, after: str | None) -> None:
    found = {rule(before, CONTEXT, random.Random(seed)) for seed in range(40)}
    assert after in found


def test_swaps_always_change_the_text() -> None:
    for seed in range(200):
        text = CONTEXT.sentences[1]
        number = swap_number(text, CONTEXT, random.Random(seed))
        name = swap_name(text, CONTEXT, random.Random(seed))
        phrase = replace_phrase("The dam broke.", CONTEXT, random.Random(seed))
        assert number not in (None, text) and re.findall(r"\d", str(number))
        assert name not in (None, text) and "Jon Berg" not in str(name)
        assert phrase is None or phrase.startswith("The dam ")


def test_pairs_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    passages = read_all_passages()[:6]
    once, again = generate_pairs(passages), generate_pairs(passages)
    other = generate_pairs(passages, GeneratorSettings(seed=1))
    assert once == again
    assert once != other


def test_pairs_hold_every_kind_and_both_labels() -> None:
    pairs = generate_pairs(read_all_passages()[:30])
    kinds = Counter(pair.kind for pair in pairs)
    assert {"hand", "kept", "verbatim", "removed", "foreign", "topical", "detail", "word", "number", "name"} <= set(
        kinds
    )
    assert {pair.is_supported for pair in pairs if pair.kind == "hand"} == {True, False}
    assert all(pair.is_supported for pair in pairs if pair.kind in ("kept", "verbatim"))
    assert not any(pair.is_supported for pair in pairs if pair.kind not in ("hand", "kept", "verbatim"))
    assert 0.3 < sum(pair.is_supported for pair in pairs) / len(pairs) < 0.6


def test_a_removed_sentence_is_not_in_its_evidence() -> None:
    for pair in generate_pairs(read_all_passages()[:10]):
        if pair.kind == "removed":
            assert pair.claim not in pair.evidence


def test_shipped_passages_are_many_and_no_held_out_pair_is_among_them() -> None:
    passages = read_all_passages() + read_all_passages(NATURAL_DIR)
    claims = {claim for passage in passages for claim in passage.supported + passage.unsupported}
    texts = {passage.evidence for passage in passages}
    held_out = [p for path in sorted(Path("tests/support_pairs").glob("*.txt")) for p in read_passages(path)]
    assert len(passages) >= 450
    assert len(claims) >= 4900
    assert sum(len(p.supported) + len(p.unsupported) for p in held_out) >= 1240
    assert not texts & {p.evidence for p in held_out}
    assert not claims & {claim for p in held_out for claim in p.supported + p.unsupported}


def test_passage_files_name_the_line_that_can_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text("= news\n> Text.\nno mark\n")
    with pytest.raises(PassageError, match=r"bad\.txt, line 3"):
        read_passages(path)
    path.write_text("= news\n+ claim\n")
    with pytest.raises(PassageError, match="has no evidence"):
        read_passages(path)
    assert read_passages(PASSAGES_DIR / "news_and_affairs.txt")[0].domain == "news"
    assert isinstance(read_passages(PASSAGES_DIR / "news_and_affairs.txt")[0], Passage)
