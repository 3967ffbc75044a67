"""Run the comparisons; print tables; write results.json and a plot: `nox -s bench`."""

import datetime
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import tensorflow as tf
import torch

from bench import growth, linear_regression, network, threads
from bench.contest import Line, check_budgets, later_call, run
from tfbook import plotting

PACKAGES = ["tensorflow", "keras", "numpy", "torch", "jax"]
RECORD = Path("bench", "results.json")
PLOT = Path("_build", "bench.svg")
RED, END = ("\033[31m", "\033[0m") if sys.stdout.isatty() else ("", "")


def show(line: Line) -> None:
    """Print what became of a budget; in red if it was missed."""
    text = f"{line.job}, {line.way}: {line.budget}; reached {line.reached:.3g}"
    print(f"held   {text}" if line.held else f"{RED}MISSED {text}{END}")


def main() -> None:
    """Run everything, one after the other in this process."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    torch.set_num_threads(1)
    plt.switch_backend("agg")
    plt.style.use("tfbook.book")
    contests, lines = {}, []
    for contest in (linear_regression, network):
        title = contest.__doc__.strip().removesuffix(".")
        contestants = contest.contestants()
        print(f"\n{title}, {len(contestants)} ways, taking turns in this order:\n")
        results = run(contestants, contest.EPOCHS)
        table = pd.DataFrame({name: r._asdict() for name, r in results.items()}).T
        table["times train"] = table["later"] / results["train"].later
        print(table.to_string(float_format="{:.4g}".format))
        contests[title] = {name: r._asdict() for name, r in results.items()}
        lines += check_budgets(contest.NAME, results, contest.BUDGETS)

    products = network.Products(network.BOSTON)
    bound = later_call(products, network.EPOCHS, calls=7)
    print(f"\nThe matrix products of that alone: {bound:.4g} seconds")

    print("\nSeconds of a later call of the network, as it grows:")
    sweeps = growth.sweeps()
    fig, axes = plt.subplots(1, len(sweeps), figsize=(9, 3.4), sharey=True)
    for ax, (grows, seconds) in zip(axes, sweeps.items(), strict=True):
        frame = pd.DataFrame(seconds).rename_axis(grows)
        print(f"\n{frame.T.to_string(float_format='{:.3g}'.format, na_rep='')}")
        plotting.growth(frame, ax=ax)
        ax.label_outer()
        if ax is not axes[0]:
            ax.get_legend().remove()
    fig.savefig(PLOT)

    by_threads = threads.compare()
    print(f"\nSeconds of train, {threads.EPOCHS} epochs, by threads and width:\n")
    print(pd.DataFrame(by_threads).T.to_string(float_format="{:.3g}".format))

    lines += growth.tenfold()
    print("\nBudgets:\n")
    for line in lines:
        show(line)

    record = {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "machine": f"{platform.system()}, {platform.machine()}",
        "cores": os.cpu_count(),
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in PACKAGES},
        "contests": contests,
        "products": bound,
        "growth": sweeps,
        "threads": by_threads,
        "budgets": [line._asdict() for line in lines],
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n")
    print(f"\nWritten to {RECORD} and {PLOT}")


PLOT.parent.mkdir(exist_ok=True)
main()
