"""Ten times the epochs: ten times the time, no more, and flat memory."""

import functools

from bench import linear_regression, memory, network
from bench.contest import Line, clock, least
from bench.ways_keras import Train

REPEATS = 5
MOST_MEMORY = 1.01
JOBS = [(linear_regression.PROBLEM, "linear regression", 1001)]
JOBS += [(network.BOSTON, "network", 200)]


def measure() -> list[Line]:
    """Train for ten times the epochs.

    Returns:
        A line for the time and one for the memory of each contestant.
    """
    lines = []
    for problem, job, epochs in JOBS:
        for name, jit_compile in (("train", False), ("train, XLA", True)):
            contestant = Train(problem, jit_compile=jit_compile)
            times: dict[int, list[float]] = {epochs: [], 10 * epochs: []}
            clock(contestant, epochs)  # compiles
            for _ in range(REPEATS):
                for length, seconds in times.items():
                    seconds.append(clock(contestant, length))
            ratio = least(times[10 * epochs]) / least(times[epochs])
            # A second time each, without the clock, which the watcher would disturb.
            low, high = (
                memory.peak(functools.partial(clock, contestant, n)) for n in times
            )
            way = f"{name}, {10 * epochs} epochs"
            asked = f"at most 10 times the time of {epochs}"
            lines += [
                Line(job, way, asked, ratio, ratio <= 10),
                memory.line(job, way, low, high, f"{epochs} epochs", MOST_MEMORY),
            ]
    return lines
