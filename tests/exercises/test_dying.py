"""Answers to the exercises of the page *How a network dies*, right and wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises
from tfbook.activations import relu

RIGHT = [
    ("saved", [False, True, True, False]),
    ("saved", np.array([False, True, True, False])),
    ("saved", tf.constant([False, True, True, False])),
    ("saved", [0, 1, 1, 0]),
    ("small_slope", lambda z: tf.where(z > 0, z, 0.1 * z)),
    ("small_slope", lambda z: tf.maximum(z, 0.1 * z)),
    ("all_rows_agree", lambda a, b: tf.reduce_all(tf.abs(a - b) < 1e-5)),
    ("all_rows_agree", lambda a, b: all(np.isclose(a, b, atol=1e-5))),
    ("all_rows_agree", lambda a, b: np.allclose(a, b, atol=1e-5)),
    ("all_rows_agree", lambda a, b: np.isclose(a, b, atol=1e-5).all()),
    ("race_edge", -0.875),
    ("race_edge", np.float64(-0.871)),
    ("race_edge", -0.87),
    ("race_edge", 1 - 3.5**0.5),
    ("race_edge", tf.constant(-0.872)),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("small_slope", lambda z: np.where(z > 0, z, 0.1 * z), "no gradient passes"),
        ("saved", ["False", "True", "True", "False"], "without quotes"),
        ("small_slope", lambda z: z if z > 0 else 0.1 * z, "go number by number"),
        ("small_slope", lambda z: max(z, 0.1 * z), "go number by number"),
        (
            "small_slope",
            lambda z: tf.where(z > 0, z, 0.1 * z)[:2, ...] if z.ndim == 1 else z[0],
            r"made \(3,\)",
        ),
        ("small_slope", "leaky_relu", "stopped with TypeError"),
        ("all_rows_agree", lambda a, b: str(np.allclose(a, b)), "and not text"),
        (
            "all_rows_agree",
            lambda a, b: np.isclose(a, b).all(axis=0),
            r"not the shape \(1,\)",
        ),
        ("all_rows_agree", lambda a, b: np.max(a - b) < 1e-4, "too large counts"),
        ("all_rows_agree", lambda a, b: abs(a - b).mean() < 1e-4, "a mean hides"),
        ("all_rows_agree", lambda a, b: abs(a - b).sum() < 1e-4, "do not sum"),
        (
            "all_rows_agree",
            lambda a, b: (np.round(a, 4) == np.round(b, 4)).all(),
            "small difference",
        ),
        ("saved", [True, True], "four answers"),
        ("saved", [True, True, True, False], "change 1: at every rate"),
        ("saved", [False, False, True, False], "change 2: negative output"),
        ("saved", [False, True, False, False], "change 3: with positive"),
        ("saved", [False, True, True, True], "change 4: .* more steps"),
        ("small_slope", relu, "0 below zero, as ReLU is"),
        ("small_slope", lambda z: tf.where(z > 0, z, -0.1 * z), "of -5.0 it made 0.5"),
        ("small_slope", lambda z: 0.1 * z, "of 2.0 it made 0.2"),
        ("small_slope", tf.reduce_sum, r"made the shape \(\)"),
        ("all_rows_agree", np.isclose, "one answer is wanted"),
        ("all_rows_agree", lambda a, b: False, "agree with itself"),
        ("all_rows_agree", lambda a, b: np.isclose(a, b).any(), "all rows have to"),
        (
            "all_rows_agree",
            lambda a, b: np.isclose(np.mean(a), np.mean(b)),
            "equal means",
        ),
        ("all_rows_agree", np.array_equal, "seventh digit"),
        ("all_rows_agree", np.allclose, "near 0 is a large share"),
        ("all_rows_agree", lambda a, b: abs(a - b).max() < 0.05, "differs by 0.001"),
        ("all_rows_agree", lambda a, b: np.allclose(a, b, atol=0.2), "too wide"),
        ("all_rows_agree", lambda a, b: np.allclose(a, b, atol=5e-4), "by 0.0004"),
        ("all_rows_agree", lambda a, b: (b - a < 1e-3).all(), "absolute value"),
        ("race_edge", [-0.875, 1], "one number"),
        ("race_edge", 0.875, "negative v is wanted"),
        ("race_edge", -0.5, "from -0.5 it lives; go further down"),
        ("race_edge", -0.865, "just lives"),
        ("race_edge", -1, "go up"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)
