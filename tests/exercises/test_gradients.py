"""Answers to the exercises of *Gradients*, right and wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


def two_sided(function, w, delta):
    slopes = []
    for number in range(len(w)):
        step = np.zeros(len(w))
        step[number] = delta
        slopes.append((function(w + step) - function(w - step)) / (2 * delta))
    return np.array(slopes)


def one_sided(function, w, delta):
    steps = delta * np.eye(len(w))
    return [(function(w + step) - function(w)) / delta for step in steps]


def backward(function, w, delta):
    return one_sided(function, w, -delta)


def one_sided_from_close_by(function, w, delta):
    return one_sided(function, w, 1e-6)


def from_close_by(function, w, delta):
    return two_sided(function, w, 1e-4)


def half_a_step(function, w, delta):
    return two_sided(function, w, delta / 2)


def not_put_back(function, w, delta):
    slopes = []
    for i in range(len(w)):
        w[i] += delta
        above = function(w)
        w[i] -= 2 * delta
        slopes.append((above - function(w)) / (2 * delta))
    return slopes


def moving_on(function, w, delta):
    """No weight is put back before the next one moves."""
    slopes = []
    for number in range(len(w)):
        before = function(w)
        w[number] += delta
        slopes.append((function(w) - before) / delta)
    return slopes


def of_three(function, w, delta):
    return two_sided(function, w, delta)[:3] if len(w) == 3 else np.zeros(2)


def undivided(function, w, delta):
    return 2 * two_sided(function, w, delta)


def all_at_once(function, w, delta):
    slope = (function(w + delta) - function(w - delta)) / (2 * delta)
    return np.full(len(w), slope)


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


def nested(function, place, inside=True):
    w = tf.Variable(place)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            result = function(w)
        slope = inner.gradient(result, w) if inside else None
    slope = slope if inside else inner.gradient(result, w)
    return outer.gradient(slope, w)


def outside(function, place):
    return nested(function, place, inside=False)


def slope_alone(function, place):
    w = tf.Variable(place)
    with tf.GradientTape() as tape:
        result = function(w)
    return tape.gradient(result, w)


def of_three_points(function, place, step=0.1):
    sides = function(place + step) - 2 * function(place) + function(place - step)
    return sides / step**2


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("slope_of_slope", nested),
        ("slope_of_slope", lambda function, place: nested(function, place).numpy()),
        ("recorded_slopes", [3, None, 6]),
        ("recorded_slopes", (3.0, None, 6.0)),
        ("recorded_slopes", [np.float32(3), None, np.int64(6)]),
        ("recorded_slopes", np.array([3, None, 6])),
        ("recorded_slopes", [tf.constant(3.0), None, tf.Variable(6.0)]),
        ("central_slopes", two_sided),
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


def test_the_recorded_slopes_are_those_of_a_tape():
    w = tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        results = [
            w * tf.stop_gradient(w),
            tf.stop_gradient(w) ** 2,
            w**2 + w.numpy() ** 2,
        ]
    assert [tape.gradient(result, w) for result in results] == [3, None, 6]


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("slope_of_slope", outside, "returned None; the outer tape"),
        ("slope_of_slope", slope_alone, "that is the slope; the slope of the slope"),
        ("slope_of_slope", lambda f, w: f(w), "gave 27, the value"),
        ("slope_of_slope", lambda f, w: f(w) / 9, "expected 18, got 3"),
        ("slope_of_slope", lambda f, w: 6 * w, "for the sine at 0.5 expected -0.4794"),
        ("slope_of_slope", of_three_points, "for the sine at 0.5 expected -0.4794"),
        ("slope_of_slope", lambda f, w: [f(w)] * 2, "one number, got list"),
        ("recorded_slopes", [6, None, 6], "a: the second factor"),
        ("recorded_slopes", [None, None, 6], "a: the first factor"),
        ("recorded_slopes", [9, None, 6], "a: expected a slope of 3 w"),
        ("recorded_slopes", [3, 0, 6], "b: without a path"),
        ("recorded_slopes", [3, 6, 6], "b: is there any path"),
        ("recorded_slopes", [3, None, 12], "c: a part that went through NumPy"),
        ("recorded_slopes", [3, None, None], "c: one of the two terms"),
        ("recorded_slopes", [3, None, 9], "c: expected the slope of"),
        ("recorded_slopes", [3, "None", 6], "b: expected a number or None, got 'None'"),
        ("recorded_slopes", [3, None], "a list of three"),
        ("recorded_slopes", 3, "a list of three"),
        ("recorded_slopes", {3, None, 6}, "a list of three"),
        ("recorded_slopes", [3, None, True], "c: expected a number or None, got True"),
        ("recorded_slopes", [3, [1, 2], 6], "b: expected a number or None"),
        ("central_slopes", backward, "one-sided"),
        ("central_slopes", one_sided_from_close_by, "the slopes themselves"),
        ("central_slopes", from_close_by, "the slopes themselves"),
        ("central_slopes", lambda f, w, delta: [6, 3, 1], "the slopes themselves"),
        ("central_slopes", half_a_step, "expected 6.25, 3, 1, got 6.062, 3, 1"),
        ("central_slopes", moving_on, "one-sided"),
        ("central_slopes", not_put_back, "not put back"),
        ("central_slopes", of_three, "right for 3 weights; .* expected -12.0625, 8"),
        ("central_slopes", one_sided, "one-sided"),
        ("central_slopes", undivided, "twice too large"),
        ("central_slopes", all_at_once, "all weights moved at once"),
        ("central_slopes", lambda f, w, delta: f(w), "got a single number"),
        ("central_slopes", lambda f, w, delta: [0.0], r"got the shape \(1,\)"),
        ("central_slopes", lambda f, w, delta: w, "expected 6.25, 3, 1, got 1, 2, 3"),
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
