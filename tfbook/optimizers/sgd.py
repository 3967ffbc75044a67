"""Gradient descent: a step against the gradient."""

from collections.abc import Callable

import tensorflow as tf

from tfbook.optimizers.base import Optimizer

__all__ = ["SGD", "sgd_update"]


def sgd_update(
    weight: tf.Tensor, gradient: tf.Tensor, learning_rate: float | tf.Tensor
) -> tf.Tensor:
    r"""Step against the gradient, $w_t = w_{t-1} - \eta g_t$.

    Args:
        weight: The values $w_{t-1}$, of any shape.
        gradient: The gradient $g_t$ there, of the same shape.
        learning_rate: The size $\eta$ of the step.

    Returns:
        The values $w_t$.

    Example:
        >>> sgd_update(2.0, 3.0, learning_rate=0.5)
        0.5

    Reference:
        Robbins and Monro (1951), A stochastic approximation method, Annals of
        Mathematical Statistics 22.
    """
    # w_t = w - η g
    return weight - learning_rate * gradient


class SGD(Optimizer):
    """Gradient descent, by `sgd_update`; equal to `keras.optimizers.SGD`.

    Args:
        learning_rate: The size of a step, as a multiple of the gradient, or a
            schedule.

    Example:
        >>> weight = tf.Variable([2.0])
        >>> SGD(learning_rate=0.5).apply([tf.constant([3.0])], [weight])
        >>> weight.numpy().tolist()
        [0.5]
    """

    def __init__(self, learning_rate: float | Callable = 0.01) -> None:
        super().__init__(learning_rate)

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Call `sgd_update`."""
        return (sgd_update(weight, gradient, rate),)
