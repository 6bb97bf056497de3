"""The reader: how well passages answer a question, by MiniLM with an adapter trained on questions.

Belongs here: the score of question and passages, the same in training and in use. The question is read with the
adapter, the passages without it, so that what is kept of a passage never changes. A score is the sum of two products:
of the mean vectors, and of every token of the question with the nearest token of the passage (late interaction, as in
ColBERT, Khattab and Zaharia 2020), the tokens weighted by what they matter. Beside the passages stands the score of
'nothing here answers': a passage below it is worse than none.
"""

from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rag.minilm import (
    DIMENSIONS,
    LAYERS,
    SHARED_LAYERS,
    Adapter,
    load_adapter,
    load_minilm,
    lower_states,
    mean_pooled,
    merged,
    padded,
    run_layers,
)

if TYPE_CHECKING:
    from torch import Tensor

ADAPTER_FILE = Path(__file__).parent / "reader.npz"
KEPT_PASSAGES = 4096
"""Passages whose states a reader keeps, the latest used ones: some 100 KB for one of 50 tokens (256 to 16384)."""
_NEAR = 0.6
"""About the mean similarity of a token to its nearest one; taken off, so that scores stay small."""


@dataclass(frozen=True)
class PassageStates:
    """Passages as the model reads them without an adapter.

    Attributes
    ----------
    vectors : Tensor, (passages, 384)
        Unit vectors.
    tokens : Tensor, (tokens of all passages, 384)
    owners : Tensor of int64, (tokens of all passages,)
        Which passage a token is of.
    """

    vectors: "Tensor"
    tokens: "Tensor"
    owners: "Tensor"


def read_passages(texts: list[str]) -> list["Tensor"]:
    """Return the token states of passages, each (tokens, 384)."""
    import torch

    weights, found = load_minilm().weights, []
    with torch.no_grad():
        for states in lower_states(texts):
            one, mask = padded([states])
            found.append(run_layers(weights, one, mask, SHARED_LAYERS, LAYERS)[0].clone())
    return found


def joined(passages: list["Tensor"]) -> PassageStates:
    """Put the states of passages together."""
    import torch
    from torch.nn.functional import normalize

    owners = torch.repeat_interleave(torch.tensor([len(one) for one in passages]))
    return PassageStates(normalize(torch.stack([one.mean(0) for one in passages]), dim=1), torch.cat(passages), owners)


@dataclass(frozen=True)
class QuestionStates:
    """Questions as the model reads them with the adapter.

    Attributes
    ----------
    vectors : Tensor, (questions, 384)
    tokens : Tensor, (questions, longest, 384)
    mask : Tensor of bool, (questions, longest)
        Where there are tokens.
    """

    vectors: "Tensor"
    tokens: "Tensor"
    mask: "Tensor"


def read_questions(
    weights: dict[str, "Tensor"],
    adapter: Adapter,
    questions: list["Tensor"],
    dropout: float = 0.0,
    training: bool = False,
) -> QuestionStates:
    """Read questions.

    Parameters
    ----------
    weights : dict of str to Tensor
        MiniLM's; with the adapter's changes merged in, unless in training.
    adapter : Adapter
        With the extras that `rag.questions.training` starts.
    questions : list of Tensor
        Lower states of each.
    dropout : float
        Of the question's states, in training.
    training : bool
        Large products are taken in half precision, as in `rag.minilm.run_layers`; scores never are.

    Returns
    -------
    QuestionStates
    """
    from torch.nn.functional import dropout as drop

    states, mask = padded(questions)
    states = drop(states, dropout, training)
    states = run_layers(weights, states, mask, SHARED_LAYERS, LAYERS, adapter if training else None, training)
    vectors = mean_pooled(states, mask)
    return QuestionStates(vectors + vectors @ adapter.extras["down"].T @ adapter.extras["up"].T, states, mask)


def score_states(
    adapter: Adapter,
    questions: QuestionStates,
    passages: PassageStates,
    dropout: float = 0.0,
    training: bool = False,
) -> "Tensor":
    """Score questions against passages.

    Parameters
    ----------
    adapter : Adapter
    questions : QuestionStates
    passages : PassageStates
    dropout, training : float, bool
        As in `read_questions`.

    Returns
    -------
    Tensor, (questions, passages)
        Logits, less that of 'nothing here answers'.
    """
    import torch
    from torch.nn.functional import dropout as drop
    from torch.nn.functional import normalize

    extras, states, mask, vector = adapter.extras, questions.tokens, questions.mask, questions.vectors
    asked = normalize(drop(states, dropout, training) @ extras["tokens"], dim=2)
    count, length, _ = asked.shape
    kind = torch.bfloat16 if training else torch.float32
    told = normalize(passages.tokens @ extras["tokens"], dim=1).to(kind)
    cosines = (asked.reshape(count * length, -1).to(kind) @ told.T).float()
    nearest = torch.full((count * length, len(passages.vectors)), -1.0)
    nearest = nearest.scatter_reduce(1, passages.owners.expand(count * length, -1), cosines, "amax")
    nearest = nearest.view(count, length, -1)
    matters = torch.softmax((states @ extras["matters"]).masked_fill(~mask, -1e9), dim=1)
    by_tokens = (matters[:, :, None] * nearest).sum(1) - _NEAR
    logits = extras["scale"].exp() * (vector @ passages.vectors.T) + extras["token_scale"].exp() * by_tokens
    return logits - extras["nothing"]


@dataclass(frozen=True)
class ReadQuestion:
    """A question as the reader takes it.

    Attributes
    ----------
    scores : ndarray, (passages,)
        A logit for each passage, rounded to 3 decimals; above 0 = rather this one than none.
    vector : ndarray, (384,)
        The question's unit vector: questions on the same thing are near each other.
    """

    scores: npt.NDArray[np.float64]
    vector: npt.NDArray[np.float64]


class QuestionReader:
    """Scores passages for a question, and keeps what it has read of them.

    Parameters
    ----------
    adapter : Adapter
        As trained by `rag.questions.training.train_reader`.
    """

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._weights = merged(adapter)
        self._kept: OrderedDict[str, Tensor] = OrderedDict()

    def read(self, question: str, passages: list[str]) -> ReadQuestion:
        """Read a question beside passages."""
        import torch

        with torch.no_grad():
            asked = read_questions(self._weights, self._adapter, lower_states([question]))
            logits = score_states(self._adapter, asked, joined(self._states(passages)))
        scores = np.asarray(logits[0].numpy(), dtype=np.float64)
        vector = np.asarray(asked.vectors[0].numpy(), dtype=np.float64)
        return ReadQuestion(np.round(scores, 3), vector / np.linalg.norm(vector))

    def vectors(self, questions: list[str]) -> npt.NDArray[np.float64]:
        """Return unit vectors of many questions, (questions, 384)."""
        import torch

        lower, found = lower_states(questions), np.zeros((len(questions), DIMENSIONS))
        order = sorted(range(len(lower)), key=lambda place: len(lower[place]))
        with torch.no_grad():
            for batch in (order[start : start + 64] for start in range(0, len(order), 64)):
                asked = read_questions(self._weights, self._adapter, [lower[place] for place in batch])
                found[batch] = asked.vectors.numpy()
        unit: npt.NDArray[np.float64] = found / np.linalg.norm(found, axis=1, keepdims=True)
        return unit

    def _states(self, passages: list[str]) -> list["Tensor"]:
        """Return the states of passages, from those kept where they are."""
        new = sorted({text for text in passages if text not in self._kept})
        self._kept.update(zip(new, read_passages(new), strict=True))
        for text in passages:
            self._kept.move_to_end(text)
        found = [self._kept[text] for text in passages]
        while len(self._kept) > max(KEPT_PASSAGES, len(passages)):
            self._kept.popitem(last=False)
        return found


@cache
def load_reader() -> QuestionReader:
    """Return the reader that ships, once."""
    return QuestionReader(load_adapter(ADAPTER_FILE))
