"""Training: from the rows of a night to the four models, each a recipe and a function that fits it.

What belongs here: which rows each model learns from, what it builds upon, and the rows it leaves in the
record tables. How a model works belongs to its own module; when it is trained, to ``ml.artifacts``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.artifacts import Artifact, Fitted, Recipe, hash_values, parameters_of
from ml.decision_frame import DecisionFrame, Sequences, check_same_rows, decision_frame
from ml.encoder import EncoderModel, fit_encoder
from ml.feature_sets import Manifest, build_matrix, learn_manifest
from ml.intent import IntentModel, fit_intents
from ml.personalization import TrainingInputs, aligned_labels, target_classes, target_labels
from ml.segmentation import FORMAT, NOISE, SegmentModel, fit_segments
from ml.sequences import SIGNALS
from ml.settings import LearningSettings

SEGMENTS, INTENTS, ENCODER, PERSONALIZATION = "segment_model", "intent_model", "encoder_model", "personalization_models"
MODELS = (SEGMENTS, INTENTS, ENCODER, PERSONALIZATION)
LABELLED_SPLITS = ("train", "calibration", "test")


def unsupervised_snapshot(snapshots: pd.DataFrame) -> str:
    """Return the snapshot that segments and intents are fitted on, as ISO text.

    The latest training snapshot that looks back on a week of history; where none does (too little history), the
    earliest of all that does; where the data know no time, the earliest of all, which is tonight.

    Parameters
    ----------
    snapshots : DataFrame
        as_of_date (ISO text), split and looks_back_a_week.
    """
    looking_back = snapshots[snapshots["looks_back_a_week"]]
    training = looking_back.loc[looking_back["split"] == "train", "as_of_date"]
    if len(training):
        return str(training.max())
    return str((looking_back if len(looking_back) else snapshots)["as_of_date"].min())


def split_note(snapshots: pd.DataFrame) -> str:
    """Say what was trained, calibrated and tested on.

    Parameters
    ----------
    snapshots : DataFrame
        as_of_date (ISO text), split and is_split_by_customer.
    """
    dates = {name: snapshots.loc[snapshots["split"] == name, "as_of_date"].sort_values() for name in LABELLED_SPLITS}
    labelled = [day for days in dates.values() for day in days]
    if not labelled:
        return "No snapshot's label window is over yet, so nothing that needs labels can be learnt or measured."
    if snapshots.loc[snapshots["as_of_date"].isin(labelled), "is_split_by_customer"].any():
        return (
            f"Only one snapshot ({labelled[0]}) is labelled, so time can't split it: a hash of customer_id splits its "
            "customers 60 : 20 : 20. What was learnt is measured on other customers, not on a later time."
        )

    def told(days: pd.Series) -> str:
        return days.iloc[0] if len(days) == 1 else f"{len(days)} snapshots ({days.iloc[0]} to {days.iloc[-1]})"

    parts = zip(("trained on", "calibrated on", "tested on"), dates.values(), strict=True)
    return "Split by time: " + ", ".join(f"{verb} {told(days)}" for verb, days in parts if len(days)) + "."


def recipe_of(name: str, settings: LearningSettings, upstream: Mapping[str, Artifact] | None = None) -> Recipe:
    """Return what one of the four models is made of, apart from its data."""
    parameters = {
        SEGMENTS: lambda: parameters_of(settings.segments),
        INTENTS: lambda: parameters_of(settings.intents),
        ENCODER: lambda: parameters_of(settings.encoder),
        PERSONALIZATION: lambda: (
            parameters_of(settings.personalization) | {"evaluation": parameters_of(settings.evaluation)}
        ),
    }[name]()
    return Recipe(name, parameters, {key: artifact.version for key, artifact in (upstream or {}).items()})


def _run_row(name: str, dates: np.ndarray, features: list[str], parameters: dict | None = None) -> dict:
    return {
        "model_name": name,
        "trained_from": str(dates.min()) if len(dates) else None,
        "trained_to": str(dates.max()) if len(dates) else None,
        "row_count": len(dates),
        "features": features,
        "parameters": parameters or {},
    }


def _plain_metric(name: str, split: str, metric: str, value: float | None) -> dict:
    row = {"model_name": name, "split": split, "metric": metric, "label": "all", "low": None, "high": None}
    return row | {"value": None if value is None else round(float(value), 9)}


@dataclass(frozen=True)
class SegmentInputs:
    """Rows of one snapshot as a matrix, and the manifest that all models share."""

    matrix: np.ndarray
    manifest: Manifest
    dates: np.ndarray
    notes: list[str]

    @classmethod
    def prepare(cls, features: pd.DataFrame, products: pd.DataFrame) -> "SegmentInputs":
        """Learn the manifest on the snapshot's rows and build their matrix."""
        manifest, notes = learn_manifest(features, list(products["product_id"]))
        return cls(build_matrix(features, manifest), manifest, features["as_of_date"].to_numpy(), notes)

    @property
    def data_hash(self) -> str:
        """Hash of the training rows."""
        return hash_values(self.matrix, self.manifest.to_state())


def train_segments(inputs: SegmentInputs, previous: Artifact | None, settings: LearningSettings) -> Fitted:
    """Fit the segments; numbers of an earlier model that still can be read are taken over."""
    is_readable = previous is not None and previous.state.get("format") == FORMAT
    earlier = SegmentModel.from_artifact(previous) if previous is not None and is_readable else None
    model, notes = fit_segments(inputs.matrix, inputs.manifest.columns, settings.segments, earlier)
    segments, _ = model.assign(inputs.matrix, inputs.manifest.columns)
    records = {
        "runs": [_run_row(SEGMENTS, inputs.dates, list(model.columns), {"method": model.method, "names": model.names})],
        "metrics": [
            _plain_metric(SEGMENTS, "train", "segments", len(model.names)),
            _plain_metric(
                SEGMENTS, "train", "noise_share", float(np.mean(segments == NOISE)) if len(segments) else None
            ),
        ],
    }
    fitted = model.to_fitted(records, [*inputs.notes, *notes])
    return Fitted({**fitted.state, "manifest": inputs.manifest.to_state()}, fitted.arrays, {}, records, fitted.notes)


def manifest_of(segments: Artifact) -> Manifest:
    """Return the manifest that all models of a night share; it is learned with the segments."""
    return Manifest.from_state(segments.state["manifest"])


def train_intents(inputs: Sequences, settings: LearningSettings) -> Fitted:
    """Fit the intents on one snapshot's sequences."""
    model, notes = fit_intents(inputs.values, inputs.observed_weeks, settings.intents)
    dates = inputs.keys["as_of_date"].to_numpy()
    records: dict = {"runs": [], "metrics": []}
    if model.untrained is None:
        shares = np.bincount(model.posteriors(inputs.values, inputs.observed_weeks).argmax(axis=1), minlength=4)
        records["runs"] = [
            _run_row(INTENTS, dates, list(model.signals), {"transitions": model.transitions.round(6).tolist()})
        ]
        records["metrics"] = [
            _plain_metric(INTENTS, "train", "share_of_customers", share / len(dates)) | {"label": str(intent)}
            for intent, share in enumerate(shares)
        ]
    return model.to_fitted(records, notes)


@dataclass(frozen=True)
class EncoderInputs:
    """Labelled rows: their sequences, split and one class per head."""

    sequences: Sequences
    split: np.ndarray
    targets: dict[str, np.ndarray]

    @classmethod
    def prepare(
        cls,
        features: pd.DataFrame,
        sequences: Sequences,
        labels: pd.DataFrame,
        products: pd.DataFrame,
        upstream: Mapping[str, Artifact],
    ) -> "EncoderInputs":
        """Put together the observed targets and the labels of segments and intents.

        Raises
        ------
        ValueError
            If features and sequences do not hold the same rows.
        """
        check_same_rows(features, sequences.keys)
        targets = target_classes(aligned_labels(sequences.keys, labels), target_labels(products, labels))
        manifest = manifest_of(upstream[SEGMENTS])
        segments, _ = SegmentModel.from_artifact(upstream[SEGMENTS]).assign(
            build_matrix(features, manifest), manifest.columns
        )
        intents = IntentModel.from_artifact(upstream[INTENTS])
        targets["segment"] = segments
        if intents.untrained is None and len(features):
            targets["intent"] = intents.posteriors(sequences.values, sequences.observed_weeks).argmax(axis=1)
        return cls(sequences, features["split"].to_numpy(dtype=object), targets)

    @property
    def data_hash(self) -> str:
        """Hash of the training rows."""
        return hash_values(
            self.sequences.values,
            self.sequences.observed_weeks,
            self.split,
            *(self.targets[k] for k in sorted(self.targets)),
        )


def train_encoder(inputs: EncoderInputs, settings: LearningSettings) -> Fitted:
    """Train the encoder on the training split, stopped by the calibration split."""

    def part(split: str, limit: int) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        rows = np.flatnonzero(inputs.split == split)
        if len(rows) > limit:
            rows = np.sort(np.random.default_rng(settings.encoder.seed).choice(rows, limit, replace=False))
        chosen = inputs.sequences.take(rows)
        return chosen.values, chosen.observed_weeks, {name: values[rows] for name, values in inputs.targets.items()}

    later = part("calibration", settings.encoder.max_rows // 4)
    model, notes, history = fit_encoder(
        part("train", settings.encoder.max_rows), later if len(later[0]) else None, settings.encoder
    )
    dates = inputs.sequences.keys["as_of_date"].to_numpy()[inputs.split == "train"]
    records: dict = {"runs": [], "metrics": []}
    if model.untrained is None:
        records["runs"] = [_run_row(ENCODER, dates, list(SIGNALS), {"epochs_run": len(history)})]
        records["metrics"] = [
            _plain_metric(ENCODER, split, "loss_over_heads", row[f"{split}_loss"]) | {"label": f"epoch {row['epoch']}"}
            for row in history
            for split in ("train", "calibration")
            if row[f"{split}_loss"] is not None
        ]
    return model.to_fitted(records, notes)


def personalization_hash(inputs: TrainingInputs) -> str:
    """Return the hash of everything personalization learns from."""
    tables = [
        frame.astype(object).where(frame.notna(), None).to_numpy()
        for frame in (inputs.frame.keys, inputs.labels, inputs.outcomes, inputs.products.drop(columns=["channels"]))
    ]
    channels = [list(listed) if listed is not None else None for listed in inputs.products["channels"]]
    return hash_values(inputs.frame.matrix, list(inputs.frame.columns), channels, *tables)


@dataclass(frozen=True)
class NightModels:
    """The four models a night scores with; the three below are those personalization was trained upon."""

    segments: Artifact
    intents: Artifact
    encoder: Artifact
    personalization: Artifact

    def decision_frame(self, features: pd.DataFrame, sequences: Sequences) -> DecisionFrame:
        """Return tonight's rows as the models see them."""
        return frame_of(features, sequences, self.segments, self.intents, self.encoder)


def frame_of(
    features: pd.DataFrame, sequences: Sequences, segments: Artifact, intents: Artifact, encoder: Artifact
) -> DecisionFrame:
    """Return features, intents and embeddings of spine rows side by side."""
    return decision_frame(
        features,
        sequences,
        manifest_of(segments),
        IntentModel.from_artifact(intents),
        EncoderModel.from_artifact(encoder),
    )
