"""One batch through model, loss and gradient, before anything is compiled.

What is wrong shows here, in one line, and nothing has moved yet: neither the weights
nor the state of a dropout, a batch normalization or a stateful recurrence.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf


class Forward(NamedTuple):
    """What a call of a model gives, and what it would have changed."""

    predicted: Any
    penalties: list[tf.Tensor]  # from add_loss first, then from the regularizers
    state: list[tf.Tensor | None]  # of the variables handed over; None if untouched


def forward(
    model: keras.Model, x: Any, training: bool, state: list | None = None
) -> Forward:
    """Call a model so that it changes nothing, and return what it would have changed.

    `model.stateless_call` is no substitute: it leaves out what `__call__` does around
    `call`, such as masks, casts and activity regularizers.
    """
    # Each weight stands for itself, and not for a copy of its value: so the tape
    # sees the variable, in the layers as well as in the regularizers.
    current = [(variable, variable) for variable in model.trainable_variables]
    with keras.StatelessScope(current, collect_losses=True) as scope:
        predicted = model(x, training=training)
        penalties = list(model.losses)
    touched = model.non_trainable_variables if state is None else state
    return Forward(predicted, penalties, [*map(scope.get_current_value, touched)])


@contextmanager
def plain_errors() -> Iterator[None]:
    """Let an error from inside a model through as it is.

    Keras wraps it in a dump of the arguments, unless it is told not to.
    """
    filtering = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    try:
        yield
    finally:
        if filtering:
            keras.config.enable_traceback_filtering()


def build(model: keras.Model, x: Any) -> None:
    """Make the weights of a model that has none yet, and leave its state as it is."""
    if model.built:
        return
    with plain_errors():
        model(x)


def check_step(
    model: keras.Model,
    loss: Callable,
    batch: tuple,
    check: Callable[[Any, Any], None],
    num_replicas: int = 1,
) -> Any:
    """Try forward pass, loss and gradient on a batch, and return the predictions.

    Targets and predictions are handed to `check` before the loss compares them, since
    it may say in other words what is wrong with them, or nothing at all.

    Raises:
        ValueError: If the model has nothing to train, or the loss cannot be computed
            or does not depend on the weights; what the model raises if it cannot
            take the features.
    """
    x, y, *weights = (*batch, None)[: max(2, len(batch))]
    variables = model.trainable_variables
    if not variables:
        raise ValueError(
            f"train: expected a model with weights to train, got {model.name!r} with "
            "none; add layers that have weights, or set model.trainable = True"
        )
    with plain_errors(), tf.GradientTape() as tape:
        predicted, penalties, _ = forward(model, x, training=True)
        if num_replicas > 1:
            check_shareable(model, x)
        if len(batch) > 1:
            check(y, predicted)
        value = compute(loss, y, predicted, *weights)
        for penalty in penalties:
            value += tf.cast(tf.reduce_sum(penalty), value.dtype)
    if all(gradient is None for gradient in tape.gradient(value, variables)):
        raise ValueError(
            "loss: expected one that depends on the model's weights, got no gradient; "
            "compute it from y_pred, with TensorFlow's functions and not NumPy's"
        )
    return predicted


def regularized(model: keras.Model) -> int:
    """Count the penalties on weights; they come last in `model.losses`."""
    variables = model.trainable_variables
    return sum(variable.regularizer is not None for variable in variables)


def check_shareable(model: keras.Model, x: Any) -> None:
    """Refuse what cannot be shared out to several devices.

    A regularizer of activities is a mean over the rows. Of what is added by
    `add_loss`, nobody knows whether it is a mean or a sum.
    """
    layers = [each for each in model._flatten_layers() if each.activity_regularizer]
    held = [layer.activity_regularizer for layer in layers]
    try:
        for layer in layers:
            layer.activity_regularizer = None
        penalties = forward(model, x, training=True).penalties
    finally:
        for layer, regularizer in zip(layers, held, strict=True):
            layer.activity_regularizer = regularizer
    if len(penalties) > regularized(model):
        raise ValueError(
            "train: expected no add_loss with a strategy of several replicas, got a "
            "model that uses it; make it part of the loss, or use one device"
        )


def compute(loss: Callable, y: Any, predicted: Any, *weights: Any) -> tf.Tensor:
    """Compute a loss, and say in one line why it cannot be."""
    try:
        value = loss(y, predicted, *weights)
    except (
        ArithmeticError,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        tf.errors.InvalidArgumentError,
    ) as error:
        shapes = tf.nest.map_structure(lambda part: tuple(part.shape), (y, predicted))
        raise ValueError(
            "loss: expected a function (y_true, y_pred) that returns one number, or "
            f"one per example, got {type(error).__name__} ({one_line(error)}) for "
            f"targets and predictions of shapes {shapes[0]} and {shapes[1]}; pass for "
            "example 'mse'"
        ) from error
    if value.shape.rank != 0:
        raise ValueError(
            "loss: expected one that reduces the batch to one number, got one of "
            f"shape {tuple(value.shape)}; pass reduction='sum_over_batch_size' or "
            "'sum' to it"
        )
    return value


def one_line(error: Exception, length: int = 200) -> str:
    """Return the first line of an error, shortened."""
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    return text if len(text) <= length else text[:length] + " ..."


# What the loss compares


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
    shape, other = tuple(y.shape), tuple(predicted.shape)
    if len(shape) == len(other) - 1 and other[-1] == 1:
        shape = (*shape, 1)
    if len(other) == len(shape) - 1 and shape[-1] == 1:
        other = (*other, 1)
    if shape == other:
        return False
    try:
        common = np.broadcast_shapes(shape, other)
        value = loss(y, predicted)
        same = loss(tf.broadcast_to(y, common), tf.broadcast_to(predicted, common))
    except (ValueError, TypeError, tf.errors.InvalidArgumentError):
        return False
    return bool(
        np.allclose(tf.reduce_mean(value), tf.reduce_mean(same), equal_nan=True)
    )


def check_values(name: str, loss: Any, y: Any, predicted: Any) -> None:
    """Check targets whose range the loss prescribes.

    A label out of range is fifty lines of a graph's error, or with XLA not even that;
    targets beyond 0 and 1 give a cross-entropy that has no smallest value.
    """
    for one, targets, outputs in pairs(loss, y, predicted):
        known = keras.losses.get(one) if isinstance(one, str) else one
        function, classes = getattr(known, "fn", known), outputs.shape[-1]
        if function is keras.losses.sparse_categorical_crossentropy:
            labels = np.asarray(targets)
            ignored = getattr(known, "_fn_kwargs", {}).get("ignore_class")
            labels = labels[labels != ignored]
            wrong = labels[(labels < 0) | (labels >= classes) | (labels % 1 != 0)]
            if wrong.size:
                raise ValueError(
                    f"{name}: expected labels in y from 0 to {classes - 1}, one for "
                    f"each of {classes} outputs, got {wrong[0]}; count them from 0, or "
                    "give the model one output per class"
                )
        elif function is keras.losses.categorical_crossentropy and classes == 1:
            raise ValueError(
                f"{name}: expected one output per class for "
                "'categorical_crossentropy', got a model with one output; use "
                "'binary_crossentropy' and a sigmoid for two classes"
            )
        elif function is keras.losses.binary_crossentropy:
            values = np.asarray(tf.cast(targets, tf.float32))
            wrong = values[(values < 0) | (values > 1)]
            if wrong.size:
                raise ValueError(
                    f"{name}: expected y between 0 and 1 for 'binary_crossentropy', "
                    f"got {wrong[0]:g}; encode the two classes as 0 and 1"
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


# What an embedding looks up


def check_ids(name: str, model: keras.Model, x: Any) -> None:
    """Check that embeddings are given ids that they have.

    It is enough to look at the rows with the smallest and the largest number of each
    feature array, and at one that is no whole number.

    Raises:
        ValueError: If an id is out of range, or would be cut to a whole number.
    """
    layers = [
        layer
        for layer in model._flatten_layers()
        # A layer derived from it may do something else with what it is given.
        if type(layer) is keras.layers.Embedding
    ]
    if not layers:
        return
    rows = sorted({row for part in tf.nest.flatten(x) for row in extreme_rows(part)})
    with ExitStack() as stack:
        for layer in layers:
            stack.enter_context(checked_lookup(name, layer))
        stack.enter_context(plain_errors())
        chosen = tf.nest.map_structure(lambda part: tf.gather(part, rows), x)
        forward(model, chosen, training=False)


def extreme_rows(part: tf.Tensor) -> list[int]:
    """Find the rows that hold the smallest, the largest and a broken number."""
    values = part.numpy()
    if values.dtype.kind not in "iuf":
        return [0]
    values = values.reshape(len(values), -1)
    found = [values.argmin(), values.argmax(), (values % 1 != 0).argmax()]
    return [int(place) // values.shape[1] for place in found]


@contextmanager
def checked_lookup(name: str, layer: keras.layers.Embedding) -> Iterator[None]:
    """Make an embedding look at its ids before it looks them up."""
    lookup = layer.call

    def call(inputs: tf.Tensor) -> tf.Tensor:
        ids = np.asarray(inputs)
        wrong = ids[(ids < 0) | (ids >= layer.input_dim) | (ids != ids // 1)]
        if wrong.size:
            raise ValueError(
                f"{name}: expected whole numbers from 0 to {layer.input_dim - 1} as "
                f"ids for {layer.name!r}, got {wrong[0]}; number them anew, or make "
                "its input_dim larger"
            )
        return lookup(inputs)

    layer.call = call
    try:
        yield
    finally:
        del layer.call
