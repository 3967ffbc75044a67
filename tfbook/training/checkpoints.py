"""Checkpoints: the state of a training run in a file, whole or not there at all.

A file is written under another name, forced to disk, and then given its name in one
step, so that a run that is killed in the middle of a write still has the file before.
"""

import json
import os
import tempfile
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Checkpoint", "compare", "load_latest", "prepare", "restore", "save"]


class Checkpoint(NamedTuple):
    """The state of a run after an epoch.

    Attributes:
        epoch: The number of epochs done.
        state: The values of the variables, in a fixed order.
        rows: The rows of the history, of shape `(rows, 1 + losses)`: epoch, losses.
        identity: What the run was: names and the values that they must have again.

    Example:
        >>> Checkpoint(10, [np.zeros(3)], np.array([[10, 0.5]]), {"loss": "mse"}).epoch
        10
    """

    epoch: int
    state: Sequence[np.ndarray]
    rows: np.ndarray
    identity: dict[str, Any]


def prepare(directory: str | os.PathLike) -> Path:
    """Make a folder for checkpoints, and see that it can be written to.

    What a run that was killed in the middle of a write has left there is removed.

    Args:
        directory: The folder; its parents are made too.

    Returns:
        The folder.

    Raises:
        OSError: If it cannot be made or written to.

    Example:
        >>> import tempfile
        >>> prepare(tempfile.mkdtemp()).is_dir()
        True
    """
    path = Path(directory)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
        for left in path.glob(".epoch_*"):
            left.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(
            f"checkpoint_dir: expected a folder that can be written to, got "
            f"{str(path)!r} ({error.strerror}); pass another one"
        ) from error
    return path


def save(directory: Path, checkpoint: Checkpoint, keep: int = 2) -> Path:
    """Write a checkpoint, and delete all but the newest ones.

    Args:
        directory: A folder, as `prepare` returns it.
        checkpoint: The state to write.
        keep: The number of files to leave in the folder.

    Returns:
        The path of the file, `epoch_<epoch>.npz`.

    Raises:
        OSError: If it cannot be written, for example because the disk is full; the
            checkpoints before it stay as they are.

    Example:
        >>> import tempfile
        >>> folder = prepare(tempfile.mkdtemp())
        >>> state = Checkpoint(10, [np.zeros(3)], np.array([[10, 0.5]]), {})
        >>> save(folder, state).name
        'epoch_000000010.npz'
    """
    path = directory / f"epoch_{checkpoint.epoch:09}.npz"
    arrays: dict[str, Any] = {
        f"state_{i}": value for i, value in enumerate(checkpoint.state)
    }
    partial = directory / f".{path.name}.{os.getpid()}"
    try:
        with partial.open("wb") as file:
            np.savez(
                file,
                epoch=checkpoint.epoch,
                rows=checkpoint.rows,
                identity=json.dumps(checkpoint.identity),
                **arrays,
            )
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


def load_latest(directory: Path) -> Checkpoint | None:
    """Read the newest checkpoint of a folder that is whole.

    A damaged file is named in a warning, and the one before it is used.

    Args:
        directory: A folder, as `prepare` returns it.

    Returns:
        The checkpoint, or `None` if there is none.

    Example:
        >>> import tempfile
        >>> folder = prepare(tempfile.mkdtemp())
        >>> load_latest(folder) is None
        True
        >>> _ = save(folder, Checkpoint(10, [np.ones(2)], np.array([[10, 0.5]]), {}))
        >>> load_latest(folder).state
        [array([1., 1.])]
    """
    for path in sorted(directory.glob("epoch_*.npz"), reverse=True):
        try:
            # A zip file holds a checksum of each array, so what loads is whole.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                arrays = dict(archive)
            return Checkpoint(
                epoch=int(arrays["epoch"]),
                state=[arrays[f"state_{i}"] for i in range(len(arrays) - 3)],
                rows=arrays["rows"],
                identity=json.loads(str(arrays["identity"])),
            )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            warnings.warn(
                f"checkpoint {path.name}: expected a whole file, got a damaged one "
                f"({type(error).__name__}); using the one before it",
                stacklevel=2,
            )
    return None


def compare(checkpoint: Checkpoint, identity: dict[str, Any]) -> None:
    """Check that a checkpoint belongs to this run.

    Args:
        checkpoint: What was found.
        identity: What the run is now.

    Raises:
        ValueError: If they differ; the message says in what.

    Example:
        >>> found = Checkpoint(10, [], np.empty((0, 2)), {"optimizer": "SGD"})
        >>> compare(found, {"optimizer": "Adam"})
        Traceback (most recent call last):
            ...
        ValueError: checkpoint of epoch 10: expected optimizer 'Adam', got 'SGD'; ...
    """
    differing = [
        f"{name} {identity.get(name)!r}, got {checkpoint.identity.get(name)!r}"
        # In the order of what the run is now: the broad things come first.
        for name in {**identity, **checkpoint.identity}
        if identity.get(name) != checkpoint.identity.get(name)
    ]
    if differing:
        shown = differing[:3]
        if len(differing) > 3:
            shown.append(f"and {len(differing) - 3} more that differ")
        raise ValueError(
            f"checkpoint of epoch {checkpoint.epoch}: expected {'; '.join(shown)}; "
            f"repeat the first call's arguments, or pass another checkpoint_dir"
        )


def restore(
    directory: Path, identity: dict[str, Any], epochs: int, variables: Sequence[Any]
) -> list[tuple[float, ...]]:
    """Put variables where the newest checkpoint of the same run left them.

    Args:
        directory: A folder, as `prepare` returns it.
        identity: What the run is.
        epochs: The number of epochs that it is to have at its end.
        variables: Those of the model and of its optimizer.

    Returns:
        The rows of the history until then; none if there is no checkpoint.

    Raises:
        ValueError: If the checkpoint is of another run, or from after its end.

    Example:
        >>> import tempfile
        >>> import keras
        >>> folder, weight = prepare(tempfile.mkdtemp()), keras.Variable(0.0)
        >>> _ = save(folder, Checkpoint(10, [np.ones(())], np.array([[10, 0.5]]), {}))
        >>> restore(folder, {}, 20, [weight])
        [(10.0, 0.5)]
        >>> float(weight)
        1.0
    """
    found = load_latest(directory)
    if found is None:
        return []
    compare(found, identity)
    if found.epoch > epochs:
        raise ValueError(
            f"checkpoint of epoch {found.epoch}: expected epochs of at least "
            f"that many, got {epochs}; pass more, or another checkpoint_dir"
        )
    for variable, value in zip(variables, found.state, strict=True):
        variable.assign(value)
    return [tuple(row) for row in found.rows.tolist()]
