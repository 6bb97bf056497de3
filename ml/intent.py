"""Intents: a latent readiness per customer, from a hidden Markov model of weekly signals.

What belongs here: choosing the signals, fitting the model, and the forward filter. Posteriors are filtered
(they know the weeks up to theirs and none after), because hmmlearn's own are smoothed: they see the future.

B customers, T weeks, N blocks of a few weeks (the last one ends with the last week), C signals, K states.

References
----------
Rabiner, A tutorial on hidden Markov models, 1989, section III (the forward procedure).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.artifacts import Artifact, Fitted
from ml.sequences import SIGNALS, WEEKS
from ml.settings import INTENT_NAMES, IntentSettings

_TOPICS = tuple(index for index, name in enumerate(SIGNALS) if name.startswith("topic_"))
# What a customer who gets ready does more of, most telling first; the first group with a signal that varies is used.
_SIGNAL_GROUPS = (
    (("high_intent_count", "topics"), None),
    (("app_event_count", "response_count"), "no event is about a product; readiness is read from app use and answers."),
    (("txn_count", "outflow_usd", "inflow_usd"), "no event or answer is known; readiness is read from payments."),
)


@dataclass
class IntentModel:
    """A Gaussian HMM with diagonal covariances over standardised log signals; states are in order of readiness."""

    signals: tuple[str, ...]
    block_weeks: int
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
        chunks = [np.zeros((0, len(self.start)))]
        for begin in range(0, len(sequences), 20_000):
            values, mask = blocks(
                sequences[begin : begin + 20_000, : WEEKS - weeks_back],
                observed_weeks[begin : begin + 20_000] - weeks_back,
                self.signals,
                self.block_weeks,
            )  # B, N, C and B, N
            scaled = (values - self.mean) / self.deviation
            chunks.append(forward_filter(scaled, mask, self.start, self.transitions, self.centres, self.variances)[0])
        return np.round(np.concatenate(chunks), 9)

    def features(self, sequences: np.ndarray, observed_weeks: np.ndarray) -> np.ndarray:
        """Return ``INTENT_FEATURES``: the posterior, readiness, and its change over four weeks, shape (B, K + 2)."""
        posterior = self.posteriors(sequences, observed_weeks)
        now = readiness(posterior)
        before = readiness(self.posteriors(sequences, observed_weeks, weeks_back=4))
        return np.column_stack([posterior, now, now - before]).astype(np.float32)

    def to_fitted(self, records: dict, notes: Sequence[str]) -> Fitted:
        """Return the model as what an artefact stores."""
        keys = ("mean", "deviation", "start", "transitions", "centres", "variances")
        state: dict = {"signals": list(self.signals), "block_weeks": self.block_weeks}
        state |= {"untrained": self.untrained} if self.untrained else {}
        return Fitted(state, {key: getattr(self, key) for key in keys}, {}, records, notes)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "IntentModel":
        """Return the model an artefact stores."""
        state = artifact.state
        return cls(tuple(state["signals"]), state["block_weeks"], untrained=artifact.untrained, **artifact.arrays)


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


def blocks(
    sequences: np.ndarray, observed_weeks: np.ndarray, names: Sequence[str], block_weeks: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return log1p of the named signals per block of weeks, and which blocks were observed.

    Parameters
    ----------
    sequences : ndarray of float32, shape (B, T, len(SIGNALS))
        Blocks are cut from the last week backwards; weeks before the first whole block are left out.
    observed_weeks : ndarray of int, shape (B,)
        A customer with fewer weeks than a block has one block.
    names : sequence of str
        Signals; ``topics`` is the sum over topics.
    block_weeks : int

    Returns
    -------
    values : ndarray of float, shape (B, N, len(names))
    mask : ndarray of bool, shape (B, N)
    """
    count = sequences.shape[1] // block_weeks
    weekly = np.stack(
        [
            sequences[:, :, _TOPICS].sum(axis=2) if name == "topics" else sequences[:, :, SIGNALS.index(name)]
            for name in names
        ],
        axis=2,
    )  # B, T, C
    recent = weekly[:, weekly.shape[1] - count * block_weeks :].astype(np.float64)
    summed = recent.reshape(len(recent), count, block_weeks, len(names)).sum(axis=2)  # B, N, C
    observed = np.maximum(observed_weeks // block_weeks, observed_weeks > 0)
    mask = np.arange(count)[None, :] >= count - observed[:, None]  # B, N
    return np.log1p(np.maximum(summed, 0.0)), mask


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
    sample, weeks = sequences[rows], observed_weeks[rows]
    names, remark = _varying_signals(sample, weeks, settings)
    if not names or len(rows) < settings.min_rows:
        reason = f"{len(rows)} customers with a history of at least {settings.min_rows}, {len(names)} signals that vary"
        return _untrained(reason, settings), [f"intents: untrained: {reason}; all intents are equally likely."]
    values, mask = blocks(sample, weeks, names, settings.block_weeks)
    observed = values[mask]  # observed blocks, C
    mean, deviation = observed.mean(axis=0), np.maximum(observed.std(axis=0), 1e-6)
    # What a customer who gets ready does more of; the first signal weighs most.
    weight = 0.5 ** np.arange(len(names))
    start, transitions, centres, variances = _fit_hmm((observed - mean) / deviation, mask.sum(axis=1), weight, settings)
    order = np.argsort(centres @ weight, kind="stable")
    model = IntentModel(
        signals=names,
        block_weeks=settings.block_weeks,
        mean=mean,
        deviation=deviation,
        start=start[order],
        transitions=transitions[np.ix_(order, order)],
        centres=centres[order],
        variances=variances[order],
    )
    return model, [f"intents: {remark}"] if remark else []


def _varying_signals(
    sample: np.ndarray, observed_weeks: np.ndarray, settings: IntentSettings
) -> tuple[tuple[str, ...], str | None]:
    """Return the signals of the first group in which one varies, and the remark that goes with the group."""
    for names, remark in _SIGNAL_GROUPS:
        values, mask = blocks(sample, observed_weeks, names, settings.block_weeks)
        if mask.any():
            spreads = values[mask].std(axis=0)
            varying = tuple(name for name, spread in zip(names, spreads, strict=True) if spread > 1e-6)
            if varying:
                return varying, remark
    return (), None


def _untrained(reason: str, settings: IntentSettings) -> IntentModel:
    states = len(INTENT_NAMES)
    equal, none, nothing = np.full(states, 1.0 / states), np.zeros(0), np.zeros((states, 0))
    square = np.tile(equal, (states, 1))
    return IntentModel((), settings.block_weeks, none, none, equal, square, nothing, nothing, reason)


def _fit_hmm(
    observed: np.ndarray, lengths: np.ndarray, weight: np.ndarray, settings: IntentSettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return start, transitions, centres and variances, fitted from a sticky start ordered by readiness."""
    from hmmlearn.hmm import GaussianHMM

    states = len(INTENT_NAMES)
    scores = observed @ weight
    part = np.searchsorted(np.quantile(scores, settings.start_quantiles), scores, side="left")
    # A part without an observation (few distinct values) starts one deviation above the one before it.
    centres = [observed[part == 0].mean(axis=0)]
    for state in range(1, states):
        members = observed[part == state]
        centres.append(members.mean(axis=0) if len(members) else centres[-1] + 1.0)
    spread = [observed[part == k].var(axis=0) if (part == k).any() else observed.var(axis=0) for k in range(states)]
    off_diagonal = (1.0 - settings.stickiness) / (states - 1)
    # In logarithms: the faster "scaling" underflows on weeks far out in a tail.
    model = GaussianHMM(
        states,
        covariance_type="diag",
        n_iter=settings.iterations,
        tol=1e-4 * len(observed),
        init_params="",
        min_covar=settings.variance_floor,
        implementation="log",
        # A hundredth of a transition seen beforehand: a state nobody leaves in the sample keeps a proper row.
        transmat_prior=1.01,
        startprob_prior=1.01,
    )
    model.startprob_ = np.full(states, 1.0 / states)
    model.transmat_ = np.full((states, states), off_diagonal) + np.eye(states) * (settings.stickiness - off_diagonal)
    model.means_ = np.stack(centres)
    model.covars_ = np.maximum(np.stack(spread), settings.variance_floor)
    model.fit(observed, lengths)
    diagonal = np.array([np.diag(covariance) for covariance in model.covars_])
    return model.startprob_, model.transmat_, model.means_, np.maximum(diagonal, settings.variance_floor)
