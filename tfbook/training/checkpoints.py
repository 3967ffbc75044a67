"""The state of a training run in a file, whole or not there at all.

A file is written under another name, forced to disk, and then given its name in one
step: a run that is killed in the middle of a write still has the file before. It ends
with a digest of all that is before, so that a file that was damaged later is known.
"""

import hashlib
import json
import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from filelock import FileLock, Timeout

DIGEST_SIZE = 32


class Checkpoint(NamedTuple):
    """The state of a run after an epoch."""

    epoch: int
    state: Sequence[np.ndarray]  # the values of the variables, in a fixed order
    rows: list[dict[str, float]]  # of the history, each with its epoch
    identity: dict[
        str, Any
    ]  # what the run was, as `identity.run_identity` describes it


@contextmanager
def opened(directory: str | os.PathLike) -> Iterator[Path]:
    """Hold a folder for the checkpoints of one run, as long as the run lives.

    Raises:
        OSError: If it cannot be made or written to.
        ValueError: If its name is empty, or another run that is alive holds it.
    """
    if not os.fspath(directory):
        raise ValueError(
            "checkpoint_dir: expected the name of a folder, got ''; pass for example "
            "'run', or None for no checkpoints"
        )
    path = Path(directory)
    lock = FileLock(path / ".lock")
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
        # The operating system lets go of the lock when the process ends, however.
        lock.acquire(timeout=0)
    except Timeout:
        raise ValueError(
            f"checkpoint_dir: expected a folder that no other run uses, got "
            f"{str(path)!r}, in which one is running; wait for it, or pass another one"
        ) from None
    except OSError as error:
        raise OSError(
            f"checkpoint_dir: expected a folder that can be written to, got "
            f"{str(path)!r} ({error.strerror}); pass another one"
        ) from error
    try:
        for left in path.glob(".epoch_*"):  # by a run killed in the middle of a write
            left.unlink(missing_ok=True)
        yield path
    finally:
        lock.release()


def mark(folder: Path) -> str:
    """Leave a file of a new name in a folder, by which others know the same folder."""
    # A name that `opened` clears away, if the run is killed before it is forgotten.
    path = folder / f".epoch_0.{uuid.uuid4().hex}"
    path.touch()
    return path.name


def load_marked(
    directory: str | os.PathLike, name: str, epoch: int
) -> Checkpoint | None:
    """Read the checkpoint of an epoch from the folder that the first worker has marked.

    Raises:
        ValueError: If this is another folder, or the file is damaged.
    """
    path = Path(directory)
    if not (path / name).exists():
        raise ValueError(
            f"checkpoint_dir: expected one folder that all workers share, got "
            f"{str(directory)!r}, which is another one than on worker 0; pass a folder "
            "on a file system that all of them see"
        )
    return load(path / file_name(epoch)) if epoch else None


def file_name(epoch: int) -> str:
    """Name the file of an epoch."""
    return f"epoch_{epoch:09}.npz"


def save(directory: Path, checkpoint: Checkpoint, keep: int = 2) -> Path:
    """Write a checkpoint, and delete all but the newest ones.

    Raises:
        OSError: If it cannot be written, for example because the disk is full; the
            checkpoints before it stay as they are.
    """
    path = directory / file_name(checkpoint.epoch)
    partial = directory / f".{path.name}.{os.getpid()}"
    try:
        with partial.open("w+b") as file:
            np.savez(file, **as_arrays(checkpoint))
            file.write(digest_of(file))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        if os.name == "posix":  # elsewhere a folder cannot be opened
            folder = os.open(directory, os.O_RDONLY)
            try:
                os.fsync(folder)  # the new name, too, survives a power cut
            finally:
                os.close(folder)
    except OSError as error:
        raise OSError(
            f"checkpoint {path.name}: expected to write it to {str(directory)!r}, got "
            f"{error.strerror}; make room, and start the run again to continue it"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    for old in sorted(directory.glob("epoch_*.npz"))[:-keep]:
        old.unlink(missing_ok=True)
    return path


def as_arrays(checkpoint: Checkpoint) -> dict[str, Any]:
    """Name what goes into the file.

    NumPy's format has no name for bfloat16 and its like: they are written as integers
    of the same bits, and `restore` reads them by the type of the variable.
    """
    arrays: dict[str, Any] = {
        "epoch": checkpoint.epoch,
        # As bytes: NumPy keeps text with four bytes for each letter.
        "rows": json.dumps(checkpoint.rows).encode(),
        "identity": json.dumps(checkpoint.identity).encode(),
    }
    for i, value in enumerate(checkpoint.state):
        if value.dtype.kind == "V":
            value = value.view(f"u{value.itemsize}")
        arrays[f"state_{i}"] = value
    return arrays


def digest_of(file: Any, size: int | None = None) -> bytes:
    """Compute the digest of a file up to a size."""
    file.seek(0)
    digest = hashlib.blake2b(digest_size=DIGEST_SIZE)
    left = size
    while left is None or left > 0:
        part = file.read(min(2**20, left or 2**20))
        if not part:
            break
        digest.update(part)
        left = None if left is None else left - len(part)
    return digest.digest()


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        ValueError: If it is not, to the last bit, what was written.
    """
    with path.open("rb") as file:
        # Before anything in it is believed: sizes, names, types.
        size = max(path.stat().st_size - DIGEST_SIZE, 0)
        if digest_of(file, size) != file.read():
            raise ValueError("its digest is that of another content")
        file.seek(0)
        with np.load(file, allow_pickle=False) as archive:
            arrays = dict(archive)
    return Checkpoint(
        epoch=int(arrays["epoch"]),
        state=[arrays[f"state_{i}"] for i in range(len(arrays) - 3)],
        rows=json.loads(arrays["rows"].item()),
        identity=json.loads(arrays["identity"].item()),
    )


def load_latest(directory: Path) -> Checkpoint | None:
    """Read the newest checkpoint of a folder that is whole, or `None` without any.

    A damaged file is named in a warning, set aside under another name, and the one
    before it is used.

    Raises:
        ValueError: If there are files, and none is whole.
    """
    damaged = [path.name for path in directory.glob("*.damaged")]
    for path in sorted(directory.glob("epoch_*.npz"), reverse=True):
        try:
            return load(path)
        except (OSError, ValueError, KeyError) as error:
            damaged.append(path.name)
            # Else it would be counted among the newest, and push out good ones.
            path.replace(path.with_suffix(".damaged"))
            warnings.warn(
                f"checkpoint {path.name}: expected the file as it was written, got a "
                f"damaged one ({error}); looking for the one before it",
                stacklevel=2,
            )
    if damaged:
        raise ValueError(
            f"checkpoint_dir: expected one whole checkpoint or more, got "
            f"{len(damaged)} damaged in {str(directory)!r}; put a copy back, or delete "
            "them to start from the beginning"
        )
    return None


def restore(checkpoint: Checkpoint, variables: Sequence[Any]) -> None:
    """Put variables where a checkpoint left them."""
    for variable, value in zip(variables, checkpoint.state, strict=True):
        dtype = variable.numpy().dtype
        variable.assign(value.view(dtype) if dtype.kind == "V" else value)
