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

NAME = "network"
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


class Network:
    """What the contestants that train a Keras model share.

    Args:
        problem: Data and first weights.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.model = models.MLP(problem.widths[1:-1], 1)
        self.model.build((None, problem.widths[0]))

    def reset(self) -> None:
        self.model.set_weights(self.problem.start)

    def loss(self) -> float:
        x, y, _ = self.problem
        return float(np.mean((self.model(x) - y) ** 2))


class Fit(Network):
    def reset(self) -> None:
        super().reset()
        # Anew, since compiling anew is what resets Adam.
        self.model.compile(keras.optimizers.Adam(), loss="mse")

    def train(self, epochs: int) -> None:
        x, y, _ = self.problem
        self.model.fit(x, y, batch_size=len(x), epochs=epochs, verbose=0)


class StepFromPython(Network):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.x, self.y = map(tf.constant, (problem.x, problem.y))
        self.optimizer = keras.optimizers.Adam()
        self.optimizer.build(self.model.trainable_variables)
        self.fresh = [variable.numpy() for variable in self.optimizer.variables]

        @tf.function
        def step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
            return training.train_step(
                self.model, self.optimizer, keras.losses.mean_squared_error, x, y
            )

        self.step = step

    def reset(self) -> None:
        super().reset()
        for variable, value in zip(self.optimizer.variables, self.fresh, strict=True):
            variable.assign(value)

    def train(self, epochs: int) -> None:
        for _ in range(epochs):
            self.step(self.x, self.y)


class Train(Network):
    def __init__(self, problem: Problem, jit_compile: bool) -> None:
        super().__init__(problem)
        self.jit_compile = jit_compile

    def train(self, epochs: int) -> None:
        training.train(
            self.model,
            (self.problem.x, self.problem.y),
            optimizer="adam",
            epochs=epochs,
            record_every=epochs,
            jit_compile=self.jit_compile,
        )


class Torch:
    def __init__(self, problem: Problem) -> None:
        self.x, self.y = map(torch.from_numpy, (problem.x, problem.y))
        self.start = problem.start
        layers = [torch.nn.Linear(*pair) for pair in itertools.pairwise(problem.widths)]
        self.model = torch.nn.Sequential(
            layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2]
        )

    def mean_squares(self) -> torch.Tensor:
        return torch.mean((self.model(self.x) - self.y) ** 2)

    def reset(self) -> None:
        with torch.no_grad():
            for weight, value in zip(self.model.parameters(), self.start, strict=True):
                weight.copy_(torch.from_numpy(value.T))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.001, eps=1e-7)

    def train(self, epochs: int) -> None:
        for _ in range(epochs):
            self.optimizer.zero_grad()
            self.mean_squares().backward()
            self.optimizer.step()

    def loss(self) -> float:
        return float(self.mean_squares().detach())


def predict(weights: list[jax.Array], x: jax.Array) -> jax.Array:
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = jax.nn.relu(x @ kernel + bias)
    return x @ weights[-2] + weights[-1]


def mean_squares(weights: list[jax.Array], x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.mean((predict(weights, x) - y) ** 2)


class Jax:
    def __init__(self, problem: Problem) -> None:
        self.x, self.y = map(jnp.asarray, (problem.x, problem.y))
        self.start = problem.start

        # The loss is carried along, as `train` does it.
        @jax.jit(static_argnames="epochs")
        def scan(
            weights: list[jax.Array], x: jax.Array, y: jax.Array, epochs: int
        ) -> tuple:
            def adam(carry: tuple, step: jax.Array) -> tuple[tuple, None]:
                weights, means, squares, _ = carry
                loss, gradients = jax.value_and_grad(mean_squares)(weights, x, y)
                means = [
                    0.9 * m + 0.1 * g for m, g in zip(means, gradients, strict=True)
                ]
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

        self.scan = scan

    def reset(self) -> None:
        self.weights = [jnp.asarray(array) for array in self.start]

    def train(self, epochs: int) -> None:
        end = self.scan(self.weights, self.x, self.y, epochs=epochs)
        # JAX returns before it has computed: wait for the end.
        self.weights = jax.block_until_ready(end)[0]

    def loss(self) -> float:
        return float(mean_squares(self.weights, self.x, self.y))


class Products:
    """The least that a step can do: its eight matrix products, and moving the kernels.

    No activations, no biases, no Adam; so no contestant, but a bound for all.

    Args:
        problem: Data and first weights.
    """

    def __init__(self, problem: Problem) -> None:
        self.x = tf.constant(problem.x)
        self.start = problem.start[::2]
        self.kernels = [tf.Variable(kernel) for kernel in self.start]

        @tf.function
        def steps(x: tf.Tensor, num_steps: tf.Tensor) -> None:
            for _ in tf.range(num_steps):
                inputs = [x]
                for kernel in self.kernels:
                    inputs.append(inputs[-1] @ kernel)
                signal = inputs.pop()
                for kernel in reversed(self.kernels):
                    gradient = tf.matmul(inputs.pop(), signal, transpose_a=True)
                    if inputs:
                        signal = tf.matmul(signal, kernel, transpose_b=True)
                    kernel.assign_sub(1e-9 * gradient)

        self.steps = steps

    def reset(self) -> None:
        for kernel, value in zip(self.kernels, self.start, strict=True):
            kernel.assign(value)

    def train(self, epochs: int) -> None:
        self.steps(self.x, tf.constant(epochs))


def contestants(
    problem: Problem = BOSTON,
) -> dict[str, Callable[[], Contestant]]:
    """Say how to make the contestants, in the order in which they run."""
    return {
        "Keras fit": lambda: Fit(problem),
        "tf.function step from Python": lambda: StepFromPython(problem),
        "train": lambda: Train(problem, jit_compile=False),
        "train, XLA": lambda: Train(problem, jit_compile=True),
        "PyTorch eager": lambda: Torch(problem),
        "JAX lax.scan": lambda: Jax(problem),
    }
