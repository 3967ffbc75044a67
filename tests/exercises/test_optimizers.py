"""Answers to the exercises of the page *Optimizers*, right and wrong."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


def amsgrad(w, g, rate, t, m, v, largest, divide=np.maximum):
    t, m, v = t + 1, 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    largest = divide(largest, v)
    rate_t = rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return w - rate_t * m / (np.sqrt(largest) + 1e-7), t, m, v, largest


def epochs_for(num_steps, num_rows, batch_size):
    return num_steps / (num_rows // batch_size)


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
        ("amsgrad", amsgrad),
        ("epochs_for", epochs_for),
        ("epochs_for", lambda steps, rows, size: steps * (rows // size) ** -1),
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
        ("amsgrad", lambda *a: amsgrad(*a)[:4], "five values"),
        ("amsgrad", lambda *a: amsgrad(*a, divide=lambda old, v: v), "use the largest"),
        ("amsgrad", changed(1, lambda results: 0), "count each step once"),
        ("amsgrad", changed(0, lambda results: results[0] + 1), "w came back as"),
        ("amsgrad", changed(3, lambda results: results[4]), "keep both apart"),
        ("epochs_for", lambda steps, rows, size: steps, "as if an epoch were one"),
        ("epochs_for", lambda steps, rows, size: steps * size / rows, "are skipped"),
        ("epochs_for", lambda steps, rows, size: steps / -(-rows // size), "no step"),
        ("epochs_for", lambda steps, rows, size: steps * (rows // size), "divide by"),
        ("epochs_for", lambda *sizes: round(epochs_for(*sizes)), "a part of an epoch"),
        ("epochs_for", lambda steps, rows, size: 3.0, "expected 20"),
        ("amsgrad", changed(4, lambda results: 2 * results[4]), "largest came back"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)


def test_the_rule_of_the_exercise_is_that_of_keras():
    weight, twin = keras.Variable([1.0]), keras.optimizers.Adam(0.1, amsgrad=True)
    state = (np.array([1.0]), 0, 0.0, 0.0, 0.0)
    for g in [10.0, 0.1, -0.2, 0.01]:
        twin.apply([tf.constant([g])], [weight])
        state = amsgrad(state[0], g, 0.1, *state[1:])
    np.testing.assert_allclose(weight.numpy(), state[0], rtol=1e-5)
