"""Training: one engine, for any Keras model.

`train` fits a model, `records` is the same as an iterator, and `train_step` and
`test_step` are what both repeat. The rest of this folder is how they work inside; read
it in this order:

- ``loop``: `train` and `records`
- ``steps``: one step and one test, as the pages derive them
- ``restart``: the same training from several starts
- ``outcomes``: what a run yields, and how it can end early
- ``run``: what a run is made of, and how it gets on by a record
- ``program``, ``passes``, ``tallies``, ``compiled``: many steps in one compiled call
- ``cache``, ``frozen``: when a program is found again
- ``batches``, ``arrays``, ``streams``, ``rows``: what callers call data
- ``objective``: loss and metrics, as Keras's `compile` understands them
- ``optimizers``: looked up, checked, built
- ``build``, ``forward``, ``dry_run``: one batch, before anything is compiled
- ``targets``, ``lookups``, ``guards``: what may be wrong with data, before and during
- ``replicas``, ``share``: a step shared out to several devices
- ``cluster``, ``tf_config``, ``meeting``: processes on one machine or many, connected
- ``workers``: what each of them has to say, heard by all
- ``checkpoints``, ``identity``: the state of a run in a file, and whose it is
- ``launch``: workers on this machine, from the command line
- ``callbacks``: what Python does at its turn
- ``arguments``, ``errors``, ``interrupts``: checks, endings, Ctrl-C

``README.md`` next to them says what the engine guarantees, and why it is built so.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfbook.training.cluster import connect_workers
    from tfbook.training.loop import records, train
    from tfbook.training.outcomes import (
        Record,
        TrainingDiverged,
        TrainingInterrupted,
        WorkerLost,
    )
    from tfbook.training.restart import Restart
    from tfbook.training.steps import Tally, test_step, train_step

__all__ = [
    "Record",
    "Restart",
    "Tally",
    "TrainingDiverged",
    "TrainingInterrupted",
    "WorkerLost",
    "connect_workers",
    "records",
    "test_step",
    "train",
    "train_step",
]

MODULES = ("cluster", "loop", "outcomes", "restart", "steps")


def __getattr__(name: str) -> Any:
    """Import what is asked for: `launch` needs no TensorFlow, which takes seconds."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = {
        public: getattr(module, public)
        for module in (import_module(f"{__name__}.{each}") for each in MODULES)
        for public in module.__all__
    }
    globals().update(found)
    return found[name]


def __dir__() -> list[str]:
    """Show what can be asked for, whether it has been imported or not."""
    return sorted({*globals(), *__all__})
