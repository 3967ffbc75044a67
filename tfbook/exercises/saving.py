"""Checks for the exercises of the page *Saving and resuming*."""

import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfbook.exercises._answers import letters

__all__ = ["affine", "lost_state", "resume_epoch", "same_weights", "write_whole"]


def lost_state(answer: Any) -> str | None:
    """Check what does not come back from a file of weights.

    Args:
        answer: A set of letters.

    Returns:
        `None` if it names what is lost, else a hint.

    Example:
        >>> lost_state({"a", "c"})
        'also lost: b; the count is in the file, but the new optimizer is not built'
    """
    reasons = {
        "a": "they are in the file, but a new optimizer has no place for them yet",
        "b": "the count is in the file, but the new optimizer is not built",
        "c": "dropout draws from a random state, which is not in the file",
        "d": "biases are weights, and come back with them",
    }
    given = letters(answer, reasons)
    if given is None:
        return 'expected a set of the letters a to d, such as {"a", "d"}'
    for letter, reason in reasons.items():
        if letter in "abc" and letter not in given:
            return f"also lost: {letter}; {reason}"
        if letter == "d" and letter in given:
            return f"not lost: {letter}; {reason}"
    return None


def resume_epoch(answer: Any) -> str | None:
    """Check from which epoch a killed run goes on.

    Args:
        answer: A whole number.

    Returns:
        `None` if it is the last one with a whole checkpoint, else a hint.

    Example:
        >>> resume_epoch(1234)
        'nothing was written in epoch 1234; checkpoints are those of every 25th'
    """
    hints = {
        1234: "nothing was written in epoch 1234; checkpoints are those of every 25th",
        1233: "nothing was written in epoch 1233; checkpoints are those of every 25th",
        1225: "that file is damaged; a warning names it, and the one before is used",
        1250: "the run was killed before it got there",
        0: "two files are kept, and only the newest is damaged",
    }
    if answer != 1200:
        return hints.get(answer, "find the newest checkpoint, and then the one before")
    return None


def affine(answer: Any) -> str | None:
    """Check a model class that can be saved and loaded.

    Args:
        answer: A class, made with `factor` and `shift`.

    Returns:
        `None` if a loaded model predicts as the saved one, else a hint.

    Example:
        >>> affine(keras.Model)
        'expected a subclass of keras.Model with a method call; it has none yet'
    """
    if (
        not isinstance(answer, type)
        or not issubclass(answer, keras.Model)
        or getattr(answer, "call", None) is keras.Model.call
    ):
        return "expected a subclass of keras.Model with a method call; it has none yet"
    x = np.array([[1.0], [10.0]], np.float32)
    model = answer(factor=2.0, shift=0.5)
    given = model.call(x)
    if given is None:
        return "nothing to check yet; call returns nothing"
    if not np.allclose(given, [[2.5], [20.5]]):
        return f"2 x + 0.5 of 1 and 10 is 2.5 and 20.5, got {np.ravel(given)}"
    try:
        config = model.get_config()
    except NotImplementedError:
        return "Keras cannot guess the arguments of the constructor; write get_config"
    missing = {"factor", "shift"} - config.keys()
    if missing:
        return f"get_config leaves out {' and '.join(sorted(missing))}"
    if "name" not in config:
        return (
            "get_config returns the arguments alone; add them to super().get_config()"
        )
    if keras.saving.get_registered_name(answer) == answer.__name__:
        return "whoever loads it does not know the class by name; register it"
    try:
        copy = model.from_config(config)
    except TypeError:
        return "the constructor refuses what get_config returns; let it take **kwargs"
    if not np.allclose(copy.call(x), given):
        return f"made again from its config it returns {np.ravel(copy.call(x))}"
    with tempfile.TemporaryDirectory() as folder:
        model(x)
        model.save(Path(folder) / "affine.keras")
        loaded = keras.saving.load_model(Path(folder) / "affine.keras")
    if not np.allclose(loaded(x), given):
        return f"after loading it returns {np.ravel(loaded(x))}, not 2.5 and 20.5"
    return None


def same_weights(answer: Any) -> str | None:
    """Check a comparison of two models' weights, bit for bit.

    Args:
        answer: A function of two models.

    Returns:
        `None` if it is true for equal weights alone, else a hint.

    Example:
        >>> same_weights(lambda one, other: True)
        'the kernels differ by one part in ten million, but it says that they are equal'
    """

    def model(*widths: int, last: float = 1.0) -> keras.Model:
        layers = [
            keras.layers.Dense(units, kernel_initializer="ones", use_bias=False)
            for units in widths
        ]
        made = keras.Sequential([keras.Input((2,)), *layers])
        kernel = made.weights[-1].numpy()
        kernel.flat[-1] = last
        made.weights[-1].assign(kernel)
        return made

    if not answer(model(3, 1), model(3, 1)):
        return "two models with equal weights, but it says that they differ"
    for other, difference in (
        (model(3, 1, last=1 + 2**-23), "the kernels differ by one part in ten million"),
        (model(3), "the first model has a layer more"),
        (model(3, 1, 1), "the second model has a layer more"),
        (model(1, 7), "the kernels differ in shape"),
    ):
        if answer(model(3, 1), other):
            return f"{difference}, but it says that they are equal"
    return None


def write_whole(answer: Any) -> str | None:
    """Check a function that replaces a file as a whole, or not at all.

    Args:
        answer: A function of a path and a text.

    Returns:
        `None` if a write that fails leaves the old file as it was, else a hint.

    Example:
        >>> write_whole(lambda path, text: path.write_text(text, encoding="utf-8"))
        'a write that failed half-way left a file with "", and the old text is lost'
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.txt"
        for text in ("first", "second"):
            answer(path, text)
            if not path.exists():
                return f"there is no file {path.name} after the call"
            if path.read_text() != text:
                return f"wrote {text!r}, but the file holds {path.read_text()!r}"
        others = [each.name for each in path.parent.iterdir() if each != path]
        if others:
            return f"{others[0]} was left next to the file; rename it with replace"
        # A lone surrogate cannot be encoded, so the write fails after the file was
        # opened: as when the process is killed in the middle.
        try:
            answer(path, "third \ud800")
        except UnicodeEncodeError:
            pass
        else:
            return "a text that cannot be written should be an error, not a silence"
        if not path.exists():
            return "a write that failed half-way left no file; the old text is lost"
        if path.read_text() != "second":
            return (
                "a write that failed half-way left a file with "
                f'"{path.read_text()}", and the old text is lost'
            )
    return None
