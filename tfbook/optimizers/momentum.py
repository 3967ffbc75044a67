"""Momentum: gradient descent that keeps a part of the last step."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfbook.optimizers.base import Optimizer

__all__ = ["Momentum", "momentum_update"]


def momentum_update(
    weight: tf.Tensor,
    gradient: tf.Tensor,
    velocity: tf.Tensor,
    learning_rate: float | tf.Tensor,
    beta: float,
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Keep a part of the last step.

    $\Delta_t = \beta \Delta_{t-1} - \eta g_t$, then $w_t = w_{t-1} + \Delta_t$.

    Args:
        weight: The values $w_{t-1}$, of any shape.
        gradient: The gradient $g_t$ there, of the same shape.
        velocity: The last step $\Delta_{t-1}$; zeros at first.
        learning_rate: The factor $\eta$ of the gradient.
        beta: The part $\beta$ of the last step that is kept.

    Returns:
        The values $w_t$ and the step $\Delta_t$.

    Example:
        >>> momentum_update(2.0, 3.0, velocity=1.0, learning_rate=0.5, beta=0.5)
        (1.0, -1.0)

    Reference:
        Polyak (1964), Some methods of speeding up the convergence of iteration
        methods, USSR Computational Mathematics and Mathematical Physics 4.
    """
    # Δ_t = β Δ - η g
    velocity = beta * velocity - learning_rate * gradient
    # w_t = w + Δ_t
    return weight + velocity, velocity


class Momentum(Optimizer):
    """Gradient descent that keeps a part of the last step, by `momentum_update`.

    It equals `keras.optimizers.SGD(momentum=beta)`.

    Args:
        learning_rate: The factor of the gradient, or a schedule.
        beta: The part of the last step that is kept.

    Raises:
        ValueError: If `beta` is not in [0, 1).

    Example:
        >>> weight = tf.Variable([2.0])
        >>> momentum = Momentum(learning_rate=0.5)
        >>> for _ in range(2):
        ...     momentum.apply([tf.constant([1.0])], [weight])
        >>> round(float(weight[0]), 4)  # 2 - 0.5 - (0.9 * 0.5 + 0.5)
        0.55
    """

    def __init__(
        self, learning_rate: float | Callable = 0.01, beta: float = 0.9
    ) -> None:
        super().__init__(learning_rate, slots={"velocity": 0.0})
        self.beta = self._fraction("beta", beta)

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Call `momentum_update`."""
        (velocity,) = state
        return momentum_update(weight, gradient, velocity, rate, self.beta)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "beta": self.beta}
