"""Answers to the exercises of the page *Beyond a chain*."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfbook import exercises


def block(h, units, activation="relu", bias=False, always=False, skip_activation=None):
    f = layers.Dense(units, activation=activation)(h)
    if always or h.shape[-1] != units:
        h = layers.Dense(units, use_bias=bias, activation=skip_activation)(h)
    return layers.Add()([h, f])


def by_operator(h, units):
    if h.shape[-1] == units:
        return h + layers.Dense(units, activation="relu")(h)
    skip = layers.Dense(units, use_bias=False)(h)
    return skip + layers.Activation("relu")(layers.Dense(units)(h))


def relu_last(h, units):
    skip = h if h.shape[-1] == units else layers.Dense(units, use_bias=False)(h)
    return layers.ReLU()(skip + layers.Dense(units)(h))


def only_equal(h, units):
    f = layers.Dense(units, activation="relu")(h)
    return h + f if h.shape[-1] == units else f


def four_features(h, units):
    """Widen unless there are four units, whatever the width of h."""
    f = layers.Dense(units, activation="relu")(h)
    if units != 4:
        h = layers.Dense(units, use_bias=False)(h)
    return layers.Add()([h, f])


def two_inputs(join, share=True):
    def make():
        left, right = keras.Input((3,)), keras.Input((3,))
        reader = layers.Dense(8, activation="tanh")
        other = reader if share else layers.Dense(8, activation="tanh")
        joined = join([reader(left), other(right)])
        return keras.Model([left, right], layers.Dense(1)(joined))

    return make


def left_alone():
    left, right = keras.Input((3,)), keras.Input((3,))
    return keras.Model([left, right], layers.Dense(1)(0 * (left + right)))


def no_weights():
    left, right = keras.Input((3,)), keras.Input((3,))
    product = layers.Dot(axes=1)([left, right])
    return keras.Model([left, right], product)


def one_input():
    inputs = keras.Input((3,))
    return keras.Model(inputs, layers.Dense(1)(inputs))


def three_outputs():
    left, right = keras.Input((3,)), keras.Input((3,))
    return keras.Model([left, right], layers.Dense(3)(left + right))


def norms(model, x, y, training=True, measure=tf.norm, factor=1.0):
    dense = [layer for layer in model.layers if isinstance(layer, layers.Dense)]
    with tf.GradientTape() as tape:
        loss = factor * tf.reduce_mean((model(x, training=training) - y) ** 2)
    slopes = tape.gradient(loss, [layer.kernel for layer in dense])
    return [float(measure(slope)) for slope in slopes]


def in_testing(model, x, y):
    return norms(model, x, y, training=False)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("shared_count", 65),
        ("skip_factors", (0.25**10, 1.25**10)),
        ("skip_factors", (9.54e-7, 9.31)),
        ("skip_factors", [0.25**10, 1.25**10]),
        ("skip_factors", np.array([0.25, 1.25]) ** 10),
        ("widening_block", block),
        ("widening_block", by_operator),
        ("symmetric_model", two_inputs(layers.Add())),
        ("symmetric_model", two_inputs(layers.Multiply())),
        ("training_norms", norms),
        ("training_norms", lambda *data: np.array(norms(*data))),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


def test_a_model_is_as_right_as_a_function_that_makes_it():
    assert exercises.hint("symmetric_model", two_inputs(layers.Maximum())()) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("shared_count", 113, "its weights once"),
        ("shared_count", 57, "16 numbers and not 8"),
        ("shared_count", 105, "count the first layer once"),
        ("shared_count", 56, "biases count too"),
        ("shared_count", 64, "has a bias too"),
        ("shared_count", 48, "add the last one"),
        ("shared_count", 3, "a kernel and a bias"),
        ("shared_count", 65.9, "a kernel and a bias"),
        ("shared_count", 64.5, "a kernel and a bias"),
        ("skip_factors", 0.25, "a pair"),
        ("skip_factors", [0.25**10, 1.25**10, 1.0], "a pair"),
        ("skip_factors", (1.25**10, 0.25**10), "exchange the two"),
        ("skip_factors", (2.5, 12.5), "in a chain the ten factors"),
        ("skip_factors", (0.25, 1.25), "once for each of ten"),
        ("skip_factors", (0.25**10, 3.5), "not added up"),
        ("skip_factors", (0.25**10, 12.5), "not added up"),
        ("skip_factors", (0.25**10, 1 + 0.25**10), "a skip of its own"),
        ("skip_factors", (0.25**10, 1.25), "the slope of h"),
        ("widening_block", lambda h, units: 1, "a KerasTensor, got int"),
        ("widening_block", lambda h, units: h, r"to 7 .*not \(None, 7\)|from 4"),
        ("widening_block", only_equal, "to 7 there is no skip"),
        ("widening_block", lambda h, u: layers.Dense(u, "relu")(h), "there is no skip"),
        ("widening_block", lambda h, u: block(h, u, always=True), "needs no layer"),
        ("widening_block", lambda h, u: block(h, u, bias=True), "no bias"),
        ("widening_block", lambda h, u: block(h, u, None), "the activation relu"),
        ("widening_block", four_features, "from 7 features to 7 the skip needs no"),
        ("widening_block", relu_last, "before the sum"),
        (
            "widening_block",
            lambda h, u: block(h, u, skip_activation="relu"),
            "no activation",
        ),
        ("widening_block", lambda h, u: block(h, u, "tanh"), "is not relu"),
        ("symmetric_model", two_inputs(layers.Concatenate()), "not a concatenation"),
        ("symmetric_model", two_inputs(layers.Add(), share=False), "the same layer"),
        ("symmetric_model", left_alone, "depend on both"),
        ("symmetric_model", no_weights, "has no weights"),
        ("symmetric_model", one_input, "expected two inputs"),
        ("symmetric_model", three_outputs, r"not \(6, 1\)"),
        ("symmetric_model", lambda: 1, "expected a keras.Model"),
        ("training_norms", in_testing, "training=True"),
        (
            "training_norms",
            lambda *data: norms(*data, measure=lambda g: tf.reduce_sum(g**2)),
            "take the root",
        ),
        ("training_norms", lambda *data: norms(*data)[::-1], "come first"),
        ("training_norms", lambda *data: norms(*data, factor=20.0), "one factor"),
        (
            "training_norms",
            lambda *data: norms(*data, measure=lambda g: tf.reduce_sum(abs(g))),
            "not the lengths",
        ),
        ("training_norms", lambda model, x, y: [1.0], "3 Dense kernels, got 1"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)
