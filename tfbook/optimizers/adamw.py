"""AdamW: Adam, with a decay of the weights that is no part of the gradient."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfbook.optimizers.adam import Adam, adam_update

__all__ = ["AdamW", "adamw_update"]


def adamw_update(
    weight: tf.Tensor,
    gradient: tf.Tensor,
    mean: tf.Tensor,
    mean_square: tf.Tensor,
    step: int | tf.Tensor,
    learning_rate: float | tf.Tensor,
    weight_decay: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    r"""Shrink a weight by a share of itself, and move it as Adam does.

    $$
    w_t = (1 - \eta \lambda) \, w_{t-1} - \eta_t m_t / (\sqrt{v_t} + \varepsilon)
    $$

    with $m_t$, $v_t$ and $\eta_t$ of `adam_update`. A penalty in the loss would be
    divided by $\sqrt{v_t}$ like the rest of the gradient, so that weights with large
    gradients would shrink less; this decay is the same share of every weight.

    Args:
        weight: The values $w_{t-1}$, of any shape.
        gradient: The gradient there, of the same shape, without any penalty.
        mean: The running average of gradients; zeros at first.
        mean_square: The running average of their squares; zeros at first.
        step: The number of this step, from 1.
        learning_rate: About the size $\eta$ of a step in each weight.
        weight_decay: The share $\lambda$ of a weight that is lost per step, as a
            multiple of the learning rate.
        beta_1: The part of the mean of gradients that is kept.
        beta_2: The part of the mean of squares that is kept.
        epsilon: The small number $\varepsilon$ that keeps the division finite.

    Returns:
        The values $w_t$ and the two means $m_t$ and $v_t$.

    Example:
        >>> values = adamw_update(2.0, 3.0, 0.0, 0.0, 1, 0.5, 0.1, 0.9, 0.999, 0.0)
        >>> [round(value, 4) for value in values]  # 5 % of 2 less than Adam's 1.5
        [1.4, 0.3, 0.009]

    Reference:
        Loshchilov and Hutter (2019), Decoupled weight decay regularization, ICLR.
    """
    # (1 - η λ) w
    weight = weight - learning_rate * weight_decay * weight
    constants = beta_1, beta_2, epsilon
    return adam_update(
        weight, gradient, mean, mean_square, step, learning_rate, *constants
    )


class AdamW(Adam):
    """Adam with a decay of the weights, by `adamw_update`.

    It equals `keras.optimizers.AdamW` on dense gradients. As there, every weight
    decays, biases too.

    Args:
        learning_rate: About the size of a step in each weight, or a schedule.
        weight_decay: The share of a weight that is lost per step, as a multiple of the
            learning rate.
        beta_1: The part of the mean of gradients that is kept.
        beta_2: The part of the mean of squared gradients that is kept.
        epsilon: The small number that keeps the division finite.

    Raises:
        ValueError: If `weight_decay` is negative, and where `Adam` raises one.

    Example:
        >>> weight = tf.Variable([2.0, -2.0])
        >>> optimizer = AdamW(learning_rate=0.1, weight_decay=0.5)
        >>> optimizer.apply([tf.zeros(2)], [weight])  # nothing but the decay
        >>> print(weight.numpy().round(2))
        [ 1.9 -1.9]
    """

    def __init__(
        self,
        learning_rate: float | Callable = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon)
        wanted = "a weight_decay of 0 or more"
        self.weight_decay = self._checked(
            weight_decay, wanted, 0.004, lambda n: 0 <= n < float("inf")
        )

    def update(
        self, weight: tf.Tensor, gradient: tf.Tensor, *state: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Call `adamw_update` with the number of this step."""
        mean, mean_square = state
        step = tf.cast(self.iterations, weight.dtype)
        constants = self.weight_decay, self.beta_1, self.beta_2, self.epsilon
        return adamw_update(weight, gradient, mean, mean_square, step, rate, *constants)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "weight_decay": self.weight_decay}
