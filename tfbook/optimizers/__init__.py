"""Optimizers: update rules as pure functions, and thin classes that keep their state.

A rule takes the values of one weight, its gradient and its state, and returns new ones.
It works element by element, on tensors and NumPy arrays of any shape. A class remembers
the state of every weight between two steps, and has the methods of a Keras optimizer
that a loop calls.
"""

from tfbook.optimizers.adagrad import AdaGrad, adagrad_update
from tfbook.optimizers.adam import Adam, adam_update
from tfbook.optimizers.base import Optimizer
from tfbook.optimizers.momentum import Momentum, momentum_update
from tfbook.optimizers.nesterov import Nesterov, nesterov_update
from tfbook.optimizers.rmsprop import RMSprop, rmsprop_update
from tfbook.optimizers.sgd import SGD, sgd_update

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSprop",
    "adagrad_update",
    "adam_update",
    "momentum_update",
    "nesterov_update",
    "rmsprop_update",
    "sgd_update",
]
