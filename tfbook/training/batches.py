"""What callers call data, as one of the two kinds that a compiled program reads.

`Arrays` lie in memory, and are shuffled and cut into batches by the program itself. A
`Stream` is made of batches already.
"""

import inspect
import types
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras.src.trainers.data_adapters import get_data_adapter

from tfbook.training.arguments import shorten
from tfbook.training.arrays import Arrays, as_parts, is_array
from tfbook.training.streams import Stream

TEST_ROWS = 256


def read(
    name: str,
    data: Any,
    batch_size: int | None = None,
    steps_per_epoch: int | None = None,
    place: tuple[int, int] = (0, 1),
) -> Arrays | Stream | None:
    """Check data, and find out which of the two kinds they are.

    Data may be made by a function of this worker's number and how many there are.

    Raises:
        ValueError: If they are neither; the message names `name`.
    """
    if data is None:
        return None
    if callable(data) and not isinstance(data, type):
        made = call_for(name, data, place)
        share = read(name, made, batch_size, steps_per_epoch)
        if not isinstance(share, Stream):
            got = "None" if share is None else "arrays"
            raise ValueError(
                f"{name}: expected a function (worker, workers) that returns batches, "
                f"got one that returns {got}; return for example tf.data.Dataset."
                "from_tensor_slices((x, y)).batch(32)"
            )
        share.is_share = True
        return share
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


def call_for(name: str, function: Callable, place: tuple[int, int]) -> Any:
    """Have the data of a worker made."""
    try:
        inspect.signature(function).bind(*place)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name}: expected a pair (x, y) of arrays, batches, or a function "
            f"(worker, workers) that returns batches, got {shorten(function)}, which "
            "does not take two numbers; pass lambda worker, workers: ..."
        ) from None
    return function(*place)


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
