"""A step and a test of a batch, with results that can be added up over batches."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfbook.training.objective import Objective
from tfbook.training.rows import count_rows
from tfbook.training.steps import Tally


class Tallies:
    """The sums and counts of the losses of batches, and the metrics.

    Args:
        model: What is trained.
        objective: The loss and the metrics.
        train_step: A function of a batch that moves the weights and returns the loss
            before: a scalar, a `Tally`, or a dictionary of several.
        test_step: A function of a batch that returns the loss.
        names: The names of what `train_step` returns.
    """

    def __init__(
        self,
        model: keras.Model,
        objective: Objective,
        train_step: Callable,
        test_step: Callable,
        names: tuple[str, ...],
    ) -> None:
        self.model = model
        self.objective = objective
        self.train_step = train_step
        self.test_step = test_step
        self.names = names

    def train(
        self, batch: tuple, recorded: tf.Tensor, rows: tuple | None = None
    ) -> tuple:
        """Take a step; return the sums and the counts of what it returned.

        If the batch is one worker's part, `rows` has the numbers of rows of all.
        """
        self.objective.forget()  # what was compared before is not what this step does
        found = self.train_step(*batch, **parts(rows))
        values = found if isinstance(found, dict) else {"loss": found}
        number = count(batch, rows)
        tallies = [as_tally(values[name], number) for name in self.names]
        if self.objective.measures:
            # Only the last epoch of a block has a row in the history.
            tf.cond(recorded, quietly(self.objective.update), lambda: 0)
        return (
            tf.stack([each.total for each in tallies]),
            tf.stack([each.count for each in tallies]),
        )

    def test(
        self, batch: tuple, recorded: Any = True, rows: tuple | None = None
    ) -> tuple:
        """Test; return the sum of the loss and the count of the rows."""
        self.objective.forget()
        value = self.test_step(*batch, **parts(rows))
        if self.objective.measures:
            self.objective.update()
        tally = as_tally(value, count(batch, rows))
        return tf.stack([tally.total]), tf.stack([tally.count])

    def zeros(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Return what sums and counts begin with."""
        # In double precision: single counts no further than 16 777 216.
        return (tf.zeros(len(self.names), tf.float64),) * 2

    def reset_if(self, condition: tf.Tensor) -> None:
        """Begin to measure anew, where a condition holds."""
        if self.objective.measures:
            tf.cond(condition, quietly(self.objective.reset), lambda: 0)

    def results(self, prefix: str) -> dict[str, tf.Tensor]:
        """Return the value of each metric."""
        if not self.objective.measures:
            return {}
        found = self.objective.results()
        return {f"{prefix}_{name}": value for name, value in found.items()}

    def after_training(self) -> dict[str, tf.Tensor]:
        """Return the metrics, and whether all weights are finite numbers."""
        finite = [
            tf.reduce_all(tf.math.is_finite(variable))
            for variable in self.model.trainable_variables
        ]
        return self.results("training") | {"finite": tf.reduce_all(finite)}


def parts(rows: tuple | None) -> dict[str, Any]:
    """Return what a step has to know of the parts of a batch, if there are any.

    Steps of callers do not: they are not shared out.
    """
    return {} if rows is None else {"rows": rows}


def count(batch: tuple, rows: tuple | None) -> tf.Tensor:
    """Count the rows of a batch, or of all its parts."""
    number = count_rows(batch) if rows is None else sum(rows)
    return tf.cast(number, tf.float64)


def as_tally(value: Any, rows: tf.Tensor) -> Tally:
    """Return a tally as it is, and a number as the mean over the rows."""
    if isinstance(value, Tally):
        return Tally(*(tf.cast(each, tf.float64) for each in value))
    return Tally(tf.cast(value, tf.float64) * rows, rows)


def quietly(function: Callable) -> Callable:
    """Return a branch of a `tf.cond` that calls a function for its effect."""

    def branch() -> int:
        function()
        return 0

    return branch
