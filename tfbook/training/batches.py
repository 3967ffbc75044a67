"""Pairs: features and targets, checked and made ready for training."""

from typing import Any

import numpy as np
import tensorflow as tf

__all__ = ["as_array", "as_arrays", "first_batch", "is_several", "prepare"]


def is_several(values: Any) -> bool:
    """Tell whether values are several arrays, and not one.

    Args:
        values: What was given as features, or as targets.

    Returns:
        Whether it is a dictionary, or a tuple of arrays.

    Example:
        >>> is_several((np.zeros(3), np.ones(3))), is_several(((1, 2), (3, 4)))
        (True, False)
    """
    return isinstance(values, dict) or (
        isinstance(values, tuple) and all(hasattr(part, "shape") for part in values)
    )


def as_array(name: str, label: str, values: Any) -> np.ndarray:
    """Check values, and make an array of them.

    Args:
        name: What to call the data in an error.
        label: What to call these values in an error.
        values: An array, a DataFrame or nested lists of finite numbers.

    Returns:
        The array, of one row or more.

    Raises:
        ValueError: If they are no such array.

    Example:
        >>> as_array("train_data", "x", [[1, 2], [3, np.nan]])
        Traceback (most recent call last):
            ...
        ValueError: train_data: expected finite numbers in x, got NaN or infinity...
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{name}: expected rows of the same length in {label}, got rows that "
            "differ; pad them, or pass several inputs as a tuple of arrays"
        ) from None
    if array.dtype.kind not in "buif":
        raise ValueError(
            f"{name}: expected numbers in {label}, got {array.dtype}; encode text "
            "and dates as numbers first"
        )
    if array.ndim == 0 or array.size == 0:
        raise ValueError(
            f"{name}: expected one row or more in {label}, got shape {array.shape}; "
            "pass an array with a first axis of examples"
        )
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name}: expected finite numbers in {label}, got NaN or infinity in "
            f"{np.count_nonzero(~np.isfinite(array))} of {array.size} places; drop "
            "or fill those rows first"
        )
    return array


def as_arrays(name: str, data: Any) -> tuple[Any, np.ndarray]:
    """Check a pair of features and targets, and make it ready for training.

    Args:
        name: What to call the data in an error.
        data: A pair `(x, y)` of arrays, DataFrames or lists, with as many rows of the
            one as of the other. For a model with several inputs, `x` is a tuple or a
            dictionary of them.

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
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise ValueError(
            f"{name}: expected a pair (x, y) of arrays, got {type(data).__name__}; "
            "pass (x_train, y_train)"
        )
    x, y = data
    if is_several(y):
        raise ValueError(
            f"{name}: expected one array in y, got a {type(y).__name__}; pass targets "
            "of one output"
        )
    if isinstance(x, dict):
        x = {key: as_array(name, f"x[{key!r}]", part) for key, part in x.items()}
    elif is_several(x):
        x = tuple(as_array(name, f"x[{i}]", part) for i, part in enumerate(x))
    else:
        x = as_array(name, "x", x)
    y = as_array(name, "y", y)
    for part in tf.nest.flatten(x):
        if len(part) != len(y):
            raise ValueError(
                f"{name}: expected as many rows in x as in y, got {len(part)} and "
                f"{len(y)}; pass features and targets of the same examples"
            )
    # An integer that int32 cannot hold would wrap around without a word.
    fits = y.dtype.kind in "ui" and np.array_equal(y, y.astype(np.int32))
    x = tf.nest.map_structure(lambda part: part.astype(np.float32), x)
    return x, y.astype(np.int32 if fits else np.float32)


def first_batch(name: str, dataset: tf.data.Dataset) -> tuple[Any, np.ndarray]:
    """Check a dataset of batches, and return its first one.

    Args:
        name: What to call the dataset in an error.
        dataset: Batches `(x, y)`. It is read through once an epoch, so it has an end.

    Returns:
        The features and the targets of the first batch.

    Raises:
        ValueError: If its elements are not batches of pairs, or it is empty or without
            end.

    Example:
        >>> rows = tf.ones((4, 2)), tf.ones((4, 1))
        >>> dataset = tf.data.Dataset.from_tensor_slices(rows).batch(3)
        >>> x, y = first_batch("train_data", dataset)
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
        if tf.nest.is_nested(y):
            raise ValueError(
                f"{name}: expected one array in y, got a {type(y).__name__}; pass "
                "targets of one output"
            )
        if y.shape.rank == 0:
            raise ValueError(
                f"{name}: expected batches, got single examples; pass dataset.batch(32)"
            )
        return tf.nest.map_structure(np.asarray, x), np.asarray(y)
    raise ValueError(
        f"{name}: expected one batch or more, got an empty dataset; check its source"
    )


def prepare(name: str, data: Any) -> tuple[Any, Any]:
    """Check data, and make them ready for a compiled program.

    Args:
        name: What to call the data in an error.
        data: A pair `(x, y)` of arrays, a dataset of batches, or `None`.

    Returns:
        What the program reads (a pair of tensors, the dataset, or `None`), and what the
        data look like (the arrays, or the first batch of the dataset).

    Example:
        >>> (x, y), arrays = prepare("train_data", (np.ones((3, 2)), np.ones((3, 1))))
        >>> x.shape, arrays[0].shape
        (TensorShape([3, 2]), (3, 2))
    """
    if data is None:
        return None, None
    if isinstance(data, tf.data.Dataset):
        return data, first_batch(name, data)
    arrays = as_arrays(name, data)
    # Tensors and not arrays: an argument of a compiled call, not a constant of it.
    return tf.nest.map_structure(tf.constant, arrays), arrays
