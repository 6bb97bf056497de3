"""Gradient boosting of one target: sampling, fitting, calibrating, predicting, storing.

What belongs here: the CatBoost models themselves. Which targets and columns they get belongs to
``ml.personalization``.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ml.calibration import fit_platt, fit_temperature, sigmoid, softmax
from ml.settings import PersonalizationSettings


def sample_rows(classes: np.ndarray, limit: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw at most ``limit`` rows: all of the rarer classes, the commonest sampled and weighted up.

    Parameters
    ----------
    classes : ndarray of int, shape (rows,)
        In a fixed order; the draw is by position.
    limit : int
    seed : int

    Returns
    -------
    rows : ndarray of int
        Positions, ascending.
    weights : ndarray of float
        Rows each one stands for; weighted class frequencies are the population's.
    """
    if len(classes) <= limit:
        return np.arange(len(classes)), np.ones(len(classes))
    generator = np.random.default_rng(seed)
    is_common = classes == np.bincount(classes).argmax()
    rare, common = np.flatnonzero(~is_common), np.flatnonzero(is_common)
    if len(rare) > limit // 2:
        rows = np.sort(generator.choice(len(classes), limit, replace=False))
        return rows, np.full(limit, len(classes) / limit)
    kept = generator.choice(common, limit - len(rare), replace=False)
    rows = np.concatenate([rare, kept])
    weights = np.concatenate([np.ones(len(rare)), np.full(len(kept), len(common) / len(kept))])
    order = np.argsort(rows, kind="stable")
    return rows[order], weights[order]


def smoothed_rates(classes: np.ndarray, count: int) -> np.ndarray:
    """Return class frequencies with half a row added to each; equal rates without rows."""
    counts = np.bincount(classes, minlength=count).astype(float) + 0.5
    return counts / counts.sum()


def _boost(
    loss: str,
    train: tuple[np.ndarray, np.ndarray, np.ndarray],
    later: tuple[np.ndarray, np.ndarray, np.ndarray] | None,
    settings: PersonalizationSettings,
) -> Any:
    """Fit CatBoost on (matrix, labels, weights), stopping early on the later rows if there are any."""
    from catboost import CatBoost, Pool

    model = CatBoost(
        {
            "loss_function": loss,
            "iterations": settings.iterations
            if later
            else min(settings.iterations, settings.iterations_without_calibration),
            "learning_rate": settings.learning_rate,
            "depth": settings.depth,
            "l2_leaf_reg": settings.l2_leaf,
            "border_count": settings.borders,
            "random_seed": settings.seed,
            "thread_count": settings.threads,
            "boosting_type": "Plain",
            "bootstrap_type": "Bernoulli",
            "subsample": 0.8,
            "leaf_estimation_iterations": 1,
            "allow_writing_files": False,
            "verbose": False,
        }
    )
    pool = Pool(train[0], label=train[1], weight=train[2], thread_count=settings.threads)
    if later is None:
        return model.fit(pool)
    watched = Pool(later[0], label=later[1], weight=later[2], thread_count=settings.threads)
    return model.fit(pool, eval_set=watched, early_stopping_rounds=settings.early_stopping, use_best_model=True)


def model_bytes(model: Any) -> bytes:
    """Return a CatBoost model in its own format."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.cbm"
        model.save_model(str(path), format="cbm")
        return path.read_bytes()


def model_from_bytes(content: bytes) -> Any:
    """Return the CatBoost model that ``model_bytes`` wrote."""
    from catboost import CatBoost

    return CatBoost().load_model(blob=content)


@dataclass
class ClassModel:
    """Probabilities of one target's classes; class frequencies where nothing could be learned.

    Parameters
    ----------
    target : str
    labels : tuple of str
        All classes, in the order of the columns of predictions.
    base : ndarray, shape (classes,)
        Smoothed class frequencies of the training split.
    columns : tuple of str
        Features, in order.
    known : tuple of int
        Classes the model was trained on; the others keep their base rate.
    temperature : float
    model : CatBoost or None
    untrained : str or None
        Why there is no model.
    """

    target: str
    labels: tuple[str, ...]
    base: np.ndarray
    columns: tuple[str, ...] = ()
    known: tuple[int, ...] = ()
    temperature: float = 1.0
    model: Any = field(default=None, repr=False)
    untrained: str | None = None

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities (rows, classes) of a matrix (rows, len(self.columns)), rounded."""
        if self.model is None or not len(matrix):
            return np.round(np.tile(self.base, (len(matrix), 1)), 9)
        logits = np.asarray(self.model.predict(matrix, prediction_type="RawFormulaVal", thread_count=2))
        probabilities = np.tile(self.base, (len(matrix), 1))
        known = np.array(self.known)
        probabilities[:, known] = softmax(logits / self.temperature) * self.base[known].sum()
        return np.round(probabilities, 9)

    def to_state(self) -> dict:
        """Return the JSON-ready part."""
        return {
            "target": self.target,
            "labels": list(self.labels),
            "base": self.base.tolist(),
            "columns": list(self.columns),
            "known": list(self.known),
            "temperature": self.temperature,
            "untrained": self.untrained,
        }

    @classmethod
    def from_state(cls, state: dict, content: bytes | None) -> "ClassModel":
        """Return the model of a state and its CatBoost bytes, if there are any."""
        return cls(
            target=state["target"],
            labels=tuple(state["labels"]),
            base=np.array(state["base"]),
            columns=tuple(state["columns"]),
            known=tuple(state["known"]),
            temperature=state["temperature"],
            model=model_from_bytes(content) if content is not None else None,
            untrained=state["untrained"],
        )


def fit_class_model(
    target: str,
    labels: Sequence[str],
    columns: Sequence[str],
    train: tuple[np.ndarray, np.ndarray],
    later: tuple[np.ndarray, np.ndarray] | None,
    settings: PersonalizationSettings,
) -> ClassModel:
    """Fit and calibrate one target.

    Parameters
    ----------
    target : str
    labels : sequence of str
        All classes.
    columns : sequence of str
        Features, in the order of the matrices' columns.
    train, later : (matrix, classes)
        Labelled rows of the training and the calibration split: float32 (rows, features), int (rows,).
    settings : PersonalizationSettings

    Returns
    -------
    ClassModel
        With ``untrained`` set where rows or classes are too few.
    """
    matrix, classes = train
    counts = np.bincount(classes, minlength=len(labels)) if len(classes) else np.zeros(len(labels), dtype=int)
    base = smoothed_rates(classes, len(labels))
    known = np.flatnonzero(counts >= settings.min_class_rows)
    if len(classes) < settings.min_rows or len(known) < 2:
        reason = f"{len(classes)} labelled rows (at least {settings.min_rows}), {len(known)} classes of at least "
        return ClassModel(target, tuple(labels), base, untrained=f"{reason}{settings.min_class_rows} rows (at least 2)")
    position = np.full(len(labels), -1)
    position[known] = np.arange(len(known))
    fitted_on = _known_sample(matrix, position[classes], settings.max_train_rows, settings.seed)
    watched = None
    if later is not None and len(later[1]):
        watched = _known_sample(later[0], position[later[1]], settings.max_calibration_rows, settings.seed)
        watched = watched if len(watched[1]) >= settings.min_rows // 2 else None
    model = _boost("MultiClass", fitted_on, watched, settings)
    temperature = 1.0
    if watched is not None:
        logits = np.asarray(model.predict(watched[0], prediction_type="RawFormulaVal", thread_count=2))
        temperature = fit_temperature(logits, watched[1], watched[2])
    return ClassModel(target, tuple(labels), base, tuple(columns), tuple(known.tolist()), temperature, model)


def _known_sample(
    matrix: np.ndarray, classes: np.ndarray, limit: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    known = np.flatnonzero(classes >= 0)
    if not len(known):
        return matrix[:0], classes[:0], np.zeros(0)
    rows, weights = sample_rows(classes[known], limit, seed)
    return matrix[known[rows]], classes[known[rows]], weights


@dataclass
class ResponseModel:
    """Calibrated probability that a contact is answered; the base rate where nothing could be learned."""

    base: float
    columns: tuple[str, ...] = ()
    slope: float = 1.0
    intercept: float = 0.0
    model: Any = field(default=None, repr=False)
    untrained: str | None = None

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        """Return probabilities (rows,) of a matrix (rows, len(self.columns)), rounded."""
        if self.model is None or not len(matrix):
            return np.full(len(matrix), round(self.base, 9))
        logits = np.asarray(self.model.predict(matrix, prediction_type="RawFormulaVal", thread_count=2))
        return np.round(sigmoid(self.slope * logits + self.intercept), 9)

    def to_state(self) -> dict:
        """Return the JSON-ready part."""
        return {
            "base": self.base,
            "columns": list(self.columns),
            "slope": self.slope,
            "intercept": self.intercept,
            "untrained": self.untrained,
        }

    @classmethod
    def from_state(cls, state: dict, content: bytes | None) -> "ResponseModel":
        """Return the model of a state and its CatBoost bytes, if there are any."""
        model = model_from_bytes(content) if content is not None else None
        return cls(
            state["base"], tuple(state["columns"]), state["slope"], state["intercept"], model, state["untrained"]
        )


def fit_response_model(
    columns: Sequence[str],
    train: tuple[np.ndarray, np.ndarray],
    later: tuple[np.ndarray, np.ndarray] | None,
    settings: PersonalizationSettings,
) -> ResponseModel:
    """Fit and calibrate the probability of an answer, given customer and action.

    Parameters
    ----------
    columns : sequence of str
    train, later : (matrix, outcomes)
        Treated contacts of the training and the calibration split: float32 (rows, features), 0/1 (rows,).
    settings : PersonalizationSettings

    Returns
    -------
    ResponseModel
        With ``untrained`` set where contacts or answers are too few.
    """
    matrix, outcomes = train
    prior = settings.prior_response_rate * settings.prior_contacts
    base = float((outcomes.sum() + prior) / (len(outcomes) + settings.prior_contacts))
    rarer = min(int(outcomes.sum()), int((1 - outcomes).sum()))
    if len(outcomes) < settings.min_rows or rarer < settings.min_class_rows:
        reason = (
            f"{len(outcomes)} treated contacts with a known outcome (at least {settings.min_rows}), {rarer} of the "
        )
        return ResponseModel(base, untrained=f"{reason}rarer outcome (at least {settings.min_class_rows})")
    fitted_on = _known_sample(matrix, outcomes, settings.max_response_rows, settings.seed)
    watched = None
    if later is not None and len(np.unique(later[1])) == 2 and len(later[1]) >= settings.min_rows // 2:
        watched = (*later, np.ones(len(later[1])))
    model = _boost("Logloss", fitted_on, watched, settings)
    slope, intercept = 1.0, 0.0
    if watched is not None:
        logits = np.asarray(model.predict(watched[0], prediction_type="RawFormulaVal", thread_count=2))
        slope, intercept = fit_platt(logits, watched[1])
    return ResponseModel(base, tuple(columns), slope, intercept, model)
