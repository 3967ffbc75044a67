"""What a second thread is worth: `train` on the network, in a process for each number.

TensorFlow takes as many threads as there are cores unless it is told otherwise, and it
can be told only before its first operation. Hence the processes.
"""

import json
import subprocess
import sys

from bench.contest import Line, clock, least

WIDTHS = [16, 64, 256, 512]
EPOCHS = 200
ROWS = 100_000
FEW = 10  # epochs with so many rows
CALLS = 3
ROUNDS = 3


def measure_here() -> dict[str, float]:
    """Time the later calls in this process.

    Returns:
        The least of their seconds, by the units of a hidden layer, and for many rows.
    """
    from bench import growth, network
    from bench.ways_keras import Train

    x, y = network.BOSTON.x, network.BOSTON.y
    jobs = {
        str(width): (network.make_problem(x, y, [width, width]), EPOCHS)
        for width in WIDTHS
    }
    jobs["rows"] = growth.random_rows(ROWS), FEW
    seconds = {}
    for name, (problem, epochs) in jobs.items():
        contestant = Train(problem)
        clock(contestant, epochs)  # compiles
        seconds[name] = least(clock(contestant, epochs) for _ in range(CALLS))
    return seconds


def measure_apart(num_threads: int) -> dict[str, float]:
    """Measure in a process of its own, which takes so many threads."""
    command = [sys.executable, "-m", "bench.threads", str(num_threads)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure() -> tuple[dict[str, dict], list[Line]]:
    """Time `train` with one thread, and with two, in several processes each.

    Returns:
        The least of the processes, by the number of threads and the units of a hidden
        layer; how far the processes are apart; the same for many rows; and whether a
        second thread helps there.
    """
    rounds: dict[str, list[dict[str, float]]] = {"1": [], "2": []}
    for _ in range(ROUNDS):
        for num_threads, measured in rounds.items():
            measured.append(measure_apart(int(num_threads)))
    spread = {
        num_threads: {
            job: [
                least(each[job] for each in measured),
                max(each[job] for each in measured),
            ]
            for job in measured[0]
        }
        for num_threads, measured in rounds.items()
    }
    times = {
        num_threads: {job: low for job, (low, _) in by_job.items()}
        for num_threads, by_job in spread.items()
    }
    rows = {num_threads: by_job.pop("rows") for num_threads, by_job in times.items()}
    ratio = rows["2"] / rows["1"]
    asked = "at most 1 times the time of one thread"
    line = Line(
        f"{ROWS} rows, full batch", "train, two threads", asked, ratio, ratio <= 1
    )
    record = {"threads": times, "threads_spread": spread, "threads_rows": rows}
    return record, [line]


if __name__ == "__main__":
    from bench.machine import hold_to_threads

    hold_to_threads(int(sys.argv[1]))
    print(json.dumps(measure_here()))
