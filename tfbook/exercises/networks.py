"""Checks for the exercises of the page *Fully connected networks*."""

import itertools
from typing import Any

import keras
import numpy as np
import pandas as pd

from tfbook import data, training
from tfbook.models import MLP

__all__ = [
    "forward",
    "honest_tests",
    "loud",
    "mlp_parameters",
    "share_left",
    "stopped",
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
    if isinstance(answer, str) or np.ndim(answer) != 0 or int(answer) != answer:
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
        return hints.get(
            int(answer), "count layer by layer: inputs times units, plus units"
        )
    return None


def share_left(answer: Any) -> str | None:
    """Check how much of the constant's error a model has left.

    Args:
        answer: A function of `predictions`, `y_train` and `y_test`, columns.

    Returns:
        `None` if it returns the ratio of the two errors, else a hint.

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
    if np.isclose(given, 20 / 3):
        return "that is the error of the predictions; divide it by that of the constant"
    if np.isclose(given, 20 / np.sum((y_train - y_train.mean()) ** 2)):
        return "the constant comes from the training rows, its error from the test rows"
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


def stopped(answer: Any) -> str | None:
    """Check an epoch that is chosen by the validation loss, and its test loss.

    Args:
        answer: A function of a history, which returns an epoch and a loss.

    Returns:
        `None` if both are right, else a hint.

    Example:
        >>> stopped(lambda history: (30, history["testing_loss"].min()))
        'chosen by the test rows, so its test loss is too good; use the validation loss'
    """
    epochs = pd.Index([10, 20, 30, 40], name="epoch")
    losses = {
        "training_loss": [9.0, 5.0, 3.0, 2.0],
        "validation_loss": [9.6, 6.2, 6.4, 8.0],
        "testing_loss": [9.5, 6.5, 6.0, 8.5],
    }
    given = answer(pd.DataFrame(losses, epochs))
    if np.shape(given) != (2,):
        return "two numbers are wanted: an epoch, and the test loss that belongs to it"
    epoch, loss = map(float, given)
    hints = {
        30: "chosen by the test rows, so its test loss is too good; use the validation "
        "loss",
        40: "there the training loss is smallest, as it nearly always is at the end",
        10: "there the losses are largest; look for the smallest",
        1: "that is the number of the row, counted from 0; return the epoch",
        6.5: "the epoch comes first, then the loss",
    }
    if epoch != 20:
        wrong = f"epoch 20 has the smallest validation loss, not {epoch:g}"
        return hints.get(epoch, wrong)
    losses_there = {
        6.0: "the epoch is right; but that test loss belongs to another epoch",
        6.2: "the epoch is right; but its validation loss was chosen for being small",
        5.0: "the epoch is right; but that is its training loss",
    }
    if loss != 6.5:
        return losses_there.get(loss, f"at epoch 20 the test loss is 6.5, not {loss:g}")
    losses = {
        "training_loss": [9.0, 5.0, 4.0, 3.0, 2.5, 2.0],
        "validation_loss": [9.6, 6.2, 6.4, 6.3, 5.1, 8.0],
        "testing_loss": [9.5, 6.6, 6.1, 5.0, 5.2, 8.5],
    }
    given = answer(pd.DataFrame(losses, pd.Index(range(50, 350, 50), name="epoch")))
    if np.shape(given) != (2,) or tuple(map(float, given)) != (250, 5.2):
        return (
            "right for a curve that falls and rises once; where it rises, and later "
            f"falls to its lowest at epoch 250, it returned {given}"
        )
    return None


def honest_tests(answer: Any) -> str | None:
    """Check which of four reported test errors are honest.

    Args:
        answer: A list of four booleans.

    Returns:
        `None` if all are right, else a hint for the first that is wrong.

    Example:
        >>> honest_tests([True, True, False, True])
        'report 1: the smallest of ten test losses was chosen, and is partly luck'
    """
    if np.shape(answer) != (4,):
        return "four answers in a list are wanted, True or False for each report"
    if np.asarray(answer).dtype.kind not in "biu":
        return "write True and False as they are, without quotes"
    hints = [
        "the smallest of ten test losses was chosen, and is partly luck",
        "the choice was made before the test rows were used at all",
        "when to stop is a choice as well, and the test rows made it",
        "nothing was chosen; a test may be honest though the model is poor",
    ]
    right = [False, True, False, True]
    for number, (given, wanted) in enumerate(zip(answer, right, strict=True)):
        if given != wanted:
            return f"report {number + 1}: {hints[number]}"
    return None


def loud(answer: Any) -> str | None:
    """Check that a network stops with an error where `MLP(4, 1)` ends at the mean.

    Args:
        answer: A width, or a list of widths, for the hidden layers.

    Returns:
        `None` if training diverges, else a hint.

    Example:
        >>> loud(4)
        'that is the network of the page, and it fails quietly; change it'
    """
    widths = [int(width) for width in np.ravel(answer)]
    if widths == [4]:
        return "that is the network of the page, and it fails quietly; change it"
    if sum(widths) > 2000:
        return "so many units take long to train; fewer will do, in several layers"
    keras.utils.set_random_seed(0)
    model = MLP(widths, 1)
    boston = data.boston_housing()
    sgd = keras.optimizers.SGD(0.01)
    try:
        history = training.train(
            model, boston.train, optimizer=sgd, epochs=200, record_every=50
        )
    except training.TrainingDiverged:
        return None
    loss = history["training_loss"].iloc[-1]
    return (
        f"no error: after 200 epochs the training loss is {loss:.4g}; try several "
        "layers, and wider ones"
    )


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
        return "no ReLU: so it is one linear layer; bend the output of hidden layers"
    if np.allclose(given, predict(weights, relu, relu)):
        return "a ReLU on the last layer too: predictions could never be negative"
    if np.allclose(given, predict(unbiased, relu, same)):
        return "the biases are missing; they are every second entry of the list"
    late = x
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        late = relu(late @ kernel) + bias
    if np.allclose(given, late @ weights[-2] + weights[-1]):
        return "the bias belongs inside: add it to the product first, then bend"
    if not np.allclose(given, predict(weights, relu, same)):
        return "the shape is right, the values are not; compare one layer at a time"
    for number, widths in {"one": [3, 5, 1], "three": [3, 4, 2, 5, 1]}.items():
        weights = network(widths)
        refusal = (
            f"right for two hidden layers, but not for {number}; loop over the pairs"
        )
        try:
            given = np.asarray(answer(x, [weight.copy() for weight in weights]))
        except (IndexError, ValueError):
            return refusal
        right = predict(weights, relu, same)
        if given.shape != (6, 1) or not np.allclose(given, right):
            return refusal
    return None
