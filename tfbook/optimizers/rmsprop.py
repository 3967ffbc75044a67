"""RMSprop: steps divided by the root of recent squared gradients."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfbook.optimizers.base import Optimizer

__all__ = ["RMSprop", "rmsprop_update"]


def rmsprop_update(
    weight: tf.Tensor,
    gradient: tf.Tensor,
    mean_square: tf.Tensor,
    learning_rate: float | tf.Tensor,
    beta: float,
    epsilon: float,
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Divide each step by the root of a running average of squared gradients.

    $v_t = \beta v_{t-1} + (1 - \beta) g_t^2$, then
    $w_t = w_{t-1} - \eta g_t / \sqrt{v_t + \varepsilon}$.

    Args:
        weight: The values $w_{t-1}$, of any shape.
        gradient: The gradient $g_t$ there, of the same shape.
        mean_square: The running average $v_{t-1}$; zeros at first.
        learning_rate: The numerator $\eta$.
        beta: The part $\beta$ of the mean that is kept.
        epsilon: The small number $\varepsilon$ that keeps the division finite.

    Returns:
        The values $w_t$ and the mean $v_t$.

    Example:
        >>> rmsprop_update(2.0, 3.0, 7.0, learning_rate=1.0, beta=0.5, epsilon=1.0)
        (1.0, 8.0)

    Reference:
        Tieleman and Hinton (2012), Lecture 6.5: RMSprop, Coursera, Neural Networks for
        Machine Learning.
    """
    # v_t = β v + (1 - β) g²
    mean_square = beta * mean_square + (1 - beta) * gradient**2
    # w_t = w - η g / √(v_t + ε)
    step = learning_rate * gradient / (mean_square + epsilon) ** 0.5
    return weight - step, mean_square


class RMSprop(Optimizer):
    """A step size for each weight, from recent gradients, by `rmsprop_update`.

    It equals `keras.optimizers.RMSprop`, which calls `beta` `rho`, on dense gradients.
    Where an embedding row was looked up more than once, its gradients are added up here
    before they are squared; Keras squares them one by one.

    Args:
        learning_rate: The numerator of every step, or a schedule.
        beta: The part of the mean of squared gradients that is kept.
        epsilon: The small number that keeps the division finite.

    Raises:
        ValueError: If `beta` is not in [0, 1), or `epsilon` is not positive.

    Example:
        >>> weight = tf.Variable([2.0, 2.0])
        >>> RMSprop(0.1).apply([tf.constant([1.0, 1000.0])], [weight])
        >>> print(weight.numpy().round(2))  # 2 - 0.1 / √0.1, whatever the gradient
        [1.68 1.68]
    """

    def __init__(
        self,
        learning_rate: float | Callable = 0.001,
        beta: float = 0.9,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(learning_rate, slots={"mean_square": 0.0})
        self.beta = self._fraction("beta", beta)
        self.epsilon = self._positive("epsilon", epsilon)

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Call `rmsprop_update`."""
        (mean_square,) = state
        constants = self.beta, self.epsilon
        return rmsprop_update(weight, gradient, mean_square, rate, *constants)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "beta": self.beta, "epsilon": self.epsilon}
