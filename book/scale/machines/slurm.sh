#!/usr/bin/env bash
#SBATCH --job-name=train
#SBATCH --nodes=3
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=02:00:00
set -euo pipefail

# Slurm writes node[1-3]; TensorFlow wants "node1:21234", "node2:21234", ...
# The port comes from the number of the job: two jobs may share a machine.
port=$((20000 + SLURM_JOB_ID % 10000))
WORKERS=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | sed "s/.*/\"&:$port\"/" | paste -sd,)
export WORKERS

# One task on each machine, which knows its place by its own number. All end when one
# fails, and start again together from their checkpoint, three times at the most.
for attempt in 1 2 3; do
    srun --cpus-per-task="$SLURM_CPUS_PER_TASK" --kill-on-bad-exit=1 --label --unbuffered \
        bash -c '
            export TF_CONFIG="{
                \"cluster\": {\"worker\": [$WORKERS]},
                \"task\": {\"type\": \"worker\", \"index\": $SLURM_PROCID}
            }"
            exec python train.py
        ' && exit 0
    echo "attempt $attempt has failed" >&2
done
exit 1
