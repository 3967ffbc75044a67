"""Inputs: the arguments of a training run, checked before anything is built."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

__all__ = ["check_batch_size", "check_fit", "check_integers", "check_model"]


def check_model(model: Any) -> None:
    """Check that something is a Keras model.

    Args:
        model: What was given.

    Raises:
        TypeError: If it is not.

    Example:
        >>> check_model(lambda x: 2 * x)
        Traceback (most recent call last):
            ...
        TypeError: train: expected a keras.Model, got function; pass for example MLP...
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"train: expected a keras.Model, got {type(model).__name__}; pass for "
            "example MLP(64, 1)"
        )


def check_integers(positive: bool, **values: Any) -> list[Any]:
    """Check that arguments are integers, and return them as Python's own.

    Args:
        positive: Whether they have to be 1 or more.
        **values: Arguments by name; `None` stays as it is.

    Returns:
        The integers, in the order of the arguments.

    Raises:
        ValueError: If one of them is not; the message names it.

    Example:
        >>> check_integers(True, epochs=np.int64(10), batch_size=8)
        [10, 8]
    """
    wanted, remedy = (
        ("a positive integer", "1 or more") if positive else ("an integer", "0 or any")
    )
    for name, value in values.items():
        if not isinstance(value, int | np.integer) or (positive and value < 1):
            raise ValueError(
                f"train: expected {name} to be {wanted}, got {value!r}; pass {remedy}"
            )
        if not -(2**63) <= value < 2**63:
            raise ValueError(
                f"train: expected {name} to fit into 64 bits, got {value!r}; pass "
                "one nearer to 0"
            )
    return [int(value) for value in values.values()]


def check_batch_size(batch_size: Any, data: Any) -> int | None:
    """Check the number of rows a step.

    Args:
        batch_size: What was given; `None` takes all rows at once.
        data: The training data.

    Returns:
        The number as Python's own, or `None`.

    Raises:
        ValueError: If it is not a positive integer, or the data are in batches.

    Example:
        >>> check_batch_size(np.int64(8), (np.ones((32, 5)), np.ones((32, 1))))
        8
    """
    if batch_size is None:
        return None
    if isinstance(data, tf.data.Dataset):
        raise ValueError(
            f"train: expected no batch_size with a dataset, got {batch_size}; the "
            f"dataset is already in batches"
        )
    return check_integers(True, batch_size=batch_size)[0]


def check_fit(model: keras.Model, x: Any, y: np.ndarray, loss: str | Callable) -> None:
    """Check that a model takes features, and that its predictions fit the targets.

    Targets of shape `(n,)` and predictions of shape `(n, 1)` would broadcast to `(n,
    n)` inside most losses, and the model would learn the mean without a word. The
    model's weights are made if they do not exist yet.

    Args:
        model: Any Keras model with one output.
        x: Features, of shape `(examples, ...)`, or several of them.
        y: Targets, of shape `(examples, ...)`.
        loss: The loss that will compare them. A name or a Keras loss asks for targets
            of the predictions' shape, a sparse one for integer labels; other functions
            for the same rank only.

    Raises:
        ValueError: If the targets do not fit the predictions; whatever the model raises
            if it cannot take `x`.

    Example:
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> check_fit(model, np.ones((4, 1)), np.ones(4), "mse")
        Traceback (most recent call last):
            ...
        ValueError: train: expected y of rank 2 like the predictions, got shape (4,);...
    """
    # Keras wraps an error from inside a model in a dump of its arguments, unless it is
    # told to leave it as it is.
    filtering = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    try:
        row = tf.nest.map_structure(lambda part: part[:1], x)
        predicted = model(row, training=False)
    finally:
        if filtering:
            keras.config.enable_traceback_filtering()
    if tf.nest.is_nested(predicted):
        raise ValueError(
            f"train: expected a model with one output, got a {type(predicted).__name__}"
            f" of {len(predicted)}; train a model of one of them, or concatenate them"
        )
    if y.ndim != len(predicted.shape):
        raise ValueError(
            f"train: expected y of rank {len(predicted.shape)} like the predictions, "
            f"got shape {y.shape}; "
            f"pass y.reshape(-1, 1)"
        )
    known_loss = isinstance(loss, str | keras.losses.Loss)
    loss_name = loss if isinstance(loss, str) else type(loss).__name__
    shape = tuple(predicted.shape[1:])
    labels = (
        "sparse" in loss_name.lower()
        and y.dtype.kind == "i"
        and y.shape[1:] == (*shape[:-1], 1)
    )
    if known_loss and not labels and y.shape[1:] != shape:
        raise ValueError(
            f"train: expected y of shape {(len(y), *shape)} like the "
            f"predictions, got {y.shape}; "
            f"give the model as many outputs as there are targets"
        )
