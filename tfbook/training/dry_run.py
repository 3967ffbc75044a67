"""One batch through model, loss and gradient, before anything is compiled.

What is wrong shows here, in one line, and nothing has moved yet: neither the weights
nor the state of a dropout, a batch normalization or a stateful recurrence.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfbook.training import lookups, targets
from tfbook.training.arrays import Arrays
from tfbook.training.compiled import forgotten_gradients
from tfbook.training.forward import forward, plain_errors
from tfbook.training.objective import Objective, masks_of
from tfbook.training.streams import Stream

Data = Arrays | Stream


def try_batch(
    data: Data,
    model: keras.Model,
    objective: Objective,
    loss: Any,
    num_replicas: int,
) -> tuple[Any, list]:
    """Take a batch, or the form of one, through model and loss.

    Returns:
        What the model returns, and the masks on it: shapes and types.
    """
    batch = data.spec  # of a stream no more is known: nothing has been read yet
    if isinstance(data, Arrays):
        batch = data.first_rows(data.batch_size)
    check_inputs(data.name, model, batch[0])

    def attempt(*batch: Any) -> Any:
        def check(y: Any, predicted: Any) -> None:
            targets.check_shapes(data.name, loss, y, predicted)
            if isinstance(data, Arrays):
                targets.check_values(data.name, loss, y, predicted)

        predicted = check_step(model, objective, batch, check, num_replicas)
        objective.build()
        return predicted, masks_of(predicted)

    if isinstance(data, Arrays):
        found = attempt(*batch)
    else:  # traced, and not run
        trace = tf.function(attempt, autograph=False).get_concrete_function(*batch)
        found = trace.structured_outputs
    return tf.nest.map_structure(
        lambda part: None if part is None else tf.TensorSpec(part.shape, part.dtype),
        found,
    )


def try_test(
    name: str, rows: tuple, model: keras.Model, objective: Objective, loss: Any
) -> None:
    """Take some rows to test on through model and loss."""
    x, *rest = rows
    check_inputs(name, model, x)
    with plain_errors():
        predicted = forward(model, x, training=False).predicted
    if rest:
        targets.check_shapes(name, loss, rest[0], predicted)
        targets.check_values(name, loss, rest[0], predicted)
        compute(objective, rest[0], predicted, *rest[1:])


def try_step(
    step: Callable,
    data: Data,
    model: keras.Model,
    optimizer: Any,
    objective: Objective,
) -> tuple[str, ...]:
    """Trace a step of the caller's own, and return the names of what it returns.

    Optimizers that are not built yet build themselves here.
    """

    def attempt(*batch: Any) -> Any:
        objective.forget()
        found = step(model, optimizer, objective, *batch)
        objective.build()
        return found

    with forgotten_gradients():
        trace = tf.function(attempt, autograph=False).get_concrete_function(*data.spec)
    found = trace.structured_outputs
    names = tuple(found) if isinstance(found, dict) else ("loss",)
    if found is None or "loss" not in names:
        raise ValueError(
            "step: expected one that returns the loss, or a dictionary with a 'loss', "
            f"got {found if found is None else [*names]}; return {{'loss': ...}}"
        )
    return names


def check_inputs(name: str, model: keras.Model, x: Any) -> None:
    """Compare features with the input of a model that has one, and knows its shape."""
    inputs = tf.nest.flatten(getattr(model, "inputs", None) or [])
    features = tf.nest.flatten(x)
    known = all(isinstance(each, keras.KerasTensor) for each in inputs)
    if not known or not len(inputs) == len(features) == 1:
        return
    (wanted,), (given,) = inputs, features
    if (given.dtype == tf.string) != (wanted.dtype == "string"):
        raise ValueError(
            f"{name}: expected x of {wanted.dtype} like the model's input, got "
            f"{given.dtype.name}; look words up first, with keras.layers.StringLookup"
        )
    shape, last = tf.TensorShape(wanted.shape), given.shape[-1:]
    # Keras adds or drops a last axis of one.
    variants = [given.shape, given.shape.concatenate([1])]
    variants += [given.shape[:-1]] if last.is_compatible_with([1]) else []
    if not any(variant.is_compatible_with(shape) for variant in variants):
        remedy = (
            "give the model as many inputs as there are features"
            if len(given.shape) == len(shape)
            else "the first axis is that of the batch, and there is one"
        )
        raise ValueError(
            f"{name}: expected x of shape {tuple(shape)} like the model's input, got "
            f"{tuple(given.shape)}; {remedy}"
        )


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


def check_data(data: Arrays, model: keras.Model, loss: Any, kept: Any) -> None:
    """Check what depends on the numbers in arrays, and not on their form."""
    if kept.predicted is None:
        return
    lookups.check_ids(data.name, model, data.parts[0])
    if len(data.parts) > 1:
        targets.check_values(data.name, loss, data.parts[1], kept.predicted)
        targets.check_missing(data.name, kept.objective, model, data.parts)
        kept.objective.forget()
