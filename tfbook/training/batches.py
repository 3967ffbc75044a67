"""What callers call data, as what a compiled program reads.

There are two kinds: `Arrays`, which lie in memory and are shuffled and cut into
batches by the program itself, and `Stream`, batches that come from elsewhere.
"""

import types
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.trainers.data_adapters import get_data_adapter

from tfbook.training.arguments import shorten

TEST_ROWS = 256


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


class Stream:
    """Batches that are made elsewhere: a `tf.data.Dataset`, a generator, a loader.

    Nothing is read before training starts: a first look would take the first batch
    from a generator, and another order from a dataset that shuffles.

    Attributes:
        dataset: The batches.
        steps: Batches per epoch, or `None` for all of them.
    """

    def __init__(
        self,
        name: str,
        dataset: tf.data.Dataset,
        steps: int | None,
        once: bool = False,
        epoch_hooks: tuple[Callable, Callable] | None = None,
    ) -> None:
        self.name = name
        self.dataset = dataset
        self.steps = steps
        self.once = once
        nothing: Callable = lambda: None  # noqa: E731
        self._begin, self._end = epoch_hooks or (nothing, nothing)
        self._iterator: Any = None
        check_dataset(name, dataset, steps)

    @property
    def spec(self) -> Any:
        """The shapes and types of a batch, and how they are nested."""
        return as_batch(self.dataset.element_spec)

    def begin(self, epoch: int) -> Iterator:
        """Return the iterator of an epoch.

        With `steps`, and where data can be gone through once, it goes on where the
        epoch before has stopped. It is also moved there when a run is resumed.
        """
        self._begin()
        if self._iterator is None and epoch > 1:
            if self.steps is not None:
                done = (epoch - 1) * self.steps
                self._iterator = iter(self.dataset.skip(done))
            elif is_shuffled(self.dataset):
                # Each iterator takes another order; so many have been made by now.
                for _ in range(epoch - 1):
                    next(iter(self.dataset), None)
        if (self.steps is None and not self.once) or self._iterator is None:
            self._iterator = iter(self.dataset)
        return self._iterator

    def end(self) -> None:
        """End an epoch."""
        self._end()

    def structure(self) -> tuple:
        """What there is: features, targets, weights."""
        return self.spec

    def evidence(self) -> list:
        """What tells these data from others: only their form, since reading moves."""
        return [str(self.spec), int(self.dataset.cardinality()), str(self.steps)]


def read(
    name: str,
    data: Any,
    batch_size: int | None = None,
    steps_per_epoch: int | None = None,
) -> Arrays | Stream | None:
    """Check data, and find out which of the two kinds they are.

    Raises:
        ValueError: If they are neither; the message names `name`.
    """
    if data is None:
        return None
    if isinstance(data, tuple | list):
        if steps_per_epoch is not None:
            raise ValueError(
                f"{name}: expected batches with steps_per_epoch, got arrays, whose "
                "epoch is all their rows; leave it out, or pass a tf.data.Dataset"
            )
        return Arrays(name, as_parts(name, data), batch_size)
    if batch_size is not None and name == "train_data":
        raise ValueError(
            f"train: expected no batch_size with a {type(data).__name__}, got "
            f"{batch_size}; its elements are batches already"
        )
    if isinstance(data, tf.data.Dataset):
        return Stream(name, data, steps_per_epoch)
    return adapt(name, data, steps_per_epoch)


def test_rows(model: Any, training: Arrays | Stream) -> int:
    """Return how many rows are tested at once.

    A model that is made for batches of one size is tested in those. For another it is
    no less than training takes, which fits into memory.
    """
    made_for = next(iter(tf.nest.flatten(getattr(model, "inputs", None) or [])), None)
    if isinstance(made_for, keras.KerasTensor) and made_for.shape[0] is not None:
        return made_for.shape[0]
    return max(TEST_ROWS, getattr(training, "batch_size", 0))


def check_together(
    data: dict[str, Any], epochs: int, loss: Any, step: Any, jit_compile: bool
) -> None:
    """Check data with the other arguments."""
    train = data["training"]
    if isinstance(train, Stream) and train.once and epochs > 1 and train.steps is None:
        raise ValueError(
            f"train_data: expected data for {epochs} epochs, got a generator, which "
            "can be gone through once; pass steps_per_epoch, or a keras.utils.PyDataset"
        )
    for each in data.values():
        needs_targets = loss is not None and (step is None or each is not train)
        if len(each.structure()) < 2 and needs_targets:
            raise ValueError(
                f"{each.name}: expected a pair (x, y), got features alone; pass "
                "targets, or loss=None for a model that adds its own loss"
            )
        texts = isinstance(each, Arrays) and any(
            part.dtype.kind == "O" for part in tf.nest.flatten(each.parts)
        )
        if texts and jit_compile:
            raise ValueError(
                f"{each.name}: expected numbers with jit_compile=True, got strings, "
                "which XLA does not know; look them up first, or leave XLA out"
            )


def adapt(name: str, data: Any, steps: int | None) -> Stream:
    """Read what Keras can read: a `PyDataset`, a generator, a PyTorch loader."""
    try:
        adapter = get_data_adapter(data)
    except ValueError:
        adapter = None
    if adapter is None or not hasattr(adapter, "get_tf_dataset") or is_array(data):
        raise ValueError(
            f"{name}: expected a pair (x, y) of arrays, got {type(data).__name__}; "
            "pass (x_train, y_train), or batches such as a tf.data.Dataset"
        )
    hooks = (adapter.on_epoch_begin, adapter.on_epoch_end)
    dataset = adapter.get_tf_dataset()
    if adapter.num_batches is not None:
        dataset = dataset.apply(
            tf.data.experimental.assert_cardinality(adapter.num_batches)
        )
    once = isinstance(data, types.GeneratorType)
    return Stream(name, dataset, steps, once, hooks)


# Arrays


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


# Streams


def as_batch(element: Any) -> tuple:
    """Return an element of a dataset as `(x,)`, `(x, y)` or `(x, y, weights)`."""
    if isinstance(element, list):
        return tuple(element)
    return element if isinstance(element, tuple) else (element,)


def check_dataset(name: str, dataset: tf.data.Dataset, steps: int | None) -> None:
    """Check that the elements are batches, and that an epoch of them ends."""
    spec = as_batch(dataset.element_spec)
    if not 1 <= len(spec) <= 3:
        raise ValueError(
            f"{name}: expected a dataset of pairs (x, y), or (x, y, sample_weight), "
            f"got elements of {len(spec)}; zip features and targets"
        )
    for part in tf.nest.flatten(spec):
        if getattr(part, "shape", None) is None or part.shape.rank is None:
            raise ValueError(
                f"{name}: expected batches whose number of axes is known, got "
                f"{shorten(part)}; give from_generator an output_signature, or use "
                "tf.ensure_shape"
            )
        if part.shape.rank == 0:
            raise ValueError(
                f"{name}: expected batches, got single examples; pass dataset.batch(32)"
            )
    if dataset.cardinality() == 0:
        raise ValueError(
            f"{name}: expected one batch or more, got an empty dataset; check its "
            "source"
        )
    endless = any(
        each.cardinality() == tf.data.INFINITE_CARDINALITY for each in sources(dataset)
    )
    known = dataset.cardinality() >= 0
    if endless and not known and steps is None:
        remedy = (
            "pass steps_per_epoch"
            if name == "train_data"
            else "pass dataset.take(number_of_batches)"
        )
        raise ValueError(
            f"{name}: expected a dataset with an end, got one that repeats for ever; "
            f"{remedy}"
        )


def sources(dataset: tf.data.Dataset) -> Iterator[tf.data.Dataset]:
    """Go through a dataset and all those that it is made from."""
    yield dataset
    for source in dataset._inputs():
        yield from sources(source)


def is_shuffled(dataset: tf.data.Dataset) -> bool:
    """Whether each pass through a dataset may have another order."""
    return any("Shuffle" in type(each).__name__ for each in sources(dataset))


def row_order(seed: tf.Tensor, rows: int) -> tf.Tensor:
    """Return the rows in a random order, the same for the same two numbers in `seed`.

    It is computed in the graph, by sorting random numbers.
    """
    return tf.argsort(tf.random.stateless_uniform((rows,), seed))


def count_rows(batch: tuple) -> tf.Tensor:
    """Return how many rows a batch has: as many as its first feature array."""
    part = next(each for each in tf.nest.flatten(batch) if each is not None)
    if isinstance(part, tf.SparseTensor):
        return part.dense_shape[0]
    return tf.shape(part)[0] if isinstance(part, tf.Tensor) else part.nrows()
