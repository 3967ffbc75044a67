"""What a second thread is worth: `train` on the network, in a process for each number.

TensorFlow takes as many threads as there are cores unless it is told otherwise, and it
can be told only before its first operation. Hence the processes.
"""

import json
import statistics
import subprocess
import sys

import tensorflow as tf

from bench import network
from bench.contest import later_call

WIDTHS = [16, 64, 256, 512]
EPOCHS = 200
CALLS = 3
ROUNDS = 3


def measure() -> dict[int, float]:
    """Time the later calls in this process.

    Returns:
        The median of their seconds, by the units of a hidden layer.
    """
    seconds = {}
    for width in WIDTHS:
        problem = network.make_problem(network.BOSTON.x, network.BOSTON.y, width)
        contestant = network.Train(problem, jit_compile=False)
        seconds[width] = later_call(contestant, EPOCHS, CALLS)
    return seconds


def measure_apart(num_threads: int) -> dict[str, float]:
    """Measure in a process of its own, which takes so many threads."""
    command = [sys.executable, "-m", "bench.threads", str(num_threads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def compare() -> dict[int, dict[str, float]]:
    """Time `train` with one thread, and with two, in several processes each.

    Returns:
        The median of the processes, by the number of threads and the units of a hidden
        layer.
    """
    runs: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for num_threads, measured in runs.items():
            measured.append(measure_apart(num_threads))
    return {
        num_threads: {
            width: statistics.median(run[width] for run in measured)
            for width in measured[0]
        }
        for num_threads, measured in runs.items()
    }


if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(int(sys.argv[1]))
    print(json.dumps(measure()))
