"""Checks for the exercises of the page *Fully connected networks*."""

import itertools
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "best_epoch",
    "constant_error",
    "forward",
    "mlp_parameters",
    "share_left",
]


def mlp_parameters(answer: Any) -> str | None:
    """Check the number of parameters of `MLP([8, 4], 1)` on 13 features.

    Args:
        answer: A whole number.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> mlp_parameters(140)
        'those are the lines of the picture; each circle they lead into has a bias too'
    """
    if not isinstance(answer, int):
        return "a count is a whole number, such as 61"
    hints = {
        140: "those are the lines of the picture; each circle they lead into has a "
        "bias too",
        148: "the last layer is missing: 4 weights and a bias lead to the prediction",
        152: "one short: the prediction has a bias too",
        166: "the features have no bias; they are given, and not computed",
        121: "that is one hidden layer of 8 units; a second one, of 4, follows it",
    }
    if answer != 153:
        return hints.get(answer, "count layer by layer: inputs times units, plus units")
    return None


def constant_error(answer: Any) -> str | None:
    """Check the test error of predicting the mean of the training targets.

    Args:
        answer: A function of `y_train` and `y_test`, columns.

    Returns:
        `None` if it gives the mean squared error, else a hint.

    Example:
        >>> constant_error(lambda y_train, y_test: np.var(y_test))
        'that is the variance of the test targets; their mean is not known in advance'
    """
    y_train, y_test = np.array([[2.0], [3.0], [10.0]]), np.array([[1.0], [6.0]])
    given = np.asarray(answer(y_train, y_test), dtype=np.float64)
    if given.shape != ():
        return f"expected one number, got the shape {given.shape}"
    if np.isclose(given, 8.5):
        return None
    hints = {
        6.25: "that is the variance of the test targets; their mean is not known in "
        "advance",
        38
        / 3: "that is the variance of the training targets; measure on the test rows",
        6.5: "that is the error of the training median; take the mean of the targets",
        17: "that is the sum over the test rows; take the mean",
        np.sqrt(8.5): "that is the root; the mean squared error has no root",
        2.5: "that is the mean absolute error; square the differences",
    }
    for wrong, hint in hints.items():
        if np.isclose(given, wrong):
            return hint
    return f"training targets 2, 3, 10 and test targets 1, 6 give 8.5, got {given:.4g}"


def share_left(answer: Any) -> str | None:
    """Check how much of the constant's error a model has left.

    Args:
        answer: A function of `predictions`, `y_train` and `y_test`, columns.

    Returns:
        `None` if it gives the ratio of the two errors, else a hint.

    Example:
        >>> share_left(lambda predictions, y_train, y_test: 0.0)
        'a model that predicts the training mean has all of the error left, 1, not 0'
    """
    y_train, y_test = np.array([[2.0], [3.0], [10.0]]), np.array([[3.0], [5.0], [9.0]])

    def share(predictions: list[float]) -> np.ndarray:
        column = np.array(predictions)[:, None]
        return np.asarray(answer(column, y_train, y_test), dtype=np.float64)

    given = share([5.0, 5.0, 5.0])
    if given.shape != ():
        return f"expected one number, got the shape {given.shape}"
    if np.isclose(given, 20 / np.sum((y_test - y_test.mean()) ** 2)):
        return "measured against the mean of the test rows; take that of the training"
    if not np.isclose(given, 1):
        return (
            "a model that predicts the training mean has all of the error left, 1, not "
            f"{given:.4g}"
        )
    given = share([3.0, 5.0, 9.0])
    if np.isclose(given, 1):
        return "perfect predictions leave nothing, 0, and got 1; use the predictions"
    if not np.isclose(given, 0):
        return f"perfect predictions leave nothing, 0, and got {given:.4g}"
    given = share([1.0, 1.0, 3.0])
    if np.isclose(given, np.sqrt(2.8)):
        return "that is the ratio of the roots; take the ratio of the squared errors"
    if np.isclose(given, 2):
        return "that is a ratio of absolute errors; square them first"
    if np.isclose(given, 1 / 2.8):
        return "upside down: the model's error goes on top"
    if not np.isclose(given, 2.8):
        return f"errors of 56 and 20 in sum have the ratio 2.8, and got {given:.4g}"
    return None


def best_epoch(answer: Any) -> str | None:
    """Check the epoch in which the testing loss was smallest.

    Args:
        answer: A function of a history, as `training.train` returns it.

    Returns:
        `None` if it gives the epoch, else a hint.

    Example:
        >>> best_epoch(lambda history: history["testing_loss"].min())
        'that is the loss; the epoch stands beside it, in the index'
    """
    epochs = pd.Index([10, 20, 30, 40], name="epoch")
    losses = {
        "training_loss": [9.0, 5.0, 3.0, 2.0],
        "testing_loss": [9.5, 6.0, 7.0, 8.0],
    }
    given = np.asarray(answer(pd.DataFrame(losses, epochs)))
    if given.shape != ():
        return f"expected one epoch, got the shape {given.shape}"
    hints = {
        6: "that is the loss; the epoch stands beside it, in the index",
        1: "that is the number of the row, counted from 0; give the epoch",
        40: "there the training loss is smallest; look at the testing loss",
        10: "there the testing loss is largest; look for the smallest",
    }
    if given.item() != 20:
        return hints.get(given.item(), f"epoch 20 had the smallest loss, not {given}")
    return None


def forward(answer: Any) -> str | None:
    """Check a multilayer perceptron with ReLU in NumPy.

    Args:
        answer: A function of `x` and `weights`, a list of kernels and biases in turn.

    Returns:
        `None` if it predicts as the network does, else a hint.

    Example:
        >>> forward(lambda x, weights: x @ weights[0] + weights[1])
        'expected predictions of shape (6, 1), got (6, 4); go through all layers'
    """
    rng = np.random.default_rng(0)

    def network(widths: list[int]) -> list[np.ndarray]:
        pairs = itertools.pairwise(widths)
        shapes = [shape for m, u in pairs for shape in ((m, u), (u,))]
        return [rng.standard_normal(shape) for shape in shapes]

    def predict(weights: list[np.ndarray], bend: Any, last: Any) -> np.ndarray:
        hidden = x
        for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            hidden = bend(hidden @ kernel + bias)
        return last(hidden @ weights[-2] + weights[-1])

    def relu(z: np.ndarray) -> np.ndarray:
        return np.maximum(z, 0)

    def same(z: np.ndarray) -> np.ndarray:
        return z

    x = rng.standard_normal((6, 3))
    weights = network([3, 4, 4, 1])
    unbiased = [w if w.ndim == 2 else 0 * w for w in weights]
    given = np.asarray(answer(x, [weight.copy() for weight in weights]))
    if given.shape != (6, 1):
        return (
            f"expected predictions of shape (6, 1), got {given.shape}; go through all "
            "layers"
        )
    if np.allclose(given, predict(weights, same, same)):
        return "no ReLU: so it is one linear layer; bend what each hidden layer gives"
    if np.allclose(given, predict(weights, relu, relu)):
        return "a ReLU on the last layer too: predictions could never be negative"
    if np.allclose(given, predict(unbiased, relu, same)):
        return "the biases are missing; they are every second entry of the list"
    if not np.allclose(given, predict(weights, relu, same)):
        return "the shape is right, the values are not; compare one layer at a time"
    shallow = network([3, 5, 1])
    if not np.allclose(answer(x, shallow), predict(shallow, relu, same)):
        return "right for two hidden layers, but not for one; loop over the pairs"
    return None
