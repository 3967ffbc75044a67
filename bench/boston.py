"""`train` alone on the Boston network 13-64-64-1, or a wider one."""

from pathlib import Path
from typing import Any

import keras

from tfbook import data, models, training

__all__ = ["Boston"]


class Boston:
    """A contestant: `train` with Adam, one full batch an epoch.

    Args:
        width: Units of each of the two hidden layers.
        **settings: Further arguments of `train`.
    """

    def __init__(self, width: int = 64, **settings: Any) -> None:
        self.rows = data.boston_housing().standardized().train
        keras.utils.set_random_seed(0)
        self.model = models.MLP([width, width], 1)
        self.model.build((None, 13))
        self.optimizer = keras.optimizers.Adam()
        self.optimizer.build(self.model.trainable_variables)
        self.variables = [*self.model.variables, *self.optimizer.variables]
        self.fresh = [variable.numpy() for variable in self.variables]
        self.settings = settings

    @property
    def bytes(self) -> int:
        """How much there is to save."""
        return sum(array.nbytes for array in self.fresh)

    def reset(self) -> None:
        for variable, value in zip(self.variables, self.fresh, strict=True):
            variable.assign(value)
        for old in Path(self.settings.get("checkpoint_dir") or "/none").glob("epoch_*"):
            old.unlink()

    def train(self, epochs: int) -> float:
        settings = {"record_every": epochs} | self.settings
        history = training.train(
            *(self.model, self.rows),
            optimizer=self.optimizer,
            epochs=epochs,
            **settings,
        )
        return float(history["training_loss"].iloc[-1])

    def loss(self) -> float:
        x, y = self.rows
        return float(keras.losses.MeanSquaredError()(y, self.model(x)))
