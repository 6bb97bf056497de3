"""Arrow columns of identifiers, codes, money and instants, made from integer arrays without a Python loop.

What belongs here: how a value looks in the files.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ml.simulator.draws import IntArray

CUSTOMER_DIGITS = 7
INSTANT = pa.timestamp("us", "UTC")
MONEY = pa.decimal128(18, 2)


def texts(parts: list[str | tuple[IntArray, int]], count: int) -> pa.Array:
    """Return texts of one width, each part a constant or (numbers, digits with leading zeros)."""
    blocks: list[npt.NDArray[np.uint8]] = []
    for part in parts:
        if isinstance(part, str):
            blocks.append(np.broadcast_to(np.frombuffer(part.encode("ascii"), np.uint8), (count, len(part))))
        else:
            numbers, digits = part
            powers = 10 ** np.arange(digits - 1, -1, -1)
            blocks.append((np.asarray(numbers)[:, None] // powers % 10 + ord("0")).astype(np.uint8))
    characters = np.ascontiguousarray(np.concatenate(blocks, axis=1))
    width = characters.shape[1]
    offsets = np.arange(count + 1, dtype=np.int32) * width
    return pa.Array.from_buffers(pa.utf8(), count, [None, pa.py_buffer(offsets), pa.py_buffer(characters)])


def customer_ids(numbers: IntArray) -> pa.Array:
    """Return customer ids such as C0000017."""
    return texts(["C", (numbers, CUSTOMER_DIGITS)], numbers.size)


def customer_id(number: int) -> str:
    """Return one customer's id."""
    return f"C{number:0{CUSTOMER_DIGITS}d}"


def codes(positions: IntArray, vocabulary: tuple[str, ...]) -> pa.Array:
    """Return the words at ``positions``; null where the position is -1."""
    indices = pa.array(positions.astype(np.int16), mask=positions < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(vocabulary, pa.utf8())).cast(pa.utf8())


def instants(seconds: IntArray) -> pa.Array:
    """Return UTC instants; null where the second is -1."""
    return pa.array(seconds * 1_000_000, mask=seconds < 0).cast(INSTANT)


def dates(days: IntArray, is_null: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Return dates of day numbers."""
    return pa.array(days.astype(np.int32), mask=is_null).cast(pa.date32())


def money(cents: IntArray) -> pa.Array:
    """Return amounts of cents as DECIMAL(18,2)."""
    words = np.empty((cents.size, 2), dtype=np.int64)
    words[:, 0] = cents
    words[:, 1] = cents >> 63
    return pa.Array.from_buffers(MONEY, cents.size, [None, pa.py_buffer(words)])


def integers(values: IntArray, is_null: npt.NDArray[np.bool_]) -> pa.Array:
    """Return 32-bit integers with nulls."""
    return pa.array(values.astype(np.int32), mask=is_null)
