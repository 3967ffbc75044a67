"""Checks for the exercises of the page *Models*."""

from typing import Any

import numpy as np

__all__ = ["column"]


def column(answer: Any) -> str | None:
    """Check a function that makes a column of flat targets.

    Args:
        answer: A function of an array of shape `(n,)`.

    Returns:
        `None` if what it gives has the shape `(n, 1)`, else a hint.

    Example:
        >>> column(lambda y: y[None])
        'of 3 targets it made the shape (1, 3), a row; a column is (3, 1)'
    """
    targets = np.array([5.0, 7.0, 9.0])
    made = np.asarray(answer(targets))
    if made.shape == (1, 3):
        return "of 3 targets it made the shape (1, 3), a row; a column is (3, 1)"
    if made.shape != (3, 1):
        return f"of 3 targets it made the shape {made.shape}; a column is (3, 1)"
    if not np.array_equal(made[:, 0], targets):
        return f"the shape is right, but 5, 7, 9 became {made[:, 0]}; keep the numbers"
    return None
