"""Checks for the exercises of the page *Optimizers on house prices*."""

from typing import Any

import numpy as np

from tfbook.exercises._answers import letters

__all__ = ["choose_rate", "clip", "scaled_rates", "unfair"]


def scaled_rates(answer: Any) -> str | None:
    """Check what a rate becomes for a feature that is multiplied by a number.

    Args:
        answer: A function of that number, which returns the factors of the rate for
            gradient descent and for Adam.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> scaled_rates(lambda s: (1 / s, 1 / s))
        'for s = 4 and gradient descent it returned 0.25; the gradient is 4 times ...'
    """
    for s in (4.0, 0.5, 10.0):
        given = np.asarray(answer(s), dtype=float)
        if given.shape != (2,):
            return f"expected two factors, got the shape {given.shape}"
        if not np.isclose(s, 1) and np.allclose(given, [1 / s, 1 / s**2]):
            return "exchange the two; gradient descent comes first"
        case = f"for s = {s:g} and gradient descent it returned {given[0]:g}"
        if np.isclose(given[0], s**2) or np.isclose(given[0], s):
            return f"{case}; the longer gradient asks for a lower rate"
        if np.isclose(given[0], 1 / s):
            return (
                f"{case}; the gradient is {s:g} times as large, and the change has to "
                f"be divided by {s:g} as well"
            )
        if not np.isclose(given[0], 1 / s**2):
            return f"{case}; its change is the rate times s times the old gradient"
        case = f"for s = {s:g} and Adam it returned {given[1]:g}"
        if np.isclose(given[1], 1):
            return f"{case}; its step stays, but the weight is divided by {s:g}"
        if np.isclose(given[1], 1 / s**2):
            return f"{case}, as for gradient descent; Adam divides the s away once"
        if not np.isclose(given[1], 1 / s):
            return f"{case}; its step does not depend on the size of the gradient"
    return None


def choose_rate(answer: Any) -> str | None:
    """Check a function that chooses a learning rate, and says when it cannot.

    Args:
        answer: A function of a dictionary from rates to lists of validation losses.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> choose_rate(lambda losses: min(losses))
        'it chose 0.01, whose median is 9.5; the median of 0.1 is lower'
    """
    infinite = float("inf")
    plain = {
        0.01: [9.5, 9.0, 9.5],
        0.1: [5.0, 6.0, 30.0],
        1.0: [4.0, 12.0, 9.0],
        10.0: [20.0, 20.0, 20.0],
    }
    unsorted = {0.1: [5.0, 6.0, 7.0], 1.0: [8.0, 8.0, 8.0], 0.01: [9.0, 8.0, 9.0]}
    diverged = {
        0.01: [9.0, 9.0, 9.0],
        0.1: [6.0, 7.0, 6.0],
        0.3: [1.0, 2.0, infinite],
        1.0: [infinite] * 3,
    }
    beside = {0.01: [9.0, 9.0], 0.1: [4.0, 4.0], 1.0: [infinite, infinite]}
    for losses, wanted in (
        (plain, 0.1),
        (unsorted, 0.1),
        (diverged, 0.1),
        (beside, 0.1),
    ):
        got = answer({rate: list(each) for rate, each in losses.items()})
        if isinstance(got, str):
            return (
                f"of the rates {list(losses)} it returned {got!r}; {wanted} is at no "
                "end of them"
            )
        got = float(got)
        if got not in losses:
            return f"it returned {got:g}, which is none of the rates {list(losses)}"
        if losses is diverged and got in (0.3, 1.0):
            return f"it chose {got:g}, at which a run diverged"
        if got != wanted:
            middle = np.median(losses[got])
            return (
                f"it chose {got:g}, whose median is {middle:g}; the median of {wanted} "
                "is lower"
            )
    for losses in (
        {0.01: [3.0, 3.0], 0.1: [4.0, 4.0], 1.0: [5.0, 5.0]},
        {0.01: [5.0, 5.0], 0.1: [4.0, 4.0], 1.0: [3.0, 3.0]},
        {1.0: [5.0, 5.0], 0.01: [3.0, 3.0], 0.1: [4.0, 4.0]},
    ):
        got = answer({rate: list(each) for rate, each in losses.items()})
        if got != "too short":
            best = min(losses, key=lambda rate: losses[rate][0])
            return (
                f"of the rates {list(losses)} it returned {got!r}; {best:g} is at an "
                'end, so return "too short"'
            )
    return None


def clip(answer: Any) -> str | None:
    """Check a function that shortens gradients to a common norm.

    Args:
        answer: A function of a list of arrays and a limit.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> clip(lambda gradients, limit: gradients)
        'a norm of 5 came back as 5 where the limit is 1; divide by the norm'
    """
    gradients = [np.array([[3.0], [0.0]]), np.array([4.0])]
    got = [np.asarray(gradient, dtype=float) for gradient in answer(gradients, 1.0)]
    if [each.shape for each in got] != [(2, 1), (1,)]:
        return (
            "of gradients of shapes (2, 1) and (1,) it made "
            f"{[each.shape for each in got]}; keep the list and the shapes"
        )
    flat = np.concatenate([each.ravel() for each in got])
    if np.allclose(flat, [1, 0, 1]):
        return "each weight was limited alone, or each array; the direction has changed"
    norm = np.linalg.norm(flat)
    if not np.isclose(norm, 1):
        return f"a norm of 5 came back as {norm:g} where the limit is 1; " + (
            "divide by the norm"
            if norm > 1
            else "the norm is the root of the sum of squares of all"
        )
    if not np.allclose(flat, [0.6, 0, 0.8]):
        return f"3, 0, 4 became {flat.round(2)}; divide all by the same number"
    short = np.concatenate([np.ravel(each) for each in answer(gradients, 10.0)])
    if not np.allclose(short, [3, 0, 4]):
        return "a norm of 5 is within a limit of 10, and should stay; yours changed it"
    zeros = np.concatenate([np.ravel(each) for each in answer([np.zeros(2)], 1.0)])
    if not np.allclose(zeros, 0):
        return f"gradients of 0 became {zeros}; do not divide by a norm of 0"
    return None


def unfair(answer: Any) -> str | None:
    """Check which sentences of a report on two optimizers describe a flaw.

    Args:
        answer: A set of letters from a to e.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> unfair({"b", "c"})
        'a flaw is missing; is the same statistic taken of both sides in each sentence?'
    """
    given = letters(answer, "abcde")
    if given is None:
        return f"expected letters from a to e, got {answer}"
    fair = {
        "a": "equal weights at the start leave the optimizer as the only difference",
        "d": "new starts show whether the choice of the rate was luck",
    }
    for letter in sorted(given & set(fair)):
        return f"({letter}) is no flaw: {fair[letter]}"
    missing = {
        "b": "did both optimizers get the same number of tries",
        "c": "on which rows may a rate be chosen",
        "e": "is the same statistic taken of both sides in each sentence",
    }
    for letter in sorted(set(missing) - given):
        return f"a flaw is missing; {missing[letter]}?"
    return None
