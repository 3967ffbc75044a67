"""Training: one step, one test, and a loop that runs inside one compiled call.

Calling a compiled step from Python costs more than the step itself when the model is
small. Here the loop over epochs and batches is compiled too, and Python gets control
back only when the history is due a row.
"""

import os
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from tqdm.auto import tqdm

from tfbook.training import (
    arguments,
    batches,
    checkpoints,
    lookup,
    replicas,
)
from tfbook.training.identity import run_identity
from tfbook.training.program import get_program
from tfbook.training.steps import test_step, train_step

__all__ = [
    "TrainingDiverged",
    "TrainingInterrupted",
    "as_history",
    "train",
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


def as_history(rows: list[tuple[float, ...]], columns: list[str]) -> pd.DataFrame:
    """Make a table of what was recorded.

    Args:
        rows: The epoch, and a loss a column.
        columns: The names of the losses.

    Returns:
        The losses, indexed by `epoch`.

    Example:
        >>> as_history([(10, 0.5), (20, 0.25)], ["training_loss"])
               training_loss
        epoch
        10              0.50
        20              0.25
    """
    table = np.array(rows).reshape(-1, 1 + len(columns))
    epoch = pd.Index(table[:, 0].astype(np.int64), name="epoch")
    return pd.DataFrame(table[:, 1:], index=epoch, columns=columns)


def train(
    model: keras.Model,
    train_data: Any,
    test_data: Any = None,
    *,
    optimizer: Any,
    loss: str | Callable = "mse",
    epochs: int,
    batch_size: int | None = None,
    record_every: int = 10,
    seed: int = 0,
    jit_compile: bool = False,
    checkpoint_dir: str | os.PathLike | None = None,
    strategy: tf.distribute.Strategy | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    """Train a model, and record its loss as it learns.

    The epochs run inside one compiled call; Python gets control back every
    `record_every` epochs, and that is when the history gets a row, the loss is checked,
    the bar moves and a checkpoint is written. So `record_every=1` is the loop one
    writes first, and `record_every=epochs` is one program. A second call with the same
    model, optimizer, loss and shapes compiles nothing. An optimizer given by name
    starts afresh at every call; one given as an object goes on where it was. If it
    averages the weights (Keras's `use_ema`), the model ends with the averages.

    Args:
        model: Any Keras model with one output. If its weights do not exist yet, they
            are made.
        train_data: A pair `(x, y)` of arrays; for a model with several inputs, `x` is a
            tuple or a dictionary of them. Or a `tf.data.Dataset` of batches that has an
            end, which every epoch reads from its beginning; of one without end,
            `dataset.take(n)` makes epochs of n batches.
        test_data: Another one, to test on.
        optimizer: A Keras optimizer, the name of one, or an object with the methods
            `build(variables)`, `apply(gradients, variables)` and `get_config()`, and a
            list `variables` of its state.
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
        strategy: A `tf.distribute.MirroredStrategy`, or on each of several workers the
            same call with a `MultiWorkerMirroredStrategy` and the same data. Each
            device takes its share of the rows of a batch, and the result is that of
            one device. Make model and optimizer outside `strategy.scope()`; those of
            the first worker are the ones that all start from.
        progress: Whether to show a bar with the epoch, the losses and the time left.

    Returns:
        The history, indexed by `epoch`, with `training_loss`, the mean over the epoch's
        batches, each before its update; and with `test_data`, `testing_loss` after the
        epoch. The last epoch always has a row.

    Raises:
        TrainingDiverged: If a recorded loss is not finite. It carries the rows until
            then as `.history`.
        TrainingInterrupted: At Ctrl-C, as soon as the epochs up to the next row are
            done; it carries `.history` too.
        TypeError: If the model, the optimizer, the loss or the strategy is none.
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
    arguments.check_model(model)
    epochs, record_every = arguments.check_integers(
        True, epochs=epochs, record_every=record_every
    )
    (seed,) = arguments.check_integers(False, seed=seed)
    batch_size = arguments.check_batch_size(batch_size, train_data)
    replicas.check_strategy(strategy, jit_compile, checkpoint_dir is not None)
    train_data, train_batch = batches.prepare("train_data", train_data)
    test_data, test_batch = batches.prepare("test_data", test_data)

    program, optimizer = get_program(
        model,
        (train_step, test_step),
        train_batch,
        test_batch,
        optimizer=optimizer,
        loss=loss,
        batch_size=batch_size,
        jit_compile=jit_compile,
        from_dataset=isinstance(train_data, tf.data.Dataset),
        strategy=strategy,
    )
    variables = [*model.variables, *optimizer.variables]
    columns = ["training_loss", "testing_loss"][: 1 if test_data is None else 2]
    rows: list[tuple[float, ...]] = []
    if checkpoint_dir is not None:
        folder = checkpoints.prepare(checkpoint_dir)
        identity = run_identity(
            model,
            optimizer,
            lookup.get_loss(loss),
            tf.nest.flatten([train_batch, test_batch or ()]),
            batch_size=batch_size,
            record_every=record_every,
            seed=seed,
            jit_compile=jit_compile,
        )
        rows = checkpoints.restore(folder, identity, epochs, variables)
    if strategy is not None:
        replicas.agree(strategy, variables)

    done = int(rows[-1][0]) if rows else 0
    bar = tqdm(total=epochs, initial=done, disable=not progress, unit="epoch")
    try:
        while done < epochs:
            # Up to the next multiple: a run that goes on records where one would have.
            last = min((done // record_every + 1) * record_every, epochs)
            values = program.run(train_data, test_data, seed, done + 1, last)
            losses = dict(zip(columns, map(float, values[: len(columns)]), strict=True))
            if not np.isfinite([*losses.values()]).all():
                raise TrainingDiverged(
                    f"train: expected a finite loss, got {losses} in epoch {last}; "
                    "lower the learning rate, standardise the features, or clip the "
                    "gradients",
                    as_history(rows, columns),
                )
            rows.append((last, *losses.values()))
            if checkpoint_dir is not None:
                state = [variable.numpy() for variable in variables]
                checkpoints.save(
                    folder,
                    checkpoints.Checkpoint(last, state, np.array(rows), identity),
                )
            bar.set_postfix(losses, refresh=False)
            bar.update(last - done)
            done = last
    except KeyboardInterrupt:
        raise TrainingInterrupted(
            f"train: interrupted after epoch {done}; its rows are in .history",
            as_history(rows, columns),
        ) from None
    finally:
        bar.close()
    if getattr(optimizer, "use_ema", False):
        optimizer.finalize_variable_values(model.trainable_variables)
    return as_history(rows, columns)
