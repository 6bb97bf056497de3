"""Temporal encoder: a GRU over weekly signals, trained on several targets at once.

What belongs here: the network, its training with early stopping, and embeddings (the last hidden state).
Whether the embedding feeds the decision is not settled here: it must first beat strong aggregates on a
later month (``ml.ablation``).

B customers, T weeks, C signals (scaled, and the mask as the last), H hidden cells.

References
----------
Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014 (the gated recurrent unit).
Babaev et al., CoLES, 2022 (encoders of bank clients' event sequences).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ml.artifacts import Artifact, Fitted
from ml.sequences import SIGNALS, Scaler, observed_mask
from ml.settings import EncoderSettings

# The heads whose targets are observed, and those whose targets are other models' labels.
DECISION_HEADS = ("product", "channel", "send_slot", "intensity")
AUXILIARY_HEADS = ("segment", "intent")
MISSING = -1
_CHUNK = 8_192


@dataclass
class EncoderModel:
    """A trained encoder: its weights as arrays, and the scale of its inputs."""

    hidden: int
    classes: dict[str, int]
    scaler: Scaler
    weights: dict[str, np.ndarray] = field(repr=False)
    untrained: str | None = None

    @property
    def embedding_size(self) -> int:
        """Cells of an embedding; 0 when nothing was trained."""
        return 0 if self.untrained else self.hidden

    def embed(self, sequences: np.ndarray, observed_weeks: np.ndarray) -> np.ndarray:
        """Return the last hidden state of each customer.

        Parameters
        ----------
        sequences : ndarray of float32, shape (B, T, len(SIGNALS))
        observed_weeks : ndarray of int, shape (B,)

        Returns
        -------
        ndarray of float32, shape (B, H), rounded to 6 decimals; (B, 0) when untrained
        """
        if self.untrained is not None:
            return np.zeros((len(sequences), 0), dtype=np.float32)
        torch = _torch(0)
        network = _network(torch, self.hidden, self.classes, dropout=0.0)
        network.load_state_dict({name: torch.from_numpy(values) for name, values in self.weights.items()})
        network.eval()
        chunks = []
        with torch.no_grad():
            for begin in range(0, len(sequences), _CHUNK):
                mask = observed_mask(observed_weeks[begin : begin + _CHUNK])
                inputs = self.scaler.transform(sequences[begin : begin + _CHUNK], mask)  # B, T, C
                chunks.append(network["encoder"](torch.from_numpy(inputs))[1][0].numpy())  # B, H
        return np.round(np.concatenate(chunks), 6) if chunks else np.zeros((0, self.hidden), dtype=np.float32)

    def to_fitted(self, records: dict, notes: Sequence[str]) -> Fitted:
        """Return the model as what an artefact stores."""
        state = {"hidden": self.hidden, "classes": self.classes} | (
            {"untrained": self.untrained} if self.untrained else {}
        )
        scale = {"scaler.mean": self.scaler.mean, "scaler.deviation": self.scaler.deviation}
        return Fitted(state, {**scale, **{f"network.{k}": v for k, v in self.weights.items()}}, {}, records, notes)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "EncoderModel":
        """Return the model an artefact stores."""
        arrays = artifact.arrays
        return cls(
            hidden=artifact.state["hidden"],
            classes=dict(artifact.state["classes"]),
            scaler=Scaler(arrays["scaler.mean"], arrays["scaler.deviation"]),
            weights={k.removeprefix("network."): v for k, v in arrays.items() if k.startswith("network.")},
            untrained=artifact.untrained,
        )


def _torch(seed: int) -> Any:
    """Return torch, set up so that equal inputs give equal weights on the same machine."""
    import torch

    # One thread: the matrices are small, so a second gains a third at best and loses tenfold on a busy machine.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(seed)
    return torch


def _network(torch: Any, hidden: int, classes: Mapping[str, int], dropout: float) -> Any:
    """Return the encoder and one linear head per target, by name."""
    modules = {
        "encoder": torch.nn.GRU(len(SIGNALS) + 1, hidden, batch_first=True),
        "dropout": torch.nn.Dropout(dropout),
        **{f"head_{name}": torch.nn.Linear(hidden, count) for name, count in sorted(classes.items())},
    }
    return torch.nn.ModuleDict(modules)


def _loss(torch: Any, network: Any, inputs: Any, targets: Mapping[str, Any], weights: Mapping[str, float]) -> Any:
    """Return the weighted sum over heads of the mean cross-entropy of labelled rows."""
    state = network["dropout"](network["encoder"](inputs)[1][0])  # B, T, C -> B, H
    total = inputs.new_zeros(())
    for name, weight in weights.items():
        if bool((targets[name] != MISSING).any()):
            logits = network[f"head_{name}"](state)  # B, classes
            total = total + weight * torch.nn.functional.cross_entropy(logits, targets[name], ignore_index=MISSING)
    return total


def fit_encoder(
    train: tuple[np.ndarray, np.ndarray, Mapping[str, np.ndarray]],
    calibration: tuple[np.ndarray, np.ndarray, Mapping[str, np.ndarray]] | None,
    settings: EncoderSettings,
) -> tuple[EncoderModel, list[str], list[dict]]:
    """Train the encoder; the weights of the epoch with the least calibration loss are kept.

    Parameters
    ----------
    train : (sequences, observed_weeks, targets)
        ndarray (B, T, len(SIGNALS)) of float32, ndarray (B,) of int, and per head an ndarray (B,) of int
        classes from 0, ``MISSING`` where unknown. A head without two classes is left out.
    calibration : the same, or None
        Later rows that stop the training; without them it runs half the epochs.
    settings : EncoderSettings

    Returns
    -------
    EncoderModel
        Untrained, without an embedding, where there is too little to learn from.
    list of str
        Remarks for the run report.
    list of dict
        Loss per epoch: epoch, train_loss, calibration_loss.
    """
    sequences, observed_weeks, targets = train
    classes = {
        name: int(targets[name].max()) + 1
        for name in (*DECISION_HEADS, *AUXILIARY_HEADS)
        if name in targets and len(np.unique(targets[name][targets[name] != MISSING])) >= 2
    }
    reason = _why_not(sequences, observed_weeks, classes, settings)
    scaler = Scaler.fit(sequences, observed_mask(observed_weeks))
    if reason is not None:
        return (
            EncoderModel(settings.hidden, {}, scaler, {}, reason),
            [f"encoder: untrained: {reason}; no embedding."],
            [],
        )
    torch = _torch(settings.seed)
    network = _network(torch, settings.hidden, classes, settings.dropout)
    weights = {name: 1.0 if name in DECISION_HEADS else settings.auxiliary_weight for name in classes}
    inputs = _tensors(torch, scaler, sequences, observed_weeks, targets, classes)
    later = _tensors(torch, scaler, *calibration, classes) if calibration is not None else None
    notes = (
        []
        if later is not None
        else ["encoder: no calibration split; it trained half the epochs without early stopping."]
    )
    history = _train(torch, network, inputs, later, weights, settings)
    kept = {name: values.detach().numpy().copy() for name, values in network.state_dict().items()}
    return EncoderModel(settings.hidden, classes, scaler, kept), notes, history


def _why_not(sequences: np.ndarray, observed_weeks: np.ndarray, classes: dict, settings: EncoderSettings) -> str | None:
    if len(sequences) < settings.min_rows:
        return f"{len(sequences)} labelled rows, at least {settings.min_rows} are needed"
    if not (observed_weeks > 0).any() or not sequences.any():
        return "no week holds an event, transaction or contact"
    if not any(name in classes for name in DECISION_HEADS):
        return "no target has two classes"
    return None


def _tensors(
    torch: Any,
    scaler: Scaler,
    sequences: np.ndarray,
    observed_weeks: np.ndarray,
    targets: Mapping[str, np.ndarray],
    classes: Mapping[str, int],
) -> tuple[Any, dict[str, Any]]:
    """Return scaled inputs (B, T, C) and targets (B,); a class the training never saw counts as missing."""
    inputs = torch.from_numpy(scaler.transform(sequences, observed_mask(observed_weeks)))
    known = {name: np.where(targets[name] < count, targets[name], MISSING) for name, count in classes.items()}
    return inputs, {name: torch.from_numpy(values.astype(np.int64)) for name, values in known.items()}


def _train(
    torch: Any,
    network: Any,
    train: tuple[Any, dict[str, Any]],
    later: tuple[Any, dict[str, Any]] | None,
    weights: Mapping[str, float],
    settings: EncoderSettings,
) -> list[dict]:
    """Train in place with early stopping and return the loss per epoch."""
    inputs, targets = train
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    decision_weights = {name: weight for name, weight in weights.items() if name in DECISION_HEADS}
    epochs = settings.epochs if later is not None else max(1, settings.epochs // 2)
    history: list[dict] = []
    best_loss, best_state, waited = np.inf, None, 0
    for epoch in range(epochs):
        network.train()
        order = torch.randperm(len(inputs))
        losses = []
        for begin in range(0, len(inputs), settings.batch_rows):
            rows = order[begin : begin + settings.batch_rows]
            loss = _loss(
                torch, network, inputs[rows], {name: values[rows] for name, values in targets.items()}, weights
            )
            if not loss.requires_grad:
                continue
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            losses.append(float(loss.detach()))
        calibration_loss = None
        if later is not None:
            network.eval()
            with torch.no_grad():
                calibration_loss = float(_loss(torch, network, later[0], later[1], decision_weights))
        history.append({"epoch": epoch + 1, "train_loss": float(np.mean(losses)), "calibration_loss": calibration_loss})
        if calibration_loss is None:
            continue
        if calibration_loss < best_loss - 1e-4:
            best_loss, waited = calibration_loss, 0
            best_state = {name: values.clone() for name, values in network.state_dict().items()}
        else:
            waited += 1
            if waited > settings.patience:
                break
    if best_state is not None:
        network.load_state_dict(best_state)
    return [{key: None if value is None else round(value, 9) for key, value in row.items()} for row in history]
