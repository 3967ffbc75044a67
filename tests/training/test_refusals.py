"""What is refused before anything moves, in one line; and what is taken beside it."""

from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tfbook.training import train
from tfbook.training.frozen import frozen

X = np.linspace(-1, 1, 12, dtype="float32").reshape(6, 2)
Y = X[:, :1]


def linear(**settings: Any) -> keras.Model:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, **settings)])
    model.layers[0].kernel.assign([[1.0], [2.0]])
    return model


def refused(message: str, error: type = ValueError, **changes: Any) -> None:
    """Check that a call is refused in one line, and that the weights stay."""
    model = changes.pop("model", None) or linear()
    before = model.get_weights()
    arguments = {"train_data": (X, Y), "epochs": 2, "optimizer": "sgd"} | changes
    with pytest.raises(error, match=message) as caught:
        train(model, **arguments)
    assert "\n" not in str(caught.value)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def nothing(y_true, y_pred):
    return y_pred[:, 7]


def no_gradient(y_true, y_pred):
    return tf.reduce_mean(y_true)


def long_story(y_true, y_pred):
    raise ValueError("no " * 200)


class Unreduced(keras.losses.Loss):
    """A loss that hands over a matrix whatever its reduction."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        return tf.square(y_true - y_pred)


class OneValuePerRow(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return tf.square(y_true - y_pred)


class Odd(keras.metrics.Metric):
    def update_state(self, y_true, y_pred, sample_weight=None):
        raise ValueError("odd shapes\nand more lines")

    def result(self):
        return 0.0


MASKED = np.ma.array(X, mask=X > 0.9)
REFUSALS = {
    "metrics that are no list": (
        {"metrics": 3},
        "^metrics: expected a list",
        TypeError,
    ),
    "metric of no such name": ({"metrics": ["acuracy"]}, "'accuracy'", ValueError),
    "metric that is a class": (
        {"metrics": [keras.metrics.AUC]},
        "^metrics: expected names, functions",
        TypeError,
    ),
    "metric that cannot measure": (
        {"metrics": [Odd()]},
        "^metrics: expected metrics of the model's outputs, got odd shapes; ",
        ValueError,
    ),
    "masked entries": (
        {"train_data": (MASKED, Y)},
        "no masked entries in .*, got 1 of them",
        ValueError,
    ),
    "ragged rows": (
        {"train_data": (tf.ragged.constant([[1.0], [1.0, 2.0]]), Y[:2])},
        "same length in .*, got a RaggedTensor",
        ValueError,
    ),
    "sparse rows": (
        {"train_data": (tf.sparse.from_dense(X), Y)},
        "got a SparseTensor",
        ValueError,
    ),
    "lists of several lengths": (
        {"train_data": ([[1.0, 2.0], [3.0]], Y[:2])},
        "^train_data: expected",
        ValueError,
    ),
    "dates": (
        {"train_data": (np.array(["2020-01-01"] * 6, "datetime64[D]"), Y)},
        "expected numbers or strings in .*, got datetime64",
        ValueError,
    ),
    "numbers that are too large": (
        {"train_data": (X.astype("float64") + 1e300, Y)},
        "expected numbers that float32 can hold",
        ValueError,
    ),
    "one number": (
        {"train_data": (np.float32(1), Y)},
        "expected one row or more",
        ValueError,
    ),
    "a table of dates": (
        {
            "train_data": (
                pd.DataFrame({"a": pd.to_datetime(["2020-01-01"] * 6), "b": "c"}),
                Y,
            )
        },
        "^train_data: expected",
        ValueError,
    ),
    "steps with arrays": (
        {"steps_per_epoch": 2},
        "^train_data: expected batches with steps_per_epoch, got arrays",
        ValueError,
    ),
    "no data": ({"train_data": None}, "^train_data: expected a pair", ValueError),
    "loss that fails": (
        {"loss": nothing},
        r"^loss: expected a function .*for targets and predictions of shapes \(6, 1\)",
        ValueError,
    ),
    "loss that fails at length": ({"loss": long_story}, r"no \.\.\.\) for", ValueError),
    "loss without a gradient": (
        {"loss": no_gradient},
        "got no gradient; compute it from y_pred",
        ValueError,
    ),
    "loss that is a matrix": (
        {"loss": Unreduced()},
        r"^loss: expected one that reduces .* got one of shape \(6, 1\)",
        ValueError,
    ),
    "own loss object with targets of another rank": (
        {"loss": OneValuePerRow(), "train_data": (X, Y[:, 0])},
        r"^train_data: expected y of rank 2 .*; pass y\[\.\.\., None\]",
        ValueError,
    ),
    "one class": (
        {"loss": "categorical_crossentropy"},
        "^train_data: expected one output per class",
        ValueError,
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_it_is_refused_in_one_line_and_nothing_moves(name):
    changes, message, error = REFUSALS[name]
    refused(message, error, **changes)


def test_a_model_with_nothing_to_train_is_refused():
    message = "^train: expected a model with weights to train"
    refused(message, model=linear(trainable=False))


def test_strings_with_xla_are_refused():
    strings = keras.Sequential(
        [
            keras.Input((1,), dtype="string"),
            keras.layers.StringLookup(vocabulary=["a"]),
            keras.layers.Embedding(3, 1),
            keras.layers.Flatten(),
        ]
    )
    data = (np.array([["a"]] * 6, object), Y)
    message = "^train_data: expected numbers with jit_compile=True, got strings"
    refused(message, model=strings, train_data=data, jit_compile=True)


def test_another_backend_of_keras_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(
        ValueError, match="expected Keras to run on TensorFlow, got 'ja"
    ):
        train(linear(), (X, Y), optimizer="sgd", epochs=1)


def test_an_optimizer_of_some_other_weights_is_refused():
    optimizer = keras.optimizers.SGD()
    optimizer.build(linear().trainable_variables)
    refused("^optimizer: expected one that is new or was built", optimizer=optimizer)


class NoCall(keras.Model):
    """A model that only holds weights."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = self.add_weight(shape=(2, 1), initializer="ones")


def test_a_model_without_a_call_is_for_a_step_of_ones_own():
    def step(model, optimizer, loss, x, y):
        with tf.GradientTape() as tape:
            value = loss(y, x @ model.kernel)
        optimizer.apply(tape.gradient(value, [model.kernel.value]), [model.kernel])
        return value

    history = train(NoCall(), (X, Y), optimizer="sgd", epochs=50, step=step)
    losses = history["training_loss"]
    assert losses.iloc[-1] < losses.iloc[0] / 2
    with pytest.raises((NotImplementedError, ValueError), match="call"):
        train(NoCall(), (X, Y), optimizer="sgd", epochs=1)


class OfTorch:
    """A tensor of PyTorch's, as far as one looks at it."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def detach(self) -> "OfTorch":
        return self

    def numpy(self) -> np.ndarray:
        return self.values


TAKEN = {
    "tensor of PyTorch's": lambda: (OfTorch(X), OfTorch(Y)),
    "mask without entries": lambda: (np.ma.array(X), Y),
    "table of two types": lambda: (
        pd.DataFrame({"a": X[:, 0], "b": pd.array(X[:, 1], "Float64")}),
        Y,
    ),
    "lists": lambda: (X.tolist(), Y.tolist()),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_holds_the_same_numbers_trains_the_same(name):
    ends = []
    for data in ((X, Y), TAKEN[name]()):
        model = linear()
        train(model, data, optimizer="sgd", epochs=3)
        ends.append(model.get_weights())
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_settings_are_frozen_by_value_and_objects_by_identity():
    held: list = []
    array = np.arange(3)
    one = frozen({"a": [np.float32(1), (array,)]}, held)
    assert one == frozen({"a": [np.float32(1), (array,)]}, held)
    assert held[0] is array
    array += 1
    assert one != frozen({"a": [np.float32(1), (array,)]}, held)
    assert frozen([1], held) != frozen((1,), held)
    assert frozen(1, held) != frozen(1.0, held)
