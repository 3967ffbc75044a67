"""Checks for the exercises of the page *Optimizers*."""

from typing import Any

import numpy as np

__all__ = ["amsgrad", "epochs_for", "first_change", "largest_rate", "top_speed"]


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


def epochs_for(answer: Any) -> str | None:
    """Check a function that returns after how many epochs a number of steps is made.

    Args:
        answer: A function of a number of steps, of rows, and of rows in a mini-batch.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> epochs_for(lambda num_steps, num_rows, batch_size: num_steps)
        'for 2020 steps, 404 rows, batches of 4 it returned 2020, as if an epoch ...'
    """
    cases = [(2020, 404, 4), (2020, 404, 404), (50, 100, 7), (10, 7, 5), (3, 50, 10)]
    for steps, rows, size in cases:
        got, wanted = float(answer(steps, rows, size)), steps / (rows // size)
        case = f"for {steps} steps, {rows} rows, batches of {size} it returned {got:g}"
        if np.isclose(got, wanted):
            continue
        if size < rows and np.isclose(got, steps):
            return f"{case}, as if an epoch were one step; how many steps are in one?"
        if np.isclose(got, steps * size / rows):
            return f"{case}; rows that do not fill a batch are skipped"
        if np.isclose(got, steps / -(-rows // size)):
            return f"{case}; the last rows do not fill a batch and make no step"
        if np.isclose(got, steps * (rows // size)):
            return f"{case}; divide by the number of steps in an epoch"
        if np.isclose(got, np.ceil(wanted)) or np.isclose(got, np.floor(wanted)):
            return f"{case}, expected {wanted:g}; leave a part of an epoch as it is"
        return f"{case}, expected {wanted:g}"
    return None
