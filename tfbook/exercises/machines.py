"""Checks for the exercises of the page *Many devices, many machines*."""

from typing import Any

import numpy as np

from tfbook.exercises._answers import letters

__all__ = [
    "eight_times",
    "megabytes_sent",
    "predict_time",
    "snapshot",
    "unread_share",
    "whole_gradient",
]


def whole_gradient(answer: Any) -> str | None:
    """Check a function that puts the gradients of uneven shares together.

    Args:
        answer: A function `(gradients, sizes)`.

    Returns:
        `None` if it weighs each gradient by its rows, else a hint.

    Example:
        >>> whole_gradient(lambda gradients, sizes: sum(gradients) / len(gradients))
        'shares of 1 and 3 rows counted alike; weigh each gradient by its rows'
    """
    one, three = np.array([0.0, 4.0]), np.array([4.0, 8.0])
    given = as_array(answer([one, three], [1, 3]))
    for wrong, reason in (
        ((one + three) / 2, "counted alike; weigh each gradient by its rows"),
        (one + three, "were added up as they are; weigh each by its rows"),
        (one + 3 * three, "were not divided; divide by the rows of the whole batch"),
        ((one + 3 * three) / 2, "were divided by the number of workers, not of rows"),
        ((3 * one + three) / 4, "got each other's weights"),
    ):
        if given.shape == wrong.shape and np.allclose(given, wrong):
            return f"shares of 1 and 3 rows {reason}"
    if given.shape != one.shape or not np.allclose(given, [3.0, 7.0]):
        return f"of [0, 4] from 1 row and [4, 8] from 3 it made {given}, not [3, 7]"
    given = as_array(answer([one, np.full(2, np.nan), three], [1, 0, 3]))
    if np.isnan(given).any():
        return "a worker without rows made it NaN; 0 times NaN is NaN, so leave it out"
    if not np.allclose(given, [3.0, 7.0]):
        return f"with a worker without rows it made {given}, not [3, 7]"
    return None


def megabytes_sent(answer: Any) -> str | None:
    """Check how much each worker of a ring sends per step.

    Args:
        answer: Megabytes, for 100 MB and 4 workers, and for 50 MB and 64 workers.

    Returns:
        `None` if it is 150 and 98.4, else a hint.

    Example:
        >>> megabytes_sent([100, 50])
        'the first is the size of the parameters; each sends 2 (k - 1) / k times that'
    """
    given = as_array(answer).ravel()
    if len(given) != 2:
        return f"expected two numbers, got {len(given)}"
    for name, value, size, k in (
        ("first", given[0], 100, 4),
        ("second", given[1], 50, 64),
    ):
        if np.isclose(value, size * 2 * (k - 1) / k, rtol=0.005):
            continue
        hints = {
            size: f"is the size of the parameters; each sends 2 (k - 1) / k times "
            f"that{'' if k == 4 else ', with k = 64'}",
            size * (k - 1) / k: "is one half: each piece goes round twice",
            size * (k - 1): "is what one worker would send to all others, not a ring",
            size * 2 * (k - 1): "is what all send together; each sends a k-th of it",
            100 * 2 * (k - 1) / k: "has 4 bytes per parameter; there are 2",
            size / 4 * 2 * (k - 1) / k: "counts parameters; each takes 4 bytes",
            size * 1e6 * 2 * (k - 1) / k: "is in bytes; a megabyte has a million",
        }
        for wrong, reason in hints.items():
            if np.isclose(value, wrong, rtol=0.005):
                return f"the {name} {reason}"
        return f"the {name}, {value:g}, is not 2 (k - 1) / k times the parameters' size"
    return None


def unread_share(answer: Any) -> str | None:
    """Check which share of the rows four workers with seeds of their own never read.

    Args:
        answer: A number between 0 and 1.

    Returns:
        `None` if it is near (3/4)^4, else a hint.

    Example:
        >>> unread_share(0)
        'they read as many rows as there are, but some twice, so some are left'
    """
    given = float(as_array(answer))
    hints = {
        0: "they read as many rows as there are, but some twice, so some are left",
        0.75: "that is the share that one worker does not read; there are four",
        0.25: "that is the share that one worker reads, or two workers leave",
        0.75**3: "that is for three workers; the fourth has to miss the row too",
        0.25**4: "that is the share that all four read; each has to miss the row",
        1 - 0.75**4: "that is the share that somebody reads; the rest was asked for",
        np.exp(-1): "that is for very many workers; here there are four",
    }
    if abs(given - 0.75**4) < 0.02:
        return None
    for wrong, reason in hints.items():
        if abs(given - wrong) < 0.003:
            return reason
    return f"{given:g} is not it; with which probability does one worker miss a row?"


def eight_times(answer: Any) -> str | None:
    """Check where a claim about eight workers goes wrong.

    Args:
        answer: A letter.

    Returns:
        `None` if it is c, else a hint.

    Example:
        >>> eight_times("b")
        'what each sends hardly depends on their number, and the time was true'
    """
    hints = {
        "a": "the mean over all rows of the batch is right; sums would be steps of "
        "eight times the length",
        "b": "what each sends hardly depends on their number, and the time was true",
        "d": "they stay equal on purpose; each sees other rows, and all learn from all",
    }
    given = letters(answer, "abcd")
    if not given or len(given) > 1:
        return "expected one of the letters a to d"
    return hints.get(given.pop())


def snapshot(answer: Any) -> str | None:
    """Check what a snapshot of a distributed run has to hold.

    Args:
        answer: Letters: a set, a list, a tuple or one text.

    Returns:
        `None` if they are all that is needed and no more, else a hint.

    Example:
        >>> snapshot({"a", "c"})
        'also needed: b; without it Adam begins anew, and the curve is another'
    """
    needed = {
        "a": "without the weights there is nothing to go on from",
        "b": "without it Adam begins anew, and the curve is another",
        "c": "the order of the rows is computed from it, and the end of the run",
        "e": "dropout would draw other units",
    }
    extra = {
        "d": "it is computed from the seed and the number of the epoch",
        "f": "the workers are equal, so one of them can write for all",
    }
    given = letters(answer, needed | extra)
    if not given:
        return 'expected a set of the letters a to f, such as {"a", "d"}'
    for letter, reason in needed.items():
        if letter not in given:
            return f"also needed: {letter}; {reason}"
    for letter, reason in extra.items():
        if letter in given:
            return f"not needed: {letter}; {reason}"
    return None


def predict_time(answer: Any) -> str | None:
    """Check a prediction of the time of a step, from those of one and two workers.

    Args:
        answer: A function `(t1, t2, k)`.

    Returns:
        `None` if it is A / k + B, fitted to both, else a hint.

    Example:
        >>> predict_time(lambda t1, t2, k: t1 / k)
        'with 100 ms and 60 ms it returned 50 for two workers, whose time was given'
    """
    case = "with 100 ms and 60 ms it returned"
    for k, time, said in (
        (1, 100, "for one worker, whose time was given"),
        (2, 60, "for two workers, whose time was given"),
        (4, 40, "for four; A is 80 and B is 20"),
        (8, 30, "for eight; A is 80 and B is 20"),
        (1000, 20.08, "for a thousand; B stays, however many there are"),
    ):
        given = float(as_array(answer(100.0, 60.0, k)))
        if not np.isclose(given, time):
            return f"{case} {given:g} {said}"
    given = float(as_array(answer(10.0, 12.0, 4)))
    if not np.isclose(given, 13):
        return f"where sending costs more than it saves it returned {given:g}, not 13"
    return None


def as_array(answer: Any) -> np.ndarray:
    """Make an array of numbers, from a list, a tuple, NumPy or TensorFlow."""
    return np.asarray(answer, float)
