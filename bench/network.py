"""1000 full-batch epochs of the network 13-64-64-1 with Adam on Boston."""

import itertools
from collections.abc import Callable

import jax
import keras
import numpy as np
import tensorflow as tf
import torch

from bench.contest import AtLeast, AtMost, Makers
from bench.problem import Problem
from bench.ways_jax import Jax
from bench.ways_keras import Fit, StepFromPython, Train
from bench.ways_torch import Torch
from tfbook import data, models

NAME = "network"
SECTION = "contests"
EPOCHS = 1000
PRODUCTS = "its matrix products in TensorFlow, one by one"

BUDGETS = [
    AtLeast("train", 3, "PyTorch eager"),
    AtLeast("train", 3, "tf.function step from Python"),
    AtLeast("train, XLA", 1, "JAX lax.scan"),
    AtMost("train, XLA", 1.2, PRODUCTS),
    AtLeast("train", 1, "tf.function step from Python", "first"),
]


def keras_mlp(widths: list[int]) -> Callable[[], keras.Model]:
    def make() -> keras.Model:
        model = models.MLP(widths[1:-1], widths[-1])
        model.build((None, widths[0]))
        return model

    return make


def torch_mlp(widths: list[int]) -> Callable[[], torch.nn.Module]:
    def make() -> torch.nn.Module:
        linear = [torch.nn.Linear(*pair) for pair in itertools.pairwise(widths)]
        layers = [each for layer in linear for each in (layer, torch.nn.ReLU())]
        return torch.nn.Sequential(*layers[:-1])

    return make


def predict(weights: list[jax.Array], x: jax.Array) -> jax.Array:
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = jax.nn.relu(x @ kernel + bias)
    return x @ weights[-2] + weights[-1]


def first_weights(*kernels: tuple[int, ...]) -> list[np.ndarray]:
    """Draw kernels of these shapes, each followed by a bias of zeros."""
    rng = np.random.default_rng(0)
    return [
        array.astype(np.float32)
        for shape in kernels
        for array in (
            rng.normal(scale=np.sqrt(2 / np.prod(shape[:-1])), size=shape),
            np.zeros(shape[-1]),
        )
    ]


def make_problem(
    x: np.ndarray,
    y: np.ndarray,
    hidden: list[int],
    outputs: int = 1,
    **settings: object,
) -> Problem:
    """Set up a network with hidden layers of some widths."""
    widths = [x.shape[1], *hidden, outputs]
    start = first_weights(*itertools.pairwise(widths))
    models_of = keras_mlp(widths), torch_mlp(widths), predict
    return Problem(x, y, start, *models_of, **settings)


BOSTON = make_problem(*data.boston_housing().standardized().train, [64, 64])


class Products:
    """A step's eight matrix products, and what moves the kernels; nothing else.

    No activations, no biases, no Adam: TensorFlow starts the products one by one from a
    loop in a graph. Others may multiply faster.

    Args:
        problem: Data and first weights.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
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

    def train(self, epochs: int) -> float:
        self.steps(tf.constant(self.problem.x), tf.constant(epochs))
        # A call returns before it has computed: wait for the end.
        return float(self.kernels[-1].numpy()[0, 0])

    def loss(self) -> None:
        return None


def ways(problem: Problem) -> Makers:
    """Say how to make the contestants for any problem, in their order."""
    return {
        "Keras fit": lambda: Fit(problem),
        "tf.function step from Python": lambda: StepFromPython(problem),
        "train": lambda: Train(problem),
        "train, XLA": lambda: Train(problem, jit_compile=True),
        "PyTorch eager": lambda: Torch(problem),
        "JAX lax.scan": lambda: Jax(problem),
    }


def contestants() -> Makers:
    """Say how to make the contestants, in the order in which they run."""
    return ways(BOSTON) | {PRODUCTS: lambda: Products(BOSTON)}
