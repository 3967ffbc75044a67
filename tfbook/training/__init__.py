"""Training: one engine, for any Keras model.

`train` fits a model, `records` is the same as an iterator, and `train_step` and
`test_step` are what both repeat. The rest of this folder is how they work inside; read
it in this order:

- ``steps``: one step and one test, as the pages derive them
- ``loop``: `train` and `records`
- ``outcomes``: what a run yields, and how it can end early
- ``run``: what a run is made of, and how it gets on by a record
- ``program``: many steps in one compiled call
- ``cache``: when a program is found again
- ``batches``: what callers call data, as what a program reads
- ``objective``: loss and metrics, as Keras's `compile` understands them
- ``dry_run``: one batch through model and loss, before anything is compiled
- ``replicas``: a step shared out to several devices
- ``checkpoints``: the state of a run in a file, whole or not there at all
- ``identity``: what makes a run the one that it is
- ``callbacks``: what Python does at its turn
- ``arguments``, ``errors``, ``interrupts``: checks, endings, Ctrl-C

``README.md`` beside them says what the engine guarantees, and why it is built so.
"""

from tfbook.training.loop import records, train
from tfbook.training.outcomes import Record, TrainingDiverged, TrainingInterrupted
from tfbook.training.steps import Tally, test_step, train_step

__all__ = [
    "Record",
    "Tally",
    "TrainingDiverged",
    "TrainingInterrupted",
    "records",
    "test_step",
    "train",
    "train_step",
]
