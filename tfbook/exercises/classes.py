"""Checks for the exercises of the page *Classes*."""

from typing import Any

import numpy as np

from tfbook.exercises._answers import letters

__all__ = [
    "binary_loss",
    "logit_gradient",
    "nine_flaws",
    "share_right",
    "untrained_loss",
]


def untrained_loss(answer: Any) -> str | None:
    """Check the cross-entropy of equal probabilities.

    Args:
        answer: A function of the number of classes.

    Returns:
        `None` if it is the natural logarithm, else a hint.

    Example:
        >>> untrained_loss(lambda k: 1 / k)
        'for 2 classes expected ln 2, got 0.5: the probability itself; take -ln of it'
    """
    for k in (2, 10, 1000):
        given, expected = float(answer(k)), float(np.log(k))
        if np.isclose(given, expected):
            continue
        got = f"for {k} classes expected ln {k}, got {given:.4g}"
        if np.isclose(given, 1 / k):
            return f"{got}: the probability itself; take -ln of it"
        if np.isclose(given, -expected):
            return f"{got}: the sign is wrong; a loss is minus the logarithm"
        if np.isclose(given, np.log2(k)) or np.isclose(given, np.log10(k)):
            return f"{got}: another base; np.log has base e"
        return got
    return None


def share_right(answer: Any) -> str | None:
    """Check an accuracy of logits, for labels that are flat or a column.

    Args:
        answer: A function of logits and labels.

    Returns:
        `None` if it returns the share of right readings for both, else a hint.

    Example:
        >>> share_right(lambda z, labels: np.mean(z.argmax(axis=-1) == labels))
        'a column of labels: expected 0.75, got 0.4375; each reading met every label'
    """
    logits = np.array([[3, 1, 0], [0, 1, 5], [9, 8, 7], [-1, -3, -2]], np.float32)
    flat = np.array([0, 2, 1, 0])
    for name, labels in {"flat": flat, "a column of": flat[:, None]}.items():
        given = np.asarray(answer(logits, labels), dtype=np.float64)
        if given.shape != ():
            return f"{name} labels: expected one number, got shape {given.shape}"
        got = f"{name} labels: expected 0.75, got {given:.4g}"
        if np.isclose(given, np.mean(logits.argmax(axis=-1) == flat[:, None])):
            return f"{got}; each reading met every label"
        if np.isclose(given, 0.25):
            return f"{got}, the share of wrong ones"
        if np.isclose(given, 3):
            return f"{got}, the number of right ones; divide by the rows"
        if not np.isclose(given, 0.75):
            return f"{got}; take the place of the largest logit of each row"
    return None


def logit_gradient(answer: Any) -> str | None:
    """Check the gradient of the mean cross-entropy with respect to the logits.

    Args:
        answer: A function of a column of labels and of logits.

    Returns:
        `None` if it is the difference of probabilities and labels over the number of
        rows, also for large logits, else a hint.

    Example:
        >>> logit_gradient(lambda labels, logits: np.zeros(logits.shape))
        'expected -0.2500 for the true logit of two equal ones, got 0.0000'
    """
    labels = np.array([[0], [1]], np.int32)
    logits = np.zeros((2, 2), np.float32)
    expected = np.array([[-0.25, 0.25], [0.25, -0.25]])
    given = np.asarray(answer(labels, logits))
    if given.shape != (2, 2):
        return f"expected the shape of the logits, (2, 2), got {given.shape}"
    if np.allclose(given, 2 * expected, atol=1e-6):
        return "that is the gradient of the sum; for the mean, divide by the rows"
    if np.allclose(given, -expected, atol=1e-6):
        return "the sign is wrong: a step against it would lower the true logit"
    if np.allclose(given, 0.25, atol=1e-6):
        return "that is p over the rows; subtract 1 at each label"
    if not np.allclose(given, expected, atol=1e-6):
        return (
            "expected -0.2500 for the true logit of two equal ones, got "
            f"{given[0, 0]:.4f}"
        )
    large = np.asarray(answer(labels, np.array([[500, 0], [500, 0]], np.float32)))
    if not np.isfinite(large).all():
        return "right, but a logit of 500 returns nan; use activations.softmax"
    if not np.allclose(large, [[0.0, 0.0], [0.5, -0.5]], atol=1e-6):
        return "right for equal logits, but not for those of 500 and 0"
    return None


def binary_loss(answer: Any) -> str | None:
    """Check the binary cross-entropy of logits.

    Args:
        answer: A function of targets of 0 and 1 and of logits.

    Returns:
        `None` if it is right and finite for small and large logits, else a hint.

    Example:
        >>> binary_loss(lambda y, z: 1 + y * z)
        'for the target 1 and the logit 0 expected ln 2 = 0.6931, got 1'
    """
    y = np.array([1, 0, 1, 0], np.float32)
    z = np.array([0, 0, 2, 2], np.float32)
    # ln(1 + e^(-z)) for the target 1, and z more for the target 0.
    expected = np.log1p(np.exp(-z)) + (1 - y) * z
    with np.errstate(all="ignore"):
        given = np.asarray(answer(y, z), dtype=np.float64)
        far = np.array([-1000, 1000, 1000, -1000], np.float32)
        large = np.asarray(answer(y, far), dtype=np.float64)
        near = np.asarray(answer(y[:1], np.array([30], np.float32)), dtype=np.float64)
    if given.shape != y.shape:
        return f"expected one loss per example, shape (4,), got {given.shape}"
    if np.allclose(given, -expected, rtol=1e-4):
        return "the sign is wrong; a loss is minus the logarithm"
    if np.allclose(given[:2], expected[:2], rtol=1e-4) and np.allclose(
        given[2:], expected[:1:-1], rtol=1e-4
    ):
        return "right for the logit 0, but the targets 0 and 1 have changed places"
    for i, name in enumerate(("1 and the logit 0", "0 and the logit 0")):
        if not np.isclose(given[i], np.log(2), rtol=1e-4):
            got = f"got {given[i]:.4g}"
            return f"for the target {name} expected ln 2 = 0.6931, {got}"
    if not np.allclose(given, expected, rtol=1e-4):
        return (
            f"for the target 1 and the logit 2 expected {expected[2]:.4f}, got "
            f"{given[2]:.4g}"
        )
    if not np.isfinite(large).all():
        return "right for small logits, but not finite for those of 1000 and -1000"
    if not np.allclose(large, [1000, 1000, 0, 0], rtol=1e-4):
        return (
            "right for small logits, but for sure and wrong ones of 1000 expected a "
            f"loss of 1000, got {large[0]:.4g}"
        )
    if not np.allclose(near, np.exp(-30), rtol=1e-2, atol=0):
        return (
            f"right, but for the target 1 and the logit 30 expected {np.exp(-30):.2g}, "
            f"got {near.ravel()[0]:.2g}; log1p(x) keeps the digits of a small x"
        )
    return None


def nine_flaws(answer: Any) -> str | None:
    """Check what is wrong with a report on a network that looks for nines.

    Args:
        answer: A set of letters.

    Returns:
        `None` if it names the flaws, else a hint.

    Example:
        >>> nine_flaws({"a", "b", "d"})
        'also a flaw: e; change one thing at a time'
    """
    reasons = {
        "a": "compare with the constant before anything else",
        "b": "the best of 50 is lucky on the rows that chose it",
        "c": "the second probability is what the first one leaves",
        "d": "an accuracy means something beside that of guessing",
        "e": "change one thing at a time",
        "f": "more test rows make an interval narrower; no rule ties them to others",
    }
    flaws = set("abde")
    given = letters(answer, reasons)
    if given is None:
        return 'expected a set of the letters a to f, such as {"a", "f"}'
    for letter in sorted(flaws - given):
        return f"also a flaw: {letter}; {reasons[letter]}"
    for letter in sorted(given - flaws):
        return f"no flaw: {letter}; {reasons[letter]}"
    return None
