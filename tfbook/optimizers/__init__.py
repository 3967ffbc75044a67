"""Optimizers: update rules as pure functions, and thin classes that keep their state.

A rule takes the values of one weight, its gradient and its state, and returns new ones.
It works element by element, on tensors and NumPy arrays of any shape. A class remembers
the state of every weight between two steps, and has the methods of a Keras optimizer
that a loop calls. Its learning rate is a number, or a schedule: a function of the step.
"""

from tfbook.optimizers.adagrad import AdaGrad, adagrad_update
from tfbook.optimizers.adam import Adam, adam_update
from tfbook.optimizers.adamw import AdamW, adamw_update
from tfbook.optimizers.base import Optimizer
from tfbook.optimizers.momentum import Momentum, momentum_update
from tfbook.optimizers.nesterov import Nesterov, nesterov_update
from tfbook.optimizers.rmsprop import RMSprop, rmsprop_update
from tfbook.optimizers.schedules import (
    cosine_decay,
    exponential_decay,
    piecewise_constant,
)
from tfbook.optimizers.sgd import SGD, sgd_update

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSprop",
    "adagrad_update",
    "adam_update",
    "adamw_update",
    "cosine_decay",
    "exponential_decay",
    "momentum_update",
    "nesterov_update",
    "piecewise_constant",
    "rmsprop_update",
    "sgd_update",
]
