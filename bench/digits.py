"""5 epochs of the network 784-128-10 on 4000 digits, in batches of 32."""

from bench.contest import AtLeast, Makers
from bench.network import make_problem, ways
from bench.problem import Problem
from bench.ways_keras import Fit
from tfbook import data

NAME = "digits"
SECTION = "batches"
EPOCHS = 5
TOLERANCE = 0.25  # each has its own order of rows

BUDGETS = [
    AtLeast("train", 2.5, "tf.function step from Python"),
    AtLeast("train", 2, "PyTorch eager"),
    AtLeast("train, XLA", 1, "JAX lax.scan"),
    AtLeast("train", 1, "tf.function step from Python", "first"),
]

SETTINGS = {"loss": "cross-entropy", "batch_size": 32}
PROBLEM = make_problem(*data.digits().train, [128], 10, **SETTINGS)


def batch_ways(problem: Problem) -> Makers:
    """Say how to make the contestants, `fit` with one call per epoch among them."""
    fit, *others = ways(problem).items()
    one_call = "Keras fit, steps_per_execution"
    return dict(
        [fit, (one_call, lambda: Fit(problem, problem.steps_per_epoch)), *others]
    )


def contestants() -> Makers:
    """Say how to make the contestants, in the order in which they run."""
    return batch_ways(PROBLEM)
