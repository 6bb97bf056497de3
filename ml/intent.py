"""Intents: a latent readiness per customer and week, from a hidden Markov model of weekly signals.

What belongs here: choosing the signals, fitting the model, and the forward filter. Posteriors are filtered
(they know the weeks up to theirs and none after), because hmmlearn's own are smoothed: they see the future.

B customers, T weeks, C signals, K states.

References
----------
Rabiner, A tutorial on hidden Markov models, 1989, section III (the forward procedure).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.artifacts import Artifact, Fitted
from ml.sequences import SIGNALS, WEEKS, observed_mask
from ml.settings import INTENT_NAMES, IntentSettings

METHOD = "gaussian_hmm_filtered"
_TOPICS = tuple(index for index, name in enumerate(SIGNALS) if name.startswith("topic_"))
# What a customer who gets ready does more of, most telling first.
_ENGAGEMENT = ("high_intent_count", "topics", "app_event_count", "response_count")
# Used where the bank has no events: activity stands in for interest, and the run says so.
_ACTIVITY = ("txn_count", "outflow_usd", "inflow_usd")


@dataclass
class IntentModel:
    """A Gaussian HMM with diagonal covariances over standardised log signals; states are in order of readiness."""

    signals: tuple[str, ...]
    mean: np.ndarray  # C, of log signals
    deviation: np.ndarray  # C
    start: np.ndarray  # K
    transitions: np.ndarray  # K, K
    centres: np.ndarray  # K, C
    variances: np.ndarray  # K, C
    untrained: str | None = None

    def posteriors(self, sequences: np.ndarray, observed_weeks: np.ndarray, *, weeks_back: int = 0) -> np.ndarray:
        """Return the filtered posterior over intents as of the last week, or ``weeks_back`` weeks earlier.

        Parameters
        ----------
        sequences : ndarray of float32, shape (B, T, C)
            Weekly signals, all of ``SIGNALS``.
        observed_weeks : ndarray of int, shape (B,)
        weeks_back : int
            0 to 25.

        Returns
        -------
        ndarray of float, shape (B, K), rounded to 9 decimals
        """
        if self.untrained is not None:
            return np.tile(np.round(self.start, 9), (len(sequences), 1))
        chunks = []
        for begin in range(0, len(sequences), 20_000):
            values = self.scaled(sequences[begin : begin + 20_000])  # B, T, C
            mask = observed_mask(observed_weeks[begin : begin + 20_000])  # B, T
            until = WEEKS - weeks_back
            filtered = forward_filter(
                values[:, :until], mask[:, :until], self.start, self.transitions, self.centres, self.variances
            )[0]
            chunks.append(filtered)
        return np.round(np.concatenate(chunks) if chunks else np.zeros((0, len(self.start))), 9)

    def scaled(self, sequences: np.ndarray) -> np.ndarray:
        """Return standardised log signals, shape (B, T, C), of all signals, shape (B, T, len(SIGNALS))."""
        return (_signals(sequences, self.signals) - self.mean) / self.deviation

    def features(self, sequences: np.ndarray, observed_weeks: np.ndarray) -> np.ndarray:
        """Return ``INTENT_FEATURES``: the posterior, readiness, and its change over four weeks, shape (B, K + 2)."""
        posterior = self.posteriors(sequences, observed_weeks)
        now = readiness(posterior)
        before = readiness(self.posteriors(sequences, observed_weeks, weeks_back=4))
        return np.column_stack([posterior, now, now - before]).astype(np.float32)

    def to_fitted(self, records: dict, notes: Sequence[str]) -> Fitted:
        """Return the model as what an artefact stores."""
        keys = ("mean", "deviation", "start", "transitions", "centres", "variances")
        state = {"signals": list(self.signals)} | ({"untrained": self.untrained} if self.untrained else {})
        return Fitted(state, {key: getattr(self, key) for key in keys}, {}, records, notes)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "IntentModel":
        """Return the model an artefact stores."""
        return cls(signals=tuple(artifact.state["signals"]), untrained=artifact.untrained, **artifact.arrays)


def readiness(posterior: np.ndarray) -> np.ndarray:
    """Return the expected rank of the intent over its posterior, scaled to 0 to 1.

    Examples
    --------
    >>> readiness(np.array([[1.0, 0, 0, 0], [0, 0, 0, 1.0], [0.25, 0.25, 0.25, 0.25]])).tolist()
    [0.0, 1.0, 0.5]
    """
    ranks = np.arange(posterior.shape[1]) / (posterior.shape[1] - 1)
    return np.round(posterior @ ranks, 9)


def forward_filter(
    values: np.ndarray,
    mask: np.ndarray,
    start: np.ndarray,
    transitions: np.ndarray,
    centres: np.ndarray,
    variances: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Run the forward recursion over all customers at once.

    Parameters
    ----------
    values : ndarray, shape (B, T, C)
        Observations.
    mask : ndarray of bool, shape (B, T)
        Observed weeks: a run of True that ends with the last week. A customer's chain starts at its first.
    start, transitions, centres, variances : ndarray
        Shapes (K,), (K, K), (K, C), (K, C).

    Returns
    -------
    posterior : ndarray, shape (B, K)
        P(state at T | observations up to T); ``start`` where nothing was observed.
    log_likelihood : ndarray, shape (B,)
        Log density of the observed weeks.
    """
    batch, weeks, _ = values.shape
    posterior = np.tile(start, (batch, 1))  # B, K
    log_likelihood = np.zeros(batch)
    has_started = np.zeros(batch, dtype=bool)
    constant = -0.5 * np.log(2 * np.pi * variances).sum(axis=1)  # K
    for week in range(weeks):
        gaps = values[:, week, None, :] - centres[None, :, :]  # B, K, C
        log_density = constant - 0.5 * (gaps**2 / variances).sum(axis=2)  # B, K
        peak = log_density.max(axis=1)  # B
        prior = np.where(has_started[:, None], posterior @ transitions, start)  # B, K
        joint = prior * np.exp(log_density - peak[:, None])  # B, K
        total = joint.sum(axis=1)  # B
        is_observed = mask[:, week]
        posterior = np.where(is_observed[:, None], joint / np.maximum(total, 1e-300)[:, None], posterior)
        log_likelihood += np.where(is_observed, peak + np.log(np.maximum(total, 1e-300)), 0.0)
        has_started |= is_observed
    return posterior, log_likelihood


def _signals(sequences: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return log1p of the named signals, shape (B, T, len(names)); ``topics`` is the sum over topics."""
    columns = [
        sequences[:, :, _TOPICS].sum(axis=2) if name == "topics" else sequences[:, :, SIGNALS.index(name)]
        for name in names
    ]
    return np.log1p(np.maximum(np.stack(columns, axis=2), 0.0)).astype(np.float64)


def fit_intents(
    sequences: np.ndarray, observed_weeks: np.ndarray, settings: IntentSettings
) -> tuple[IntentModel, list[str]]:
    """Fit the intents on a sample of customers.

    Parameters
    ----------
    sequences : ndarray of float32, shape (B, T, len(SIGNALS))
        Training rows, in a fixed order (the sample is drawn by position).
    observed_weeks : ndarray of int, shape (B,)
    settings : IntentSettings

    Returns
    -------
    IntentModel
        Untrained, all intents equally likely, where no signal varies; a remark says so.
    list of str
        Remarks for the run report.
    """
    rows = np.flatnonzero(observed_weeks > 0)
    if len(rows) > settings.sample_rows:
        rows = np.sort(np.random.default_rng(settings.seed).choice(rows, settings.sample_rows, replace=False))
    sample, mask = sequences[rows], observed_mask(observed_weeks[rows])
    notes: list[str] = []
    names = _varying(sample, mask, _ENGAGEMENT)
    if not names:
        names = _varying(sample, mask, _ACTIVITY)
        notes = ["intents: no event or answer is known; readiness is read from payment activity."]
    if not names or len(rows) < settings.min_rows:
        reason = f"{len(rows)} customers with a history of at least {settings.min_rows}, {len(names)} signals that vary"
        return _untrained(reason), [f"intents: untrained: {reason}; all intents are equally likely."]
    observed = _signals(sample, names)[mask]  # observed weeks, C
    mean, deviation = observed.mean(axis=0), np.maximum(observed.std(axis=0), 1e-6)
    lengths = mask.sum(axis=1)
    start, transitions, centres, variances = _fit_hmm((observed - mean) / deviation, lengths, settings)
    # States in order of what a customer who gets ready does more of; the first signal weighs most.
    weight = 0.5 ** np.arange(len(names))
    order = np.argsort(centres @ weight, kind="stable")
    model = IntentModel(
        names, mean, deviation, start[order], transitions[np.ix_(order, order)], centres[order], variances[order]
    )
    return model, notes


def _varying(sample: np.ndarray, mask: np.ndarray, names: Sequence[str]) -> tuple[str, ...]:
    if not mask.any():
        return ()
    values = _signals(sample, names)[mask]
    return tuple(name for name, spread in zip(names, values.std(axis=0), strict=True) if spread > 1e-6)


def _untrained(reason: str) -> IntentModel:
    states = len(INTENT_NAMES)
    equal = np.full(states, 1.0 / states)
    nothing = np.zeros((states, 0))
    return IntentModel((), np.zeros(0), np.ones(0), equal, np.tile(equal, (states, 1)), nothing, nothing, reason)


def _fit_hmm(
    observed: np.ndarray, lengths: np.ndarray, settings: IntentSettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return start, transitions, centres and variances of the likeliest of a few sticky starts."""
    from hmmlearn.hmm import GaussianHMM
    from sklearn.cluster import KMeans

    states = len(INTENT_NAMES)
    fits = []
    # A bank where only one kind of week exists still gets K starting points.
    points = observed if len(np.unique(observed, axis=0)) >= states else np.vstack([observed, _steps(observed, states)])
    for attempt in range(settings.starts):
        clusters = KMeans(states, n_init=1, random_state=settings.seed + attempt).fit(points)
        nearest = clusters.predict(observed)
        # In logarithms: the faster "scaling" underflows on weeks far out in a tail.
        model = GaussianHMM(
            states, covariance_type="diag", n_iter=settings.iterations, tol=1e-3 * len(observed), init_params="",
            min_covar=settings.variance_floor, random_state=settings.seed + attempt, implementation="log",
        )  # fmt: skip
        off_diagonal = (1.0 - settings.stickiness) / (states - 1)
        model.startprob_ = np.full(states, 1.0 / states)
        model.transmat_ = np.full((states, states), off_diagonal) + np.eye(states) * (
            settings.stickiness - off_diagonal
        )
        model.means_ = clusters.cluster_centers_
        variances = np.stack([observed[nearest == k].var(axis=0) if (nearest == k).any() else observed.var(axis=0)
                              for k in range(states)])  # fmt: skip
        model.covars_ = np.maximum(variances, settings.variance_floor)
        model.fit(observed, lengths)
        fits.append((model.score(observed, lengths), -attempt, model))
    best = max(fits, key=lambda fit: fit[:2])[2]
    diagonal = np.array([np.diag(covariance) for covariance in best.covars_])
    return best.startprob_, best.transmat_, best.means_, np.maximum(diagonal, settings.variance_floor)


def _steps(observed: np.ndarray, states: int) -> np.ndarray:
    """Return ``states`` points one deviation apart, from the mean week upwards."""
    return observed.mean(axis=0)[None, :] + np.arange(states)[:, None]
