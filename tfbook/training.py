"""Training: one step, one test, and a loop that runs inside one compiled call.

Calling a compiled step from Python costs more than the step itself when the model is
small. Here the loop over epochs and batches is compiled too, and Python gets control
back only when the history is due a row.
"""

import functools
import os
import zlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from tqdm.auto import tqdm

from tfbook import checkpoints, inputs

__all__ = [
    "Program",
    "TrainingDiverged",
    "TrainingInterrupted",
    "get_program",
    "run_identity",
    "test_step",
    "train",
    "train_step",
]


class TrainingDiverged(ArithmeticError):  # noqa: N818 - says what happened
    """The loss is no longer a finite number.

    Args:
        message: What was seen, in which epoch, and what to try.
        history: The rows recorded until then, as `train` would have returned them.

    Example:
        >>> error = TrainingDiverged("expected a finite loss, got nan", pd.DataFrame())
        >>> len(error.history)
        0

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section
        8.2.4.
    """

    def __init__(self, message: str, history: pd.DataFrame) -> None:
        super().__init__(message)
        self.history = history


class TrainingInterrupted(KeyboardInterrupt):
    """Training was stopped by hand, with Ctrl-C.

    Args:
        message: After which epoch.
        history: The rows recorded until then, as `train` would have returned them.

    Example:
        >>> error = TrainingInterrupted("train: interrupted", pd.DataFrame())
        >>> isinstance(error, KeyboardInterrupt)
        True
    """

    def __init__(self, message: str, history: pd.DataFrame) -> None:
        super().__init__(message)
        self.history = history


def train_step(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: Callable,
    x: tf.Tensor,
    y: tf.Tensor,
) -> tf.Tensor:
    """Move the weights once against the gradient of the loss on one batch.

    The loss is the mean over the batch, plus what the model's regularizers add.

    Args:
        model: Any Keras model whose weights exist.
        optimizer: Any Keras optimizer.
        loss: A function `(y_true, y_pred)` that gives one number, or one an example.
        x: Features, of shape `(examples, ...)`.
        y: Targets, of shape `(examples, ...)`.

    Returns:
        The loss before the step, a scalar.

    Example:
        >>> zero = keras.layers.Dense(1, kernel_initializer="zeros")
        >>> model = keras.Sequential([keras.Input((1,)), zero])
        >>> sgd = keras.optimizers.SGD(learning_rate=0.5)
        >>> x, y = tf.constant([[1.0]]), tf.constant([[3.0]])
        >>> float(train_step(model, sgd, keras.losses.mean_squared_error, x, y))
        9.0
        >>> zero.kernel.numpy().tolist()
        [[3.0]]

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, algorithm
        8.1.
    """
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(loss(y, model(x, training=True)))
        if model.losses:
            value += tf.add_n(model.losses)
    gradients = tape.gradient(value, model.trainable_variables)
    optimizer.apply(gradients, model.trainable_variables)
    return value


def test_step(
    model: keras.Model, loss: Callable, x: tf.Tensor, y: tf.Tensor
) -> tf.Tensor:
    """Return the mean loss of a model on data, without changing it.

    Args:
        model: Any Keras model.
        loss: A function `(y_true, y_pred)` that gives one number, or one an example.
        x: Features, of shape `(examples, ...)`.
        y: Targets, of shape `(examples, ...)`.

    Returns:
        The loss, a scalar.

    Example:
        >>> zero = keras.layers.Dense(1, kernel_initializer="zeros")
        >>> model = keras.Sequential([keras.Input((1,)), zero])
        >>> x, y = tf.ones((4, 1)), tf.fill((4, 1), 3.0)
        >>> float(test_step(model, keras.losses.mean_squared_error, x, y))
        9.0

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section 5.2.
    """
    return tf.reduce_mean(loss(y, model(x, training=False)))


class Program:
    """The epochs of one model, optimizer and loss, compiled into one call.

    Args:
        model: A Keras model whose weights exist.
        optimizer: A Keras optimizer that was built for them.
        loss: A function `(y_true, y_pred)`.
        batch_size: The number of rows a step, or `None` for all of them.
        jit_compile: Whether XLA compiles the call.
        from_dataset: Whether the data come from a `tf.data.Dataset`. XLA cannot read
            from one, so it compiles the steps instead.

    Attributes:
        run: The compiled call: `(data, test, seed, first, last)` to the training loss
            of the last epoch, and the testing loss after it. `data` is a pair of
            arrays or a dataset of batches, `test` another one or `None`; epochs count
            from `first` up to and including `last`.
        trainable: The ids of the weights that it moves.

    Example:
        >>> zero = keras.layers.Dense(1, kernel_initializer="zeros")
        >>> model = keras.Sequential([keras.Input((1,)), zero])
        >>> sgd, mse = keras.optimizers.SGD(0.5), keras.losses.mean_squared_error
        >>> program = Program(model, sgd, mse, batch_size=None, jit_compile=False)
        >>> data = tf.constant([[1.0]]), tf.constant([[3.0]])
        >>> seed, first, last = tf.constant(0), tf.constant(1), tf.constant(1)
        >>> training_loss, testing_loss = program.run(data, data, seed, first, last)
        >>> float(training_loss)
        9.0
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        loss: Callable,
        batch_size: int | None,
        jit_compile: bool,
        from_dataset: bool = False,
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.loss = loss
        self.batch_size = batch_size
        self.jit_compile = jit_compile
        self.trainable = [id(variable) for variable in model.trainable_variables]
        self._initial_state = [variable.numpy() for variable in optimizer.variables]
        self._step = functools.partial(train_step, model, optimizer, loss)
        if from_dataset and jit_compile:
            self._step = tf.function(self._step, jit_compile=True)
        # A partial and not a method: TensorFlow counts traces by a function's code, and
        # would warn of needless ones when many models are trained.
        self.run = tf.function(
            functools.partial(Program._run, self),
            jit_compile=jit_compile and not from_dataset,
        )

    def reset_optimizer(self) -> None:
        """Put the optimizer's variables back to where they were at the beginning."""
        for variable, value in zip(
            self.optimizer.variables, self._initial_state, strict=True
        ):
            variable.assign(value)

    def _run(
        self,
        data: tuple[tf.Tensor, tf.Tensor] | tf.data.Dataset,
        test: tuple[tf.Tensor, tf.Tensor] | tf.data.Dataset | None,
        seed: tf.Tensor,
        first: tf.Tensor,
        last: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        training_loss = tf.constant(0.0)
        epoch = first
        # Not a tf.range: its length would depend on data, and XLA would compile anew
        # for each.
        while epoch <= last:
            training_loss = self._train_epoch(data, tf.stack([seed, epoch]))
            epoch += 1
        return training_loss, None if test is None else self._test(test)

    def _train_epoch(
        self, data: tuple[tf.Tensor, tf.Tensor] | tf.data.Dataset, seed: tf.Tensor
    ) -> tf.Tensor:
        if isinstance(data, tf.data.Dataset):
            return self._mean_over_batches(self._step, data)
        x, y = data
        num_rows = x.shape[0]
        if self.batch_size is None or self.batch_size >= num_rows:
            return self._step(x, y)
        # Sorting random numbers shuffles inside the graph, the same way for the same
        # seed.
        order = tf.argsort(tf.random.stateless_uniform((num_rows,), seed))
        num_rest = num_rows % self.batch_size
        whole, rest = tf.split(order, [num_rows - num_rest, num_rest])
        total = tf.constant(0.0)
        for rows in tf.reshape(whole, (-1, self.batch_size)):
            total += self._step(tf.gather(x, rows), tf.gather(y, rows))
        total *= self.batch_size
        if num_rest:
            total += self._step(tf.gather(x, rest), tf.gather(y, rest)) * num_rest
        return total / num_rows

    def _test(self, data: tuple[tf.Tensor, tf.Tensor] | tf.data.Dataset) -> tf.Tensor:
        step = functools.partial(test_step, self.model, self.loss)
        if isinstance(data, tf.data.Dataset):
            return self._mean_over_batches(step, data)
        return step(*data)

    def _mean_over_batches(self, step: Callable, dataset: tf.data.Dataset) -> tf.Tensor:
        total = num_rows = tf.constant(0.0)
        for x, y in dataset:
            rows_in_batch = tf.cast(tf.shape(x)[0], tf.float32)
            total += step(x, y) * rows_in_batch
            num_rows += rows_in_batch
        return total / num_rows


def run_identity(
    program: Program,
    train_data: tuple[np.ndarray, np.ndarray],
    test_data: tuple[np.ndarray, np.ndarray] | None,
    record_every: int,
    seed: int,
) -> dict[str, Any]:
    """Describe a run, so that a checkpoint of another one can be told from its own.

    Args:
        program: The program that runs.
        train_data: Features and targets; of a dataset the first batch.
        test_data: The same to test on, or `None`.
        record_every: The number of epochs from one row of the history to the next.
        seed: The seed of the order of the rows.

    Returns:
        Names and values that JSON can write. The data are there as a checksum.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> mse = keras.losses.mean_squared_error
        >>> program = Program(model, keras.optimizers.SGD(), mse, None, False)
        >>> data = np.ones((4, 2)), np.ones((4, 1))
        >>> identity = run_identity(program, data, None, record_every=10, seed=0)
        >>> identity["loss"], identity["weights"]
        ('mean_squared_error', ['kernel (2, 1)', 'bias (1,)'])
    """
    optimizer = program.optimizer.get_config()
    optimizer.pop("name", None)  # counted up in a process, so not the same in the next
    arrays = (*train_data, *(test_data or ()))
    checksums = [zlib.crc32(array.tobytes()) for array in arrays]
    loss = getattr(program.loss, "__name__", type(program.loss).__name__)
    return {
        "model": type(program.model).__name__,
        "weights": [f"{v.name} {tuple(v.shape)}" for v in program.model.variables],
        "optimizer": f"{type(program.optimizer).__name__} {optimizer}",
        "loss": loss,
        "batch_size": program.batch_size,
        "jit_compile": program.jit_compile,
        "record_every": record_every,
        "seed": seed,
        "data": [f"{a.shape} {c:08x}" for a, c in zip(arrays, checksums, strict=True)],
    }


def get_program(
    model: keras.Model,
    train_data: tuple[np.ndarray, np.ndarray],
    test_data: tuple[np.ndarray, np.ndarray] | None,
    optimizer: str | keras.optimizers.Optimizer,
    loss: str | Callable,
    batch_size: int | None,
    jit_compile: bool,
    from_dataset: bool,
) -> Program:
    """Find the compiled program of a model, or make it at the first call.

    Programs are kept with the model, one for each combination of the other arguments
    and of the data's shapes.

    Args:
        model: Any Keras model with one input.
        train_data: Features and targets; of a dataset the first batch.
        test_data: The same to test on, or `None`.
        optimizer: A Keras optimizer, or the name of one.
        loss: A function `(y_true, y_pred)`, or a name that Keras knows.
        batch_size: Rows a step, or `None` for all.
        jit_compile: Whether XLA compiles it.
        from_dataset: Whether the data come from a `tf.data.Dataset`.

    Returns:
        The program.

    Raises:
        ValueError: If the model, the data and the loss do not fit.

    Example:
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> data = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
        >>> arguments = (model, data, None, "sgd", "mse", None, False, False)
        >>> get_program(*arguments) is get_program(*arguments)
        True
    """
    # In the model's own __dict__, past Keras's tracking: the programs are not part of
    # what it saves, and they go when the model goes.
    programs = vars(model).setdefault("_programs", {})
    shapes = [(a.shape[1:], a.dtype) for a in (*train_data, *(test_data or ()))]
    optimizer_key = optimizer if isinstance(optimizer, str) else id(optimizer)
    loss_key = loss if isinstance(loss, str) else id(loss)
    key = (optimizer_key, loss_key, batch_size, jit_compile, from_dataset, *shapes)
    # A layer may have been frozen, or added, since the program was made.
    trainable = [id(variable) for variable in model.trainable_variables]
    if key not in programs or programs[key].trainable != trainable:
        built_optimizer, loss_function = (
            inputs.get_optimizer(optimizer),
            inputs.get_loss(loss),
        )
        inputs.check_fit(model, *train_data, loss)
        if test_data is not None:
            inputs.check_fit(model, *test_data, loss)
        built_optimizer.build(model.trainable_variables)
        programs[key] = Program(
            model, built_optimizer, loss_function, batch_size, jit_compile, from_dataset
        )
    return programs[key]


def train(
    model: keras.Model,
    train_data: tuple[Any, Any] | tf.data.Dataset,
    test_data: tuple[Any, Any] | tf.data.Dataset | None = None,
    *,
    optimizer: str | keras.optimizers.Optimizer,
    loss: str | Callable = "mse",
    epochs: int,
    batch_size: int | None = None,
    record_every: int = 10,
    seed: int = 0,
    jit_compile: bool = False,
    checkpoint_dir: str | os.PathLike | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    """Train a model, and record its loss as it learns.

    The epochs run inside one compiled call; Python gets control back every
    `record_every` epochs, and that is when the history gets a row, the loss is checked,
    the bar moves and a checkpoint is written. So `record_every=1` is the loop one
    writes first, and `record_every=epochs` is one program. A second call with the same
    model, optimizer, loss and shapes compiles nothing. An optimizer given by name
    starts afresh at every call; one given as an object goes on where it was.

    Args:
        model: Any Keras model with one input. If its weights do not exist yet, they are
            made.
        train_data: A pair `(x, y)` of arrays, or a `tf.data.Dataset` of batches that
            has an end; `dataset.take(n)` gives one without end an epoch of n batches.
        test_data: Another one, to test on.
        optimizer: A Keras optimizer, or the name of one.
        loss: A function `(y_true, y_pred)` that gives one number, or one an example; or
            a name that Keras knows.
        epochs: How often to go through the training data.
        batch_size: Rows a step, drawn in a new random order every epoch; `None` takes
            all rows at once. The last batch of an epoch may be smaller, and counts by
            its size.
        record_every: The number of epochs from one row of the history to the next.
        seed: The seed of the order of the rows. The same seed gives the same weights,
            bit for bit; with `jit_compile` it gives another order than without.
        jit_compile: Whether XLA compiles the loop. That costs a few tenths of a second
            once; on a CPU it pays for many epochs of a small model, and can lose with
            dropout or batch normalization.
        checkpoint_dir: A folder. The run leaves its state there whenever it records; a
            run that was killed goes on from there when it is started again with the
            same arguments, and ends with the same weights, bit for bit. (With a
            dataset that shuffles, that holds if it gives every epoch the same order.)
        progress: Whether to show a bar with the epoch, the losses and the time left.

    Returns:
        The history, indexed by `epoch`: `training_loss`, the mean over the epoch's
        batches, each before its update; and with `test_data`, `testing_loss` after the
        epoch. The last epoch always has a row.

    Raises:
        TrainingDiverged: If a recorded loss is not finite. It carries the rows until
            then as `.history`.
        TrainingInterrupted: At Ctrl-C; it carries `.history` too.
        TypeError: If the model is not a Keras model.
        ValueError: If the data, or an argument, cannot be used, or the checkpoint
            belongs to another run; nothing has been trained then.
        OSError: If a checkpoint cannot be written.

    Example:
        >>> from tfbook import data, models
        >>> split = data.linear()
        >>> model = models.LinearRegression(5)
        >>> sgd = keras.optimizers.SGD(learning_rate=0.1)
        >>> history = train(
        ...     model, split.train, optimizer=sgd, epochs=2000, record_every=500
        ... )
        >>> history.index.tolist()
        [500, 1000, 1500, 2000]
        >>> np.allclose(model.kernel.numpy().ravel(), [0, 1, 2, 3, 4], atol=0.01)
        True

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section 8.3.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"train: expected a keras.Model, got {type(model).__name__}; pass for "
            "example MLP(64, 1)"
        )
    counts = {"epochs": epochs, "record_every": record_every}
    if batch_size is not None:
        counts["batch_size"] = batch_size
    for name, value in counts.items():
        if not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(
                f"train: expected {name} to be a positive integer, got {value!r}; pass "
                "1 or more"
            )
    from_dataset = isinstance(train_data, tf.data.Dataset)
    if from_dataset and batch_size is not None:
        raise ValueError(
            f"train: expected no batch_size with a dataset, got {batch_size}; the "
            f"dataset is already in batches"
        )
    # NumPy's integers become Python's: the graph's are 32 bits wide, theirs 64.
    epochs, record_every, seed = int(epochs), int(record_every), int(seed)

    train_arrays = inputs.as_arrays("train_data", train_data)
    test_arrays = (
        None if test_data is None else inputs.as_arrays("test_data", test_data)
    )
    program = get_program(
        model,
        train_arrays,
        test_arrays,
        optimizer,
        loss,
        batch_size,
        jit_compile,
        from_dataset,
    )
    if isinstance(optimizer, str):
        program.reset_optimizer()

    rows: list[tuple[float, ...]] = []
    columns = ["epoch", "training_loss"]
    if test_data is not None:
        columns.append("testing_loss")

    def history() -> pd.DataFrame:
        table = np.array(rows).reshape(-1, len(columns))
        epoch = pd.Index(table[:, 0].astype(np.int64), name="epoch")
        return pd.DataFrame(table[:, 1:], index=epoch, columns=columns[1:])

    state = [*model.variables, *program.optimizer.variables]
    if checkpoint_dir is not None:
        folder = checkpoints.prepare(checkpoint_dir)
        identity = run_identity(program, train_arrays, test_arrays, record_every, seed)
        found = checkpoints.load_latest(folder)
        if found is not None:
            checkpoints.compare(found, identity)
            if found.epoch > epochs:
                raise ValueError(
                    f"checkpoint of epoch {found.epoch}: expected epochs of at least "
                    f"that many, got {epochs}; pass more, or another checkpoint_dir"
                )
            for variable, saved in zip(state, found.state, strict=True):
                variable.assign(saved)
            rows = [tuple(row) for row in found.rows.tolist()]

    data, test = (
        given
        if arrays is None or isinstance(given, tf.data.Dataset)
        # Tensors and not arrays: an argument of a compiled call, not a constant of it.
        else tuple(map(tf.constant, arrays))
        for given, arrays in ((train_data, train_arrays), (test_data, test_arrays))
    )
    done = int(rows[-1][0]) if rows else 0
    with tqdm(total=epochs, initial=done, disable=not progress, unit="epoch") as bar:
        while done < epochs:
            # Up to the next multiple: a run that goes on records where one would have.
            last = min((done // record_every + 1) * record_every, epochs)
            limits = tf.constant(seed), tf.constant(done + 1), tf.constant(last)
            try:
                losses = program.run(data, test, *limits)
            except KeyboardInterrupt:
                raise TrainingInterrupted(
                    f"train: interrupted after epoch {done}; its rows are in .history",
                    history(),
                ) from None
            row = tuple(float(value) for value in losses if value is not None)
            if not np.isfinite(row).all():
                raise TrainingDiverged(
                    "train: expected a finite loss, got "
                    f"{dict(zip(columns[1:], row, strict=True))} in epoch {last}; "
                    "lower the learning rate, standardise the features, or clip the "
                    "gradients",
                    history(),
                )
            rows.append((last, *row))
            if checkpoint_dir is not None:
                values = [variable.numpy() for variable in state]
                checkpoints.save(
                    folder,
                    checkpoints.Checkpoint(last, values, np.array(rows), identity),
                )
            bar.set_postfix(dict(zip(columns[1:], row, strict=True)), refresh=False)
            bar.update(last - done)
            done = last
    return history()
