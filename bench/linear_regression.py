"""1001 steps of linear regression on 32 rows with plain gradient descent."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import keras
import numpy as np
import tensorflow as tf
import torch

from bench.contest import Budget, Contestant
from tfbook import data, models, training

EPOCHS = 1001
LEARNING_RATE = 0.05
SPLIT = data.linear()
START = np.random.default_rng(0).random((5, 1)).astype(np.float32)

BUDGETS = [
    Budget("train", "later", "Keras fit", 1000),
    Budget("train", "later", "tf.function step from Python", 10),
    Budget("train, XLA", "later", "JAX lax.scan", 0.5),
]


def with_numpy(epochs: int) -> Callable[[], float]:
    x, y = SPLIT.train
    kernel = START.copy()
    losses = []
    for _ in range(epochs):
        error = x @ kernel - y
        losses.append(np.mean(error**2))
        kernel -= LEARNING_RATE * 2 / len(x) * (x.T @ error)
    return lambda: float(np.mean((x @ kernel - y) ** 2))


def final_loss(model: keras.Model) -> float:
    x, y = SPLIT.train
    return float(np.mean((model(x) - y) ** 2))


def with_fit() -> Contestant:
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(LEARNING_RATE), loss="mse")

    def run(epochs: int) -> Callable[[], float]:
        model.set_weights([START])
        model.fit(*SPLIT.train, batch_size=32, epochs=epochs, verbose=0)
        return lambda: final_loss(model)

    return run


def with_step_from_python() -> Contestant:
    x, y = map(tf.constant, SPLIT.train)
    kernel = tf.Variable(START)

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ kernel - y) ** 2)
        kernel.assign_sub(LEARNING_RATE * tape.gradient(loss, kernel))
        return loss

    def run(epochs: int) -> Callable[[], float]:
        kernel.assign(START)
        for _ in range(epochs):
            step()
        return lambda: float(tf.reduce_mean((x @ kernel - y) ** 2))

    return run


def with_train(jit_compile: bool) -> Contestant:
    model = models.LinearRegression(5)
    optimizer = keras.optimizers.SGD(LEARNING_RATE)

    def run(epochs: int) -> Callable[[], float]:
        model.kernel.assign(START)
        training.train(
            model,
            SPLIT.train,
            optimizer=optimizer,
            epochs=epochs,
            record_every=epochs,
            jit_compile=jit_compile,
        )
        return lambda: final_loss(model)

    return run


def with_torch() -> Contestant:
    x, y = map(torch.from_numpy, SPLIT.train)
    kernel = torch.from_numpy(START.copy()).requires_grad_()

    def run(epochs: int) -> Callable[[], float]:
        with torch.no_grad():
            kernel.copy_(torch.from_numpy(START))
        optimizer = torch.optim.SGD([kernel], lr=LEARNING_RATE)
        for _ in range(epochs):
            optimizer.zero_grad()
            torch.mean((x @ kernel - y) ** 2).backward()
            optimizer.step()
        return lambda: float(torch.mean((x @ kernel - y) ** 2).detach())

    return run


def with_jax() -> Contestant:
    x, y = map(jnp.asarray, SPLIT.train)

    def loss(kernel: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.mean((x @ kernel - y) ** 2)

    # The data are arguments, and the loss is carried along, as `train` does it.
    @jax.jit(static_argnames="epochs")
    def scan(kernel: jax.Array, x: jax.Array, y: jax.Array, epochs: int) -> tuple:
        def step(carry: tuple, _: None) -> tuple[tuple, None]:
            kernel, _ = carry
            value, gradient = jax.value_and_grad(loss)(kernel, x, y)
            return (kernel - LEARNING_RATE * gradient, value), None

        return jax.lax.scan(step, (kernel, 0.0), length=epochs)[0]

    def run(epochs: int) -> Callable[[], float]:
        # JAX returns before it has computed: wait for the end.
        end = jax.block_until_ready(scan(jnp.asarray(START), x, y, epochs=epochs))
        return lambda: float(loss(end[0], x, y))

    return run


def contestants() -> dict[str, Contestant]:
    """Make the contestants, in the order in which they run."""
    return {
        "NumPy": with_numpy,
        "Keras fit": with_fit(),
        "tf.function step from Python": with_step_from_python(),
        "train": with_train(jit_compile=False),
        "train, XLA": with_train(jit_compile=True),
        "PyTorch eager": with_torch(),
        "JAX lax.scan": with_jax(),
    }
