"""1000 full-batch epochs on Boston under a strategy of one replica, and without."""

import tensorflow as tf

from bench.boston import Boston
from bench.contest import AtMost, Makers

NAME = "network, one replica"
SECTION = "replicas"
EPOCHS = 1000

WAY = "train, a strategy of one replica"
BUDGETS = [AtMost(WAY, 1.2, "train")]


def contestants() -> Makers:
    """Say how to make the contestants, in the order in which they run."""
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    return {"train": Boston, WAY: lambda: Boston(strategy=strategy)}
