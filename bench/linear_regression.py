"""1001 steps of linear regression on 32 rows with plain gradient descent."""

import keras
import numpy as np
import torch

from bench.contest import AtLeast, Makers
from bench.problem import Problem
from bench.ways_jax import Jax, JaxLoop
from bench.ways_keras import Fit, Loop, StepFromPython, Train
from bench.ways_torch import Torch
from tfbook import data, models

NAME = "linear regression"
SECTION = "contests"
EPOCHS = 1001

BUDGETS = [
    AtLeast("train", 1000, "Keras fit"),
    AtLeast("train", 10, "tf.function step from Python"),
    AtLeast("the loop of train, XLA", 0.8, "the loop of JAX"),
    AtLeast("train, XLA", 0.5, "JAX lax.scan"),
    AtLeast("train", 1, "tf.function step from Python", "first"),
]


def linear_regression() -> keras.Model:
    model = models.LinearRegression(5)
    model.build((None, 5))
    return model


SPLIT = data.linear()
PROBLEM = Problem(
    *SPLIT.train,
    [np.random.default_rng(0).random((5, 1)).astype(np.float32)],
    linear_regression,
    lambda: torch.nn.Linear(5, 1, bias=False),
    lambda weights, x: x @ weights[0],
    optimizer="sgd",
    learning_rate=0.05,
)


class NumPy:
    """The loop that one writes by hand."""

    def reset(self) -> None:
        self.kernel = PROBLEM.start[0].copy()

    def train(self, epochs: int) -> float:
        x, y = PROBLEM.x, PROBLEM.y
        for _ in range(epochs):
            error = x @ self.kernel - y
            loss = np.mean(error**2)
            self.kernel -= PROBLEM.learning_rate * 2 / len(x) * (x.T @ error)
        return float(loss)

    def loss(self) -> float:
        return float(np.mean((PROBLEM.x @ self.kernel - PROBLEM.y) ** 2))


def contestants() -> Makers:
    """Say how to make the contestants, in the order in which they run."""
    return {
        "NumPy": NumPy,
        "Keras fit": lambda: Fit(PROBLEM),
        "tf.function step from Python": lambda: StepFromPython(PROBLEM),
        "train": lambda: Train(PROBLEM),
        "train, XLA": lambda: Train(PROBLEM, jit_compile=True),
        "the loop of train, XLA": lambda: Loop(PROBLEM, EPOCHS, jit_compile=True),
        "PyTorch eager": lambda: Torch(PROBLEM),
        "JAX lax.scan": lambda: Jax(PROBLEM),
        "the loop of JAX": lambda: JaxLoop(PROBLEM),
    }
