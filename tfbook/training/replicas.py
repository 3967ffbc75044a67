"""A step shared out to several devices, with the result of one device.

Each replica calls the model on its share of the rows of a batch, and that is where the
time goes. The predictions are then gathered, and each replica computes the loss of the
whole batch, as one device would. So every loss is right by construction, whatever it
does with the rows: means, sums, ratios of sums, masks, weights, pairs of rows. What a
replica sends back through its share of the model is the part of the slope that belongs
to its rows; the sum over the replicas is the gradient of the whole.

The optimizer moves the weights once, outside the replicas: clipping and schedules mean
what they mean on one device, and the weights are kept once in each process.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras.src.backend.common import global_state

from tfbook.training.forward import forward
from tfbook.training.objective import Objective, set_masks
from tfbook.training.share import Share

# Layers that draw without a seed of their own all draw from this one of Keras's.
GENERATOR = "global_seed_generator"

# How many devices share the steps of this process, and which of them are here.
GROUPS: dict[str, tuple] = {}


class Replicas:
    """The two steps of training, for the replicas of a strategy.

    Args:
        strategy: It says how many replicas there are.
        model: Any Keras model whose weights exist.
        objective: The loss and the metrics.
        batch: An example of a batch.
        predicted: The form of the predictions for it.
        masks: That of the masks on them.
    """

    def __init__(
        self,
        strategy: tf.distribute.Strategy,
        model: keras.Model,
        objective: Objective,
        batch: tuple,
        predicted: Any,
        masks: list,
    ) -> None:
        check_group(strategy)
        self.strategy = strategy
        self.objective = objective
        _, y, weights = (*batch, None, None)[:3]
        self.whole_loss = objective.compiled_for(
            *tf.nest.map_structure(rows_unknown, (y, predicted, masks, weights))
        )

    def train_step(
        self,
        model: keras.Model,
        optimizer: Any,
        loss: Callable,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        rows: tuple[int, ...] | None = None,
    ) -> tf.Tensor:
        """Do what `steps.train_step` does, each replica on its share of the rows.

        If each worker has read a part of the batch, `rows` says of how many rows.
        """
        variables = model.trainable_variables
        generator = global_state.get_global_attribute(GENERATOR)
        moving = [*model.non_trainable_variables]
        if generator is not None:
            moving.append(generator.state)
        scale = getattr(optimizer, "scale_loss", tf.identity)

        def on_share(x: Any, y: Any, sample_weight: Any) -> tuple:
            share = Share(x, rows)
            # Keras keeps it for each thread, and each replica has a thread of its own.
            global_state.set_global_attribute(GENERATOR, generator)
            with tf.GradientTape() as tape:
                here = forward(model, share.of(x), training=True, state=moving)
                predicted = share.counted(here.predicted)
                penalty = share.penalty(model, here.penalties)
            whole, masks = share.gather(here.predicted)
            y, sample_weight = share.whole((y, sample_weight))
            with tf.GradientTape(watch_accessed_variables=False) as slope_tape:
                slope_tape.watch(whole)
                value = self.whole_loss(y, whole, masks, sample_weight)
                scaled = scale(value)
            slopes = share.counted(slope_tape.gradient(scaled, whole), whole=True)
            gradients = tape.gradient(
                [*tf.nest.flatten(predicted), penalty],
                variables,
                output_gradients=[
                    *tf.nest.flatten(slopes),
                    scale(tf.ones_like(penalty)),
                ],
            )
            (penalty,) = share.sum([penalty])
            return (
                value + tf.cast(penalty, value.dtype),
                share.sum(gradients),
                share.mean(here.state),
                whole,
                masks,
                y,
                sample_weight,
            )

        value, gradients, state, whole, masks, y, sample_weight = self.run(
            on_share, x, y, sample_weight
        )
        optimizer.apply([*map(whole_gradient, gradients, variables)], variables)
        for variable, new in zip(moving, state, strict=True):
            if new is not None:
                variable.assign(new)
        set_masks(whole, masks)
        self.objective.remember(y, whole, sample_weight)
        return value

    def test_step(
        self,
        model: keras.Model,
        loss: Callable,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        rows: tuple[int, ...] | None = None,
    ) -> tf.Tensor:
        """Do what `steps.test_step` does, each replica on its share of the rows."""

        def on_share(x: Any, y: Any, sample_weight: Any) -> tuple:
            share = Share(x, rows)
            here = forward(model, share.of(x), training=False)
            penalty = share.penalty(model, here.penalties)
            return (
                *share.gather(here.predicted),
                *share.sum([penalty]),
                *share.whole((y, sample_weight)),
            )

        whole, masks, penalty, y, sample_weight = self.run(
            on_share, x, y, sample_weight
        )
        set_masks(whole, masks)
        value = loss(y, whole, sample_weight)
        return value + tf.cast(penalty, value.dtype)

    def run(self, function: Callable, *arguments: Any) -> Any:
        """Run a function on every replica, and return what the first one returns."""
        results = self.strategy.run(function, arguments)
        return tf.nest.map_structure(
            lambda result: self.strategy.experimental_local_results(result)[0], results
        )


def check_group(strategy: Any) -> None:
    """Check that no other devices have worked together in this process.

    TensorFlow knows a group of devices by a number, in all of a process, and every
    strategy counts its groups from 1: the second one would be taken for the first, and
    nothing could be shared out any more.
    """
    group = strategy.num_replicas_in_sync, *strategy.extended.worker_devices
    if group[0] > 1 and GROUPS.setdefault("first", group) != group:
        before, now = (
            " and ".join(device.partition("device:")[2] for device in devices)
            for _, *devices in (GROUPS["first"], group)
        )
        raise ValueError(
            f"strategy: expected {before}, the devices that have been used together "
            f"before, got {now}; TensorFlow puts devices together once in a process, "
            "so start another one"
        )


def whole_gradient(gradient: Any, variable: Any) -> Any:
    """Undo what `Share.sum` does to the gradient of an embedding."""
    if not isinstance(gradient, tuple):
        return gradient
    values, indices = gradient
    values = tf.ensure_shape(values, (None, *variable.shape[1:]))
    return tf.IndexedSlices(values, indices, tf.constant([*variable.shape]))


def rows_unknown(part: Any) -> tf.TensorSpec | None:
    """Describe an array with any number of rows."""
    if part is None:
        return None
    return tf.TensorSpec((None, *part.shape[1:]), part.dtype)
