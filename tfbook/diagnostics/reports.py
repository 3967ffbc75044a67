"""Reports: all questions asked of a model at once, and how the answer shows itself."""

import html
from collections.abc import Callable

import keras
import numpy as np
import pandas as pd

from tfbook.data import Split
from tfbook.diagnostics import findings
from tfbook.diagnostics.findings import Finding
from tfbook.diagnostics.measures import dead_units, gradient_norms, layer_calls

__all__ = ["Report", "report"]


class Report(tuple[Finding, ...]):
    """Findings, causes first, that show themselves as a numbered list.

    Example:
        >>> Report([Finding("Dead units", "4 of 4 never fire", "train anew")])
        1. Dead units: 4 of 4 never fire.
           What to do: train anew.
        >>> Report()
        Nothing found: features, units, gradients, predictions and losses are in order.
    """

    def __repr__(self) -> str:
        lines = [f"{number}. {finding}" for number, finding in enumerate(self, start=1)]
        return "\n".join(lines) or (
            "Nothing found: features, units, gradients, predictions and losses are in "
            "order."
        )

    def _repr_html_(self) -> str:
        """Show the list in a notebook, where lines wrap."""
        items = [
            "<li><strong>{}:</strong> {}.<br><em>What to do:</em> {}.</li>".format(
                *map(html.escape, finding)
            )
            for finding in self
        ]
        return f"<ol>{''.join(items)}</ol>" if items else f"<p>{self!r}</p>"


def report(
    model: keras.Model,
    split: Split,
    history: pd.DataFrame | None = None,
    *,
    loss: str | Callable = "mse",
) -> Report:
    """Say what is wrong with a model, with the figure behind it and what to do.

    It looks for features that are not scaled, a loss that is not finite, dead units,
    gradients that vanish or explode, predictions that are constant, a model worse than
    a constant, and, in the history, a test loss that rises while the training loss
    falls. `tfbook.diagnostics.findings` says where each line is drawn.

    Args:
        model: Any Keras model with one input and one output.
        split: The rows that it was trained and is tested on, as it was given them.
        history: What `tfbook.training.train` returned.
        loss: The loss that it was trained with: a name that Keras knows, or a function
            `(y_true, y_pred)`.

    Returns:
        The findings, causes first; none for a healthy model.

    Raises:
        TypeError: If the model is not a Keras model, or `split` not a `Split`.
        ValueError: If the data are empty or not finite, or targets do not fit the
            predictions.

    Example:
        >>> from tfbook import data
        >>> zero = keras.Sequential([keras.layers.Dense(1, kernel_initializer="zeros")])
        >>> report(zero, data.linear())
        1. Constant predictions: every prediction is 0, while the training targets
        average 4.73.
           What to do: ...

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section 11.5.
    """
    if not isinstance(split, Split):
        raise TypeError(
            f"report: expected a tfbook.data.Split, got {type(split).__name__}; pass "
            "Split(x_train, y_train, x_test, y_test)"
        )
    for name, array in split._asdict().items():
        if len(array) == 0 or not np.isfinite(array).all():
            raise ValueError(
                f"report: expected rows of finite numbers in {name}, got "
                f"{np.count_nonzero(~np.isfinite(array))} others in shape "
                f"{np.shape(array)}; drop or fill those rows first"
            )

    def run(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the features as the first kernel sees them, and the predictions."""
        seen, predictions = [], []
        for start in range(0, len(x), 256):
            batch = x[start : start + 256]
            calls = layer_calls(model, batch)
            into = (each for layer, each, _ in calls if hasattr(layer, "kernel"))
            seen.append(np.asarray(next(into, batch)))
            predictions.append(calls[-1][-1].numpy())
        return np.concatenate(seen), np.concatenate(predictions)

    (features, predictions), (_, tested) = run(split.x_train), run(split.x_test)
    labels = split.y_train.dtype.kind in "iu" and predictions.shape[-1] > 1
    shape = (*predictions.shape[:-1], 1) if labels else predictions.shape
    if split.y_train.shape != shape:
        raise ValueError(
            f"report: expected y_train of shape {shape} for these predictions, got "
            f"{split.y_train.shape}; give the model as many outputs as there are "
            "targets, or targets a second axis with y.reshape(-1, 1)"
        )
    mean_loss = keras.losses.get(loss)
    losses = {
        "training_loss": float(np.mean(mean_loss(split.y_train, predictions))),
        "testing_loss": float(np.mean(mean_loss(split.y_test, tested))),
    }
    found = [findings.unscaled_features(features)]
    broken = findings.loss_not_finite(pd.DataFrame(losses, index=["now"]))
    if history is not None:
        broken = findings.loss_not_finite(history) or broken
    if broken:
        return Report(filter(None, [*found, broken]))

    units = dead_units(model, split.x_train)
    found.append(findings.dead_layers(units))
    gradients = gradient_norms(model, loss, *split.train)
    rows = gradients["shape"].map(len) > 1
    kernels = gradients[rows & ~gradients["weight"].str.contains("embedding")]
    if units.groupby("layer")["fires"].max().gt(0).all():
        # Behind a layer that is dead as a whole every gradient is 0.
        found.append(findings.vanishing_gradients(kernels))
    found.append(findings.exploding_gradients(kernels))

    constant = findings.constant_predictions(predictions, split.y_train)
    if constant is None:
        mean = split.y_train.mean(axis=0, dtype=np.float64)
        if labels:  # how frequent each is; its logarithm, if the model returns logits
            counts = np.bincount(split.y_train.ravel(), minlength=tested.shape[-1])
            mean = counts / counts.sum()
            if not np.allclose(predictions.sum(axis=-1), 1, atol=1e-3):
                mean = np.log(np.maximum(mean, 1e-7))
        baseline = np.broadcast_to(mean, tested.shape).astype(np.float32)
        constant = findings.worse_than_constant(
            losses["testing_loss"], float(np.mean(mean_loss(split.y_test, baseline)))
        )
    found.append(constant)
    if history is not None:
        found.append(findings.overfitting(history))
    return Report(filter(None, found))
