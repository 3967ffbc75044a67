"""One step and one test, as the pages derive them."""

from collections.abc import Callable

import keras
import tensorflow as tf

__all__ = ["test_step", "train_step"]


def train_step(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: Callable,
    x: tf.Tensor,
    y: tf.Tensor,
) -> tf.Tensor:
    """Move the weights once against the gradient of the loss on one batch.

    The loss is the mean over the batch, plus what the model's regularizers add.

    Args:
        model: Any Keras model whose weights exist.
        optimizer: Any Keras optimizer.
        loss: A function `(y_true, y_pred)` that gives one number, or one an example.
        x: Features, of shape `(examples, ...)`.
        y: Targets, of shape `(examples, ...)`.

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
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(loss(y, model(x, training=True)))
        if model.losses:
            value += tf.add_n(model.losses)
    gradients = tape.gradient(value, model.trainable_variables)
    optimizer.apply(gradients, model.trainable_variables)
    return value


def test_step(
    model: keras.Model, loss: Callable, x: tf.Tensor, y: tf.Tensor
) -> tf.Tensor:
    """Return the mean loss of a model on data, without changing it.

    Args:
        model: Any Keras model.
        loss: A function `(y_true, y_pred)` that gives one number, or one an example.
        x: Features, of shape `(examples, ...)`.
        y: Targets, of shape `(examples, ...)`.

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
    return tf.reduce_mean(loss(y, model(x, training=False)))
