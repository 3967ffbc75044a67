"""A run: what it is made of, how far it is, and how it gets on by a record."""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbook.training import (
    arguments,
    batches,
    build,
    cache,
    checkpoints,
    identity,
    workers,
)
from tfbook.training.errors import as_history, explained, known_to_all
from tfbook.training.interrupts import deferred_interrupt
from tfbook.training.outcomes import Record, TrainingDiverged
from tfbook.training.streams import Stream


class Run:
    """A training run, with the arguments of `train`.

    It checks them, finds the program, and goes on from a checkpoint if there is one.

    Attributes:
        rows: The rows of the history so far.
        epochs: How many there are to be.
    """

    def __init__(
        self,
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
    ) -> None:
        # Before anything that workers do together, which has to be the same on each.
        call = {name: value for name, value in locals().items() if name != "self"}
        workers.check_same(strategy, lambda: self._read(**call))

        def compile_program() -> None:
            self.program, self.optimizer = cache.get_program(
                model,
                self.data,
                optimizer=optimizer,
                loss=loss,
                metrics=metrics,
                step=step,
                jit_compile=jit_compile,
                strategy=strategy,
            )

        workers.on_every_worker(strategy, compile_program)
        self.rows: list[dict[str, float]] = []
        self._open = ExitStack()
        self._asked: Any = None
        self._folder: Path | None = None
        self._variables = self._all_variables()
        try:
            if checkpoint_dir is not None:
                self._identity = identity.run_identity(
                    model,
                    self.optimizer,
                    self._evidence,
                    columns=self.program.column_names,
                    loss=identity.describe(loss),
                    step=identity.describe(step),
                    record_every=self.record_every,
                    seed=self.seed,
                    jit_compile=jit_compile,
                    **self._sizes,
                )
                self._resume(checkpoint_dir)
            workers.agree(strategy, self._variables)
        except BaseException as error:
            workers.leave(strategy, error)
            self._open.close()
            raise

    def _read(self, **call: Any) -> dict[str, Any]:
        """Check the arguments, read the data, and describe the call."""
        model, loss, step = call["model"], call["loss"], call["step"]
        arguments.check_scope()
        arguments.check_model(model, step, loss)
        self.epochs, self.record_every = arguments.check_integers(
            True, epochs=call["epochs"], record_every=call["record_every"]
        )
        (self.seed,) = arguments.check_integers(False, seed=call["seed"])
        sizes = {name: call[name] for name in ("batch_size", "steps_per_epoch")}
        given = {name: size for name, size in sizes.items() if size is not None}
        sizes |= zip(given, arguments.check_integers(True, **given), strict=True)
        arguments.check_loss(loss)
        arguments.check_metrics(call["metrics"])
        self.strategy = call["strategy"]
        arguments.check_strategy(self.strategy, call["jit_compile"], step)
        self.model = model
        place = workers.number(self.strategy), workers.count(self.strategy)
        read = functools.partial(batches.read, place=place)
        train = read("train_data", call["train_data"], **sizes)
        if train is None:
            raise ValueError(
                "train_data: expected a pair (x, y) of arrays, got None; pass (x, y)"
            )
        given_data = {
            "training": train,
            "validation": read("validation_data", call["validation_data"]),
            "testing": read("test_data", call["test_data"]),
        }
        self.data = {key: each for key, each in given_data.items() if each is not None}
        batches.check_together(self.data, self.epochs, loss, step, call["jit_compile"])
        build.prepare_data(model, self.data, strict=step is None)
        self._sizes = sizes
        self._evidence: dict[str, list[str]] = {}
        several = workers.are_several(self.strategy)
        if several or call["checkpoint_dir"] is not None:
            self._evidence = {
                each.name: [identity.checksum(part) for part in each.evidence()]
                for each in self.data.values()
            }
        if not several:
            return {}
        for each in self.data.values():
            if isinstance(each, Stream):
                watch = workers.shares if each.is_share else workers.same_batches
                each.watch = functools.partial(watch, self.strategy, each.name)
                # What is wrong with a row is seen by the worker that has it.
                each.ask = functools.partial(workers.on_every_worker, self.strategy)
        return identity.call_identity(call, self._evidence) | workers.versions()

    def _all_variables(self) -> list:
        """Return all that moves: what the program uses may be more than the weights.

        A layer may draw from a generator of its own, or from Keras's global one.
        """
        known = [*self.model.variables, *cache.variables_of(self.optimizer)]
        measured = {
            id(raw(variable)) for variable in self.program.tallies.objective.variables
        }
        seen = {id(raw(variable)) for variable in known} | measured
        others = [each for each in self.program.variables if id(each) not in seen]
        return [*known, *{id(each): each for each in others}.values()]

    def _resume(self, directory: str | os.PathLike) -> None:
        """Go on where a run with the same arguments has stopped.

        The first worker holds the folder, looks into it, and alone writes to it. The
        others read what it has found, and nothing else.
        """
        is_first = workers.number(self.strategy) == 0
        found: checkpoints.Checkpoint | None = None

        def look() -> list | None:
            nonlocal found
            if not is_first:
                return None
            self._folder = self._open.enter_context(checkpoints.opened(directory))
            found = checkpoints.load_latest(self._folder)
            if found is not None:
                identity.compare(found.epoch, found.identity, self._identity)
                if found.epoch > self.epochs:
                    raise ValueError(
                        f"checkpoint of epoch {found.epoch}: expected epochs of at "
                        f"least that many, got {self.epochs}; pass more, or another "
                        "folder"
                    )
            return [checkpoints.mark(self._folder), found.epoch if found else 0]

        def follow() -> None:
            nonlocal found
            if not is_first:
                found = checkpoints.load_marked(directory, name, epoch)

        name, epoch = workers.on_every_worker(self.strategy, look)[0]
        workers.on_every_worker(self.strategy, follow)
        if self._folder is not None:
            (self._folder / name).unlink(missing_ok=True)
        if found is None:
            return
        checkpoints.restore(found, self._variables)
        # The last row of a shorter run is one that a longer run may not have.
        self.rows = [
            row
            for row in found.rows
            if row["epoch"] % self.record_every == 0 or row["epoch"] == self.epochs
        ]
        self._done = found.epoch

    _done = 0

    @property
    def done(self) -> int:
        """How many epochs are done."""
        return self._done

    def __enter__(self) -> "Run":
        # One worker that stopped anywhere else than after a record, where all can hear
        # of it, would leave the others alone.
        if workers.are_several(self.strategy):
            self._asked = self._open.enter_context(deferred_interrupt())
        return self

    def __exit__(
        self, kind: object, error: BaseException | None, trace: object
    ) -> None:
        with self._open:
            # A loop over records is left early by all workers: nobody is left waiting.
            if error is not None and not isinstance(error, GeneratorExit):
                workers.leave(self.strategy, error)

    def advance(self) -> Record:
        """Train up to the next record, check it, and save it.

        Raises:
            TrainingDiverged: If a loss or a weight is not finite.
        """
        # Up to the next multiple: a run that goes on records where one would have.
        last = min(
            (self.done // self.record_every + 1) * self.record_every, self.epochs
        )
        epochs = range(self.done + 1, last + 1)
        workers.check_settings(self.strategy, cache.variables_of(self.optimizer))
        several = workers.are_several(self.strategy)
        deferred = nullcontext(self._asked) if several else deferred_interrupt()
        with deferred as self._asked, explained(self.done):
            stopped = (lambda: False) if several else self._asked.is_set
            with workers.noticed_losses(self.strategy):
                values = self.program.run(self.data, self.seed, epochs, stopped)
            weights_are_finite = values.pop("finite")
            if not (weights_are_finite and np.isfinite([*values.values()]).all()):
                got = (
                    values if weights_are_finite else f"weights that are not, {values}"
                )
                raise known_to_all(
                    TrainingDiverged(
                        f"train: expected a finite loss and finite weights, got {got} "
                        f"in epoch {last}; lower the learning rate, standardise the "
                        "features, or clip the gradients",
                        as_history(self.rows, self.program.column_names),
                    )
                )
            self.rows.append({"epoch": last, **values})
            self._done = last
            workers.on_every_worker(self.strategy, self._save)
        return Record(last, values, self.model, self.optimizer)

    def _save(self) -> None:
        """Write a checkpoint, if there is a folder, and this is the first worker."""
        if self._folder is not None:
            state = [variable.numpy() for variable in self._variables]
            checkpoint = checkpoints.Checkpoint(
                self.done, state, self.rows, self._identity
            )
            checkpoints.save(self._folder, checkpoint)

    def is_enough(self, asks: Callable[[], bool] = lambda: False) -> bool:
        """Whether the run is to end, as one worker or more want it.

        Raises:
            KeyboardInterrupt: If there was a Ctrl-C at one, now that all is recorded
                and saved.
        """
        answers = workers.on_every_worker(
            self.strategy, lambda: [asks(), self._asked.is_set()]
        )
        enough, interrupted = (any(each) for each in zip(*answers, strict=True))
        if interrupted and not enough:
            raise known_to_all(KeyboardInterrupt())
        return enough

    def finish(self) -> None:
        """Put in what an optimizer has averaged, as `fit` does at its end."""
        if getattr(self.optimizer, "use_ema", False):
            self.optimizer.finalize_variable_values(self.model.trainable_variables)

    def records(self) -> Iterator[Record]:
        """Yield a record whenever the compiled loop gives control back."""
        with self:
            try:
                while self.done < self.epochs:
                    yield self.advance()
                    self.is_enough()
            except GeneratorExit:  # who leaves the loop has what it wants
                self.finish()
                raise
            self.finish()


def raw(variable: Any) -> Any:
    """Return TensorFlow's variable inside of one of Keras's."""
    return variable.value if isinstance(variable, keras.Variable) else variable
