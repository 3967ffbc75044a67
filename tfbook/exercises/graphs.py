"""Checks for the exercises of the page *Graphs*."""

from typing import Any

import numpy as np
import tensorflow as tf

__all__ = [
    "captured",
    "halvings",
    "make_average",
    "sum_of_cubes",
    "total",
    "trace_count",
]


def trace_count(answer: Any) -> str | None:
    """Check how often a function is traced in six calls.

    Args:
        answer: A whole number.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> trace_count(6)
        'that is every call; two of the six find a graph that fits'
    """
    number = np.asarray(answer)
    if number.shape != () or number.dtype.kind not in "iuf" or number % 1:
        return "a count is a whole number, such as 3"
    hints = {
        6: "that is every call; two of the six find a graph that fits",
        3: "two Python numbers are two constants, and so two graphs",
        2: "a Python number is not a tensor: its value is written into the graph",
        1: "another shape is another graph, and so is each Python number",
    }
    if number != 4:
        return hints.get(
            int(number), "go through the calls, and ask of each what is new"
        )
    return None


def sum_of_cubes(answer: Any) -> str | None:
    """Check a compiled function that is traced once for vectors of any length.

    Args:
        answer: A `tf.function` of a float32 vector.

    Returns:
        `None` if it adds the cubes and is not traced again, else a hint.

    Example:
        >>> sum_of_cubes(tf.function(lambda a: tf.reduce_sum(a**3)))
        'right, but traced again for another length; give it an input_signature'
    """
    given = float(answer(tf.constant([1.0, 2.0])))
    if given == 5:
        return "of 1, 2 it returned 5, the sum of squares; the cubes add up to 9"
    if not np.isclose(given, 9):
        return f"of 1, 2 it returned {given:.4g}; the cubes add up to 9"
    if not hasattr(answer, "experimental_get_tracing_count"):
        return "right, but Python runs at every call; compile it with tf.function"
    before = answer.experimental_get_tracing_count()
    longer = float(answer(tf.constant([1.0, -2.0, 3.0])))
    if not np.isclose(longer, 20):
        return (
            f"right for two numbers, but of 1, -2, 3 it returned {longer:.4g}, not 20"
        )
    if answer.experimental_get_tracing_count() != before:
        return "right, but traced again for another length; give it an input_signature"
    for length in (17, 23):
        numbers = np.linspace(-1, 2, length, dtype=np.float32)
        found, right = float(answer(tf.constant(numbers))), float((numbers**3).sum())
        if not np.isclose(found, right, rtol=1e-4):
            return (
                f"right for short vectors, but of {length} numbers from -1 to 2 it "
                f"returned {found:.4g}, not {right:.4g}"
            )
    if answer.experimental_get_tracing_count() != before:
        return "right, but traced again for longer vectors; leave the length open"
    if before != 1:  # it was called before, with other lengths
        return f"right, but traced {before} times so far; give it an input_signature"
    return None


def captured(answer: Any) -> str | None:
    """Check what a graph returns after a variable and a name have changed.

    Args:
        answer: A tuple of three numbers.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> captured((3, 3, 3))
        'the variable was assigned to, and the graph reads it at every call'
    """
    if np.shape(answer) != (3,):
        return "expected three numbers in a tuple, such as (1, 2, 3)"
    first, second, third = (float(number) for number in answer)
    if first != 3:
        return "begin with the first call, where all is as defined: 2 times 1, plus 1"
    if second == 3:
        return "the variable was assigned to, and the graph reads it at every call"
    if second == 15:
        return "`start` was looked up while tracing; the second call does not trace"
    if second != 11:
        return "second call: which of the two changes does the graph of the first see?"
    if third == 11:
        return "the third argument has another shape, so it gets a trace of its own"
    if third != 15:
        return "third call: a new trace looks up all names again"
    return None


def halvings(answer: Any) -> str | None:
    """Check a compiled loop that counts how often a number can be halved.

    Args:
        answer: A `tf.function` of a float32 tensor without axes.

    Returns:
        `None` if it counts right and one graph serves all numbers, else a hint.

    Example:
        >>> halvings(lambda a: 0)
        'of 10 it returned 0, expected 4: 10, 5, 2.5, 1.25, 0.625'
    """
    # Its author may have called it before, with numbers of Python too.
    begun = getattr(answer, "experimental_get_tracing_count", int)()
    try:
        found = float(answer(tf.constant(10.0)))
    except tf.errors.OperatorNotAllowedInGraphError:
        return "a condition on a tensor was left to Python; write `while`, or tf.cond"
    if found == 3:
        return "of 10 it returned 3; 10, 5, 2.5 and 1.25 are all greater than 1"
    if found != 4:
        return f"of 10 it returned {found:g}, expected 4: 10, 5, 2.5, 1.25, 0.625"
    for number, count in [(1.0, 0), (2.0, 1), (1000.0, 10), (0.25, 0), (1e6, 20)]:
        found = float(answer(tf.constant(number)))
        if number == 1 and found == 1:
            return "of 1 it returned 1; it is `at most 1` already, so do not halve it"
        if found != count:
            return f"right for 10, but of {number:g} it returned {found:g}, not {count}"
    if not hasattr(answer, "experimental_get_tracing_count"):
        return "right, but Python runs at every call; compile it with tf.function"
    before = answer.experimental_get_tracing_count()
    answer(tf.constant(77.0))
    if before - begun > 1 or answer.experimental_get_tracing_count() != before:
        return "right, but traced more than once; let the loop be on the tensor"
    return None


def total(answer: Any) -> str | None:
    """Check a compiled loop that adds a tensor to itself, whatever its shape and dtype.

    Args:
        answer: A `tf.function` of a tensor and of the number of turns, a tensor too.

    Returns:
        `None` if it returns `turns` times its first argument, else a hint.

    Example:
        >>> total(lambda a, turns: a)
        'with float32 of shape () it returned 1.5 after 3 turns; 4.5 is wanted'
    """
    numbers = [tf.constant(1.5), tf.constant(2.5, tf.float64), tf.constant(2)]
    for a in [*numbers, tf.constant([1.5, -2.0]), tf.ones((2, 3))]:
        kind = f"with {a.dtype.name} of shape {a.shape}"
        for turns in (3, 0):
            wanted = turns * a.numpy()
            try:
                found = np.asarray(answer(a, tf.constant(turns)))
            except (TypeError, ValueError) as error:
                return (
                    f"{kind} it stopped with {type(error).__name__}; what goes round "
                    "the loop must start with the dtype and the shape of `a`"
                )
            if found.shape != a.shape:
                return (
                    f"{kind} it returned the shape {found.shape} after {turns} turns; "
                    "the shape should stay"
                )
            if not np.allclose(found, wanted):
                return (
                    f"{kind} it returned {found.flat[0]:.4g} after {turns} turns; "
                    f"{wanted.flat[0]:.4g} is wanted"
                )
    if not hasattr(answer, "experimental_get_tracing_count"):
        return "right, but Python runs at every call; compile it with tf.function"
    return None


def make_average(answer: Any) -> str | None:
    """Check a maker of compiled functions that return the mean of all calls so far.

    Args:
        answer: A function without arguments that returns a `tf.function`.

    Returns:
        `None` if the means are right, for two averages side by side, else a hint.

    Example:
        >>> make_average(lambda: tf.function(lambda a: a))
        'after 1 and 3 it returned 3, the newest number; keep the sum in a variable'
    """
    average = answer()
    if not callable(average):
        return "expected a function from make_average(); return the inner one"
    try:
        first = float(average(tf.constant(1.0)))
        second = float(average(tf.constant(3.0)))
    except ValueError as error:
        if "singleton" in str(error) or "tf.Variable" in str(error):
            return "make the variables before the trace, outside the compiled function"
        raise
    if not np.isclose(first, 1):
        return f"after 1 alone it returned {first:g}; the mean of one number is itself"
    hints = {
        1.0: "the first number; what was computed while tracing does not change again",
        3.0: "the newest number; keep the sum in a variable",
        4.0: "the sum; divide by a count that is kept in a variable too",
    }
    if not np.isclose(second, 2):
        return f"after 1 and 3 it returned {second:g}, " + hints.get(
            second, "where their mean is 2"
        )
    third = float(average(tf.constant(8.0)))
    if not np.isclose(third, 4):
        return f"right for two numbers; after 1, 3 and 8 it returned {third:g}, not 4"
    other = float(answer()(tf.constant(5.0)))
    if not np.isclose(other, 5) or not np.isclose(float(average(tf.constant(8.0))), 5):
        return "a second average goes on from the first; make new variables for each"
    if not hasattr(average, "experimental_get_tracing_count"):
        return "right, but Python runs at every call; compile it with tf.function"
    return None
