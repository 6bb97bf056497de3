"""What the cross-encoder reads of evidence, and the scores it ships with."""

from dataclasses import replace

import numpy as np
import pytest

from rag.support.cross_encoder import (
    READ_CHARACTERS,
    CrossEncoderError,
    held_out_scores,
    read_part,
    texts_of,
)
from rag.support.cross_encoder_training import HALVES, among_others
from rag.support.evaluation import area_under_curve
from rag.support.features import extract_many
from rag.support.generator import Pair, hand_pairs
from rag.support.passages import NATURAL_DIR, read_all_passages

SHORT = "The mill closed in 1996. It had been the largest employer. The town has a museum."
FILLER = [f"Sentence number {i} speaks of matter {i % 7} and of the river beside it." for i in range(60)]


def _read(claim: str, evidence: str) -> str:
    (alignment,) = extract_many([claim], [evidence])[1]
    assert alignment is not None
    return read_part(alignment)


def test_short_evidence_is_read_whole():
    assert _read("The mill closed.", SHORT) == SHORT


def test_of_long_evidence_the_nearest_sentences_are_read_with_their_neighbours_in_order():
    told = ["Anna Holt bought the mill.", "She closed it in 1996.", "The town was told in a letter."]
    read = _read("Anna Holt closed the mill in 1996.", " ".join([*FILLER[:40], *told, *FILLER[40:]]))
    assert len(read) <= READ_CHARACTERS
    assert " ".join(told) in read and FILLER[39] in read
    places = [FILLER.index(sentence) for sentence in FILLER if sentence in read]
    assert places == sorted(places)


def test_a_pair_that_can_not_be_aligned_has_nothing_to_read():
    assert texts_of(["..."], extract_many(["..."], [SHORT])[1]) == [("...", "")]


def test_committed_scores_belong_to_the_committed_texts_and_know_more_than_chance():
    pairs = hand_pairs(read_all_passages(NATURAL_DIR))
    labels = np.array([pair.is_supported for pair in pairs])
    assert area_under_curve(labels, held_out_scores(pairs)) > 0.65
    with pytest.raises(CrossEncoderError, match="cross_encoder_training"):
        held_out_scores([*pairs[:-1], replace(pairs[-1], claim="Another claim.")])


def test_every_file_is_held_out_once():
    assert sorted(name for half in HALVES for name in half) == sorted(path.stem for path in NATURAL_DIR.glob("*.txt"))


def test_a_third_of_the_evidence_is_learnt_among_other_texts():
    pairs = [Pair(f"Claim {i}.", f"Evidence {i} stands here.", True, "hand", "x:1") for i in range(300)]
    pairs += [Pair("Claim.", '{"name": "Mill"}', True, "hand", "x:1")] * 30
    learnt = among_others(pairs)
    longer = [new for new, old in zip(learnt, pairs, strict=True) if new.evidence != old.evidence]
    assert 70 <= len(longer) <= 130
    assert all(old.evidence in new.evidence.splitlines() for new, old in zip(learnt, pairs, strict=True))
    assert all(new == old for new, old in zip(learnt[300:], pairs[300:], strict=True))
