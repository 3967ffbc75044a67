"""Run the comparisons: `python -m bench`, or `python -m bench NAME ...` for some.

A run writes results.json; one of some parts renews those. It takes a quiet machine.
"""

import argparse
import datetime
import json
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd

from bench.contest import Line, Result, run
from bench.machine import describe, hold_to_threads
from tfbook import plotting

RECORD = Path("bench", "results.json")
PLOT = Path("_build", "bench.svg")
COLOURS = sys.stdout.isatty()

Part = tuple[dict[str, Any], list[Line]]
"""What a part adds to the record, and its budgets."""


def show(line: Line) -> None:
    """Print what became of a budget: green if it was held, red if it was missed."""
    text = f"{line.job}; {line.way}: {line.budget}; reached {line.reached:.3g}"
    word, colour = ("held  ", 32) if line.held else ("MISSED", 31)
    text = f"{word} {text}"
    print(f"\033[{colour}m{text}\033[0m" if COLOURS else text)


def show_results(title: str, results: dict[str, Result]) -> None:
    """Print how long each contestant took."""
    table = pd.DataFrame({name: each._asdict() for name, each in results.items()}).T
    table["times train"] = table["later"] / results["train"].later
    print(f"\n{title}:\n\n{table.to_string(float_format='{:.4g}'.format)}")


def run_contest(name: str) -> Part:
    """Let the contestants of a module take turns."""
    contest = import_module(f"bench.{name}")
    title = contest.__doc__.strip().removesuffix(".")
    tolerance = getattr(contest, "TOLERANCE", 0.02)
    results = run(contest.contestants(), contest.EPOCHS, tolerance=tolerance)
    show_results(title, results)
    lines = [budget.check(contest.NAME, results) for budget in contest.BUDGETS]
    ways = {name: each._asdict() for name, each in results.items()}
    record: dict[str, Any] = {contest.SECTION: {title: ways}}
    if hasattr(contest, "PRODUCTS"):
        # Not a way to train.
        record["products"] = ways.pop(contest.PRODUCTS)["later"]
    return record, lines


def run_costs() -> Part:
    """Measure what is asked for beside the loss."""
    from bench import costs

    tables, lines = costs.measure()
    for title, results in tables.items():
        show_results(f"The cost of {title}", results)
    by_name = {
        title: {name: each._asdict() for name, each in results.items()}
        for title, results in tables.items()
    }
    return {"costs": by_name}, lines


def run_growth() -> Part:
    """Let the network grow, and plot it."""
    from bench import growth

    tables, lines = growth.measure()
    fig, axes = plt.subplots(1, len(tables), figsize=(9, 3.4), sharey=True)
    for ax, (grows, seconds) in zip(axes, tables.items(), strict=True):
        frame = pd.DataFrame(seconds).rename_axis(grows)
        print(f"\nSeconds of a later call, by {grows}:")
        print(f"\n{frame.T.to_string(float_format='{:.3g}'.format, na_rep='')}")
        plotting.growth(frame, ax=ax)
        ax.label_outer()
        if ax is not axes[0]:
            ax.get_legend().remove()
    PLOT.parent.mkdir(exist_ok=True)
    fig.savefig(PLOT)
    return {"growth": tables}, lines


def run_threads() -> Part:
    """Compare one thread with two."""
    from bench import threads

    record, lines = threads.measure()
    print(f"\nSeconds of train, {threads.EPOCHS} epochs, by threads and width:\n")
    spread = {
        number: {job: f"{low:.3g} to {high:.3g}" for job, (low, high) in jobs.items()}
        for number, jobs in record["threads_spread"].items()
    }
    print(pd.DataFrame(spread).T.to_string())
    return record, lines


def run_memory() -> Part:
    """Watch the memory over many models and shapes."""
    from bench import memory

    tables, lines = memory.measure()
    return {"memory": tables}, lines


def run_tenfold() -> Part:
    """Train for ten times the epochs."""
    from bench import tenfold

    return {}, tenfold.measure()


def run_workers() -> Part:
    """Compare one worker with two."""
    from bench import workers

    record, lines = workers.measure()
    print(f"\nSeconds of train, {workers.EPOCHS} epochs, by workers:\n")
    print(pd.Series(record["workers"]).to_string(float_format="{:.3g}".format))
    return record, lines


def run_checkpoints() -> Part:
    """Compare checkpoints with the bytes that they hold."""
    from bench import checkpoints

    record, lines = checkpoints.measure()
    print("\nOne checkpoint, by units per hidden layer:\n")
    print(pd.DataFrame(record["checkpoints"]).T.to_string(float_format="{:.3g}".format))
    return record, lines


# Each imports what it needs: the last three do without PyTorch and JAX.
PARTS: dict[str, Callable[[], Part]] = {
    **{
        name: partial(run_contest, name)
        for name in ("linear_regression", "network", "digits", "convolutions", "call")
    },
    "costs": run_costs,
    "growth": run_growth,
    "threads": run_threads,
    "tenfold": run_tenfold,
    "memory": run_memory,
    "replicas": partial(run_contest, "replicas"),
    "workers": run_workers,
    "checkpoints": run_checkpoints,
}


def merge(record: dict[str, Any], more: dict[str, Any]) -> None:
    """Add to a record; two tables of one section stand side by side."""
    for key, value in more.items():
        if key in record and isinstance(value, dict):
            record[key] |= value
        else:
            record[key] = value


def write(
    record: dict[str, Any], budgets: list[dict], taken: dict[str, int], whole: bool
) -> None:
    """Write a record, or renew some parts of the one that there is.

    Parts of other machines or versions are not mixed: that would compare them.
    """
    record |= {"budgets": budgets, "seconds": taken}
    if not whole:
        known = json.loads(RECORD.read_text()) if RECORD.exists() else {}
        if any(known.get(key) != value for key, value in describe().items()):
            print("\nNot written: the record is of another machine, or other versions")
            return
        keys = ("job", "way", "budget")
        renewed = {tuple(line[key] for key in keys): line for line in budgets}
        old = {tuple(line[key] for key in keys): line for line in known["budgets"]}
        record["budgets"] = [*(old | renewed).values()]
        merge(known, record)
        record = known
    RECORD.write_text(json.dumps(record, indent=1) + "\n")
    print(f"\nWritten to {RECORD}")


def main() -> int:
    """Run the parts, one after the other in this process."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PARTS))
    names = parser.parse_args().names or list(PARTS)
    if unknown := set(names) - set(PARTS):
        parser.error(f"no part is called {', '.join(unknown)}")
    hold_to_threads(1)
    plt.switch_backend("agg")
    plt.style.use("tfbook.book")
    record: dict[str, Any] = {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    } | describe()
    lines: list[Line] = []
    failed, taken = [], {}
    for name in names:
        start = time.perf_counter()
        try:
            more, budgets = PARTS[name]()
        except Exception:
            # The others took minutes: they shall not be lost.
            traceback.print_exc()
            failed.append(name)
            continue
        merge(record, more)
        lines += budgets
        taken[name] = round(time.perf_counter() - start)
        print(f"\n{name}: {taken[name]} seconds", flush=True)
    print("\nBudgets:\n")
    for line in lines:
        show(line)
    if failed:
        print(f"\nFailed: {', '.join(failed)}; nothing is written")
        return 1
    budgets = [line._asdict() for line in lines]
    write(record, budgets, taken, whole=names == list(PARTS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
