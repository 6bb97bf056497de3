"""Training of the cross-encoder: `python -m rag.support.cross_encoder_training` writes what the package ships.

Belongs here: the settings, which pairs are held out of which adapter, and the command. It takes some twenty minutes of
one core, so it is no part of set-up; run it after a change of the texts in `passages`, of `rag.minilm` or of
`rag.pair_encoder`, and commit both files. The same processor and versions give the same files.
"""

import random
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rag.adapter_training import print_progress
from rag.minilm import Adapter
from rag.pair_encoder import PairEncoder, PairSettings, train_pairs
from rag.support.cross_encoder import ADAPTER_PATH, HELD_OUT_PATH, pair_texts, texts_hash
from rag.support.generator import Pair, hand_pairs
from rag.support.model import balanced_weights
from rag.support.passages import NATURAL_DIR, read_all_passages

SETTINGS = PairSettings(rank=8, epochs=3, learning_rate=1e-3, in_bfloat16=True)
LONG_SHARE = 0.33
"""Share of the pairs learnt with their evidence among other texts."""
HALVES = (("encyclopaedia", "long_texts", "short_texts"), ("answers_and_science", "news_and_talk"))
"""Files of `passages/natural`: a half is scored by an adapter that learnt from the other and from `passages`."""


def among_others(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs, a third of them with their evidence among that of others, as in long documents.

    What is then read (`rag.support.cross_encoder.read_part`) is sentences from here and there.
    """
    rng = random.Random(SETTINGS.seed)  # noqa: S311 - reproducible, nothing secret
    plain = [pair.evidence for pair in pairs if pair.evidence[0] not in "{["]  # a record is read as one
    evidence = list(dict.fromkeys(plain))
    result = []
    for pair in pairs:
        if rng.random() < LONG_SHARE and pair.evidence[0] not in "{[":
            texts = rng.sample(evidence, rng.randint(2, 6))
            texts.insert(rng.randint(0, len(texts)), pair.evidence)
            result.append(replace(pair, evidence="\n".join(texts)))
        else:
            result.append(pair)
    return result


def train_adapter(pairs: Sequence[Pair]) -> Adapter:
    """Train an adapter on pairs."""
    texts = pair_texts(among_others(pairs))
    labels = np.array([pair.is_supported for pair in pairs])
    return train_pairs(texts, labels, SETTINGS, balanced_weights(list(pairs)), print_progress)


def held_out(natural: list[Pair], older: list[Pair]) -> npt.NDArray[np.float64]:
    """Return a logit for each natural pair from an adapter that saw none of its half, (n,)."""
    files = np.array([pair.group.split(":")[0] for pair in natural])
    scores = np.zeros(len(natural))
    for half in HALVES:
        inside = np.isin(files, half)
        adapter = train_adapter(older + [natural[i] for i in np.flatnonzero(~inside)])
        scores[inside] = PairEncoder(adapter).score(pair_texts([natural[i] for i in np.flatnonzero(inside)]))
        sys.stdout.write(f"{' and '.join(half)}: scored by an adapter that learnt from the others\n")
        sys.stdout.flush()
    return scores


def main() -> None:
    """Train the adapter that ships, and those that score what it learnt from."""
    import torch

    torch.set_num_threads(1)
    natural, older = hand_pairs(read_all_passages(NATURAL_DIR)), hand_pairs(read_all_passages())
    scores = held_out(natural, older)
    np.savez_compressed(HELD_OUT_PATH, scores=scores.astype(np.float16), texts_sha256=np.array(texts_hash(natural)))
    train_adapter(older + natural).save(ADAPTER_PATH)
    sys.stdout.write(f"{ADAPTER_PATH.name}: trained on {len(older + natural)} pairs\n")


if __name__ == "__main__":
    main()
