"""The descent that trains an adapter, whatever reads with it.

Belongs here: batches, optimizer, schedule and the order of a step. What is learnt from, and the loss, belong to
`rag.pair_encoder` (two texts together) and `rag.questions.training` (question and passages).
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.minilm import Adapter

if TYPE_CHECKING:
    from torch import Tensor

Batch = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]
"""Called after every step with the steps done and the steps in all."""


def descend(
    adapter: Adapter,
    groups: list[dict[str, Any]],
    rates: list[float],
    weight_decay: float,
    batches: Iterable[Batch],
    loss_of: Callable[[Batch], "Tensor"],
    seed: int,
    progress: Progress | None = None,
) -> None:
    """Change an adapter in place, one step a batch, so that the loss falls.

    Parameters
    ----------
    adapter : Adapter
    groups : list of dict
        Its tensors as AdamW takes them ('params', and a 'weight_decay' of their own).
    rates : list of float
        The highest learning rate of each group: after a tenth of the steps; it falls to 0 at the end.
    weight_decay : float
        Of the groups that name none.
    batches : iterable of ndarray of int64
        Places of the examples of every step.
    loss_of : callable
        The loss of a batch, a tensor ().
    seed : int
        Of dropout; torch's own state is left as it was.
    progress : callable of (done, total), optional
    """
    import torch

    steps = list(batches)
    optimizer = torch.optim.AdamW(groups, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rates, total_steps=len(steps) + 1, pct_start=0.1, anneal_strategy="linear"
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for done, batch in enumerate(steps, start=1):
            loss = loss_of(batch)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(adapter.tensors(), 1.0)
            optimizer.step()
            schedule.step()
            if progress:
                progress(done, len(steps))


def batches_of_like_length(lengths: npt.NDArray[np.int64], batch: int, epochs: int, seed: int) -> Iterator[Batch]:
    """Yield the examples of every step: drawn at random, but of like length within 16 batches, in random order.

    Parameters
    ----------
    lengths : ndarray of int64, (examples,)
        Tokens of each.
    batch, epochs, seed : int
    """
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order, pool = rng.permutation(len(lengths)), 16 * batch
        sorted_pools = [
            part[np.argsort(lengths[part], kind="stable")]
            for part in (order[start : start + pool] for start in range(0, len(order), pool))
        ]
        batches = [part[start : start + batch] for part in sorted_pools for start in range(0, len(part), batch)]
        for place in rng.permutation(len(batches)):
            yield batches[place]


def print_progress(done: int, total: int) -> None:
    """Say on standard error how far a training is, every hundredth step."""
    if done % 100 == 0 or done == total:
        sys.stderr.write(f"  step {done:,} of {total:,}\n")
        sys.stderr.flush()
