"""A problem: data, first weights, and the model as each framework writes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import jax
import keras
import numpy as np
import torch

__all__ = ["Problem"]


@dataclass(frozen=True)
class Problem:
    """What all contestants share.

    Attributes:
        x: Features, one row per example.
        y: Targets, of shape `(rows, 1)`.
        start: The first weights, in Keras's order and layout.
        keras_model: Makes the model in Keras.
        torch_model: Makes it in PyTorch.
        predict: Computes its predictions in JAX from the weights and features.
        loss: The mean of the squares, or the cross-entropy of labels.
        optimizer: What moves the weights: gradient descent, or Adam.
        learning_rate: How far.
        batch_size: Rows per step, in a new random order for every epoch; `None` takes
            all of them.
    """

    x: np.ndarray
    y: np.ndarray
    start: list[np.ndarray]
    keras_model: Callable[[], keras.Model]
    torch_model: Callable[[], torch.nn.Module]
    predict: Callable[[list[jax.Array], jax.Array], jax.Array]
    loss: Literal["squares", "cross-entropy"] = "squares"
    optimizer: Literal["sgd", "adam"] = "adam"
    learning_rate: float = 0.001
    batch_size: int | None = None

    def __post_init__(self) -> None:
        if self.batch_size and len(self.x) % self.batch_size:
            raise ValueError(
                f"problem: expected rows in whole batches of {self.batch_size}, got "
                f"{len(self.x)}; leave some out"
            )

    @property
    def steps_per_epoch(self) -> int:
        """How many batches there are."""
        return len(self.x) // (self.batch_size or len(self.x))
