"""Trials: a training step that runs as ever, and changes nothing."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

__all__ = ["Trial", "check_step"]


class Trial:
    """A model and an optimizer that change nothing, but keep what a step would change.

    A step that is given a trial for both runs as ever, and leaves its gradients and the
    model's new state here. So replicas can run it at the same time.

    Args:
        model: Any Keras model whose weights exist.

    Attributes:
        trainable_variables: The model's.
        losses: What the regularizers added in the call.
        gradients: What the optimizer was to apply.
        state: The new value of each of the model's `non_trainable_variables`, such as
            the moving averages of a batch normalization; `None` where it stays as it
            is.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> trial = Trial(model)
        >>> trial(tf.ones((3, 2)), training=True).shape
        TensorShape([3, 1])
        >>> trial.apply([1.0, 2.0], trial.trainable_variables)
        >>> trial.gradients
        [1.0, 2.0]
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.trainable_variables = model.trainable_variables
        self.losses: list[tf.Tensor] = []
        self.state: list[tf.Tensor | None] = []
        self.gradients: list[tf.Tensor | None] = []

    def __call__(self, x: Any, training: bool) -> tf.Tensor:
        """Call the model, and keep the losses and the state that this makes."""
        current = [(variable, variable) for variable in self.trainable_variables]
        with keras.StatelessScope(current, collect_losses=True) as scope:
            outputs = self.model(x, training=training)
            self.losses = self.model.losses
        self.state = [
            scope.get_current_value(variable)
            for variable in self.model.non_trainable_variables
        ]
        return outputs

    def apply(self, gradients: list[tf.Tensor | None], variables: list) -> None:
        """Keep the gradients."""
        self.gradients = gradients


def check_step(
    model: keras.Model, train_step: Callable, loss: Callable, x: Any, y: Any
) -> None:
    """Try a training step, so that what is wrong shows before anything is compiled.

    Args:
        model: Any Keras model whose weights exist.
        train_step: A function `(model, optimizer, loss, x, y)`.
        loss: A function `(y_true, y_pred)`.
        x: Features of one row or more.
        y: Its targets.

    Raises:
        ValueError: If the model has nothing to train, the loss cannot be computed, or
            it does not depend on the weights.

    Example:
        >>> from tfbook.training import train_step
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> one = tf.ones((1, 1))
        >>> loss = lambda y_true, y_pred: tf.norm(y_true)
        >>> check_step(model, train_step, loss, one, one)
        Traceback (most recent call last):
            ...
        ValueError: loss: expected one that depends on the model's weights, got no...
    """
    if not model.trainable_variables:
        raise ValueError(
            f"train: expected a model with weights to train, got {model.name!r} with "
            "none; add layers that have weights, or set model.trainable = True"
        )
    trial = Trial(model)
    predicted = trial(x, training=True)
    try:
        tf.reduce_mean(loss(y, predicted))
    except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
        raise ValueError(
            "loss: expected a function (y_true, y_pred) that gives one number, or one "
            f"an example, got {type(error).__name__} ({str(error).splitlines()[0]}); "
            "pass for example 'mse'"
        ) from error
    train_step(trial, trial, loss, x, y)
    if all(gradient is None for gradient in trial.gradients):
        raise ValueError(
            "loss: expected one that depends on the model's weights, got no gradient; "
            "compute it from y_pred, with TensorFlow's functions and not NumPy's"
        )
