"""Encoder and sequences: same rows, same weights; a signal in the order of weeks is learned."""

import numpy as np
import pyarrow as pa
import pytest

from ml.encoder import MISSING, EncoderModel, fit_encoder
from ml.evaluation import area_under_curve
from ml.sequences import SIGNALS, WEEKS, Scaler, observed_mask, sequence_array
from ml.settings import EncoderSettings

SETTINGS = EncoderSettings(hidden=8, epochs=12, patience=4, batch_rows=64, learning_rate=0.02, min_rows=50)


def _planted(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Rising and falling activity with the same total: only the order of the weeks tells the product."""
    rng = np.random.default_rng(seed)
    rises = rng.integers(0, 2, rows)
    ramp = np.linspace(0.0, 8.0, WEEKS)
    level = np.where(rises[:, None] == 1, ramp, ramp[::-1])
    sequences = np.zeros((rows, WEEKS, len(SIGNALS)), dtype=np.float32)
    sequences[:, :, 0] = rng.poisson(level)
    return sequences, np.full(rows, WEEKS), {"product": rises.astype(np.int64)}


@pytest.fixture(scope="module")
def trained() -> EncoderModel:
    model, notes, history = fit_encoder(_planted(400, 1), _planted(200, 2), SETTINGS)
    assert notes == []
    assert history[0]["calibration_loss"] > history[-1]["calibration_loss"]
    return model


def test_the_embedding_tells_rising_from_falling(trained):
    train, later = _planted(400, 1), _planted(300, 3)
    embedded = trained.embed(train[0], train[1])
    direction = np.linalg.lstsq(
        np.column_stack([embedded, np.ones(len(embedded))]), train[2]["product"] - 0.5, rcond=None
    )[0]
    scores = np.column_stack([trained.embed(later[0], later[1]), np.ones(300)]) @ direction
    assert area_under_curve(scores, later[2]["product"]) > 0.95


def test_the_same_rows_give_the_same_weights(trained):
    again, _, _ = fit_encoder(_planted(400, 1), _planted(200, 2), SETTINGS)
    for name, values in trained.weights.items():
        np.testing.assert_array_equal(again.weights[name], values)


def test_an_embedding_does_not_depend_on_who_else_is_embedded(trained):
    sequences, weeks, _ = _planted(30, 4)
    np.testing.assert_allclose(
        trained.embed(sequences, weeks)[7], trained.embed(sequences[7:8], weeks[7:8])[0], atol=2e-6
    )


def test_weeks_before_the_first_observed_one_do_not_matter(trained):
    sequences, _, _ = _planted(5, 5)
    weeks = np.full(5, 10)
    noisy = sequences.copy()
    noisy[:, : WEEKS - 10] = 99.0
    np.testing.assert_array_equal(trained.embed(noisy, weeks), trained.embed(sequences, weeks))


@pytest.mark.parametrize(
    ("rows", "targets", "reason"),
    [
        (10, np.array([0, 1] * 5), "10 labelled rows"),
        (80, np.zeros(80, dtype=np.int64), "no target has two classes"),
        (80, np.full(80, MISSING), "no target has two classes"),
    ],
)
def test_too_little_to_learn_from_gives_no_embedding(rows, targets, reason):
    sequences, weeks, _ = _planted(rows, 6)
    model, notes, _ = fit_encoder((sequences, weeks, {"product": targets}), None, SETTINGS)
    assert reason in notes[0]
    assert model.embedding_size == 0
    assert model.embed(sequences, weeks).shape == (rows, 0)


def test_silence_gives_no_embedding():
    sequences, weeks, targets = _planted(80, 7)
    model, notes, _ = fit_encoder((np.zeros_like(sequences), weeks, targets), None, SETTINGS)
    assert "no week holds" in notes[0]
    assert model.untrained


def test_without_a_calibration_split_it_says_so():
    _, notes, history = fit_encoder(_planted(100, 8), None, SETTINGS)
    assert "no calibration split" in notes[0]
    assert len(history) == SETTINGS.epochs // 2


def test_sequences_come_out_of_arrow_in_their_order():
    table = pa.table({name: [[float(c * 100 + w) for w in range(WEEKS)]] * 2 for c, name in enumerate(SIGNALS)})
    values = sequence_array(table)
    assert values.shape == (2, WEEKS, len(SIGNALS))
    assert values[1, 5, 3] == 305.0


def test_a_list_of_another_length_or_null_is_refused():
    table = pa.table({name: [[0.0] * WEEKS, [0.0] * (WEEKS - 1)] for name in SIGNALS})
    with pytest.raises(ValueError, match="txn_count"):
        sequence_array(table)
    with pytest.raises(ValueError, match="null"):
        sequence_array(pa.table({name: pa.array([None], pa.list_(pa.float32())) for name in SIGNALS}))


def test_scaling_knows_the_training_rows_only_and_leaves_padding_at_zero():
    train = np.random.default_rng(9).poisson(5.0, (50, WEEKS, len(SIGNALS))).astype(np.float32)
    mask = observed_mask(np.full(50, 6))
    scaler = Scaler.fit(train, mask)
    scaled = scaler.transform(train, mask)
    observed = scaled[mask][:, : len(SIGNALS)]
    np.testing.assert_allclose(observed.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(observed.std(axis=0), 1.0, atol=1e-4)
    assert (scaled[~mask] == 0.0).all()
    assert (scaled[mask][:, -1] == 1.0).all()
