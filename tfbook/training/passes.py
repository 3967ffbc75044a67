"""A pass through a stream of batches, in compiled calls."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfbook.training.compiled import Compiled, Packed
from tfbook.training.guards import NOTHING, ROOM
from tfbook.training.streams import Part, as_batch

# With batches from elsewhere Python gets control back after so many steps at the
# latest. Else Ctrl-C could not reach a stream that has no end.
STEPS_PER_CALL = 1000


class Pass:
    """A pass through batches that come from elsewhere, in calls of a bounded length.

    Args:
        step: A function of a batch, whether it is recorded, and the rows of all workers
            if it is a part, that returns sums and counts, one for each of `names`, and
            the worst that a `Guard` has seen.
        names: What the sums are of.
        reset: A function that begins new measures, if its argument is true.
        results: A function that returns what has been measured, by name.
        spec: The form of a batch.
        by_shape: Whether each shape of a batch gets a call of its own. What devices
            send to each other must have one shape for each place in a program.
    """

    def __init__(
        self,
        step: Callable,
        names: tuple[str, ...],
        reset: Callable,
        results: Callable,
        spec: Any,
        by_shape: bool,
    ) -> None:
        self.step = step
        self.names = names
        self.reset = reset
        self.results = results
        self.by_shape = by_shape
        self.packed = Packed()
        self.whole = self.compile(spec)
        self.compiled: dict[Any, Compiled] = {}

    def compile(self, spec: Any, rows: tuple | None = None) -> Compiled:
        """Compile the calls for batches of a form."""
        numbers = tf.TensorSpec((), tf.int64), tf.TensorSpec((2,), tf.bool)
        traced = functools.partial(self.traced, rows)
        return Compiled(traced, (tf.data.IteratorSpec(spec), *numbers), False)

    def traced(
        self, rows: tuple | None, iterator: Any, limit: tf.Tensor, flags: tf.Tensor
    ) -> tf.Tensor:
        """Go through some batches; this is what is compiled."""
        recorded, is_first = tf.unstack(flags)
        self.reset(tf.logical_and(recorded, is_first))

        def step(batch: tuple, totals: Any, counts: Any, worst: Any) -> tuple:
            sums = self.step(batch, recorded, rows)
            return totals + sums[0], counts + sums[1], tf.maximum(worst, sums[2])

        zeros = tf.zeros(len(self.names), tf.float64)
        nothing = tf.fill((ROOM,), tf.constant(NOTHING, tf.float64))
        steps, totals, counts, worst = for_each(
            iterator, limit, step, (zeros, zeros, nothing)
        )
        sums = {"steps": steps, "totals": totals, "counts": counts, "worst": worst}
        return self.packed.pack(sums | self.results())

    def run(
        self,
        iterator: Any,
        steps: int | None,
        recorded: bool,
        stopped: Callable[[], bool] = lambda: False,
    ) -> tuple[int, dict[str, float], np.ndarray]:
        """Go through an epoch.

        Returns:
            How many batches there were, the means and measures, and the worst that was
            seen.
        """
        done, more, sums = 0, True, np.zeros((2, len(self.names)))
        row: dict[str, float] = {}
        worst = np.full(ROOM, NOTHING)
        while more:
            limit = min(STEPS_PER_CALL, (steps or np.inf) - done)
            flags = tf.constant([recorded, done == 0])
            values = self.call(iterator, int(limit), flags)
            if values is None:
                break
            row = self.packed.unpack(values)
            found = int(row.pop("steps"))
            totals, counts, seen = (
                [row.pop(key) for key in [*row] if key.split("_")[0] == part]
                for part in ("totals", "counts", "worst")
            )
            sums += [totals, counts]
            worst = np.maximum(worst, seen)
            done += found
            more = (self.by_shape or found == limit) and done != steps
            if more and stopped():
                raise KeyboardInterrupt
        if done:
            row |= dict(zip(self.names, sums[0] / sums[1], strict=True))
        return done, row, worst

    def call(self, iterator: Any, limit: int, flags: tf.Tensor) -> tf.Tensor | None:
        """Make one compiled call."""
        if not self.by_shape:
            return self.whole(iterator, tf.constant(limit, tf.int64), flags)
        batch = next(iterator, None)
        if batch is None:
            return None
        batch, rows = batch if isinstance(batch, Part) else (batch, None)
        one = tf.data.Dataset.from_tensors(batch)
        # The same on all workers, so that all compile at the same moment.
        shapes = rows, *map(str, tf.nest.flatten(one.element_spec))
        if shapes not in self.compiled:
            self.compiled[shapes] = self.compile(one.element_spec, rows)
        return self.compiled[shapes](iter(one), tf.constant(1, tf.int64), flags)


def for_each(iterator: Any, limit: tf.Tensor, step: Callable, state: tuple) -> tuple:
    """Take a step for each batch of an iterator, `limit` at the most."""

    def next_batch(i: tf.Tensor) -> Any:
        # No further than the limit: what is taken from an iterator is gone.
        return tf.cond(
            i < limit,
            iterator.get_next_as_optional,
            lambda: tf.experimental.Optional.empty(iterator.element_spec),
        )

    def body(i: tf.Tensor, batch: Any, *state: Any) -> tuple:
        state = step(as_batch(batch.get_value()), *state)
        return i + 1, next_batch(i + 1), *state

    zero = tf.constant(0, tf.int64)
    steps, _, *state = tf.while_loop(
        lambda i, batch, *state: batch.has_value(),
        body,
        (zero, next_batch(zero), *state),
    )
    return steps, *state
