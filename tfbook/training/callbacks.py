"""What Python does at its turn: Keras's callbacks, functions, and the bar."""

import warnings
from collections.abc import Sequence
from typing import Any

import keras
from tqdm.auto import tqdm

NOTHING = object()
BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end")


class Turns:
    """The callbacks of a run, while it is running.

    Args:
        callbacks: Keras callbacks, and functions of a `Record` that end the run by
            returning `True`.
        run: The run.
        progress: Whether to show a bar.
    """

    def __init__(self, callbacks: Sequence, run: Any, progress: bool) -> None:
        self.functions = [each for each in callbacks if not is_keras(each)]
        self.model, self.optimizer = run.model, run.optimizer
        self.keras = keras.callbacks.CallbackList(
            [each for each in callbacks if is_keras(each)],
            add_history=False,
            add_progbar=False,
            model=run.model,
            epochs=run.epochs,
        )
        self.bar = tqdm(
            total=run.epochs, initial=run.done, unit="epoch", disable=not progress
        )
        self.logs: dict[str, float] = {}

    def __enter__(self) -> "Turns":
        # Callbacks look for the optimizer in the model, where `compile` puts it; it is
        # there for as long as they may look.
        attributes = vars(self.model)
        self._before = {"optimizer": attributes.get("optimizer", NOTHING)}
        attributes["optimizer"] = self.optimizer
        self.model.stop_training = False
        self.keras.on_train_begin()
        return self

    def __exit__(self, exception: type | None, *rest: object) -> None:
        try:
            if exception is None:
                self.keras.on_train_end(self.logs)
        finally:
            self.bar.close()
            del vars(self.model)["optimizer"]
            if self._before["optimizer"] is not NOTHING:
                vars(self.model).update(self._before)

    def begin(self, epoch: int) -> None:
        """Before an epoch; Keras counts them from 0."""
        self.keras.on_epoch_begin(epoch - 1)

    def end(self, record: Any) -> bool:
        """After a record; whether the run is to end."""
        self.bar.set_postfix(record.values, refresh=False)
        self.bar.update(record.epoch - self.bar.n)
        self.logs = keras_names(record.values)
        self.keras.on_epoch_end(record.epoch - 1, self.logs)
        # All are asked, also after one has said that it is enough.
        wishes = [function(record) is True for function in self.functions]
        return self.model.stop_training or any(wishes)


def is_keras(callback: Any) -> bool:
    """Whether a callback is one of Keras's kind."""
    return isinstance(callback, keras.callbacks.Callback)


def check(callbacks: Any) -> Sequence[Any]:
    """Check callbacks, and return a list of them.

    Raises:
        TypeError: If one is no Keras callback and no function.
        ValueError: If one asks for a turn after each batch, when Python has none.
    """
    listed = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    for each in listed:
        if isinstance(each, type) or not (is_keras(each) or callable(each)):
            raise TypeError(
                "callbacks: expected Keras callbacks or functions of a record, got "
                f"{each!r}; pass for example keras.callbacks.EarlyStopping()"
            )
        for setting in ("save_freq", "update_freq"):
            if getattr(each, setting, "epoch") not in ("epoch", None):
                raise ValueError(
                    f"callbacks: expected {setting}='epoch' in "
                    f"{type(each).__name__}, got {getattr(each, setting)!r}; train "
                    "calls back after every record_every epochs, and not after batches"
                )
        if is_keras(each) and not type(each).__module__.startswith("keras."):
            warn_of_batch_hooks(each)
    return list(listed)


def warn_of_batch_hooks(callback: Any) -> None:
    """Say which methods of a callback will not be called."""
    base = keras.callbacks.Callback
    named = [
        name
        for name in (*BATCH_HOOKS, "on_batch_begin", "on_batch_end")
        if getattr(type(callback), name) is not getattr(base, name)
    ]
    if named:
        warnings.warn(
            f"callbacks: expected {type(callback).__name__} to need no turn after "
            f"batches, got its own {named[0]}, which train does not call; move what "
            "it does to on_epoch_end, or use fit",
            stacklevel=4,
        )


def keras_names(values: dict[str, float]) -> dict[str, float]:
    """Name values as Keras does: `loss`, `val_loss`, and `test_loss` next to them."""
    prefixes = {"training_": "", "validation_": "val_", "testing_": "test_"}
    named = {}
    for name, value in values.items():
        for ours, theirs in prefixes.items():
            if name.startswith(ours):
                named[theirs + name.removeprefix(ours)] = value
    return named
