"""The classifier: trained in under a minute from generated pairs, kept as a file named by what it was made of.

Belongs here: training, calibration, the choice of the threshold, the artefact, and judging pairs. Measures of a pair
belong to `rag.support.features`, training pairs to `rag.support.generator`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from rag.support.alignment import Alignment
from rag.support.cross_encoder import read_logits
from rag.support.features import FEATURES, extract_many
from rag.support.generator import GeneratorSettings, Pair, generate_pairs
from rag.support.passages import Passage
from rag.support.reading import normalise, split_sentences
from rag.support.reasons import reasons_for

Scores = npt.NDArray[np.float64]
NEAR_COPY = 0.5
"""Least share of a claim's words that stand equal in the sentence it edits (`edit_equal`)."""
ERROR_SIGNS = ("numbers_missing", "negation_scope", "exclusive", "opposites_near")
"""Measures that, in a near copy, show an error: the cross-encoder does not speak for such a claim."""
_PLACES = {name: place for place, name in enumerate(FEATURES)}


@dataclass(frozen=True)
class ModelSettings:
    """How the classifier learns.

    Attributes
    ----------
    iterations : int
        Trees; 50 to 500. More than 200 gains nothing on the development pairs.
    learning_rate : float
        0.02 to 0.2.
    leaves : int
        Of a tree; 4 to 32. Large trees learn the generator's habits.
    min_leaf : int
        Pairs in a leaf; 10 to 100.
    seeds : tuple of int
        One model each, averaged; 1 to 5 of them.
    max_documents : int
        Documents of the corpus used, spread evenly; 0 to 500. More take longer than a minute in all.
    max_paragraphs : int
        Paragraphs of one document used; 3 to 50.
    whole_share : float
        Of a claim of several sentences: weight of the whole claim's score against that of its weakest sentence; 0 to 1.
    weakest_power : float
        Exponent of the weakest sentence's score, 0.3 to 1: the least of several scores is low by chance alone.
    verbatim_score : float
        Least score of a claim of which every sentence stands in the evidence as it is; 0.5 to 1.
    """

    iterations: int = 120
    learning_rate: float = 0.1
    leaves: int = 12
    min_leaf: int = 25
    seeds: tuple[int, ...] = (0, 1)
    max_documents: int = 100
    max_paragraphs: int = 10
    whole_share: float = 0.2
    weakest_power: float = 0.5
    verbatim_score: float = 0.97


@dataclass(frozen=True)
class Judgement:
    """Whether evidence supports a claim.

    Attributes
    ----------
    supported : bool
        Whether the score reaches the threshold.
    score : float
        0 to 1, calibrated on pairs half of which are supported; 6 decimals.
    reasons : tuple of str
        What counted.
    """

    supported: bool
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class SupportModel:
    """A trained classifier.

    Attributes
    ----------
    models : tuple
        Gradient boosting classifiers, averaged.
    blend : (float, float)
        Weights of the averaged log-odds and of the cross-encoder's logit in the calibrated log-odds.
    intercept : float
        Of the calibrated log-odds.
    threshold : float
        Least score that counts as supported.
    threshold_reason : str
        How it was chosen.
    content_hash : str
        Of code, generator, texts and versions it was made of; 16 hex digits.
    settings : ModelSettings
        As trained.
    """

    models: tuple[Any, ...]
    blend: tuple[float, float]
    intercept: float
    threshold: float
    threshold_reason: str
    content_hash: str
    settings: ModelSettings

    def score_rows(self, rows: npt.NDArray[np.float32], read: Scores) -> Scores:
        """Return calibrated scores, (n,), 0 to 1, of feature rows and the cross-encoder's logits (n,)."""
        if not len(rows):
            return np.zeros(0)
        return _calibrated(_raw(self.models, rows), _held_down(rows, read), self.blend, self.intercept)

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement]:
        """Judge pairs of claim and evidence.

        Parameters
        ----------
        pairs : sequence of (str, str)
            Any texts, empty ones included. A few hundred at a time are fastest.

        Returns
        -------
        list of Judgement
            In the order of `pairs`; a pair's judgement does not depend on the others.
        """
        claims: list[str] = []
        evidences: list[str] = []
        owners: list[int] = []
        for owner, (claim, evidence) in enumerate(pairs):
            for part in _parts(claim):
                claims.append(part)
                evidences.append(evidence)
                owners.append(owner)
        rows, alignments = extract_many(claims, evidences)
        scores = self.score_rows(rows, read_logits(claims, alignments))
        parts: list[list[int]] = [[] for _ in pairs]
        for place, owner in enumerate(owners):
            parts[owner].append(place)
        return [
            self._judged(*pair, scores[places], [alignments[i] for i in places])
            for pair, places in zip(pairs, parts, strict=True)
        ]

    def _judged(self, claim: str, evidence: str, scores: Scores, alignments: list[Alignment | None]) -> Judgement:
        """Join the scores of a claim (the whole first, then its sentences) and say what counted."""
        whole = alignments[0]
        if whole is None:
            return Judgement(False, 0.0, (_nothing(claim, evidence),))
        share = self.settings.whole_share
        sentences = [
            score for score, alignment in zip(scores[1:], alignments[1:], strict=True) if alignment is not None
        ]
        score = float(scores[0])
        if sentences:
            score = share * score + (1 - share) * float(min(sentences)) ** self.settings.weakest_power
        reasons = reasons_for(whole)
        if _is_verbatim(whole):
            score = max(score, self.settings.verbatim_score)
            reasons.insert(0, "stands in the evidence word for word")
        if sentences and min(sentences) < self.threshold:
            reasons.insert(0, f"weakest of its {len(sentences)} sentences has {min(sentences):.2f}")
        score = round(min(max(score, 0.0), 1.0), 6)
        return Judgement(score >= self.threshold, score, tuple(reasons))


def _nothing(claim: str, evidence: str) -> str:
    if not claim.strip():
        return "claim is empty"
    return "evidence is empty" if not evidence.strip() else "no word of claim or evidence that could be compared"


def _parts(claim: str) -> list[str]:
    """Return the whole claim and, where it has several, its sentences (at most 12 of them are judged alone)."""
    sentences = [sentence for sentence in split_sentences(normalise(claim[:6000])) if len(sentence.split()) >= 4]
    return [claim, *sentences[:12]] if len(sentences) > 1 else [claim]


def _is_verbatim(alignment: Alignment) -> bool:
    there = {tuple(token.lower for token in sentence.tokens) for sentence in alignment.evidence.sentences}
    return all(tuple(token.lower for token in sentence.tokens) in there for sentence in alignment.claim.sentences)


def _raw(models: Sequence[Any], rows: npt.NDArray[np.float32]) -> Scores:
    """Return averaged log-odds, (n,)."""
    with threadpool_limits(1):
        return np.mean([model.decision_function(rows) for model in models], axis=0)


def _held_down(rows: npt.NDArray[np.float32], read: Scores) -> Scores:
    """Return the cross-encoder's logits, but never one in favour of a near copy with an exact sign of an error."""
    near_copy = rows[:, _PLACES["edit_equal"]] >= NEAR_COPY
    has_sign = (rows[:, [_PLACES[name] for name in ERROR_SIGNS]] > 0).any(axis=1)
    return np.where(near_copy & has_sign, np.minimum(read, 0.0), read)


def _calibrated(boosted: Scores, read: Scores, blend: tuple[float, float], intercept: float) -> Scores:
    return 1.0 / (1.0 + np.exp(-np.clip(blend[0] * boosted + blend[1] * read + intercept, -30, 30)))


def train(
    passages: list[Passage],
    hand_pairs: Sequence[Pair],
    read: Scores,
    settings: ModelSettings | None = None,
    content_hash: str = "",
) -> SupportModel:
    """Train the gradient boosting on generated pairs, and weigh it against the cross-encoder on hand-written ones.

    Parameters
    ----------
    passages : list of Passage
        See `generate_pairs`; some of them with claims.
    hand_pairs : sequence of Pair
        Pairs of both labels and of none of `passages`.
    read : ndarray, (len(hand_pairs),)
        The cross-encoder's logits of `hand_pairs`, from adapters that had not seen their passage.
    settings : ModelSettings, optional
        Default: as above.
    content_hash : str
        Kept on the model.

    Returns
    -------
    SupportModel
        The same for the same arguments and versions.
    """
    settings = settings or ModelSettings()
    pairs = generate_pairs(passages, GeneratorSettings())
    rows = pair_rows(pairs)
    labels = np.array([pair.is_supported for pair in pairs])
    models = tuple(fit(rows, labels, balanced_weights(pairs), settings, seed) for seed in settings.seeds)
    hand_rows = pair_rows(list(hand_pairs))
    boosted, read = _raw(models, hand_rows), _held_down(hand_rows, read)
    hand_labels = np.array([pair.is_supported for pair in hand_pairs])
    blend, intercept = _blend(boosted, read, hand_labels, balanced_weights(list(hand_pairs)))
    threshold, reason = _choose_threshold(_calibrated(boosted, read, blend, intercept), hand_labels)
    return SupportModel(models, blend, intercept, threshold, reason, content_hash, settings)


def pair_rows(pairs: list[Pair]) -> npt.NDArray[np.float32]:
    """Return the feature rows of pairs, (n, len(FEATURES)); in portions, so that memory stays bounded."""
    portions = [pairs[i : i + 256] for i in range(0, len(pairs), 256)]
    rows = [extract_many([p.claim for p in portion], [p.evidence for p in portion])[0] for portion in portions]
    return np.concatenate(rows) if rows else np.zeros((0, len(FEATURES)), dtype=np.float32)


def balanced_weights(pairs: list[Pair]) -> Scores:
    """Return weights under which supported and unsupported pairs count the same in all, mean 1."""
    weights = np.array([pair.weight for pair in pairs])
    labels = np.array([pair.is_supported for pair in pairs])
    for label in (True, False):
        weights[labels == label] /= max(weights[labels == label].sum(), 1e-9)
    return weights / weights.mean()


def fit(
    rows: npt.NDArray[np.float32], labels: npt.NDArray[np.bool_], weights: Scores, settings: ModelSettings, seed: int
) -> Any:
    """Fit one classifier, each feature bound to its direction; see `FEATURES`."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=settings.iterations,
        learning_rate=settings.learning_rate,
        max_leaf_nodes=settings.leaves,
        min_samples_leaf=settings.min_leaf,
        l2_regularization=5.0,
        max_features=0.5,
        monotonic_cst=list(FEATURES.values()),
        early_stopping=False,
        random_state=seed,
    )
    with threadpool_limits(1):  # threads of a busy machine wait for each other longer than they save
        return model.fit(rows, labels, sample_weight=weights)


def _blend(
    boosted: Scores, read: Scores, labels: npt.NDArray[np.bool_], weights: Scores
) -> tuple[tuple[float, float], float]:
    """Return the weights and the intercept that predict the labels best, neither weight below 0."""
    from sklearn.linear_model import LogisticRegression

    line = LogisticRegression(C=1e6).fit(np.stack([boosted, read], axis=1), labels, sample_weight=weights)
    first, second = (round(max(float(value), 0.0), 6) for value in line.coef_[0])
    return (first, second), round(float(line.intercept_[0]), 6)


def _choose_threshold(scores: Scores, labels: npt.NDArray[np.bool_]) -> tuple[float, str]:
    """Choose the threshold on held-out scores: the nearest to even odds within one standard error of the best.

    The curve of balanced accuracy is flat at its top, and where it turns is chance.
    """
    grid = np.arange(20, 81) / 100
    accuracy = np.array([((scores[labels] >= at).mean() + (scores[~labels] < at).mean()) / 2 for at in grid])
    top = float(accuracy.max())
    error = float(np.sqrt(sum(top * (1 - top) / max(int((labels == label).sum()), 1) for label in (True, False))) / 2)
    best = int(np.argmin(np.where(accuracy >= top - error, np.round(np.abs(grid - 0.5), 6), 1.0)))
    reason = (
        f"balanced accuracy {accuracy[best]:.3f} on {len(labels)} hand-written training pairs, each scored by models "
        f"that had not seen its passage; the best threshold has {top:.3f}, standard error {error:.3f}"
    )
    return float(grid[best]), reason
