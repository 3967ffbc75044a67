"""Answers to the exercises of *Reading digits*, right and wrong."""

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


def distances(sure, right, bins, middle=False):
    which = np.digitize(sure, np.linspace(0, 1, bins + 1)[1:-1])
    for number in np.unique(which):
        inside = which == number
        said = (number + 0.5) / bins if middle else sure[inside].mean()
        yield inside.mean(), said - right[inside].mean()


def calibration(sure, right, bins=10):
    return sum(share * abs(gap) for share, gap in distances(sure, right, bins))


def with_empty_bins(sure, right, bins=10):
    gaps = [abs(gap) for _, gap in distances(sure, right, bins)]
    return np.mean([*gaps, np.nan])


def loss_of(labels, logits):
    return float(
        tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels[:, 0], logits)
        )
    )


def losses_at(labels, logits):
    candidates = np.geomspace(0.2, 5, 400)
    return candidates, [loss_of(labels, logits / T) for T in candidates]


def best_temperature(labels, logits):
    candidates, losses = losses_at(labels, logits)
    return candidates[np.argmin(losses)]


def no_less_than_one(labels, logits):
    return max(1.0, best_temperature(labels, logits))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("untrained_loss", np.log),
        ("untrained_loss", lambda k: -tf.math.log(1 / k)),
        ("kernel_parameters", lambda size, m, u: (size**2 * m + 1) * u),
        ("share_right", lambda z, y: np.mean(z.argmax(axis=-1) == np.ravel(y))),
        ("share_right", lambda z, y: tf.reduce_mean(1.0 * (z.argmax(1) == y.ravel()))),
        ("logit_gradient", gradient),
        ("logit_gradient", gradient_by_tape),
        ("calibration_error", calibration),
        ("temperature", best_temperature),
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
        ("kernel_parameters", lambda s, m, u: s * s * m * u, "has a bias too"),
        ("kernel_parameters", lambda s, m, u: s * s * m * u + 1, "one bias;"),
        (
            "kernel_parameters",
            lambda s, m, u: s * s * u + u,
            "size 3, 4 inputs .* expected 259, got 70: every input",
        ),
        ("kernel_parameters", lambda s, m, u: s * m * u + u, "expected 416, got 96$"),
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
        ("calibration_error", with_empty_bins, "an empty bin"),
        (
            "calibration_error",
            lambda sure, right, bins: sum(
                share * gap for share, gap in distances(sure, right, bins)
            ),
            "made up for",
        ),
        (
            "calibration_error",
            lambda sure, right, bins: np.mean(
                [abs(gap) for _, gap in distances(sure, right, bins)]
            ),
            "weight each bin",
        ),
        (
            "calibration_error",
            lambda sure, right, bins: sum(
                share * abs(gap) for share, gap in distances(sure, right, bins, True)
            ),
            "not its middle",
        ),
        (
            "calibration_error",
            lambda sure, right, bins: max(
                abs(gap) for _, gap in distances(sure, right, bins)
            ),
            "the largest distance",
        ),
        (
            "calibration_error",
            lambda sure, right, bins: calibration(sure, right),
            "right for 10 bins, but not for 2",
        ),
        ("calibration_error", lambda *_, **__: 1.0, "expected 0.16, got 1 for"),
        ("temperature", lambda y, z: 1.0, "expected T = 3.01, got 1$"),
        ("temperature", lambda y, z: 1 / best_temperature(y, z), "that is 1 / T"),
        ("temperature", lambda y, z: min(losses_at(y, z)[1]), "the smallest loss;"),
        (
            "temperature",
            lambda y, z: losses_at(y, z)[0][np.argmax(losses_at(y, z)[1])],
            "the first one tried",
        ),
        ("temperature", no_less_than_one, "half as large .* expected T = 0.503, got 1"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)
