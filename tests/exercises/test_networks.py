"""Answers to the exercises of the page *Fully connected networks*, right and wrong."""

import numpy as np
import pytest
import tensorflow as tf

from tfbook import exercises
from tfbook.models import MLP


def share_left(predictions, y_train, y_test):
    error = np.mean((predictions - y_test) ** 2)
    return error / np.mean((y_test - y_train.mean()) ** 2)


def stopped(history):
    epoch = history["validation_loss"].idxmin()
    return epoch, history.loc[epoch, "testing_loss"]


def by_the_test_rows(history):
    return history["testing_loss"].idxmin(), history["testing_loss"].min()


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


def emptying(x, weights):
    bias, kernel = weights.pop(), weights.pop()
    while weights:
        x = np.maximum(x @ weights.pop(0) + weights.pop(0), 0)
    return x @ kernel + bias


def two_hidden_layers(x, weights):
    for number in (0, 2):
        x = np.maximum(x @ weights[number] + weights[number + 1], 0)
    return x @ weights[4] + weights[5]


def bias_behind_the_bend(x, weights):
    for number in range(0, len(weights) - 2, 2):
        x = np.maximum(x @ weights[number], 0) + weights[number + 1]
    return x @ weights[-2] + weights[-1]


def at_the_first_rise(history):
    row = int((history["validation_loss"].diff() > 0).argmax()) - 1
    return history.index[row], history["testing_loss"].iloc[row]


def one_or_two_hidden_layers(x, weights):
    hidden = np.maximum(x @ weights[0] + weights[1], 0)
    if len(weights) > 4:
        hidden = np.maximum(hidden @ weights[2] + weights[3], 0)
    return hidden @ weights[-2] + weights[-1]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("mlp_parameters", 153),
        ("mlp_parameters", 153.0),
        ("mlp_parameters", np.array(153)),
        ("mlp_parameters", tf.constant(153)),
        ("honest_tests", tf.constant([False, True, False, True])),
        ("forward", emptying),
        ("share_left", share_left),
        ("stopped", stopped),
        ("stopped", lambda h: list(stopped(h))),
        ("honest_tests", [False, True, False, True]),
        ("honest_tests", np.array([False, True, False, True])),
        ("loud", [64, 64]),
        ("loud", (32, 32, 32)),
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
        ("stopped", lambda history: (20, 6.5), "lowest at epoch 250"),
        ("stopped", at_the_first_rise, "lowest at epoch 250"),
        ("forward", one_or_two_hidden_layers, "but not for three"),
        ("mlp_parameters", 140, "the lines of the picture"),
        ("mlp_parameters", 148, "last layer is missing"),
        ("mlp_parameters", 152, "one short"),
        ("mlp_parameters", 166, "no bias"),
        ("mlp_parameters", 121, "a second one"),
        ("mlp_parameters", 12, "layer by layer"),
        ("mlp_parameters", "153", "whole number"),
        ("mlp_parameters", [153], "whole number"),
        ("mlp_parameters", 152.5, "whole number"),
        ("share_left", lambda p, a, b: np.mean((p - b) ** 2), "divide it"),
        (
            "share_left",
            lambda p, a, b: np.mean((p - b) ** 2) / a.var(),
            "its error from the test rows",
        ),
        ("honest_tests", ["False", "True", "False", "True"], "without quotes"),
        ("forward", two_hidden_layers, "not for one"),
        ("forward", bias_behind_the_bend, "first, then bend"),
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
        ("stopped", lambda h: h["validation_loss"].idxmin(), "two numbers"),
        ("stopped", by_the_test_rows, "chosen by the test rows"),
        ("stopped", lambda h: (40, 8.5), "training loss is smallest"),
        ("stopped", lambda h: (10, 9.5), "largest"),
        ("stopped", lambda h: (1, 6.5), "number of the row"),
        ("stopped", lambda h: stopped(h)[::-1], "epoch comes first"),
        ("stopped", lambda h: (25, 6.5), "not 25"),
        ("stopped", lambda h: (20, h["testing_loss"].min()), "another epoch"),
        (
            "stopped",
            lambda h: (20, h["validation_loss"].min()),
            "chosen for being small",
        ),
        ("stopped", lambda h: (20, h.loc[20, "training_loss"]), "its training loss"),
        ("stopped", lambda h: (20, 7.0), "6.5, not 7"),
        ("honest_tests", [False, True], "four answers"),
        ("honest_tests", [True, True, False, True], "report 1: the smallest"),
        ("honest_tests", [False, False, False, True], "report 2: .* before"),
        ("honest_tests", [False, True, True, True], "report 3: when to stop"),
        ("honest_tests", [False, True, False, False], "report 4: nothing"),
        ("loud", 4, "network of the page"),
        ("loud", [4], "network of the page"),
        ("loud", 5000, "fewer will do"),
        ("loud", 1, "no error: .* try several layers"),
        ("loud", [1, 1], "no error: .* and wider ones"),
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
