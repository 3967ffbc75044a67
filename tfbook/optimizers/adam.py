"""Adam: momentum, with a step size for each weight."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfbook.optimizers.base import Optimizer

__all__ = ["Adam", "adam_update"]


def adam_update(
    weight: tf.Tensor,
    gradient: tf.Tensor,
    mean: tf.Tensor,
    mean_square: tf.Tensor,
    step: int | tf.Tensor,
    learning_rate: float | tf.Tensor,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    r"""Divide a running average of gradients by the root of one of their squares.

    $$
    \begin{aligned}
    m_t &= \beta_1 m_{t-1} + (1 - \beta_1) g_t \\
    v_t &= \beta_2 v_{t-1} + (1 - \beta_2) g_t^2 \\
    \eta_t &= \eta \sqrt{1 - \beta_2^t} / (1 - \beta_1^t) \\
    w_t &= w_{t-1} - \eta_t m_t / (\sqrt{v_t} + \varepsilon)
    \end{aligned}
    $$

    Args:
        weight: The values $w_{t-1}$, of any shape.
        gradient: The gradient $g_t$ there, of the same shape.
        mean: The running average $m_{t-1}$ of gradients; zeros at first.
        mean_square: The running average $v_{t-1}$ of their squares; zeros at first.
        step: The number $t$ of this step, from 1.
        learning_rate: About the size $\eta$ of a step in each weight.
        beta_1: The part of the mean of gradients that is kept.
        beta_2: The part of the mean of squares that is kept.
        epsilon: The small number $\varepsilon$ that keeps the division finite.

    Returns:
        The values $w_t$ and the two means $m_t$ and $v_t$.

    Example:
        >>> values = adam_update(2.0, 3.0, 0.0, 0.0, 1, 0.5, 0.9, 0.999, epsilon=0.0)
        >>> [round(value, 4) for value in values]  # the first step is η
        [1.5, 0.3, 0.009]

    Reference:
        Kingma and Ba (2015), Adam: a method for stochastic optimization, ICLR.
    """
    # m_t = β₁ m + (1 - β₁) g
    mean = beta_1 * mean + (1 - beta_1) * gradient
    # v_t = β₂ v + (1 - β₂) g²
    mean_square = beta_2 * mean_square + (1 - beta_2) * gradient**2
    # η_t = η √(1 - β₂ᵗ) / (1 - β₁ᵗ)
    rate = learning_rate * (1 - beta_2**step) ** 0.5 / (1 - beta_1**step)
    # w_t = w - η_t m_t / (√v_t + ε)
    weight = weight - rate * mean / (mean_square**0.5 + epsilon)
    return weight, mean, mean_square


class Adam(Optimizer):
    """Momentum with a step size for each weight, by `adam_update`.

    It equals `keras.optimizers.Adam` on dense gradients. Where
    an embedding row was looked up more than once, its gradients are added up here
    before they are squared; Keras squares them one by one.

    Args:
        learning_rate: About the size of a step in each weight, or a schedule.
        beta_1: The part of the mean of gradients that is kept.
        beta_2: The part of the mean of squared gradients that is kept.
        epsilon: The small number that keeps the division finite.

    Raises:
        ValueError: If `beta_1` or `beta_2` is not in [0, 1), or `epsilon` is not
            positive.

    Example:
        >>> weight = tf.Variable([2.0, 2.0])
        >>> Adam(learning_rate=0.1).apply([tf.constant([1.0, 1000.0])], [weight])
        >>> print(weight.numpy().round(2))
        [1.9 1.9]
    """

    def __init__(
        self,
        learning_rate: float | Callable = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(learning_rate, slots={"mean": 0.0, "mean_square": 0.0})
        self.beta_1 = self._fraction("beta_1", beta_1)
        self.beta_2 = self._fraction("beta_2", beta_2)
        self.epsilon = self._positive("epsilon", epsilon)

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Call `adam_update` with the number of this step."""
        mean, mean_square = state
        step = tf.cast(self.iterations, weight.dtype)
        constants = self.beta_1, self.beta_2, self.epsilon
        return adam_update(weight, gradient, mean, mean_square, step, rate, *constants)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
