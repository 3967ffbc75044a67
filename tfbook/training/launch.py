"""Workers on this machine, started together and ended together.

``python -m tfbook.training.launch --workers 3 script.py`` runs a script in three
processes, each of which finds in the environment variable ``TF_CONFIG`` who the others
are: what `tf.distribute.MultiWorkerMirroredStrategy` reads. The habits are those of
PyTorch's ``torchrun``. On several machines a scheduler starts the workers; `tf_config`
says what it has to set.

The workers share the cores, and their threads are not limited: those of TensorFlow
sleep when there is nothing to do, and a worker that waits for the others leaves its
cores to them. Who wants a limit sets ``TF_NUM_INTRAOP_THREADS``: workers inherit it.

Only the standard library is used here.
"""

import argparse
import json
import os
import queue
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

HOST = "127.0.0.1"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
# Lines of all workers go to the same terminal: one after the other.
WRITING = threading.Lock()


def tf_config(addresses: Sequence[str], index: int) -> str:
    """Write down which worker of a cluster a process is.

    Args:
        addresses: The host and the port of each worker, the same list for all.
        index: The worker's place in it.

    Returns:
        The value of the environment variable ``TF_CONFIG`` for that worker.

    Raises:
        IndexError: If the list has no such place.

    Example:
        >>> tf_config(["node1:2222", "node2:2222"], 1)  # doctest: +NORMALIZE_WHITESPACE
        '{"cluster": {"worker": ["node1:2222", "node2:2222"]},
          "task": {"type": "worker", "index": 1}}'
    """
    if index not in range(len(addresses)):
        raise IndexError(
            f"index: expected the place of one of {len(addresses)} workers, counted "
            f"from 0, got {index}; give each worker a place of its own"
        )
    task = {"type": "worker", "index": index}
    return json.dumps({"cluster": {"worker": [*addresses]}, "task": task})


class Worker:
    """A process that leads a group, to which all belongs that it starts.

    Args:
        index: Its number.
        command: What it runs.
        environment: Its environment variables.
        events: Where it puts itself when it has ended.
    """

    def __init__(
        self,
        index: int,
        command: list[str],
        environment: dict[str, str],
        events: queue.SimpleQueue,
    ) -> None:
        self.index = index
        self.events = events
        self.last_lines = {"stdout": b"", "stderr": b""}
        self.ended = False
        self.changing = threading.Lock()
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,  # outside the terminal's own group none may read
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
        )
        self.threads = [
            threading.Thread(target=target, args=arguments, daemon=True)
            for target, arguments in (
                (self._pass_on, ("stdout", sys.stdout.buffer)),
                (self._pass_on, ("stderr", sys.stderr.buffer)),
                (self._watch, ()),
            )
        ]
        for thread in self.threads:
            thread.start()

    def _pass_on(self, name: str, out: Any) -> None:
        """Pass on what the worker writes, in whole lines that say whose they are."""
        prefix = f"[worker {self.index}] ".encode()
        with getattr(self.process, name) as lines:
            for line in lines:
                if line.strip():
                    self.last_lines[name] = line
                if not write(out, prefix + line.removesuffix(b"\n") + b"\n"):
                    self.events.put(signal.SIGPIPE)

    def _watch(self) -> None:
        """Wait for the end, and end what the worker has left in its group."""
        # A group's number is that of its leader, and nobody else can have it before the
        # leader has been waited for in earnest.
        os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        with self.changing:
            self._signal(signal.SIGKILL)
            self.process.wait()
            self.ended = True
        self.events.put(self)

    def _signal(self, number: int) -> None:
        with suppress(PermissionError):  # on macOS, where only an ended leader is left
            os.killpg(self.process.pid, number)

    def send(self, number: int) -> None:
        """Send a signal to the group, if the worker has not ended."""
        with self.changing:
            if not self.ended:
                self._signal(number)

    @property
    def code(self) -> int:
        """How it ended, as a shell counts: 128 and more for a signal."""
        code = self.process.returncode
        return code if code >= 0 else 128 - code

    def __str__(self) -> str:
        """Say how it failed, and what it said last."""
        code = self.process.returncode
        got = str(code) if code >= 0 else f"{self.code} ({signal_name(-code)})"
        line = self.last_lines["stderr"] or self.last_lines["stdout"]
        last = line.decode(errors="replace").strip()[:200]
        said = f"after {last!r}" if last else "without a word"
        return f"worker {self.index}: expected exit code 0, got {got} {said}"


def write(out: Any, line: bytes) -> bool:
    """Write a line at once, and say whether anybody can still read it."""
    with WRITING:
        try:
            out.write(line)
            out.flush()
        except OSError:  # as after `| head`
            # What comes after goes nowhere. It has to be read all the same: a worker
            # whose pipe is full would stand still.
            os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
            return False
    return True


def signal_name(number: int) -> str:
    """Name a signal; those for real time have no names of their own."""
    names = {each.value: each.name for each in signal.Signals}
    return names.get(number, f"signal {number}")


def free_addresses(count: int) -> list[str]:
    """Find ports on this machine that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:  # all open at once, so that no two get the same
            each.bind((HOST, 0))
        return [f"{HOST}:{each.getsockname()[1]}" for each in sockets]
    finally:
        for each in sockets:
            each.close()


def run_together(
    command: list[str], count: int, grace: float, events: queue.SimpleQueue
) -> Worker | int | None:
    """Run a command in workers, until all of them have ended.

    The first one that fails ends all others. A worker that ends well does not: the
    others may have something left to do.

    Returns:
        Why it ended early: the worker that failed first, or the signal that came.
    """
    addresses = free_addresses(count)
    workers: list[Worker] = []
    cause: Worker | int | None = None
    deadline: float | None = None
    try:
        for index in range(count):
            config = {"TF_CONFIG": tf_config(addresses, index), "PYTHONUNBUFFERED": "1"}
            workers.append(Worker(index, command, os.environ | config, events))
        running = count
        while running:
            try:
                event = events.get(timeout=seconds_until(deadline))
            except queue.Empty:
                event = None
            running -= isinstance(event, Worker)
            number = answer(event, cause)
            if number is None:
                continue
            for worker in workers:
                worker.send(number)
            deadline = time.monotonic() + grace
            cause = cause if event is None else event
    finally:
        for worker in workers:
            worker.send(signal.SIGKILL)
        deadline = time.monotonic() + grace
        for thread in (thread for worker in workers for thread in worker.threads):
            thread.join(seconds_until(deadline))  # all that was written is passed on
    return cause


def answer(event: Worker | int | None, cause: Worker | int | None) -> int | None:
    """Choose the signal to send to all workers, if any.

    Args:
        event: A worker that has ended, a signal, or `None` when the time is over.
        cause: Why they have been asked to end, if they have.
    """
    if isinstance(event, Worker):
        return signal.SIGTERM if cause is None and event.code else None
    if event == signal.SIGPIPE and cause is not None:  # Ctrl-C ends `| tee` too
        return None
    if event is None or isinstance(cause, int):  # who asks twice has no time
        return signal.SIGKILL
    # Workers may want to know Ctrl-C from the rest, and save their work.
    return event if event == signal.SIGINT else signal.SIGTERM


def seconds_until(deadline: float | None) -> float | None:
    """Compute the time that is left, if it ends."""
    return None if deadline is None else max(0.0, deadline - time.monotonic())


class Parser(argparse.ArgumentParser):
    """A parser that refuses in one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, without the usage of all that is right."""
        if "expected" not in message:
            message = f"expected --workers N script ..., got {message!r}; see --help"
        self.exit(2, f"launch: {message.removeprefix('argument ')}\n")


def number_from(smallest: int, kind: type = int) -> Any:
    """Make a function that reads a number no smaller than another."""

    def read(text: str) -> Any:
        try:
            number = kind(text)
        except ValueError:
            number = smallest - 1
        if not smallest <= number < float("inf"):
            whole = "a whole number" if kind is int else "seconds"
            raise argparse.ArgumentTypeError(
                f"expected {whole}, {smallest} or more, got {text!r}; pass for example "
                f"{smallest + 2}"
            )
        return number

    return read


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line, or end with exit code 2."""
    parser = Parser(
        prog="python -m tfbook.training.launch",
        description="Run a script in several workers on this machine.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--workers", type=number_from(1), required=True, help="how many"
    )
    parser.add_argument(
        "--max-restarts",
        type=number_from(0),
        default=0,
        metavar="N",
        help="how often to start all again together when one has failed",
    )
    parser.add_argument(
        "--grace",
        type=number_from(0, float),
        default=30.0,
        metavar="SECONDS",
        help="from the signal that asks workers to end to the one that ends them",
    )
    parser.add_argument(
        "-m", "--module", action="store_true", help="run a module, as python -m does"
    )
    parser.add_argument("script", help="a Python file, or with -m a module")
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, help="what the script is called with"
    )
    read = parser.parse_args(arguments)
    if not read.module and not Path(read.script).exists():
        parser.error(
            f"script: expected a Python file, got {read.script!r}, which does not "
            "exist; pass its path, or -m and the name of a module"
        )
    if not hasattr(os, "waitid"):
        parser.error(
            f"expected a system with waitid, got {sys.platform} with Python "
            f"{sys.version.split()[0]}; use Linux, or Python 3.13 on macOS"
        )
    return read


def say(text: str) -> None:
    """Tell something, apart from what the workers print."""
    write(sys.stderr.buffer, f"launch: {text}\n".encode())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run workers, all again if one fails, and return the code to exit with."""
    read = read_arguments(arguments)
    module = ["-m"] if read.module else []
    command = [sys.executable, *module, read.script, *read.arguments]
    events: queue.SimpleQueue = queue.SimpleQueue()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, lambda number, frame: events.put(number))
    for restarts in range(read.max_restarts + 1):
        try:
            cause = run_together(command, read.workers, read.grace, events)
        except OSError as error:
            say(
                f"expected to start {read.workers} workers, got {error.strerror}; "
                f"start fewer, or look at {shlex.join(command)}"
            )
            return 1
        if not isinstance(cause, Worker) or restarts == read.max_restarts:
            break
        say(f"{cause}; all start again, {restarts + 1} of {read.max_restarts} times")
    if isinstance(cause, Worker):
        say(f"{cause}; look at its lines above")
        return cause.code
    if cause is not None:
        say(f"ended by {signal_name(cause)}, and all workers with it")
        return 128 + cause
    return 0


if __name__ == "__main__":
    sys.exit(main())
