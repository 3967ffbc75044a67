"""The launcher: real processes, mostly without TensorFlow, all bounded in time."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tfbook.training import launch

SECONDS = 60  # in which a launch has to end, on a machine that is busy
LAUNCH = [sys.executable, "-m", "tfbook.training.launch"]

# What all scripts begin with. Each worker writes down its number and its process.
PROLOGUE = """
import json, os, pathlib, signal, subprocess, sys, time
config = json.loads(os.environ["TF_CONFIG"])
worker = config["task"]["index"]
folder = pathlib.Path(__file__).parent

def note(name, process):
    partial = folder / f"{name}.part"
    partial.write_text(str(process))
    partial.rename(folder / f"{name}.pid")

def wait_for(count):
    while len([*folder.glob("*.pid")]) < count:
        time.sleep(0.02)

note(f"worker_{worker}_{len([*folder.glob(f'worker_{worker}_*.pid')])}", os.getpid())
"""


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """Write a script, to which the fixture's folder belongs."""

    def write(source: str) -> str:
        path = tmp_path / "script.py"
        path.write_text(PROLOGUE + source)
        return str(path)

    return write


@pytest.fixture(autouse=True)
def _nothing_left(tmp_path: Path) -> Iterator[None]:
    """Hold that no process of a test has outlived it, and end those that have."""
    yield
    left = [pid for pid in processes(tmp_path).values() if is_alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


def processes(folder: Path) -> dict[str, int]:
    """Read what the workers have noted."""
    return {path.stem: int(path.read_text()) for path in folder.glob("*.pid")}


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has only not been waited for does not."""
    done = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


def run(*arguments: str | int, **settings: str) -> subprocess.CompletedProcess:
    """Launch, and wait for the end."""
    return subprocess.run(
        [*LAUNCH, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        **settings,
    )


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen]]:
    """Launch without waiting; what still runs at the end of a test is killed."""
    started = []

    def begin(*arguments: str, **settings: object) -> subprocess.Popen:
        process = subprocess.Popen([*LAUNCH, *arguments], **settings)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        for stream in filter(None, (process.stdout, process.stderr)):
            stream.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# What workers are given


def test_each_worker_gets_its_place_the_same_addresses_and_the_arguments(script):
    name = script("print(os.environ['TF_CONFIG'], sys.argv[1:])")
    done = run("--workers", 3, name, "--workers", "9", "-m")
    assert done.returncode == 0, done.stderr
    found = {}
    for line in done.stdout.splitlines():
        place, config, arguments = re.fullmatch(
            r"\[worker (\d)\] (\{.*\}) (\[.*\])", line
        ).groups()
        found[int(place)] = json.loads(config)
        assert arguments == "['--workers', '9', '-m']"
    assert sorted(found) == [0, 1, 2]
    for index, config in found.items():
        assert config["task"] == {"type": "worker", "index": index}
        assert config["cluster"] == found[0]["cluster"]
    addresses = found[0]["cluster"]["worker"]
    assert len({*addresses}) == 3
    for address in addresses:
        assert re.fullmatch(r"127\.0\.0\.1:\d{4,5}", address)


def test_a_module_is_run_by_its_name(script, tmp_path):
    script("print(sys.argv[1:])")
    done = run("--workers", 1, "-m", "script", "x", cwd=str(tmp_path))
    assert done.stdout == "[worker 0] ['x']\n"


# What workers print


def test_lines_arrive_whole_in_order_and_on_their_own_stream(script):
    name = script("""
for i in range(300):
    for stream in (sys.stdout, sys.stderr):
        stream.write(f"{worker}: ")
        stream.write(f"{i} " + 200 * "x" + "\\n")
sys.stdout.write("no end of line")
os.write(1, b"\\xff")
""")
    done = subprocess.run(
        [*LAUNCH, "--workers", "3", name],
        capture_output=True,
        check=True,
        timeout=SECONDS,
    )
    for stream, last in ((done.stdout, [b"no end of line\xff"]), (done.stderr, [])):
        lines = stream.splitlines()
        assert len(lines) == 3 * (300 + len(last))
        for worker in range(3):
            start = f"[worker {worker}] ".encode()
            mine = [line[len(start) :] for line in lines if line.startswith(start)]
            written = [f"{worker}: {i} {200 * 'x'}".encode() for i in range(300)]
            assert mine == written + last


def test_a_line_arrives_when_it_is_written_and_not_at_the_end(
    script, start, tmp_path, monkeypatch
):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    name = script("print('early'); wait_for(2); print('late')")
    process = start("--workers", "1", name, stdout=subprocess.PIPE, text=True)
    timer = threading.Timer(SECONDS, process.kill)
    timer.start()
    assert process.stdout.readline() == "[worker 0] early\n"
    timer.cancel()
    (tmp_path / "go.pid").write_text(str(2**22))  # no process has this number
    assert process.wait(SECONDS) == 0


def test_workers_end_when_nobody_reads_what_they_print(script, start):
    name = script("while True: print('x')")
    process = start("--workers", "2", name, stdout=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(SECONDS) == 128 + signal.SIGPIPE


# How workers end


def test_a_worker_that_ends_well_lets_the_others_finish(script):
    name = script("""
wait_for(2)
if worker:
    first = int((folder / "worker_0_0.pid").read_text())
    try:
        while True:
            os.kill(first, 0)
            time.sleep(0.02)
    except ProcessLookupError:
        time.sleep(0.5)
        print("finished")
""")
    done = run("--workers", 2, name)
    assert (done.returncode, done.stdout) == (0, "[worker 1] finished\n")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("failure", "code", "got"),
    [
        ("raise ValueError('no rows')", 1, "1 after 'ValueError: no rows'"),
        ("print('step 7'); sys.exit(5)", 5, "5 after 'step 7'"),
        ("os.kill(os.getpid(), signal.SIGKILL)", 137, "137 (SIGKILL) without a word"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", 139, "139 (SIGSEGV) without a word"),
    ],
)
def test_the_first_failure_ends_all_and_gives_its_code_and_last_line(
    script, failure, code, got
):
    name = script(f"""
wait_for(3)
if worker == 1:
    {failure}
time.sleep(600)
""")
    done = run("--workers", 3, name)
    assert done.returncode == code
    assert done.stderr.splitlines()[-1] == (
        f"launch: worker 1: expected exit code 0, got {got}; look at its lines above"
    )


DEAF = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
note(f"child_{worker}", child.pid)
wait_for(4)
"""


def test_grandchildren_and_workers_that_are_deaf_to_sigterm_end_too(script, tmp_path):
    name = script(DEAF + "if worker: sys.exit(3)\ntime.sleep(600)")
    started = time.monotonic()
    done = run("--workers", 2, "--grace", 1, name)
    assert done.returncode == 3
    assert time.monotonic() - started > 1
    assert len(processes(tmp_path)) == 4
    # The fixture holds that none of them is alive.


def test_what_a_worker_leaves_ends_with_it_though_it_ended_well(script, tmp_path):
    name = script(DEAF.replace("wait_for(4)", "wait_for(2)"))
    assert run("--workers", 1, name).returncode == 0
    assert len(processes(tmp_path)) == 2


def test_a_worker_has_time_to_save_its_work(script):
    name = script("""
def save(*_):
    time.sleep(0.5)
    print("saved")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
note(f"ready_{worker}", 2**22)
wait_for(4)
if worker:
    sys.exit(4)
time.sleep(600)
""")
    done = run("--workers", 2, name)
    assert (done.returncode, done.stdout) == (4, "[worker 0] saved\n")


def test_processes_that_it_did_not_start_live_on(script):
    # One is in the group that the launcher is in itself.
    name = script("sys.exit(1 if worker else 0)")
    command = f"sleep 600 & echo $!; exec {' '.join(LAUNCH)} --workers 2 {name}"
    done = subprocess.Popen(
        ["sh", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    bystander = int(done.stdout.readline())
    try:
        assert done.wait(SECONDS) == 1
        assert is_alive(bystander)
    finally:
        os.kill(bystander, signal.SIGKILL)
        done.stdout.close()


# Signals


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize(
    ("number", "passed"),
    [("SIGINT", "SIGINT"), ("SIGTERM", "SIGTERM"), ("SIGHUP", "SIGTERM")],
)
def test_a_signal_reaches_every_worker_and_ends_all_without_a_restart(
    script, start, tmp_path, number, passed
):
    name = script(f"""
def leave(number, frame):
    print(signal.Signals(number).name)
    sys.exit(1)
signal.signal(signal.{passed}, leave)
note(f"ready_{{worker}}", 2**22)
time.sleep(600)
""")
    process = start(
        *["--workers", "2", "--max-restarts", "3", name],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: len([*tmp_path.glob("*.pid")]) == 4)
    process.send_signal(signal.Signals[number])
    out, error = process.communicate(timeout=SECONDS)
    assert process.returncode == 128 + signal.Signals[number]
    assert sorted(out.splitlines()) == [f"[worker {i}] {passed}" for i in range(2)]
    assert error == f"launch: ended by {number}, and all workers with it\n"


@pytest.mark.usefixtures("_signals")
def test_a_second_ctrl_c_does_not_wait(script, start, tmp_path):
    name = script(DEAF + "time.sleep(600)")
    process = start(
        *["--workers", "2", "--grace", "600", name], stderr=subprocess.DEVNULL
    )
    until(lambda: len([*tmp_path.glob("*.pid")]) == 4)
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 128 + signal.SIGINT


@pytest.mark.usefixtures("_signals")
def test_ctrl_c_leaves_time_though_it_ends_who_reads_as_well(script, start, tmp_path):
    name = script("""
def leave(number, frame):
    print("leaving")
    print("leaving", file=sys.stderr)
    time.sleep(0.5)
    (folder / f"saved_{worker}").touch()
    sys.exit(0)
signal.signal(signal.SIGINT, leave)
note(f"ready_{worker}", 2**22)
time.sleep(600)
""")
    process = start(
        *["--workers", "2", name],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    until(lambda: len(processes(tmp_path)) == 4)
    process.stdout.close()  # as `| tee` does, which gets the same Ctrl-C
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 128 + signal.SIGINT
    assert len([*tmp_path.glob("saved_*")]) == 2


# Restarts


def test_all_start_again_together_with_new_ports(script):
    name = script("""
started = len([*folder.glob(f"worker_{worker}_*.pid")])
print(config["cluster"]["worker"])
if worker == 1 and started < 3:
    wait_for(2 * started)
    sys.exit(started)
if started < 3:
    time.sleep(600)
""")
    done = run("--workers", 2, "--max-restarts", 2, name)
    assert done.returncode == 0, done.stderr
    told = done.stderr.splitlines()
    assert len(told) == 2
    for times, line in enumerate(told, start=1):
        assert line.startswith(f"launch: worker 1: expected exit code 0, got {times} ")
        assert line.endswith(f"; all start again, {times} of 2 times")
    clusters = [line[11:] for line in done.stdout.splitlines()]
    assert len(clusters) == 6
    assert sorted(clusters.count(each) for each in {*clusters}) == [2, 2, 2]


def test_the_failure_after_the_last_restart_counts(script):
    name = script("sys.exit(10 + len([*folder.glob('worker_*.pid')]))")
    done = run("--workers", 1, "--max-restarts", 1, name)
    assert done.returncode == 12
    assert done.stderr.count("\n") == 2


# Arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--workers", "0", "s"],
            "--workers: expected a whole number, 1 or more, got '0'; pass",
        ),
        (
            ["--workers", "x", "s"],
            "--workers: expected a whole number, 1 or more, got 'x'; pass",
        ),
        (["--workers", "1", "--max-restarts", "-1", "s"], "--max-restarts: expected a"),
        (["--workers", "1", "--grace", "nan", "s"], "--grace: expected seconds, 0 or"),
        (
            ["--workers", "1", "none.py"],
            "script: expected a Python file, got 'none.py'",
        ),
        (["--workers", "1"], "expected --workers N script ..., got 'the following"),
        (["s"], "expected --workers N script ..., got 'the following"),
        (["--worker", "1", "s"], "expected --workers N script ..., got 'the following"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(arguments, message):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"launch: {message}")
    assert done.stderr.count("\n") == 1


def test_a_place_outside_of_the_cluster_is_refused():
    for wrong in (-1, 2):
        with pytest.raises(IndexError, match=rf"^index: expected .*, got {wrong};"):
            launch.tf_config(["a:1", "b:1"], wrong)


def test_a_worker_that_cannot_be_started_ends_those_that_were(script, tmp_path):
    name = script("time.sleep(600)")
    source = f"""
import subprocess, sys
from unittest import mock
sys.path.insert(0, {str(Path(launch.__file__).parent)!r})
import launch
start, left = subprocess.Popen, [1]
def once(*arguments, **settings):
    if not left:
        raise OSError(12, "Cannot allocate memory")
    left.pop()
    return start(*arguments, **settings)
with mock.patch("subprocess.Popen", once):
    sys.exit(launch.main(["--workers", "2", {name!r}]))
"""
    done = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("launch: expected to start 2 workers, got Cannot all")


# With TensorFlow

TRAINS = """
import keras, numpy as np, tensorflow as tf
from tfbook import training
strategy = tf.distribute.MultiWorkerMirroredStrategy()
assert strategy.num_replicas_in_sync == 2
x = np.arange(12, dtype="float32").reshape(6, 2) / 12
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
history = training.train(
    model, (x, x @ [[1], [2]]), optimizer="adam", epochs=4, batch_size=4,
    record_every=2, strategy=strategy,
)
bits = np.concatenate([w.numpy().ravel() for w in model.weights]).tobytes()
print(bits.hex(), history.to_numpy().tobytes().hex())
"""


def test_two_workers_train_together_and_end_equal(script):
    done = subprocess.run(
        [
            *LAUNCH,
            "--workers",
            "2",
            script(TRAINS),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = sorted(done.stdout.splitlines())
    assert first.removeprefix("[worker 0] ") == second.removeprefix("[worker 1] ")
