"""Many steps inside one compiled call, made once for each model.

Calling a compiled step from Python costs more than the step itself when the model is
small. So the loops over epochs and batches are compiled too. They are written with
`tf.while_loop` and not with Python's `while`, which TensorFlow would have to rewrite:
what runs is what is written here, and an error points at the line where it is.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfbook.training.arrays import Arrays
from tfbook.training.batches import test_rows
from tfbook.training.compiled import Compiled, Packed
from tfbook.training.guards import Guard
from tfbook.training.passes import Pass
from tfbook.training.rows import count_static, part_of, row_order, take
from tfbook.training.streams import Stream
from tfbook.training.tallies import Tallies

PREFIXES = ("training", "validation", "testing")


class Program:
    """The epochs of a run, compiled.

    Args:
        tallies: The step and the test, with results that can be added up.
        data: What an epoch goes through, and what is tested after it, by name.
        jit_compile: Whether XLA compiles it.
        shared: Whether several devices share the steps.
    """

    def __init__(
        self,
        tallies: Tallies,
        data: dict[str, Arrays | Stream],
        jit_compile: bool,
        shared: bool,
    ) -> None:
        self.tallies = tallies
        self.names = tallies.names
        self.block = Packed()

        train_data = data["training"]
        tests = {name: each for name, each in data.items() if name != "training"}
        arrays = {
            name: each for name, each in tests.items() if isinstance(each, Arrays)
        }
        self.passes: dict[str, Pass] = {}
        self.guards: dict[str, Guard] = {}
        self.test_rows = test_rows(tallies.model, train_data)
        if isinstance(train_data, Arrays):
            # Arrays are tested in the call that trains.
            self.batch_size = train_data.batch_size
            specs = {name: each.spec for name, each in arrays.items()}
            numbers = tf.TensorSpec((3,), tf.int64)
            self.epochs = Compiled(
                self._run_block, (train_data.spec, specs, numbers), jit_compile
            )
        else:
            step = self._guarded("training", self.tallies.train)
            if jit_compile:
                # XLA cannot read from a stream: it compiles the steps, not the loop.
                step = tf.function(step, jit_compile=True, autograph=False)
            spec = train_data.dataset.element_spec
            ends = tallies.reset_if, tallies.after_training
            self.passes["training"] = Pass(step, self.names, *ends, spec, shared)
            specs = {name: each.spec for name, each in arrays.items()}
            self.epochs = Compiled(self._run_tests, (specs,), jit_compile)
        self.arrays = [*arrays]
        for name, each in tests.items():
            if isinstance(each, Stream):
                self.passes[name] = Pass(
                    self._guarded(name, self.tallies.test),
                    ("loss",),
                    self.tallies.reset_if,
                    lambda name=name: self.tallies.results(name),
                    each.dataset.element_spec,
                    shared,
                )

    @property
    def column_names(self) -> list[str]:
        """The names of the columns of the history."""
        listed = [f"training_{name}" for name in self.names]
        for name, one in self.passes.items():
            found = [each for each in one.packed.names if each.startswith(name)]
            listed += [f"{name}_loss", *found] if name != "training" else found
        listed += self.block.names
        return [
            name
            for prefix in PREFIXES
            for name in dict.fromkeys(listed)
            if name.startswith(f"{prefix}_")
        ]

    @property
    def variables(self) -> list[tf.Variable]:
        """All variables that the compiled calls read or write."""
        calls = [self.epochs, *(each.whole for each in self.passes.values())]
        return [variable for call in calls for variable in call.variables]

    # What Python calls

    def run(
        self,
        data: dict[str, Arrays | Stream],
        seed: int,
        epochs: range,
        stopped: Callable[[], bool],
    ) -> dict[str, float]:
        """Train for some epochs, then test; return a row of the history."""
        tests = {name: data[name].parts for name in self.arrays}  # type: ignore[union-attr]
        train_data = data["training"]
        if isinstance(train_data, Arrays):
            # One tensor, since each argument of a compiled call costs time.
            numbers = tf.constant([seed, epochs[0], epochs[-1]], tf.int64)
            row = self.block.unpack(self.epochs(train_data.parts, tests, numbers))
        else:
            for epoch in epochs:
                recorded = epoch == epochs[-1]
                row = self._run_pass("training", data, epoch, recorded, stopped)
            if tests:
                row |= self.block.unpack(self.epochs(tests))
        for name in self.passes:
            if name != "training":
                row |= self._run_pass(name, data)
        return {name: row[name] for name in (*self.column_names, "finite")}

    def _run_pass(
        self,
        name: str,
        data: dict,
        epoch: int = 1,
        recorded: bool = True,
        stopped: Callable[[], bool] = lambda: False,
    ) -> dict[str, float]:
        """Go through a stream once."""
        stream, one = data[name], self.passes[name]
        begun = stream.begin(epoch)
        done, row, worst = one.run(begun, stream.steps, recorded, stopped)
        stream.end()
        finite = bool(np.isfinite([*row.values()]).all() and row.get("finite", True))

        def complain() -> None:
            self.guards[name].complain(stream.name, worst, finite)
            if done == 0 or (stream.steps and done < stream.steps):
                wanted = (
                    f"{stream.steps} batches" if stream.steps else "one batch or more"
                )
                raise ValueError(
                    f"{stream.name}: expected {wanted} in epoch {epoch}, got {done}: "
                    "the data ran out; pass data that can be read again, or fewer "
                    "epochs"
                )

        stream.ask(complain)
        return {f"{name}_{k}" if k in one.names else k: v for k, v in row.items()}

    # What is compiled

    def _run_block(self, data: tuple, tests: dict, numbers: tf.Tensor) -> tf.Tensor:
        seed, first, last = tf.unstack(numbers)

        def one_epoch(epoch: tf.Tensor, totals: Any, counts: Any) -> tuple:
            recorded = epoch >= last
            self.tallies.reset_if(recorded)
            sums = self._run_arrays(data, tf.stack([seed, epoch]), recorded)
            return epoch + 1, *sums

        # Not a tf.range: its length would depend on data, and XLA would compile anew
        # for each.
        _, totals, counts = tf.while_loop(
            lambda epoch, totals, counts: epoch <= last,
            one_epoch,
            (first, *self.tallies.zeros()),
        )
        means = tf.unstack(totals / counts)
        values = {
            f"training_{name}": mean
            for name, mean in zip(self.names, means, strict=True)
        }
        return self.block.pack(
            values | self.tallies.after_training() | self._test_all(tests)
        )

    def _run_tests(self, tests: dict) -> tf.Tensor:
        return self.block.pack(self._test_all(tests) | {"tested": tf.constant(True)})

    def _run_arrays(self, data: tuple, seed: tf.Tensor, recorded: tf.Tensor) -> tuple:
        """Go through the rows once, in a random order if that matters."""
        rows, size = count_static(data), self.batch_size
        if size == rows:
            return self.tallies.train(data, recorded)
        order = row_order(seed, rows)
        whole = tf.reshape(order[: rows - rows % size], (-1, size))

        def one_batch(i: tf.Tensor, totals: Any, counts: Any) -> tuple:
            sums = self.tallies.train(take(data, whole[i]), recorded)
            return i + 1, totals + sums[0], counts + sums[1]

        _, totals, counts = tf.while_loop(
            lambda i, totals, counts: i < rows // size,
            one_batch,
            (tf.constant(0), *self.tallies.zeros()),
        )
        if rows % size:
            rest = take(data, order[rows - rows % size :])
            sums = self.tallies.train(rest, recorded)
            totals, counts = totals + sums[0], counts + sums[1]
        return totals, counts

    def _test_all(self, tests: dict) -> dict[str, tf.Tensor]:
        values: dict[str, tf.Tensor] = {}
        for name, data in tests.items():
            values |= self._test_arrays(name, data)
        return values

    def _test_arrays(self, name: str, data: tuple) -> dict[str, tf.Tensor]:
        """Test rows in memory, in batches that fit where those of training do."""
        rows = count_static(data)
        size = min(self.test_rows, rows)
        self.tallies.objective.reset()

        def one_batch(i: tf.Tensor, total: tf.Tensor) -> tuple:
            sums = self.tallies.test(part_of(data, i * size, size))
            return i + 1, total + sums[0][0]

        total = tf.constant(0.0, tf.float64)
        if size == rows:
            total = self.tallies.test(data)[0][0]
        else:
            _, total = tf.while_loop(
                lambda i, total: i < rows // size, one_batch, (tf.constant(0), total)
            )
            if rows % size:
                rest = part_of(data, rows - rows % size, rows % size)
                total += self.tallies.test(rest)[0][0]
        return {f"{name}_loss": total / rows} | self.tallies.results(name)

    def _guarded(self, name: str, step: Callable) -> Callable:
        """Return a step that looks at its batch too, where nobody has before."""
        guard = self.guards[name] = Guard(self.tallies)
        return functools.partial(guard.watch, step)
