"""Counter-based draws: every random number is a hash of (seed, customer, stream, step).

What belongs here: the hash and the distributions made from it. There is no generator object and no state, so a
customer's draws do not depend on how many customers there are, in which chunk, or in which order they are drawn.
Streams are never renumbered: a new kind of draw gets a new number, and old worlds stay as they are.

References
----------
Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011 (the idea). Steele, Lea and Flood, Fast splittable
pseudorandom number generators, OOPSLA 2014 (the mixing function, SplitMix64).
"""

from enum import IntEnum

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
KeyArray = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_MASK = (1 << 64) - 1
_POISSON_LIMIT = 200


class Stream(IntEnum):
    """What a number is drawn for."""

    SEGMENT = 1
    TRAIT = 2
    AGE = 3
    TENURE = 4
    HOUSEHOLD = 5
    STATE = 6
    FIRST_NAME = 7
    INCOME = 8
    PAY_SCHEDULE = 9
    HOUSING = 10
    HOLDING_FIRST = 11
    HOLDING_AGE = 12
    CONSENT_FIRST = 13
    CONSENT_LAPSED = 14
    SEND_DAY = 15
    TIMEZONE = 16
    INTENT = 20
    EVENT_COUNT = 21
    EVENT_TOPIC = 22
    EVENT_DAY = 23
    EVENT_SECOND = 24
    EVENT_CHANNEL = 25
    SERVICE = 30
    SERVICE_DAY = 31
    SERVICE_LENGTH = 32
    CONSENT_CHANGE = 33
    CONSENT_CHANGE_DAY = 34
    CLOSING = 35
    CLOSING_DAY = 36
    CHURN = 37
    DEATH = 38
    OPENING = 40
    OPENING_DAY = 41
    OPENING_SECOND = 42
    ARM = 50
    ACTION_PRODUCT = 51
    ACTION_CHANNEL = 52
    ACTION_SLOT = 53
    ACTION_INTENSITY = 54
    SENT_SECOND = 55
    RESPONSE = 56
    RESPONSE_DELAY = 57
    RESPONSE_SECOND = 58
    PUT_OFF = 59
    SPENDING_COUNT = 70
    SPENDING_DAY = 71
    SPENDING_SECOND = 72
    SPENDING_AMOUNT = 73
    FIXED_AMOUNT = 74
    FIXED_SECOND = 75
    BALANCE = 76
    DIRT = 80
    DIRT_KIND = 81
    LATE_ARRIVAL = 82
    CORRECTION = 83
    TRUTH_SAMPLE = 90
    BOOTSTRAP = 91


def _mix(values: KeyArray) -> KeyArray:
    """Return the SplitMix64 finaliser of each value: every input bit moves every output bit."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * _MIX_1
        values = (values ^ (values >> np.uint64(27))) * _MIX_2
        return values ^ (values >> np.uint64(31))


def _mix_integer(value: int) -> int:
    value &= _MASK
    value = ((value ^ (value >> 30)) * int(_MIX_1)) & _MASK
    value = ((value ^ (value >> 27)) * int(_MIX_2)) & _MASK
    return value ^ (value >> 31)


def keys(seed: int, numbers: npt.ArrayLike, stream: Stream) -> KeyArray:
    """Return one key per customer of a stream, from which draws of any step are made.

    Parameters
    ----------
    seed : int
        Seed of the world.
    numbers : array of int, shape (n,)
        Customer numbers.
    stream : Stream
        What the numbers are for.

    Returns
    -------
    array of uint64, shape (n,)
    """
    origin = np.uint64(_mix_integer(_mix_integer(seed * 2 + 1) + int(stream) * int(_GOLDEN)))
    with np.errstate(over="ignore"):
        return _mix(np.asarray(numbers).astype(np.uint64) * _GOLDEN + origin)


def uniform(stream_keys: KeyArray, step: npt.ArrayLike = 0) -> FloatArray:
    """Return numbers strictly between 0 and 1, one per (key, step), broadcast against each other.

    Parameters
    ----------
    stream_keys : array of uint64
        From ``keys``.
    step : int or array of int
        Which draw of the stream: month, wave, ordinal, packed by the caller.
    """
    with np.errstate(over="ignore"):
        mixed = _mix(stream_keys + (np.asarray(step).astype(np.uint64) + np.uint64(1)) * _GOLDEN)
    return ((mixed >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def categorical(u: FloatArray, weights: FloatArray) -> IntArray:
    """Return a category per draw.

    Parameters
    ----------
    u : array of float, shape (n,)
        Uniform draws.
    weights : array of float, shape (k,) or (n, k)
        Non-negative, of any sum above zero. A category of weight zero is never drawn.
    """
    cumulative = np.cumsum(weights, axis=-1)
    total = cumulative[..., -1]
    target = u * total
    if cumulative.ndim == 1:
        return np.searchsorted(cumulative, target, side="right").astype(np.int64)
    return (cumulative <= target[:, None]).sum(axis=1)


def poisson(u: FloatArray, mean: FloatArray) -> IntArray:
    """Return Poisson counts by inversion of the distribution function; ``u`` and ``mean`` have the same shape."""
    flat_mean = np.broadcast_to(mean, u.shape).ravel()
    counts = np.zeros(flat_mean.size, dtype=np.int64)
    active = np.arange(flat_mean.size)
    rest = u.ravel().copy()
    probability = np.exp(-flat_mean)
    means = flat_mean
    for count in range(_POISSON_LIMIT):
        rest = rest - probability
        going = rest >= 0
        if not going.any():
            break
        active, rest, probability, means = active[going], rest[going], probability[going], means[going]
        counts[active] = count + 1
        probability = probability * means / (count + 1)
    return counts.reshape(u.shape)


def normal(u: FloatArray) -> FloatArray:
    """Return standard normal numbers by inversion."""
    return ndtri(u)


def pack(month: npt.ArrayLike, kind: npt.ArrayLike = 0, ordinal: npt.ArrayLike = 0) -> IntArray:
    """Return one step number for (month counted from year 0, kind below 2**10, ordinal below 2**16)."""
    return (np.asarray(month, dtype=np.int64) << 26) + (np.asarray(kind, dtype=np.int64) << 16) + np.asarray(ordinal)
