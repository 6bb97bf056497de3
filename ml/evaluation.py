"""Metrics of predictions, each with its interval.

What belongs here: log loss, accuracy and its kin beside their base (class frequencies of the training
split), calibration errors, gains, shares of a ceiling. Intervals are percentile bootstraps over customers,
and what is compared is compared on the same resamples.
"""

from collections.abc import Sequence

import numpy as np

from ml.calibration import PROBABILITY_FLOOR, calibration_error
from ml.settings import NO_PRODUCT, EvaluationSettings


def log_losses(probabilities: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the log loss of each row in nats, probabilities floored at 1e-6.

    Parameters
    ----------
    probabilities : ndarray, shape (rows, classes)
    classes : ndarray of int, shape (rows,)
    """
    chosen = probabilities[np.arange(len(classes)), classes]
    return -np.log(np.maximum(chosen, PROBABILITY_FLOOR))


def bootstrap_weights(groups: np.ndarray, resamples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw customers with replacement.

    Parameters
    ----------
    groups : ndarray, shape (rows,)
        Customer of each row; a customer's rows are drawn together.
    resamples : int
    seed : int

    Returns
    -------
    codes : ndarray of int, shape (rows,)
        Position of the row's customer.
    counts : ndarray of float32, shape (resamples, customers)
        How often each customer was drawn.
    """
    distinct, codes = np.unique(groups, return_inverse=True)
    size = len(distinct)
    generator = np.random.default_rng(seed)
    counts = np.empty((resamples, size), dtype=np.float32)
    for resample in range(resamples):
        counts[resample] = np.bincount(generator.integers(0, size, size), minlength=size)
    return codes, counts


def bootstrap_means(
    values: np.ndarray, groups: np.ndarray, resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return means of columns and the ends of their 95 % intervals, all on the same resamples.

    A row that is NaN in a column does not count there. To compare two columns, give their difference as
    a column of its own: that makes the interval a paired one.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)
    groups : ndarray, shape (rows,)
        Customer of each row.
    resamples : int
    seed : int

    Returns
    -------
    value, low, high : ndarray, shape (columns,)
    """
    codes, counts = bootstrap_weights(groups, resamples, seed)
    is_present = ~np.isnan(values)
    filled = np.where(is_present, values, 0.0)
    size = counts.shape[1]
    sums = np.stack([np.bincount(codes, column, minlength=size) for column in filled.T], axis=1)
    rows = np.stack([np.bincount(codes, column, minlength=size) for column in is_present.T.astype(float)], axis=1)
    total = rows.sum(axis=0)
    value = np.divide(sums.sum(axis=0), total, out=np.full(values.shape[1], np.nan), where=total > 0)
    drawn_rows = counts @ rows
    drawn = np.divide(counts @ sums, drawn_rows, out=np.full(drawn_rows.shape, np.nan), where=drawn_rows > 0)
    drawn = np.where(np.isnan(drawn), value[None, :], drawn)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return value, low, high


def share_of_ceiling(base: float, model: float, observable: float | None) -> float | None:
    """Return (LL_base - LL_model) / (LL_base - LL_observable); None without an exact observer.

    Examples
    --------
    >>> share_of_ceiling(0.5, 0.45, 0.4), share_of_ceiling(0.5, 0.45, None)
    (0.5, None)
    """
    if observable is None or base <= observable:
        return None
    return round((base - model) / (base - observable), 9)


def metric_row(metric: str, label: str, value: float, low: float, high: float) -> dict:
    """Return one row of a metrics table, rounded to 9 decimals."""
    return {
        "metric": metric,
        "label": label,
        "value": round(float(value), 9),
        "low": round(float(low), 9),
        "high": round(float(high), 9),
    }


def _calibration_rows(
    probabilities: np.ndarray,
    outcomes: np.ndarray,
    labels: Sequence[str],
    groups: np.ndarray,
    settings: EvaluationSettings,
) -> list[dict]:
    """Return the calibration error per label and their mean, with intervals, from 0/1 outcomes per label."""
    codes, counts = bootstrap_weights(groups, min(settings.metric_resamples, 100), settings.seed)
    drawn_rows = counts[:, codes]
    values, drawn = [], []
    for column in range(len(labels)):
        values.append(calibration_error(probabilities[:, column], outcomes[:, column], settings.calibration_bins)[0])
        drawn.append(
            calibration_error(probabilities[:, column], outcomes[:, column], settings.calibration_bins, drawn_rows)
        )
    rows = [_calibration_row(label, value, draws) for label, value, draws in zip(labels, values, drawn, strict=True)]
    return [_calibration_row("all", float(np.mean(values)), np.mean(drawn, axis=0)), *rows]


def _calibration_row(label: str, value: float, drawn: np.ndarray) -> dict:
    """Return a calibration error with 1.96 bootstrap deviations; resampling adds noise, so quantiles lie too high."""
    margin = 1.96 * float(drawn.std())
    return metric_row("calibration_error", label, value, max(0.0, value - margin), value + margin)


def evaluate_classes(
    probabilities: np.ndarray,
    classes: np.ndarray,
    labels: Sequence[str],
    base: np.ndarray,
    groups: np.ndarray,
    settings: EvaluationSettings,
) -> list[dict]:
    """Measure the predictions of one target with many classes.

    Parameters
    ----------
    probabilities : ndarray, shape (rows, classes)
    classes : ndarray of int, shape (rows,)
        Observed classes.
    labels : sequence of str
        Names of the classes; with ``none`` among them, openings are ranked too.
    base : ndarray, shape (classes,)
        Class frequencies of the training split.
    groups : ndarray, shape (rows,)
        Customer of each row.
    settings : EvaluationSettings

    Returns
    -------
    list of dict
        metric, label, value, low, high; metrics named ``base_*`` are those of class frequencies.
    """
    base_rows = np.broadcast_to(base, probabilities.shape)
    model_loss, base_loss = log_losses(probabilities, classes), log_losses(base_rows, classes)
    columns = {
        "log_loss": model_loss,
        "base_log_loss": base_loss,
        "log_loss_gain": base_loss - model_loss,
        "accuracy": (probabilities.argmax(axis=1) == classes).astype(float),
        "base_accuracy": (classes == base.argmax()).astype(float),
    }
    if NO_PRODUCT in labels:
        none = list(labels).index(NO_PRODUCT)
        is_opening = classes != none
        others = np.delete(np.arange(len(labels)), none)
        likeliest = others[probabilities[:, others].argmax(axis=1)]
        hits, base_hits = likeliest == classes, others[base[others].argmax()] == classes
        columns["top_1_among_openings"] = np.where(is_opening, hits, np.nan)
        columns["base_top_1_among_openings"] = np.where(is_opening, base_hits, np.nan)
    value, low, high = bootstrap_means(
        np.stack(list(columns.values()), axis=1), groups, settings.metric_resamples, settings.seed
    )
    rows = [
        metric_row(name, "all", value[i], low[i], high[i])
        for i, name in enumerate(columns)
        if not np.isnan(value[i])
    ]  # fmt: skip
    one_hot = (classes[:, None] == np.arange(len(labels))[None, :]).astype(float)
    return rows + _calibration_rows(probabilities, one_hot, labels, groups, settings)


def area_under_curve(scores: np.ndarray, outcomes: np.ndarray) -> float:
    """Return the area under the ROC curve, ties counted half; 0.5 without both outcomes."""
    from scipy.stats import rankdata

    positives = int(outcomes.sum())
    negatives = len(outcomes) - positives
    if not positives or not negatives:
        return 0.5
    ranks = rankdata(scores)
    return float((ranks[outcomes == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def evaluate_response(
    probabilities: np.ndarray, outcomes: np.ndarray, base: float, groups: np.ndarray, settings: EvaluationSettings
) -> list[dict]:
    """Measure the response model.

    Parameters
    ----------
    probabilities : ndarray, shape (rows,)
        Predicted probability of an answer.
    outcomes : ndarray of 0 and 1, shape (rows,)
    base : float
        Share answered in the training split.
    groups : ndarray, shape (rows,)
        Customer of each contact.
    settings : EvaluationSettings

    Returns
    -------
    list of dict
        metric, label, value, low, high.
    """
    two = np.stack([1.0 - probabilities, probabilities], axis=1)
    classes = outcomes.astype(int)
    losses = log_losses(two, classes)
    base_losses = log_losses(np.broadcast_to([1.0 - base, base], two.shape), classes)
    columns = np.stack([losses, base_losses, base_losses - losses], axis=1)
    value, low, high = bootstrap_means(columns, groups, settings.metric_resamples, settings.seed)
    rows = [
        metric_row(name, "all", value[i], low[i], high[i])
        for i, name in enumerate(("log_loss", "base_log_loss", "log_loss_gain"))
    ]
    codes, counts = bootstrap_weights(groups, min(settings.metric_resamples, 100), settings.seed)
    drawn = []
    for drawn_counts in counts:
        picked = np.repeat(np.arange(len(codes)), drawn_counts[codes].astype(int))
        drawn.append(area_under_curve(probabilities[picked], classes[picked]))
    rows.append(metric_row("auc", "all", area_under_curve(probabilities, classes), *np.quantile(drawn, [0.025, 0.975])))
    calibration = _calibration_rows(
        probabilities[:, None], outcomes[:, None].astype(float), ["answered"], groups, settings
    )
    return [*rows, calibration[0]]
