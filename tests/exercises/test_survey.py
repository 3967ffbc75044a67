"""Answers to the exercises of the page *A survey of activations*, right and wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises
from tfbook.activations import sigmoid, softplus


def mean_square(f):
    return float(tf.reduce_mean(f(tf.random.stateless_normal((100_000,), (0, 1))) ** 2))


def logsumexp(z):
    largest = tf.reduce_max(z, axis=-1)
    shifted = tf.exp(z - largest[..., None])
    return largest + tf.math.log(tf.reduce_sum(shifted, axis=-1))


def naive_logsumexp(z):
    return tf.math.log(tf.reduce_sum(tf.exp(z), axis=-1))


def one_largest(z):
    largest = tf.reduce_max(z)
    return largest + naive_logsumexp(z - largest)


def twin(weights, inner=2, shift=1):
    """The sigmoids of a network with tanh; other numbers make the usual mistakes."""
    found = []
    for i in range(0, len(weights), 2):
        kernel, bias = weights[i], weights[i + 1]
        if i > 0:
            kernel, bias = 2 * kernel, bias - shift * kernel.sum(axis=0)
        if i < len(weights) - 2:
            kernel, bias = (inner if i else 2) * kernel, 2 * bias
        found += [kernel, bias]
    return found


def outputs(function, weights, x):
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = function(x @ kernel + bias)
    return x @ weights[-2] + weights[-1]


def test_a_twin_has_the_same_outputs():
    random = np.random.default_rng(0)
    sizes = [(3, 4), (4,), (4, 5), (5,), (5, 2), (2,)]
    weights = [random.normal(size=size) for size in sizes]
    x = random.normal(size=(6, 3))
    found = outputs(lambda z: 1 / (1 + np.exp(-z)), twin(weights), x)
    np.testing.assert_allclose(found, outputs(np.tanh, weights, x))


RIGHT = [
    ("flat_both_sides", {"sigmoid", "tanh", "softsign"}),
    ("flat_both_sides", ["tanh", "softsign", "sigmoid"]),
    ("report_flaws", "BCDF"),
    ("report_flaws", ["f", "d", "c", "b"]),
    ("logsumexp", logsumexp),
    ("logsumexp", lambda z: tf.reduce_logsumexp(z, axis=-1)),
    ("mish", lambda z: z * tf.math.tanh(softplus(z))),
    ("kernel_variance", lambda f, m: 1 / (m * mean_square(f))),
    ("sigmoid_twin", twin),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("sigmoid_twin", lambda weights: weights[:-1], "a list of 4 arrays"),
        ("sigmoid_twin", lambda weights: weights[0], "a list of 4 arrays"),
        ("sigmoid_twin", lambda weights: [w.T for w in weights], "shapes have to stay"),
        (
            "sigmoid_twin",
            lambda weights: weights,
            "1 hidden layer: the kernel of layer 1",
        ),
        ("sigmoid_twin", lambda w: [2 * w[0], *w[1:]], "layer 1 is wrong; the input"),
        ("sigmoid_twin", lambda w: twin(w, shift=0), "layer 2 is wrong; 2 s - 1"),
        ("sigmoid_twin", lambda w: twin(w, inner=1), "2 hidden layers: the kernel of"),
        ("flat_both_sides", "tanh", "a set of names"),
        ("flat_both_sides", {"sigmoid", "tanh", "relu"}, "relu is not"),
        ("flat_both_sides", {"sigmoid", "selu"}, "selu is not: .* 1.05"),
        ("flat_both_sides", {"sigmoid", "leaky_relu"}, "either side"),
        ("flat_both_sides", {"sigmoid", "softmax"}, "leave it out"),
        ("flat_both_sides", {"sinus"}, "none of the twelve"),
        ("flat_both_sides", {"sigmoid", "tanh"}, "slow tails"),
        ("flat_both_sides", {"softsign", "tanh"}, "1 of them is still missing"),
        ("report_flaws", 4, "answer with letters from A to F"),
        ("report_flaws", "ABCD", "A makes it fair"),
        ("report_flaws", "BCDEF", "E makes it fair"),
        ("report_flaws", "BC", "2 more: a fair opponent"),
        ("report_flaws", "CDF", "one more: which weights"),
        ("report_flaws", "BDF", "the rate that is best for it"),
        ("report_flaws", "BCF", "another seed"),
        ("report_flaws", "BCD", "for the slope alone"),
        ("logsumexp", naive_logsumexp, "1000, 1000 it made inf"),
        ("logsumexp", one_largest, "each row has a largest"),
        (
            "logsumexp",
            lambda z: logsumexp(z) - tf.reduce_max(z, axis=-1),
            "not put back",
        ),
        ("logsumexp", lambda z: tf.reduce_sum(tf.exp(z), axis=-1), "is wanted"),
        ("logsumexp", tf.reduce_logsumexp, "the last axis goes away"),
        ("mish", lambda z: tf.math.tanh(softplus(z)), "multiplied with z"),
        ("mish", lambda z: z * sigmoid(z), "at 1.0 it is 0.7311"),
        (
            "mish",
            lambda z: z * tf.math.tanh(tf.math.log(1 + tf.exp(z))),
            "at 100.0 its gradient is nan",
        ),
        (
            "mish",
            lambda z: z.numpy() * np.tanh(np.log1p(np.exp(z.numpy()))),
            "no gradient came back",
        ),
        ("kernel_variance", lambda f, m: 2 / m, "right for relu, but for linear"),
        ("kernel_variance", lambda f, m: 1 / m, "for relu and m = 50"),
        ("kernel_variance", lambda f, m: mean_square(f) / m, "inverse is wanted"),
        (
            "kernel_variance",
            lambda f, m: (m * mean_square(f)) ** -0.5,
            "that is the standard deviation",
        ),
        ("kernel_variance", lambda f, m: 1 / mean_square(f), "shrink with m"),
        ("kernel_variance", lambda f, m: 1 / (50 * mean_square(f)), "not for m = 200"),
        ("kernel_variance", lambda f, m: f(tf.ones(3)), r"the shape \(3,\)"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)
