"""What accuracy and callbacks cost beside the run itself."""

from typing import Any

import keras

from bench import digits, network
from bench.contest import AtMost, Line, Result, clock, run
from bench.ways_keras import Train
from tfbook.training import Record

TURNS = 15  # a few per cent are to be seen
RECORDS = 10
SECONDS_PER_RECORD = 0.1

Measured = tuple[dict[str, dict[str, Result]], list[Line]]


def accuracy() -> Measured:
    """Time the digits with and without a metric."""
    way = "train with accuracy"
    makers = {
        "train": lambda: Train(digits.PROBLEM),
        way: lambda: Train(digits.PROBLEM, metrics=["accuracy"]),
    }
    results = run(makers, digits.EPOCHS, firsts=1, turns=TURNS)
    return {"accuracy": results}, [AtMost(way, 1.05, "train").check("digits", results)]


def ten_callbacks() -> list[Any]:
    """Make five of Keras's kind and five functions, each of which keeps a number."""
    seen: list[float] = []

    def of_record(record: Record) -> None:
        seen.append(record.values["training_loss"])

    def of_epoch(epoch: int, logs: dict[str, float]) -> None:
        seen.append(logs["loss"])

    of_keras = [keras.callbacks.LambdaCallback(on_epoch_end=of_epoch) for _ in range(5)]
    return [*of_keras, *(of_record,) * 5]


def callbacks() -> Measured:
    """Time the network with and without callbacks, at ten records a second."""
    probe = Train(network.BOSTON)
    clock(probe, network.EPOCHS)
    seconds_per_epoch = clock(probe, network.EPOCHS) / network.EPOCHS
    every = max(1, round(SECONDS_PER_RECORD / seconds_per_epoch))
    way = "train with ten callbacks"
    makers = {
        "train": lambda: Train(network.BOSTON, record_every=every),
        way: lambda: Train(
            network.BOSTON, record_every=every, callbacks=ten_callbacks()
        ),
    }
    results = run(makers, RECORDS * every, firsts=1, turns=TURNS)
    line = AtMost(way, 1.02, "train").check("network, ten records a second", results)
    return {"callbacks": results}, [line]


def measure() -> Measured:
    """Measure both."""
    tables, lines = accuracy()
    more_tables, more_lines = callbacks()
    return tables | more_tables, lines + more_lines
