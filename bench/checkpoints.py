"""What a checkpoint costs, by its size: `train` with and without, a record an epoch."""

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.boston import Boston
from bench.contest import Line, clock, least

WIDTHS = [64, 512, 2048]
EPOCHS = 10
CALLS = 5
MOST = 4


def write_seconds(size: int, folder: str) -> float:
    """Return how long it takes to have so many bytes on the disk, and no more."""
    content = np.random.default_rng(0).bytes(size)
    path = Path(folder, "plain")

    def write() -> float:
        start = time.perf_counter()
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return time.perf_counter() - start

    return least(write() for _ in range(CALLS))


def measure() -> tuple[dict[str, dict], list[Line]]:
    """Train with and without checkpoints, in turn.

    Returns:
        Bytes, seconds for each checkpoint, and seconds to write as many bytes, by the
        width of the layers; and whether the largest takes not much more than that.
    """
    table = {}
    for width in WIDTHS:
        with tempfile.TemporaryDirectory() as folder:
            pair = [
                Boston(width, record_every=1, checkpoint_dir=each)
                for each in (None, folder)
            ]
            seconds: list[list[float]] = [[], []]
            for turn in range(CALLS + 1):
                for each, times in zip(pair, seconds, strict=True):
                    times += [clock(each, EPOCHS)] if turn else []
                    if not turn:
                        clock(each, EPOCHS)  # compiles
            without, with_them = map(least, seconds)
            size = pair[0].bytes
            table[str(width)] = {
                "bytes": size,
                "seconds": (with_them - without) / EPOCHS,
                "writing": write_seconds(size, folder),
            }
    largest = table[str(WIDTHS[-1])]
    ratio = largest["seconds"] / largest["writing"]
    line = Line(
        f"a checkpoint of {largest['bytes'] / 1e6:.0f} MB",
        "train, a record an epoch",
        f"at most {MOST:g} times the time to write and sync as many bytes",
        ratio,
        ratio <= MOST,
    )
    return {"checkpoints": table}, [line]
