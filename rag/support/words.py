"""Static word vectors: the direction of a word tells its meaning, its length how much it says.

Belongs here: the cached look-up of single words. Whole texts are embedded by `rag.embeddings`.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rag.embeddings import _load_wordllama

DIMENSIONS = 256
MAX_WORD_LENGTH = 60
"""Longer strings (keys, encoded data) are cut before they are looked up."""


@lru_cache(maxsize=100_000)
def _vector_of(word: str) -> tuple[npt.NDArray[np.float32], float]:
    raw = np.asarray(_load_wordllama().embed([word[:MAX_WORD_LENGTH]]), dtype=np.float64)[0]
    length = float(np.linalg.norm(raw))
    unit = raw / length if length > 0 else raw
    return np.round(unit, 5).astype(np.float32), round(length, 4)


def unit_vector(word: str) -> npt.NDArray[np.float32]:
    """Return a word's direction, float32, (DIMENSIONS,)."""
    return _vector_of(word)[0]


def word_weight(word: str) -> float:
    """Return how much a word says: 1.5 ('the') to 13 (a name)."""
    return _vector_of(word)[1]


def unit_vectors(words: list[str]) -> npt.NDArray[np.float32]:
    """Return the directions of words, float32, (len(words), DIMENSIONS)."""
    if not words:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    return np.stack([unit_vector(word) for word in words])
