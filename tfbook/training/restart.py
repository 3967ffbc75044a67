"""The same training from several starts."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

__all__ = ["Restart"]


class Restart:
    """A model and its optimizer, as new from each seed.

    What comes out of a run depends on the random numbers that it starts from, so an
    experiment is repeated from several starts. A new model for each start would be
    compiled each time, which often takes longer than the run. Here one model is started
    anew, and `train` finds its program again.

    Calling it with a seed, and a learning rate if it is to be another one, sets the
    seed of Keras, NumPy and Python, and every variable of the model to that of a new
    one: weights, averages, and the random states of layers such as dropout. The
    optimizer forgets what it has seen. It is the same model each time, so take what
    you need of it before the next start.

    `again` goes back to the last start, for runs that differ in the learning rate
    alone. It makes no new model and sets no seeds, so it is much quicker: a short run
    would take longer to start than to train.

    Args:
        make_model: A function without arguments that returns a new model, built: each
            of its layers has its weights.
        optimizer: What the model is trained with, not used before; or None.

    Raises:
        ValueError: If the function returns a model without weights, the same model
            twice, or models of other shapes; if the optimizer is none, or has taken
            steps; or if there is a learning rate and no optimizer.

    Example:
        >>> import numpy as np
        >>> from tfbook.training import train
        >>> def make_model():
        ...     return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        >>> x, y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")
        >>> restart = Restart(make_model, keras.optimizers.Adam(0.01))
        >>> for seed in range(2):
        ...     model = restart(seed)
        ...     history = train(model, (x, y), optimizer=restart.optimizer, epochs=10)
        >>> for rate in (0.1, 0.01):  # from the last start, with other rates
        ...     model = restart.again(rate)
        ...     history = train(model, (x, y), optimizer=restart.optimizer, epochs=10)
    """

    def __init__(
        self, make_model: Callable[[], keras.Model], optimizer: Any = None
    ) -> None:
        self.make_model = make_model
        self.model = self._new()
        self.start: list | None = None
        self.optimizer = optimizer
        self.memory: list = []
        if optimizer is not None:
            self._remember()

    def __call__(self, seed: int, learning_rate: float | None = None) -> keras.Model:
        """Start anew from a seed; return the model."""
        keras.utils.set_random_seed(seed)
        new = self._new()
        shapes = [
            [tuple(each.shape) for each in model.variables]
            for model in (self.model, new)
        ]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"Restart: expected models of equal shapes, got {shapes[1]} after "
                f"{shapes[0]}; use one Restart for each kind of model"
            )
        self.start = [tf.convert_to_tensor(each.value) for each in new.variables]
        return self.again(learning_rate)

    def again(self, learning_rate: float | None = None) -> keras.Model:
        """Go back to the last start; return the model.

        The random numbers of NumPy, Python and `tf.random` go on where they are. Those
        of layers such as dropout are the model's own, and begin again.

        Raises:
            ValueError: If there was no start.
        """
        if self.start is None:
            raise ValueError(
                "Restart: expected a start to go back to, got none; call it with a seed"
            )
        if learning_rate is not None and self.optimizer is None:
            raise ValueError(
                f"Restart: expected an optimizer for the learning_rate, got "
                f"{learning_rate!r} without one; pass it to Restart"
            )
        variables = [*self.model.variables, *getattr(self.optimizer, "variables", [])]
        for variable, value in zip(variables, [*self.start, *self.memory], strict=True):
            variable.assign(value)
        if learning_rate is not None:
            self.optimizer.learning_rate = learning_rate
        return self.model

    def _remember(self) -> None:
        if not hasattr(self.optimizer, "build"):
            raise ValueError(
                f"Restart: expected an optimizer, got {self.optimizer!r}; pass an "
                "object, such as keras.optimizers.Adam()"
            )
        if steps := int(self.optimizer.iterations):
            raise ValueError(
                f"Restart: expected an optimizer that has taken no step, got one "
                f"after {steps}; make a new one"
            )
        self.optimizer.build(self.model.trainable_variables)
        self.memory = [each.numpy() for each in self.optimizer.variables]

    def _new(self) -> keras.Model:
        model = self.make_model()
        if not model.built or not model.variables:
            raise ValueError(
                "Restart: expected a model with weights, got one without; begin with "
                "keras.Input, or call the model once in the function"
            )
        if model is getattr(self, "model", None):
            raise ValueError(
                "Restart: expected a function that makes a new model, got the same "
                "model twice; make it inside the function"
            )
        return model
