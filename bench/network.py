"""1000 full-batch epochs of the network 13-64-64-1 with Adam on Boston."""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import keras
import numpy as np
import tensorflow as tf
import torch

from bench.contest import Budget, Contestant
from tfbook import data, models, training

EPOCHS = 1000

BUDGETS = [
    Budget("train", "later", "PyTorch eager", 3),
    Budget("train", "later", "tf.function step from Python", 3),
    Budget("train", "later", "Keras fit", 200),
    Budget("train, XLA", "later", "JAX lax.scan", 1),
    Budget("train", "first", "tf.function step from Python", 1),
]


class Problem(NamedTuple):
    """What all contestants share.

    Attributes:
        x: Features, of shape `(rows, 13)`.
        y: Targets, of shape `(rows, 1)`.
        start: The first weights: kernel and bias of each layer in turn.
    """

    x: np.ndarray
    y: np.ndarray
    start: list[np.ndarray]

    @property
    def widths(self) -> list[int]:
        """The number of features, of each layer's units, and of targets."""
        return [len(kernel) for kernel in self.start[::2]] + [1]


def make_problem(x: np.ndarray, y: np.ndarray, width: int = 64) -> Problem:
    """Draw the first weights of a network with two hidden layers."""
    rng = np.random.default_rng(0)
    start = [
        array.astype(np.float32)
        for inputs, outputs in itertools.pairwise([x.shape[1], width, width, 1])
        for array in (
            rng.normal(scale=np.sqrt(2 / inputs), size=(inputs, outputs)),
            np.zeros(outputs),
        )
    ]
    return Problem(x, y, start)


BOSTON = make_problem(*data.boston_housing().standardized().train)


def network(problem: Problem) -> tuple[keras.Model, Callable[[], float]]:
    model = models.MLP(problem.widths[1:-1], 1)
    model.build((None, problem.widths[0]))
    return model, lambda: float(np.mean((model(problem.x) - problem.y) ** 2))


def with_fit(problem: Problem) -> Contestant:
    model, final_loss = network(problem)
    x, y, start = problem

    def run(epochs: int) -> Callable[[], float]:
        model.set_weights(start)
        # Anew, since compiling anew is what resets Adam.
        model.compile(keras.optimizers.Adam(), loss="mse")
        model.fit(x, y, batch_size=len(x), epochs=epochs, verbose=0)
        return final_loss

    return run


def with_step_from_python(problem: Problem) -> Contestant:
    x, y = map(tf.constant, (problem.x, problem.y))
    model, final_loss = network(problem)
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    fresh = [variable.numpy() for variable in optimizer.variables]

    @tf.function
    def step() -> tf.Tensor:
        return training.train_step(
            model, optimizer, keras.losses.mean_squared_error, x, y
        )

    def run(epochs: int) -> Callable[[], float]:
        model.set_weights(problem.start)
        for variable, value in zip(optimizer.variables, fresh, strict=True):
            variable.assign(value)
        for _ in range(epochs):
            step()
        return final_loss

    return run


def with_train(problem: Problem, jit_compile: bool) -> Contestant:
    model, final_loss = network(problem)

    def run(epochs: int) -> Callable[[], float]:
        model.set_weights(problem.start)
        training.train(
            model,
            (problem.x, problem.y),
            optimizer="adam",
            epochs=epochs,
            record_every=epochs,
            jit_compile=jit_compile,
        )
        return final_loss

    return run


def with_torch(problem: Problem) -> Contestant:
    x, y = map(torch.from_numpy, (problem.x, problem.y))
    layers = [torch.nn.Linear(*pair) for pair in itertools.pairwise(problem.widths)]
    model = torch.nn.Sequential(
        layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2]
    )

    def run(epochs: int) -> Callable[[], float]:
        with torch.no_grad():
            for weight, value in zip(model.parameters(), problem.start, strict=True):
                weight.copy_(torch.from_numpy(value.T))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.001, eps=1e-7)
        for _ in range(epochs):
            optimizer.zero_grad()
            torch.mean((model(x) - y) ** 2).backward()
            optimizer.step()
        return lambda: float(torch.mean((model(x) - y) ** 2).detach())

    return run


def predict(weights: list[jax.Array], x: jax.Array) -> jax.Array:
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = jax.nn.relu(x @ kernel + bias)
    return x @ weights[-2] + weights[-1]


def mean_squares(weights: list[jax.Array], x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.mean((predict(weights, x) - y) ** 2)


def with_jax(problem: Problem) -> Contestant:
    x, y = map(jnp.asarray, (problem.x, problem.y))

    # The data are arguments, and the loss is carried along, as `train` does it.
    @jax.jit(static_argnames="epochs")
    def scan(weights: list[jax.Array], x: jax.Array, y: jax.Array, epochs: int) -> list:
        def adam(carry: tuple, step: jax.Array) -> tuple[tuple, None]:
            weights, means, squares, _ = carry
            loss, gradients = jax.value_and_grad(mean_squares)(weights, x, y)
            means = [0.9 * m + 0.1 * g for m, g in zip(means, gradients, strict=True)]
            squares = [
                0.999 * s + 0.001 * g**2
                for s, g in zip(squares, gradients, strict=True)
            ]
            rate = 0.001 * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            weights = [
                w - rate * m / (jnp.sqrt(s) + 1e-7)
                for w, m, s in zip(weights, means, squares, strict=True)
            ]
            return (weights, means, squares, loss), None

        zeros = [jnp.zeros_like(weight) for weight in weights]
        steps = jnp.arange(1, epochs + 1, dtype=jnp.float32)
        return jax.lax.scan(adam, (weights, zeros, zeros, 0.0), steps)[0]

    def run(epochs: int) -> Callable[[], float]:
        weights = [jnp.asarray(array) for array in problem.start]
        # JAX returns before it has computed: wait for the end.
        end = jax.block_until_ready(scan(weights, x, y, epochs=epochs))
        return lambda: float(mean_squares(end[0], x, y))

    return run


def contestants(problem: Problem = BOSTON) -> dict[str, Contestant]:
    """Make the contestants, in the order in which they run."""
    return {
        "Keras fit": with_fit(problem),
        "tf.function step from Python": with_step_from_python(problem),
        "train": with_train(problem, jit_compile=False),
        "train, XLA": with_train(problem, jit_compile=True),
        "PyTorch eager": with_torch(problem),
        "JAX lax.scan": with_jax(problem),
    }
