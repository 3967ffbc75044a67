"""Nesterov's momentum: the kept part of a step, with a look ahead."""

import tensorflow as tf

from tfbook.optimizers.momentum import Momentum

__all__ = ["Nesterov", "nesterov_update"]


def nesterov_update(
    weight: tf.Tensor,
    gradient: tf.Tensor,
    velocity: tf.Tensor,
    learning_rate: float | tf.Tensor,
    beta: float,
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Keep a part of the last step, and look ahead along it.

    $\Delta_t = \beta \Delta_{t-1} - \eta g_t$, then
    $w_t = w_{t-1} + \beta \Delta_t - \eta g_t$. The weights that are stored are those
    at which the next gradient is wanted, one kept part of a step ahead.

    Args:
        weight: The values $w_{t-1}$, of any shape.
        gradient: The gradient $g_t$ there, of the same shape.
        velocity: The last step $\Delta_{t-1}$; zeros at first.
        learning_rate: The factor $\eta$ of the gradient.
        beta: The part $\beta$ of the last step that is kept.

    Returns:
        The values $w_t$ and the step $\Delta_t$.

    Example:
        >>> nesterov_update(2.0, 3.0, velocity=1.0, learning_rate=0.5, beta=0.5)
        (0.0, -1.0)

    Reference:
        Nesterov (1983), A method of solving a convex programming problem with
        convergence rate O(1/k²), Soviet Mathematics Doklady 27; in this form
        Bengio, Boulanger-Lewandowski and Pascanu (2013), Advances in optimizing
        recurrent networks, ICASSP.
    """
    # Δ_t = β Δ - η g
    velocity = beta * velocity - learning_rate * gradient
    # w_t = w + β Δ_t - η g
    return weight + beta * velocity - learning_rate * gradient, velocity


class Nesterov(Momentum):
    """Momentum that looks ahead, by `nesterov_update`.

    It equals `keras.optimizers.SGD(momentum=beta, nesterov=True)`.

    Args:
        learning_rate: The factor of the gradient, or a schedule.
        beta: The part of the last step that is kept.

    Example:
        >>> weight = tf.Variable([2.0])
        >>> Nesterov(learning_rate=0.5).apply([tf.constant([1.0])], [weight])
        >>> round(float(weight[0]), 4)  # 2 - 0.9 * 0.5 - 0.5
        1.05
    """

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Call `nesterov_update`."""
        (velocity,) = state
        return nesterov_update(weight, gradient, velocity, rate, self.beta)
