"""Training: one step, one test, and a loop that runs inside one compiled call."""

from tfbook.training.loop import (
    TrainingDiverged,
    TrainingInterrupted,
    as_history,
    train,
)
from tfbook.training.steps import test_step, train_step

__all__ = [
    "TrainingDiverged",
    "TrainingInterrupted",
    "as_history",
    "test_step",
    "train",
    "train_step",
]
