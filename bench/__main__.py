"""Run the comparisons, print a table and write JSON: `nox -s bench`."""

import json
import sys
from pathlib import Path

import pandas as pd

from bench import boston, linear_regression
from bench.contest import check_budgets, run

RED, END = ("\033[31m", "\033[0m") if sys.stdout.isatty() else ("", "")


def main() -> None:
    """Run each contest, and say which budgets hold."""
    written = {}
    for contest in (linear_regression, boston):
        title = contest.__doc__
        print(f"\n{title}\nIn this order, {len(contest.contestants())} contestants:\n")
        results = run(contest.contestants())
        table = pd.DataFrame(results, index=["first (s)", "later (s)", "final loss"]).T
        table["times train"] = table["later (s)"] / results["train"].later
        print(table.to_string(float_format="{:.4g}".format))
        print()
        for budget, reached in check_budgets(results, contest.BUDGETS):
            missed = reached < budget.times
            print(
                f"{RED + 'MISSED' + END if missed else 'held  '} {budget.contestant} "
                f"({budget.measure} call): {reached:.3g} times as fast as "
                f"{budget.other}, budget {budget.times:g}"
            )
        written[contest.__name__] = {
            name: result._asdict() for name, result in results.items()
        }
    path = Path("_build", "bench.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(written, indent=2))
    print(f"\nWritten to {path}")


main()
