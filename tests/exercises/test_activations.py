"""Answers to the exercises of the page *Activations*, right and wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises
from tfbook.activations import relu


def hat(z):
    return relu(z) - 2 * relu(z - 1) + relu(z - 2)


def by_kind(part_to_number):
    return lambda table: {kind: part_to_number(table[kind]) for kind in ("a", "b")}


RIGHT = [
    ("absolute", lambda z: relu(z) + relu(-z)),
    ("absolute", lambda z: 2 * tf.nn.relu(z) - z),
    ("absolute", lambda z: tf.maximum(z, 0.0) + tf.maximum(-z, 0.0)),
    ("absolute", lambda z: np.maximum(z, 0) + np.maximum(-z, 0)),
    ("absolute", tf.function(lambda z: relu(z) + relu(-z))),
    ("hat", hat),
    ("hat", lambda z: relu(1 - tf.abs(z - 1))),
    ("piece_slopes", [-2, -1, 1, -3]),
    ("piece_slopes", np.array([-2.0, -1.0, 1.0, -3.0])),
    ("can_bend", [False, False, True, False, True]),
    ("can_bend", np.array([0, 0, 1, 0, 1])),
    ("piece_slopes", tf.constant([-2, -1, 1, -3])),
    ("compiled_call", [False, False, True]),
    ("compiled_call", np.array([0, 0, 1])),
    ("steps_at_best_rate", by_kind(lambda part: part.median().min())),
    ("steps_at_best_rate", lambda t: t.median().groupby(level=0).min()),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("absolute", relu, "of -3.0 it made 0"),
        ("absolute", lambda z: relu(z) - relu(-z), "have to be added"),
        ("absolute", lambda z: 2 * (relu(z) + relu(-z)), "of -3, 0, 4 it made"),
        ("absolute", tf.abs, "no ReLU is in it"),
        ("absolute", abs, "no ReLU is in it"),
        ("absolute", np.abs, "no ReLU is in it"),
        ("absolute", lambda z: tf.maximum(z, -z), "no ReLU is in it"),
        ("absolute", lambda z: tf.sqrt(z**2), "no ReLU is in it"),
        ("absolute", lambda z: relu(tf.sqrt(z * z)), "no ReLU is in it"),
        ("absolute", lambda z: relu(z * tf.sign(z)), "no ReLU is in it"),
        ("absolute", lambda z: z * np.sign(z), "no ReLU is in it"),
        ("absolute", lambda z: np.where(z > 0, z, -z), "no ReLU is in it"),
        ("absolute", lambda z: np.maximum(z, -z), "no ReLU is in it"),
        ("absolute", lambda z: tf.abs(z) + 0 * relu(z), "no ReLU is in it"),
        ("absolute", tf.reduce_sum, r"made the shape \(\)"),
        ("hat", relu, "at 1.5 it is 1.5"),
        ("hat", lambda z: relu(z) - relu(z - 1), "at 2.0 it is 1"),
        ("hat", lambda z: relu(z) - 2 * relu(z - 1), "at 5.0 it is -3"),
        ("hat", lambda z: hat(z + 1), "at 0.0 it is 1"),
        (
            "hat",
            lambda z: hat(z) + relu(z - 5) + relu(-3 - z),
            "but at -20.0 it is off",
        ),
        ("hat", lambda z: hat(z) + 0.3 * hat(10 * z - 6), "it is off by"),
        ("hat", tf.reduce_sum, r"made the shape \(\)"),
        ("piece_slopes", [-2, 1], "four slopes"),
        ("piece_slopes", [-2, -1, 1, -1], "its slope is 2 before"),
        ("piece_slopes", [0, 1, 3, -1], "where x < 1"),
        ("piece_slopes", [2, 3, 1, -3], "slope of relu.1 - x. is -1"),
        ("piece_slopes", [-1, 0, 1, -3], "multiplied by 2, its slope too"),
        ("piece_slopes", [-2, -1, 1, 5], "pulls the curve down"),
        ("piece_slopes", [-2, 1, 0, -4], "sum of all units"),
        ("piece_slopes", [-3, 1, -1, -2], "from left to right"),
        ("piece_slopes", [-2, -1, 5, 6], "from 1 to 2 it is not 5"),
        ("compiled_call", [True], "three answers"),
        ("compiled_call", ["False"] * 3, "without quotation marks"),
        ("compiled_call", [True, False, True], "statement 1: set the weights"),
        ("compiled_call", [False, True, True], "statement 2: ask a tape"),
        ("compiled_call", [False, False, False], "statement 3: take the line away"),
        ("can_bend", [True], "five answers"),
        ("can_bend", ["False"] * 5, "without quotation marks"),
        ("can_bend", [True, False, True, False, True], "function 1: .* larger weight"),
        ("can_bend", [False, True, True, False, True], "function 2: .* straight line"),
        ("can_bend", [False, False, False, False, True], "function 3: .* parabola"),
        ("can_bend", [False, False, True, True, True], "function 4: try a positive"),
        ("can_bend", [False, False, True, False, False], "function 5: .* absolute"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda t: 3, "a dictionary is wanted"),
        (lambda t: {"relu": 1}, "has the keys .*relu"),
        (by_kind(lambda part: part.median()), "one number is wanted"),
        (by_kind(lambda part: part[0.1].median()), "both have the same rate"),
        (by_kind(lambda part: part.min().min()), "luckiest seed"),
        (by_kind(np.median), "median over all rates"),
        (by_kind(lambda part: part.min(axis=1).median()), "seed chose a rate"),
        (by_kind(lambda part: part.mean().min()), "the mean over the seeds"),
        (
            by_kind(lambda part: part.median()[part.mean().idxmin()]),
            "chosen by the mean",
        ),
        (by_kind(lambda part: part.median().idxmin()), "these are the best rates"),
        (by_kind(lambda part: part.median().max()), "smallest median"),
        (by_kind(lambda part: 7), "for a it is 7, and .* is right"),
    ],
)
def test_an_unfair_comparison_gets_its_own_hint(answer, hint, assert_hint):
    assert_hint("steps_at_best_rate", answer, hint)
