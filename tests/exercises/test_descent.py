"""Answers to the exercises of *Gradient descent*, right and wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


def fit(x, y, start=0.0, read=tf.identity, mean=tf.reduce_mean, steps=100):
    w = tf.Variable(start)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = mean((read(w) * x - y) ** 2)
        w.assign_sub(0.5 * tape.gradient(loss, w))
    return w.numpy()


def from_a_whole_number(x, y):
    return fit(x, y, start=0)


def through_numpy(x, y):
    return fit(x, y, read=lambda w: w.numpy())


def mean_by_numpy(x, y):
    return fit(x, y, mean=np.mean)


def as_an_array(x, y):
    return np.array([fit(x, y)])


def as_a_tensor(x, y):
    return tf.constant(fit(x, y))


def as_a_variable(x, y):
    return tf.Variable(fit(x, y))


def without_return(x, y):
    fit(x, y)


def with_a_start_of_its_own(x, y):
    return np.polyfit(x, y, 1)[0]


def too_short(x, y):
    return fit(x, y, steps=1)


def origin(x, y):
    return (x * y).sum() / (x * x).sum()


def origin_by_numpy(x, y):
    return np.linalg.lstsq(x[:, None], y)[0].item()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("unstuck", fit),
        ("unstuck", as_an_array),
        ("unstuck", as_a_tensor),
        ("unstuck", as_a_variable),
        ("slope_through_origin", origin),
        ("slope_through_origin", origin_by_numpy),
        ("slope_through_origin", lambda x, y: np.linalg.lstsq(x[:, None], y)[0]),
        ("slope_through_origin", lambda x, y: tf.reduce_sum(x * y) / (x @ x)),
        ("grams_rate", 1e-6),
        ("grams_rate", np.float32(1e-6)),
        ("grams_rate", tf.constant(1e-6)),
        ("grams_rate", [10**-6]),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


def test_in_grams_the_answer_is_the_largest_power_that_descends():
    rng = np.random.default_rng(0)
    x = np.hstack([np.ones((32, 1)), 1000 * rng.random((32, 1))])
    limit = 2 / np.linalg.eigvalsh(2 / 32 * x.T @ x).max()
    assert 1e-6 < limit < 1e-5


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("unstuck", from_a_whole_number, "still None"),
        ("unstuck", through_numpy, "still None"),
        ("unstuck", mean_by_numpy, "a NumPy number"),
        ("unstuck", lambda x, y: 0.0, "still 0"),
        ("unstuck", lambda x, y: int("x"), "stopped with ValueError"),
        ("unstuck", lambda x, y: x.nothing, "stopped with AttributeError"),
        ("unstuck", too_short, "the weight 2.5, got"),
        ("unstuck", lambda x, y: 2.5, "the weight -0.5, got 2.5"),
        ("unstuck", lambda x, y: y[-1] / x[-1], "the weight 2.5, got"),
        ("unstuck", with_a_start_of_its_own, "the weight 2.5, got"),
        ("unstuck", without_return, "returns nothing"),
        ("unstuck", lambda x, y: x, "one number, got ndarray"),
        ("slope_through_origin", lambda x, y: (y / x).mean(), "mean of y / x"),
        ("slope_through_origin", lambda x, y: y.sum() / x.sum(), "factor x_i"),
        ("slope_through_origin", lambda x, y: 1 / origin(x, y), "upside down"),
        ("slope_through_origin", lambda x, y: np.polyfit(x, y, 1)[0], "start of its"),
        (
            "slope_through_origin",
            lambda x, y: (x * y).mean(),
            "divide by the sum of x²",
        ),
        ("slope_through_origin", lambda x, y: y / x, r"got the shape \(3,\)"),
        ("slope_through_origin", lambda x, y: 0.0, "expected 1.476, got 0"),
        ("slope_through_origin", lambda x, y: 62 / 42, "got 1.47"),
        ("slope_through_origin", lambda x, y: abs(origin(x, y)), "got 0.1"),
        ("slope_through_origin", lambda x, y: np.median(y / x), "got 1.5"),
        ("grams_rate", 0.3, "expected a power of ten"),
        ("grams_rate", 0.1, "go smaller"),
        ("grams_rate", 3e-4, "expected a power of ten"),
        ("grams_rate", 1e-4, "not enough"),
        ("grams_rate", 1e-7, "ten times as large"),
        ("grams_rate", -1.0, "a positive number"),
        ("grams_rate", True, "a positive number"),
        ("grams_rate", float("inf"), "a positive number"),
        ("grams_rate", "1e-6", "a positive number"),
        ("grams_rate", [1e-6, 1e-5], "a positive number"),
        ("grams_rate", [1e-6, [1e-6, 1]], "a positive number"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)
