"""AdaGrad: steps divided by the root of all squared gradients so far."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfbook.optimizers.base import Optimizer

__all__ = ["AdaGrad", "adagrad_update"]


def adagrad_update(
    weight: tf.Tensor,
    gradient: tf.Tensor,
    accumulator: tf.Tensor,
    learning_rate: float | tf.Tensor,
    epsilon: float,
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Divide each step by the root of the sum of all squared gradients so far.

    $v_t = v_{t-1} + g_t^2$, then
    $w_t = w_{t-1} - \eta g_t / \sqrt{v_t + \varepsilon}$.

    Args:
        weight: The values $w_{t-1}$, of any shape.
        gradient: The gradient $g_t$ there, of the same shape.
        accumulator: The sum $v_{t-1}$.
        learning_rate: The numerator $\eta$.
        epsilon: The small number $\varepsilon$ that keeps the division finite.

    Returns:
        The values $w_t$ and the sum $v_t$.

    Example:
        >>> adagrad_update(2.0, 3.0, accumulator=7.0, learning_rate=4.0, epsilon=0.0)
        (-1.0, 16.0)

    Reference:
        Duchi, Hazan and Singer (2011), Adaptive subgradient methods for online learning
        and stochastic optimization, Journal of Machine Learning Research 12.
    """
    # v_t = v + g²
    accumulator = accumulator + gradient**2
    # w_t = w - η g / √(v_t + ε)
    step = learning_rate * gradient / (accumulator + epsilon) ** 0.5
    return weight - step, accumulator


class AdaGrad(Optimizer):
    """A step size for each weight, that only falls, by `adagrad_update`.

    It equals `keras.optimizers.Adagrad` on dense gradients. Where
    an embedding row was looked up more than once, its gradients are added up here
    before they are squared; Keras squares them one by one.

    Args:
        learning_rate: The numerator of every step, or a schedule.
        initial_accumulator_value: What the sum of squared gradients starts at.
        epsilon: The small number that keeps the division finite.

    Raises:
        ValueError: If `initial_accumulator_value` is negative or infinite.

    Example:
        >>> weight = tf.Variable([2.0, 2.0])
        >>> adagrad = AdaGrad(learning_rate=0.5)
        >>> adagrad.apply([tf.constant([1.0, 1000.0])], [weight])
        >>> print(weight.numpy().round(2))  # the gradient's size hardly matters
        [1.52 1.5 ]
    """

    def __init__(
        self,
        learning_rate: float | Callable = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
    ) -> None:
        initial = self._checked(
            initial_accumulator_value,
            "an initial_accumulator_value of 0 or more",
            0.1,
            lambda n: 0 <= n < float("inf"),
        )
        super().__init__(learning_rate, slots={"accumulator": initial})
        self.initial_accumulator_value = initial
        self.epsilon = self._positive("epsilon", epsilon)

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Call `adagrad_update`."""
        (accumulator,) = state
        return adagrad_update(weight, gradient, accumulator, rate, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }
