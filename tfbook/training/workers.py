"""Workers that train together: what each has to say is heard by all of them.

Collectives wait until every worker takes part, each of them in the same one. So all
that could make one worker take another way than the others is told to all first: how it
was called, what it refuses, what it found in a folder, that it got a Ctrl-C.
"""

import functools
import json
import platform
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import tfbook
from tfbook.training.arguments import first_few, shorten, shorten_text
from tfbook.training.errors import cause_of, is_known_to_all, known_to_all
from tfbook.training.outcomes import WorkerLost
from tfbook.training.share import add_up
from tfbook.training.streams import Part

CHUNK = 4096  # bytes in one exchange: a collective has one shape


def are_several(strategy: Any) -> bool:
    """Whether a strategy is one for workers, each a process of its own."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def count(strategy: Any) -> int:
    """Return how many workers there are."""
    if not are_several(strategy):
        return 1
    return strategy.num_replicas_in_sync // len(strategy.extended.worker_devices)


def number(strategy: Any) -> int:
    """Return which worker this is; the first is number 0."""
    if not are_several(strategy):
        return 0
    resolver = strategy.cluster_resolver
    before = resolver.cluster_spec().as_dict().get("chief", [])
    chiefs = len(before) if resolver.task_type == "worker" else 0
    return chiefs + (resolver.task_id or 0)


# What each says


def on_every_worker(strategy: Any, function: Callable[[], Any]) -> list[Any]:
    """Call a function on each worker, and return what it has returned on each of them.

    That has to be what JSON can hold. An error on one worker is one on all: else the
    others would wait for it.

    Raises:
        RuntimeError: If it has raised on another worker; here, what it has raised.
        WorkerLost: If a worker no longer answers.
    """
    if not are_several(strategy):
        return [function()]
    try:
        said = {"value": function()}
    except WorkerLost:  # nobody could be told
        raise
    except BaseException as error:
        exchange(strategy, json.dumps({"error": one_line(error)}))
        known_to_all(error)
        raise
    heard = [json.loads(text) for text in exchange(strategy, json.dumps(said))]
    for worker, answer in enumerate(heard):
        if "error" in answer:
            raise known_to_all(
                RuntimeError(
                    f"train: expected all {len(heard)} workers to get on, got on "
                    f"worker {worker} {answer['error']}; start all again when that is "
                    "put right"
                )
            )
    return [answer["value"] for answer in heard]


def one_line(error: BaseException) -> str:
    """Show an error in one line."""
    if isinstance(error, tf.errors.OpError):
        return cause_of(error)
    says = shorten(error, 300) if isinstance(error, Exception) else ""
    return f"{type(error).__name__}: {says}" if says else type(error).__name__


def exchange(strategy: Any, text: str) -> list[str]:
    """Send a text to all workers, and return the texts of all."""
    content = zlib.compress(text.encode())
    content = len(content).to_bytes(8, "little") + content
    received: list[bytes] = []
    sent = 0
    while not received or any(map(is_part, received)):
        chunk = content[sent : sent + CHUNK].ljust(CHUNK, b"\0")
        with noticed_losses(strategy):
            rows = gatherer(strategy)(np.frombuffer(chunk, np.int64)[None])
        parts = [row.tobytes() for row in rows.numpy()]
        received = [
            one + part
            for one, part in zip(received or [b""] * len(parts), parts, strict=True)
        ]
        sent += CHUNK
    return [
        zlib.decompress(one[8 : 8 + int.from_bytes(one[:8], "little")]).decode()
        for one in received
    ]


def is_part(received: bytes) -> bool:
    """Whether more of a text is to come."""
    return len(received) < 8 + int.from_bytes(received[:8], "little")


@functools.cache
def gatherer(strategy: Any) -> Callable[[Any], tf.Tensor]:
    """Return a function that puts a chunk of each worker together, traced once.

    TensorFlow numbers collectives as they are called, and it is by their numbers that
    those of different workers find each other. So it works whatever each of them has
    compiled, as long as all have called the same.
    """
    per_worker = len(strategy.extended.worker_devices)

    def gather(chunk: tf.Tensor) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        return context.all_gather(tf.identity(chunk), axis=0)

    @tf.function(
        input_signature=[tf.TensorSpec((1, CHUNK // 8), tf.int64)], autograph=False
    )
    def whole(chunk: tf.Tensor) -> tf.Tensor:
        results = strategy.run(gather, (chunk,))
        return strategy.experimental_local_results(results)[0][::per_worker]

    # Called so, it is compiled also where functions are to run eagerly.
    return whole.get_concrete_function()


# The same call, the same batches, the same weights


def check_same(strategy: Any, describe: Callable[[], dict[str, Any]]) -> None:
    """Check that all workers were called alike.

    Args:
        strategy: How the workers are connected.
        describe: A function that looks at the call, and returns what it is by names
            and plain values.

    Raises:
        ValueError: On every worker, if they were not; the message says in what.
        RuntimeError: If another worker refuses its call.
    """
    # Also what JSON changes, such as the NaN of a default, is compared as text.
    calls = on_every_worker(
        strategy, lambda: {name: repr(value) for name, value in describe().items()}
    )
    differing = []
    for name in dict.fromkeys(name for call in calls for name in call):
        values = [call.get(name, "nothing") for call in calls]
        other = next((i for i, each in enumerate(values) if each != values[0]), None)
        if other is not None:
            first, here = (shorten_text(values[i], 60) for i in (0, other))
            differing.append(f"{name} {first} on worker 0 and {here} on worker {other}")
    if differing:
        raise ValueError(
            f"train: expected the same call on each of {len(calls)} workers, got "
            f"{first_few(differing)}; pass the same arguments to every worker, and the "
            "same data, or functions (worker, workers) that give each as many batches"
        )


def versions() -> dict[str, str]:
    """Name what has to be the same on all workers for them to do the same."""
    return {
        "tfbook": tfbook.__version__,
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "TensorFlow": tf.__version__,
        "Keras": keras.__version__,
        "NumPy": np.__version__,
    }


def same_batches(strategy: Any, name: str, batches: Iterator) -> Iterator:
    """Go through batches, each of which all workers have to have.

    Raises:
        ValueError: On every worker, if they differ in one, or in how many there are.
    """
    for place, batch, found in read_together(strategy, batches, digest_of):
        if differs := first_difference(found):
            raise on_all(
                f"{name}: expected the same batch number {place} on each of "
                f"{len(found)} workers, got {differs}; give every worker the same "
                "dataset, with the same seeds, or pass a function (worker, workers)"
            )
        if batch is not None:
            yield batch


def shares(strategy: Any, name: str, batches: Iterator) -> Iterator[Part]:
    """Go through a worker's share of batches, each of which all workers have a part of.

    Raises:
        ValueError: On every worker, if the parts do not fit together.
    """

    def describe(batch: Any) -> list:
        return [digest_of(batch), form_of(batch), rows_of(name, batch)]

    for place, batch, found in read_together(strategy, batches, describe):
        digests, forms, rows = zip(*found, strict=True)
        have = ["a batch" if each else "no more" for each in rows]
        if differs := first_difference(have):
            raise on_all(
                f"{name}: expected as many batches on each of {len(have)} workers, got "
                f"{differs} at batch number {place}; give each worker as many with "
                "take, or with repeat and steps_per_epoch"
            )
        if differs := first_difference(forms):
            raise on_all(
                f"{name}: expected batches that differ in the number of rows alone, "
                f"got {differs} in batch number {place}; pad all to the same shape"
            )
        if batch is None:
            return
        if place == 1 and len({*digests}) < len(digests):
            twice = next(each for each in digests if digests.count(each) > 1)
            who = [str(i) for i, each in enumerate(digests) if each == twice]
            raise on_all(
                f"{name}: expected other rows on each of {len(digests)} workers, got "
                f"the same first batch on workers {' and '.join(who)}; let the "
                "function return the rows of worker, such as data.shard(workers, "
                "worker)"
            )
        yield Part(batch, rows)


def on_all(message: str) -> BaseException:
    """Make an error that every worker raises, since all have heard the same."""
    return known_to_all(ValueError(message))


def read_together(
    strategy: Any, batches: Iterator, describe: Callable[[Any], Any]
) -> Iterator[tuple[int, Any, list]]:
    """Read batches, up to the end, and tell all workers of each.

    Yields:
        The number of the batch, counted from 1; the batch, or `None` at the end; and
        how each worker describes its own.
    """
    place, more = 0, True
    while more:
        batch = None

        def read() -> Any:
            nonlocal batch
            batch = next(batches, None)
            return describe(batch)

        found = on_every_worker(strategy, read)
        place, more = place + 1, batch is not None
        yield place, batch, found


def first_difference(found: Sequence) -> str:
    """Say what the first worker has found, and one that has found something else."""
    for worker, each in enumerate(found):
        if each != found[0]:
            return f"{found[0]} on worker 0 and {each} on worker {worker}"
    return ""


def digest_of(batch: Any) -> str:
    """Describe a batch by its shapes and a checksum."""
    if batch is None:
        return "no more"
    shapes, content = [], 0
    for part in tf.nest.flatten(batch, expand_composites=True):
        array = part.numpy()
        is_text = array.dtype.kind == "O"
        shapes.append(str(array.shape))
        content = zlib.crc32(
            repr(array.tolist()).encode() if is_text else array.tobytes(), content
        )
    return f"{' '.join(shapes)} {content:08x}"


def form_of(batch: Any) -> str:
    """Describe all of a batch that is not the number of its rows."""
    parts = tf.nest.flatten(batch) if batch is not None else []
    return " ".join(f"{part.dtype.name} {(None, *part.shape[1:])}" for part in parts)


def rows_of(name: str, batch: Any) -> int:
    """Count the rows of a batch, all parts of which have as many."""
    if batch is None:
        return 0
    rows = {int(part.shape[0]) for part in tf.nest.flatten(batch)}
    if len(rows) > 1 or 0 in rows:
        raise ValueError(
            f"{name}: expected one row or more, and as many in each part of a batch, "
            f"got {' and '.join(map(str, sorted(rows)))}; pass features and targets of "
            "the same examples"
        )
    return rows.pop()


def check_settings(strategy: Any, variables: list) -> None:
    """Check that no callback has changed the optimizer on some workers only.

    They would end with other weights, without a word.

    Raises:
        ValueError: On every worker, if one has another learning rate, or the like.
    """
    if not are_several(strategy):
        return

    def settings() -> list[str]:
        scalars = (each for each in variables if len(each.shape) == 0)
        return [f"{each.name} {each.numpy()!s}" for each in scalars]

    for found in zip(*on_every_worker(strategy, settings), strict=True):
        if differs := first_difference(found):
            raise on_all(
                f"train: expected the same optimizer on each of {len(found)} workers, "
                f"got {differs}; pass callbacks that change it to every worker"
            )


def agree(strategy: Any, variables: list) -> None:
    """Give the variables of every worker the values that they have on the first."""
    if not are_several(strategy):
        return

    def first_values() -> list[tf.Tensor]:
        context = tf.distribute.get_replica_context()
        is_first = tf.equal(context.replica_id_in_sync_group, 0)
        values = [tf.convert_to_tensor(variable) for variable in variables]
        mine = [tf.where(is_first, value, tf.zeros_like(value)) for value in values]
        return add_up(context, mine)

    shared = tf.function(lambda: strategy.run(first_values), autograph=False)
    with noticed_losses(strategy):
        values = shared.get_concrete_function()()  # called so, it warns of no retracing
    for variable, value in zip(variables, values, strict=True):
        variable.assign(strategy.experimental_local_results(value)[0])


# A worker that is no more, or cannot go on

# What TensorFlow ends a collective with when somebody no longer takes part.
LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)
NAMED = re.compile(r"/job:(\w+)/(?:replica:\d+/)?task:(\d+)")
# Around what a worker says when it leaves, which arrives amid words of TensorFlow's.
BEGIN, END = "[tfbook: ", " :tfbook]"
SAID = re.compile(f"{re.escape(BEGIN)}(.*?){re.escape(END)}", re.DOTALL)
RESTART = (
    "end all that are left, and start all again with the same checkpoint_dir to go on "
    "from the last checkpoint"
)


@contextmanager
def noticed_losses(strategy: Any) -> Iterator[None]:
    """Say in one line that a worker was lost, if there are several.

    Raises:
        WorkerLost: In place of TensorFlow's error.
    """
    try:
        yield
    except tf.errors.OpError as error:
        text = str(error)
        is_loss = isinstance(error, LOST) or (
            "Collective ops is aborted" in text and "is joining a group" not in text
        )
        if not (is_loss and are_several(strategy)):
            raise  # about something else, such as a label out of range
        said = SAID.search(text)
        # The first that it names; those after it have only passed the news on.
        lost = NAMED.search(text)
        which = " ".join(lost.groups()) if lost else "another worker"
        says = (
            said[1]
            if said
            else (
                f"no answer from {which}, which has ended, hangs or cannot be reached"
            )
        )
        end_collectives(says)
        raise known_to_all(
            WorkerLost(f"train: expected all workers to go on, got {says}; {RESTART}")
        ) from None


def leave(strategy: Any, error: BaseException) -> None:
    """Let nobody wait for this worker, which cannot go on.

    The others are in the middle of a step, or on their way to the next one. After this
    nobody can train with anybody: TensorFlow ends all collectives, for good.
    """
    if are_several(strategy) and not is_known_to_all(error):
        end_collectives(f"on worker {number(strategy)} {one_line(error)}")


def end_collectives(says: str) -> None:
    """End what waits for this worker, or will wait, and say why.

    Neither way is public. Without them the others notice when the process has ended.
    """
    from tensorflow.python.eager import context

    told = tf.errors.ABORTED, f"{BEGIN}{says}{END}"
    # In a ring the news would reach those alone who wait for what this worker sends,
    # and not the one who waits for this worker to take something.
    with suppress(tf.errors.OpError):  # all know already, or nobody passes it on
        context.context().report_error_to_cluster(*told)
    context.context().abort_collective_ops(*told)
