"""What a build keeps for the drift report, and what the report says of it."""

import ast
import json

import claims
import drift
import numpy as np
import pytest


def rooms(tmp_path, code: str) -> dict[str, float]:
    """Run code as a kernel of the build does, and read the distances."""
    path = tmp_path / "claims" / "page.jsonl"
    tree = claims.Claims(path).visit(ast.parse(code))
    exec(compile(tree, "page", "exec"), {"np": np})
    lines = map(json.loads, path.read_text().splitlines())
    return {line["claim"]: line["room"] for line in lines}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("assert 9 < 10", {"9 < 10": 0.1}),
        ("assert 2 <= 4 < 5", {"2 <= 4 < 5": 0.2}),
        ("assert 1 < 2 and 8 < 10", {"1 < 2": 0.5, "8 < 10": 0.2}),
        ("for i in (5, 9, 1):\n    assert i < 10", {"i < 10": 0.1}),
        ("assert all(i < 10 for i in (5, 9, 1))", {"i < 10": 0.1}),
        (
            "assert (np.array([5.0, 9.0]) < 10).all()",
            {"np.array([5.0, 9.0]) < 10": 0.1},
        ),
        ("def f(x):\n    assert x > 4\nf(5)", {"x > 4": 0.2}),
        ("assert 19 >= 19 and 0 < 1 and 1 < np.inf", {"19 >= 19": 0.0, "0 < 1": 1.0}),
        # Nothing is known of these: they may hold although a part of them does not.
        ("assert any(i < 3 for i in (1, 5)) and not 3 < 2 and 1 == 1", {}),
        ("assert 'a' < 'b' or 1 < 2", {}),
    ],
)
def test_the_room_of_a_claim_is_its_least_distance(tmp_path, code, expected):
    assert rooms(tmp_path, code) == expected


def test_a_false_claim_still_fails_and_each_side_is_computed_once(tmp_path):
    code = "calls = []\nassert 2 < (calls.append(1) or 1) < calls.append(2)"
    tree = claims.Claims(tmp_path / "page.jsonl").visit(ast.parse(code))
    names: dict = {}
    with pytest.raises(AssertionError):
        exec(compile(tree, "page", "exec"), names)
    assert names["calls"] == [1]


@pytest.fixture
def built(tmp_path, monkeypatch):
    """Make what a build of one page leaves, and the record of a release."""
    outputs = {"loss": "0.5239", "rows": "12", "name": "'Adam'", "new": "1"}
    glued = {name: {"data": {"text/plain": text}} for name, text in outputs.items()}
    for folder in ("book", "build/jupyter_execute", "build/claims"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "build/jupyter_execute/page.glue.json").write_text(json.dumps(glued))
    (tmp_path / "book/page.md").write_text(
        "A loss of {glue:text}`loss:.2f` on {glue:text}`rows` rows."
    )
    before = {"page": {"loss": "0.5161", "rows": "10", "name": "Adam", "old": "x"}}
    (tmp_path / "record.json").write_text(json.dumps(before))
    lines = [{"number": 0, "claim": "a < b", "room": room} for room in (0.5, 0.02)]
    lines += [
        {"number": n, "claim": "c < d", "room": r} for n, r in ((1, 0.0), (2, 0.2))
    ]
    (tmp_path / "build/claims/page.jsonl").write_text(
        "".join(json.dumps(line) + "\n" for line in lines)
    )
    monkeypatch.setattr(drift, "BOOK", tmp_path / "book")
    monkeypatch.setattr(drift, "BUILD", tmp_path / "build")
    monkeypatch.setattr(drift, "RECORD", tmp_path / "record.json")
    return tmp_path


def test_the_report_lists_what_a_reader_sees_moved_and_what_is_near(
    built, monkeypatch, capsys
):
    monkeypatch.setattr("sys.argv", ["drift"])
    drift.main()
    report = capsys.readouterr().out
    # 0.5161 and 0.5239 are both 0.52 on the page.
    assert report.startswith("3 of 4 figures show other digits")
    assert "10     12  16.7%" in report
    assert "1 claims hold with less than 3% of room" in report
    assert "2.0% a < b" in report
    assert "c < d" not in report
    monkeypatch.setattr("sys.argv", ["drift", "--write"])
    drift.main()
    monkeypatch.setattr("sys.argv", ["drift"])
    drift.main()
    assert capsys.readouterr().out.startswith("0 of 4 figures")


def test_without_a_build_the_report_says_what_to_run(built, monkeypatch):
    monkeypatch.setattr(drift, "BUILD", built / "nothing")
    with pytest.raises(SystemExit, match=r"expected figures in .*; run nox -s docs"):
        drift.figures()
