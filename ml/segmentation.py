"""Segments: customers who behave alike, found without labels.

What belongs here: the Ledoit-Wolf shrunk PCA, density clustering of a sample, assigning everybody to the
nearest labelled sample rows, and names. The fitted model is kept, so a number means the same the next
night; a model trained anew takes over the numbers of its predecessor by greatest overlap.

References
----------
Ledoit and Wolf, A well-conditioned estimator for large-dimensional covariance matrices, 2004. Campello et
al., Density-Based Clustering Based on Hierarchical Density Estimates (HDBSCAN), 2013.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ml.artifacts import Artifact, Fitted
from ml.feature_sets import group_of
from ml.settings import SegmentSettings

METHOD = "ledoit_wolf_pca+hdbscan"
SINGLE = "single_segment"
NOISE = -1
NOISE_NAME = "unlike the others"
# Layout of the stored state; an earlier model of another layout lends no numbers.
FORMAT = 2

# One behaviour per theme over 30 days, so that no theme counts three times; binary holdings are left to
# eligibility, because clusters of 0/1 columns are just their value combinations.
SEGMENT_FEATURES = (
    "tenure_days",
    "products_held",
    "txn_count_30d",
    "inflow_usd_30d",
    "balance_proxy_usd",
    "mean_outflow_usd_30d",
    "housing_usd_30d",
    "essentials_usd_30d",
    "discretionary_usd_30d",
    "transfer_usd_30d",
    "fees_usd_30d",
    "app_event_count_30d",
    "high_intent_events_90d",
    "opens_90d",
)
# What these have in common is how much a customer spends at all; what tells customers apart is the mix. So each
# counts as its share of their sum, and the level stays with the inflow.
SPENDING_FEATURES = (
    "housing_usd_30d",
    "essentials_usd_30d",
    "discretionary_usd_30d",
    "transfer_usd_30d",
    "fees_usd_30d",
)
# How a name says that a feature is high or low.
_PHRASES = {
    "tenure_days": ("long relationship", "new relationship"),
    "products_held": ("many products", "few products"),
    "txn_count_30d": ("many payments", "few payments"),
    "inflow_usd_30d": ("high inflow", "low inflow"),
    "balance_proxy_usd": ("growing balance", "shrinking balance"),
    "mean_outflow_usd_30d": ("large payments", "small payments"),
    "housing_usd_30d": ("high housing costs", "low housing costs"),
    "essentials_usd_30d": ("high essentials", "low essentials"),
    "discretionary_usd_30d": ("much leisure spending", "little leisure spending"),
    "transfer_usd_30d": ("many transfers", "few transfers"),
    "fees_usd_30d": ("pays fees", "hardly any fees"),
    "app_event_count_30d": ("much app use", "little app use"),
    "high_intent_events_90d": ("looks at products", "ignores products"),
    "opens_90d": ("opens messages", "leaves messages unopened"),
}


@dataclass
class SegmentModel:
    """A fitted segmentation.

    ``S`` sample rows, ``P`` features that vary, ``D`` components (at most 4).
    """

    method: str
    columns: tuple[str, ...]
    fill: np.ndarray = field(repr=False)  # P, value of a missing cell
    mean: np.ndarray = field(repr=False)  # P
    deviation: np.ndarray = field(repr=False)  # P
    loadings: np.ndarray = field(repr=False)  # P, D
    sample: np.ndarray = field(repr=False)  # S, D; rows of a segment only
    labels: np.ndarray = field(repr=False)  # S
    strengths: np.ndarray = field(repr=False)  # S, 0 to 1
    cutoff: float
    neighbours: int
    names: dict[int, str]

    def project(self, matrix: np.ndarray, columns: Sequence[str]) -> np.ndarray:
        """Return the scores (rows, D) of a feature matrix (rows, len(columns))."""
        return _standardise(_pick(matrix, columns, self.columns), self.fill, self.mean, self.deviation) @ self.loadings

    def assign(self, matrix: np.ndarray, columns: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return each row's segment and membership probability.

        The vote of the nearest sample rows decides, a tie goes to the lower number; a row farther from all of
        them than the sample's own outliers is noise (-1).

        Parameters
        ----------
        matrix : ndarray of float32, shape (rows, len(columns))
        columns : sequence of str

        Returns
        -------
        segment : ndarray of int, shape (rows,)
        probability : ndarray of float, shape (rows,)
        """
        from scipy.spatial import KDTree

        if self.method == SINGLE or not len(matrix):
            return np.zeros(len(matrix), dtype=np.int64), np.ones(len(matrix))
        scores = self.project(matrix, columns)  # rows, D
        count = min(self.neighbours, len(self.sample))
        distances, nearest = KDTree(self.sample).query(scores, k=count)
        distances, nearest = distances.reshape(len(matrix), count), nearest.reshape(len(matrix), count)
        weights = self.strengths[nearest] + 1e-3  # rows, neighbours
        segments = int(self.labels.max()) + 1
        votes = np.stack(
            [np.where(self.labels[nearest] == s, weights, 0.0).sum(axis=1) for s in range(segments)], axis=1
        )
        winner = votes.argmax(axis=1)
        is_noise = distances[:, 0] > self.cutoff
        probability = np.where(is_noise, 0.0, votes.max(axis=1) / count)
        return np.where(is_noise, NOISE, winner), np.round(np.clip(probability, 0.0, 1.0), 9)

    def name_of(self, segments: np.ndarray) -> np.ndarray:
        """Return the names of segment numbers."""
        return np.array([self.names.get(int(segment), NOISE_NAME) for segment in segments], dtype=object)

    def to_fitted(self, records: dict, notes: Sequence[str]) -> Fitted:
        """Return the model as what an artefact stores."""
        state = {
            "format": FORMAT,
            "method": self.method,
            "columns": list(self.columns),
            "cutoff": self.cutoff,
            "neighbours": self.neighbours,
            "names": {str(segment): name for segment, name in self.names.items()},
        }
        keys = ("fill", "mean", "deviation", "loadings", "sample", "labels", "strengths")
        return Fitted(state, {key: getattr(self, key) for key in keys}, {}, records, notes)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "SegmentModel":
        """Return the model an artefact stores."""
        state = artifact.state
        names = {int(segment): name for segment, name in state["names"].items()}
        return cls(
            method=state["method"],
            columns=tuple(state["columns"]),
            cutoff=state["cutoff"],
            neighbours=state["neighbours"],
            names=names,
            **artifact.arrays,
        )


def _pick(matrix: np.ndarray, columns: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
    position = {name: index for index, name in enumerate(columns)}
    picked = np.full((len(matrix), len(wanted)), np.nan)
    for target, name in enumerate(wanted):
        if name in position:
            picked[:, target] = matrix[:, position[name]]
    values = np.sign(picked) * np.log1p(np.abs(picked))  # money and counts have long tails
    spending = [target for target, name in enumerate(wanted) if name in SPENDING_FEATURES]
    total = np.nansum(picked[:, spending], axis=1, keepdims=True)
    values[:, spending] = picked[:, spending] / np.maximum(total, 1.0)
    return values


def _standardise(values: np.ndarray, fill: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    return np.clip((np.where(np.isnan(values), fill, values) - mean) / deviation, -5.0, 5.0)


def segment_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns segments are found in: the behaviour list and the bank's own attributes."""
    return tuple(name for name in columns if name in SEGMENT_FEATURES or name.startswith("attr_"))


def fit_segments(
    matrix: np.ndarray, columns: Sequence[str], settings: SegmentSettings, previous: SegmentModel | None = None
) -> tuple[SegmentModel, list[str]]:
    """Find segments in training rows.

    Parameters
    ----------
    matrix : ndarray of float32, shape (rows, len(columns))
        Training rows, in a fixed order (the sample is drawn by position).
    columns : sequence of str
        Feature names.
    settings : SegmentSettings
    previous : SegmentModel, optional
        The model in force so far; its numbers are taken over by greatest overlap.

    Returns
    -------
    SegmentModel
        One segment of all customers where nothing can be told apart, and a remark that says so.
    list of str
        Remarks for the run report.
    """
    wanted = segment_columns(columns)
    rows = _sampled_rows(len(matrix), settings)
    values = _pick(matrix[rows], columns, wanted)
    has_values = ~np.isnan(values).all(axis=0) if len(values) else np.zeros(len(wanted), dtype=bool)
    deviation = np.array([np.nanstd(values[:, i]) if has_values[i] else 0.0 for i in range(len(wanted))])
    kept = np.flatnonzero(deviation > 1e-6)
    if len(rows) < settings.min_rows or not len(kept):
        reason = f"{len(rows)} rows of at least {settings.min_rows}, {len(kept)} features that vary"
        return _single_segment(wanted), [f"segments: untrained: {reason}; all customers are one segment."]
    values, names = values[:, kept], tuple(wanted[i] for i in kept)
    fill = np.nanmedian(values, axis=0)
    filled = np.where(np.isnan(values), fill, values)
    mean, deviation = filled.mean(axis=0), np.maximum(filled.std(axis=0), 1e-6)
    standard = _standardise(values, fill, mean, deviation)
    loadings = shrunk_components(standard, settings.components)
    scores = standard @ loadings
    labels, strengths = _cluster(scores, settings)
    if labels.max() < 0:
        return _single_segment(wanted), [
            "segments: density clustering found no cluster; all customers are one segment."
        ]
    is_member = labels >= 0
    model = SegmentModel(
        method=METHOD,
        columns=names,
        fill=fill,
        mean=mean,
        deviation=deviation,
        loadings=loadings,
        sample=scores[is_member],
        labels=labels[is_member],
        strengths=strengths[is_member],
        cutoff=_outlier_cutoff(scores, scores[is_member], settings),
        neighbours=settings.neighbours,
        names={},
    )
    if previous is not None and previous.method == METHOD:
        model.labels = _matched_labels(model, previous, matrix[rows][is_member], columns)
    model.names = _names(standard[is_member], model.labels, names, standard)
    return model, []


def _sampled_rows(count: int, settings: SegmentSettings) -> np.ndarray:
    if count <= settings.sample_rows:
        return np.arange(count)
    return np.sort(np.random.default_rng(settings.seed).choice(count, settings.sample_rows, replace=False))


def _single_segment(columns: Sequence[str]) -> SegmentModel:
    nothing = np.zeros(0)
    empty = np.zeros((0, 0))
    return SegmentModel(
        SINGLE, tuple(columns), nothing, nothing, nothing, empty, empty, nothing.astype(np.int64), nothing, 0.0, 1,
        {0: "all customers"},
    )  # fmt: skip


def shrunk_components(standard: np.ndarray, components: int) -> np.ndarray:
    """Return the leading eigenvectors of the Ledoit-Wolf shrunk covariance.

    Parameters
    ----------
    standard : ndarray, shape (rows, P)
        Standardised features.
    components : int
        At most this many.

    Returns
    -------
    ndarray, shape (P, D)
        Largest eigenvalue first; the largest entry of each column is positive, so signs never flip.
    """
    from sklearn.covariance import LedoitWolf

    covariance = LedoitWolf().fit(standard).covariance_
    values, vectors = np.linalg.eigh(covariance)
    chosen = vectors[:, np.argsort(-values, kind="stable")[: min(components, standard.shape[1])]]
    largest = chosen[np.abs(chosen).argmax(axis=0), np.arange(chosen.shape[1])]
    return chosen * np.where(largest < 0, -1.0, 1.0)


def _cluster(scores: np.ndarray, settings: SegmentSettings) -> tuple[np.ndarray, np.ndarray]:
    """Return HDBSCAN's labels, the largest cluster 0, and its membership strengths."""
    from sklearn.cluster import HDBSCAN

    smallest = max(10, int(settings.min_cluster_share * len(scores)))
    clustering = HDBSCAN(min_cluster_size=smallest, min_samples=settings.min_samples, n_jobs=1, copy=True).fit(scores)
    labels = clustering.labels_.astype(np.int64)
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    order = np.argsort(-sizes, kind="stable")
    renumbered = np.empty_like(order)
    renumbered[order] = np.arange(len(order))
    return np.where(labels >= 0, renumbered[np.maximum(labels, 0)], NOISE), clustering.probabilities_


def _outlier_cutoff(scores: np.ndarray, members: np.ndarray, settings: SegmentSettings) -> float:
    from scipy.spatial import KDTree

    # The second neighbour, because a member's first is itself.
    distances = KDTree(members).query(scores, k=min(2, len(members)))[0].reshape(len(scores), -1)[:, -1]
    return float(np.quantile(distances, settings.outlier_quantile))


def _matched_labels(
    model: SegmentModel, previous: SegmentModel, matrix: np.ndarray, columns: Sequence[str]
) -> np.ndarray:
    """Give each new segment the old number it overlaps most with; a segment without one gets a new number."""
    from scipy.optimize import linear_sum_assignment

    before, _ = previous.assign(matrix, columns)
    old_count, new_count = int(previous.labels.max()) + 1, int(model.labels.max()) + 1
    overlap = np.zeros((new_count, old_count))
    np.add.at(overlap, (model.labels[before >= 0], before[before >= 0]), 1.0)
    new, old = linear_sum_assignment(-overlap)
    number = {int(n): int(o) for n, o in zip(new, old, strict=True) if overlap[n, o] > 0}
    unused = iter(range(old_count, old_count + new_count))
    return np.array([number[s] if s in number else number.setdefault(s, next(unused)) for s in model.labels.tolist()])


def _names(standard: np.ndarray, labels: np.ndarray, columns: Sequence[str], population: np.ndarray) -> dict[int, str]:
    """Name each segment by the two features that set it apart most; a repeated name gets a third, then its number."""
    names: dict[int, str] = {}
    for segment in sorted(set(labels.tolist())):
        gaps = standard[labels == segment].mean(axis=0) - population.mean(axis=0)
        order = np.argsort(-np.abs(gaps), kind="stable")
        told: dict[str, str] = {}  # an attribute of several levels is told once
        for i in order:
            told.setdefault(group_of(columns[i]), _phrase(columns[i], gaps[i] > 0))
        phrases = list(told.values())[:3]
        name = ", ".join(phrases[:2])
        if name in names.values():
            name = ", ".join(phrases)
        names[segment] = name if name not in names.values() else f"{name} ({segment})"
    return names


def _phrase(column: str, is_high: bool) -> str:
    if column in _PHRASES:
        return _PHRASES[column][0 if is_high else 1]
    name, _, level = column.removeprefix("attr_").partition("=")
    plain = name.replace("_", " ")
    if level:
        return f"{plain} is {level}" if is_high else f"{plain} is not {level}"
    return f"high {plain}" if is_high else f"low {plain}"
