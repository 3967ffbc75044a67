"""Strategies: one step shared out to several devices, with the result of one device.

Each replica of the model takes its share of the rows of a batch. What it computes from
them are means, which count by its number of rows, so that their sum over the replicas
is the mean over the whole batch. The optimizer then moves the weights once, as it would
on one device: clipping and schedules mean the same, and the weights are kept once in
each process.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfbook.training import dry_run

__all__ = [
    "agree",
    "check_scope",
    "check_strategy",
    "share_step",
    "share_train_step",
    "sum_over_replicas",
]


def check_strategy(
    strategy: Any, jit_compile: bool = False, checkpoints: bool = False
) -> None:
    """Check that a strategy is one that training can use.

    Args:
        strategy: What was given, or `None`.
        jit_compile: Whether XLA is to compile the steps.
        checkpoints: Whether the run is to write checkpoints.

    Raises:
        TypeError: If it is neither of the two strategies that are known.
        ValueError: If it does not go together with the rest.

    Example:
        >>> check_strategy("mirrored")
        Traceback (most recent call last):
            ...
        TypeError: strategy: expected a MirroredStrategy or a Multi..., got...
    """
    if strategy is None:
        return
    several_workers = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    if not (several_workers or isinstance(strategy, tf.distribute.MirroredStrategy)):
        raise TypeError(
            "strategy: expected a MirroredStrategy or a MultiWorkerMirroredStrategy, "
            f"got {strategy!r}; pass for example tf.distribute.MirroredStrategy()"
        )
    if jit_compile:
        raise ValueError(
            "train: expected jit_compile=False with a strategy, got True; XLA compiles "
            "for one device, so drop one of the two"
        )
    if several_workers and checkpoints:
        raise ValueError(
            "train: expected no checkpoint_dir with a MultiWorkerMirroredStrategy, got "
            "one; checkpoints work in one process, for example with a MirroredStrategy"
        )


def check_scope(variables: list) -> None:
    """Check that variables were made outside the scope of every strategy.

    A scope makes a copy of each variable for every device. Training needs none: it
    moves the weights once, and every replica reads them.

    Args:
        variables: Those of a model and its optimizer.

    Raises:
        ValueError: If one was made inside a scope, or this is called in one.

    Example:
        >>> with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        ...     variable = tf.Variable(1.0, name="bias")
        >>> check_scope([variable])
        Traceback (most recent call last):
            ...
        ValueError: train: expected variables made outside strategy.scope(), got...
    """
    inside = [
        variable.name
        for variable in variables
        if isinstance(
            variable.value if isinstance(variable, keras.Variable) else variable,
            tf.distribute.DistributedValues,
        )
    ]
    if inside or tf.distribute.has_strategy():
        got = repr(inside[0].split(":")[0]) if inside else "a call"
        raise ValueError(
            f"train: expected variables made outside strategy.scope(), got {got} "
            "inside; make model and optimizer without the scope, train(strategy=...) "
            "is enough"
        )


def sum_over_replicas(values: Any, integers: bool = False) -> Any:
    """Sum what the replicas have; to be called by each of them.

    Args:
        values: A tensor, or lists of tensors and `None`, alike on every replica.
        integers: Whether to sum those of integers, too, and not leave them as they are.

    Returns:
        The sums, in the same lists.

    Example:
        >>> float(sum_over_replicas([tf.constant(3.0), None])[0])
        3.0
    """
    flat = tf.nest.flatten(values)
    places: dict[tf.DType, list[int]] = {}
    for place, value in enumerate(flat):
        if value is not None and (integers or value.dtype.is_floating):
            places.setdefault(value.dtype, []).append(place)
    # As many at once as can be: every reduction waits for the slowest replica.
    for same_type in places.values():
        sums = tf.distribute.get_replica_context().all_reduce(
            tf.distribute.ReduceOp.SUM, [flat[place] for place in same_type]
        )
        for place, total in zip(same_type, sums, strict=True):
            flat[place] = total
    return tf.nest.pack_sequence_as(values, flat)


def share_step(strategy: tf.distribute.Strategy, step: Callable) -> Callable:
    r"""Make a step that each replica takes on its share of the rows.

    Of the $n$ rows of a batch, replica $r$ of $k$ takes those from $\lfloor n r / k
    \rfloor$ up to $\lfloor n (r + 1) / k \rfloor$. Every worker is given the whole
    batch.

    Args:
        strategy: It says how many replicas there are.
        step: A function `(x, y)` that gives means over the rows: a tensor, or lists of
            tensors. What is not a floating point number has to be the same on all.

    Returns:
        A function `(x, y)` that gives the means over the rows of all replicas.

    Example:
        >>> strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        >>> step = share_step(strategy, lambda x, y: tf.reduce_mean(x * y))
        >>> float(tf.function(step)(tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])))
        5.5
    """

    def step_on_share(x: Any, y: tf.Tensor) -> Any:
        context = tf.distribute.get_replica_context()
        replica, num_replicas = (
            context.replica_id_in_sync_group,
            context.num_replicas_in_sync,
        )
        num_rows = tf.shape(y)[0]
        first = num_rows * replica // num_replicas
        last = num_rows * (replica + 1) // num_replicas
        weight = tf.cast((last - first) / num_rows, tf.float32)
        # The mean of no rows is not a number: a replica without any takes one of
        # another's, and counts it zero times.
        share = slice(first, tf.maximum(last, first + 1))
        means = step(*tf.nest.map_structure(lambda array: array[share], (x, y)))

        def whole(mean: tf.Tensor | None) -> tf.Tensor | None:
            if mean is None or not mean.dtype.is_floating:
                return mean
            return tf.convert_to_tensor(mean) * tf.cast(weight, mean.dtype)

        return sum_over_replicas(tf.nest.map_structure(whole, means))

    def shared_step(x: Any, y: tf.Tensor) -> Any:
        results = strategy.run(step_on_share, (x, y))
        return tf.nest.map_structure(
            lambda result: strategy.experimental_local_results(result)[0], results
        )

    return shared_step


def share_train_step(
    strategy: tf.distribute.Strategy,
    train_step: Callable,
    model: keras.Model,
    optimizer: Any,
    loss: Callable,
) -> Callable:
    """Make a training step that each replica takes on its share of the rows.

    With dropout, each replica drops the same units from the rows of its share; a batch
    normalization takes the statistics of a share, and averages them.

    Args:
        strategy: It says how many replicas there are.
        train_step: A function `(model, optimizer, loss, x, y)` that gives the loss.
        model: Any Keras model whose weights exist.
        optimizer: An optimizer that was built for them.
        loss: A function `(y_true, y_pred)`.

    Returns:
        A function `(x, y)` that moves the weights, and gives the loss before.

    Example:
        >>> from tfbook import training
        >>> zero = keras.layers.Dense(1, kernel_initializer="zeros")
        >>> model = keras.Sequential([keras.Input((1,)), zero])
        >>> strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        >>> sgd, mse = keras.optimizers.SGD(0.5), keras.losses.mean_squared_error
        >>> step = share_train_step(strategy, training.train_step, model, sgd, mse)
        >>> float(tf.function(step)(tf.constant([[1.0]]), tf.constant([[3.0]])))
        9.0
        >>> zero.kernel.numpy().tolist()
        [[3.0]]
    """

    def try_step(x: Any, y: tf.Tensor) -> list:
        trial = dry_run.Trial(model)
        value = train_step(trial, trial, loss, x, y)
        return [value, trial.gradients, trial.state]

    shared_step = share_step(strategy, try_step)

    def step(x: Any, y: tf.Tensor) -> tf.Tensor:
        value, gradients, state = shared_step(x, y)
        optimizer.apply(gradients, model.trainable_variables)
        for variable, new in zip(model.non_trainable_variables, state, strict=True):
            if new is not None:
                variable.assign(new)
        return value

    return step


def agree(strategy: tf.distribute.Strategy, variables: list) -> None:
    """Give the variables of every worker the values that they have on the first.

    Args:
        strategy: The strategy of the workers. If it has one process, nothing happens.
        variables: The same on every worker, but for their values.

    Example:
        >>> agree(tf.distribute.MirroredStrategy(["CPU:0"]), [tf.Variable(1.0)])
    """
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return

    def first_values() -> list[tf.Tensor]:
        context = tf.distribute.get_replica_context()
        values = [tf.convert_to_tensor(variable) for variable in variables]
        if context.replica_id_in_sync_group != 0:
            values = [tf.zeros_like(value) for value in values]
        return sum_over_replicas(values, integers=True)

    values = tf.function(lambda: strategy.run(first_values))()
    for variable, value in zip(variables, values, strict=True):
        variable.assign(strategy.experimental_local_results(value)[0])
