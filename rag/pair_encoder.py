"""Two texts read together: a score for each pair, from MiniLM with an adapter trained for one kind of pair.

Belongs here: scoring pairs and training an adapter for it, whatever the pairs are (question and passage, claim and
evidence). The lower layers read each text apart, so a text's states serve all its pairs; the upper layers read both
together (as in PreTTR, MacAvaney et al. 2020), with the adapter's changes. A linear head gives the score: over the
mean and the maximum of the first text's tokens, which is the text that is judged (the question, the claim), and over
the product of both texts' means, so that training starts from their cosine.

Training and loading::

    adapter = train_pairs(pairs, labels, PairSettings(), weights)   # a pure function of its arguments
    adapter.save(path)                                               # rounds to half precision
    scores = PairEncoder(load_adapter(path)).score(pairs)            # logits

A pair's score differs by some 1e-6 between thread counts and batches, and is rounded to 3 decimals: decide on that.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rag.adapter_training import Progress, batches_of_like_length, descend
from rag.minilm import (
    DIMENSIONS,
    LAYERS,
    SHARED_LAYERS,
    Adapter,
    load_minilm,
    lower_states,
    mean_pooled,
    merged,
    new_adapter,
    padded,
    run_layers,
)

if TYPE_CHECKING:
    from torch import Tensor

Pair = tuple[str, str]
KEPT_TEXTS = 1024
"""Texts whose lower states an encoder keeps, the latest used ones: some 80 KB a passage of 50 tokens."""
SCORED_TOGETHER = 32
_HEAD = {
    "sides": np.zeros((2, DIMENSIONS)),
    "head": np.zeros(2 * DIMENSIONS),
    "product": np.full(DIMENSIONS, 8.0),
    "bias": np.full(1, -4.0),
}
"""Where the head starts: at 8 times the cosine, less 4. `sides` is added to the states of either text."""


@dataclass(frozen=True)
class PairSettings:
    """How an adapter is trained.

    Attributes
    ----------
    rank : int
        Of the changes of each weight; 2 to 16.
    epochs : int
        1 to 20.
    learning_rate : float
        Its highest, after a tenth of the steps; falls to 0 at the end. 1e-4 to 3e-3.
    weight_decay : float
        0 to 0.1.
    dropout : float
        Of the upper layers' input and of the head's; 0 to 0.3.
    batch : int
        Pairs of a step; 8 to 64. Pairs of like length are batched together.
    seed : int
    in_bfloat16 : bool
        Products of weights in half precision: see `rag.minilm.run_layers`.
    """

    rank: int = 8
    epochs: int = 4
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    dropout: float = 0.1
    batch: int = 16
    seed: int = 0
    in_bfloat16: bool = False


class PairEncoder:
    """Scores pairs of texts.

    Parameters
    ----------
    adapter : Adapter
        As trained by `train_pairs`.
    kept_texts : int
        Texts whose lower states are kept for the next pairs; few where texts hardly come again.
    """

    def __init__(self, adapter: Adapter, kept_texts: int = KEPT_TEXTS) -> None:
        self._adapter = adapter
        self._weights = merged(adapter)
        self._kept_texts = kept_texts
        self._states: OrderedDict[str, Tensor] = OrderedDict()

    def score(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
        """Return a logit for each pair, (pairs,), rounded to 3 decimals; above 0 = more likely than not."""
        import torch

        scores = np.zeros(len(pairs))
        with torch.no_grad():
            for start in range(0, len(pairs), SCORED_TOGETHER):
                batch = pairs[start : start + SCORED_TOGETHER]
                states = self._lower_states(sorted({text for pair in batch for text in pair}))
                logits = _logits(self._weights, self._adapter, [(states[one], states[two]) for one, two in batch])
                scores[start : start + len(batch)] = logits.numpy()
        return np.round(scores, 3)

    def _lower_states(self, texts: list[str]) -> dict[str, "Tensor"]:
        """Return the lower states of texts, from those kept where they are."""
        new = [text for text in texts if text not in self._states]
        self._states.update(zip(new, lower_states(new), strict=True))
        found = {}
        for text in texts:
            self._states.move_to_end(text)
            found[text] = self._states[text]
        while len(self._states) > self._kept_texts:
            self._states.popitem(last=False)
        return found


def _logits(
    weights: dict[str, "Tensor"],
    adapter: Adapter,
    pairs: list[tuple["Tensor", "Tensor"]],
    training: PairSettings | None = None,
) -> "Tensor":
    """Return the logits of pairs of lower states, (pairs,); in training with its settings."""
    import torch
    from torch.nn.functional import dropout as drop

    sides, extras = adapter.extras["sides"], adapter.extras
    states, mask = padded([torch.cat((one + sides[0], two + sides[1])) for one, two in pairs])
    if training:
        states = drop(states, training.dropout)
        states = run_layers(weights, states, mask, SHARED_LAYERS, LAYERS, adapter, training.in_bfloat16)
    else:
        states = run_layers(weights, states, mask, SHARED_LAYERS, LAYERS)
    lengths = torch.tensor([len(one) for one, _ in pairs])
    first = torch.arange(mask.shape[1])[None, :] < lengths[:, None]
    mean, other = mean_pooled(states, first), mean_pooled(states, mask & ~first)
    most = states.masked_fill(~first[:, :, None], -torch.inf).amax(1)
    pooled = torch.cat((mean, most), dim=1)
    pooled = drop(pooled, training.dropout) if training else pooled
    return pooled @ extras["head"] + (mean * other) @ extras["product"] + extras["bias"]


def train_pairs(
    pairs: Sequence[Pair],
    labels: npt.NDArray[np.bool_],
    settings: PairSettings,
    weights: npt.NDArray[np.float64] | None = None,
    progress: Progress | None = None,
) -> Adapter:
    """Train an adapter by logistic loss; a pure function of its arguments on one machine and thread count.

    Parameters
    ----------
    pairs : sequence of (str, str)
        The text judged, and the text it is judged by.
    labels : ndarray of bool, (pairs,)
    settings : PairSettings
    weights : ndarray, (pairs,), optional
        Of each pair's loss; default 1. Make them as large in all for either label where the prior should be even.
    progress : callable of (done, total), optional

    Returns
    -------
    Adapter
        Its `extras` are those of the head.
    """
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    model = load_minilm().weights
    texts = sorted({text for pair in pairs for text in pair})
    states = dict(zip(texts, lower_states(texts), strict=True))
    wanted = torch.from_numpy(np.asarray(labels, dtype=np.float32))
    shares = torch.from_numpy(np.asarray(np.ones(len(pairs)) if weights is None else weights, dtype=np.float32))
    lengths = np.array([len(states[one]) + len(states[two]) for one, two in pairs])
    adapter = new_adapter(settings.rank, settings.seed, _HEAD)

    def loss_of(batch: npt.NDArray[np.int64]) -> "Tensor":
        chosen = [(states[pairs[place][0]], states[pairs[place][1]]) for place in batch]
        logits = _logits(model, adapter, chosen, settings)
        return binary_cross_entropy_with_logits(logits, wanted[batch], weight=shares[batch])

    groups, rates = [{"params": adapter.tensors()}], [settings.learning_rate]
    batches = batches_of_like_length(lengths, settings.batch, settings.epochs, settings.seed)
    descend(adapter, groups, rates, settings.weight_decay, batches, loss_of, settings.seed, progress)
    return adapter
