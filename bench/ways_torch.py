"""The way to train in PyTorch: a loop in Python over steps that are not compiled."""

import numpy as np
import torch
from torch.nn import functional

from bench.problem import Problem

__all__ = ["Torch"]

# Keras's layout of a kernel, as PyTorch has it: by the number of axes.
AXES = {1: (0,), 2: (1, 0), 4: (3, 2, 0, 1)}


class Torch:
    """The loop of PyTorch's tutorials.

    Args:
        problem: Data, model and first weights.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.model = problem.torch_model()

    def loss_of(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        predicted = self.model(x)
        if self.problem.loss == "squares":
            return functional.mse_loss(predicted, y)
        return functional.cross_entropy(predicted, y.ravel())

    def data(self) -> tuple[torch.Tensor, torch.Tensor]:
        y = torch.from_numpy(self.problem.y)
        # Labels are 64 bits wide there.
        y = y if y.is_floating_point() else y.long()
        return torch.from_numpy(self.problem.x), y

    def reset(self) -> None:
        with torch.no_grad():
            weights = zip(self.model.parameters(), self.problem.start, strict=True)
            for weight, value in weights:
                turned = np.ascontiguousarray(value.transpose(AXES[value.ndim]))
                weight.copy_(torch.from_numpy(turned))
        rate = self.problem.learning_rate
        self.optimizer = (
            torch.optim.SGD(self.model.parameters(), lr=rate)
            if self.problem.optimizer == "sgd"
            else torch.optim.Adam(self.model.parameters(), lr=rate, eps=1e-7)
        )

    def step(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        self.optimizer.zero_grad()
        loss = self.loss_of(x, y)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def train(self, epochs: int) -> float:
        x, y = self.data()
        batch_size = self.problem.batch_size
        if batch_size is None:
            for _ in range(epochs):
                loss = self.step(x, y)
            return float(loss)
        for _ in range(epochs):
            total = torch.zeros(())
            # A DataLoader would take the rows one by one, in Python.
            for rows in torch.randperm(len(x)).split(batch_size):
                total += self.step(x[rows], y[rows])
        return float(total) / self.problem.steps_per_epoch

    def loss(self) -> float:
        with torch.no_grad():
            return float(self.loss_of(*self.data()))
