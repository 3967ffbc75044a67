"""Answers to the exercises of the page *Fully connected networks*, right and wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises
from tfbook.models import MLP


def constant_error(y_train, y_test):
    return np.mean((y_test - y_train.mean()) ** 2)


def share_left(predictions, y_train, y_test):
    error = np.mean((predictions - y_test) ** 2)
    return error / constant_error(y_train, y_test)


def share_of_variance(predictions, y_train, y_test):
    return np.mean((predictions - y_test) ** 2) / y_test.var()


def share_of_absolutes(predictions, y_train, y_test):
    constant = np.mean(abs(y_test - y_train.mean()))
    return np.mean(abs(predictions - y_test)) / constant


def upside_down(predictions, y_train, y_test):
    with np.errstate(divide="ignore"):
        ratio = 1 / share_left(predictions, y_train, y_test)
    return ratio if np.isfinite(ratio) else 0.0


def forward(x, weights):
    *hidden, kernel, bias = weights
    for number in range(0, len(hidden), 2):
        x = np.maximum(x @ hidden[number] + hidden[number + 1], 0)
    return x @ kernel + bias


def keras_forward(x, weights):
    model = MLP([kernel.shape[1] for kernel in weights[:-2:2]], 1)
    model.build(x.shape)
    model.set_weights(weights)
    return model(x.astype(np.float32))


def without_bend(x, weights):
    for number in range(0, len(weights), 2):
        x = x @ weights[number] + weights[number + 1]
    return x


def bent_to_the_end(x, weights):
    return np.maximum(forward(x, weights), 0)


def two_layers_only(x, weights):
    hidden = np.maximum(x @ weights[0] + weights[1], 0)
    if len(weights) > 4:
        hidden = np.maximum(hidden @ weights[2] + weights[3], 0)
        return hidden @ weights[4] + weights[5]
    return hidden @ weights[2]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("mlp_parameters", 153),
        ("constant_error", constant_error),
        ("share_left", share_left),
        ("best_epoch", lambda history: history["testing_loss"].idxmin()),
        (
            "best_epoch",
            lambda history: history.index[np.argmin(history["testing_loss"])],
        ),
        ("forward", forward),
        ("forward", keras_forward),
    ],
)
def test_a_right_answer_passes(name, answer):
    assert exercises.hint(name, answer) is None


def test_the_parameters_are_counted_right():
    model = MLP([8, 4], 1)
    model(tf.zeros((1, 13)))
    assert exercises.hint("mlp_parameters", model.count_params()) is None


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("mlp_parameters", 140, "the lines of the picture"),
        ("mlp_parameters", 148, "last layer is missing"),
        ("mlp_parameters", 152, "one short"),
        ("mlp_parameters", 166, "no bias"),
        ("mlp_parameters", 121, "a second one"),
        ("mlp_parameters", 12, "layer by layer"),
        ("mlp_parameters", "153", "whole number"),
        ("constant_error", lambda a, b: np.var(b), "variance of the test"),
        ("constant_error", lambda a, b: np.var(a), "variance of the training"),
        (
            "constant_error",
            lambda a, b: np.mean((b - np.median(a)) ** 2),
            "training median",
        ),
        ("constant_error", lambda a, b: np.sum((b - a.mean()) ** 2), "the sum"),
        ("constant_error", lambda a, b: constant_error(a, b) ** 0.5, "the root"),
        ("constant_error", lambda a, b: np.mean(abs(b - a.mean())), "absolute"),
        ("constant_error", lambda a, b: 0.0, "give 8.5, got 0"),
        ("constant_error", lambda a, b: b, r"got the shape \(2, 1\)"),
        ("share_left", share_of_variance, "mean of the test rows"),
        ("share_left", lambda p, a, b: 1 - share_left(p, a, b), "1, not 0"),
        ("share_left", lambda p, a, b: 1.0, "use the predictions"),
        ("share_left", lambda p, a, b: share_left(p, a, b) ** 0.5, "the roots"),
        ("share_left", share_of_absolutes, "absolute errors"),
        ("share_left", upside_down, "upside down"),
        ("share_left", lambda p, a, b: share_left(p, a, b) ** 2, "got 7.84"),
        ("share_left", lambda p, a, b: p, r"got the shape \(3, 1\)"),
        (
            "share_left",
            lambda p, a, b: share_left(p, a, b) / 2 + 0.5,
            "nothing, 0, and got 0.5",
        ),
        ("best_epoch", lambda h: h["testing_loss"].min(), "that is the loss"),
        ("best_epoch", lambda h: np.argmin(h["testing_loss"]), "number of the row"),
        ("best_epoch", lambda h: h["training_loss"].idxmin(), "training loss"),
        ("best_epoch", lambda h: h["testing_loss"].idxmax(), "largest"),
        ("best_epoch", lambda h: 30, "not 30"),
        ("best_epoch", lambda h: h.idxmin(), r"got the shape \(2,\)"),
        ("forward", without_bend, "no ReLU"),
        ("forward", bent_to_the_end, "last layer too"),
        (
            "forward",
            lambda x, w: forward(x, [v if v.ndim > 1 else 0 * v for v in w]),
            "biases are missing",
        ),
        ("forward", lambda x, w: x @ w[0], r"got \(6, 4\)"),
        ("forward", lambda x, w: x[:, :1], "one layer at a time"),
        ("forward", two_layers_only, "not for one"),
    ],
)
def test_a_wrong_answer_gets_its_own_hint(name, answer, hint, assert_hint):
    assert_hint(name, answer, hint)
