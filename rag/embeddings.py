"""Embeddings: one interface from texts to unit vectors, and the offline embedder behind it.

Belongs here: everything that knows how a text becomes numbers. An index remembers the `name` of its embedder and is
rebuilt when that changes.
"""

from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]


class EmbedderError(RuntimeError):
    """The model is not there or not the one expected; the message says what was found and what to do."""


class Embedder(Protocol):
    """Turns texts into vectors.

    Attributes
    ----------
    name : str
        Model and version; two embedders of one name give one text the same vector.
    dimensions : int
        Length of a vector.
    """

    name: str
    dimensions: int

    def embed(self, texts: list[str]) -> Vectors:
        """Return an array (len(texts), dimensions), float32, rows of length 1 (or 0 for a text without words)."""
        ...


@cache
def _load_wordllama() -> Any:
    """Load the static vectors that ship in the wheel, once; nothing is downloaded."""
    import wordllama

    return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)


class WordLlamaEmbedder:
    """Static word vectors, averaged: 256 dimensions, no server, no download, some 10,000 texts a second."""

    name = "wordllama-0.4-256"
    dimensions = 256

    def embed(self, texts: list[str]) -> Vectors:
        """Embed texts; see `Embedder.embed`.

        Rows are rounded to 6 decimals, so that equal texts get equal vectors whatever they are batched with.
        """
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = np.asarray(_load_wordllama().embed(texts), dtype=np.float64)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
        return np.round(unit, 6).astype(np.float32)
