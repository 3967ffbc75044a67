"""What schedulers would tell each worker, by the files that a page shows."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf
import yaml

from tfbook.training.launch import tf_config

MACHINES = Path(__file__).parents[2] / "book" / "scale" / "machines"
SECONDS = 60


def addresses_read_by_tensorflow(config: str, index: int) -> list[str]:
    """Read a TF_CONFIG as TensorFlow does, and hold that it means a worker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_CONFIG", config)
        resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
        assert (resolver.task_type, resolver.task_id) == ("worker", index)
        assert resolver.cluster_spec().jobs == ["worker"]
        return resolver.cluster_spec().job_tasks("worker")


def test_tensorflow_reads_what_the_function_writes():
    addresses = ["node1:2222", "node2:2222"]
    for index in range(2):
        config = tf_config(addresses, index)
        assert addresses_read_by_tensorflow(config, index) == addresses


# Slurm

# Stand-ins for Slurm's own programs: srun starts what it is given once for each task.
PROGRAMS = {
    "scontrol": """
[ "$*" = "show hostnames node[7-9]" ] || exit 9
printf 'node7\\nnode8\\nnode9\\n'
""",
    "srun": """
while [ "${1#--}" != "$1" ]; do echo "$1" >> "$FAKE/options"; shift; done
for task in 0 1 2; do SLURM_PROCID=$task "$@" || exit 1; done
""",
    "python": """
[ "$*" = train.py ] || exit 9
printf '%s' "$TF_CONFIG" > "$FAKE/config_$SLURM_PROCID"
echo started >> "$FAKE/starts"
[ "$(wc -l < "$FAKE/starts")" -gt "$FAIL_UNTIL" ]
""",
}


def run_slurm(folder: Path, fail_until: int) -> subprocess.CompletedProcess:
    """Run the batch script where Slurm's programs are the ones above."""
    for name, source in PROGRAMS.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\n{source}")
        path.chmod(0o755)
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "FAKE": str(folder),
        "FAIL_UNTIL": str(fail_until),
        "SLURM_JOB_ID": "4250123",
        "SLURM_JOB_NODELIST": "node[7-9]",
        "SLURM_CPUS_PER_TASK": "8",
    }
    return subprocess.run(
        ["bash", MACHINES / "slurm.sh"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def test_slurm_tells_each_task_its_place_and_all_machines(tmp_path):
    done = run_slurm(tmp_path, fail_until=0)
    assert done.returncode == 0, done.stderr
    for index in range(3):
        config = (tmp_path / f"config_{index}").read_text()
        assert addresses_read_by_tensorflow(config, index) == [
            "node7:20123",
            "node8:20123",
            "node9:20123",
        ]
    assert (tmp_path / "starts").read_text().count("started") == 3
    assert "--kill-on-bad-exit=1\n" in (tmp_path / "options").read_text()


@pytest.mark.parametrize(("failures", "code"), [(1, 0), (2, 0), (3, 1)])
def test_slurm_starts_all_again_and_says_when_it_gives_up(tmp_path, failures, code):
    done = run_slurm(tmp_path, fail_until=failures)
    assert done.returncode == code
    assert done.stderr.count("has failed") == failures


def test_what_is_asked_of_slurm_is_one_task_for_each_machine():
    script = MACHINES / "slurm.sh"
    subprocess.run(["bash", "-n", script], check=True, timeout=SECONDS)
    lines = script.read_text().splitlines()
    asked = {}
    for line in lines[1:]:  # Slurm reads no further than the first command
        if not line.startswith("#SBATCH --"):
            break
        name, value = line.removeprefix("#SBATCH --").split("=")
        asked[name] = value
    assert (asked["nodes"], asked["ntasks-per-node"]) == ("3", "1")
    assert sum(line.startswith("#SBATCH") for line in lines) == len(asked)


# Kubernetes


@pytest.fixture
def manifest() -> dict[str, dict]:
    """Read the objects of the manifest, by their kinds."""
    parts = yaml.safe_load_all((MACHINES / "job.yaml").read_text())
    return {part["kind"]: part for part in parts}


def environment_of(container: dict, annotations: dict[str, str]) -> dict[str, str]:
    """Do what Kubernetes does: a value may name variables that stand before it."""
    environment: dict[str, str] = {}
    for variable in container["env"]:
        if "valueFrom" in variable:
            path = variable["valueFrom"]["fieldRef"]["fieldPath"]
            (key,) = re.fullmatch(r"metadata\.annotations\['(.+)'\]", path).groups()
            value = annotations[key]
        else:
            value = re.sub(
                r"\$\((\w+)\)",
                lambda found: environment.get(found[1], found[0]),
                variable["value"],
            )
        environment[variable["name"]] = value
    return environment


def test_kubernetes_tells_each_pod_its_place_and_all_names(manifest, tmp_path):
    job = manifest["Job"]
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (tmp_path / "train.py").write_text("import os; print(os.environ['TF_CONFIG'])")
    python, *arguments = container["command"]
    assert python == "python"
    port = container["ports"][0]["containerPort"]
    count = job["spec"]["completions"]
    for index in range(count):
        annotations = {"batch.kubernetes.io/job-completion-index": str(index)}
        config = subprocess.run(
            [sys.executable, *arguments],
            env=environment_of(container, annotations),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            timeout=SECONDS,
        ).stdout
        # Host names of an Indexed Job, below the name of its service.
        assert addresses_read_by_tensorflow(config, index) == [
            f"{job['metadata']['name']}-{number}.{pod['subdomain']}:{port}"
            for number in range(count)
        ]
        assert json.loads(config)["task"] == {"type": "worker", "index": index}


def test_the_pods_run_at_once_and_find_one_another(manifest):
    job, service = manifest["Job"], manifest["Service"]
    pod = job["spec"]["template"]["spec"]
    assert job["apiVersion"] == "batch/v1"
    assert job["spec"]["completionMode"] == "Indexed"
    assert job["spec"]["parallelism"] == job["spec"]["completions"] == 3
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["selector"] == {"job-name": job["metadata"]["name"]}
    assert service["metadata"]["name"] == pod["subdomain"]
    mounted = {mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
