"""Compiled calls: a function with one trace, and a pass through a stream of batches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import ops

# With batches from elsewhere Python gets control back after so many steps at the
# latest. Else Ctrl-C could not reach a stream that has no end.
STEPS_PER_CALL = 1000


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
        with forgotten_gradients():
            self.concrete = self.function.get_concrete_function(*specs)
        # TensorFlow lists the variables in no order; what it captures has one, which
        # is the same in every process.
        captured = [id(handle) for handle in self.concrete.captured_inputs]
        self.variables = sorted(
            self.concrete.variables, key=lambda each: captured.index(id(each.handle))
        )

    def __call__(self, *arguments: Any) -> tf.Tensor:
        """Run it, or with `tf.config.run_functions_eagerly` the function itself."""
        if tf.config.functions_run_eagerly():
            return self.function(*arguments)
        parts = tf.nest.flatten(arguments)
        if not all(isinstance(part, tf.Tensor) for part in parts):
            return self.concrete(*arguments)
        # Finding out which argument is which takes longer than a short run.
        captured = self.concrete.captured_inputs
        (found,) = self.concrete.inference_fn.call_flat(*parts, *captured)
        return found


@contextmanager
def forgotten_gradients() -> Iterator[None]:
    """Let go of the gradients that are registered while something is traced.

    Keras's optimizers register one in each trace, in a table of TensorFlow's that
    nothing is ever taken from. Nobody differentiates a program; the entry would keep
    its graph, and the model in it, alive for ever.
    """
    registry = ops.gradient_registry._registry
    before = set(registry)
    try:
        yield
    finally:
        for name in set(registry) - before:
            del registry[name]


class Packed:
    """The numbers that a compiled call returns, in one tensor: each result costs time.

    Attributes:
        names: What they are called, known once the function is traced.
    """

    def __init__(self) -> None:
        self.names: list[str] = []

    def pack(self, values: dict[str, tf.Tensor]) -> tf.Tensor:
        """Put numbers into one tensor; each number of a vector gets a name."""
        self.names, parts = [], []
        for name, value in values.items():
            flat = tf.reshape(tf.cast(value, tf.float64), (-1,))
            size = flat.shape[0]
            several = [f"{name}_{i}" for i in range(size)]
            self.names += [name] if size == 1 else several
            parts.append(flat)
        return tf.concat(parts, 0)

    def unpack(self, values: tf.Tensor) -> dict[str, float]:
        """Name the numbers again."""
        return dict(zip(self.names, values.numpy().tolist(), strict=True))


class Pass:
    """A pass through batches that come from elsewhere, in calls of a bounded length.

    Args:
        step: A function of a batch, and whether it is recorded, that returns sums and
            counts, one for each of `names`.
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

    def compile(self, spec: Any) -> Compiled:
        """Compile the calls for batches of a form."""
        numbers = tf.TensorSpec((), tf.int64), tf.TensorSpec((2,), tf.bool)
        return Compiled(self.traced, (tf.data.IteratorSpec(spec), *numbers), False)

    def traced(self, iterator: Any, limit: tf.Tensor, flags: tf.Tensor) -> tf.Tensor:
        """Go through some batches; this is what is compiled."""
        recorded, is_first = tf.unstack(flags)
        self.reset(tf.logical_and(recorded, is_first))

        def step(batch: tuple, totals: Any, counts: Any) -> tuple:
            sums = self.step(batch, recorded)
            return totals + sums[0], counts + sums[1]

        zeros = tf.zeros(len(self.names), tf.float64)
        steps, totals, counts = for_each(iterator, limit, step, (zeros, zeros))
        sums = {"steps": steps, "totals": totals, "counts": counts}
        return self.packed.pack(sums | self.results())

    def run(
        self,
        iterator: Any,
        steps: int | None,
        recorded: bool,
        stopped: Callable[[], bool] = lambda: False,
    ) -> tuple[int, dict[str, float]]:
        """Go through an epoch.

        Returns:
            How many batches there were, and the means and measures.
        """
        done, more, sums = 0, True, np.zeros((2, len(self.names)))
        row: dict[str, float] = {}
        while more:
            limit = min(STEPS_PER_CALL, (steps or np.inf) - done)
            flags = tf.constant([recorded, done == 0])
            values = self.call(iterator, int(limit), flags)
            if values is None:
                break
            row = self.packed.unpack(values)
            found = int(row.pop("steps"))
            for i, part in enumerate(("totals", "counts")):
                keys = [key for key in row if key.split("_")[0] == part]
                sums[i] += [row.pop(key) for key in keys]
            done += found
            more = (self.by_shape or found == limit) and done != steps
            if more and stopped():
                raise KeyboardInterrupt
        if done:
            row |= dict(zip(self.names, sums[0] / sums[1], strict=True))
        return done, row

    def call(self, iterator: Any, limit: int, flags: tf.Tensor) -> tf.Tensor | None:
        """Make one compiled call."""
        if not self.by_shape:
            return self.whole(iterator, tf.constant(limit, tf.int64), flags)
        batch = next(iterator, None)
        if batch is None:
            return None
        one = tf.data.Dataset.from_tensors(batch)
        shapes = tuple(map(str, tf.nest.flatten(one.element_spec)))
        if shapes not in self.compiled:
            self.compiled[shapes] = self.compile(one.element_spec)
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
        parts = batch.get_value()
        if not isinstance(parts, tuple):
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
