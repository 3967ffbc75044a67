"""Compiled calls: a function with one trace, and numbers packed into one result."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops


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
        # (`captured_inputs` would draw a number for each collective, as a call does,
        # and a worker that cannot compile would be behind the others for good.)
        captured = [id(handle) for handle in self.concrete.graph.external_captures]
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
