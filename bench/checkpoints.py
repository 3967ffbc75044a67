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
CALLS = 7
MOST = 4


def write_seconds(content: bytes, path: Path) -> float:
    """Return how long it takes to have some bytes on the disk, and no more."""
    start = time.perf_counter()
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return time.perf_counter() - start


def measure() -> tuple[dict[str, dict], list[Line]]:
    """Train with checkpoints and without, and write as many bytes, in turn.

    Returns:
        Bytes, seconds for each checkpoint, and seconds to write as many bytes, by the
        width of the layers; and whether the largest takes not much more than that.
    """
    table = {}
    for width in WIDTHS:
        with tempfile.TemporaryDirectory() as folder:
            without, with_them = (
                Boston(width, record_every=1, checkpoint_dir=each)
                for each in (None, folder)
            )
            content = np.random.default_rng(0).bytes(without.bytes)
            for each in (without, with_them):
                clock(each, EPOCHS)  # compiles
            turns = [
                (
                    clock(without, EPOCHS),
                    clock(with_them, EPOCHS),
                    *(write_seconds(content, Path(folder, "plain")) for _ in range(3)),
                )
                for _ in range(CALLS)
            ]
            alone, saving, *writing = zip(*turns, strict=True)
            table[str(width)] = {
                "bytes": len(content),
                "seconds": (least(saving) - least(alone)) / EPOCHS,
                "writing": least(least(each) for each in writing),
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
