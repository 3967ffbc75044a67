"""Ways to train in JAX: `lax.scan` over the steps, compiled as a whole by XLA."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from bench.problem import Problem

__all__ = ["Jax", "JaxLoop"]


def squares(predicted: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.mean((predicted - y) ** 2)


def cross_entropy(predicted: jax.Array, labels: jax.Array) -> jax.Array:
    logs = jax.nn.log_softmax(predicted)
    return -jnp.mean(jnp.take_along_axis(logs, labels, axis=1))


LOSSES = {"squares": squares, "cross-entropy": cross_entropy}


def sgd(rate: float, weights: list, gradients: list, state: tuple) -> tuple:
    moved = [w - rate * g for w, g in zip(weights, gradients, strict=True)]
    return moved, state


def adam(rate: float, weights: list, gradients: list, state: tuple) -> tuple:
    means, squares, count = state
    count += 1
    means = [0.9 * m + 0.1 * g for m, g in zip(means, gradients, strict=True)]
    squares = [
        0.999 * s + 0.001 * g**2 for s, g in zip(squares, gradients, strict=True)
    ]
    rate = rate * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    moved = [
        w - rate * m / (jnp.sqrt(s) + 1e-7)
        for w, m, s in zip(weights, means, squares, strict=True)
    ]
    return moved, (means, squares, count)


OPTIMIZERS = {"sgd": sgd, "adam": adam}


def make_run(problem: Problem) -> Callable:
    """Compile the training run, for any data of its shape."""
    loss_of, update = LOSSES[problem.loss], OPTIMIZERS[problem.optimizer]

    def mean_loss(weights: list, x: jax.Array, y: jax.Array) -> jax.Array:
        return loss_of(problem.predict(weights, x), y)

    def step(weights: list, state: tuple, x: jax.Array, y: jax.Array) -> tuple:
        loss, gradients = jax.value_and_grad(mean_loss)(weights, x, y)
        weights, state = update(problem.learning_rate, weights, gradients, state)
        return weights, state, loss

    def one_epoch(carry: tuple, key: Any, x: jax.Array, y: jax.Array) -> tuple:
        if problem.batch_size is None:
            return step(*carry[:2], x, y)
        order = jax.random.permutation(key, len(x))

        def one_batch(carry: tuple, rows: jax.Array) -> tuple[tuple, None]:
            *moved, loss = step(*carry[:2], x[rows], y[rows])
            return (*moved, carry[2] + loss), None

        carry = (*carry[:2], 0.0)
        batches = order.reshape(-1, problem.batch_size)
        weights, state, total = jax.lax.scan(one_batch, carry, batches)[0]
        return weights, state, total / len(batches)

    def run(weights: list, x: jax.Array, y: jax.Array, epochs: int) -> tuple:
        zeros = [jnp.zeros_like(weight) for weight in weights]
        state = (zeros, zeros, 0.0) if problem.optimizer == "adam" else ()
        shuffles = problem.batch_size is not None
        keys = jax.random.split(jax.random.key(0), epochs) if shuffles else None
        # The loss is carried along, as `train` does it.
        weights, _, loss = jax.lax.scan(
            lambda carry, key: (one_epoch(carry, key, x, y), None),
            (weights, state, 0.0),
            keys,
            length=epochs,
        )[0]
        return weights, loss

    return jax.jit(run, static_argnames="epochs")


class Jax:
    """The run, from arrays to a loss.

    Args:
        problem: Data, model and first weights.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.run = make_run(problem)

    def data(self) -> tuple[jax.Array, jax.Array]:
        return jnp.asarray(self.problem.x), jnp.asarray(self.problem.y)

    def reset(self) -> None:
        self.weights = [jnp.asarray(array) for array in self.problem.start]

    def train(self, epochs: int) -> float:
        end = self.run(self.weights, *self.data(), epochs=epochs)
        # JAX returns before it has computed: wait for the end.
        self.weights, loss = jax.block_until_ready(end)
        return float(loss)

    def loss(self) -> float:
        predicted = self.problem.predict(self.weights, jnp.asarray(self.problem.x))
        return float(LOSSES[self.problem.loss](predicted, jnp.asarray(self.problem.y)))


class JaxLoop(Jax):
    """The compiled loop alone: the data are JAX's arrays before the clock starts."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.ready = super().data()

    def data(self) -> tuple[jax.Array, jax.Array]:
        return self.ready
