"""Training: one step, one test, and a loop that runs inside one compiled call.

Calling a compiled step from Python costs more than the step itself when the model is
small. Here the loop over epochs and batches is compiled too, and Python gets control
back only when the history is due a row.
"""

import difflib
import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

__all__ = [
    "Program",
    "TrainingDiverged",
    "as_arrays",
    "check_fit",
    "get_loss",
    "get_optimizer",
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

    Attributes:
        run: The compiled call: `(x, y, test, seed, first, last)` to the training loss
            of the last epoch, and the testing loss after it. `test` is a pair of arrays
            or `None`; epochs count from `first` up to and including `last`.
        trainable: The ids of the weights that it moves.

    Example:
        >>> zero = keras.layers.Dense(1, kernel_initializer="zeros")
        >>> model = keras.Sequential([keras.Input((1,)), zero])
        >>> sgd, mse = keras.optimizers.SGD(0.5), keras.losses.mean_squared_error
        >>> program = Program(model, sgd, mse, batch_size=None, jit_compile=False)
        >>> x, y = tf.constant([[1.0]]), tf.constant([[3.0]])
        >>> seed, first, last = tf.constant(0), tf.constant(1), tf.constant(1)
        >>> training_loss, testing_loss = program.run(x, y, (x, y), seed, first, last)
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
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.loss = loss
        self.batch_size = batch_size
        self.trainable = [id(variable) for variable in model.trainable_variables]
        self._initial_state = [variable.numpy() for variable in optimizer.variables]

        # A partial and not a method: TensorFlow counts traces by a function's code, and
        # would warn of needless ones when many models are trained.
        self.run = tf.function(
            functools.partial(Program._run, self), jit_compile=jit_compile
        )

    def reset_optimizer(self) -> None:
        """Put the optimizer's variables back to where they were at the beginning."""
        for variable, value in zip(
            self.optimizer.variables, self._initial_state, strict=True
        ):
            variable.assign(value)

    def _run(
        self,
        x: tf.Tensor,
        y: tf.Tensor,
        test: tuple[tf.Tensor, tf.Tensor] | None,
        seed: tf.Tensor,
        first: tf.Tensor,
        last: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        training_loss = tf.constant(0.0)
        epoch = first
        # Not a tf.range: its length would depend on data, and XLA would compile anew
        # for each.
        while epoch <= last:
            training_loss = self._train_epoch(x, y, tf.stack([seed, epoch]))
            epoch += 1
        testing_loss = None if test is None else test_step(self.model, self.loss, *test)
        return training_loss, testing_loss

    def _train_epoch(self, x: tf.Tensor, y: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        num_rows = x.shape[0]
        if self.batch_size is None or self.batch_size >= num_rows:
            return self._train_rows(x, y)
        # Sorting random numbers shuffles inside the graph, the same way for the same
        # seed.
        order = tf.argsort(tf.random.stateless_uniform((num_rows,), seed))
        num_rest = num_rows % self.batch_size
        whole, rest = tf.split(order, [num_rows - num_rest, num_rest])
        total = tf.constant(0.0)
        for rows in tf.reshape(whole, (-1, self.batch_size)):
            loss = self._train_rows(tf.gather(x, rows), tf.gather(y, rows))
            total += loss * self.batch_size
        if num_rest:
            total += self._train_rows(tf.gather(x, rest), tf.gather(y, rest)) * num_rest
        return total / num_rows

    def _train_rows(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        return train_step(self.model, self.optimizer, self.loss, x, y)


def as_arrays(name: str, data: Any) -> tuple[np.ndarray, np.ndarray]:
    """Check a pair of features and targets, and make it ready for training.

    Args:
        name: What to call the data in an error.
        data: A pair `(x, y)` of arrays, DataFrames or lists, with as many rows of the
            one as of the other.

    Returns:
        The features as float32; the targets as float32, or as int32 where they were
        integers that it can hold, as labels are.

    Raises:
        ValueError: If the data are not a pair, are empty, hold text, NaN or infinity,
            or differ in rows.

    Example:
        >>> x, y = as_arrays("train_data", ([[1, 2], [3, 4]], [[0], [1]]))
        >>> x.dtype, y.dtype
        (dtype('float32'), dtype('int32'))
    """
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise ValueError(
            f"{name}: expected a pair (x, y) of arrays, got {type(data).__name__}; "
            "pass (x_train, y_train)"
        )
    x, y = (np.asarray(array) for array in data)
    for label, array in (("x", x), ("y", y)):
        if array.dtype.kind not in "buif":
            raise ValueError(
                f"{name}: expected numbers in {label}, got {array.dtype}; encode text "
                "and dates as numbers first"
            )
        if array.ndim == 0 or array.size == 0:
            raise ValueError(
                f"{name}: expected one row or more in {label}, got shape "
                f"{array.shape}; "
                f"pass an array with a first axis of examples"
            )
        if not np.isfinite(array).all():
            raise ValueError(
                f"{name}: expected finite numbers in {label}, got NaN or infinity in "
                f"{np.count_nonzero(~np.isfinite(array))} of {array.size} places; drop "
                "or fill those rows first"
            )
    if len(x) != len(y):
        raise ValueError(
            f"{name}: expected as many rows in x as in y, got {len(x)} and {len(y)}; "
            f"pass features and targets of the same examples"
        )
    # An integer that int32 cannot hold would wrap around without a word.
    fits = y.dtype.kind in "ui" and np.array_equal(y, y.astype(np.int32))
    return x.astype(np.float32), y.astype(np.int32 if fits else np.float32)


def check_fit(
    model: keras.Model, x: np.ndarray, y: np.ndarray, loss: str | Callable
) -> None:
    """Check that a model takes features, and that its predictions fit the targets.

    Targets of shape `(n,)` and predictions of shape `(n, 1)` would broadcast to `(n,
    n)` inside most losses, and the model would learn the mean without a word. The
    model's weights are made if they do not exist yet.

    Args:
        model: Any Keras model with one input.
        x: Features, of shape `(examples, ...)`.
        y: Targets, of shape `(examples, ...)`.
        loss: The loss that will compare them. A name or a Keras loss asks for targets
            of the predictions' shape, a sparse one for integer labels; other functions
            for the same rank only.

    Raises:
        ValueError: If the targets do not fit the predictions; whatever the model raises
            if it cannot take `x`.

    Example:
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> check_fit(model, np.ones((4, 1)), np.ones(4), "mse")
        Traceback (most recent call last):
            ...
        ValueError: train: expected y of rank 2 like the predictions, got shape (4,);...
    """
    # Keras wraps an error from inside a model in a dump of its arguments, unless it is
    # told to leave it as it is.
    filtering = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    try:
        predicted_shape = model(x[:1], training=False).shape
    finally:
        if filtering:
            keras.config.enable_traceback_filtering()
    if y.ndim != len(predicted_shape):
        raise ValueError(
            f"train: expected y of rank {len(predicted_shape)} like the predictions, "
            f"got shape {y.shape}; "
            f"pass y.reshape(-1, 1)"
        )
    known_loss = isinstance(loss, str | keras.losses.Loss)
    loss_name = loss if isinstance(loss, str) else type(loss).__name__
    labels = (
        "sparse" in loss_name.lower()
        and y.dtype.kind == "i"
        and y.shape[1:] == (*predicted_shape[1:-1], 1)
    )
    if known_loss and not labels and y.shape[1:] != tuple(predicted_shape[1:]):
        raise ValueError(
            f"train: expected y of shape {(len(y), *predicted_shape[1:])} like the "
            f"predictions, got {y.shape}; "
            f"give the model as many outputs as there are targets"
        )


def get_optimizer(
    identifier: str | keras.optimizers.Optimizer,
) -> keras.optimizers.Optimizer:
    """Look an optimizer up.

    Args:
        identifier: A Keras optimizer, or the name of one.

    Returns:
        The optimizer.

    Raises:
        ValueError: If there is none of that name; the message gives the nearest one.
        TypeError: If it is neither an optimizer nor a name.

    Example:
        >>> type(get_optimizer("sgd")).__name__
        'SGD'
    """
    if isinstance(identifier, keras.optimizers.Optimizer):
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(
            f"optimizer: expected a Keras optimizer or its name, got {identifier!r}; "
            f"pass for example keras.optimizers.SGD(learning_rate=0.01)"
        )
    try:
        return keras.optimizers.get(identifier)
    except ValueError:
        names = [name.lower() for name in dir(keras.optimizers) if name[0].isupper()]
        (nearest,) = difflib.get_close_matches(identifier.lower(), names, n=1, cutoff=0)
        raise ValueError(
            f"optimizer: expected the name of a Keras optimizer, got {identifier!r}; "
            f"did you mean {nearest!r}?"
        ) from None


def get_loss(identifier: str | Callable) -> Callable:
    """Look a loss up.

    Args:
        identifier: A function `(y_true, y_pred)` that gives one number, or one an
            example; or a name that Keras knows.

    Returns:
        The function.

    Raises:
        ValueError: If Keras knows no loss of that name; the message gives the nearest
            one.
        TypeError: If it is neither callable nor a name.

    Example:
        >>> get_loss("mse") is keras.losses.mean_squared_error
        True
    """
    if callable(identifier):
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(
            "loss: expected a function (y_true, y_pred) or a name, got "
            f"{identifier!r}; pass for example 'mse'"
        )
    try:
        return keras.losses.get(identifier)
    except ValueError:
        names = [
            "mse",
            "mae",
            *(
                name
                for name in dir(keras.losses)
                if "_" in name[1:-1] and name[0] != "_"
            ),
        ]
        (nearest,) = difflib.get_close_matches(identifier.lower(), names, n=1, cutoff=0)
        raise ValueError(
            f"loss: expected the name of a Keras loss, got {identifier!r}; did you "
            f"mean {nearest!r}?"
        ) from None


def train(
    model: keras.Model,
    train_data: tuple[Any, Any],
    test_data: tuple[Any, Any] | None = None,
    *,
    optimizer: str | keras.optimizers.Optimizer,
    loss: str | Callable = "mse",
    epochs: int,
    batch_size: int | None = None,
    record_every: int = 10,
    seed: int = 0,
    jit_compile: bool = False,
) -> pd.DataFrame:
    """Train a model, and record its loss as it learns.

    The epochs run inside one compiled call; Python gets control back every
    `record_every` epochs, and that is when the history gets a row and the loss is
    checked. So `record_every=1` is the loop one writes first, and `record_every=epochs`
    is one program. A second call with the same model, optimizer, loss and shapes
    compiles nothing. An optimizer given by name starts afresh at every call; one given
    as an object goes on where it was.

    Args:
        model: Any Keras model with one input. If its weights do not exist yet, they are
            made.
        train_data: A pair `(x, y)` of arrays.
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

    Returns:
        The history, indexed by `epoch`: `training_loss`, the mean over the epoch's
        batches, each before its update; and with `test_data`, `testing_loss` after the
        epoch. The last epoch always has a row.

    Raises:
        TrainingDiverged: If a recorded loss is not finite. It carries the rows until
            then as `.history`.
        TypeError: If the model is not a Keras model.
        ValueError: If the data, or an argument, cannot be used; nothing has been
            trained then.

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
        >>> model.kernel.numpy().ravel().round(2).tolist()
        [0.0, 1.0, 2.0, 3.0, 4.0]

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section 8.3.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"train: expected a keras.Model, got {type(model).__name__}; pass for "
            "example MLP(64, 1)"
        )
    for name, value in (
        ("epochs", epochs),
        ("record_every", record_every),
        ("batch_size", batch_size),
    ):
        if name == "batch_size" and value is None:
            continue
        if not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(
                f"train: expected {name} to be a positive integer, got {value!r}; pass "
                "1 or more"
            )
    # NumPy's integers become Python's: the graph's are 32 bits wide, theirs 64.
    epochs, record_every, seed = int(epochs), int(record_every), int(seed)
    x, y = as_arrays("train_data", train_data)
    test = None if test_data is None else as_arrays("test_data", test_data)

    # The programs live in the model's own __dict__, past Keras's tracking: they are not
    # part of what it saves, and they go when the model goes.
    programs = vars(model).setdefault("_programs", {})
    shapes = [(array.shape[1:], array.dtype) for array in (x, y, *(test or ()))]
    optimizer_key = optimizer if isinstance(optimizer, str) else id(optimizer)
    loss_key = loss if isinstance(loss, str) else id(loss)
    key = (optimizer_key, loss_key, batch_size, jit_compile, *shapes)
    # A layer may have been frozen, or added, since the program was made.
    trainable = [id(variable) for variable in model.trainable_variables]
    if key not in programs or programs[key].trainable != trainable:
        compiled_optimizer, loss_function = get_optimizer(optimizer), get_loss(loss)
        check_fit(model, x, y, loss)
        if test is not None:
            check_fit(model, *test, loss)
        compiled_optimizer.build(model.trainable_variables)
        programs[key] = Program(
            model, compiled_optimizer, loss_function, batch_size, jit_compile
        )
    program = programs[key]
    if isinstance(optimizer, str):
        program.reset_optimizer()

    x, y = tf.constant(x), tf.constant(y)
    test = None if test is None else (tf.constant(test[0]), tf.constant(test[1]))
    rows: dict[int, tuple[float, ...]] = {}
    columns = ["training_loss"] if test is None else ["training_loss", "testing_loss"]
    for first in range(1, epochs + 1, record_every):
        last = min(first + record_every - 1, epochs)
        losses = program.run(
            x, y, test, tf.constant(seed), tf.constant(first), tf.constant(last)
        )
        row = tuple(float(value) for value in losses if value is not None)
        if not np.isfinite(row).all():
            raise TrainingDiverged(
                "train: expected a finite loss, got "
                f"{dict(zip(columns, row, strict=True))} in epoch {last}; "
                "lower the learning rate, standardise the features, or clip the "
                "gradients",
                pd.DataFrame.from_dict(
                    rows, orient="index", columns=columns
                ).rename_axis("epoch"),
            )
        rows[last] = row
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis(
        "epoch"
    )
