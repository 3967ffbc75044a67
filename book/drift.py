"""Compare the figures of a build with those of the last release; `nox -s drift`.

A build leaves two things for each page: the values that its cells glue into sentences,
and how much room each asserted comparison had. `book/record.json` holds those values as
they were at the last release. A value has moved if a reader sees other digits, so its
tolerance is the last digit that the page shows.
"""

import argparse
import json
import re
from pathlib import Path

import pandas as pd

BOOK = Path(__file__).parent
RECORD = BOOK / "record.json"
BUILD = BOOK.parent / "_build"
ROLE = re.compile(r"\{glue:text\}`([\w-]+)(?::([^`]+))?`")
NEAR = 0.03  # of the larger side


def figures() -> dict[str, dict[str, str]]:
    """Read the values that the pages of the last build show, by page and name."""
    folder = BUILD / "jupyter_execute"
    found = {}
    for path in sorted(folder.rglob("*.glue.json")):
        page = path.relative_to(folder).as_posix().removesuffix(".glue.json")
        found[page] = {
            name: output["data"]["text/plain"].strip("'")
            for name, output in json.loads(path.read_text()).items()
        }
    if not found:
        raise SystemExit(
            f"drift: expected figures in {folder}, got none; run nox -s docs"
        )
    return found


def shown(value: str, form: str) -> str:
    """Write a value as the page does."""
    try:
        return format(float(value), form) if form else value
    except ValueError:
        return value


def change(before: str, after: str) -> float:
    """Return by how much a number changed, as a share of the larger; NaN for texts."""
    try:
        one, other = float(before), float(after)
    except ValueError:
        return float("nan")
    return abs(one - other) / max(abs(one), abs(other), 1e-300)


def moved(before: dict, after: dict) -> pd.DataFrame:
    """List the values that show other digits, the largest change first."""
    rows = []
    for page in sorted(before.keys() | after.keys()):
        text = BOOK / f"{page}.md"
        forms = dict(ROLE.findall(text.read_text())) if text.exists() else {}
        was, now = before.get(page, {}), after.get(page, {})
        for name in sorted(was.keys() | now.keys()):
            form = forms.get(name, "")
            old, new = (shown(each.get(name, "(none)"), form) for each in (was, now))
            if old != new:
                share = change(was.get(name, ""), now.get(name, ""))
                rows.append((page, name, old, new, share))
    table = pd.DataFrame(rows, columns=["page", "figure", "was", "is", "change"])
    return table.sort_values("change", ascending=False)


def near() -> pd.DataFrame:
    """List the asserted comparisons with little room, the narrowest first."""
    folder = BUILD / "claims"
    tables = [
        pd.read_json(path, lines=True)
        .drop_duplicates("number", keep="last")
        .assign(page=path.relative_to(folder).with_suffix("").as_posix())
        for path in sorted(folder.rglob("*.jsonl"))
        if path.stat().st_size
    ]
    if not tables:
        raise SystemExit(
            f"drift: expected claims in {folder}, got none; run nox -s docs"
        )
    claims = pd.concat(tables)
    # At no distance at all two whole numbers meet, as in `wins >= 19`, which is exact.
    narrow = claims[(claims["room"] > 0) & (claims["room"] < NEAR)]
    return narrow.sort_values("room")[["page", "room", "claim"]]


def main() -> None:
    """Print both lists, or keep the figures as those of a release."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="for a release")
    after = figures()
    if parser.parse_args().write:
        RECORD.write_text(json.dumps(after, indent=1, sort_keys=True) + "\n")
        return
    before = json.loads(RECORD.read_text())
    number = sum(map(len, after.values()))
    table = moved(before, after)
    print(
        f"{len(table)} of {number} figures show other digits than at the last release"
    )
    options = {"index": False, "max_colwidth": 70}
    if len(table):
        table["change"] = table["change"].map("{:.1%}".format)
        print(table.to_string(**options))
    claims = near()
    print(f"\n{len(claims)} claims hold with less than {NEAR:.0%} of room")
    if len(claims):
        claims["room"] = claims["room"].map("{:.1%}".format)
        print(claims.to_string(**options))


if __name__ == "__main__":
    main()
