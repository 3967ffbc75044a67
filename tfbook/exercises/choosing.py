"""Checks for the exercises of the page *Choosing without cheating*."""

from typing import Any

import numpy as np

__all__ = [
    "grouped_folds",
    "honest_error",
    "optimism_ratio",
    "smallest_patience",
    "smallest_uniform",
]


def smallest_uniform(answer: Any) -> str | None:
    """Check the mean of the smallest of several uniform numbers.

    Args:
        answer: A function of how many numbers there are.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> smallest_uniform(lambda k: 0.5 ** k)
        'for k = 2 it returned 0.25, expected 0.333; integrate (1 - x)^k from 0 to 1'
    """
    counts = [1, 2, 3, 10]
    found = np.array([float(answer(k)) for k in counts])
    right = np.array([1 / (k + 1) for k in counts])
    if np.allclose(found, 1 - right):
        return "that is the mean of the largest; the smallest is as far from 0"
    if np.allclose(found, [1 / k for k in counts]):
        return "one number alone has the mean 1/2, and yours says 1; add 1 somewhere"
    if np.allclose(found, [0.5 ** (1 / k) for k in counts]) or np.allclose(
        found, [1 - 0.5 ** (1 / k) for k in counts]
    ):
        return "that is a median, where the probability is 1/2; the mean is asked for"
    for k, got, wanted in zip(counts, found, right, strict=True):
        if not np.isclose(got, wanted, rtol=1e-3):
            return (
                f"for k = {k} it returned {got:.3g}, expected {wanted:.3g}; integrate "
                "(1 - x)^k from 0 to 1"
            )
    return None


def optimism_ratio(answer: Any) -> str | None:
    """Check what four times as many test rows do to the optimism.

    Args:
        answer: The new optimism divided by the old one.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> optimism_ratio(0.25)
        'four times as many rows divide the variance by 4; what of the deviation?'
    """
    ratio = float(answer)
    if np.isclose(ratio, 0.5):
        return None
    if np.isclose(ratio, 0.25):
        return (
            "four times as many rows divide the variance by 4; what of the deviation?"
        )
    if np.isclose(ratio, 1):
        return "the number of deviations stays; but is the deviation as long as before?"
    if ratio > 1:
        return f"{ratio:g} would be more optimism; more rows leave less to luck"
    return (
        f"got {ratio:g}; the optimism is a number of standard deviations of a mean, "
        "and that of a mean of n rows falls with the root of n"
    )


def smallest_patience(answer: Any) -> str | None:
    """Check a function that finds the smallest patience that is enough.

    Args:
        answer: A function of a list of validation losses.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> smallest_patience(lambda losses: 1)
        'of the losses [9, 7, 8, 6] it returned 1, expected 2; one bad record ...'
    """
    for losses, wanted, why in [
        ([9, 8, 7], 1, "without a bad record the smallest patience there is will do"),
        ([9, 7, 8, 6], 2, "one bad record in a row has to be survived"),
        ([9, 8, 9, 7, 9, 6, 9, 5], 2, "the count begins anew after each better record"),
        ([9, 7, 8, 6, 7, 8, 5], 3, "two bad records in a row have to be survived"),
        ([9, 5, 6, 7, 8], 1, "bad records after the lowest loss do not matter"),
        ([9, 5, 8, 7, 6, 4], 4, "8, 7, 6 fall, but none of them is below 5"),
        ([9, 6, 7, 6, 5], 3, "an equal loss is no improvement"),
    ]:
        got = answer(list(losses))
        if got != wanted:
            return f"of the losses {losses} it returned {got}, expected {wanted}; {why}"
    return None


def _ratio(answer: Any, x: np.ndarray, y: np.ndarray) -> float:
    return float(answer(x.copy(), y.copy())) / float(y.var())


def honest_error(answer: Any) -> str | None:
    """Check a cross-validated error of a line on selected features.

    Args:
        answer: A function of features of shape `(n, m)` and targets of shape `(n, 1)`.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> honest_error(lambda x, y: 0.1)
        'on features without meaning it promises ...; no row of a fold may help ...'
    """
    rng = np.random.default_rng(5)
    x = rng.standard_normal((60, 500))
    noise = rng.standard_normal((60, 1))
    useless = _ratio(answer, x, noise)
    if not np.isfinite(useless):
        return f"the error is {useless}; return one number, the mean over the folds"
    if useless < 0.9:
        return (
            f"on features without meaning it promises an error of {useless:.2f} times "
            "the variance; no row of a fold may help to select the features"
        )
    if useless > 5:
        return (
            f"on features without meaning the error is {useless:.1f} times the "
            "variance; select ten features, and return a mean, not a sum"
        )
    useful = _ratio(answer, x, 3 * x[:, :1] + noise)
    if useful > 0.5:
        return (
            f"where one feature decides, the error is {useful:.2f} times the variance; "
            "select by the size of the correlation with the targets"
        )
    negative = _ratio(answer, x, noise - 3 * x[:, :1])
    if negative > 0.5:
        return (
            "a feature with a negative correlation was passed over; take the absolute "
            "value before you sort"
        )
    return None


def grouped_folds(answer: Any) -> str | None:
    """Check a function that divides rows into folds and keeps groups together.

    Args:
        answer: A function of the groups, one name per row, and the number of folds. It
            returns pairs of row numbers: those to train on, and those of the fold.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> grouped_folds(lambda groups, num_folds: [(range(4), range(4, 9))] * 2)
        'asked for 3 folds, got 2'
    """
    groups = np.array(list("abacbcdde"))
    pairs = [
        (np.ravel(train).astype(int), np.ravel(fold).astype(int))
        for train, fold in answer(groups.copy(), 3)
    ]
    if len(pairs) != 3:
        return f"asked for 3 folds, got {len(pairs)}"
    for train, fold in pairs:
        if not len(fold):
            return "a fold is empty, although there are five groups for three folds"
        if set(train) & set(fold):
            return "a row is in a fold and in the rows trained on at the same time"
        shared = sorted(set(groups[train]) & set(groups[fold]))
        if shared:
            return (
                f"group {shared[0]} has rows in a fold and among the rows trained on; "
                "divide the names of the groups into folds, not the rows"
            )
        if len(train) + len(fold) != len(groups):
            return "a row is neither in the fold nor trained on; each run uses all rows"
    validated = sorted(np.concatenate([fold for _, fold in pairs]).tolist())
    if validated != list(range(len(groups))):
        return f"rows {validated} are in the folds; each of the 9 rows belongs in one"
    return None
