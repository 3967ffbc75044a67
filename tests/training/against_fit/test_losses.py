"""Every loss of Keras, as an object, a function and a name, as with `fit`."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import losses

ROWS, WIDTH = 8, 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 4)).astype("float32")
REAL = RNG.normal(size=(ROWS, WIDTH)).astype("float32")
SIGNS = np.sign(REAL)
BITS = (REAL > 0).astype("float32")
LABELS = RNG.integers(0, WIDTH, ROWS)
ONE_HOT = np.eye(WIDTH, dtype="float32")[LABELS]

# Each loss, with its function, the activation that it wants and targets for it.
LOSSES: dict[str, tuple[Any, str | None, np.ndarray]] = {
    "BinaryCrossentropy": (losses.binary_crossentropy, "sigmoid", BITS),
    "BinaryFocalCrossentropy": (losses.binary_focal_crossentropy, "sigmoid", BITS),
    "CategoricalCrossentropy": (losses.categorical_crossentropy, "softmax", ONE_HOT),
    "CategoricalFocalCrossentropy": (
        losses.categorical_focal_crossentropy,
        "softmax",
        ONE_HOT,
    ),
    "CategoricalGeneralizedCrossEntropy": (
        lambda y, p: losses.categorical_generalized_cross_entropy(y, p, 0.7),
        "softmax",
        LABELS,
    ),
    "CategoricalHinge": (losses.categorical_hinge, "softmax", ONE_HOT),
    "Circle": (losses.circle, None, LABELS),
    "CosineSimilarity": (losses.cosine_similarity, None, REAL),
    "Dice": (losses.dice, "sigmoid", BITS),
    "Hinge": (losses.hinge, "tanh", SIGNS),
    "Huber": (losses.huber, None, REAL),
    "KLDivergence": (losses.kl_divergence, "softmax", ONE_HOT),
    "LogCosh": (losses.log_cosh, None, REAL),
    "MeanAbsoluteError": (losses.mean_absolute_error, None, REAL),
    "MeanAbsolutePercentageError": (
        losses.mean_absolute_percentage_error,
        None,
        REAL + 5,
    ),
    "MeanSquaredError": (losses.mean_squared_error, None, REAL),
    "MeanSquaredLogarithmicError": (
        losses.mean_squared_logarithmic_error,
        "sigmoid",
        np.abs(REAL),
    ),
    "Poisson": (losses.poisson, "softplus", BITS),
    "SparseCategoricalCrossentropy": (
        losses.sparse_categorical_crossentropy,
        "softmax",
        LABELS,
    ),
    "SquaredHinge": (losses.squared_hinge, "tanh", SIGNS),
    "Tversky": (losses.tversky, "sigmoid", BITS),
}


NO_NAME = {"CategoricalGeneralizedCrossEntropy"}  # that Keras knows


def dense(activation: str | None) -> Any:
    return lambda: keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(WIDTH, activation)]
    )


def one_output_each() -> keras.Model:
    """Make a model with an output for every loss: one training tries them all."""
    x = keras.Input((4,))
    outputs = {
        name: keras.layers.Dense(WIDTH, activation, name=name)(x)
        for name, (_, activation, _) in LOSSES.items()
    }
    return keras.Model(x, outputs)


def targets() -> dict[str, np.ndarray]:
    return {name: y for name, (_, _, y) in LOSSES.items()}


def test_the_table_has_every_loss_of_keras():
    known = {
        name
        for name in dir(losses)
        if isinstance(getattr(losses, name), type) and name not in ("Loss", "CTC")
    }
    assert known == set(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_as_an_object_is_that_of_fit(same_as_fit, name):
    _, activation, y = LOSSES[name]
    same_as_fit(dense(activation), (X, y), loss=getattr(losses, name)(), batch_size=4)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_as_a_function_is_that_of_fit(same_as_fit, name):
    function, activation, y = LOSSES[name]
    same_as_fit(dense(activation), (X, y), loss=function, epochs=2)


@pytest.mark.parametrize("form", ["name", "object that adds up"])
def test_losses_of_many_outputs_are_those_of_fit(same_as_fit, form):
    chosen = {name: getattr(losses, name)() for name in LOSSES}
    for name, loss in chosen.items():
        if form == "object that adds up":
            chosen[name] = getattr(losses, name)(reduction="sum")
        elif name not in NO_NAME:
            chosen[name] = {"Huber": "huber"}.get(name, loss.name)
    same_as_fit(one_output_each, (X, targets()), loss=chosen, batch_size=4, rtol=1e-4)


@pytest.mark.parametrize("reduction", ["sum", "mean", "mean_with_sample_weight"])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_a_reduction_is_that_of_fit(same_as_fit, reduction, weighted):
    weights = (np.arange(ROWS, dtype="float32"),) if weighted else ()
    loss = losses.MeanSquaredError(reduction=reduction)
    same_as_fit(dense(None), (X, REAL, *weights), loss=loss, batch_size=3)


def mean_cube(y_true: Any, y_pred: Any) -> Any:
    return keras.ops.mean(keras.ops.abs(y_true - y_pred) ** 3, axis=-1)


class Cube(losses.Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return mean_cube(y_true, y_pred)


OWN = {
    "function of rows": mean_cube,
    "function of the batch": lambda y, p: keras.ops.mean((y - p) ** 4),
    "class": Cube(),
    "class that adds up": Cube(reduction="sum"),
    "object with settings": losses.Huber(delta=0.3),
    "smoothed labels": losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.2),
}


@pytest.mark.parametrize("name", OWN)
def test_a_loss_of_ones_own_is_that_of_fit(same_as_fit, name):
    y = BITS if name == "smoothed labels" else REAL
    same_as_fit(dense(None), (X, y), loss=OWN[name], batch_size=3)


@pytest.mark.parametrize("form", ["object", "function"])
def test_a_loss_of_sequences_is_that_of_fit(same_as_fit, form):
    def make() -> keras.Model:
        layers = [keras.Input((6, 3)), keras.layers.Dense(5, "softmax")]
        return keras.Sequential(layers)

    x = RNG.normal(size=(ROWS, 6, 3)).astype("float32")
    y = RNG.integers(1, 5, (ROWS, 2))
    loss = losses.CTC() if form == "object" else losses.ctc
    same_as_fit(make, (x, y), loss=loss, batch_size=4)


def test_labels_that_are_not_counted_are_those_of_fit(same_as_fit):
    y = np.where(np.arange(ROWS) % 3 == 0, -1, LABELS)
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    same_as_fit(dense("softmax"), (X, y), loss=loss, batch_size=4)
