"""What a second worker is worth: `train` on a wide network, each worker on one thread.

Two cores that share a memory, and perhaps their arithmetic units, do less than twice
the work of one. So two workers also run against two processes that know nothing of each
other, with half of the rows each: the difference is what it costs to stay together.

Workers are processes, which the launcher starts: `python -m bench.workers` is what each
of them runs.
"""

import json
import os
import re
import subprocess
import sys

from bench.contest import Line, clock, least

WIDTH = 512
ROWS = 4096
FEATURES = 512
EPOCHS = 8
CALLS = 4
ROUNDS = 2
MOST = 1.25
APART = "apart"


def measure_here(apart: bool) -> float:
    """Be a worker, and return the least of the later calls' seconds."""
    import keras
    import numpy as np

    from tfbook import training

    strategy = None if apart else training.connect_workers()
    rng = np.random.default_rng(0)
    rows = ROWS // 2 if apart else ROWS
    x = rng.normal(size=(rows, FEATURES)).astype(np.float32)
    layers = [keras.layers.Dense(WIDTH, "relu") for _ in range(3)]
    model = keras.Sequential([keras.Input((FEATURES,)), *layers, keras.layers.Dense(1)])

    class Worker:
        def reset(self) -> None:
            pass

        def train(self, epochs: int) -> float:
            history = training.train(
                *(model, (x, x[:, :1])),
                optimizer="sgd",
                epochs=epochs,
                record_every=epochs,
                strategy=strategy,
            )
            return float(history["training_loss"].iloc[-1])

    clock(Worker(), EPOCHS)  # compiles
    return least(clock(Worker(), EPOCHS) for _ in range(CALLS))


def measure_processes(number: int, *arguments: str) -> float:
    """Start processes, and return the seconds that the first one has measured."""
    command = [sys.executable, "-m", "tfbook.training.launch", "--workers", str(number)]
    threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "2"}
    done = subprocess.run(
        [*command, "-m", "bench.workers", *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | threads,
        timeout=600,
    )
    (found,) = re.findall(r"^\[worker 0\] seconds (.*)$", done.stdout, re.MULTILINE)
    return json.loads(found)


def measure() -> tuple[dict[str, dict], list[Line]]:
    """Time one worker, two workers and two loners in turn.

    Returns:
        The least of the seconds, by the number of workers, and what staying together
        costs.
    """
    ways: dict[str, tuple] = {"1": (1,), "2": (2,), f"2 {APART}": (2, APART)}
    rounds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            rounds[name].append(measure_processes(*way))
    times = {name: least(seconds) for name, seconds in rounds.items()}
    ratio = times["2"] / times[f"2 {APART}"]
    line = Line(
        f"{ROWS} rows, three layers of {WIDTH}",
        "train, two workers",
        f"at most {MOST:g} times the time of two that share nothing",
        ratio,
        ratio <= MOST,
    )
    return {"workers": times}, [line]


if __name__ == "__main__":
    print("seconds", json.dumps(measure_here(APART in sys.argv)))
