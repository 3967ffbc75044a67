"""Answers to the exercises of the page *Layers*, right and wrong."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


def feature_scale(
    shape=None, initializer="ones", trainable=True, early=False, call=tf.multiply
):
    """Make a layer as the exercise asks for it, or with a mistake."""

    class FeatureScale(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            if early:
                self.build((None, 3))

        def build(self, input_shape):
            self.scale = self.add_weight(
                name="scale",
                shape=(input_shape[-1],) if shape is None else shape,
                initializer=initializer,
                trainable=trainable,
            )

        def call(self, inputs):
            return call(inputs, self.scale)

    return FeatureScale


def collapse(kernels):
    return functools.reduce(np.matmul, kernels)


RIGHT = [
    ("num_weights", 176),
    ("wide_rank", ((5, 4), (7, 32, 4))),
    ("collapse", collapse),
    (
        "collapse",
        lambda kernels: np.linalg.multi_dot([*kernels, np.eye(len(kernels[-1].T))]),
    ),
    ("collapse_with_bias", lambda w1, b1, w2, b2: (w1 @ w2, b1 @ w2 + b2)),
    ("feature_scale", feature_scale()),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("num_weights", "176", "whole number"),
        ("num_weights", 17, "those are the units"),
        ("num_weights", 30, "circles"),
        ("num_weights", 193, "a bias for each unit"),
        ("num_weights", 832, "add the layers up"),
        ("num_weights", 168, "the last layer"),
        ("num_weights", 112, "the second layer"),
        ("num_weights", 5, "inputs times units"),
        ("wide_rank", (5, 4), "two shapes are wanted"),
        ("wide_rank", ((4, 5), (7, 32, 4)), "inputs come first"),
        ("wide_rank", ((32, 4), (7, 32, 4)), r"not \(32, 4\)"),
        ("wide_rank", ((5, 4), (7, 4)), "only the last axis changes"),
        ("collapse", lambda kernels: sum(map(np.sum, kernels)), r"made the shape \(\)"),
        ("collapse", lambda kernels: kernels[0], r"shape \(5, 3\), not \(5, 4\)"),
        ("collapse", lambda kernels: abs(collapse(kernels)), "not those of W₁ W₂"),
        ("collapse", lambda kernels: kernels[0] @ kernels[1], "not for four"),
        (
            "collapse",
            lambda kernels: collapse([*kernels[:-1], kernels[-1] * (len(kernels) > 1)]),
            "a single one should stay",
        ),
        ("collapse_with_bias", lambda w1, b1, w2, b2: w1 @ w2, "return two things"),
        ("collapse_with_bias", lambda w1, b1, w2, b2: (w2.T @ w1.T, b2), "W1 @ W2"),
        ("collapse_with_bias", lambda w1, b1, w2, b2: (w1 @ w2, b2), "is lost"),
        ("collapse_with_bias", lambda w1, b1, w2, b2: (w1 @ w2, b1), r"\(2,\), got"),
        (
            "collapse_with_bias",
            lambda w1, b1, w2, b2: (w1 @ w2, b1 @ w2),
            "multiply out",
        ),
        ("feature_scale", feature_scale()(), "a class is wanted"),
        ("feature_scale", keras.layers.Layer, "nothing to check yet"),
        ("feature_scale", feature_scale(early=True), "not in __init__"),
        ("feature_scale", keras.layers.Identity, "has no weight"),
        (
            "feature_scale",
            feature_scale(shape=()),
            r"shape \(3,\) is wanted, got \[\(\)\]",
        ),
        (
            "feature_scale",
            feature_scale(initializer="zeros"),
            "leave the features alone",
        ),
        (
            "feature_scale",
            feature_scale(call=lambda x, w: x + w - 1),
            "should become 1, 0, -6",
        ),
        (
            "feature_scale",
            feature_scale(call=lambda x, w: x @ tf.linalg.diag(w) @ tf.eye(3, 2)),
            r"made the shape \(2, 2\)",
        ),
        ("feature_scale", feature_scale(trainable=False), "not trainable"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)
