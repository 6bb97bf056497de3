"""Calibration: probabilities that mean what they say, and how far off they are.

What belongs here: temperature scaling of many classes, Platt scaling of two, and the expected calibration
error. Platt and not isotonic regression for the response: isotonic steps make ties, and the decision ranks
customers by this probability.

References
----------
Guo et al., On Calibration of Modern Neural Networks, ICML 2017. Platt, Probabilistic Outputs for Support
Vector Machines, 1999.
"""

import numpy as np
from scipy.optimize import minimize, minimize_scalar

# Probabilities are kept this far from 0 and 1, so that one surprise cannot make a log loss infinite.
PROBABILITY_FLOOR = 1e-6


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities (rows, classes) of logits (rows, classes)."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return probabilities of logits, without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * logits))


def fit_temperature(logits: np.ndarray, classes: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Return the temperature T that minimises the log loss of softmax(logits / T); T = 1 changes nothing.

    Parameters
    ----------
    logits : ndarray, shape (rows, classes)
        Scores of the calibration split.
    classes : ndarray of int, shape (rows,)
        Observed classes.
    weights : ndarray, shape (rows,), optional
        Weights of sampled rows.

    Returns
    -------
    float
        Between 0.2 and 5; 1.0 without rows.
    """
    if not len(classes):
        return 1.0
    rows = np.arange(len(classes))
    mass = np.ones(len(classes)) if weights is None else weights

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        peak = scaled.max(axis=1)
        log_sum = peak + np.log(np.exp(scaled - peak[:, None]).sum(axis=1))
        return float(np.average(log_sum - scaled[rows, classes], weights=mass))

    best = minimize_scalar(loss, bounds=(np.log(0.2), np.log(5.0)), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(best.x)) if best.fun < loss(0.0) else 1.0


def fit_platt(logits: np.ndarray, outcomes: np.ndarray) -> tuple[float, float]:
    """Return slope and intercept that minimise the log loss of sigmoid(slope * logit + intercept).

    Parameters
    ----------
    logits : ndarray, shape (rows,)
        Scores of the calibration split.
    outcomes : ndarray of 0 and 1, shape (rows,)

    Returns
    -------
    (float, float)
        The slope stays positive, so the ranking never turns round; (1, 0) without both outcomes.
    """
    if len(np.unique(outcomes)) < 2:
        return 1.0, 0.0
    target = outcomes.astype(float)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        slope = np.exp(parameters[0])
        scores = slope * logits + parameters[1]
        error = sigmoid(scores) - target
        value = np.mean(np.logaddexp(0.0, scores) - target * scores)
        return float(value), np.array([np.mean(error * slope * logits), np.mean(error)])

    best = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(-3.0, 3.0), (-20.0, 20.0)])
    if best.fun >= loss(np.zeros(2))[0]:
        return 1.0, 0.0
    return float(np.exp(best.x[0])), float(best.x[1])


def calibration_error(
    probabilities: np.ndarray,
    outcomes: np.ndarray,
    bins: int,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Return the expected calibration error over bins of equal mass, one value per set of weights.

    In each bin the gap between the mean probability and the observed share counts with the bin's mass.

    Parameters
    ----------
    probabilities : ndarray, shape (rows,)
        Predicted probability of the event.
    outcomes : ndarray of 0 and 1, shape (rows,)
    bins : int
        Bins of equal mass; 5 to 50.
    weights : ndarray, shape (resamples, rows), optional
        Bootstrap weights; one set of ones if left out.

    Returns
    -------
    ndarray, shape (resamples,)

    Examples
    --------
    >>> calibration_error(np.array([0.2] * 10), np.array([1] * 2 + [0] * 8), 1).round(6).tolist()
    [0.0]
    """
    order = np.argsort(probabilities, kind="stable")
    edges = np.linspace(0, len(order), min(bins, len(order)) + 1).astype(int)[:-1]
    gaps = (probabilities - outcomes)[order]
    mass = np.ones((1, len(order))) if weights is None else weights[:, order]
    in_bins = np.add.reduceat(mass * gaps[None, :], edges, axis=1)
    return np.abs(in_bins).sum(axis=1) / mass.sum(axis=1)
