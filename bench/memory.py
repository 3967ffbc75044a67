"""How much memory training takes, and keeps: over 100 models, and over 100 shapes."""

import gc
import json
import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np
import psutil

from bench.contest import Line

COUNT = 100
HALF = COUNT // 2  # more than are kept with a model
MOST = 1.01


def used() -> int:
    """Return how many bytes of memory the process has."""
    return psutil.Process().memory_info().rss


def peak(job: Callable[[], object]) -> int:
    """Run a job, and look every few milliseconds how much memory the process has.

    Args:
        job: Anything to call.

    Returns:
        The most that was seen, in bytes.
    """
    seen = [used()]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            seen.append(used())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        job()
    finally:
        done.set()
        watcher.join()
    return max(*seen, used())


def line(job: str, way: str, low: int, high: int, of: str, most: float) -> Line:
    """Say whether memory is flat."""
    ratio = high / low
    return Line(
        job, way, f"at most {most:g} times the memory of {of}", ratio, ratio <= most
    )


def train_many(what: str) -> list[int]:
    """Train many models on the same rows, or one on many numbers of rows.

    Returns:
        The bytes of memory after each.
    """
    from tfbook import models, training

    def train(model: models.MLP, num_rows: int) -> None:
        x = np.ones((num_rows, 3), np.float32)
        training.train(model, (x, x[:, :1]), optimizer="sgd", epochs=2)

    model = models.MLP(4, 1)
    seen = []
    for i in range(COUNT):
        train(
            models.MLP(4, 1) if what == "models" else model, 10 + i * (what != "models")
        )
        gc.collect()
        seen.append(used())
    return seen


def measure() -> tuple[dict[str, list[int]], list[Line]]:
    """Train many models and shapes, each in a process of its own.

    In this one, what earlier parts have left would hide what is kept.
    """
    tables, lines = {}, []
    for what in ("models", "shapes"):
        command = [sys.executable, "-m", "bench.memory", what]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        seen = json.loads(done.stdout.splitlines()[-1])
        tables[what] = seen
        way = f"train, {COUNT} {what}"
        lines.append(line("memory", way, seen[HALF - 1], seen[-1], f"{HALF}", MOST))
    return tables, lines


if __name__ == "__main__":
    print(json.dumps(train_many(sys.argv[1])))
