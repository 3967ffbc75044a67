"""Checks for the exercises of the page *Optimizers*."""

from typing import Any

import numpy as np

__all__ = ["amsgrad", "clip", "first_change", "largest_rate", "top_speed", "unfair"]


def first_change(answer: Any) -> str | None:
    """Check by how much Adam's first step changes two weights.

    Args:
        answer: Two numbers, for the gradients -400 and 0.02 and a rate of 0.01.

    Returns:
        `None` if they are right, else a hint.

    Example:
        >>> first_change([-0.01, 0.01])
        'the size is right, but a step goes against the gradient; turn both signs'
    """
    change = np.asarray(answer, dtype=float)
    if change.shape != (2,):
        return f"expected two numbers, one per weight, got the shape {change.shape}"
    if np.allclose(change, [4, -2e-4]):
        return "that is gradient descent; Adam divides by the size of the gradient"
    if np.allclose(change, [-0.01, 0.01], rtol=0.01):
        return (
            "the size is right, but a step goes against the gradient; turn both signs"
        )
    if np.allclose(abs(change), 0.01 / np.sqrt(0.1), rtol=0.01):
        return "that is RMSprop; Adam's two corrections make the first step the rate"
    if not np.allclose(change, [0.01, -0.01], rtol=0.01):
        return f"got {change[0]:g} and {change[1]:g}; m₁/√v₁, corrected, is 1 or -1"
    return None


def top_speed(answer: Any) -> str | None:
    """Check a function that returns the step at which momentum ends on a slope.

    Args:
        answer: A function of a gradient, a learning rate and a share.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> top_speed(lambda g, rate, beta: -rate * g)
        'for g = 2, rate = 0.1, beta = 0.5 it returned -0.2, which is the first ...'
    """
    for g, rate, beta in [(2.0, 0.1, 0.5), (-3.0, 0.01, 0.9), (1.0, 0.2, 0.0)]:
        got, expected = float(answer(g, rate, beta)), -rate * g / (1 - beta)
        case = f"for g = {g:g}, rate = {rate:g}, beta = {beta:g} it returned {got:g}"
        if np.isclose(got, -expected):
            return f"{case}; the step goes against the gradient, so turn the sign"
        if beta and np.isclose(got, -rate * g):
            return f"{case}, which is the first step; later ones add what is kept"
        if not np.isclose(got, expected):
            return f"{case}; at the end Δ = beta Δ - rate g, so solve that for Δ"
    return None


def largest_rate(answer: Any) -> str | None:
    """Check a function that returns the largest rate of gradient descent.

    Args:
        answer: A function of curvatures.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> largest_rate(lambda curvatures: 1 / max(curvatures))
        'for [1, 100] it returned 0.01, where the factor 1 - rate * 100 is 0; ...'
    """
    for curvatures in ([1.0, 100.0], [50.0, 4.0, 8.0], [0.5]):
        steepest = max(curvatures)
        got = float(answer(np.array(curvatures)))
        shown = [int(c) if c >= 1 else c for c in curvatures]
        case = f"for {shown} it returned {got:g}"
        if np.isclose(got, 2 / steepest):
            continue
        if np.isclose(got, 1 / steepest):
            return (
                f"{case}, where the factor 1 - rate * {steepest:g} is 0; it may go "
                "down to -1"
            )
        if np.isclose(got, 2 / min(curvatures)):
            return f"{case}; the steepest direction sets the limit, not the flattest"
        if np.isclose(got, 2 / curvatures[-1]):
            return f"{case}; the steepest direction need not be the last"
        return f"{case}; the factor 1 - rate * curvature must stay above -1"
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


def amsgrad(answer: Any) -> str | None:
    """Check the rule of AMSGrad, Adam with a divisor that never shrinks.

    Args:
        answer: A rule `(w, g, rate, t, m, v, largest)`, that returns the new `w, t, m,
            v, largest`.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> amsgrad(lambda w, g, rate, t, m, v, largest: (w, t, m, v))
        'expected the five values w, t, m, v, largest, got 4'
    """
    rate, beta_1, beta_2, epsilon = 0.1, 0.9, 0.999, 1e-7
    state = (np.array([1.0]), 0, np.zeros(1), np.zeros(1), np.zeros(1))
    w, m, v, largest = np.array([1.0]), 0.0, 0.0, 0.0
    for step, g in enumerate([10.0, *[0.01] * 200], start=1):
        state = answer(state[0], np.array([g]), rate, *state[1:])
        if len(state) != 5:
            return f"expected the five values w, t, m, v, largest, got {len(state)}"
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        forgetting = (1 - beta_2**step) ** 0.5 / (1 - beta_1**step)
        adam = w - rate * forgetting * m / (np.sqrt(v) + epsilon)
        largest = max(largest, v)
        w = w - rate * forgetting * m / (np.sqrt(largest) + epsilon)
        if int(state[1]) != step:
            return f"after step {step} it returned t = {state[1]}; count each step once"
        if np.allclose(state[0], w) and not np.allclose(state[3], v):
            return "w is right, but v came back as the largest; keep both apart"
        if not np.allclose(state[0], w):
            if step > 1 and np.allclose(state[0], adam):
                return (
                    f"in step {step} it divided by √v, as Adam does; use the largest v"
                )
            return f"w came back as {state[0]} after step {step}, expected {w.round(6)}"
        if not np.allclose(state[4], largest):
            return f"largest came back as {state[4]}, expected {largest:.4g}"
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
    letters = {str(each).strip(" ()").lower() for each in answer}
    if not letters <= set("abcde"):
        return f"expected letters from a to e, got {sorted(letters)}"
    fair = {
        "a": "equal weights at the start leave the optimizer as the only difference",
        "d": "new starts show whether the choice of the rate was luck",
    }
    for letter in sorted(letters & set(fair)):
        return f"({letter}) is no flaw: {fair[letter]}"
    missing = {
        "b": "did both optimizers get the same number of tries",
        "c": "on which rows may a rate be chosen",
        "e": "is the same statistic taken of both sides in each sentence",
    }
    for letter in sorted(set(missing) - letters):
        return f"a flaw is missing; {missing[letter]}?"
    return None
