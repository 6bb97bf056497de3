"""The hash draws: uniform, independent of neighbours, fixed for ever, and blind to the batch they are made in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ml.simulator.draws import Stream, categorical, keys, normal, pack, poisson, uniform

NUMBERS = np.arange(1, 100_001)


@pytest.mark.parametrize("stream", [Stream.SEGMENT, Stream.INTENT, Stream.SPENDING_AMOUNT, Stream.BOOTSTRAP])
def test_draws_are_uniform_over_customers_and_over_steps(stream):
    over_customers = uniform(keys(7, NUMBERS, stream), pack(24_306, 3, 1))
    over_steps = uniform(keys(7, np.array([17]), stream), np.arange(100_000))
    for draws in (over_customers, over_steps):
        counts, _ = np.histogram(draws, bins=100, range=(0, 1))
        assert stats.chisquare(counts).pvalue > 1e-4
        assert draws.min() > 0
        assert draws.max() < 1


def test_neighbouring_customers_steps_streams_and_seeds_are_unrelated():
    base = uniform(keys(7, NUMBERS, Stream.INTENT), 5)
    others = {
        "customer": uniform(keys(7, NUMBERS + 1, Stream.INTENT), 5),
        "step": uniform(keys(7, NUMBERS, Stream.INTENT), 6),
        "stream": uniform(keys(7, NUMBERS, Stream.EVENT_COUNT), 5),
        "seed": uniform(keys(8, NUMBERS, Stream.INTENT), 5),
    }
    for name, other in others.items():
        # 4.5 standard errors of a correlation of 100,000 independent pairs
        assert abs(np.corrcoef(base, other)[0, 1]) < 4.5 / np.sqrt(NUMBERS.size), name


def test_draws_never_change():
    drawn = uniform(keys(7, np.array([1, 17, 350_000]), Stream.SEGMENT), 0)
    assert drawn.tolist() == [0.7699733077381945, 0.5572373393802028, 0.7757421675243235]


def test_a_draw_does_not_depend_on_the_batch():
    whole = uniform(keys(7, NUMBERS, Stream.ARM), 3)
    assert whole[16] == uniform(keys(7, np.array([17]), Stream.ARM), 3)[0]
    assert np.array_equal(whole[500:600], uniform(keys(7, NUMBERS[500:600], Stream.ARM), 3))


@given(
    st.tuples(st.integers(0, 30_000), st.integers(0, 1023), st.integers(0, 65_535)),
    st.tuples(st.integers(0, 30_000), st.integers(0, 1023), st.integers(0, 65_535)),
)
def test_packed_steps_meet_only_when_equal(left, right):
    assert (pack(*left) == pack(*right)) == (left == right)


@pytest.mark.parametrize("mean", [0.004, 0.7, 5.8, 11.0])
def test_poisson_counts_follow_the_distribution(mean):
    counts = poisson(uniform(keys(7, NUMBERS, Stream.EVENT_COUNT), 1), np.full(NUMBERS.size, mean))
    top = int(stats.poisson.ppf(0.9999, mean))
    observed = np.bincount(np.minimum(counts, top), minlength=top + 1)
    expected = stats.poisson.pmf(np.arange(top + 1), mean)
    expected[-1] = 1 - expected[:-1].sum()
    z = (observed - expected * NUMBERS.size) / np.sqrt(np.maximum(expected * (1 - expected) * NUMBERS.size, 1e-9))
    assert np.abs(z[expected * NUMBERS.size > 20]).max() < 4.5
    assert poisson(np.array([0.999999]), np.array([0.0])) == [0]


def test_categories_of_weight_zero_are_never_drawn_and_others_as_often_as_weighed():
    u = uniform(keys(7, NUMBERS, Stream.TRAIT))
    weights = np.array([0.0, 1.0, 0.0, 3.0, 0.0])
    counts = np.bincount(categorical(u, weights), minlength=5)
    by_row = np.bincount(categorical(u, np.tile(weights, (NUMBERS.size, 1))), minlength=5)
    assert counts.tolist() == by_row.tolist()
    assert counts[[0, 2, 4]].tolist() == [0, 0, 0]
    assert counts[3] / NUMBERS.size == pytest.approx(0.75, abs=0.006)


def test_normal_draws_have_mean_zero_and_deviation_one():
    drawn = normal(uniform(keys(7, NUMBERS, Stream.INCOME)))
    assert drawn.mean() == pytest.approx(0, abs=0.015)
    assert drawn.std() == pytest.approx(1, abs=0.01)
