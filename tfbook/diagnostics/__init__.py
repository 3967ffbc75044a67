"""Diagnostics: figures that say whether a model has learned, and why if it has not.

They know any Keras model with one input. `report` asks all the questions at once:
`measures` holds the figures, `findings` says where each of them is a fault, and
`reports` puts them together.
"""

from tfbook.diagnostics.findings import Finding
from tfbook.diagnostics.measures import (
    constant_baseline,
    dead_units,
    gradient_norms,
    layer_calls,
)
from tfbook.diagnostics.reports import Report, report

__all__ = [
    "Finding",
    "Report",
    "constant_baseline",
    "dead_units",
    "gradient_norms",
    "layer_calls",
    "report",
]
