"""Answers to the exercises of the page *Layers*, right and wrong."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


def feature_scale(
    shape=None,
    leading=(),
    initializer="ones",
    trainable=True,
    early=False,
    call=tf.multiply,
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
                shape=(*leading, input_shape[-1]) if shape is None else shape,
                initializer=initializer,
                trainable=trainable,
            )

        def call(self, inputs):
            return call(inputs, self.scale)

    return FeatureScale


def linear(
    units=1,
    trainable=True,
    early=False,
    call=tf.matmul,
    use=True,
    features=None,
    add=None,
):
    """Make a linear layer that keeps its kernel, or with a mistake."""

    class Remembering(keras.layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.units = units
            if early:
                self.build((None, 3))

        def build(self, input_shape):
            shape = (features or input_shape[-1], self.units * units)
            self.kernel = (add or self.add_weight)(shape=shape, trainable=trainable)

        def call(self, inputs):
            return call(inputs, self.kernel if use else self.kernel * 0)

    return Remembering


class AddsInCall(keras.layers.Layer):
    """Makes its kernel in call, which Keras refuses."""

    def __init__(self, units):
        super().__init__()
        self.units = units

    def call(self, inputs):
        return inputs @ self.add_weight(shape=(inputs.shape[-1], self.units))


def bare_variable(shape, trainable):
    return tf.Variable(tf.ones(shape), trainable=trainable)


class Bent(linear()):
    def call(self, inputs):
        return tf.nn.relu(super().call(inputs))


class Stopped(linear()):
    def call(self, inputs):
        return inputs @ tf.stop_gradient(self.weights[0].value)


class BentScale(feature_scale()):
    def call(self, inputs):
        return super().call(tf.nn.relu(inputs))


RIGHT = [
    ("num_weights", 176),
    ("num_weights", 176.0),
    ("num_weights", np.array(176)),
    ("num_weights", tf.constant(176)),
    ("wide_rank", ((5, 4), (7, 32, 4))),
    ("wide_rank", [[5, 4], [7, 32, 4]]),
    ("wide_rank", (tf.TensorShape([5, 4]), tf.TensorShape([7, 32, 4]))),
    ("equal_units", "AD"),
    ("equal_units", "d, a"),
    ("equal_units", "A and D"),
    ("equal_units", ["A", "D"]),
    ("equal_units", {"A", "D"}),
    ("remembering_linear", linear()),
    ("collapse_with_bias", lambda w1, b1, w2, b2: (w1 @ w2, b1 @ w2 + b2)),
    (
        "collapse_with_bias",
        lambda w1, b1, w2, b2: (tf.matmul(w1, w2), tf.matmul(b1[None], w2) + b2),
    ),
    ("feature_scale", feature_scale()),
    ("feature_scale", feature_scale(leading=(1,))),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("num_weights", "176", "whole number"),
        ("num_weights", 17.5, "whole number"),
        ("num_weights", True, "whole number"),
        ("num_weights", [104, 64, 8], "add up the weights"),
        ("num_weights", 17, "those are the units"),
        ("num_weights", 30, "circles"),
        ("num_weights", 193, "a bias for each unit"),
        ("num_weights", 832, "add the layers up"),
        ("num_weights", 168, "the last layer"),
        ("num_weights", 112, "the second layer"),
        ("num_weights", 5, "inputs times units"),
        ("wide_rank", (5, 4), "two shapes are wanted"),
        ("wide_rank", ((5, 4),), "two shapes are wanted"),
        ("wide_rank", ((7, 32, 4), (5, 4)), "the kernel's first"),
        ("wide_rank", ((4, 5), (7, 32, 4)), "inputs come first"),
        ("wide_rank", ((32, 4), (7, 32, 4)), r"not \(32, 4\)"),
        ("wide_rank", ((5, 4), (7, 4)), "only the last axis changes"),
        ("equal_units", 4, "letters from A to D"),
        ("equal_units", "E", "letters from A to D"),
        ("equal_units", "ABD", "and these differ"),
        ("equal_units", "ACD", "differ at the start"),
        ("equal_units", " ", "two of them do"),
        ("equal_units", "D", "get equal steps"),
        ("equal_units", "A", "nothing moves"),
        ("remembering_linear", linear()(1), "a class is wanted"),
        ("remembering_linear", keras.layers.Layer, "a method call"),
        ("remembering_linear", linear(early=True), "not in __init__"),
        ("remembering_linear", keras.layers.ReLU, "has no weight"),
        ("remembering_linear", linear(add=bare_variable), "with add_weight"),
        ("remembering_linear", linear(features=3), "and not for 4"),
        ("remembering_linear", AddsInCall, "ValueError: (?!Exception)"),
        ("remembering_linear", linear(units=2), r"got \[\(3, 4\)\]"),
        ("remembering_linear", linear(trainable=False), "not trainable"),
        (
            "remembering_linear",
            linear(call=lambda x, w: x @ w @ tf.ones((2, 3))),
            r"made the shape \(1, 3\)",
        ),
        ("remembering_linear", Bent, "only multiply"),
        (
            "remembering_linear",
            linear(call=lambda x, w: tf.reduce_mean(x, axis=0, keepdims=True) @ w),
            "each from its own row",
        ),
        ("remembering_linear", Stopped, "no gradient reaches it"),
        ("remembering_linear", linear(use=False), "does not follow it"),
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
        ("feature_scale", BentScale, "the row -1, -2, -3 should become"),
        ("feature_scale", feature_scale(trainable=False), "not trainable"),
        ("feature_scale", feature_scale(shape=(3,)), "and not for 4"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)
