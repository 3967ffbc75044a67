"""2 epochs of two convolutions and a linear layer on 4000 digits, in batches of 32."""

import jax
import keras
import torch

from bench.contest import AtLeast, Makers
from bench.digits import SETTINGS, batch_ways
from bench.network import first_weights
from bench.problem import Problem
from tfbook import data

NAME = "two convolutions"
SECTION = "batches"
EPOCHS = 2
TOLERANCE = 0.5  # each has its own order of rows

BUDGETS = [
    AtLeast("train", 2, "Keras fit"),
    AtLeast("train", 1.4, "PyTorch eager"),
]

CHANNELS = [1, 16, 32]


def keras_model() -> keras.Model:
    layers = [keras.Input((28, 28, 1))]
    for channels in CHANNELS[1:]:
        layers.append(keras.layers.Conv2D(channels, 3, activation="relu"))
        layers.append(keras.layers.MaxPooling2D())
    return keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(10)])


class TorchModel(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        _, first, second = CHANNELS
        self.first = torch.nn.Conv2d(1, first, 3)
        self.second = torch.nn.Conv2d(first, second, 3)
        self.linear = torch.nn.Linear(5 * 5 * second, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.movedim(3, 1)  # PyTorch has the channels first
        for layer in (self.first, self.second):
            x = torch.nn.functional.max_pool2d(torch.relu(layer(x)), 2)
        return self.linear(x.movedim(1, 3).flatten(1))


def predict(weights: list[jax.Array], x: jax.Array) -> jax.Array:
    for kernel, bias in (weights[:2], weights[2:4]):
        layout = ("NHWC", "HWIO", "NHWC")
        x = jax.lax.conv_general_dilated(
            x, kernel, (1, 1), "VALID", dimension_numbers=layout
        )
        x = jax.nn.relu(x + bias)
        window = (1, 2, 2, 1)
        x = jax.lax.reduce_window(
            x, -float("inf"), jax.lax.max, window, window, "VALID"
        )
    return x.reshape(len(x), -1) @ weights[4] + weights[5]


x, y = data.digits().train
PROBLEM = Problem(
    x.reshape(-1, 28, 28, 1),
    y,
    first_weights((3, 3, 1, 16), (3, 3, 16, 32), (5 * 5 * 32, 10)),
    keras_model,
    TorchModel,
    predict,
    **SETTINGS,
)


def contestants() -> Makers:
    """Say how to make the contestants, in the order in which they run."""
    return batch_ways(PROBLEM)
