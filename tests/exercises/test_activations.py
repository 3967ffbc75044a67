"""Answers to the exercises of the page *Activations*, right and wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises
from tfbook.activations import relu


def hat(z):
    return relu(z) - 2 * relu(z - 1) + relu(z - 2)


RIGHT = [
    ("one_step", [24, -24, -0.2, 0.2]),
    ("one_step", np.array([24.0, -24.0, -0.2, 0.2])),
    ("saved", [False, True, True, False]),
    ("saved", np.array([False, True, True, False])),
    ("small_slope", lambda z: tf.where(z > 0, z, 0.1 * z)),
    ("small_slope", lambda z: tf.maximum(z, 0.1 * z)),
    ("absolute", lambda z: relu(z) + relu(-z)),
    ("hat", hat),
    ("hat", lambda z: relu(1 - tf.abs(z - 1))),
    ("all_rows_agree", lambda a, b: np.allclose(a, b, atol=1e-5)),
    ("all_rows_agree", lambda a, b: np.isclose(a, b, atol=1e-5).all()),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("one_step", [24, -24], "four numbers"),
        ("one_step", [24, -24, 2.2, -2.2], "so subtract"),
        ("one_step", [24, -24, -23, 23], "learning rate"),
        ("one_step", [24, -24, -0.2, -0.52], "both derivatives first"),
        ("one_step", [24, -24, 0, 0], "new is old minus"),
        ("one_step", [12, -12, 0.4, -0.4], "half of it"),
        ("one_step", [-24, 24, 2.2, -2.2], "wrong sign"),
        ("one_step", [-24, -24, 2.2, 0.2], "v = -1 is a factor"),
        ("one_step", [12, -24, 0.4, 0.2], "x = 2 is a factor"),
        ("one_step", [24, -12, -0.2, -0.4], "h = 2"),
        ("one_step", [0, -24, 1, 0.2], "slope of its ReLU is 1"),
        ("one_step", [8, -8, 0.6, -0.6], "error is -2 - 4"),
        ("one_step", [1, 2, 3, 4], "begin with the error"),
        ("saved", [True, True], "four answers"),
        ("saved", [True, True, True, False], "change 1: at every rate"),
        ("saved", [False, False, True, False], "change 2: negative output"),
        ("saved", [False, True, False, False], "change 3: with positive"),
        ("saved", [False, True, True, True], "change 4: .* more steps"),
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
        ("all_rows_agree", lambda a, b: (b - a < 1e-3).all(), "absolute value"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)
