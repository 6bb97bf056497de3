"""Personalization: what comes next for a customer, and whether a contact is answered.

What belongs here: which targets are learned, from which rows and columns, how they are measured, and what
is stored. The models themselves are in ``ml.boosting``, the comparison of feature sets in ``ml.ablation``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ml.ablation import Ablation, compare_feature_sets
from ml.actions import ActionLevels
from ml.artifacts import Artifact, Fitted
from ml.boosting import ClassModel, ResponseModel, fit_class_model, fit_response_model, model_bytes
from ml.decision_frame import DecisionFrame
from ml.evaluation import evaluate_classes, evaluate_response, log_losses
from ml.feature_sets import INTENSITY_FEATURES, Manifest, columns_of
from ml.leaks import CustomerLosses
from ml.settings import BASE_RATES, CHANNELS, INTENSITIES, NO_PRODUCT, SEND_SLOTS, LearningSettings

TARGETS = ("product", "channel", "send_slot", "intensity")
RESPONSE = "response"
SPLITS = ("train", "calibration", "test")


@dataclass
class Personalization:
    """The five models of a night, the columns they read, and whether the embedding feeds them."""

    manifest: Manifest
    levels: ActionLevels
    uses_embedding: bool
    classes: dict[str, ClassModel]
    response: ResponseModel
    version: str = BASE_RATES
    notes: list[str] = field(default_factory=list)

    def version_of(self, name: str) -> str:
        """Return the version to write beside a probability of this model: ``base_rates`` where none was learned."""
        model: ClassModel | ResponseModel = self.response if name == RESPONSE else self.classes[name]
        return BASE_RATES if model.model is None else self.version

    def predict(self, customers: DecisionFrame) -> dict[str, np.ndarray]:
        """Return calibrated probabilities (customers, classes) per target."""
        return {target: model.predict(customers.pick(model.columns)) for target, model in self.classes.items()}

    def to_fitted(self, records: dict, losses: CustomerLosses, notes: Sequence[str]) -> Fitted:
        """Return the models as what an artefact stores."""
        models: dict[str, Any] = {**{t: m.model for t, m in self.classes.items()}, RESPONSE: self.response.model}
        state = {
            "manifest": self.manifest.to_state(),
            "products": list(self.levels.product),
            "families": list(self.levels.family),
            "channels": list(self.levels.channel),
            "uses_embedding": self.uses_embedding,
            "classes": {target: model.to_state() for target, model in self.classes.items()},
            RESPONSE: self.response.to_state(),
        }
        blobs = {f"{name}.cbm": model_bytes(model) for name, model in models.items() if model is not None}
        return Fitted(state, losses.to_arrays(), blobs, records, notes)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "Personalization":
        """Return the models an artefact stores."""
        state, blobs = artifact.state, artifact.blobs
        return cls(
            manifest=Manifest.from_state(state["manifest"]),
            levels=ActionLevels(tuple(state["products"]), tuple(state["families"]), tuple(state["channels"])),
            uses_embedding=state["uses_embedding"],
            classes={t: ClassModel.from_state(s, blobs.get(f"{t}.cbm")) for t, s in state["classes"].items()},
            response=ResponseModel.from_state(state[RESPONSE], blobs.get(f"{RESPONSE}.cbm")),
            version=artifact.version,
            notes=artifact.notes,
        )


@dataclass(frozen=True)
class TrainingInputs:
    """Everything personalization learns from.

    Parameters
    ----------
    frame : DecisionFrame
        Rows of the three labelled splits, ordered by customer_id, as_of_date.
    labels : DataFrame
        customer_id, as_of_date, product, channel, send_slot, intensity of the same splits.
    outcomes : DataFrame
        Contacts with arm, answered, split and the snapshot they were chosen at.
    products : DataFrame
        product_id, family, channels, is_live, one row per product version.
    manifest : Manifest
    embedding_size : int
        0 without an encoder.
    """

    frame: DecisionFrame
    labels: pd.DataFrame
    outcomes: pd.DataFrame
    products: pd.DataFrame
    manifest: Manifest
    embedding_size: int


def _texts(values: pd.Series) -> np.ndarray:
    """Return values as text, whole numbers without a decimal point; missing ones as None."""
    is_number = pd.api.types.is_numeric_dtype(values)
    return np.array(
        [None if pd.isna(v) else str(int(v)) if is_number else str(v) for v in values.to_numpy(dtype=object)],
        dtype=object,
    )


def target_labels(products: pd.DataFrame, labels: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the classes of every target: the catalogue's and those that were observed."""
    known_products = set(products["product_id"]) | {p for p in _texts(labels["product"]) if p not in (None, NO_PRODUCT)}
    offered = {channel for channels in products["channels"] if channels is not None for channel in channels}
    seen = {channel for channel in _texts(labels["channel"]) if channel is not None}
    channels = tuple(channel for channel in CHANNELS if channel in offered | seen) or CHANNELS
    return {
        "product": (NO_PRODUCT, *sorted(known_products)),
        "channel": channels,
        "send_slot": SEND_SLOTS,
        "intensity": INTENSITIES,
    }


def target_classes(labels: pd.DataFrame, vocabulary: dict[str, tuple[str, ...]]) -> dict[str, np.ndarray]:
    """Return each target as class numbers, -1 where unlabelled, one array per target."""
    return {
        target: pd.Categorical(_texts(labels[target]), categories=list(names)).codes.astype(np.int64)
        for target, names in vocabulary.items()
    }


def aligned_labels(keys: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Return the labels of spine rows, row for row; a row without a label has only missing values."""
    columns = ["customer_id", "as_of_date", *TARGETS]
    return keys[["customer_id", "as_of_date"]].merge(
        labels[columns], on=["customer_id", "as_of_date"], how="left", validate="1:1"
    )


def fit_personalization(inputs: TrainingInputs, settings: LearningSettings) -> Fitted:
    """Train, compare and measure all models of a night.

    Parameters
    ----------
    inputs : TrainingInputs
    settings : LearningSettings

    Returns
    -------
    Fitted
        State, models, rows for the record tables and remarks for the run report.
    """
    frame = inputs.frame
    vocabulary = target_labels(inputs.products, inputs.labels)
    classes = target_classes(aligned_labels(frame.keys, inputs.labels), vocabulary)
    comparison = compare_feature_sets(frame, classes["product"], vocabulary["product"], inputs.manifest,
                                      inputs.embedding_size, settings)  # fmt: skip
    feature_set = "all" if comparison.uses_embedding else "static+temporal+intent"
    columns = columns_of(feature_set, inputs.manifest, inputs.embedding_size)
    notes = list(comparison.notes)
    models = {"product": comparison.models.get(feature_set)}
    for target in TARGETS:
        if models.get(target) is None:
            wanted = tuple(c for c in columns if c in INTENSITY_FEATURES) if target == "intensity" else columns
            rows = {split: _labelled(frame, classes[target], split) for split in SPLITS}
            models[target] = fit_class_model(
                target,
                vocabulary[target],
                wanted,
                (frame.pick(wanted, rows["train"]), classes[target][rows["train"]]),
                (frame.pick(wanted, rows["calibration"]), classes[target][rows["calibration"]]),
                settings.personalization,
            )
    fitted = {target: model for target, model in models.items() if model is not None}
    levels = ActionLevels(
        vocabulary["product"][1:], tuple(sorted(set(inputs.products["family"]))), vocabulary["channel"]
    )
    contacts = treated_contacts(inputs.outcomes, inputs.products)
    notes += _action_notes(contacts)
    losses = CustomerLosses()
    response, metrics = _fit_response(frame, columns, levels, contacts, losses, settings)
    models_metrics = [
        row for target in TARGETS for row in _measure(frame, fitted[target], classes[target], losses, settings)
    ]
    notes += [
        f"{name}: untrained: {m.untrained}; class frequencies stand in." for name, m in fitted.items() if m.untrained
    ]
    if response.untrained:
        notes.append(f"response: untrained: {response.untrained}; one rate of {response.base:.3f} stands in for all.")
    result = Personalization(inputs.manifest, levels, comparison.uses_embedding, fitted, response)
    return result.to_fitted(_records(result, frame, models_metrics + metrics, comparison), losses, notes)


def _labelled(frame: DecisionFrame, classes: np.ndarray, split: str) -> np.ndarray:
    rows = frame.rows_of(split)
    return rows[classes[rows] >= 0]


def treated_contacts(outcomes: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Return treated contacts with a known outcome: keys, split, answered, and the action's parts as text."""
    is_used = (outcomes["arm"] == "treatment") & outcomes["answered"].notna() & outcomes["as_of_date"].notna()
    contacts = outcomes[is_used].sort_values("contact_id", kind="stable").reset_index(drop=True)
    parts = {part: _texts(contacts[column]) for part, column in (
        ("product", "product_id"), ("family", "family"), ("channel", "channel"), ("send_slot", "send_slot"),
        ("intensity", "intensity"))}  # fmt: skip
    keys = contacts[["customer_id", "as_of_date", "split"]]
    return pd.DataFrame({**keys, "answered": contacts["answered"].astype(int), **parts})


def _action_notes(contacts: pd.DataFrame) -> list[str]:
    """Say which part of the action cannot be told from the product."""
    notes = []
    if len(contacts) and contacts["product"].nunique() > 1:
        for part in ("channel", "send_slot", "intensity"):
            known = contacts.dropna(subset=[part])
            if known.empty:
                notes.append(f"response: no contact carries a {part}; its effect cannot be estimated.")
            elif known[part].nunique() > 1 and known.groupby("product")[part].nunique().max() == 1:
                notes.append(f"response: {part} is a function of the product; its effect cannot be estimated.")
    return notes


def _fit_response(
    frame: DecisionFrame,
    columns: Sequence[str],
    levels: ActionLevels,
    contacts: pd.DataFrame,
    losses: CustomerLosses,
    settings: LearningSettings,
) -> tuple[ResponseModel, list[dict]]:
    position = pd.MultiIndex.from_frame(frame.keys[["customer_id", "as_of_date"]])
    rows = position.get_indexer(pd.MultiIndex.from_frame(contacts[["customer_id", "as_of_date"]]))
    contacts, rows = contacts[rows >= 0].reset_index(drop=True), rows[rows >= 0]
    all_columns = (*columns, *levels.columns)
    encoded = levels.encode(frame, rows, contacts)
    answered, split = contacts["answered"].to_numpy(), contacts["split"].to_numpy()

    def part(name: str) -> tuple[np.ndarray, np.ndarray]:
        chosen = np.flatnonzero(split == name)
        return np.concatenate([frame.pick(columns, rows[chosen]), encoded[chosen]], axis=1), answered[chosen]

    later = part("calibration")
    model = fit_response_model(all_columns, part("train"), later if len(later[1]) else None, settings.personalization)
    metrics = []
    for name in SPLITS:
        matrix, outcomes = part(name)
        if len(outcomes) >= settings.evaluation.min_rows:
            groups = contacts["customer_id"].to_numpy()[split == name]
            answers = model.predict(matrix)
            measured = evaluate_response(answers, outcomes, model.base, groups, settings.evaluation)
            if name == "test":
                losses.add(RESPONSE, groups, log_losses(np.stack([1 - answers, answers], axis=1), outcomes))
            metrics += [{"model_name": RESPONSE, "split": name, **row} for row in measured]
    return model, metrics


def _measure(
    frame: DecisionFrame, model: ClassModel, classes: np.ndarray, losses: CustomerLosses, settings: LearningSettings
) -> list[dict]:
    metrics = []
    for split in SPLITS:
        rows = _labelled(frame, classes, split)
        if len(rows) >= settings.evaluation.min_rows:
            probabilities = model.predict(frame.pick(model.columns, rows))
            groups = frame.keys["customer_id"].to_numpy()[rows]
            measured = evaluate_classes(
                probabilities, classes[rows], model.labels, model.base, groups, settings.evaluation
            )
            metrics += [{"model_name": model.target, "split": split, **row} for row in measured]
            if split == "test":
                losses.add(model.target, groups, log_losses(probabilities, classes[rows]))
    return metrics


def _records(result: Personalization, frame: DecisionFrame, metrics: list[dict], comparison: Ablation) -> dict:
    """Return rows for the record tables; the ceilings' base is measured even where no model was learned."""
    models: dict[str, ClassModel | ResponseModel] = {**result.classes, RESPONSE: result.response}
    trained = {name for name, model in models.items() if model.model is not None}
    dates = frame.keys["as_of_date"].to_numpy()[frame.rows_of("train")]
    ceilings = [
        {
            "target": row["model_name"],
            "metric": row["metric"].removeprefix("base_"),
            "observer": "base",
            "value": row["value"],
            "low": row["low"],
            "high": row["high"],
            "method": "class frequencies of the training split, measured on the test split",
        }
        for row in metrics
        if row["split"] == "test" and row["label"] == "all" and row["metric"] in ("base_log_loss", "base_accuracy")
    ]
    runs = [
        {
            "model_name": name,
            "trained_from": str(dates.min())[:10] if len(dates) else None,
            "trained_to": str(dates.max())[:10] if len(dates) else None,
            "row_count": len(dates),
            "features": list(models[name].columns),
            "parameters": comparison.verdict,
        }
        for name in models
        if name in trained
    ]
    kept = [row for row in metrics if row["model_name"] in trained]
    return {"runs": runs, "metrics": kept, "ablation": comparison.rows, "ceilings": ceilings}
