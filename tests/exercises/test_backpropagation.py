"""Answers to the exercises of the page *Backpropagation*, right and wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises


def on(inner, bias):
    return inner > 0


def four(x, y, *weights, mask=on, scale=2.0, add=np.sum):
    first, first_bias, second, second_bias = weights
    inner = x @ first + first_bias
    hidden = np.maximum(inner, 0)
    delta = scale / len(x) * (hidden @ second + second_bias - y)
    arriving = delta @ second.T * mask(inner, first_bias)
    return x.T @ arriving, add(arriving, axis=0), hidden.T @ delta, add(delta, axis=0)


def taped(x, y, *weights):
    variables = [tf.Variable(each) for each in weights]
    with tf.GradientTape() as tape:
        hidden = tf.nn.relu(x @ variables[0] + variables[1])
        loss = tf.reduce_mean((hidden @ variables[2] + variables[3] - y) ** 2)
    return tape.gradient(loss, variables)


def changed(**options):
    return lambda *arguments: four(*arguments, **options)


def column_biases(*arguments):
    return [np.atleast_2d(gradient) for gradient in four(*arguments)]


def other_output(*arguments):
    return [*four(*arguments)[:2], arguments[4], arguments[5]]


RIGHT = [
    ("four_gradients", four),
    ("four_gradients", taped),
    ("four_gradients", lambda *arguments: list(four(*arguments))),
    ("wrong_line", "d"),
    ("wrong_line", "D"),
    ("wrong_line", {"d"}),
    ("one_step", [24, -24, -0.2, 0.2]),
    ("one_step", np.array([24.0, -24.0, -0.2, 0.2])),
    ("one_step", tf.constant([24.0, -24.0, -0.2, 0.2])),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("four_gradients", changed(mask=lambda z, b: 1), "W1: multiply what arrives"),
        ("four_gradients", changed(mask=lambda z, b: z > b), "W1: .* b1 is left out"),
        ("four_gradients", changed(scale=1.0), "W1: the slope of a square is 2"),
        ("four_gradients", changed(scale=12.0), "W1: the loss is a mean"),
        ("four_gradients", changed(scale=-2.0), "W1: the sign is wrong"),
        ("four_gradients", changed(add=np.mean), "b1: .* sum over the rows"),
        ("four_gradients", column_biases, r"b1: .* \(4,\), got \(1, 4\)"),
        ("four_gradients", other_output, "W2: the shape is right; its first number"),
        ("four_gradients", lambda *arguments: arguments[2:4], "b2, got 2"),
        ("four_gradients", lambda *arguments: arguments[0], "got one ndarray"),
        ("wrong_line", "a", "forward pass"),
        ("wrong_line", "b", "mean of squares"),
        ("wrong_line", "c", "look at the other"),
        ("wrong_line", "e", "what arrives"),
        ("wrong_line", "de", "one letter"),
        ("wrong_line", "f", "one letter"),
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
        ("one_step", [-24, 24, -0.2, 0.2], "for w first, then v"),
        ("one_step", [24, 24, -0.2, -2.2], "for v, the factors"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)
