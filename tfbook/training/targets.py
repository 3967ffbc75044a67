"""Targets, checked with the predictions and the loss that compares them.

Most losses say nothing, or something else, when their targets are not what they take.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfbook.training.forward import forward


def pairs(loss: Any, y: Any, predicted: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Go through the losses, with the targets and predictions that each compares."""
    if not tf.nest.is_nested(predicted):
        losses, targets = tf.nest.flatten(loss), tf.nest.flatten(y)
        if len(losses) == len(targets) == 1:
            yield losses[0], targets[0], predicted
        return
    outputs, targets = tf.nest.flatten(predicted), tf.nest.flatten(y)
    losses = tf.nest.flatten(loss) if tf.nest.is_nested(loss) else [loss] * len(outputs)
    # Else only Keras can say what belongs together, by the outputs' names.
    structures = [y, predicted, *([loss] if tf.nest.is_nested(loss) else [])]
    alike = len({isinstance(each, dict) for each in structures}) == 1
    if alike and len(losses) == len(targets) == len(outputs):
        yield from zip(losses, targets, outputs, strict=True)


# Shapes


def check_shapes(name: str, loss: Any, y: Any, predicted: Any) -> None:
    """Check that targets and predictions fit.

    Targets of shape `(n, 1)` and predictions of shape `(n, 3)` would broadcast inside
    most losses, and the model would learn without a word something that nobody
    meant. A loss that takes labels, and one of the caller's own, may well be given
    other shapes than those of the predictions.
    """
    for one, targets, outputs in pairs(loss, y, predicted):
        if one is None or not hasattr(outputs, "shape") or targets.shape.rank is None:
            continue
        known = keras.losses.get(one) if isinstance(one, str) else one
        shape, wanted = tuple(targets.shape), tuple(outputs.shape)
        if isinstance(known, keras.losses.Loss) and not is_keras(known):
            # Its `call` is given both as they are; for others Keras adds an axis.
            if len(shape) == len(wanted) - 1 and wanted[-1] == 1:
                raise ValueError(
                    f"{name}: expected y of rank {len(wanted)} like the predictions, "
                    f"got shape {shape}; pass y[..., None]"
                )
        elif is_keras(known) and broadcasts(known, targets, outputs):
            raise ValueError(
                f"{name}: expected y of shape {wanted} like the predictions, got "
                f"{shape}; give the model as many outputs as there are targets"
            )


def is_keras(loss: Any) -> bool:
    """Whether a loss is one of Keras's own, as a function or as an object."""
    where = loss if hasattr(loss, "__name__") else type(loss)
    return getattr(where, "__module__", "").startswith("keras.")


def broadcasts(loss: Callable, y: tf.Tensor, predicted: tf.Tensor) -> bool:
    """Whether a loss repeats targets or predictions until their shapes are equal.

    It is asked, and not told by its name: a loss that broadcasts gives the same for
    shapes that were made equal before. One that takes labels does not.
    """
    shape, other = known_sizes(y.shape, predicted.shape)
    if shape == other:
        return False
    try:
        with tf.init_scope():
            both = stand_in(shape, y.dtype), stand_in(other, predicted.dtype)
            common = np.broadcast_shapes(shape, other)
            value = tf.reduce_mean(loss(*both))
            same = tf.reduce_mean(loss(*(tf.broadcast_to(v, common) for v in both)))
            return bool(np.allclose(value, same, equal_nan=True))
    except (ValueError, TypeError, tf.errors.InvalidArgumentError):
        return False


def known_sizes(*shapes: tf.TensorShape) -> list[tuple[int, ...]]:
    """Return the shapes of two tensors, without what Keras makes alike itself.

    It adds a last axis of one. A size that is not known yet may be the other's; two
    that are not known, as that of a batch, may be any number.
    """
    one, other = map(tuple, shapes)
    if len(one) == len(other) - 1 and other[-1] == 1:
        one = (*one, 1)
    if len(other) == len(one) - 1 and one[-1] == 1:
        other = (*other, 1)
    if len(one) != len(other):
        return [tuple(2 if size is None else size for size in s) for s in (one, other)]
    pairs = zip(one, other, strict=True)
    sizes = [(a or b or 2, b or a or 2) for a, b in pairs]
    return [tuple(pair[i] for pair in sizes) for i in (0, 1)]


def stand_in(shape: tuple[int, ...], dtype: tf.DType) -> tf.Tensor:
    """Return a tensor of numbers between 0 and 1, which is that of a batch to come.

    What is asked depends on the form alone.
    """
    return tf.cast(np.random.default_rng(0).uniform(size=shape), dtype)


# Values


class Fault(NamedTuple):
    """What may be wrong with targets, and where it is."""

    wrong: tf.Tensor
    targets: tf.Tensor
    message: str


def faults(loss: Any, y: Any, predicted: Any) -> Iterator[Fault]:
    """Find targets out of the range that their loss prescribes.

    A label out of range is fifty lines of a graph's error, or with XLA not even that;
    targets beyond 0 and 1 give a cross-entropy that has no smallest value.
    """
    for one, targets, outputs in pairs(loss, y, predicted):
        known = keras.losses.get(one) if isinstance(one, str) else one
        function = getattr(known, "fn", known)
        if function is keras.losses.sparse_categorical_crossentropy:
            size = outputs.shape[-1]
            ignored = getattr(known, "_fn_kwargs", {}).get("ignore_class")
            labels = tf.cast(targets, tf.float64)
            wrong = (labels < 0) | (labels >= size) | (labels != tf.floor(labels))
            if ignored is not None:
                wrong &= labels != ignored
            yield Fault(
                wrong,
                labels,
                f"expected labels in y from 0 to {size - 1}, one for each of {size} "
                "outputs, got {got:g}; count them from 0, or give the model one output "
                "per class",
            )
        elif function is keras.losses.binary_crossentropy:
            values = tf.cast(targets, tf.float64)
            yield Fault(
                (values < 0) | (values > 1),
                values,
                "expected y between 0 and 1 for 'binary_crossentropy', got {got:g}; "
                "encode the two classes as 0 and 1",
            )


def check_values(name: str, loss: Any, y: Any, predicted: Any) -> None:
    """Check targets whose range the loss prescribes."""
    check_classes(name, loss, y, predicted)
    for wrong, targets, message in faults(loss, y, predicted):
        found = targets.numpy()[wrong.numpy()]
        if found.size:
            raise ValueError(f"{name}: {message.format(got=found[0])}")


def check_classes(name: str, loss: Any, y: Any, predicted: Any) -> None:
    """Check that there is more than one class to choose from."""
    for one, _, outputs in pairs(loss, y, predicted):
        known = keras.losses.get(one) if isinstance(one, str) else one
        function = getattr(known, "fn", known)
        single = outputs.shape[-1:] == [1]
        if function is keras.losses.categorical_crossentropy and single:
            raise ValueError(
                f"{name}: expected one output per class for "
                "'categorical_crossentropy', got a model with one output; use "
                "'binary_crossentropy' and a sigmoid for two classes"
            )


def check_missing(name: str, loss: Callable, model: keras.Model, batch: tuple) -> None:
    """Accept targets with NaN only if the loss skips them."""
    if len(batch) < 2:
        return
    targets = [np.asarray(part) for part in tf.nest.flatten(batch[1])]
    floats = [part for part in targets if part.dtype.kind == "f"]
    missing = sum(np.count_nonzero(~np.isfinite(part)) for part in floats)
    if not missing:
        return
    predicted = forward(model, batch[0], training=False).predicted
    if not np.isfinite(loss(batch[1], predicted, *batch[2:])):
        raise ValueError(
            f"{name}: expected finite numbers in y, got NaN or infinity in {missing} "
            f"of {sum(part.size for part in floats)} places; drop or fill those rows "
            "first, or pass a loss that skips them"
        )
