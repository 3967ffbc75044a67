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

import zlib
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras.src.backend.common import global_state

from tfbook.training.dry_run import forward, regularized
from tfbook.training.objective import Objective, masks_of, set_masks

# Layers that draw without a seed of their own all draw from this one of Keras's.
GENERATOR = "global_seed_generator"


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
    ) -> tf.Tensor:
        """Do what `steps.train_step` does, each replica on its share of the rows."""
        variables = model.trainable_variables
        generator = global_state.get_global_attribute(GENERATOR)
        moving = [*model.non_trainable_variables]
        if generator is not None:
            moving.append(generator.state)
        scale = getattr(optimizer, "scale_loss", tf.identity)

        def on_share(x: Any, y: Any, sample_weight: Any) -> tuple:
            share = Share(x)
            # Keras keeps it for each thread, and each replica has a thread of its own.
            global_state.set_global_attribute(GENERATOR, generator)
            with tf.GradientTape() as tape:
                here = forward(model, share.of(x), training=True, state=moving)
                predicted = share.counted(here.predicted)
                penalty = share.penalty(model, here.penalties)
            whole, masks = share.gather(here.predicted)
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
            )

        value, gradients, state, whole, masks = self.run(on_share, x, y, sample_weight)
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
    ) -> tf.Tensor:
        """Do what `steps.test_step` does, each replica on its share of the rows."""

        def on_share(x: Any) -> tuple:
            share = Share(x)
            here = forward(model, share.of(x), training=False)
            penalty = share.penalty(model, here.penalties)
            return *share.gather(here.predicted), *share.sum([penalty])

        whole, masks, penalty = self.run(on_share, x)
        set_masks(whole, masks)
        value = loss(y, whole, sample_weight)
        return value + tf.cast(penalty, value.dtype)

    def run(self, function: Callable, *arguments: Any) -> Any:
        """Run a function on every replica, and return what the first one returns."""
        results = self.strategy.run(function, arguments)
        return tf.nest.map_structure(
            lambda result: self.strategy.experimental_local_results(result)[0], results
        )


class Share:
    r"""The rows of a batch that belong to the replica that asks.

    Of the $n$ rows of a batch, replica $r$ of $k$ takes those from $\lfloor n r / k
    \rfloor$ up to $\lfloor n (r + 1) / k \rfloor$.
    """

    def __init__(self, x: Any) -> None:
        self.context = tf.distribute.get_replica_context()
        self.num_replicas = self.context.num_replicas_in_sync
        self.replica = self.context.replica_id_in_sync_group
        self.num_rows = tf.shape(tf.nest.flatten(x)[0])[0]
        self.first = self.num_rows * self.replica // self.num_replicas
        self.last = self.num_rows * (self.replica + 1) // self.num_replicas

    def of(self, values: Any) -> Any:
        """Take the share of arrays.

        A model cannot be called with no rows: a replica without any takes one of
        another's, which `counted` leaves out again.
        """
        rows = slice(self.first, tf.maximum(self.last, self.first + 1))
        return tf.nest.map_structure(lambda array: array[rows], values)

    def counted(self, values: Any, whole: bool = False) -> Any:
        """Take the rows that count: of what `of` gave, or of the whole batch."""
        start = self.first if whole else 0
        rows = slice(start, start + self.last - self.first)
        return tf.nest.map_structure(lambda array: array[rows], values)

    def gather(self, predicted: Any) -> tuple[Any, list]:
        """Put predictions, and their masks, together from all replicas."""
        masks = [
            None
            if mask is None
            else tf.cast(self.gather_rows(tf.cast(mask, tf.int32)), tf.bool)
            for mask in masks_of(predicted)
        ]
        return tf.nest.map_structure(self.gather_rows, predicted), masks

    def gather_rows(self, values: tf.Tensor) -> tf.Tensor:
        """Put the rows that count together from all replicas."""
        return self.place(self.counted(values), self.first, self.num_rows)

    def place(
        self, part: tf.Tensor, first: tf.Tensor, num_rows: tf.Tensor
    ) -> tf.Tensor:
        """Put the parts of all replicas one after the other.

        Each is put where it belongs among zeros, and all are added up: TensorFlow's
        own gathering wants parts of equal length.
        """
        behind = num_rows - first - tf.shape(part)[0]
        widths = [[first, behind], *[[0, 0]] * (len(part.shape) - 1)]
        return self.sum([tf.pad(part, widths)])[0]

    def gather_slices(self, gradient: tf.IndexedSlices) -> tuple[tf.Tensor, tf.Tensor]:
        """Put the slices of an embedding's gradient together from all replicas."""
        found = tf.shape(gradient.indices)[0]
        # A replica without rows of its own has seen a row that does not count.
        size = tf.where(self.last > self.first, found, 0)
        (sizes,) = self.sum(
            [size * tf.one_hot(self.replica, self.num_replicas, dtype=tf.int32)]
        )
        first, num_slices = tf.reduce_sum(sizes[: self.replica]), tf.reduce_sum(sizes)
        values, indices = (
            self.place(part[:size], first, num_slices)
            for part in (gradient.values, gradient.indices)
        )
        return values, indices

    def sum(self, values: list) -> list:
        """Add tensors up over the replicas; what is none stays as it is.

        The gradient of an embedding is a list of slices with their ids. They are put
        one after the other, as one device has them: optimizers differ in what they do
        with an id that occurs twice.
        """
        values = [
            self.gather_slices(each) if isinstance(each, tf.IndexedSlices) else each
            for each in values
        ]
        return add_up(self.context, values)

    def penalty(self, model: keras.Model, penalties: list) -> tf.Tensor:
        """Return this replica's part of the penalties.

        Those on activities are means over the rows of the share; those on weights are
        the same on every replica.
        """
        on_weights = len(penalties) - regularized(model)
        by_rows = tf.cast((self.last - self.first) / self.num_rows, tf.float32)
        part = tf.constant(0.0)
        for i, penalty in enumerate(penalties):
            weight = by_rows if i < on_weights else 1 / self.num_replicas
            part += weight * tf.cast(tf.reduce_sum(penalty), tf.float32)
        return part

    def mean(self, states: list) -> list:
        """Average states over the replicas by their rows; integers are equal on all."""
        weight = (self.last - self.first) / self.num_rows
        floats = [
            state * tf.cast(weight, state.dtype) if is_float(state) else None
            for state in states
        ]
        means = add_up(self.context, floats)
        return [
            state if mean is None else mean
            for state, mean in zip(states, means, strict=True)
        ]


def is_float(value: Any) -> bool:
    """Whether something is a tensor of floats."""
    return value is not None and value.dtype.is_floating


def add_up(context: tf.distribute.ReplicaContext, values: list) -> list:
    """Add tensors up over the replicas; what is no tensor stays as it is.

    As many at once as can be: each reduction waits for the slowest replica.
    """
    values = list(values)
    places: dict[tf.DType, list[int]] = {}
    for place, value in enumerate(values):
        if isinstance(value, tf.Tensor):
            places.setdefault(value.dtype, []).append(place)
    for same_type in places.values():
        sums = context.all_reduce(
            tf.distribute.ReduceOp.SUM, [values[place] for place in same_type]
        )
        for place, sum_ in zip(same_type, sums, strict=True):
            values[place] = sum_
    return values


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


def agree(strategy: tf.distribute.Strategy, variables: list) -> None:
    """Give the variables of every worker the values that they have on the first."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return

    def first_values() -> list[tf.Tensor]:
        context = tf.distribute.get_replica_context()
        is_first = context.replica_id_in_sync_group == 0
        values = [tf.convert_to_tensor(variable) for variable in variables]
        return add_up(
            context, [value if is_first else tf.zeros_like(value) for value in values]
        )

    values = tf.function(lambda: strategy.run(first_values))()
    for variable, value in zip(variables, values, strict=True):
        variable.assign(strategy.experimental_local_results(value)[0])


def check_same(strategy: tf.distribute.Strategy, identity: dict[str, Any]) -> None:
    """Check that all workers were called alike.

    Raises:
        ValueError: On every worker, if they were not; the message says in what.
    """
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return
    topics = ("data", "loss", "optimizer", "weights", "model", "")
    found = dict.fromkeys(topics, "")
    for name, value in identity.items():
        if "initializer" in name:  # all start from the weights of the first worker
            continue
        topic = name.split()[0]
        found[topic if topic in found else ""] += f"{name} {value!r}\n"
    # As many numbers on every worker, whatever they are: else the workers would hang.
    checksums = tf.constant(
        [[zlib.crc32(found[topic].encode()) for topic in topics]], tf.int64
    )

    def gather() -> tf.Tensor:
        return tf.distribute.get_replica_context().all_gather(checksums, axis=0)

    results = tf.function(lambda: strategy.run(gather))()
    rows = strategy.experimental_local_results(results)[0].numpy()
    differing = [
        topic or "other arguments"
        for topic, column in zip(topics, rows.T, strict=True)
        if len({*column.tolist()}) > 1
    ]
    if differing:
        raise ValueError(
            f"train: expected the same call on each of {len(rows)} workers, got "
            f"different {' and '.join(differing)}; pass all rows to every worker, "
            "which takes its share of each batch by itself"
        )
