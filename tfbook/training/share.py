"""The rows of a batch that belong to a replica, and what it sends to the others."""

from typing import Any

import keras
import tensorflow as tf

from tfbook.training.dry_run import regularized
from tfbook.training.objective import masks_of

# Numbers that TensorFlow adds up over workers; smaller ones and truth values are sent
# as one of these.
SENT = (tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.int32, tf.int64)


class Share:
    r"""The rows of a batch that belong to the replica that asks.

    Of the $n$ rows of a batch, replica $r$ of $k$ takes those from $\lfloor n r / k
    \rfloor$ up to $\lfloor n (r + 1) / k \rfloor$. If each worker has read a part of
    the batch, the replicas of a worker do the same with the rows of that part.

    Args:
        x: The features, of the batch or of this worker's part of it.
        rows: The numbers of rows of the parts, or `None` for the whole batch.
    """

    def __init__(self, x: Any, rows: tuple[int, ...] | None = None) -> None:
        self.context = tf.distribute.get_replica_context()
        self.num_replicas = self.context.num_replicas_in_sync
        self.replica = self.context.replica_id_in_sync_group
        self.is_part = rows is not None
        if rows is None:
            here = self.num_rows = tf.shape(tf.nest.flatten(x)[0])[0]
            self.begin, place, number = 0, self.replica, self.num_replicas
        else:
            number = self.num_replicas // len(rows)  # replicas of each worker
            worker, place = self.replica // number, self.replica % number
            here, self.num_rows = tf.constant(rows)[worker], tf.constant(sum(rows))
            self.begin = tf.cumsum(rows, exclusive=True)[worker]
        self.first = self.begin + here * place // number
        self.last = self.begin + here * (place + 1) // number

    def of(self, values: Any) -> Any:
        """Take the share of arrays.

        A model cannot be called with no rows: a replica without any takes one of
        another's, which `counted` leaves out again.
        """
        first, last = self.first - self.begin, self.last - self.begin
        rows = slice(first, tf.maximum(last, first + 1))
        return tf.nest.map_structure(lambda array: array[rows], values)

    def whole(self, values: Any) -> Any:
        """Return the rows of the whole batch, of targets or weights.

        Where a worker has read no more than its part, the others send theirs.
        """
        if not self.is_part:
            return values
        return tf.nest.map_structure(
            lambda part: None if part is None else self.gather_rows(self.of(part)),
            values,
        )

    def counted(self, values: Any, whole: bool = False) -> Any:
        """Take the rows that count: of what `of` gave, or of the whole batch."""
        start = self.first if whole else 0
        rows = slice(start, start + self.last - self.first)
        return tf.nest.map_structure(lambda array: array[rows], values)

    def gather(self, predicted: Any) -> tuple[Any, list]:
        """Put predictions, and their masks, together from all replicas."""
        masks = [
            None if mask is None else self.gather_rows(mask)
            for mask in masks_of(predicted)
        ]
        return tf.nest.map_structure(self.gather_rows, predicted), masks

    def gather_rows(self, values: tf.Tensor) -> tf.Tensor:
        """Put the rows that count together from all replicas."""
        rows = self.counted(values)
        if values.dtype in SENT:
            return self.place(rows, self.first, self.num_rows)
        rows = self.place(tf.cast(rows, tf.int32), self.first, self.num_rows)
        return tf.cast(rows, values.dtype)

    def place(
        self, part: tf.Tensor, first: tf.Tensor, num_rows: tf.Tensor
    ) -> tf.Tensor:
        """Put the parts of all replicas one after the other.

        Each is put where it belongs among zeros, and all are added up: TensorFlow's
        own gathering wants parts of equal length.
        """
        behind = num_rows - first - tf.shape(part)[0]
        widths = [[first, behind], *[[0, 0]] * (len(part.shape) - 1)]
        return self.sum([tf.pad(part, widths)])[0]

    def gather_slices(self, gradient: tf.IndexedSlices) -> tuple[tf.Tensor, tf.Tensor]:
        """Put the slices of an embedding's gradient together from all replicas."""
        found = tf.shape(gradient.indices)[0]
        # A replica without rows of its own has seen a row that does not count.
        size = tf.where(self.last > self.first, found, 0)
        (sizes,) = self.sum(
            [size * tf.one_hot(self.replica, self.num_replicas, dtype=tf.int32)]
        )
        first, num_slices = tf.reduce_sum(sizes[: self.replica]), tf.reduce_sum(sizes)
        values, indices = (
            self.place(part[:size], first, num_slices)
            for part in (gradient.values, gradient.indices)
        )
        return values, indices

    def sum(self, values: list) -> list:
        """Add tensors up over the replicas; what is none stays as it is.

        The gradient of an embedding is a list of slices with their ids. They are put
        one after the other, as one device has them: optimizers differ in what they do
        with an id that occurs twice.
        """
        values = [
            self.gather_slices(each) if isinstance(each, tf.IndexedSlices) else each
            for each in values
        ]
        return add_up(self.context, values)

    def penalty(self, model: keras.Model, penalties: list) -> tf.Tensor:
        """Return this replica's part of the penalties.

        Those on activities are means over the rows of the share; those on weights are
        the same on every replica.
        """
        on_weights = len(penalties) - regularized(model)
        by_rows = tf.cast((self.last - self.first) / self.num_rows, tf.float32)
        part = tf.constant(0.0)
        for i, penalty in enumerate(penalties):
            weight = by_rows if i < on_weights else 1 / self.num_replicas
            part += weight * tf.cast(tf.reduce_sum(penalty), tf.float32)
        return part

    def mean(self, states: list) -> list:
        """Average states over the replicas by their rows; integers are equal on all."""
        weight = (self.last - self.first) / self.num_rows
        floats = [
            state * tf.cast(weight, state.dtype) if is_float(state) else None
            for state in states
        ]
        means = add_up(self.context, floats)
        return [
            state if mean is None else mean
            for state, mean in zip(states, means, strict=True)
        ]


def is_float(value: Any) -> bool:
    """Whether something is a tensor of floats."""
    return value is not None and value.dtype.is_floating


def add_up(context: tf.distribute.ReplicaContext, values: list) -> list:
    """Add tensors up over the replicas; what is no tensor stays as it is.

    As many at once as can be: each reduction waits for the slowest replica.
    """
    values = list(values)
    places: dict[tf.DType, list[int]] = {}
    for place, value in enumerate(values):
        if isinstance(value, tf.Tensor):
            places.setdefault(value.dtype, []).append(place)
    for same_type in places.values():
        sums = context.all_reduce(
            tf.distribute.ReduceOp.SUM, [values[place] for place in same_type]
        )
        for place, sum_ in zip(same_type, sums, strict=True):
            values[place] = sum_
    return values
