"""Batches that come from elsewhere."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import tensorflow as tf

from tfbook.training.arguments import shorten


class Part(NamedTuple):
    """What one worker reads of a batch that several have read together."""

    batch: Any
    rows: tuple[int, ...]  # of each worker; the batch is all of them, in this order


class Stream:
    """Batches that are made elsewhere: a `tf.data.Dataset`, a generator, a loader.

    Nothing is read before training starts: a first look would take the first batch
    from a generator, and another order from a dataset that shuffles.

    Attributes:
        dataset: The batches.
        steps: Batches per epoch, or `None` for all of them.
        is_share: Whether they are made for one of several workers, which together have
            all rows.
        watch: What sees each batch that is read.
        ask: What is called with a function that may complain of a batch.
    """

    def __init__(
        self,
        name: str,
        dataset: tf.data.Dataset,
        steps: int | None,
        once: bool = False,
        epoch_hooks: tuple[Callable, Callable] | None = None,
    ) -> None:
        self.name = name
        self.dataset = dataset
        self.steps = steps
        self.once = once
        nothing: Callable = lambda: None  # noqa: E731
        self._begin, self._end = epoch_hooks or (nothing, nothing)
        self.is_share = False
        self.watch: Callable[[Iterator], Iterator] = iter
        self.ask: Callable[[Callable], Any] = lambda complain: complain()
        self._iterator: Any = None
        check_dataset(name, dataset, steps)

    @property
    def spec(self) -> Any:
        """The shapes and types of a batch, and how they are nested."""
        return as_batch(self.dataset.element_spec)

    def begin(self, epoch: int) -> Iterator:
        """Return the iterator of an epoch.

        With `steps`, and where data can be gone through once, it goes on where the
        epoch before has stopped. It is also moved there when a run is resumed.
        """
        self._begin()
        if self._iterator is None and epoch > 1:
            if self.steps is not None:
                done = (epoch - 1) * self.steps
                self._iterator = iter(self.dataset.skip(done))
            elif is_shuffled(self.dataset):
                # Each iterator takes another order; so many have been made by now.
                for _ in range(epoch - 1):
                    next(iter(self.dataset), None)
        if (self.steps is None and not self.once) or self._iterator is None:
            self._iterator = iter(self.dataset)
        return self.watch(self._iterator)

    def end(self) -> None:
        """End an epoch."""
        self._end()

    def structure(self) -> tuple:
        """What there is: features, targets, weights."""
        return self.spec

    def evidence(self) -> list:
        """What tells these data from others: only their form, since reading moves."""
        spec = self.spec
        if self.is_share:  # which has other rows with another number of workers
            spec = tf.nest.map_structure(any_rows, spec)
        number = int(self.dataset.cardinality())
        return [
            str(spec),
            f"batches: {number if number >= 0 else 'as many as there are'}",
            f"steps_per_epoch {self.steps}",
        ]


def any_rows(spec: Any) -> Any:
    """Describe a part of a batch with any number of rows."""
    if isinstance(spec, tf.TensorSpec):
        return tf.TensorSpec((None, *spec.shape[1:]), spec.dtype)
    return spec


def as_batch(element: Any) -> tuple:
    """Return an element of a dataset as `(x,)`, `(x, y)` or `(x, y, weights)`."""
    if isinstance(element, list):
        return tuple(element)
    return element if isinstance(element, tuple) else (element,)


def check_dataset(name: str, dataset: tf.data.Dataset, steps: int | None) -> None:
    """Check that the elements are batches, and that an epoch of them ends."""
    spec = as_batch(dataset.element_spec)
    if not 1 <= len(spec) <= 3:
        raise ValueError(
            f"{name}: expected a dataset of pairs (x, y), or (x, y, sample_weight), "
            f"got elements of {len(spec)}; zip features and targets"
        )
    for part in tf.nest.flatten(spec):
        if getattr(part, "shape", None) is None or part.shape.rank is None:
            raise ValueError(
                f"{name}: expected batches whose number of axes is known, got "
                f"{shorten(part)}; give from_generator an output_signature, or use "
                "tf.ensure_shape"
            )
        if part.shape.rank == 0:
            raise ValueError(
                f"{name}: expected batches, got single examples; pass dataset.batch(32)"
            )
    if dataset.cardinality() == 0:
        raise ValueError(
            f"{name}: expected one batch or more, got an empty dataset; check its "
            "source"
        )
    endless = any(
        each.cardinality() == tf.data.INFINITE_CARDINALITY for each in sources(dataset)
    )
    known = dataset.cardinality() >= 0
    if endless and not known and steps is None:
        remedy = (
            "pass steps_per_epoch"
            if name == "train_data"
            else "pass dataset.take(number_of_batches)"
        )
        raise ValueError(
            f"{name}: expected a dataset with an end, got one that repeats for ever; "
            f"{remedy}"
        )


def sources(dataset: tf.data.Dataset) -> Iterator[tf.data.Dataset]:
    """Go through a dataset and all those that it is made from."""
    yield dataset
    for source in dataset._inputs():
        yield from sources(source)


def is_shuffled(dataset: tf.data.Dataset) -> bool:
    """Whether each pass through a dataset may have another order."""
    return any("Shuffle" in type(each).__name__ for each in sources(dataset))
