"""Answers to the exercises of the page *Activations*, right and wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises
from tfbook.activations import relu


def hat(z):
    return relu(z) - 2 * relu(z - 1) + relu(z - 2)


RIGHT = [
    ("relu_slopes", [0, 0, 1, 1]),
    ("relu_slopes", np.array([0.0, 0.0, 1.0, 1.0])),
    ("small_slope", lambda z: tf.where(z > 0, z, 0.1 * z)),
    ("small_slope", lambda z: tf.maximum(z, 0.1 * z)),
    ("absolute", lambda z: relu(z) + relu(-z)),
    ("hat", hat),
    ("hat", lambda z: relu(1 - tf.abs(z - 1))),
    ("num_dead", lambda hidden: (hidden == 0).all(axis=0).sum()),
    ("num_dead", lambda hidden: int((abs(hidden).max(axis=0) == 0).sum())),
    ("all_rows_agree", np.allclose),
    ("all_rows_agree", lambda a, b: np.isclose(a, b, atol=1e-5).all()),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("relu_slopes", [0, 1], "four numbers"),
        ("relu_slopes", [0, 0, 1, 50], "those are the values"),
        ("relu_slopes", [-1, 0, 1, 1], "at -2 you gave -1, .* flat side"),
        ("relu_slopes", [0, 0, 0, 1], "at 1 you gave 0, .* straight side"),
        ("small_slope", relu, "0 below zero, as ReLU is"),
        ("small_slope", lambda z: tf.where(z > 0, z, -0.1 * z), "of -5.0 it made 0.5"),
        ("small_slope", lambda z: 0.1 * z, "of 2.0 it made 0.2"),
        ("small_slope", tf.reduce_sum, r"made the shape \(\)"),
        ("absolute", relu, "of -3.0 it made 0"),
        ("absolute", lambda z: relu(z) - relu(-z), "have to be added"),
        ("absolute", lambda z: 2 * (relu(z) + relu(-z)), "of -3, 0, 4 it made"),
        ("absolute", tf.reduce_sum, r"made the shape \(\)"),
        ("hat", relu, "at 1.5 it is 1.5"),
        ("hat", lambda z: relu(z) - relu(z - 1), "at 2.0 it is 1"),
        ("hat", lambda z: relu(z) - 2 * relu(z - 1), "at 5.0 it is -3"),
        ("hat", lambda z: hat(z + 1), "at 0.0 it is 1"),
        ("hat", tf.reduce_sum, r"made the shape \(\)"),
        ("num_dead", lambda hidden: (hidden == 0).sum(), "counts every 0"),
        ("num_dead", lambda hidden: (hidden == 0).all(axis=1).sum(), "counts rows"),
        ("num_dead", lambda hidden: (hidden == 0).any(axis=0).sum(), "single example"),
        ("num_dead", lambda hidden: hidden.any(axis=0).sum(), "units that live"),
        ("num_dead", lambda hidden: (hidden == 0).all(axis=0), r"shape \(5,\)"),
        ("num_dead", lambda hidden: 4, "2 of the 5"),
        ("num_dead", lambda hidden: (hidden.sum(axis=0) == 0).sum(), "add up to 0"),
        ("all_rows_agree", np.isclose, "one answer is wanted"),
        ("all_rows_agree", lambda a, b: False, "agree with itself"),
        ("all_rows_agree", lambda a, b: np.isclose(a, b).any(), "all rows have to"),
        (
            "all_rows_agree",
            lambda a, b: np.isclose(np.mean(a), np.mean(b)),
            "equal means",
        ),
        ("all_rows_agree", np.array_equal, "seventh digit"),
        ("all_rows_agree", lambda a, b: np.allclose(a, b, atol=0.2), "too wide"),
        ("all_rows_agree", lambda a, b: (b - a < 1e-3).all(), "absolute value"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)
