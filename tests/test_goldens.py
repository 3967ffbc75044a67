"""Files that earlier releases have written can still be read.

A folder of `goldens/` is named by the release that wrote it, and is not written again.
`python tests/test_goldens.py` writes the folder of this release.
"""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

import tfbook.optimizers
from tfbook import models, training

GOLDENS = Path(__file__).with_name("goldens")
RELEASES = sorted(path.name for path in GOLDENS.iterdir())
X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(8, 3)
Y = X[:, :1] ** 2
# Ours, and Keras's with a schedule: their states are written in different ways.
OPTIMIZERS = {
    "ours": lambda: tfbook.optimizers.Adam(0.01),
    "keras": lambda: keras.optimizers.SGD(
        keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9), momentum=0.9
    ),
}


def run(folder: Path, optimizer: str, epochs: int) -> np.ndarray:
    """Train to an epoch, from the checkpoint of a folder if there is one."""
    keras.utils.set_random_seed(0)
    model = models.MLP([4], 1)
    history = training.train(
        model,
        (X, Y),
        optimizer=OPTIMIZERS[optimizer](),
        epochs=epochs,
        batch_size=4,
        record_every=5,
        checkpoint_dir=folder,
    )
    return np.append(history["training_loss"].to_numpy(), model(X).numpy())


@pytest.mark.parametrize("release", RELEASES)
def test_a_model_of_an_earlier_release_predicts_what_it_did(release):
    model = keras.models.load_model(GOLDENS / release / "model.keras")
    expected = np.load(GOLDENS / release / "expected.npz")["model"]
    np.testing.assert_allclose(model(X), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("release", RELEASES)
def test_a_run_of_an_earlier_release_goes_on_as_it_would_have(
    release, optimizer, tmp_path
):
    folder = tmp_path / "run"
    shutil.copytree(GOLDENS / release / optimizer, folder)
    (begun,) = folder.glob("epoch_*.npz")
    assert int(begun.stem.removeprefix("epoch_")) == 10
    expected = np.load(GOLDENS / release / "expected.npz")[optimizer]
    np.testing.assert_allclose(
        run(folder, optimizer, epochs=20), expected, rtol=1e-5, atol=1e-6
    )


def test_a_release_has_files():
    assert tfbook.__version__ in RELEASES


def write(folder: Path) -> None:
    """Write a model, two runs of 10 epochs, and what comes of them after 20."""
    folder.mkdir(parents=True)
    keras.utils.set_random_seed(0)
    model = models.MLP([4], 1)
    expected = {"model": model(X).numpy()}
    model.save(folder / "model.keras")
    for optimizer in OPTIMIZERS:
        run(folder / optimizer, optimizer, epochs=10)
        for path in (folder / optimizer).iterdir():
            if not path.match("epoch_*10.npz"):
                path.unlink()
        whole = folder / "whole"
        expected[optimizer] = run(whole, optimizer, epochs=20)
        shutil.rmtree(whole)
    np.savez(folder / "expected.npz", **expected)


if __name__ == "__main__":
    write(GOLDENS / tfbook.__version__)
