"""The loop: blocks of epochs in compiled calls, and Python's turn between them."""

import functools
import os
from collections.abc import Callable, Iterator
from typing import Any

import keras
import pandas as pd
import tensorflow as tf

from tfbook.training import callbacks as turns
from tfbook.training.errors import as_history
from tfbook.training.outcomes import Record, TrainingInterrupted
from tfbook.training.run import Run

__all__ = ["records", "train"]


def train(
    model: keras.Model,
    train_data: Any,
    test_data: Any = None,
    *,
    validation_data: Any = None,
    optimizer: Any,
    loss: Any = "mse",
    metrics: Any = (),
    epochs: int,
    steps_per_epoch: int | None = None,
    batch_size: int | None = None,
    record_every: int = 10,
    seed: int = 0,
    step: Callable | None = None,
    jit_compile: bool = False,
    strategy: tf.distribute.Strategy | None = None,
    checkpoint_dir: str | os.PathLike | None = None,
    callbacks: Any = (),
    progress: bool = False,
) -> pd.DataFrame:
    """Train a model, and record its loss as it learns.

    The epochs run inside one compiled call; Python gets control back every
    `record_every` epochs, and that is when the history gets a row, callbacks are
    called, the loss and the weights are checked and a checkpoint is written. So
    `record_every=1` is the loop one writes first, and `record_every=epochs` is one
    program. What is computed is what Keras's `compile` and `fit` compute for the same
    model, loss, metrics, weights, masks and order of rows. A second call with the same
    model, optimizer, loss and shapes compiles nothing, unless an attribute of a layer
    or of the optimizer has changed; what a function reads from outside itself is as
    it was at the first call. An optimizer given by name starts afresh at every call;
    one given as an object goes on where it was. Each call counts its epochs from 1,
    and with them the order of the rows: to look at a run between its epochs, use
    `records` or callbacks, and not many calls.

    Args:
        model: Any Keras model. If its weights do not exist yet, they are made.
        train_data: `(x, y)` or `(x, y, sample_weight)` of arrays, DataFrames or lists,
            each one or a list, a tuple or a dictionary of several; or batches of such:
            a `tf.data.Dataset`, a `keras.utils.PyDataset`, a generator; or a function
            `(worker, workers)` that makes the batches of one worker of several.
        test_data: The same, to test on after each block of epochs.
        validation_data: The same, to choose by: callbacks see its loss as `val_loss`.
        optimizer: A Keras optimizer, the name of one, or an object with the methods
            `build(variables)`, `apply(gradients, variables)` and `get_config()`, and a
            list `variables` of its state. With a `step`, also a dictionary of several.
        loss: A name that Keras knows, a function `(y_true, y_pred)`, or a Keras loss;
            for several outputs a list or a dictionary of them. `None` if the model adds
            its own with `add_loss`.
        metrics: Names, functions or Keras metrics, as in `compile`.
        epochs: How often to go through the training data.
        steps_per_epoch: Batches per epoch, for data without end or with another one.
        batch_size: Rows per step, drawn in a new random order every epoch; `None` takes
            all rows at once. The last batch of an epoch may be smaller, and counts by
            its size.
        record_every: The number of epochs from one row of the history to the next.
        seed: The seed of the order of the rows. The same seed gives the same weights,
            bit for bit, on a CPU; with `jit_compile` it gives another order than
            without. Layers that draw have seeds of their own.
        step: A step of your own in place of `train_step`, with its signature: it moves
            the weights and returns the loss, or a dictionary with `"loss"` and other
            numbers, each the mean over the batch or a `Tally`.
        jit_compile: Whether XLA compiles the loop. That costs a few tenths of a second
            once; on a CPU it pays for many epochs of a small model, and loses with
            convolutions, and often with dropout or batch normalization.
        strategy: A `tf.distribute.MirroredStrategy`, or on each of several workers the
            same call with the strategy of `connect_workers`. Each device takes its
            share of the rows of a batch, and the result is that of one device, but for
            layers that compare rows, such as batch normalization, which see one share.
            All workers read the same data, and nothing is sharded for them; where each
            should read its share alone, pass a function, such as `lambda worker,
            workers: data.shard(workers, worker).batch(64 // workers)`. Then a step
            takes the batches of all workers together, which may differ in their rows
            but not in how many there are. Without several workers it is called with
            `(0, 1)`. Make model and optimizer outside `strategy.scope()`; those of the
            first worker are the ones that all start from.
        checkpoint_dir: A folder. The run leaves its state there whenever it records; a
            run that was killed goes on from there when it is started again with the
            same arguments, and ends with the same weights, bit for bit. Several workers
            share one folder, and may be another number when they are started again:
            then the weights are the same to within rounding.
        callbacks: Keras callbacks, and functions of a `Record`, which end the run by
            returning `True`.
        progress: Whether to show a bar with the epoch, the losses and the time left.

    Returns:
        The history, indexed by `epoch`, with `training_loss`, the mean over the epoch's
        batches, each before its update; `validation_loss` and `testing_loss` after the
        epoch; and a column for each metric. The last epoch always has a row.

    Raises:
        TrainingDiverged: If a recorded loss or a weight is not finite. It carries the
            rows until then as `.history`.
        TrainingInterrupted: At Ctrl-C, as soon as the epochs up to the next row are
            done, recorded and saved; it carries `.history` too.
        TypeError: If the model, the optimizer, the loss or the strategy is none.
        ValueError: If the data, or an argument, cannot be used, or the checkpoint
            belongs to another run.
        OSError: If a checkpoint cannot be written.
        MemoryError: If there is no room for a step.
        WorkerLost: If another worker has failed in a step, has ended, hangs or cannot
            be reached.
        RuntimeError: If another worker has refused its arguments, or could not go on
            between two steps.

    Example:
        >>> import numpy as np
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
    listed = turns.check(callbacks)
    run = Run(
        model,
        train_data,
        test_data,
        validation_data=validation_data,
        optimizer=optimizer,
        loss=loss,
        metrics=metrics,
        epochs=epochs,
        steps_per_epoch=steps_per_epoch,
        batch_size=batch_size,
        record_every=record_every,
        seed=seed,
        step=step,
        jit_compile=jit_compile,
        strategy=strategy,
        checkpoint_dir=checkpoint_dir,
    )
    try:
        with run, turns.Turns(listed, run, progress) as python:
            while run.done < run.epochs:
                python.begin(run.done + 1)
                record = run.advance()
                if run.is_enough(functools.partial(python.end, record)):
                    break
            run.finish()
    except KeyboardInterrupt:
        raise TrainingInterrupted(
            f"train: interrupted after epoch {run.done}; its rows are in .history",
            as_history(run.rows, run.program.column_names),
        ) from None
    return as_history(run.rows, run.program.column_names)


def records(
    model: keras.Model, train_data: Any, test_data: Any = None, **arguments: Any
) -> Iterator[Record]:
    """Train a model, and yield whenever the compiled loop gives control back.

    This is `train` as an iterator, for a loop of your own: to stop early, leave it. A
    run that goes on from a checkpoint yields the records that are still to come. Of
    several workers all have to leave at the same record: who goes on alone waits.

    Args:
        model: Any Keras model.
        train_data: As for `train`.
        test_data: As for `train`.
        **arguments: The other arguments of `train`, without `callbacks` and `progress`.

    Yields:
        A `Record` after every `record_every` epochs, and after the last one.

    Raises:
        TypeError: If an argument is none of `train`'s; otherwise what `train` raises.
            At Ctrl-C a plain `KeyboardInterrupt`, after the record has been yielded.

    Example:
        >>> from tfbook import data, models
        >>> split = data.linear()
        >>> run = records(models.LinearRegression(5), split.train, optimizer="adam",
        ...               epochs=100_000, record_every=100)
        >>> for record in run:
        ...     if record.values["training_loss"] < 1:
        ...         break
        >>> record.epoch < 100_000
        True

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section 7.8.
    """
    return Run(model, train_data, test_data, **arguments).records()
