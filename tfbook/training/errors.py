"""What a run says when it ends: its table, or what went wrong inside of it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import tensorflow as tf

from tfbook.training.arguments import shorten


def as_history(rows: list[dict[str, float]], columns: list[str]) -> pd.DataFrame:
    """Make the table of what was recorded, indexed by `epoch`."""
    epochs = pd.Index([row["epoch"] for row in rows], name="epoch", dtype=np.int64)
    values = [[row[name] for name in columns] for row in rows]
    table = np.array(values, np.float64).reshape(-1, len(columns))
    return pd.DataFrame(table, index=epochs, columns=columns)


# What TensorFlow's operations say about data that are bad in a later batch.
CAUSES = (
    (
        re.compile(
            r"label value of (-?\d+) which is outside the valid range of \[0, (\d+)\)"
        ),
        "expected labels from 0 to {last}, one for each of {size} outputs, got {got}; "
        "count them from 0, or give the model one output per class",
    ),
    (
        re.compile(r"= (-?\d+) is not in \[0, (\d+)\)"),
        "expected ids from 0 to {last} for an embedding, got {got}; number them anew, "
        "or make its input_dim larger",
    ),
    (
        re.compile(r"device:(\w+:\d+) is joining a group.*\(group_key=(\d+)\)"),
        "expected devices that no other strategy has put together otherwise, got "
        "{got} in two groups; start a new process for each",
    ),
)


@contextmanager
def explained(epoch: int) -> Iterator[None]:
    """Say in one line what went wrong inside a compiled call.

    Raises:
        ValueError: In place of TensorFlow's error, of which it is the cause.
        MemoryError: The same, if a step finds no room.
    """
    try:
        yield
    except (
        tf.errors.InternalError,
        tf.errors.InvalidArgumentError,
        tf.errors.ResourceExhaustedError,
        tf.errors.UnknownError,
    ) as error:
        text = str(error)
        for pattern, message in CAUSES:
            if found := pattern.search(text):
                got, size = found.groups()
                says = message.format(got=got, size=size, last=int(size) - 1)
                message = f"train: {says} (in an epoch after {epoch})"
                raise as_known_as(error, ValueError(message)) from None
        says = cause_of(error)
        if isinstance(error, tf.errors.ResourceExhaustedError):
            message = (
                f"train: expected room for a step, got {says} (in an epoch after "
                f"{epoch}); pass a smaller batch_size, or make the model smaller"
            )
            raise as_known_as(error, MemoryError(message)) from error
        message = (
            f"train: expected data and model to run through, got {says} (in an epoch "
            f"after {epoch}); look at the batches of that epoch"
        )
        raise as_known_as(error, ValueError(message)) from error


def cause_of(error: tf.errors.OpError) -> str:
    """Say in one line what an operation complains of."""
    text = str(error)
    # An error raised in Python, by a generator or a function of the data, stands below
    # a traceback.
    raised = re.findall(r"^(\w*(?:Error|Exception)): (.*)$", text, re.MULTILINE)
    # Names of nodes and operations of the graph say nothing to its author.
    plain = re.sub(r"\{\{.*?\}\}|\[\[.*?\]\]|\[Op:.*?\]", "", text)
    return ": ".join(raised[-1]) if raised else shorten(ValueError(plain), 200)


def as_known_as(error: BaseException, other: BaseException) -> BaseException:
    """Mark an error that takes the place of another one, if that was marked."""
    return known_to_all(other) if is_known_to_all(error) else other


def known_to_all(error: BaseException) -> BaseException:
    """Mark an error of which no worker has to be told: all have it, or have heard."""
    vars(error)["known_to_all"] = True
    return error


def is_known_to_all(error: BaseException) -> bool:
    """Whether no worker has to be told of an error."""
    return "known_to_all" in vars(error)
