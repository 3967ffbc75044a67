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


def nested(function, place, inside=True, unconnected="zero"):
    w = tf.Variable(place)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            result = function(w)
        slope = inner.gradient(result, w) if inside else None
    slope = slope if inside else inner.gradient(result, w)
    return outer.gradient(slope, w, unconnected_gradients=unconnected)


def outside(function, place):
    return nested(function, place, inside=False, unconnected="none")


def outside_and_zero(function, place):
    return nested(function, place, inside=False)


def none_of_a_line(function, place):
    return nested(function, place, unconnected="none")


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
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


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
        ("slope_of_slope", outside_and_zero, "inside its block"),
        ("slope_of_slope", none_of_a_line, "straight line 2 w it gave None"),
        ("slope_of_slope", slope_alone, "that is the slope; the slope of the slope"),
        ("slope_of_slope", lambda f, w: f(w), "gave 27, the value"),
        ("slope_of_slope", lambda f, w: f(w) / 9, "expected 18, got 3"),
        ("slope_of_slope", lambda f, w: 6 * w, "of the straight line 2 w it gave 18"),
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
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)
