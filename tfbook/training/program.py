"""Programs: many steps inside one compiled call, made once for each model.

Calling a compiled step from Python costs more than the step itself when the model is
small. So the loop over epochs and batches is compiled too.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfbook.training import arguments, dry_run, lookup, replicas

__all__ = ["NUM_KEPT", "Kept", "Program", "get_program"]

NUM_KEPT = 16
"""The number of programs that are kept with a model; the oldest goes first."""


class Program:
    """The epochs of training, compiled into one call.

    Args:
        train_step: A function `(x, y)` that moves the weights, and gives the loss
            before.
        test_step: A function `(x, y)` that gives the loss.
        batch_size: The number of rows a step, or `None` for all of them.
        jit_compile: Whether XLA compiles the call.
        from_dataset: Whether the data come from a `tf.data.Dataset`. XLA cannot read
            from one, so it compiles the steps instead.

    Attributes:
        compiled: The compiled loop, a `tf.function` of the data, the test data, and a
            tensor of the three numbers that `run` takes.

    Example:
        >>> weight = tf.Variable(0.0)
        >>> program = Program(
        ...     train_step=lambda x, y: weight.assign_add(tf.reduce_sum(x)),
        ...     test_step=lambda x, y: weight - tf.reduce_mean(y),
        ... )
        >>> data = tf.constant([[1.0], [2.0]]), tf.constant([[5.0], [7.0]])
        >>> losses = program.run(data, data, seed=0, first=1, last=10)
        >>> [float(loss) for loss in losses]
        [30.0, 24.0]
    """

    def __init__(
        self,
        train_step: Callable,
        test_step: Callable,
        batch_size: int | None = None,
        jit_compile: bool = False,
        from_dataset: bool = False,
    ) -> None:
        if from_dataset and jit_compile:
            train_step = tf.function(train_step, jit_compile=True)
        self.train_step = train_step
        self.test_step = test_step
        self.batch_size = batch_size
        # A partial and not a method: TensorFlow counts traces by a function's code, and
        # would warn of needless ones when many models are trained.
        self.compiled = tf.function(
            functools.partial(Program._run, self),
            jit_compile=jit_compile and not from_dataset,
        )
        self._traces: dict[tuple, Callable] = {}

    def run(
        self,
        data: tuple[Any, tf.Tensor] | tf.data.Dataset,
        test: tuple[Any, tf.Tensor] | tf.data.Dataset | None,
        seed: int,
        first: int,
        last: int,
    ) -> tuple[tf.Tensor, ...]:
        """Train for some epochs in one call, then test.

        Args:
            data: A pair of tensors, or a dataset of batches.
            test: Another one, or `None`.
            seed: The seed of the order of the rows.
            first: The number of the first epoch, counted from 1.
            last: The number of the last one.

        Returns:
            The training loss of the last epoch, and the testing loss after it, or
            `None`.
        """
        # One tensor, since each argument of a compiled call costs time.
        numbers = tf.constant([seed, first, last], tf.int64)
        arguments = data, test, numbers
        parts = tf.nest.flatten((data, test))
        from_dataset = any(isinstance(part, tf.data.Dataset) for part in parts)
        if from_dataset or tf.config.functions_run_eagerly():
            return self.compiled(*arguments)
        # A tf.function looks at all its arguments to find the trace that fits, which
        # takes as long as a short run. Shapes suffice: a program has one set of dtypes.
        shapes = tuple(getattr(part, "shape", None) for part in parts)
        if shapes not in self._traces:
            self._traces[shapes] = self.compiled.get_concrete_function(*arguments)
        return self._traces[shapes](*arguments)

    def _run(
        self,
        data: tuple[Any, tf.Tensor] | tf.data.Dataset,
        test: tuple[Any, tf.Tensor] | tf.data.Dataset | None,
        numbers: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        seed, epoch, last = tf.unstack(numbers)
        training_loss = tf.constant(0.0)
        # Not a tf.range: its length would depend on data, and XLA would compile anew
        # for each.
        while epoch <= last:
            training_loss = self._train_epoch(data, tf.stack([seed, epoch]))
            epoch += 1
        return training_loss, None if test is None else self._test(test)

    def _train_epoch(
        self, data: tuple[Any, tf.Tensor] | tf.data.Dataset, seed: tf.Tensor
    ) -> tf.Tensor:
        if isinstance(data, tf.data.Dataset):
            return self._mean_over_batches(self.train_step, data)
        num_rows = data[1].shape[0]
        if self.batch_size is None or self.batch_size >= num_rows:
            return tf.cast(self.train_step(*data), tf.float32)
        # Sorting random numbers shuffles inside the graph, the same way for the same
        # seed.
        order = tf.argsort(tf.random.stateless_uniform((num_rows,), seed))
        num_rest = num_rows % self.batch_size
        whole, rest = tf.split(order, [num_rows - num_rest, num_rest])
        total = tf.constant(0.0)
        for rows in tf.reshape(whole, (-1, self.batch_size)):
            total += self._train_on_rows(data, rows)
        total *= self.batch_size
        if num_rest:
            total += self._train_on_rows(data, rest) * num_rest
        return total / num_rows

    def _train_on_rows(self, data: tuple[Any, tf.Tensor], rows: tf.Tensor) -> tf.Tensor:
        batch = tf.nest.map_structure(lambda array: tf.gather(array, rows), data)
        return tf.cast(self.train_step(*batch), tf.float32)

    def _test(self, data: tuple[Any, tf.Tensor] | tf.data.Dataset) -> tf.Tensor:
        if isinstance(data, tf.data.Dataset):
            return self._mean_over_batches(self.test_step, data)
        return self.test_step(*data)

    def _mean_over_batches(self, step: Callable, dataset: tf.data.Dataset) -> tf.Tensor:
        total = num_rows = tf.constant(0.0)
        for x, y in dataset:
            rows_in_batch = tf.cast(tf.shape(y)[0], tf.float32)
            total += tf.cast(step(x, y), tf.float32) * rows_in_batch
            num_rows += rows_in_batch
        return total / num_rows


class Kept(NamedTuple):
    """A program, and what it was made for.

    Attributes:
        program: The compiled loop.
        optimizer: What moves the weights in it.
        state: The values that the optimizer's variables had then.
        trainable: The ids of the weights that it moves.
        strategy: What shares its steps out, or `None`; kept so that its id stays its.

    Example:
        >>> steps = (lambda x, y: tf.reduce_sum(x),) * 2
        >>> Kept(Program(*steps), keras.optimizers.SGD(), [], [], None).trainable
        []
    """

    program: Program
    optimizer: Any
    state: list[np.ndarray]
    trainable: list[int]
    strategy: tf.distribute.Strategy | None


def get_program(
    model: keras.Model,
    steps: tuple[Callable, Callable],
    train_batch: tuple[Any, np.ndarray],
    test_batch: tuple[Any, np.ndarray] | None,
    optimizer: Any,
    loss: str | Callable,
    batch_size: int | None = None,
    jit_compile: bool = False,
    from_dataset: bool = False,
    strategy: tf.distribute.Strategy | None = None,
) -> tuple[Program, Any]:
    """Find the compiled program of a model, or make it at the first call.

    Programs are kept with the model, one for each combination of the other arguments
    and of the data's shapes.

    Args:
        model: Any Keras model with one output. If its weights do not exist yet, they
            are made.
        steps: What the program repeats: `training.train_step` and `training.test_step`,
            or functions with their arguments.
        train_batch: Features and targets; of a dataset the first batch.
        test_batch: The same to test on, or `None`.
        optimizer: An optimizer, or the name of one.
        loss: A function `(y_true, y_pred)`, or a name that Keras knows.
        batch_size: Rows a step, or `None` for all.
        jit_compile: Whether XLA compiles it.
        from_dataset: Whether the data come from a `tf.data.Dataset`.
        strategy: What shares the steps out to several devices, or `None`.

    Returns:
        The program, and its optimizer, which is the one that was given, or one of the
        given name, as good as new.

    Raises:
        ValueError: If the model, the data, the optimizer and the loss do not fit.

    Example:
        >>> from tfbook.training import test_step, train_step
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> data = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
        >>> arguments = model, (train_step, test_step), data, None, "sgd", "mse"
        >>> get_program(*arguments) == get_program(*arguments)
        True
    """
    # In the model's own __dict__, past Keras's tracking: the programs are not part of
    # what it saves, and they go when the model goes.
    programs: dict[tuple, Kept] = vars(model).setdefault("_programs", {})
    arrays = tf.nest.flatten([train_batch, test_batch or ()])
    features = train_batch[0]
    key = (
        optimizer if isinstance(optimizer, str) else id(optimizer),
        loss if isinstance(loss, str) else id(loss),
        batch_size,
        jit_compile,
        from_dataset,
        id(strategy),
        tuple(features) if isinstance(features, dict) else type(features),
        *((array.shape[1:], array.dtype) for array in arrays),
    )
    # A layer may have been frozen, or added, since the program was made.
    trainable = [id(variable) for variable in model.trainable_variables]
    if key not in programs or programs[key].trainable != trainable:
        replicas.check_scope(model.variables)
        found, function = lookup.get_optimizer(optimizer), lookup.get_loss(loss)
        arguments.check_fit(model, *train_batch, loss)
        if test_batch is not None:
            arguments.check_fit(model, *test_batch, loss)
        row = tf.nest.map_structure(lambda array: tf.constant(array[:1]), train_batch)
        dry_run.check_step(model, steps[0], function, *row)
        lookup.build(found, model.trainable_variables)
        replicas.check_scope(found.variables)

        train_step: Callable = functools.partial(steps[0], model, found, function)
        test_step: Callable = functools.partial(steps[1], model, function)
        if strategy is not None:
            train_step = replicas.share_train_step(
                strategy, steps[0], model, found, function
            )
            test_step = replicas.share_step(strategy, test_step)
        programs[key] = Kept(
            Program(train_step, test_step, batch_size, jit_compile, from_dataset),
            found,
            [variable.numpy() for variable in found.variables],
            [id(variable) for variable in model.trainable_variables],
            strategy,
        )
        if len(programs) > NUM_KEPT:
            del programs[next(iter(programs))]
    kept = programs[key]
    if isinstance(optimizer, str):
        for variable, value in zip(kept.optimizer.variables, kept.state, strict=True):
            variable.assign(value)
    return kept.program, kept.optimizer
