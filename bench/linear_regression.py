"""1001 steps of linear regression on 32 rows, in seven ways."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import keras
import numpy as np
import tensorflow as tf
import torch

from bench.contest import Budget, Contestant
from tfbook import data, models, training

STEPS = 1001
LEARNING_RATE = 0.05
SPLIT = data.linear()
START = np.random.default_rng(0).random((5, 1)).astype(np.float32)

BUDGETS = [
    Budget("train", "later", "Keras fit", 1000),
    Budget("train", "later", "tf.function step from Python", 10),
    Budget("train, XLA", "later", "JAX lax.scan", 0.5),
]


def with_numpy() -> Callable[[], float]:
    x, y = SPLIT.train
    kernel = START.copy()
    for _ in range(STEPS):
        error = x @ kernel - y
        kernel -= LEARNING_RATE * 2 / len(x) * (x.T @ error)
    return lambda: float(np.mean((x @ kernel - y) ** 2))


def final_loss(model: keras.Model) -> float:
    x, y = SPLIT.train
    return float(np.mean((model(x) - y) ** 2))


def with_fit() -> Contestant:
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(LEARNING_RATE), loss="mse")

    def run() -> Callable[[], float]:
        model.set_weights([START])
        model.fit(*SPLIT.train, batch_size=32, epochs=STEPS, verbose=0)
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

    def run() -> Callable[[], float]:
        kernel.assign(START)
        for _ in range(STEPS):
            step()
        return lambda: float(tf.reduce_mean((x @ kernel - y) ** 2))

    return run


def with_train(jit_compile: bool) -> Contestant:
    model = models.LinearRegression(5)
    optimizer = keras.optimizers.SGD(LEARNING_RATE)

    def run() -> Callable[[], float]:
        model.kernel.assign(START)
        training.train(
            model,
            SPLIT.train,
            optimizer=optimizer,
            epochs=STEPS,
            record_every=STEPS,
            jit_compile=jit_compile,
        )
        return lambda: final_loss(model)

    return run


def with_torch() -> Callable[[], float]:
    x, y = map(torch.from_numpy, SPLIT.train)
    kernel = torch.from_numpy(START.copy()).requires_grad_()
    optimizer = torch.optim.SGD([kernel], lr=LEARNING_RATE)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.mean((x @ kernel - y) ** 2).backward()
        optimizer.step()
    return lambda: float(torch.mean((x @ kernel - y) ** 2).detach())


def with_jax() -> Contestant:
    x, y = map(jnp.asarray, SPLIT.train)

    def loss(kernel: jax.Array) -> jax.Array:
        return jnp.mean((x @ kernel - y) ** 2)

    @jax.jit
    def scan(kernel: jax.Array) -> jax.Array:
        def step(kernel: jax.Array, _: None) -> tuple[jax.Array, None]:
            return kernel - LEARNING_RATE * jax.grad(loss)(kernel), None

        return loss(jax.lax.scan(step, kernel, length=STEPS)[0])

    def run() -> Callable[[], float]:
        end = scan(jnp.asarray(START)).block_until_ready()
        return lambda: float(end)

    return run


def contestants() -> dict[str, Contestant]:
    """Make the contestants, in the order in which they run."""
    return {
        "NumPy": with_numpy,
        "Keras fit": with_fit(),
        "tf.function step from Python": with_step_from_python(),
        "train": with_train(jit_compile=False),
        "train, XLA": with_train(jit_compile=True),
        "PyTorch eager": with_torch,
        "JAX lax.scan": with_jax(),
    }
