"""Exercises: a reader's answer is checked, and an answer that fails gets a hint.

Each page that teaches has a module here. Each of its exercises, and each problem that
needs the page, has a function there, which takes the answer and returns `None` if it is
right, or one line that says what is not.
"""

import difflib
import importlib
import pkgutil
import re
from collections.abc import Callable
from typing import Any

__all__ = ["check", "checks", "hint"]


def checks() -> dict[str, Callable[[Any], str | None]]:
    """Collect the checks of all pages.

    Returns:
        The functions by the name of their exercise.

    Example:
        >>> all(callable(function) for function in checks().values())
        True
    """
    pages = [
        importlib.import_module(f"tfbook.exercises.{module.name}")
        for module in pkgutil.iter_modules(importlib.import_module(__name__).__path__)
        if not module.name.startswith("_")
    ]
    return {name: getattr(page, name) for page in pages for name in page.__all__}


def hint(name: str, answer: Any) -> str | None:
    """Say what is wrong with an answer.

    Args:
        name: The name of the exercise.
        answer: A function, a class, an array or a number, as the exercise asks for.

    Returns:
        `None` if the answer is right, else one line that says what is not, and what was
        wanted.

    Raises:
        ValueError: If there is no exercise of that name; the message names the nearest
            one.

    Example:
        >>> hint("column", ...)
        'nothing to check yet; put your answer where the dots are'
    """
    known = checks()
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)
        raise ValueError(
            f"exercise: expected the name of one, got {name!r}; did you mean "
            f"{nearest[0]!r}?"
        )
    # A function whose body is still `...` compiles to the same as this one.
    code, empty = getattr(answer, "__code__", None), (lambda: None).__code__
    if answer is None or answer is ... or (code and code.co_code == empty.co_code):
        return "nothing to check yet; put your answer where the dots are"
    try:
        return known[name](answer)
    # Whatever the answer does, its author gets one line and not our traceback.
    except Exception as error:
        # Keras's first line names the layer that failed; the second one says why.
        text = re.sub(r"\x1b\[\d*m|^Exception encountered when.*", "", str(error))
        lines = text.strip().splitlines() or ["without a message"]
        # In a compiled function the first line says that it was; the last one says why.
        line = lines[-1].strip() if lines[0].startswith("in user code") else lines[0]
        name = type(error).__name__
        return f"your answer stopped with {name}: {line.removeprefix(f'{name}: ')}"


def check(name: str, answer: Any) -> None:
    """Print whether an answer is right, or what is wrong with it; without one, nothing.

    Args:
        name: The name of the exercise.
        answer: What the exercise asks for.

    Raises:
        ValueError: If there is no exercise of that name.

    Example:
        >>> check("column", ...)
        >>> check("column", lambda v: v)
        column: of 3 targets it made the shape (3,); a column is (3, 1)
    """
    found = hint(name, answer)
    # A page whose exercises wait for an answer has better things to show.
    if found is None or not found.startswith("nothing to check yet"):
        print(f"{name}: {found or 'right'}")
