"""The loss and the metrics of a run, as Keras's `compile` understands them.

Keras decides what a name means, how a mask and weights count, which loss belongs to
which output, and in which precision all of it is computed. So that `train` decides
the same, it asks Keras: a model without layers is compiled with the loss and the
metrics, and is only ever asked to compare targets with predictions.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


class Objective:
    """What training makes small, and what it measures as well.

    Called with `(y_true, y_pred)` or `(y_true, y_pred, sample_weight)`, it returns the
    loss of the batch, a scalar. It remembers what it has compared, so that `update`
    can measure the same: that keeps metrics out of the steps, whoever wrote them.

    Attributes:
        loss: What the caller has given.
        compared: The targets, predictions and weights that were compared last.
    """

    def __init__(self, model: keras.Model, loss: Any, metrics: Any) -> None:
        judge = keras.Model()
        if hasattr(model, "output_names"):
            judge.output_names = model.output_names
        # A copy, since Keras wraps the list, and that is the caller's.
        metrics = list(metrics) if isinstance(metrics, list | tuple) else metrics
        judge.compile(optimizer=None, loss=loss, metrics=metrics, jit_compile=False)
        self._judge = judge
        self.loss = loss
        self._has_metrics = bool(tf.nest.flatten(metrics))
        self.compared: tuple | None = None

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the loss of a batch."""
        self.remember(y_true, y_pred, sample_weight)
        if self.loss is None:
            return tf.constant(0.0, keras.config.floatx())
        return self._judge.compute_loss(
            y=y_true, y_pred=y_pred, sample_weight=sample_weight
        )

    def remember(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Note what `update` is to measure."""
        self.compared = y_true, y_pred, sample_weight

    def build(self) -> None:
        """Make the state of the metrics, which depends on what was compared last."""
        if self._has_metrics:
            self.check_compared()
            try:
                self.update()
            except (AttributeError, TypeError, ValueError) as error:
                text = str(error).strip().splitlines()[0]
                raise ValueError(
                    f"metrics: expected metrics of the model's outputs, got {text}; "
                    "pass for example ['accuracy']"
                ) from error
        self.reset()

    def check_compared(self) -> None:
        """Check that there is something to measure."""
        if self.compared is None:
            raise ValueError(
                "metrics: expected a step that calls loss(y_true, y_pred), got one "
                "that does not; call it, or leave metrics out"
            )

    def forget(self) -> None:
        """Let go of what was compared: a batch, or a graph that was only tried."""
        self.compared = None

    @property
    def measures(self) -> bool:
        """Whether there is more to measure than the loss."""
        # The first is the mean of the loss itself, which the loop keeps.
        return any(metric.variables for metric in self._judge.metrics[1:])

    @property
    def variables(self) -> list:
        """The state of the metrics."""
        return [v for metric in self._judge.metrics for v in metric.variables]

    def reset(self) -> None:
        """Begin a new epoch."""
        self._judge.reset_metrics()

    def update(self) -> None:
        """Measure what was compared last."""
        y_true, y_pred, sample_weight = self.compared  # type: ignore[misc]
        self._judge.compute_metrics(None, y_true, y_pred, sample_weight)

    def results(self) -> dict[str, tf.Tensor]:
        """Return the value of each metric over what was measured since `reset`."""
        results = self._judge.get_metrics_result()
        return {name: value for name, value in results.items() if name != "loss"}

    def compiled_for(self, *batch: Any) -> Callable:
        """Return the loss as a compiled function, made outside of every strategy.

        Inside a replica a Keras loss divides itself by the number of replicas, since
        Keras adds gradients up there. Where each replica computes the loss of the
        whole batch, that would be wrong. A function that was traced outside does not
        know that it runs inside. The mask travels as an argument, because Keras keeps
        it as an attribute of the tensor.
        """

        def whole_loss(y: Any, y_pred: Any, masks: list, sample_weight: Any) -> Any:
            set_masks(y_pred, masks)
            return self(y, y_pred, sample_weight)

        return tf.function(whole_loss, autograph=False).get_concrete_function(*batch)


def masks_of(predicted: Any) -> list:
    """Return the masks that Keras has put on predictions, or `None` for each."""
    return [getattr(part, "_keras_mask", None) for part in tf.nest.flatten(predicted)]


def set_masks(predicted: Any, masks: list) -> None:
    """Put masks on predictions, where Keras's losses and metrics look for them."""
    for part, mask in zip(tf.nest.flatten(predicted), masks, strict=True):
        if mask is not None:
            part._keras_mask = mask
