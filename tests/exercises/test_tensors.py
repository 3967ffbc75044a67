"""Answers to the exercises of *Tensors, gradients and graphs*, right and wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


def flat_mean_squares(predictions, targets):
    difference = tf.reshape(predictions, [-1]) - tf.reshape(targets, [-1])
    return tf.reduce_mean(difference**2)


def numpy_mean_squares(predictions, targets):
    return np.mean((np.ravel(predictions) - np.ravel(targets)) ** 2)


def cubes(a):
    return tf.reduce_sum(a**3)


any_length = [tf.TensorSpec(shape=[None], dtype=tf.float32)]


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


def undivided(function, w, delta):
    return 2 * two_sided(function, w, delta)


def all_at_once(function, w, delta):
    slope = (function(w + delta) - function(w - delta)) / (2 * delta)
    return np.full(len(w), slope)


def descend(x, y, learning_rate, num_steps, loss=tf.reduce_mean, repeat=True):
    w = tf.Variable(tf.zeros((x.shape[1], 1)))
    for _ in range(num_steps if repeat else 1):
        with tf.GradientTape() as tape:
            value = loss((x @ w - y) ** 2)
        w.assign_sub(learning_rate * tape.gradient(value, w))
    return w.numpy()


def uphill(x, y, learning_rate, num_steps):
    return descend(x, y, -learning_rate, num_steps)


def of_the_sum(x, y, learning_rate, num_steps):
    return descend(x, y, learning_rate, num_steps, loss=tf.reduce_sum)


def without_rate(x, y, learning_rate, num_steps):
    return descend(x, y, 1.0, num_steps)


def only_once(x, y, learning_rate, num_steps):
    return descend(x, y, learning_rate, num_steps, repeat=False)


def not_assigned(x, y, learning_rate, num_steps):
    return np.zeros((x.shape[1], 1))


def half_as_long(x, y, learning_rate, num_steps):
    return descend(x, y, learning_rate / 2, num_steps)


def lost_on_the_way(x, y, learning_rate, num_steps):
    return descend(x, y, learning_rate, min(num_steps, 3))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("difference_shape", (32, 32)),
        ("trace_count", 4),
        ("mean_squares", flat_mean_squares),
        ("mean_squares", numpy_mean_squares),
        ("sum_of_cubes", tf.function(cubes, input_signature=any_length)),
        ("central_slopes", two_sided),
        ("descend", descend),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


def test_the_traces_are_counted_right():
    @tf.function
    def square(a):
        return a * a

    arguments = [1.0, 2.0, [1.0], 3.0]
    one, two, vector, three = map(tf.constant, arguments)
    for argument in [one, two, vector, 1.0, 2.0, three]:
        square(argument)
    assert square.experimental_get_tracing_count() == 4
    assert (tf.zeros((32, 1)) - tf.zeros(32)).shape == (32, 32)


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("difference_shape", (32, 1), "that was meant"),
        ("difference_shape", (32,), "no axis disappears"),
        ("difference_shape", (1, 32), "line the shapes up"),
        ("difference_shape", "(32, 32)", "a shape is a tuple"),
        ("trace_count", 6, "every call"),
        ("trace_count", 3, "two constants"),
        ("trace_count", 2, "written into the graph"),
        ("trace_count", 1, "another shape"),
        ("trace_count", 5, "ask of each what is new"),
        ("trace_count", 4.0, "a whole number"),
        (
            "mean_squares",
            lambda p, y: tf.reduce_mean((p - y) ** 2),
            "a column and flat targets: .* every target",
        ),
        (
            "mean_squares",
            lambda p, y: tf.reduce_sum((p - y) ** 2),
            "two columns: .* got 10, the sum",
        ),
        (
            "mean_squares",
            lambda p, y: tf.reduce_mean(tf.abs(p - y)),
            "mean of 0, 1, 0, 9, got 1",
        ),
        ("mean_squares", lambda p, y: (p - y) ** 2, r"got the shape \(4, 1\)"),
        ("sum_of_cubes", cubes, "Python runs at every call"),
        ("sum_of_cubes", tf.function(cubes), "traced again"),
        (
            "sum_of_cubes",
            tf.function(lambda a: tf.reduce_sum(a**2)),
            "the sum of squares",
        ),
        ("sum_of_cubes", tf.function(tf.reduce_sum), "gave 3; the cubes add up"),
        (
            "sum_of_cubes",
            tf.function(lambda a: tf.reduce_sum(tf.abs(a) ** 3)),
            "of 1, -2, 3 it gave 36, not 20",
        ),
        ("central_slopes", one_sided, "one-sided"),
        ("central_slopes", undivided, "twice too large"),
        ("central_slopes", all_at_once, "all weights moved at once"),
        ("central_slopes", lambda f, w, delta: f(w), "got a single number"),
        ("central_slopes", lambda f, w, delta: [0.0], r"got the shape \(1,\)"),
        ("central_slopes", lambda f, w, delta: w, "expected 5, 3, 1, got 1, 2, 3"),
        ("descend", uphill, "uphill"),
        ("descend", of_the_sum, "16 times too long"),
        ("descend", without_rate, "does not depend on the learning rate"),
        ("descend", only_once, "repeat it num_steps times"),
        ("descend", not_assigned, "still 0"),
        ("descend", half_as_long, "not learning_rate times the gradient"),
        ("descend", lost_on_the_way, "400 do not end at least squares"),
        ("descend", lambda *_, **__: 0.1, r"got \(\); start from zeros"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)
