"""1001 steps of linear regression on 32 rows with plain gradient descent."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import keras
import numpy as np
import tensorflow as tf
import torch

from bench.contest import Budget, Contestant
from tfbook import data, models, programs, training

NAME = "linear regression"
EPOCHS = 1001
LEARNING_RATE = 0.05
SPLIT = data.linear()
START = np.random.default_rng(0).random((5, 1)).astype(np.float32)

BUDGETS = [
    Budget("train", "later", "Keras fit", 1000),
    Budget("train", "later", "tf.function step from Python", 10),
    Budget("train, XLA", "later", "JAX lax.scan", 0.5),
    Budget("the loop of train, XLA", "later", "JAX lax.scan", 0.5),
]


def mean_squares(kernel: np.ndarray) -> float:
    return float(np.mean((SPLIT.x_train @ kernel - SPLIT.y_train) ** 2))


class NumPy:
    def reset(self) -> None:
        self.kernel = START.copy()

    def train(self, epochs: int) -> None:
        x, y = SPLIT.train
        losses = []
        for _ in range(epochs):
            error = x @ self.kernel - y
            losses.append(np.mean(error**2))
            self.kernel -= LEARNING_RATE * 2 / len(x) * (x.T @ error)

    def loss(self) -> float:
        return mean_squares(self.kernel)


class Fit:
    def __init__(self) -> None:
        dense = keras.layers.Dense(1, use_bias=False)
        self.model = keras.Sequential([keras.Input((5,)), dense])
        self.model.compile(keras.optimizers.SGD(LEARNING_RATE), loss="mse")

    def reset(self) -> None:
        self.model.set_weights([START])

    def train(self, epochs: int) -> None:
        self.model.fit(*SPLIT.train, batch_size=32, epochs=epochs, verbose=0)

    def loss(self) -> float:
        return mean_squares(self.model.get_weights()[0])


class StepFromPython:
    def __init__(self) -> None:
        self.x, self.y = map(tf.constant, SPLIT.train)
        self.kernel = tf.Variable(START)

        @tf.function
        def step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((x @ self.kernel - y) ** 2)
            self.kernel.assign_sub(LEARNING_RATE * tape.gradient(loss, self.kernel))
            return loss

        self.step = step

    def reset(self) -> None:
        self.kernel.assign(START)

    def train(self, epochs: int) -> None:
        for _ in range(epochs):
            self.step(self.x, self.y)

    def loss(self) -> float:
        return mean_squares(self.kernel.numpy())


class Train:
    def __init__(self, jit_compile: bool) -> None:
        self.jit_compile = jit_compile
        self.model = models.LinearRegression(5)
        self.optimizer = keras.optimizers.SGD(LEARNING_RATE)

    def reset(self) -> None:
        self.model.kernel.assign(START)

    def train(self, epochs: int) -> None:
        training.train(
            self.model,
            SPLIT.train,
            optimizer=self.optimizer,
            epochs=epochs,
            record_every=epochs,
            jit_compile=self.jit_compile,
        )

    def loss(self) -> float:
        return mean_squares(self.model.kernel.numpy())


class Loop(Train):
    """The compiled loop alone, without what `train` does before and after it."""

    def __init__(self) -> None:
        super().__init__(jit_compile=True)
        self.data = tuple(map(tf.constant, SPLIT.train))
        self.program, _ = programs.get_program(
            self.model,
            (training.train_step, training.test_step),
            SPLIT.train,
            None,
            optimizer=self.optimizer,
            loss="mse",
            jit_compile=True,
        )

    def train(self, epochs: int) -> None:
        loss, _ = self.program.run(self.data, None, seed=0, first=1, last=epochs)
        loss.numpy()


class Torch:
    def __init__(self) -> None:
        self.x, self.y = map(torch.from_numpy, SPLIT.train)
        self.kernel = torch.from_numpy(START.copy()).requires_grad_()
        self.optimizer = torch.optim.SGD([self.kernel], lr=LEARNING_RATE)

    def reset(self) -> None:
        with torch.no_grad():
            self.kernel.copy_(torch.from_numpy(START))

    def train(self, epochs: int) -> None:
        for _ in range(epochs):
            self.optimizer.zero_grad()
            torch.mean((self.x @ self.kernel - self.y) ** 2).backward()
            self.optimizer.step()

    def loss(self) -> float:
        return mean_squares(self.kernel.detach().numpy())


class Jax:
    def __init__(self) -> None:
        self.x, self.y = map(jnp.asarray, SPLIT.train)

        def loss(kernel: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
            return jnp.mean((x @ kernel - y) ** 2)

        # The loss is carried along, as `train` does it.
        @jax.jit(static_argnames="epochs")
        def scan(kernel: jax.Array, x: jax.Array, y: jax.Array, epochs: int) -> tuple:
            def step(carry: tuple, _: None) -> tuple[tuple, None]:
                kernel, _ = carry
                value, gradient = jax.value_and_grad(loss)(kernel, x, y)
                return (kernel - LEARNING_RATE * gradient, value), None

            return jax.lax.scan(step, (kernel, 0.0), length=epochs)[0]

        self.scan = scan

    def reset(self) -> None:
        self.kernel = jnp.asarray(START)

    def train(self, epochs: int) -> None:
        end = self.scan(self.kernel, self.x, self.y, epochs=epochs)
        # JAX returns before it has computed: wait for the end.
        self.kernel, _ = jax.block_until_ready(end)

    def loss(self) -> float:
        return mean_squares(np.asarray(self.kernel))


def contestants() -> dict[str, Callable[[], Contestant]]:
    """Say how to make the contestants, in the order in which they run."""
    return {
        "NumPy": NumPy,
        "Keras fit": Fit,
        "tf.function step from Python": StepFromPython,
        "train": lambda: Train(jit_compile=False),
        "train, XLA": lambda: Train(jit_compile=True),
        "the loop of train, XLA": Loop,
        "PyTorch eager": Torch,
        "JAX lax.scan": Jax,
    }
