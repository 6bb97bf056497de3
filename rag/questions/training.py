"""Training of the reader: from questions with the passages that answer them, and questions that nothing answers.

Belongs here: the loss and the loop; a pure function of its arguments on one machine with one thread. The questions and
the command that trains what ships are `tests/retrieval_questions/` and `python -m tests.benchmarks.retrieval_training`.

Of the passages admitted to a question and 'nothing here answers', the answering ones shall have the probability, or
nothing where there is none. For an answerable question the same is asked once more with its answers taken away: then
nothing shall have it. So the reader learns to abstain from every question.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.adapter_training import Progress, batches_of_like_length, descend
from rag.minilm import DIMENSIONS, Adapter, load_minilm, lower_states, new_adapter
from rag.questions.reader import joined, read_passages, read_questions, score_states

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Example:
    """A question to learn from.

    Attributes
    ----------
    text : str
    admitted : ndarray of bool, (passages,)
        Passages that may be shown: valid on the day, and in the state.
    answers : ndarray of bool, (passages,)
        Those that answer it; none = unanswerable.
    """

    text: str
    admitted: npt.NDArray[np.bool_]
    answers: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ReaderSettings:
    """How the reader is trained; chosen by training on the training questions and looking at the development half.

    Attributes
    ----------
    rank, vector_rank, token_dimensions : int
        Of the changes of the layers (2 to 32), of the change of the question's vector (4 to 32), and of the space
        tokens are compared in (32 to 256).
    epochs, batch : int
        4 to 12; 16 to 64.
    learning_rate : float
        Its highest, after a tenth of the steps; ten times that for the three scales. 3e-4 to 3e-3.
    weight_decay, dropout : float
        0 to 0.1; 0 to 0.3.
    without_answers : float
        Weight of the second question, with the answers taken away; 0 to 1.
    seed : int
    """

    rank: int = 16
    vector_rank: int = 16
    token_dimensions: int = 96
    epochs: int = 8
    batch: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    dropout: float = 0.15
    without_answers: float = 0.3
    seed: int = 0


def _start(settings: ReaderSettings) -> Adapter:
    """Return the adapter that training starts with: the cosines of MiniLM as it is."""
    rng = np.random.default_rng(settings.seed + 1)
    turned = np.linalg.qr(rng.normal(size=(DIMENSIONS, DIMENSIONS)))[0]
    extras = {
        "scale": np.log(np.full(1, 15.0)),
        "token_scale": np.log(np.full(1, 10.0)),
        "nothing": np.full(1, 10.0),
        "down": rng.normal(0, 0.05, (settings.vector_rank, DIMENSIONS)),
        "up": np.zeros((DIMENSIONS, settings.vector_rank)),
        "tokens": turned[:, : settings.token_dimensions],
        "matters": np.zeros(DIMENSIONS),
    }
    return new_adapter(settings.rank, settings.seed, extras)


def train_reader(
    passages: list[str], examples: list[Example], settings: ReaderSettings, progress: Progress | None = None
) -> Adapter:
    """Train the reader's adapter.

    Parameters
    ----------
    passages : list of str
        As they are indexed.
    examples : list of Example
    settings : ReaderSettings
    progress : callable of (done, total), optional

    Returns
    -------
    Adapter
    """
    weights, read = load_minilm().weights, joined(read_passages(passages))
    questions = lower_states(example.text for example in examples)
    adapter = _start(settings)
    scales = [adapter.extras[name] for name in ("scale", "token_scale", "nothing")]
    others = [tensor for tensor in adapter.tensors() if all(tensor is not scale for scale in scales)]
    rates = [settings.learning_rate, 10 * settings.learning_rate]
    groups: list[dict[str, Any]] = [{"params": others}, {"params": scales, "weight_decay": 0.0}]

    def loss_of(batch: npt.NDArray[np.int64]) -> "Tensor":
        lower = [questions[place] for place in batch]
        asked = read_questions(weights, adapter, lower, settings.dropout, training=True)
        logits = score_states(adapter, asked, read, settings.dropout, training=True)
        return _loss(logits, [examples[place] for place in batch], settings.without_answers)

    lengths = np.array([len(question) for question in questions])
    batches = batches_of_like_length(lengths, settings.batch, settings.epochs, settings.seed)
    descend(adapter, groups, rates, settings.weight_decay, batches, loss_of, settings.seed, progress)
    return adapter


def _loss(logits: "Tensor", examples: list[Example], without_answers: float) -> "Tensor":
    """Return the mean loss of a batch, ()."""
    import torch

    admitted = torch.from_numpy(np.stack([example.admitted for example in examples]))
    answers = torch.from_numpy(np.stack([example.answers & example.admitted for example in examples]))
    answerable = answers.any(dim=1)
    nothing = torch.zeros(len(examples), 1)
    everything = torch.cat((logits.masked_fill(~admitted, -1e9), nothing), dim=1)
    wanted = torch.cat((answers, ~answerable[:, None]), dim=1)
    likelihood = torch.logsumexp(everything.masked_fill(~wanted, -1e9), dim=1) - torch.logsumexp(everything, dim=1)
    rest = torch.cat((logits.masked_fill(~admitted | answers, -1e9), nothing), dim=1)
    return -likelihood.mean() + without_answers * (torch.logsumexp(rest, dim=1) * answerable).mean()
