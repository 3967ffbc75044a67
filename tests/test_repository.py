"""What is written down in several places is the same in all of them."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import tfbook

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
LOCK = dict(
    re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.M)
)


def python_versions() -> list[str]:
    """Count from the oldest Python to the newest that is allowed."""
    oldest, beyond = re.fullmatch(
        r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]
    ).groups()
    return [f"3.{minor}" for minor in range(int(oldest), int(beyond))]


def test_the_classifiers_name_every_python_that_is_allowed():
    prefix = "Programming Language :: Python :: 3."
    named = [name for name in PROJECT["classifiers"] if name.startswith(prefix)]
    assert named == [f"{prefix}{each[2:]}" for each in python_versions()]


def test_the_gate_runs_on_every_python_that_is_allowed():
    gate = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    matrix = gate["jobs"]["gate"]["strategy"]["matrix"]
    assert matrix["python"] == python_versions()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_ends_and_may_not_write_by_default(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert "group" in workflow["concurrency"]
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    actions = re.findall(r"uses: (.*)", path.read_text())
    assert actions
    for action in actions:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)


def test_the_sessions_that_workflows_run_are_there():
    sessions = re.findall(
        r"^@nox.session.*\ndef (\w+)", (ROOT / "noxfile.py").read_text(), re.M
    )
    for path in [*WORKFLOWS, ROOT / ".ci" / "run"]:
        text = path.read_text()
        named = re.findall(r"nox -s ([a-z ]+[a-z])|session: ([a-z]+)", text)
        assert named
        assert set(" ".join(map(" ".join, named)).split()) <= set(sessions), path


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert str(citation["version"]) == tfbook.__version__
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == PROJECT["authors"]


def test_a_commit_is_checked_with_the_ruff_of_the_lock_file():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    assert set(re.findall(r"ruff==([\d.]+)", hooks)) == {LOCK["ruff"]}
