"""The cross-encoder: claim and evidence read together by MiniLM with an adapter trained on hand-written pairs.

Belongs here: which part of the evidence it reads, its score, and the scores of its own training pairs from models that
had not seen their passage. Its training belongs to `rag.support.cross_encoder_training`.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.pair_encoder import Pair as Texts
from rag.pair_encoder import PairEncoder
from rag.support.alignment import Alignment
from rag.support.features import extract_many
from rag.support.generator import Pair

FOLDER = Path(__file__).parent
ADAPTER_PATH = FOLDER / "cross_encoder.npz"
"""The adapter, float16; made by `python -m rag.support.cross_encoder_training`."""
HELD_OUT_PATH = FOLDER / "cross_encoder_held_out.npz"
"""Scores of the pairs of `NATURAL_DIR` by adapters that had not seen their file; made by the same command."""
READ_CHARACTERS = 900
"""Of evidence: some 200 word pieces, read in one piece."""
CLAIM_CHARACTERS = 600
READ_TOGETHER = 8
"""Pairs in a batch."""
SENTENCE_CHARACTERS = 500


class CrossEncoderError(ValueError):
    """The committed scores do not belong to the committed texts; the message says what to run."""


def texts_hash(pairs: Sequence[Pair]) -> str:
    """Return a hash of claims, evidence and labels, in order."""
    digest = hashlib.sha256()
    for pair in pairs:
        digest.update(f"{pair.claim}\0{pair.evidence}\0{int(pair.is_supported)}\0".encode())
    return digest.hexdigest()


def held_out_scores(pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
    """Return the committed scores of the pairs of `NATURAL_DIR`, (n,), logits.

    Raises
    ------
    CrossEncoderError
        If the file was made of other texts.
    """
    with np.load(HELD_OUT_PATH, allow_pickle=False) as file:
        made_of, scores = str(file["texts_sha256"]), file["scores"].astype(np.float64)
    found = texts_hash(pairs)
    if made_of != found:
        raise CrossEncoderError(
            f"{HELD_OUT_PATH.name} was made of other texts ({made_of[:12]}…) than rag/support/passages/natural holds "
            f"({found[:12]}…); run python -m rag.support.cross_encoder_training"
        )
    return scores


def read_part(alignment: Alignment) -> str:
    """Return what is read of the evidence: all of it where it is short, else the sentences nearest to the claim.

    Those that say most of the claim come first, then their neighbours, then others by how much they say, up to
    `READ_CHARACTERS`; they are read in the order of the text.
    """
    texts = [sentence.text[:SENTENCE_CHARACTERS] for sentence in alignment.evidence.sentences]
    if sum(len(text) + 1 for text in texts) <= READ_CHARACTERS:
        return " ".join(texts)
    first = [alignment.best, *alignment.top, *alignment.scope]
    beside = [place for i in (alignment.best, *alignment.top) for place in (i - 1, i + 1) if 0 <= place < len(texts)]
    said = np.round(alignment.weights @ alignment.soft, 6)
    kept: set[int] = set()
    size = 0
    for place in dict.fromkeys([*first, *beside, *np.argsort(-said, kind="stable").tolist()]):
        if kept and size + len(texts[place]) + 1 > READ_CHARACTERS:
            break
        kept.add(place)
        size += len(texts[place]) + 1
    return " ".join(texts[place] for place in sorted(kept))


def texts_of(claims: Sequence[str], alignments: Sequence[Alignment | None]) -> list[Texts]:
    """Return what the cross-encoder reads of pairs: claims, and the part of the evidence nearest to them."""
    return [
        (claim[:CLAIM_CHARACTERS], read_part(alignment) if alignment else "")
        for claim, alignment in zip(claims, alignments, strict=True)
    ]


def pair_texts(pairs: Sequence[Pair]) -> list[Texts]:
    """Return what the cross-encoder reads of pairs, in portions, so that memory stays bounded."""
    texts = []
    for portion in (pairs[i : i + 256] for i in range(0, len(pairs), 256)):
        claims = [pair.claim for pair in portion]
        texts += texts_of(claims, extract_many(claims, [pair.evidence for pair in portion])[1])
    return texts


def read_logits(claims: Sequence[str], alignments: Sequence[Alignment | None]) -> npt.NDArray[np.float64]:
    """Return a logit for each claim with what it was aligned to, (n,), 2 decimals; 0 where nothing could be aligned."""
    logits = np.zeros(len(claims))
    texts = texts_of(claims, alignments)
    places = [place for place, alignment in enumerate(alignments) if alignment is not None]
    places.sort(key=lambda place: len(texts[place][0]) + len(texts[place][1]))  # the like together: less is padded
    for start in range(0, len(places), READ_TOGETHER):
        batch = places[start : start + READ_TOGETHER]
        logits[batch] = np.round(_encoder().score([texts[place] for place in batch]), 2)
    return logits


@cache
def _encoder() -> PairEncoder:
    """Load the cross-encoder once."""
    from rag.minilm import load_adapter

    return PairEncoder(load_adapter(ADAPTER_PATH), kept_texts=4 * READ_TOGETHER)
