"""Checks for the exercises of the page *Gates and attention*."""

from typing import Any

import numpy as np

__all__ = [
    "gru_weights",
    "half_life_bias",
    "last_marked",
    "masked_shares",
    "pairs_to_read",
]


def gru_weights(answer: Any) -> str | None:
    """Check the number of weights of `GRU(8)` for two channels, with Keras's default.

    Args:
        answer: A whole number.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> gru_weights(264)
        'that is reset_after=False; the default has a second bias'
    """
    value = np.asarray(answer)
    if value.shape or value.dtype.kind not in "iuf" or value.item() % 1:
        return "expected a whole number, such as 100"
    hints = {
        264: "that is reset_after=False; the default has a second bias",
        88: "that is a simple recurrence; a GRU has two gates and a candidate",
        96: "that is one of three: two gates and a candidate",
        192: "the candidate has weights too, not only the two gates",
        240: "the biases are missing",
        352: "that is an LSTM, which has three gates and a candidate",
    }
    if value.item() != 288:
        return hints.get(
            int(value), "three times: a kernel, a recurrent kernel and two biases"
        )
    return None


def half_life_bias(answer: Any) -> str | None:
    """Check the bias with which a gate keeps half of a state for a number of times.

    Args:
        answer: A function of the number of times, which returns the bias.

    Returns:
        `None` if the sigmoid of the bias, to the power of the times, is a half, else a
        hint.

    Example:
        >>> half_life_bias(lambda times: 0.5 ** (1 / times))
        'that is the gate z itself; which number has z as its sigmoid?'
    """
    times = np.array([1.0, 5.0, 30.0])
    given = np.array([float(answer(each)) for each in times])
    gate = 0.5 ** (1 / times)
    wanted = np.log(gate / (1 - gate))
    if np.allclose(given, wanted, atol=1e-3):
        return None
    if np.allclose(given, gate):
        return "that is the gate z itself; which number has z as its sigmoid?"
    if np.allclose(given, -wanted, atol=1e-3):
        return "the sign is reversed: with that bias the gate is 1 - z"
    if np.allclose(given, 1 / (1 + np.exp(-gate))):
        return "that is the sigmoid of the gate; the inverse of the sigmoid is needed"
    if not np.isclose(given[0], 0, atol=1e-3):
        return "for one time the gate is a half, and the sigmoid of 0 is a half"
    return "right for one time; for more, the shares that are kept are multiplied"


def masked_shares(answer: Any) -> str | None:
    """Check a softmax that leaves out what a mask says is padding.

    Args:
        answer: A function of scores and a mask of the same shape, `True` for what
            counts.

    Returns:
        `None` if padding has the share 0 and each row adds up to 1, else a hint.

    Example:
        >>> def without(scores, mask):
        ...     return np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
        >>> masked_shares(without)
        'the padding still has a share; no score of it may count'
    """
    scores = np.array([[1.0, 2.0, 0.5, 0.8], [0.3, -1.0, 0.6, 0.2]])
    mask = np.array([[True, True, True, False], [True, False, True, False]])

    def softmax(scores: np.ndarray) -> np.ndarray:
        exponentials = np.exp(scores)
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    wanted = softmax(np.where(mask, scores, -np.inf))
    given = np.asarray(answer(scores.copy(), mask.copy()))
    if given.shape != (2, 4):
        return f"expected one share for each score, shape (2, 4), got {given.shape}"
    if np.allclose(given, softmax(scores)):
        return "the padding still has a share; no score of it may count"
    if np.allclose(given, softmax(scores * mask)):
        return "a score of 0 is no mask: e to the power of 0 is 1, not 0"
    if np.allclose(given, softmax(scores) * mask):
        return "the padding has no share now, but the others no longer add up to 1"
    if np.allclose(given, softmax(np.where(mask, -np.inf, scores))):
        return "reversed: True marks what counts, and False the padding"
    if not np.allclose(given, wanted, atol=1e-6):
        return "padding has the share 0; the others are the softmax of their scores"
    large = np.asarray(answer(scores + 1000.0, mask))
    if not np.allclose(large, wanted, atol=1e-6):
        return "scores near 1000 overflow; take off the largest score of each row first"
    return None


def pairs_to_read(answer: Any) -> str | None:
    """Check rows of pairs and a query in which the query does not hold the answer.

    Args:
        answer: A function of one-hot keys `(rows, pairs, 8)`, values `(rows, pairs)`
            and the number of the pair that is asked for, `(rows)`; it returns the rows
            that a network reads.

    Returns:
        `None` if the last row is the key alone, else a hint.

    Example:
        >>> def leaking(keys, values, asked):
        ...     x = np.concatenate([keys, values[..., None]], axis=2)
        ...     return np.concatenate([x, x[np.arange(len(x)), asked][:, None]], axis=1)
        >>> pairs_to_read(leaking)
        'the last row still holds the value that is asked for'
    """
    rng = np.random.default_rng(0)
    places = np.argsort(rng.random((6, 8)), axis=1)[:, :3]
    keys, values = np.eye(8)[places], rng.choice([-1.0, 1.0], (6, 3))
    asked, rows = np.array([0, 1, 2, 2, 1, 0]), np.arange(6)
    given = np.asarray(answer(keys.copy(), values.copy(), asked.copy()))
    if given.shape != (6, 4, 9):
        return (
            f"expected (rows, pairs + 1, 9), here (6, 4, 9), got {given.shape}; the "
            "query stays the last row"
        )
    right = values[rows, asked]
    if np.allclose(given[:, -1, 8], right):
        return "the last row still holds the value that is asked for"
    if np.allclose(given[:, -1, 8], -right):
        return "the last row still holds the value, with the other sign"
    if not np.allclose(given[:, :3, 8], values):
        return "the pairs have to keep their values, or there is nothing to find"
    if not np.allclose(given[:, :3, :8], keys):
        return "the pairs have to keep their keys, and their order"
    if not np.allclose(given[:, -1, :8], keys[rows, asked]):
        return "the last row is not the key of the pair that is asked for"
    if not np.allclose(given[:, -1, 8], 0):
        return "in the last row, the place of the value should be 0"
    return None


def last_marked(answer: Any) -> str | None:
    """Check attention with positions that finds the last marked number.

    Args:
        answer: A function of numbers and marks, both `(rows, times)`, which returns the
            share of each time, of the same shape.

    Returns:
        `None` if nearly the whole share of each row is at its last mark, else a hint.

    Example:
        >>> last_marked(lambda numbers, marks: marks / marks.sum(axis=1, keepdims=True))
        'all marks have the same share; a score needs the position too'
    """
    rng = np.random.default_rng(0)
    numbers = rng.uniform(-1, 1, (20, 30))
    marks = (rng.random((20, 30)) < 0.2).astype(float)
    marks[:, 0] = 1
    marks[0, 1:] = 0
    rows, last = np.arange(20), 29 - np.argmax(marks[:, ::-1], axis=1)
    given = np.asarray(answer(numbers.copy(), marks.copy()))
    if given.shape != (20, 30):
        return f"expected a share for each time, shape (20, 30), got {given.shape}"
    if given.min() < 0 or not np.allclose(given.sum(axis=1), 1):
        return "the shares of a row should be positive and add up to 1; use softmax"
    if given[rows, last].min() > 0.99:
        return None
    largest = given.argmax(axis=1)
    if (largest == last).all():
        found = given[rows, last].min()
        return f"the last mark is first, with a share of {found:.2f}; make it sharper"
    if (largest == 29).all():
        return "the last time has the largest share, marked or not; use the marks"
    spread = [row[mark == 1] for row, mark in zip(given, marks, strict=True)]
    if all(np.ptp(shares) < 1e-6 for shares in spread):
        return "all marks have the same share; a score needs the position too"
    if (largest == 0).all():
        return "the first mark has the largest share; later ones need larger scores"
    return "in some row the largest share is not at the last mark"
