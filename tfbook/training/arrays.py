"""Features, targets and weights in memory: what callers pass, made into tensors."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfbook.training.arguments import shorten


class Arrays:
    """Features, targets and weights in memory.

    Attributes:
        parts: `(x,)`, `(x, y)` or `(x, y, sample_weight)`: structures of arrays, and
            after `convert` of tensors.
        rows: How many there are.
        batch_size: Rows per step.
    """

    def __init__(self, name: str, parts: tuple, batch_size: int | None) -> None:
        self.name = name
        self.parts = parts
        arrays = tf.nest.flatten(parts)
        self.rows = len(arrays[0])
        for array in arrays:
            if len(array) != self.rows:
                raise ValueError(
                    f"{name}: expected as many rows in every array, got {self.rows} "
                    f"and {len(array)}; pass features and targets of the same examples"
                )
        self.batch_size = min(batch_size or self.rows, self.rows)

    def convert(self, float_type: str) -> None:
        """Make tensors of the arrays: an argument of a compiled call, not a constant.

        Numbers keep their type, but floats get that of the model.
        """

        def tensor(array: np.ndarray) -> tf.Tensor:
            if array.dtype.kind == "f" and array.dtype.name != float_type:
                with np.errstate(over="ignore"):
                    cast = array.astype(float_type)
                if np.isinf(cast).any() and not np.isinf(array).any():
                    raise ValueError(
                        f"{self.name}: expected numbers that {float_type} can hold, "
                        f"got {np.nanmax(np.abs(array)):g}; scale them first"
                    )
                array = cast
            return tf.constant(array)

        self.parts = tf.nest.map_structure(tensor, self.parts)

    def first_rows(self, number: int) -> tuple:
        """Return the first rows."""
        return tf.nest.map_structure(lambda part: part[:number], self.parts)

    @property
    def spec(self) -> Any:
        """The shapes and types, and how they are nested."""
        return tf.nest.map_structure(
            lambda part: tf.TensorSpec(part.shape, part.dtype), self.parts
        )

    def structure(self) -> tuple:
        """What there is: features, targets, weights."""
        return self.parts

    def evidence(self) -> list:
        """What tells these data from others."""
        return [part.numpy() for part in tf.nest.flatten(self.parts)]


def as_parts(name: str, data: Any) -> tuple:
    """Check features, targets and weights, and make arrays of them."""
    if not 1 <= len(data) <= 3 or is_array(data):
        raise ValueError(
            f"{name}: expected a pair (x, y) of arrays, or (x, y, sample_weight), got "
            f"a {type(data).__name__} of {len(data)}; pass (x_train, y_train)"
        )
    while len(data) > 1 and data[-1] is None:
        data = data[:-1]
    labels = ("x", "y", "sample_weight")
    parts = []
    for label, values in zip(labels, data):  # noqa: B905 - the weights may be missing
        parts.append(as_structure(name, label, values))
    for path, array in zip(labels[::2], parts[::2], strict=False):
        for each in tf.nest.flatten(array):
            check_finite(name, path, each)
    return tuple(parts)


def is_array(values: Any) -> bool:
    """Whether something is an array by itself, of NumPy, pandas or another library."""
    return hasattr(values, "shape") or hasattr(values, "__array__")


def has_rows(values: Any) -> bool:
    """Whether something is an array of one axis or more, and not a number."""
    return is_array(values) and len(getattr(values, "shape", (1,))) > 0


def as_structure(name: str, label: str, values: Any) -> Any:
    """Make arrays of values, in the dictionaries, tuples and lists that hold them."""
    if isinstance(values, dict):
        return {
            key: as_structure(name, f"{label}[{key!r}]", part)
            for key, part in values.items()
        }
    # A list of arrays is several of them; a list of numbers, or of rows, is one.
    is_several = isinstance(values, tuple | list) and len(values) > 0
    if is_several and all(isinstance(each, dict) or has_rows(each) for each in values):
        parts = (
            as_structure(name, f"{label}[{i}]", part) for i, part in enumerate(values)
        )
        return list(parts) if isinstance(values, list) else tuple(parts)
    return as_array(name, label, values)


def as_array(name: str, label: str, values: Any) -> np.ndarray:
    """Make an array of one row or more, of numbers or strings.

    Raises:
        ValueError: If that cannot be done without losing something.
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(
            f"{name}: expected no masked entries in {label}, got "
            f"{int(np.ma.count_masked(values))} of them; fill or drop those rows first"
        )
    if isinstance(values, tf.RaggedTensor | tf.SparseTensor):
        raise ValueError(
            f"{name}: expected rows of the same length in {label}, got a "
            f"{type(values).__name__}; pass {label}.to_tensor(), tf.sparse.to_dense, "
            "or batches of a tf.data.Dataset"
        )
    try:
        array = np.asarray(numbers_of(values))
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{name}: expected rows of the same length in {label}, got "
            f"{shorten(error)}; pad them, or pass several inputs as a tuple of arrays"
        ) from None
    if array.dtype.kind in "US" or (array.dtype.kind == "O" and is_text(array)):
        array = array.astype(object)
    elif array.dtype.name not in tf.dtypes.__dict__ or array.dtype.kind not in "buifV":
        raise ValueError(
            f"{name}: expected numbers or strings in {label}, got {array.dtype}; "
            "encode dates and objects as numbers first"
        )
    if array.ndim == 0 or array.size == 0:
        raise ValueError(
            f"{name}: expected one row or more in {label}, got shape {array.shape}; "
            "pass an array with a first axis of examples"
        )
    return array


def numbers_of(values: Any) -> Any:
    """Make plain numbers of a table with columns of several types, or with gaps."""
    if hasattr(values, "detach"):  # a tensor of PyTorch's that tracks gradients
        return values.detach().numpy()
    if hasattr(values, "to_numpy") and np.asarray(values).dtype.kind == "O":
        try:
            return values.to_numpy(dtype="float64", na_value=np.nan)
        except (TypeError, ValueError):
            return values
    return values


def is_text(array: np.ndarray) -> bool:
    """Whether all entries of an array of objects are strings or bytes."""
    return all(isinstance(entry, str | bytes) for entry in array.flat)


def check_finite(name: str, label: str, array: np.ndarray) -> None:
    """Refuse NaN and infinity."""
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    raise ValueError(
        f"{name}: expected finite numbers in {label}, got NaN or infinity in "
        f"{np.count_nonzero(~np.isfinite(array))} of {array.size} places; drop or "
        "fill those rows first"
    )
