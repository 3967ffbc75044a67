"""Read what a reader may write as an answer."""

from collections.abc import Iterable
from typing import Any

import numpy as np


def number(answer: Any) -> float | None:
    """Read a number of any kind: Python's, NumPy's, a tensor, or a list of one.

    `None` says that it is not a number.
    """
    try:
        value = np.asarray(answer.numpy() if hasattr(answer, "numpy") else answer)
    except (TypeError, ValueError):
        return None
    if value.size != 1 or value.dtype.kind not in "iuf":
        return None
    return float(value.item())


def letters(answer: Any, choices: Iterable[str]) -> set[str] | None:
    """Read some of the letters `choices`: a set, a list or a text, such as "b, D".

    `None` says that there is something else in the answer.
    """
    try:
        text = "".join(map(str, answer)).lower().replace("and", "")
    except TypeError:
        return None
    known = {choice.lower(): choice for choice in choices}
    found = set(text) - set(" ,.;+/&()")
    return {known[each] for each in found} if found <= known.keys() else None
