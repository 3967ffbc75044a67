"""Answers to the exercises of the page *Optimizers*, right and wrong."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


def clip(gradients: list, limit: float, power: float = 2) -> list:
    norm = sum((abs(gradient) ** power).sum() for gradient in gradients) ** (1 / power)
    return [gradient / max(1, norm / limit) for gradient in gradients]


def amsgrad(w, g, rate, t, m, v, largest, divide=np.maximum):
    t, m, v = t + 1, 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    largest = divide(largest, v)
    rate_t = rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return w - rate_t * m / (np.sqrt(largest) + 1e-7), t, m, v, largest


def changed(place: int, value: Callable) -> Callable:
    """Return the right rule with one of its results replaced."""

    def rule(*arguments: Any) -> tuple:
        results = list(amsgrad(*arguments))
        results[place] = value(results)
        return tuple(results)

    return rule


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("first_change", [0.01, -0.01]),
        ("first_change", np.array([0.0099999, -0.00999])),
        ("top_speed", lambda g, rate, beta: -rate * g / (1 - beta)),
        ("largest_rate", lambda curvatures: 2 / max(curvatures)),
        ("largest_rate", lambda curvatures: 2 / curvatures.max()),
        ("clip", clip),
        ("clip", lambda gradients, limit: tf.clip_by_global_norm(gradients, limit)[0]),
        ("amsgrad", amsgrad),
        ("unfair", {"b", "c", "e"}),
        ("unfair", "ecb"),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("first_change", 0.01, "expected two numbers"),
        ("first_change", [4, -0.0002], "that is gradient descent"),
        ("first_change", [-0.01, 0.01], "against the gradient"),
        ("first_change", [0.0316, -0.0316], "that is RMSprop"),
        ("first_change", [0.01, 0.01], "got 0.01 and 0.01"),
        ("top_speed", lambda g, rate, beta: rate * g / (1 - beta), "turn the sign"),
        ("top_speed", lambda g, rate, beta: -rate * g, "is the first step"),
        ("top_speed", lambda g, rate, beta: -rate * g * (1 + beta), "solve that for"),
        ("largest_rate", lambda c: 1 / max(c), "may go down to -1"),
        ("largest_rate", lambda c: 2 / min(c), "not the flattest"),
        ("largest_rate", lambda c: 2 / c[-1], "need not be the last"),
        ("largest_rate", lambda c: 2 / np.mean(c), "must stay above -1"),
        ("clip", lambda gradients, limit: gradients, "divide by the norm"),
        (
            "clip",
            lambda g, limit: [np.clip(each, -limit, limit) for each in g],
            "alone",
        ),
        (
            "clip",
            lambda g, limit: clip(g, limit, power=1),
            "root of the sum of squares",
        ),
        ("clip", lambda g, limit: clip(g, limit)[0], "keep the list"),
        ("clip", lambda g, limit: clip(g[::-1], limit)[::-1][:1], "keep the list"),
        (
            "clip",
            lambda g, limit: [np.full(each.shape, 3**-0.5) for each in g],
            "by the same number",
        ),
        (
            "clip",
            lambda g, limit: [each / clip_norm(g) * limit for each in g],
            "should stay",
        ),
        (
            "clip",
            lambda g, limit: [np.nan_to_num(each, nan=1) for each in unsafe(g, limit)],
            "a norm of 0",
        ),
        ("amsgrad", lambda *a: amsgrad(*a)[:4], "five values"),
        ("amsgrad", lambda *a: amsgrad(*a, divide=lambda old, v: v), "use the largest"),
        ("amsgrad", changed(1, lambda results: 0), "count each step once"),
        ("amsgrad", changed(0, lambda results: results[0] + 1), "w came back as"),
        ("amsgrad", changed(3, lambda results: results[4]), "keep both apart"),
        ("unfair", {"f"}, "letters from a to e"),
        ("unfair", {"a", "b"}, "equal weights at the start"),
        ("unfair", {"d"}, "new starts show"),
        ("unfair", {"c"}, "same number of tries"),
        ("unfair", {"b", "e"}, "on which rows"),
        ("unfair", {"b", "c"}, "same statistic"),
        ("amsgrad", changed(4, lambda results: 2 * results[4]), "largest came back"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)


def clip_norm(gradients: list) -> float:
    return np.sqrt(sum((gradient**2).sum() for gradient in gradients))


def unsafe(gradients: list, limit: float) -> list:
    norm = clip_norm(gradients)
    with np.errstate(invalid="ignore"):
        return [
            each * np.minimum(1, limit / norm) if norm else each / norm
            for each in gradients
        ]


def test_the_rule_of_the_exercise_is_that_of_keras():
    weight, twin = keras.Variable([1.0]), keras.optimizers.Adam(0.1, amsgrad=True)
    state = (np.array([1.0]), 0, 0.0, 0.0, 0.0)
    for g in [10.0, 0.1, -0.2, 0.01]:
        twin.apply([tf.constant([g])], [weight])
        state = amsgrad(state[0], g, 0.1, *state[1:])
    np.testing.assert_allclose(weight.numpy(), state[0], rtol=1e-5)
