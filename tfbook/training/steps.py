"""One step and one test, as the pages derive them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

__all__ = ["Tally", "test_step", "train_step"]


class Tally(NamedTuple):
    r"""A sum, and the number of things in it: a mean that can still be added to.

    Means of batches of different sizes cannot be averaged; their sums and counts can be
    added, and are divided once, at the end: $\bar v = \sum_b t_b / \sum_b c_b$.

    Attributes:
        total: The sum, a scalar.
        count: How many values are in the sum; with weights, the sum of the weights.

    Example:
        >>> batches = [Tally(6.0, 3.0), Tally(10.0, 1.0)]  # means 2 and 10
        >>> whole = Tally(*map(sum, zip(*batches)))
        >>> whole.total / whole.count
        4.0

    Reference:
        Chan, Golub and LeVeque (1983), Algorithms for Computing the Sample Variance,
        The American Statistician 37 (3), section 1.
    """

    total: Any
    count: Any


def train_step(
    model: keras.Model,
    optimizer: Any,
    loss: Callable,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
) -> tf.Tensor:
    r"""Move the weights once against the gradient of the loss on one batch.

    The loss is $L = \frac{1}{n} \sum_i \ell(y_i, f(x_i)) + R$, the mean over the batch
    plus what the model adds in its regularizers and in `add_loss`.

    Args:
        model: Any Keras model whose weights exist.
        optimizer: Any Keras optimizer. One that scales the loss, as mixed precision
            needs, scales its gradients back by itself.
        loss: A function `(y_true, y_pred)`, or with weights `(y_true, y_pred,
            sample_weight)`, that returns one number, or one number per example.
        x: Features, of shape `(examples, ...)`, or a structure of several.
        y: Targets, of shape `(examples, ...)`, or a structure of several.
        sample_weight: One weight per example, or `None`.

    Returns:
        The loss before the step, a scalar.

    Example:
        >>> zero = keras.layers.Dense(1, kernel_initializer="zeros")
        >>> model = keras.Sequential([keras.Input((1,)), zero])
        >>> sgd = keras.optimizers.SGD(learning_rate=0.5)
        >>> x, y = tf.constant([[1.0]]), tf.constant([[3.0]])
        >>> float(train_step(model, sgd, keras.losses.mean_squared_error, x, y))
        9.0
        >>> zero.kernel.numpy().tolist()
        [[3.0]]

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, algorithm
        8.1.
    """
    weights = () if sample_weight is None else (sample_weight,)
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(loss(y, model(x, training=True), *weights))
        for penalty in model.losses:
            value += tf.cast(tf.reduce_sum(penalty), value.dtype)
        # Small gradients would vanish in half precision: Keras's LossScaleOptimizer
        # makes the loss larger here, and its gradients smaller again in `apply`.
        scale = getattr(optimizer, "scale_loss", tf.identity)
        scaled = scale(value)
    gradients = tape.gradient(scaled, model.trainable_variables)
    optimizer.apply(gradients, model.trainable_variables)
    return value


def test_step(
    model: keras.Model,
    loss: Callable,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
) -> tf.Tensor:
    """Return the loss of a model on one batch, without changing the model.

    It is the loss of `train_step`, what the regularizers add included, with layers such
    as dropout and batch normalization as they are in use and not in training.

    Args:
        model: Any Keras model.
        loss: A function `(y_true, y_pred)`, or with weights `(y_true, y_pred,
            sample_weight)`, that returns one number, or one number per example.
        x: Features, of shape `(examples, ...)`, or a structure of several.
        y: Targets, of shape `(examples, ...)`, or a structure of several.
        sample_weight: One weight per example, or `None`.

    Returns:
        The loss, a scalar.

    Example:
        >>> zero = keras.layers.Dense(1, kernel_initializer="zeros")
        >>> model = keras.Sequential([keras.Input((1,)), zero])
        >>> x, y = tf.ones((4, 1)), tf.fill((4, 1), 3.0)
        >>> float(test_step(model, keras.losses.mean_squared_error, x, y))
        9.0

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section 5.2.
    """
    weights = () if sample_weight is None else (sample_weight,)
    value = tf.reduce_mean(loss(y, model(x, training=False), *weights))
    for penalty in model.losses:
        value += tf.cast(tf.reduce_sum(penalty), value.dtype)
    return value
