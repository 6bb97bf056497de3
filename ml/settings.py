"""Settings of learning, each with its valid range and the reason for its value.

What belongs here: every number of learning that somebody may want to tune. A change of one changes the
version of each model that reads it, so a changed setting trains anew on the next night.
"""

from dataclasses import dataclass
from datetime import date

# Names of the K = 4 intents in order of readiness; messages and reports use them.
INTENT_NAMES = ("dormant", "browsing", "considering", "ready")
# Version of a probability that no model gave: class frequencies stood in, and the run says so.
BASE_RATES = "base_rates"
CHANNELS = ("email", "sms", "push", "in_app", "mail")
SEND_SLOTS = ("0", "1", "2", "3")
INTENSITIES = ("low", "medium", "high")
NO_PRODUCT = "none"


@dataclass(frozen=True)
class SegmentSettings:
    """Segments: Ledoit-Wolf PCA, HDBSCAN on a sample, neighbours for the rest."""

    # 2 to 4. Density clustering thins out fast: in four dimensions the simulated bank is one cloud.
    components: int = 3
    # 500 to 20,000 rows. HDBSCAN of 8,000 x 4 takes about a second; more rows move no border.
    sample_rows: int = 8_000
    # 0.005 to 0.2 of the sample. A segment nobody can write a campaign for is noise.
    min_cluster_share: float = 0.02
    # 2 to 50. Higher calls more customers noise; five keeps thin bridges from joining two clusters.
    min_samples: int = 5
    # 1 to 50. Votes behind an assignment; an odd number leaves fewer ties.
    neighbours: int = 15
    # 0.9 to 1. Beyond this quantile of the sample's own distances a customer is noise (-1).
    outlier_quantile: float = 0.995
    # 20 to 1,000 rows. Below it the covariance says nothing and all customers are one segment.
    min_rows: int = 60
    seed: int = 17


@dataclass(frozen=True)
class IntentSettings:
    """Intents: a Gaussian hidden Markov model of weekly signals, K = 4."""

    # 1 to 13 weeks that make one observation. Interest in a bank's product builds over a month, and a single week
    # is mostly zeros: by week the readiness of the simulated bank ranked customers at 0.53 (Spearman), by four at 0.73.
    block_weeks: int = 4
    # 500 to 20,000 customers. EM costs about 40 us a customer and iteration.
    sample_rows: int = 4_000
    # 5 to 100. The likelihood is flat after about thirty iterations from a sticky start.
    iterations: int = 30
    # 0.7 to 0.99. The start of the diagonal: without a sticky start EM missed a planted model in 3 of 4 seeds.
    stickiness: float = 0.9
    # Ascending, within 0 and 1: where the start cuts the observations into dormant, browsing, considering and ready.
    # Starting from k-means is likelier and means less: it cuts the dormant in two, by one stray view.
    start_quantiles: tuple[float, float, float] = (0.5, 0.75, 0.9)
    # 0.01 to 0.5, in standard deviations squared. Keeps a state of all-zero blocks from collapsing to a point.
    variance_floor: float = 0.2
    # 20 to 1,000 customers with a signal that varies.
    min_rows: int = 40
    # Draws the sample.
    seed: int = 17


@dataclass(frozen=True)
class EncoderSettings:
    """Temporal encoder: a GRU over weekly signals with one head per target."""

    # 16 to 256.
    hidden: int = 64
    # 1 to 20 epochs at most; early stopping on the calibration split usually ends sooner.
    epochs: int = 5
    # 1 to 5 epochs without a better calibration loss before it stops.
    patience: int = 1
    # 64 to 4,096 rows.
    batch_rows: int = 512
    # 1e-4 to 1e-2.
    learning_rate: float = 3e-3
    # 0 to 0.5 on the last hidden state, training only.
    dropout: float = 0.1
    # 0 to 1. Weight of the segment and intent heads, whose targets are other models' labels.
    auxiliary_weight: float = 0.2
    # 1,000 to 500,000 rows; an epoch costs 0.75 s per 10,000 rows.
    max_rows: int = 60_000
    # 50 to 5,000 training rows; below it 30,000 weights cannot be fitted.
    min_rows: int = 200
    seed: int = 17


@dataclass(frozen=True)
class PersonalizationSettings:
    """Gradient boosting of the four decision targets and of the response to an action."""

    # 10 to 200, the most a night allows; early stopping ends sooner.
    iterations: int = 200
    # 0.02 to 0.3. 0.1 reaches its best within 200 iterations on 30,000 rows.
    learning_rate: float = 0.1
    # 2 to 8. Depth 4 costs a third of depth 6 and lost nothing on the simulated bank.
    depth: int = 4
    # 0 to 100.
    l2_leaf: float = 10.0
    # 16 to 254 borders a feature; counts and rounded money have few useful ones.
    borders: int = 64
    # 5 to 50 iterations without a better calibration loss.
    early_stopping: int = 15
    # Used when there is no calibration split to stop on; 10 to 200.
    iterations_without_calibration: int = 60
    # 1,000 to 200,000. All rows of the rarer classes are kept, the commonest is sampled and weighted.
    max_train_rows: int = 28_000
    # 1,000 to 100,000 rows for early stopping and calibration, drawn the same way.
    max_calibration_rows: int = 16_000
    # 1,000 to 500,000 contacts for the response model.
    max_response_rows: int = 80_000
    # 20 to 1,000 labelled training rows, of at least two classes.
    min_rows: int = 60
    # 2 to 100 training rows; a rarer class gets its smoothed base rate.
    min_class_rows: int = 5
    # 0.001 to 0.2. Share of contacts assumed to be answered before the bank knows any; as heavy as this many contacts.
    prior_response_rate: float = 0.02
    # 1 to 200.
    prior_contacts: int = 20
    # Threads are fixed, because the order of floating sums depends on them.
    threads: int = 2
    seed: int = 17


@dataclass(frozen=True)
class EvaluationSettings:
    """Metrics and their intervals."""

    # 200 to 10,000 resamples of customers for the ablation; 1,000 fixes a 95 % end to about 3 % of its width.
    resamples: int = 1_000
    # 100 to 10,000 for the many metrics of every model.
    metric_resamples: int = 200
    # 5 to 50 bins of equal mass.
    calibration_bins: int = 10
    # 20 to 1,000 test rows; a smaller test split measures nothing.
    min_rows: int = 30
    seed: int = 17


@dataclass(frozen=True)
class ScoringSettings:
    """Scoring a night."""

    # 5,000 to 200,000 customers scored at once; bounds memory to about 100 MB a chunk.
    chunk_rows: int = 35_000
    # 1 to 10 reason codes a customer.
    reasons: int = 3


@dataclass(frozen=True)
class LearningSettings:
    """All settings of learning."""

    # 50,000 to 2,000,000 labelled rows (customers x snapshots) read at once; 400,000 take about 4 GB.
    max_rows: int = 400_000
    segments: SegmentSettings = SegmentSettings()
    intents: IntentSettings = IntentSettings()
    encoder: EncoderSettings = EncoderSettings()
    personalization: PersonalizationSettings = PersonalizationSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    scoring: ScoringSettings = ScoringSettings()


def is_training_due(night: date, trained_on: date | None) -> bool:
    """Say whether ``night`` trains, given the newest valid model's night.

    The cadence: the first night of a month, or no valid model. A night that is run again checks its
    own model's data, so a corrected input is noticed.

    Examples
    --------
    >>> is_training_due(date(2026, 1, 5), date(2025, 12, 31))
    True
    >>> is_training_due(date(2026, 1, 6), date(2026, 1, 5))
    False
    """
    return trained_on is None or trained_on == night or (trained_on.year, trained_on.month) != (night.year, night.month)


SETTINGS = LearningSettings()
