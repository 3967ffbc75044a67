"""Checks for the exercises of the page *A tour of layers*."""

from typing import Any

import numpy as np

from tfbook.exercises._answers import letters

__all__ = [
    "batch_norm_weights",
    "channel_norm",
    "dropout_flaws",
    "embedding_gradient",
    "random_dropout",
]


def batch_norm_weights(answer: Any) -> str | None:
    """Check how many weights batch normalization has for 64 features.

    Args:
        answer: A pair, of all weights and of the trained ones.

    Returns:
        `None` if both are right, else a hint.

    Example:
        >>> batch_norm_weights((4, 2))
        'that is for one feature, and there are 64'
    """
    if not isinstance(answer, tuple) or len(answer) != 2:
        return "expected a pair, all and trained, such as (10, 5)"
    hints = {
        (4, 2): "that is for one feature, and there are 64",
        (128, 128): "the running averages are weights too, although not trained",
        (256, 256): "the running averages are computed, and no gradient moves them",
        (128, 256): "exchange the two; the first number counts all weights",
    }
    if answer != (256, 128):
        return hints.get(answer, "count for one feature, then for 64 of them")
    return None


def channel_norm(answer: Any) -> str | None:
    """Check batch normalization of inputs with any number of axes.

    Args:
        answer: A function of `x`, of shape `(rows, ..., features)`, and `epsilon`.

    Returns:
        `None` if each feature is scaled over all other axes, else a hint.

    Example:
        >>> channel_norm(lambda x, epsilon=0.001: x)
        'it returned its input; subtract the mean, and divide by the deviation'
    """
    x = np.random.default_rng(0).normal([2.0, 5.0], [1.0, 3.0], (4, 3, 2))

    def scaled(axis: tuple[int, ...], epsilon: float) -> np.ndarray:
        variance = x.var(axis=axis, keepdims=True)
        return (x - x.mean(axis=axis, keepdims=True)) / np.sqrt(variance + epsilon)

    given = np.asarray(answer(x.copy(), epsilon=0.5))
    if given.shape != x.shape:
        return f"from the shape {x.shape} it made {given.shape}; the shape should stay"
    if np.allclose(given, x):
        return "it returned its input; subtract the mean, and divide by the deviation"
    if np.allclose(given, scaled((0,), 0.5)):
        return "each place still has its own mean; take the mean over axis 1 too"
    if np.allclose(given, scaled((2,), 0.5)):
        return "that is layer normalization: the last axis should be the one that stays"
    if np.allclose(given, scaled((0, 1, 2), 0.5)):
        return "one mean for all features; each needs its own, so leave out the last"
    if np.allclose(given, scaled((0, 1), 0)):
        return "right except for epsilon; add it to the variance, under the root"
    variance = x.var(axis=(0, 1))
    if np.allclose(given, (x - x.mean(axis=(0, 1))) / (variance + 0.5)):
        return "it divides by the variance; divide by its square root"
    if not np.allclose(given, scaled((0, 1), 0.5)):
        return "each feature should have mean 0 afterwards; check the axes"
    flat = np.arange(6.0).reshape(3, 2)
    wanted = (flat - flat.mean(axis=0)) / np.sqrt(flat.var(axis=0) + 0.5)
    given = np.asarray(answer(flat, epsilon=0.5))
    if given.shape != flat.shape or not np.allclose(given, wanted):
        return "right for three axes, but not for two; count the axes with x.ndim"
    return None


def random_dropout(answer: Any) -> str | None:
    """Check dropout as it is in training.

    Args:
        answer: A function of an array `x`, a share `rate` and a generator `rng`.

    Returns:
        `None` if it drops the right share, each number by itself, and scales the rest.

    Example:
        >>> random_dropout(lambda x, rate, rng: x * (rng.random(x.shape) >= rate))
        'it drops as it should, but 3 stayed 3; divide what is left by 1 - rate'
    """
    rng = np.random.default_rng(0)
    x = np.full((2000, 5), 3.0)
    given = np.asarray(answer(x, 0.2, rng))
    if not np.array_equal(x, np.full((2000, 5), 3.0)):
        return "it changed its argument; make a new array"
    if given.shape != x.shape:
        return f"from the shape {x.shape} it made {given.shape}; the shape should stay"
    kept = given != 0
    if kept.all():
        return "nothing was dropped; the dropped numbers become 0"
    whole_rows = np.array_equal(kept.all(axis=1), kept.any(axis=1))
    whole_columns = np.array_equal(kept.all(axis=0), kept.any(axis=0))
    if whole_rows or whole_columns:
        return "whole rows or columns were dropped; draw a number for each place"
    if abs(kept.mean() - 0.2) < 0.03:
        return "at rate 0.2 it kept a fifth; it should drop a fifth"
    if abs(kept.mean() - 0.8) > 0.03:
        return f"at rate 0.2 it kept a share of {kept.mean():.2f}, not about 0.8"
    if np.array_equal(kept, np.asarray(answer(x, 0.2, rng)) != 0):
        return "two calls dropped the same places; draw from rng alone"
    if np.allclose(given[kept], 3):
        return "it drops as it should, but 3 stayed 3; divide what is left by 1 - rate"
    if not np.allclose(given[kept], 3.75):
        return f"at rate 0.2, 3 became {given[kept][0]:.4g}; it should be 3 / 0.8"
    return None


def dropout_flaws(answer: Any) -> str | None:
    """Check what is wrong with a report on a network with dropout.

    Args:
        answer: A set of letters.

    Returns:
        `None` if it names the flaws, else a hint.

    Example:
        >>> dropout_flaws({"a", "b", "d"})
        'also a flaw: e; each network needs a rate of its own'
    """
    reasons = {
        "a": "in training a thinner network is measured than in prediction",
        "b": "an opponent gets the simplest other remedy",
        "c": "dropout has no weights",
        "d": "one run of each is one draw of each",
        "e": "each network needs a rate of its own",
        "f": "a prediction should not be random",
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


def embedding_gradient(answer: Any) -> str | None:
    """Check the gradient of an embedding's table.

    Args:
        answer: A function of `codes`, of shape `(n,)`, `gradients` with respect to the
            rows that were looked up, of shape `(n, d)`, and `num_codes`.

    Returns:
        `None` if each row of the table gets the sum of its gradients, else a hint.

    Example:
        >>> embedding_gradient(lambda codes, gradients, num_codes: gradients)
        'expected the shape of the table, (4, 2), got (3, 2)'
    """
    codes = np.array([2, 0, 2])
    gradients = np.array([[1.0, 2.0], [5.0, 6.0], [10.0, 20.0]])
    given = np.asarray(answer(codes, gradients.copy(), 4))
    if given.shape != (4, 2):
        return f"expected the shape of the table, (4, 2), got {given.shape}"
    unused = given[[1, 3]]
    if not np.allclose(unused, 0):
        return "a code that was not looked up does not change the loss; its row gets 0"
    if np.allclose(given[2], [10, 20]) or np.allclose(given[2], [1, 2]):
        return (
            "code 2 was looked up twice, and one gradient overwrote the other; add them"
        )
    if np.allclose(given[2], [5.5, 11]):
        return "code 2 got the mean of its two gradients; by the chain rule they add up"
    if not np.allclose(given, [[5, 6], [0, 0], [11, 22], [0, 0]]):
        return f"codes 2, 0, 2: row 2 should get [11, 22], but got {given[2].tolist()}"
    return None
