"""The descent that trains an adapter, whatever reads with it.

Belongs here: optimizer, schedule and the order of a step. What is learnt from, and the loss, belong to
`rag.pair_encoder` (two texts together) and `rag.questions.training` (question and passages).
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.minilm import Adapter

if TYPE_CHECKING:
    from torch import Tensor

Batch = npt.NDArray[np.int64]


def descend(
    adapter: Adapter,
    groups: list[dict[str, Any]],
    rates: list[float],
    weight_decay: float,
    batches: Iterable[Batch],
    loss_of: Callable[[Batch], "Tensor"],
    seed: int,
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
    """
    import torch

    steps = list(batches)
    optimizer = torch.optim.AdamW(groups, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rates, total_steps=len(steps) + 1, pct_start=0.1, anneal_strategy="linear"
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for batch in steps:
            loss = loss_of(batch)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(adapter.tensors(), 1.0)
            optimizer.step()
            schedule.step()
