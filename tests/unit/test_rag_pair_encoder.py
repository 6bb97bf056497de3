"""MiniLM layer by layer, its adapters, and the encoder of pairs, on pairs small enough to learn in a second."""

import numpy as np
import pytest

from rag.minilm import MAX_TOKENS, load_adapter, load_minilm, lower_states, mean_pooled, padded, run_layers
from rag.pair_encoder import PairEncoder, PairSettings, train_pairs

COLOURS = ("red", "green", "blue", "white")
PAIRS = [(f"Is the door {one}?", f"The door of the house is {two}.") for one in COLOURS for two in COLOURS]
SAME = np.array([one == two for one in COLOURS for two in COLOURS])
SETTINGS = PairSettings(rank=4, epochs=12, learning_rate=3e-3, dropout=0.0, batch=8)


@pytest.fixture(scope="module")
def adapter():
    return train_pairs(PAIRS, SAME, SETTINGS, np.where(SAME, 3.0, 1.0))


def test_the_layers_give_the_vectors_of_the_published_model():
    """First values of the vectors that sentence-transformers 6.2 gives with these weights."""
    states, mask = padded(lower_states(["What does a wire cost?", "Hello"]))
    vectors = mean_pooled(run_layers(load_minilm().weights, states, mask, 3, 6), mask).numpy()
    assert np.allclose(
        vectors[:, :4], [[-0.0349, 0.0618, -0.0420, 0.0396], [-0.0628, 0.0550, 0.0522, 0.0858]], atol=1e-4
    )
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_the_same_states_alone_and_in_a_batch_and_long_ones_are_cut():
    texts = ["A wire costs $25.", "x " * 1000, "Yes."]
    together, alone = lower_states(texts), [lower_states([text])[0] for text in texts]
    assert [len(states) for states in together] == [8, MAX_TOKENS, 4]
    for one, other in zip(together, alone, strict=True):
        assert np.allclose(one.numpy(), other.numpy(), atol=1e-4)


def test_training_learns_what_only_both_texts_together_tell(adapter):
    scores = PairEncoder(adapter).score(PAIRS)
    assert scores[SAME].min() > scores[~SAME].max()


def test_an_adapter_survives_its_file_and_scores_do_not_depend_on_the_batch(adapter, tmp_path):
    adapter.save(tmp_path / "doors.npz")
    assert (tmp_path / "doors.npz").stat().st_size < 300_000
    encoder = PairEncoder(load_adapter(tmp_path / "doors.npz"))
    scores = encoder.score(PAIRS)
    assert np.allclose(scores, PairEncoder(adapter).score(PAIRS), atol=0.05)
    assert np.allclose(scores[::-1], encoder.score(PAIRS[::-1]), atol=0.0011)
    assert np.allclose(scores[:1], encoder.score(PAIRS[:1]), atol=0.0011) and encoder.score([]).shape == (0,)


def test_training_is_a_function_of_its_arguments():
    short = PairSettings(rank=2, epochs=1, batch=8)
    first, second = (train_pairs(PAIRS[:8], SAME[:8], short) for _ in range(2))
    assert all(np.array_equal(a.detach(), b.detach()) for a, b in zip(first.tensors(), second.tensors(), strict=True))
