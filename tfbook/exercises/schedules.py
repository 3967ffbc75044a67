"""Checks for the exercises of the page *A fair comparison*."""

from typing import Any

import numpy as np

from tfbook.exercises._answers import letters

__all__ = [
    "comparison_flaws",
    "mean_shares",
    "share_of_wins",
    "steps_to_half",
    "triangle",
]


def triangle(answer: Any) -> str | None:
    """Check a schedule that rises and falls along straight lines.

    Args:
        answer: A function of an array of steps, their number, and that of the warm-up.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> triangle(lambda t, total, warmup: 1 - t / total)
        'at step 0 of 100, with a warm-up of 20, it returned 1; the warm-up starts at 0'
    """
    for total, warmup in [(100, 20), (50, 40)]:
        t = np.arange(total + 1)
        got = np.asarray(answer(t, total, warmup), dtype=float)
        if got.shape != t.shape:
            return f"for {len(t)} steps it returned the shape {got.shape}; one per step"
        case = f"of {total}, with a warm-up of {warmup}, it returned"
        if not np.isclose(got[0], 0):
            return f"at step 0 {case} {got[0]:g}; the warm-up starts at 0"
        if not np.isclose(got[warmup], 1):
            return f"at step {warmup} {case} {got[warmup]:g}; there the share is 1"
        if not np.isclose(got[-1], 0):
            return f"at step {total} {case} {got[-1]:g}; the fall ends at 0"
        expected = np.minimum(t / warmup, (total - t) / (total - warmup))
        if not np.allclose(got, expected):
            worst = int(abs(got - expected).argmax())
            return f"at step {worst} {case} {got[worst]:g}; both lines are straight"
        some = np.array([warmup // 2, warmup + 1, warmup + 3])
        if not np.allclose(answer(some, total, warmup), expected[some]):
            return (
                f"of the steps {some.tolist()} alone {case} other shares than of all; "
                "take the length of the run from `total`, not from `t`"
            )
    return None


def mean_shares(answer: Any) -> str | None:
    """Check the mean shares of a cosine and of an exponential fall to a hundredth.

    Args:
        answer: Two numbers.

    Returns:
        `None` if they are right, else a hint.

    Example:
        >>> mean_shares([0.5, 0.505])
        'the exponential fall is no straight line; integrate 0.01 ** x from 0 to 1'
    """
    shares = np.asarray(answer, dtype=float)
    if shares.shape != (2,):
        return f"expected two numbers, one per schedule, got the shape {shares.shape}"
    if not np.isclose(shares[0], 0.5, atol=0.01):
        return f"got {shares[0]:g} for the cosine; it is as much above 0.5 as below"
    if np.isclose(shares[1], 0.505, atol=0.01):
        return (
            "the exponential fall is no straight line; integrate 0.01 ** x from 0 to 1"
        )
    if np.isclose(shares[1], 0.1, atol=0.005):
        return "0.1 is the share in the middle of the run; the mean is larger"
    if not np.isclose(shares[1], 0.99 / np.log(100), atol=0.01):
        return f"got {shares[1]:g} for the exponential; integrate 0.01 ** x"
    return None


def steps_to_half(answer: Any) -> str | None:
    """Check a function that returns after how many steps half of a weight is left.

    Args:
        answer: A function of a learning rate and a decay.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> steps_to_half(lambda rate, decay: 0.5 / (rate * decay))
        'for rate = 0.5, decay = 1 it returned 1; each step takes a share of ...'
    """
    for rate, decay in [(0.5, 1.0), (0.1, 0.1), (0.3, 0.5)]:
        got = float(answer(rate, decay))
        shrunk = rate * decay
        case = f"for rate = {rate:g}, decay = {decay:g} it returned {got:g}"
        if np.isclose(got, np.log(0.5) / np.log(1 - shrunk)):
            # A half is left after one step of a half, by more than one formula.
            if shrunk == 0.5 and np.isclose(answer(0.1, 0.1), 50):
                return f"{case}; each step takes a share of what is left, not of the 1"
            continue
        if np.isclose(got, np.log(2) / np.log(1 - shrunk)):
            return f"{case}; a number of steps is positive, so turn the sign"
        if np.isclose(got, np.log(2) / shrunk):
            return f"{case}, which is close for small shares; solve it exactly"
        return f"{case}; solve (1 - rate * decay) ** t = 0.5 for t"
    return None


def share_of_wins(answer: Any) -> str | None:
    """Check a function that counts how often one arm beats the other.

    Args:
        answer: A function of two lists of losses.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> share_of_wins(lambda one, other: (np.array(one) < other).mean())
        'of [1, 2] and [1, 3] it returned 0.5, expected 0.75; a tie counts one half'
    """
    cases = [
        ([1, 5, 2, 3], [2, 4, 4, 4], 0.75, "count the pairs, not the means"),
        ([1, 2], [1, 3], 0.75, "a tie counts one half"),
        ([np.inf, 2], [np.inf, 1], 0.25, "two that diverged are a tie"),
        ([np.inf, 2], [3, 1], 0.0, "one that diverged has lost"),
    ]
    for one, other, expected, reason in cases:
        got = float(answer(one, other))
        if np.isclose(got, 1 - expected) and expected != 0.5:
            reason = "the lower loss wins"
        if not np.isclose(got, expected):
            case = f"of {one} and {other} it returned {got:g}"
            return f"{case}, expected {expected:g}; {reason}"
    return None


def comparison_flaws(answer: Any) -> str | None:
    """Check which sentences of a report on two arms describe a flaw.

    Args:
        answer: A set of letters from a to f.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> comparison_flaws({"a", "e", "f"})
        'a flaw is missing; did both arms get the same budget?'
    """
    given = letters(answer, "abcdef")
    if given is None:
        return f"expected letters from a to f, got {answer}"
    fair = {
        "b": "new starts, the same for both, are what judges should be",
        "d": "pairs cancel what a start does to both, and the interval says how sure",
    }
    for letter in sorted(given & set(fair)):
        return f"({letter}) is no flaw: {fair[letter]}"
    missing = {
        "a": "did both arms choose among several rates",
        "c": "did both arms get the same budget",
        "e": "what did the interval allow for, starts or rows",
        "f": "would other starts choose the same rate",
    }
    for letter in sorted(set(missing) - given):
        return f"a flaw is missing; {missing[letter]}?"
    return None
