"""How time and memory grow: with epochs, with width, and with rows."""

import functools
import threading
from collections.abc import Callable

import numpy as np
import psutil

from bench import linear_regression, network
from bench.contest import Contestant, Line, clock, run

EPOCHS = [1, 10, 100, 1000]
WIDTHS = [16, 64, 256, 1024]
ROWS = [100, 1000, 10_000, 100_000]
FEW = 20  # epochs, where width or rows grow
SLOW = 2.0  # seconds; who takes longer is not asked for the next size

Seconds = dict[str, dict[int, float]]


def sweep(
    sizes: list[int],
    make: Callable[[int], dict[str, Callable[[], Contestant]]],
    epochs: int | None,
) -> Seconds:
    """Time the later calls of each contestant at each size.

    Args:
        sizes: What grows, from small to large.
        make: Gives what makes the contestants for a size.
        epochs: How long to train; `None` if it is the epochs that grow.

    Returns:
        Seconds, by contestant and size. A contestant that took long has no larger ones.
    """
    seconds: Seconds = {}
    for size in sizes:
        contestants = {
            name: contestant
            for name, contestant in make(size).items()
            if not seconds.get(name) or max(seconds[name].values()) < SLOW
        }
        results = run(contestants, epochs or size, firsts=1, turns=3, slow=SLOW)
        for name, result in results.items():
            seconds.setdefault(name, {})[size] = result.later
    return seconds


def random_rows(num_rows: int) -> network.Problem:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(num_rows, 13)).astype(np.float32)
    y = (np.sin(x).sum(axis=1, keepdims=True) + 20).astype(np.float32)
    return network.make_problem(x, y)


def sweeps() -> dict[str, Seconds]:
    """Time the network against epochs, width and rows.

    Returns:
        Seconds, by what grows, contestant and size.
    """
    boston = network.BOSTON
    return {
        "epochs": sweep(EPOCHS, lambda _: network.contestants(), None),
        f"units a hidden layer, {FEW} epochs": sweep(
            WIDTHS,
            lambda width: network.contestants(
                network.make_problem(boston.x, boston.y, width)
            ),
            FEW,
        ),
        f"rows, {FEW} epochs": sweep(
            ROWS, lambda num_rows: network.contestants(random_rows(num_rows)), FEW
        ),
    }


def peak_memory(job: Callable[[], object]) -> int:
    """Run a job, and look every few milliseconds how much memory the process has.

    Args:
        job: Anything to call.

    Returns:
        The most that was seen, in bytes.
    """
    process = psutil.Process()
    seen = [process.memory_info().rss]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            seen.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    job()
    done.set()
    watcher.join()
    return max(*seen, process.memory_info().rss)


def tenfold(repeats: int = 5) -> list[Line]:
    """Train for ten times the epochs: ten times the time, no more, and flat memory.

    Args:
        repeats: How often both lengths are timed, in turn.

    Returns:
        A line for the time and one for the memory of each contestant.
    """
    jobs = {
        (module.NAME, name): (module.contestants()[name](), epochs)
        for module, epochs in ((linear_regression, 1001), (network, 200))
        for name in ("train", "train, XLA")
    }
    lines = []
    for (job, name), (contestant, epochs) in jobs.items():
        times: dict[int, list[float]] = {epochs: [], 10 * epochs: []}
        for turn in range(repeats + 1):
            for length, seconds in times.items():
                elapsed = clock(contestant, length)
                if turn:  # the first one compiles
                    seconds.append(elapsed)
        # The least of each: a slow moment in one of them would pass for growth.
        short, long = map(min, times.values())
        # A second time each, without the clock, which the watcher would disturb.
        low, high = (
            peak_memory(functools.partial(clock, contestant, n)) for n in times
        )
        way = f"{name}, {10 * epochs} epochs"
        time_asked = f"at most 10 times the time of {epochs}"
        lines += [
            Line(job, way, time_asked, long / short, long <= 10 * short),
            Line(
                job,
                way,
                "at most 1.01 times the memory",
                high / low,
                high <= 1.01 * low,
            ),
        ]
    return lines
