"""Checks for the exercises of the page *How far to trust it*."""

from typing import Any

import numpy as np

__all__ = [
    "calibration_error",
    "digits_needed",
    "paired_interval",
    "temperature",
]


def digits_needed(answer: Any) -> str | None:
    """Check how many examples an interval of a given width takes.

    Args:
        answer: A function of an accuracy and of half the width of its interval.

    Returns:
        `None` if it is right up to rounding, else a hint.

    Example:
        >>> digits_needed(lambda a, half: a * (1 - a) / half**2)
        'for 0.95 and 0.005 expected 7299, got 1900: kappa is missing'
    """
    for a, half in ((0.95, 0.005), (0.9, 0.02), (0.5, 0.1)):
        wanted = 1.96**2 * a * (1 - a) / half**2
        given = float(answer(a, half))
        if abs(given - wanted) <= max(1, 1e-3 * wanted):
            continue
        got = f"for {a} and {half} expected {wanted:.0f}, got {given:.0f}"
        known = {
            wanted / 1.96**2: "kappa is missing",
            wanted / 1.96: "kappa has to be squared, too",
            wanted / 4: "the whole width is twice what was asked about",
            wanted**0.5: "that is the root of n",
        }
        for mistaken, reason in known.items():
            if np.isclose(given, mistaken, rtol=2e-3, atol=1):
                return f"{got}: {reason}"
        return got
    return None


def paired_interval(answer: Any) -> str | None:
    """Check the interval of a difference of two accuracies on the same examples.

    Args:
        answer: A function of the number of examples that only the first reads right,
            of those that only the second does, and of all examples.

    Returns:
        `None` if it returns the lower and the upper end, else a hint.

    Example:
        >>> paired_interval(lambda first, second, n: (0, (first - second) / n))
        'for 25, 8 and 1000 expected 0.0058 to 0.0282, got 0 to 0.017'
    """
    for first, second, n in ((25, 8, 1000), (3, 12, 200)):
        mean = (first - second) / n
        # Squares are 1 for those that only one reads right, and 0 for all others.
        deviation = np.sqrt(((first + second) - n * mean**2) / (n - 1))
        half = 1.96 * deviation / np.sqrt(n)
        given = np.asarray(answer(first, second, n), dtype=np.float64).ravel()
        if given.shape != (2,):
            return f"expected two numbers, from and to, got {given.size}"
        wanted = mean - half, mean + half
        got = (
            f"for {first}, {second} and {n} expected {wanted[0]:.4f} to "
            f"{wanted[1]:.4f}, got {given[0]:.4g} to {given[1]:.4g}"
        )
        if np.allclose(given, wanted, rtol=1e-3, atol=1e-5):
            continue
        if np.allclose(given, [-wanted[1], -wanted[0]], rtol=1e-2):
            return f"{got}: the difference is the first minus the second"
        if np.allclose(given, wanted[::-1], rtol=1e-2):
            return f"{got}: the lower end comes first"
        if np.allclose(given, np.multiply(wanted, n), rtol=1e-2):
            return f"{got}: that counts digits; accuracies are shares of n"
        few = first + second
        if np.isclose(given.mean(), (first - second) / few, rtol=1e-2):
            return f"{got}: digits that both read alike count as 0 in the mean"
        return got
    return None


def calibration_error(answer: Any) -> str | None:
    """Check the expected calibration error.

    Args:
        answer: A function of confidences, of whether they were right, and of `bins`.

    Returns:
        `None` if it averages the distances of the bins by their weights, else a hint.

    Example:
        >>> calibration_error(lambda sure, right, bins=10: abs(np.mean(sure - right)))
        'expected 0.16, got 0.05: one bin too sure made up for one too modest'
    """
    # 5 of 10 right at 0.72, and 21 of 30 at 0.56: distances 0.22 and 0.14.
    sure = np.repeat([0.72, 0.56], [10, 30])
    right = np.repeat([True, False, True, False], [5, 5, 21, 9])
    given = float(answer(sure, right, bins=10))
    got = f"expected 0.16, got {given:.3g}"
    if np.isnan(given):
        return f"{got}: an empty bin has no mean; leave it out"
    if np.isclose(abs(given), 0.05):
        return f"{got}: one bin too sure made up for one too modest"
    if np.isclose(given, 0.18):
        return f"{got}: weight each bin by its share of the readings"
    if np.isclose(given, 0.175):
        return f"{got}: take the mean confidence of a bin, not its middle"
    if np.isclose(given, 0.22):
        return f"{got}: the largest distance; the mean is wanted"
    if not np.isclose(given, 0.16):
        return f"{got} for distances of 0.22 (10 readings) and 0.14 (30)"
    if not np.isclose(answer(sure, right, bins=2), 0.05):
        return "right for 10 bins, but not for 2; make the edges from `bins`"
    return None


def temperature(answer: Any) -> str | None:
    """Check the temperature with the smallest cross-entropy.

    Args:
        answer: A function of a column of labels and of logits.

    Returns:
        `None` if it is right for a network that is too sure and for one that is too
        modest, else a hint.

    Example:
        >>> temperature(lambda labels, logits: 1.0)
        'logits three times too large: expected T = 3.01, got 1'
    """
    # One kind of row each, so that the best T has a closed form: with a share r of
    # labels 0, the logits 0 and z fit best where z / T = ln(r / (1 - r)).
    for name, num_right, logit in (
        ("three times too large", 88, 6.0),
        ("half as large as they should be", 73, 0.5),
    ):
        labels = np.repeat([[0], [1]], [num_right, 100 - num_right], axis=0)
        logits = np.tile(np.array([[logit, 0]], np.float32), (100, 1))
        best = logit / np.log(num_right / (100 - num_right))
        given = float(answer(labels.astype(np.int32), logits))
        got = f"logits {name}: expected T = {best:.3g}, got {given:.3g}"
        share = num_right / 100
        smallest = -share * np.log(share) - (1 - share) * np.log(1 - share)
        if np.isclose(given, best, rtol=0.02):
            continue
        if np.isclose(given, 1 / best, rtol=0.02):
            return f"{got}: that is 1 / T; the logits are divided by it"
        if np.isclose(given, smallest, rtol=0.02):
            return f"{got}: that is the smallest loss; return the T that it belongs to"
        if given < 0.21:
            return f"{got}: the first one tried; is it the smallest loss you look for?"
        return got
    return None
