"""Answers to the exercises of *Classes*, right and wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import activations, exercises


def gradient_by_tape(labels, logits):
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels[:, 0], logits)
        loss = tf.reduce_mean(losses)
    return tape.gradient(loss, logits)


def gradient(labels, logits, softmax=activations.softmax):
    one_hot = np.eye(logits.shape[1])[labels[:, 0]]
    return (softmax(logits) - one_hot) / len(logits)


def naive_softmax(z):
    with np.errstate(over="ignore", invalid="ignore"):
        return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def binary(y, z):
    return np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))


def naive_binary(y, z):
    p = 1 / (1 + np.exp(-z))
    return -y * np.log(p) - (1 - y) * np.log(1 - p)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("untrained_loss", np.log),
        ("untrained_loss", lambda k: -tf.math.log(1 / k)),
        ("share_right", lambda z, y: np.mean(z.argmax(axis=-1) == np.ravel(y))),
        ("share_right", lambda z, y: tf.reduce_mean(1.0 * (z.argmax(1) == y.ravel()))),
        ("logit_gradient", gradient),
        ("logit_gradient", gradient_by_tape),
        ("binary_loss", binary),
        ("binary_loss", lambda y, z: tf.math.softplus(-z) + (1 - y) * z),
        (
            "binary_loss",
            lambda y, z: tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=z),
        ),
        ("nine_flaws", {"a", "b", "d", "e"}),
        ("nine_flaws", ["A", "B", "D", "E"]),
        ("nine_flaws", "abde"),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("untrained_loss", lambda k: 1 / k, "the probability itself"),
        ("untrained_loss", lambda k: np.log(1 / k), "the sign is wrong"),
        ("untrained_loss", np.log2, "another base"),
        ("untrained_loss", np.log10, "another base"),
        ("untrained_loss", lambda k: k, "for 2 classes expected ln 2, got 2$"),
        ("untrained_loss", lambda k: np.log(10), "for 2 classes"),
        ("share_right", lambda z, y: np.mean(z.argmax(1) == y), "met every label"),
        ("share_right", lambda z, y: np.mean(z.argmax(1) != y.ravel()), "wrong ones"),
        ("share_right", lambda z, y: np.sum(z.argmax(1) == y.ravel()), "divide by"),
        ("share_right", lambda z, y: z.argmax(1) == y.ravel(), r"got shape \(4,\)"),
        ("share_right", lambda z, y: np.mean(z.argmin(1) == y.ravel()), "largest"),
        ("logit_gradient", lambda y, z: 2 * gradient(y, z), "gradient of the sum"),
        ("logit_gradient", lambda y, z: -gradient(y, z), "the sign is wrong"),
        ("logit_gradient", lambda y, z: activations.softmax(z) / 2, "subtract 1 at"),
        ("logit_gradient", lambda y, z: gradient(y, z, naive_softmax), "returns nan"),
        ("logit_gradient", lambda y, z: gradient(y, 0 * z), "not for those of 500"),
        ("logit_gradient", lambda y, z: 0 * z, "expected -0.2500"),
        ("logit_gradient", lambda y, z: 0.5, r"got \(\)"),
        ("binary_loss", naive_binary, "not finite for those of 1000"),
        ("binary_loss", lambda y, z: -binary(y, z), "the sign is wrong"),
        ("binary_loss", lambda y, z: binary(1 - y, z), "have changed places"),
        ("binary_loss", lambda y, z: np.mean(binary(y, z)), r"got \(\)"),
        ("binary_loss", lambda y, z: binary(y, 2 * z), "the logit 2 expected 0.1269"),
        ("binary_loss", lambda y, z: -y * z, "expected ln 2 = 0.6931"),
        (
            "binary_loss",
            lambda y, z: binary(y, np.clip(z, -80, 80)),
            "of 1000 expected a loss of 1000, got 80",
        ),
        (
            "binary_loss",
            lambda y, z: np.maximum(z, 0) - y * z + np.log(1 + np.exp(-np.abs(z))),
            "log1p",
        ),
        ("nine_flaws", {"a", "b", "d"}, "also a flaw: e"),
        ("nine_flaws", {"b", "d", "e"}, "also a flaw: a; compare with the constant"),
        ("nine_flaws", set("abcde"), "no flaw: c"),
        ("nine_flaws", set("abdef"), "no flaw: f"),
        ("nine_flaws", {"g"}, "expected a set of the letters"),
        ("nine_flaws", 3, "expected a set of the letters"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)
