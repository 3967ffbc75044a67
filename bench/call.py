"""A whole call for 1 epoch of the network 13-64-64-1 on Boston."""

from bench.contest import AtMost, Makers
from bench.network import BOSTON, ways

NAME = "one epoch"
SECTION = "prices"
EPOCHS = 1

BUDGETS = [AtMost("train", 3, "tf.function step from Python")]


def contestants() -> Makers:
    """Say how to make the contestants, in the order in which they run."""
    return ways(BOSTON)
