"""Answers to the exercises of *Tensors*, right and wrong."""

import tracemalloc

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


def flat_mean_squares(predictions, targets):
    difference = tf.reshape(predictions, [-1]) - tf.reshape(targets, [-1])
    return tf.reduce_mean(difference**2)


def numpy_mean_squares(predictions, targets):
    return np.mean((np.ravel(predictions) - np.ravel(targets)) ** 2)


def flat_means(table):
    return table - tf.reduce_mean(table, axis=1)


def flat_column_means(table):
    return table - tf.reduce_mean(table, axis=0)


def kept_whole(table):
    return table - tf.reduce_mean(table, axis=1, keepdims=True)


def rows_in_float(table):
    return kept_whole(tf.cast(table, tf.float32))


def rows_in_double(table):
    return kept_whole(tf.cast(table, tf.float64))


def rows_in_their_dtype(table):
    return kept_whole(rows_in_double(table) if table.dtype.is_integer else table)


def whole_means(table):
    """The means are cut off before the table is converted."""
    means = tf.reduce_mean(table, axis=1, keepdims=True)
    return tf.cast(table, tf.float64) - tf.cast(means, tf.float64)


def divided_by_two(table):
    table = tf.cast(table, tf.float64)
    return table - tf.reduce_sum(table, axis=1, keepdims=True) / 2


def narrow_floats(table):
    """Only whole numbers are spared the loss of digits."""
    dtype = tf.float64 if table.dtype.is_integer else tf.float32
    return kept_whole(tf.cast(table, dtype))


def narrow_int64(table):
    return rows_in_float(table) if table.dtype == tf.int64 else rows_in_double(table)


def rows_by_numpy(table):
    table = table.numpy().astype(float)
    return table - table.mean(axis=1, keepdims=True)


def of_a_square_only(table):
    return rows_by_numpy(table) if table.shape[1] == 3 else flat_means(table)


def multiplied(table):
    return table @ table


def divided_by_four(predictions, targets):
    return flat_mean_squares(predictions, targets) * len(predictions) / 4


def reshaped_targets(predictions, targets):
    return tf.reduce_mean((predictions - tf.reshape(targets, predictions.shape)) ** 2)


def square(y):
    return (y[:, None] - y) ** 2


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("difference_shape", (32, 32)),
        ("difference_shape", [32, 32]),
        ("difference_shape", np.array([32, 32])),
        ("difference_shape", tf.constant([32, 32])),
        ("difference_shape", (np.int64(32), tf.constant(32))),
        ("difference_shape", tf.TensorShape([32, 32])),
        ("difference_shape", (tf.zeros((32, 1)) - tf.zeros(32)).shape),
        ("centred_rows", rows_in_double),
        ("centred_rows", rows_by_numpy),
        ("mean_squares", flat_mean_squares),
        ("mean_squares", numpy_mean_squares),
        ("mean_squares", reshaped_targets),
        ("counter_stops", 2**24),
        ("counter_stops", 2.0**24),
        ("counter_stops", np.float32(2**24)),
        ("counter_stops", np.int64(2**24)),
        ("counter_stops", np.array([2**24])),
        ("counter_stops", [2**24]),
        ("counter_stops", tf.constant(2.0**24)),
        ("counter_stops", tf.Variable(2.0**24)),
        ("mean_of_square", lambda y: 2 * y.var()),
        ("mean_of_square", lambda y: 2 * ((y**2).mean() - y.mean() ** 2)),
        ("mean_of_square", lambda y: 2 * tf.math.reduce_variance(y)),
        ("mean_of_square", lambda y: 2 * sum((y - sum(y) / len(y)) ** 2) / len(y)),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


def test_the_shape_is_that_of_a_square():
    assert (tf.zeros((32, 1)) - tf.zeros(32)).shape == (32, 32)


def test_the_counter_stops_where_the_answer_says():
    stops = [k for k in range(30) if np.float32(2.0**k) + np.float32(1) == 2.0**k]
    assert stops[0] == 24


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("difference_shape", (32, 1), "that was meant"),
        ("difference_shape", (32,), "no axis disappears"),
        ("difference_shape", (1, 32), "line the shapes up"),
        ("difference_shape", "(32, 32)", "a shape is a tuple"),
        ("difference_shape", 1024, "a shape is a tuple"),
        ("difference_shape", (32.5, 32), "a shape is a tuple"),
        ("difference_shape", tf.zeros((32, 32)), "a shape is a tuple"),
        ("difference_shape", tf.TensorShape(None), "a shape is a tuple"),
        ("difference_shape", tf.TensorShape([32, 1]), "that was meant"),
        ("difference_shape", [32, 32, 1], "line the shapes up"),
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
        ("mean_squares", divided_by_four, "right for 4 rows; with 1, .* got 0.25"),
        ("mean_squares", lambda p, y: 2.5, "right for 4 rows; .* got 2.5"),
        (
            "centred_rows",
            rows_in_their_dtype,
            "near 1e9, float32: expected",
        ),
        ("centred_rows", flat_means, "2 rows and 3 columns: the means are flat"),
        ("centred_rows", flat_column_means, "the columns have the mean 0"),
        ("centred_rows", kept_whole, "the fractions were cut off"),
        ("centred_rows", whole_means, r"whole numbers: expected \[\[-0.5, 0.5"),
        ("centred_rows", divided_by_two, "2 rows and 3 columns: expected"),
        ("centred_rows", rows_in_float, r"1e9, int32: .* \[-1.5, 1.5\] .* digits"),
        ("centred_rows", narrow_int64, "1e9, int64: .* a float32 keeps too few"),
        ("centred_rows", narrow_floats, "1e9, float32: .* a float32 keeps too few"),
        ("centred_rows", lambda t: rows_by_numpy(t)[0], r"\(2, 3\), got \(3,\)"),
        (
            "centred_rows",
            lambda t: -rows_by_numpy(t),
            r"expected \[\[-2.0, -1.0",
        ),
        ("centred_rows", lambda t: t - tf.reduce_mean(t), "that is the mean of all"),
        (
            "centred_rows",
            lambda t: t - np.median(t, axis=1, keepdims=True),
            r"\[-1.33, -0.33, 1.67\]\], got \[\[-1.0, 0.0, 4.0\]",
        ),
        ("centred_rows", of_a_square_only, "a square table: expected"),
        ("centred_rows", multiplied, "stopped with InvalidArgumentError"),
        ("counter_stops", 1000, "such as 1024, got 1000"),
        ("counter_stops", 2**23, "it counts on"),
        ("counter_stops", 2.0**25, "a smaller power stops it too"),
        ("counter_stops", 2**53, "where a float64 stops"),
        ("counter_stops", -4, "a positive number"),
        ("counter_stops", True, "a positive number"),
        ("counter_stops", "2**24", "a positive number"),
        ("counter_stops", float("inf"), "a power of two"),
        ("counter_stops", [2**24, 2**25], "a positive number"),
        ("counter_stops", object(), "a positive number"),
        ("counter_stops", [2**24, [1, 2]], "a positive number"),
        ("mean_of_square", lambda y: 0.0, "that was meant"),
        ("mean_of_square", lambda y: y.var(), "half of it"),
        ("mean_of_square", lambda y: 2 * y.var(ddof=1), "the number of pairs"),
        ("mean_of_square", lambda y: square(y).sum(), "the sum over all pairs"),
        ("mean_of_square", lambda y: square(y).sum() / 3, "n times n numbers"),
        ("mean_of_square", lambda y: 2 * (y**2).mean(), "the mixed terms"),
        ("mean_of_square", lambda y: -square(y).mean(), "the sign is wrong"),
        ("mean_of_square", lambda y: y, r"got the shape \(3,\)"),
        ("mean_of_square", lambda y: y.mean(), "expected 9.333, got 3"),
        ("mean_of_square", lambda y: y.mean() ** 2, "the square of the mean"),
        ("mean_of_square", lambda y: 28 / 3, "right for y = 1, 2, 6; for -3, 0.5"),
        (
            "mean_of_square",
            lambda y: 2 * ((y - 3) ** 2).mean(),
            "right for y = 1, 2, 6",
        ),
        ("mean_of_square", lambda y: square(y).mean(), "it makes all the pairs"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)


def test_a_memory_that_someone_else_traces_is_left_alone():
    tracemalloc.start()
    try:
        assert exercises.hint("mean_of_square", lambda y: square(y).mean()) is None
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()
