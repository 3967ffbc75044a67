"""1000 full-batch epochs of the network 13-64-64-1 with Adam on Boston, in six ways."""

import itertools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import keras
import numpy as np
import tensorflow as tf
import torch

from bench.contest import Budget, Contestant
from tfbook import data, models, training

EPOCHS = 1000
SPLIT = data.boston_housing().standardized()
RNG = np.random.default_rng(0)
WIDTHS = [13, 64, 64, 1]
START = [
    array.astype(np.float32)
    for inputs, outputs in itertools.pairwise(WIDTHS)
    for array in (
        RNG.normal(scale=np.sqrt(2 / inputs), size=(inputs, outputs)),
        np.zeros(outputs),
    )
]

BUDGETS = [
    Budget("train", "later", "PyTorch eager", 3),
    Budget("train", "later", "tf.function step from Python", 3),
    Budget("train", "later", "Keras fit", 200),
    Budget("train, XLA", "later", "JAX lax.scan", 1),
    Budget("train", "first", "tf.function step from Python", 1),
]


def final_loss(model: keras.Model) -> float:
    x, y = SPLIT.train
    return float(np.mean((model(x) - y) ** 2))


def network() -> keras.Model:
    model = models.MLP([64, 64], 1)
    model.build((None, 13))
    return model


def with_fit() -> Contestant:
    model = network()
    model.compile(keras.optimizers.Adam(), loss="mse")

    def run() -> Callable[[], float]:
        model.set_weights(START)
        model.fit(*SPLIT.train, batch_size=404, epochs=EPOCHS, verbose=0)
        return lambda: final_loss(model)

    return run


def with_step_from_python() -> Contestant:
    x, y = map(tf.constant, SPLIT.train)
    model = network()
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    fresh = [variable.numpy() for variable in optimizer.variables]

    @tf.function
    def step() -> tf.Tensor:
        return training.train_step(
            model, optimizer, keras.losses.mean_squared_error, x, y
        )

    def run() -> Callable[[], float]:
        model.set_weights(START)
        for variable, value in zip(optimizer.variables, fresh, strict=True):
            variable.assign(value)
        for _ in range(EPOCHS):
            step()
        return lambda: final_loss(model)

    return run


def with_train(jit_compile: bool) -> Contestant:
    model = network()

    def run() -> Callable[[], float]:
        model.set_weights(START)
        training.train(
            model,
            SPLIT.train,
            optimizer="adam",
            epochs=EPOCHS,
            record_every=EPOCHS,
            jit_compile=jit_compile,
        )
        return lambda: final_loss(model)

    return run


def with_torch() -> Callable[[], float]:
    x, y = map(torch.from_numpy, SPLIT.train)
    layers = [torch.nn.Linear(*pair) for pair in itertools.pairwise(WIDTHS)]
    model = torch.nn.Sequential(
        layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2]
    )
    with torch.no_grad():
        for layer, kernel, bias in zip(layers, START[::2], START[1::2], strict=True):
            layer.weight.copy_(torch.from_numpy(kernel.T))
            layer.bias.copy_(torch.from_numpy(bias))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001, eps=1e-7)
    for _ in range(EPOCHS):
        optimizer.zero_grad()
        torch.mean((model(x) - y) ** 2).backward()
        optimizer.step()
    return lambda: float(torch.mean((model(x) - y) ** 2).detach())


def with_jax() -> Contestant:
    x, y = map(jnp.asarray, SPLIT.train)

    def loss(weights: list[jax.Array]) -> jax.Array:
        hidden = x
        for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            hidden = jax.nn.relu(hidden @ kernel + bias)
        return jnp.mean((hidden @ weights[-2] + weights[-1] - y) ** 2)

    def adam(state: tuple, step: jax.Array) -> tuple[tuple, None]:
        weights, means, squares = state
        gradients = jax.grad(loss)(weights)
        means = [0.9 * m + 0.1 * g for m, g in zip(means, gradients, strict=True)]
        squares = [
            0.999 * s + 0.001 * g**2 for s, g in zip(squares, gradients, strict=True)
        ]
        rate = 0.001 * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        weights = [
            w - rate * m / (jnp.sqrt(s) + 1e-7)
            for w, m, s in zip(weights, means, squares, strict=True)
        ]
        return (weights, means, squares), None

    @jax.jit
    def scan(weights: list[jax.Array]) -> jax.Array:
        zeros = [jnp.zeros_like(weight) for weight in weights]
        steps = jnp.arange(1, EPOCHS + 1, dtype=jnp.float32)
        return loss(jax.lax.scan(adam, (weights, zeros, zeros), steps)[0][0])

    def run() -> Callable[[], float]:
        end = scan([jnp.asarray(array) for array in START]).block_until_ready()
        return lambda: float(end)

    return run


def contestants() -> dict[str, Contestant]:
    """Make the contestants, in the order in which they run."""
    return {
        "Keras fit": with_fit(),
        "tf.function step from Python": with_step_from_python(),
        "train": with_train(jit_compile=False),
        "train, XLA": with_train(jit_compile=True),
        "PyTorch eager": with_torch,
        "JAX lax.scan": with_jax(),
    }
