"""What a run yields, and how it can end before its last epoch."""

from typing import Any, NamedTuple

import pandas as pd

__all__ = ["Record", "TrainingDiverged", "TrainingInterrupted", "WorkerLost"]


class Record(NamedTuple):
    """What there is to see when the compiled loop gives control back.

    Attributes:
        epoch: How many epochs are done.
        values: `training_loss`, `testing_loss`, `training_accuracy` and so on.
        model: The model, with its weights as they are after the epoch.
        optimizer: What moves them.

    Example:
        >>> record = Record(10, {"training_loss": 0.5}, None, None)
        >>> record.values["training_loss"]
        0.5
    """

    epoch: int
    values: dict[str, float]
    model: Any
    optimizer: Any


class TrainingDiverged(ArithmeticError):  # noqa: N818 - says what happened
    """The loss, or a weight, is no longer a finite number.

    Args:
        message: What was seen, in which epoch, and what to try.
        history: The rows recorded until then, as `train` would have returned them.

    Example:
        >>> error = TrainingDiverged("expected a finite loss, got nan", pd.DataFrame())
        >>> len(error.history)
        0

    Reference:
        Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section
        8.2.4.
    """

    def __init__(self, message: str, history: pd.DataFrame) -> None:
        super().__init__(message)
        self.history = history


class TrainingInterrupted(KeyboardInterrupt):
    """Training was stopped by hand, with Ctrl-C.

    Args:
        message: After which epoch.
        history: The rows recorded until then, as `train` would have returned them.

    Example:
        >>> error = TrainingInterrupted("train: interrupted", pd.DataFrame())
        >>> isinstance(error, KeyboardInterrupt)
        True
    """

    def __init__(self, message: str, history: pd.DataFrame) -> None:
        super().__init__(message)
        self.history = history


class WorkerLost(ConnectionError):  # noqa: N818 - says what happened
    """A worker that trained with this one cannot go on, or no longer answers.

    It has raised an error in the middle of a step, has ended, hangs or cannot be
    reached; the message says which.

    Nothing more can be done in this process, since TensorFlow does not connect anew.
    End it, and start all workers again: with a `checkpoint_dir` they go on from there.

    Example:
        >>> issubclass(WorkerLost, ConnectionError)
        True
    """
