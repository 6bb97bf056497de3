"""The probability of an amount rounded to cents.

What belongs here: log-normal amounts. An amount of k cents came from between k - 1/2 and k + 1/2; what is less than
one cent counts as one.
"""

import numpy as np
from scipy.special import ndtr

from ml.simulator.draws import FloatArray, IntArray

# Below this half-width, in standard deviations, the series is exact to 1e-12 within six deviations of the median.
_WIDEST = 0.008


def log_cell(cents: IntArray, log_usd: FloatArray, sigma: FloatArray | float) -> FloatArray:
    """Return the log-probability of rounded log-normal amounts but for a part that does not depend on ``log_usd``.

    With t the cell's middle and h its half-width, both in standard deviations of the log amount, the integral of the
    normal density over the cell is 2h phi(t) (1 + h^2 (t^2 - 1) / 6 + ...), whose log is
    log(2h phi(0)) - t^2/2 + h^2 (t^2 - 1)/6 - h^4 (t^4/180 + t^2/45 - 1/90). The density alone would be off by the
    term in h^2: a millionth for one payment of a few dollars, too much over hundreds of them. Wide cells are the
    difference of two normal distribution functions.

    Parameters
    ----------
    cents : array of int
        Positive.
    log_usd : array of float
        Log of the median in USD.
    sigma : float or array of float
        Standard deviation of the log amount.

    Returns
    -------
    array of float
        Of the broadcast shape; ``log(2h phi(0))`` is left out.
    """
    upper = np.log(cents + 0.5) - np.log(100.0)
    lower = np.log(np.maximum(cents - 0.5, 0.25)) - np.log(100.0)
    half = (upper - lower) / 2 / sigma
    square = half * half
    t_square = ((upper + lower) / 2 - log_usd) / sigma
    t_square = t_square * t_square
    series = square * (t_square - 1) / 6 - square * square * (t_square * (t_square / 180 + 1 / 45) - 1 / 90)
    result = series - t_square / 2
    is_wide = np.broadcast_to((half > _WIDEST) | (cents <= 1), result.shape)
    if is_wide.any():
        of = (np.broadcast_to(one, result.shape)[is_wide] for one in (cents, upper, lower, half, log_usd, sigma))
        result[is_wide] = _wide(*of)
    return result


def _wide(
    cents: IntArray, upper: FloatArray, lower: FloatArray, half: FloatArray, log_usd: FloatArray, sigma: FloatArray
) -> FloatArray:
    high, low = (upper - log_usd) / sigma, (lower - log_usd) / sigma
    low = np.where(cents <= 1, -np.inf, low)
    # In the upper tail the distribution function is near 1: mirrored, no digits are lost.
    is_upper = low > 0
    high, low = np.where(is_upper, -low, high), np.where(is_upper, -high, low)
    with np.errstate(divide="ignore"):
        return np.log(ndtr(high) - ndtr(low)) - np.log(2 * half / np.sqrt(2 * np.pi))
