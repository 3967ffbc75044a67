"""Schedules: the learning rate as a function of the step.

An optimizer takes one in place of a number. `functools.partial` makes a schedule out of
a function here: `partial(cosine_decay, initial_rate=0.1, decay_steps=1000)`.
"""

import math
from collections.abc import Sequence

import tensorflow as tf

__all__ = ["cosine_decay", "exponential_decay", "piecewise_constant"]


def piecewise_constant(
    step: int | tf.Tensor, boundaries: Sequence[int], rates: Sequence[float]
) -> tf.Tensor:
    r"""Keep the rate constant, and change it after certain steps.

    $$
    \eta_t = r_k
    $$

    where $k$ is the number of boundaries that are less than $t$.

    It equals `keras.optimizers.schedules.PiecewiseConstantDecay`.

    Args:
        step: The number $t$ of steps taken so far, from 0; or an array of them.
        boundaries: The last step of every rate but the last one, in rising order.
        rates: The rates $r_0, r_1, \dots$, one more than there are boundaries.

    Returns:
        The rate for each step, of the shape of `step`.

    Raises:
        ValueError: If there is not one rate more than boundaries, or these do not rise.

    Example:
        >>> piecewise_constant([0, 10, 11], [10], [0.5, 0.25]).numpy().tolist()
        [0.5, 0.5, 0.25]
    """
    boundaries = list(boundaries)
    if len(rates) != len(boundaries) + 1 or boundaries != sorted(set(boundaries)):
        raise ValueError(
            f"piecewise_constant: expected boundaries that rise and one rate more, got "
            f"{boundaries} and {list(rates)}; name the last step of each rate but one"
        )
    later = tf.cast(step, tf.float32)[..., None] > tf.constant(boundaries, tf.float32)
    changes = tf.reduce_sum(tf.cast(later, tf.int32), axis=-1)
    return tf.gather(tf.constant(rates, tf.float32), changes)


def exponential_decay(
    step: int | tf.Tensor, initial_rate: float, decay_steps: float, decay_rate: float
) -> tf.Tensor:
    r"""Multiply the rate by one factor every so many steps.

    $$
    \eta_t = \eta_0 \, d^{\, t / T}
    $$

    It equals `keras.optimizers.schedules.ExponentialDecay`.

    Args:
        step: The number $t$ of steps taken so far, from 0; or an array of them.
        initial_rate: The rate $\eta_0$ of the first step.
        decay_steps: After so many steps $T$ the rate has been multiplied once.
        decay_rate: The factor $d$.

    Returns:
        The rate for each step, of the shape of `step`.

    Raises:
        ValueError: If `decay_steps` is not positive.

    Example:
        >>> exponential_decay([0, 10, 20], 0.5, 10, 0.5).numpy().tolist()
        [0.5, 0.25, 0.125]
    """
    if not decay_steps > 0:
        raise ValueError(
            f"exponential_decay: expected decay_steps above 0, got {decay_steps}; pass "
            "the number of steps after which the rate has been multiplied once"
        )
    t = tf.cast(step, tf.float32)
    return initial_rate * tf.pow(float(decay_rate), t / decay_steps)


def cosine_decay(
    step: int | tf.Tensor,
    initial_rate: float,
    decay_steps: float,
    warmup_steps: float = 0,
    alpha: float = 0.0,
) -> tf.Tensor:
    r"""Let the rate fall along half a cosine, after a warm-up along a straight line.

    $$
    \begin{aligned}
    \eta_t &= \eta_0 \, t / W & \text{if } t < W \\
    \eta_t &= \eta_0 \left( \alpha + (1 - \alpha) \, c_t \right) & \text{else} \\
    c_t &= \tfrac{1}{2} \left(1 + \cos(\pi \, \min(t - W, T) / T)\right)
    \end{aligned}
    $$

    It equals `keras.optimizers.schedules.CosineDecay`; with a warm-up, Keras wants
    `initial_learning_rate=0` and `warmup_target=initial_rate`.

    Args:
        step: The number $t$ of steps taken so far, from 0; or an array of them.
        initial_rate: The largest rate, $\eta_0$, from which it falls.
        decay_steps: The number $T$ of steps from there to the smallest rate.
        warmup_steps: The number $W$ of steps to the largest rate. The first of them has
            a rate of 0, as in Keras.
        alpha: The share $\alpha$ of the rate that is left in the end.

    Returns:
        The rate for each step, of the shape of `step`.

    Raises:
        ValueError: If `decay_steps` is not positive, or `warmup_steps` is negative.

    Example:
        >>> cosine_decay([0, 5, 10, 15, 20, 99], 1.0, 10, 10).numpy().round(6).tolist()
        [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]

    Reference:
        Loshchilov and Hutter (2017), SGDR: stochastic gradient descent with warm
        restarts, ICLR. Goyal et al. (2017), Accurate, large minibatch SGD,
        arXiv:1706.02677, for the warm-up.
    """
    if not (decay_steps > 0 and warmup_steps >= 0):
        raise ValueError(
            "cosine_decay: expected decay_steps above 0 and warmup_steps of 0 or more, "
            f"got {decay_steps} and {warmup_steps}; together they are the whole run"
        )
    t = tf.cast(step, tf.float32)
    rising = t / max(warmup_steps, 1)
    share = tf.minimum(t - warmup_steps, decay_steps) / decay_steps
    falling = alpha + (1 - alpha) * 0.5 * (1 + tf.cos(math.pi * share))
    return initial_rate * tf.where(t < warmup_steps, rising, falling)
