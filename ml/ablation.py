"""The ablation: what temporal features, intents and the embedding add to the next product, out of time.

What belongs here: one model per feature set on the same rows, compared on the test split with paired
intervals, and the verdict whether the embedding may feed the decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ml.boosting import ClassModel, fit_class_model
from ml.decision_frame import DecisionFrame
from ml.evaluation import bootstrap_means, log_losses
from ml.feature_sets import COMPARED_WITH, FEATURE_SETS, Manifest, columns_of
from ml.settings import LearningSettings

TARGET = "product"


@dataclass
class Ablation:
    """The comparison's rows, its models (the decision uses one of them), and the verdict on the embedding."""

    rows: list[dict] = field(default_factory=list)
    models: dict[str, ClassModel] = field(default_factory=dict)
    uses_embedding: bool = False
    verdict: dict = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def compare_feature_sets(
    frame: DecisionFrame,
    classes: np.ndarray,
    labels: Sequence[str],
    manifest: Manifest,
    embedding_size: int,
    settings: LearningSettings,
) -> Ablation:
    """Train the next product on each feature set and compare them on the test split.

    Every set gets the same training and calibration rows, the same parameters and the same resamples. The
    embedding feeds the decision only if ``all`` beats ``static+temporal+intent`` with a 95 % interval of the
    paired log-loss gain above zero.

    Parameters
    ----------
    frame : DecisionFrame
        Rows of the three labelled splits.
    classes : ndarray of int, shape (rows,)
        Next product, -1 where unlabelled.
    labels : sequence of str
        Names of the classes.
    manifest : Manifest
    embedding_size : int
        0 without an encoder: its two sets are left out.
    settings : LearningSettings

    Returns
    -------
    Ablation
        Without rows, and with a remark, where it cannot be done.
    """
    rows = {split: frame.rows_of(split) for split in ("train", "calibration", "test")}
    rows = {split: positions[classes[positions] >= 0] for split, positions in rows.items()}
    sets = [name for name in FEATURE_SETS if embedding_size or ("embedding" not in name and name != "all")]
    result = Ablation()
    for name in sets:
        columns = columns_of(name, manifest, embedding_size)
        train, later = rows["train"], rows["calibration"]
        result.models[name] = fit_class_model(
            TARGET,
            labels,
            columns,
            (frame.pick(columns, train), classes[train]),
            (frame.pick(columns, later), classes[later]),
            settings.personalization,
        )
        if result.models[name].untrained:
            break
    test = rows["test"]
    reason = next((model.untrained for model in result.models.values() if model.untrained), None)
    if reason is None and len(test) < settings.evaluation.min_rows:
        reason = f"{len(test)} labelled test rows, at least {settings.evaluation.min_rows} are needed"
    if reason is not None:
        result.notes = [f"ablation: not done: {reason}; the embedding does not feed the decision."]
        result.verdict = {"embedding_feeds_decision": False, "embedding_reason": reason}
        return result
    _compare(result, frame, classes, test, settings)
    if not embedding_size:
        result.verdict = {"embedding_feeds_decision": False, "embedding_reason": "no encoder was trained"}
        result.notes = ["ablation: without the embedding's sets: no encoder was trained."]
    return result


def _compare(
    result: Ablation, frame: DecisionFrame, classes: np.ndarray, test: np.ndarray, settings: LearningSettings
) -> None:
    """Fill the rows and the verdict."""
    observed = classes[test]
    groups = frame.keys["customer_id"].to_numpy()[test]
    base = next(iter(result.models.values())).base
    losses = {"base": log_losses(np.broadcast_to(base, (len(test), len(base))), observed)}
    columns: dict[tuple[str, str], np.ndarray] = {}
    for name, model in result.models.items():
        probabilities = model.predict(frame.pick(model.columns, test))
        losses[name] = log_losses(probabilities, observed)
        columns[name, "log_loss"] = losses[name]
        columns[name, "accuracy"] = (probabilities.argmax(axis=1) == observed).astype(float)
        columns[name, "log_loss_gain"] = losses[COMPARED_WITH[name]] - losses[name]
    value, low, high = bootstrap_means(
        np.stack(list(columns.values()), axis=1), groups, settings.evaluation.resamples, settings.evaluation.seed
    )
    result.rows = [
        {
            "target": TARGET,
            "feature_set": name,
            "metric": metric,
            "split": "test",
            "value": round(float(value[i]), 9),
            "low": round(float(low[i]), 9),
            "high": round(float(high[i]), 9),
        }
        for i, (name, metric) in enumerate(columns)
    ]
    gains = {name: i for i, (name, metric) in enumerate(columns) if metric == "log_loss_gain"}
    if "all" in gains:
        i = gains["all"]
        result.uses_embedding = bool(low[i] > 0)
        gain, lowest, highest = (round(float(x), 6) for x in (value[i], low[i], high[i]))
        result.verdict = {
            "embedding_feeds_decision": result.uses_embedding,
            "embedding_gain": gain,
            "embedding_gain_low": lowest,
            "embedding_gain_high": highest,
        }
        verb = "feeds" if result.uses_embedding else "does not feed"
        result.notes.append(
            f"The embedding {verb} the decision: out of time it changes the log loss of the next "
            f"product by {-gain:+.5f} nats (95 % interval of the gain "
            f"{lowest:+.5f} to {highest:+.5f}) over aggregates and intents."
        )
