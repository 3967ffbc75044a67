"""Inputs: what is given to a training run, looked up, checked and made ready.

What cannot work is refused here, in one line, before anything has been built.
"""

import difflib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

__all__ = ["as_arrays", "check_dataset", "check_fit", "get_loss", "get_optimizer"]


def as_arrays(name: str, data: Any) -> tuple[np.ndarray, np.ndarray]:
    """Check a pair of features and targets, and make it ready for training.

    Args:
        name: What to call the data in an error.
        data: A pair `(x, y)` of arrays, DataFrames or lists, with as many rows of the
            one as of the other; or a dataset, of which the first batch is returned as
            it is.

    Returns:
        The features as float32; the targets as float32, or as int32 where they were
        integers that it can hold, as labels are.

    Raises:
        ValueError: If the data are not a pair, are empty, hold text, NaN or infinity,
            or differ in rows.

    Example:
        >>> x, y = as_arrays("train_data", ([[1, 2], [3, 4]], [[0], [1]]))
        >>> x.dtype, y.dtype
        (dtype('float32'), dtype('int32'))
    """
    if isinstance(data, tf.data.Dataset):
        return check_dataset(name, data)
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise ValueError(
            f"{name}: expected a pair (x, y) of arrays, got {type(data).__name__}; "
            "pass (x_train, y_train)"
        )
    x, y = (np.asarray(array) for array in data)
    for label, array in (("x", x), ("y", y)):
        if array.dtype.kind not in "buif":
            raise ValueError(
                f"{name}: expected numbers in {label}, got {array.dtype}; encode text "
                "and dates as numbers first"
            )
        if array.ndim == 0 or array.size == 0:
            raise ValueError(
                f"{name}: expected one row or more in {label}, got shape "
                f"{array.shape}; "
                f"pass an array with a first axis of examples"
            )
        if not np.isfinite(array).all():
            raise ValueError(
                f"{name}: expected finite numbers in {label}, got NaN or infinity in "
                f"{np.count_nonzero(~np.isfinite(array))} of {array.size} places; drop "
                "or fill those rows first"
            )
    if len(x) != len(y):
        raise ValueError(
            f"{name}: expected as many rows in x as in y, got {len(x)} and {len(y)}; "
            f"pass features and targets of the same examples"
        )
    # An integer that int32 cannot hold would wrap around without a word.
    fits = y.dtype.kind in "ui" and np.array_equal(y, y.astype(np.int32))
    return x.astype(np.float32), y.astype(np.int32 if fits else np.float32)


def check_dataset(name: str, dataset: tf.data.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Check a dataset of batches, and return its first one.

    Args:
        name: What to call the dataset in an error.
        dataset: Batches `(x, y)`. It is read through once an epoch, so it has an end.

    Returns:
        The features and the targets of the first batch.

    Raises:
        ValueError: If its elements are not pairs, or it is empty or without end.

    Example:
        >>> rows = tf.ones((4, 2)), tf.ones((4, 1))
        >>> dataset = tf.data.Dataset.from_tensor_slices(rows).batch(3)
        >>> x, y = check_dataset("train_data", dataset)
        >>> x.shape, y.shape
        ((3, 2), (3, 1))
    """
    spec = dataset.element_spec
    if not isinstance(spec, tuple) or len(spec) != 2:
        raise ValueError(
            f"{name}: expected a dataset of pairs (x, y), got elements {spec}; "
            f"zip features and targets"
        )
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            f"{name}: expected a dataset with an end, got one that repeats for ever; "
            f"say what an epoch is with dataset.take(number_of_batches)"
        )
    for x, y in dataset.take(1):
        return np.asarray(x), np.asarray(y)
    raise ValueError(
        f"{name}: expected one batch or more, got an empty dataset; check its source"
    )


def check_fit(
    model: keras.Model, x: np.ndarray, y: np.ndarray, loss: str | Callable
) -> None:
    """Check that a model takes features, and that its predictions fit the targets.

    Targets of shape `(n,)` and predictions of shape `(n, 1)` would broadcast to `(n,
    n)` inside most losses, and the model would learn the mean without a word. The
    model's weights are made if they do not exist yet.

    Args:
        model: Any Keras model with one input.
        x: Features, of shape `(examples, ...)`.
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
        predicted_shape = model(x[:1], training=False).shape
    finally:
        if filtering:
            keras.config.enable_traceback_filtering()
    if y.ndim != len(predicted_shape):
        raise ValueError(
            f"train: expected y of rank {len(predicted_shape)} like the predictions, "
            f"got shape {y.shape}; "
            f"pass y.reshape(-1, 1)"
        )
    known_loss = isinstance(loss, str | keras.losses.Loss)
    loss_name = loss if isinstance(loss, str) else type(loss).__name__
    labels = (
        "sparse" in loss_name.lower()
        and y.dtype.kind == "i"
        and y.shape[1:] == (*predicted_shape[1:-1], 1)
    )
    if known_loss and not labels and y.shape[1:] != tuple(predicted_shape[1:]):
        raise ValueError(
            f"train: expected y of shape {(len(y), *predicted_shape[1:])} like the "
            f"predictions, got {y.shape}; "
            f"give the model as many outputs as there are targets"
        )


def get_optimizer(identifier: Any) -> Any:
    """Look an optimizer up.

    Args:
        identifier: A Keras optimizer, the name of one, or any object that has, like
            those, the methods `build(variables)`, `apply(gradients, variables)` and
            `get_config()`, and a list `variables`.

    Returns:
        The optimizer.

    Raises:
        ValueError: If there is none of that name; the message gives the nearest one.
        TypeError: If it is neither an optimizer nor a name.

    Example:
        >>> type(get_optimizer("sgd")).__name__
        'SGD'
    """
    parts = ("build", "apply", "variables", "get_config")
    if not isinstance(identifier, str | type) and all(
        hasattr(identifier, part) for part in parts
    ):
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(
            f"optimizer: expected a Keras optimizer or its name, got {identifier!r}; "
            f"pass for example keras.optimizers.SGD(learning_rate=0.01)"
        )
    try:
        return keras.optimizers.get(identifier)
    except ValueError:
        names = [name.lower() for name in dir(keras.optimizers) if name[0].isupper()]
        (nearest,) = difflib.get_close_matches(identifier.lower(), names, n=1, cutoff=0)
        raise ValueError(
            f"optimizer: expected the name of a Keras optimizer, got {identifier!r}; "
            f"did you mean {nearest!r}?"
        ) from None


def get_loss(identifier: str | Callable) -> Callable:
    """Look a loss up.

    Args:
        identifier: A function `(y_true, y_pred)` that gives one number, or one an
            example; or a name that Keras knows.

    Returns:
        The function.

    Raises:
        ValueError: If Keras knows no loss of that name; the message gives the nearest
            one.
        TypeError: If it is neither callable nor a name.

    Example:
        >>> get_loss("mse") is keras.losses.mean_squared_error
        True
    """
    if callable(identifier):
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(
            "loss: expected a function (y_true, y_pred) or a name, got "
            f"{identifier!r}; pass for example 'mse'"
        )
    try:
        return keras.losses.get(identifier)
    except ValueError:
        names = ["mse", "mae", *(name for name in dir(keras.losses) if "_" in name)]
        (nearest,) = difflib.get_close_matches(identifier.lower(), names, n=1, cutoff=0)
        raise ValueError(
            f"loss: expected the name of a Keras loss, got {identifier!r}; did you "
            f"mean {nearest!r}?"
        ) from None
