"""What `nox -s wheel` has built: what is in it, and what it says of itself."""

import email
import os
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.wheel

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    """Name the files that the repository has."""
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(
        command, cwd=ROOT, capture_output=True, check=True, text=True
    )
    return {name for name in listed.stdout.split("\0") if name}


def built(pattern: str) -> Path:
    """Find the one file of a kind."""
    (path,) = Path(os.environ["DIST"]).glob(pattern)
    return path


def test_the_wheel_has_the_package_and_nothing_else(tracked):
    names = {
        name
        for name in zipfile.ZipFile(built("*.whl")).namelist()
        if ".dist-info/" not in name
    }
    assert names == {name for name in tracked if name.startswith("tfbook/")}
    assert "tfbook/py.typed" in names


def test_the_sdist_has_the_repository_and_nothing_else(tracked):
    with tarfile.open(built("*.tar.gz")) as archive:
        files = [each.name.split("/", 1)[1] for each in archive if each.isfile()]
    assert set(files) == tracked | {"PKG-INFO"}


def test_the_metadata_are_those_of_the_project():
    archive = zipfile.ZipFile(built("*.whl"))
    (name,) = (each for each in archive.namelist() if each.endswith("/METADATA"))
    metadata = email.message_from_bytes(archive.read(name))
    assert metadata["Name"] == PROJECT["name"]
    assert metadata["License-Expression"] == PROJECT["license"]
    assert metadata["Author"] == PROJECT["authors"][0]["name"]
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert set(metadata.get_all("Classifier")) == set(PROJECT["classifiers"])
    assert len(metadata.get_all("Requires-Dist")) == len(PROJECT["dependencies"])
    init = archive.read("tfbook/__init__.py").decode()
    assert f'__version__ = "{metadata["Version"]}"' in init
