"""Many steps inside one compiled call, made once for each model.

Calling a compiled step from Python costs more than the step itself when the model is
small. So the loops over epochs and batches are compiled too. They are written with
`tf.while_loop` and not with Python's `while`, which TensorFlow would have to rewrite:
what runs is what stands here, and an error points at the line where it is.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbook.training.batches import TEST_ROWS, Arrays, Stream, count_rows, row_order
from tfbook.training.objective import Objective
from tfbook.training.steps import Tally

# With batches from elsewhere Python gets control back after so many steps at the
# latest. Else Ctrl-C could not reach a stream that has no end.
STEPS_PER_CALL = 1000

PREFIXES = ("training", "validation", "testing")


class Program:
    """The epochs of a run, compiled.

    Args:
        model: What is trained.
        objective: The loss and the metrics.
        train_step: A function of a batch that moves the weights and returns the loss
            before: a scalar, a `Tally`, or a dictionary of several.
        test_step: A function of a batch that returns the loss.
        train_data: What an epoch goes through.
        test_data: What is tested afterwards, by name.
        jit_compile: Whether XLA compiles it.
        names: The names of what `train_step` returns.
    """

    def __init__(
        self,
        model: keras.Model,
        objective: Objective,
        train_step: Callable,
        test_step: Callable,
        train_data: Arrays | Stream,
        test_data: dict[str, Arrays | Stream],
        jit_compile: bool = False,
        names: tuple[str, ...] = ("loss",),
    ) -> None:
        self.model = model
        self.objective = objective
        self.train_step = train_step
        self.test_step = test_step
        self.names = names
        self.columns: dict[str, list[str]] = {}

        # XLA cannot read from a stream: it compiles the steps instead of the loop.
        streams = isinstance(train_data, Stream)
        if streams and jit_compile:
            self._train_batch = tf.function(  # type: ignore[method-assign]
                self._train_batch, jit_compile=True, autograph=False
            )
        # Arrays are tested in the call that trains; all else in calls of its own.
        self._fused = {} if streams else arrays_of(test_data)
        self._batch_size = None if streams else train_data.batch_size
        numbers = tf.TensorSpec((3,), tf.int64)
        if isinstance(train_data, Stream):
            self._spec = train_data.dataset.element_spec
            iterator = iterator_spec(train_data)
            flags = tf.TensorSpec((2,), tf.bool)
            self._train = Compiled(
                self._run_stream, (iterator, tf.TensorSpec((), tf.int64), flags), False
            )
        else:
            specs = {name: each.spec for name, each in self._fused.items()}
            self._train = Compiled(
                self._run_block, (train_data.spec, specs, numbers), jit_compile
            )
        self._tests = {}
        for name, each in test_data.items():
            if name not in self._fused:
                self._tests[name] = self._compile_test(name, each, jit_compile)

    @property
    def column_names(self) -> list[str]:
        """The names of the columns of the history."""
        training = [f"training_{name}" for name in self.names]
        listed = [name for names in self.columns.values() for name in names]
        shown = [name for name in listed if name.split("_")[0] in PREFIXES]
        return [*dict.fromkeys([*training, *shown])]

    @property
    def variables(self) -> list[tf.Variable]:
        """All variables that the compiled calls read or write."""
        calls = [self._train, *self._tests.values()]
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
        train_data = data["training"]
        if isinstance(train_data, Arrays):
            # One tensor, since each argument of a compiled call costs time.
            numbers = tf.constant([seed, epochs[0], epochs[-1]], tf.int64)
            fused = {name: data[name].parts for name in self._fused}
            values = self._train(train_data.parts, fused, numbers)
            row = self._row("block", values)
        else:
            for epoch in epochs:
                row = self._run_epoch(train_data, epoch, epoch == epochs[-1], stopped)
        for name, compiled in self._tests.items():
            each = data[name]
            if isinstance(each, Arrays):
                values = compiled(each.parts)
            else:
                values = compiled(each.begin(1), tf.constant(-1, tf.int64))
                each.end()
            row |= self._row(name, values)
        return row

    def _run_epoch(
        self, data: Stream, epoch: int, recorded: bool, stopped: Callable[[], bool]
    ) -> dict[str, float]:
        """Go through an epoch of a stream, with calls of a bounded length."""
        iterator, done, more = data.begin(epoch), 0, True
        sums: Any = 0
        while more:
            left = (data.steps or done + STEPS_PER_CALL) - done
            limit = min(left, STEPS_PER_CALL)
            flags = tf.constant([recorded, done == 0])
            values = self._train(iterator, tf.constant(limit, tf.int64), flags)
            row = self._row("stream", values)
            steps = int(row.pop("steps"))
            sums = sums + np.array(
                [
                    row.pop(f"{part} {name}")
                    for part in ("total", "count")
                    for name in self.names
                ]
            )
            done += steps
            more = steps == limit and done != data.steps
            if more and stopped():
                raise KeyboardInterrupt
        data.end()
        if done == 0 or (data.steps and done < data.steps):
            wanted = f"{data.steps} batches" if data.steps else "one batch or more"
            raise ValueError(
                f"{data.name}: expected {wanted} in epoch {epoch}, got {done}: the data "
                "ran out; pass data that can be gone through again, or fewer epochs"
            )
        totals, counts = np.split(sums, 2)
        means = dict(zip(self.names, totals / counts, strict=True))
        return {f"training_{name}": float(mean) for name, mean in means.items()} | row

    def _row(self, call: str, values: tf.Tensor) -> dict[str, float]:
        """Name the numbers that a compiled call has returned."""
        return dict(zip(self.columns[call], values.numpy().tolist(), strict=True))

    def _pack(self, call: str, values: dict[str, tf.Tensor]) -> tf.Tensor:
        """Put the numbers of a call into one tensor: each result costs time."""
        self.columns[call], parts = [], []
        for name, value in values.items():
            flat = tf.reshape(tf.cast(value, tf.float64), (-1,))
            size = flat.shape[0]
            self.columns[call] += (
                [name] if size == 1 else [f"{name}_{i}" for i in range(size)]
            )
            parts.append(flat)
        return tf.concat(parts, 0)

    # What is compiled: arrays

    def _run_block(self, data: tuple, tests: dict, numbers: tf.Tensor) -> tf.Tensor:
        seed, first, last = tf.unstack(numbers)

        def one_epoch(epoch: tf.Tensor, totals: Any, counts: Any) -> tuple:
            recorded = epoch >= last
            self._reset_if(recorded)
            sums = self._run_arrays(data, tf.stack([seed, epoch]), recorded)
            return epoch + 1, *sums

        # Not a tf.range: its length would depend on data, and XLA would compile anew
        # for each.
        _, totals, counts = tf.while_loop(
            lambda epoch, totals, counts: epoch <= last,
            one_epoch,
            (first, *self._zeros()),
        )
        values = self._training_values(totals / counts)
        for name, parts in tests.items():
            values |= self._test_arrays(name, parts)
        return self._pack("block", values | {"finite": self._finite()})

    def _run_arrays(self, data: tuple, seed: tf.Tensor, recorded: tf.Tensor) -> tuple:
        """Go through the rows once, in a random order if that matters."""
        rows, size = count_static(data), self._batch_size
        if size == rows:
            return self._train_batch(data, recorded)
        order = row_order(seed, rows)
        whole = tf.reshape(order[: rows - rows % size], (-1, size))

        def one_batch(i: tf.Tensor, totals: Any, counts: Any) -> tuple:
            sums = self._train_batch(take(data, whole[i]), recorded)
            return i + 1, totals + sums[0], counts + sums[1]

        _, totals, counts = tf.while_loop(
            lambda i, totals, counts: i < rows // size,
            one_batch,
            (tf.constant(0), *self._zeros()),
        )
        if rows % size:
            rest = take(data, order[rows - rows % size :])
            sums = self._train_batch(rest, recorded)
            totals, counts = totals + sums[0], counts + sums[1]
        return totals, counts

    def _test_arrays(self, name: str, data: tuple) -> dict[str, tf.Tensor]:
        """Test rows in memory, in batches that fit where those of training do."""
        rows = count_static(data)
        size = min(max(self._batch_size or 0, TEST_ROWS), rows)
        self.objective.reset()

        def one_batch(i: tf.Tensor, total: tf.Tensor) -> tuple:
            return i + 1, total + self._test_batch(part_of(data, i * size, size))

        total = tf.constant(0.0, tf.float64)
        if size == rows:
            total = self._test_batch(data)
        else:
            _, total = tf.while_loop(
                lambda i, total: i < rows // size, one_batch, (tf.constant(0), total)
            )
            if rows % size:
                start = rows - rows % size
                total += self._test_batch(part_of(data, start, rows % size))
        return self._testing_values(name, total / rows)

    # What is compiled: streams

    def _run_stream(self, iterator: Any, limit: tf.Tensor, flags: tf.Tensor) -> Any:
        recorded, is_first = tf.unstack(flags)
        self._reset_if(tf.logical_and(recorded, is_first))

        def step(batch: tuple, totals: Any, counts: Any) -> tuple:
            sums = self._train_batch(batch, recorded)
            return totals + sums[0], counts + sums[1]

        steps, totals, counts = for_each(
            iterator, self._spec, limit, step, self._zeros()
        )
        sums = {
            f"{part} {name}": value
            for part, values in (("total", totals), ("count", counts))
            for name, value in zip(self.names, tf.unstack(values), strict=True)
        }
        measured = self._results("training")
        rest = {"steps": steps, "finite": self._finite()}
        return self._pack("stream", sums | measured | rest)

    def _compile_test(self, name: str, data: Arrays | Stream, jit: bool) -> "Compiled":
        if isinstance(data, Arrays):

            def test(parts: tuple) -> tf.Tensor:
                return self._pack(name, self._test_arrays(name, parts))

            return Compiled(test, (data.spec,), jit)

        def test_stream(iterator: Any, limit: tf.Tensor) -> tf.Tensor:
            self.objective.reset()

            def step(batch: tuple, total: Any, rows: Any) -> tuple:
                count = tf.cast(count_rows(batch), tf.float64)
                return total + self._test_batch(batch), rows + count

            zero = tf.constant(0.0, tf.float64)
            _, total, rows = for_each(
                iterator, data.dataset.element_spec, limit, step, (zero, zero)
            )
            return self._pack(name, self._testing_values(name, total / rows))

        specs = (iterator_spec(data), tf.TensorSpec((), tf.int64))
        return Compiled(test_stream, specs, False)

    # What is compiled: one batch

    def _train_batch(self, batch: tuple, recorded: tf.Tensor) -> tuple:
        """Take a step; return the sums and the counts of what it returned."""
        found = self.train_step(*batch)
        values = found if isinstance(found, dict) else {"loss": found}
        rows = tf.cast(count_rows(batch), tf.float64)
        tallies = [as_tally(values[name], rows) for name in self.names]
        if self.objective.measures:
            # Only the last epoch of a block has a row in the history.
            tf.cond(recorded, quietly(self.objective.update), lambda: 0)
        return (
            tf.stack([each.total for each in tallies]),
            tf.stack([each.count for each in tallies]),
        )

    def _test_batch(self, batch: tuple) -> tf.Tensor:
        """Test; return the loss, summed over the rows."""
        value = self.test_step(*batch)
        if self.objective.measures:
            self.objective.update()
        return tf.cast(value, tf.float64) * tf.cast(count_rows(batch), tf.float64)

    def _zeros(self) -> tuple[tf.Tensor, tf.Tensor]:
        # In double precision: single counts no further than 16 777 216.
        return (tf.zeros(len(self.names), tf.float64),) * 2

    def _reset_if(self, condition: tf.Tensor) -> None:
        if self.objective.measures:
            tf.cond(condition, quietly(self.objective.reset), lambda: 0)

    def _results(self, prefix: str) -> dict[str, tf.Tensor]:
        if not self.objective.measures:
            return {}
        found = self.objective.results()
        return {f"{prefix}_{name}": value for name, value in found.items()}

    def _training_values(self, means: tf.Tensor) -> dict[str, tf.Tensor]:
        named = zip(self.names, tf.unstack(means), strict=True)
        losses = {f"training_{name}": mean for name, mean in named}
        return losses | self._results("training")

    def _testing_values(self, name: str, mean: tf.Tensor) -> dict[str, tf.Tensor]:
        return {f"{name}_loss": mean} | self._results(name)

    def _finite(self) -> tf.Tensor:
        """Whether all weights are finite numbers."""
        return tf.reduce_all(
            [
                tf.reduce_all(tf.math.is_finite(variable))
                for variable in self.model.trainable_variables
            ]
        )


class Compiled:
    """A function with one trace.

    A `tf.function` looks at all its arguments to find the trace that fits, which
    takes as long as a short run; and it keeps every trace that it has ever made.
    """

    def __init__(self, function: Callable, specs: tuple, jit_compile: bool) -> None:
        # By way of a lambda: TensorFlow counts traces by a function's code and object,
        # and would warn of needless ones when many models are trained.
        self.function = tf.function(
            lambda *arguments: function(*arguments),
            jit_compile=jit_compile,
            autograph=False,
        )
        self.concrete = self.function.get_concrete_function(*specs)
        # TensorFlow lists the variables in no order; what it captures has one, which
        # is the same in every process.
        captured = [id(handle) for handle in self.concrete.captured_inputs]
        self.variables = sorted(
            self.concrete.variables, key=lambda each: captured.index(id(each.handle))
        )

    def __call__(self, *arguments: Any) -> tf.Tensor:
        if tf.config.functions_run_eagerly():
            return self.function(*arguments)
        return self.concrete(*arguments)


def for_each(
    iterator: Any, spec: Any, limit: tf.Tensor, step: Callable, state: tuple
) -> tuple:
    """Take a step for each batch, at most `limit` unless it is negative."""

    def next_batch(i: tf.Tensor) -> Any:
        # No further than the limit: what is taken from an iterator is gone.
        return tf.cond(
            tf.not_equal(i, limit),
            iterator.get_next_as_optional,
            lambda: tf.experimental.Optional.empty(spec),
        )

    def body(i: tf.Tensor, batch: Any, *state: Any) -> tuple:
        parts = batch.get_value()
        if isinstance(parts, list) or not isinstance(parts, tuple):
            parts = tuple(parts) if isinstance(parts, list) else (parts,)
        state = step(parts, *state)
        return i + 1, next_batch(i + 1), *state

    zero = tf.constant(0, tf.int64)
    steps, _, *state = tf.while_loop(
        lambda i, batch, *state: batch.has_value(),
        body,
        (zero, next_batch(zero), *state),
    )
    return steps, *state


def iterator_spec(data: Stream) -> tf.TypeSpec:
    """Describe the iterators of a stream."""
    return tf.data.IteratorSpec(data.dataset.element_spec)


def arrays_of(test_data: dict) -> dict[str, Arrays]:
    """Choose the data that lie in memory."""
    return {name: each for name, each in test_data.items() if isinstance(each, Arrays)}


def as_tally(value: Any, rows: tf.Tensor) -> Tally:
    """Return a tally as it is, and a number as the mean over the rows."""
    if isinstance(value, Tally):
        return Tally(*(tf.cast(each, tf.float64) for each in value))
    return Tally(tf.cast(value, tf.float64) * rows, rows)


def quietly(function: Callable) -> Callable:
    """Return a branch of a `tf.cond` that calls a function for its effect."""

    def branch() -> int:
        function()
        return 0

    return branch


def count_static(data: tuple) -> int:
    """Return the number of rows of arrays, which is known while tracing."""
    return tf.nest.flatten(data)[0].shape[0]


def take(data: tuple, rows: tf.Tensor) -> tuple:
    """Take rows of arrays."""
    return tf.nest.map_structure(lambda part: tf.gather(part, rows), data)


def part_of(data: tuple, start: Any, size: int) -> tuple:
    """Take neighbouring rows of arrays; their number is known while tracing."""

    def cut(part: tf.Tensor) -> tf.Tensor:
        rows = part[start : start + size]
        return tf.ensure_shape(rows, (size, *part.shape[1:]))

    return tf.nest.map_structure(cut, data)
