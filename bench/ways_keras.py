"""Ways to train a Keras model: `fit`, a compiled step from Python, and `train`."""

from typing import Any

import keras
import tensorflow as tf

from bench.problem import Problem
from tfbook import training

__all__ = ["Fit", "Loop", "StepFromPython", "Train"]

LOSSES = {
    "squares": keras.losses.MeanSquaredError,
    "cross-entropy": lambda: keras.losses.SparseCategoricalCrossentropy(
        from_logits=True
    ),
}
OPTIMIZERS = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}


class KerasWay:
    """What these ways share.

    Args:
        problem: Data, model and first weights.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.model = problem.keras_model()
        self.loss_object = LOSSES[problem.loss]()
        self.optimizer = OPTIMIZERS[problem.optimizer](problem.learning_rate)
        self.optimizer.build(self.model.trainable_variables)
        self.fresh = [variable.numpy() for variable in self.optimizer.variables]

    def reset(self) -> None:
        # By hand, since `compile` would also throw away what is compiled.
        self.model.set_weights(self.problem.start)
        for variable, value in zip(self.optimizer.variables, self.fresh, strict=True):
            variable.assign(value)

    def loss(self) -> float:
        return float(self.loss_object(self.problem.y, self.model(self.problem.x)))


class Fit(KerasWay):
    """Keras's own loop.

    Args:
        problem: Data, model and first weights.
        steps_per_execution: How many steps one compiled call takes.
    """

    def __init__(self, problem: Problem, steps_per_execution: int = 1) -> None:
        super().__init__(problem)
        self.model.compile(
            self.optimizer, self.loss_object, steps_per_execution=steps_per_execution
        )

    def train(self, epochs: int) -> float:
        x, y, batch_size = self.problem.x, self.problem.y, self.problem.batch_size
        history = self.model.fit(
            x,
            y,
            batch_size=batch_size or len(x),
            epochs=epochs,
            shuffle=batch_size is not None,
            verbose=0,
        )
        return history.history["loss"][-1]


class StepFromPython(KerasWay):
    """The step of `train`, compiled and called from Python, over `tf.data`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)

        @tf.function
        def step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
            return training.train_step(
                self.model, self.optimizer, self.loss_object, x, y
            )

        self.step = step

    def train(self, epochs: int) -> float:
        data = tf.constant(self.problem.x), tf.constant(self.problem.y)
        if self.problem.batch_size is None:
            for _ in range(epochs):
                loss = self.step(*data)
            return float(loss)
        dataset = tf.data.Dataset.from_tensor_slices(data)
        dataset = dataset.shuffle(len(data[0])).batch(self.problem.batch_size)
        dataset = dataset.prefetch(tf.data.AUTOTUNE)
        for _ in range(epochs):
            total = tf.constant(0.0)
            for x, y in dataset:
                total += self.step(x, y)
        return float(total) / self.problem.steps_per_epoch


class Train(KerasWay):
    """`training.train`, which hands control back once, at the end.

    Args:
        problem: Data, model and first weights.
        **arguments: Other arguments of `train`.
    """

    def __init__(self, problem: Problem, **arguments: Any) -> None:
        super().__init__(problem)
        self.arguments = {
            "optimizer": self.optimizer,
            "loss": self.loss_object,
            "batch_size": problem.batch_size,
        } | arguments

    def train(self, epochs: int) -> float:
        history = training.train(
            self.model,
            (self.problem.x, self.problem.y),
            epochs=epochs,
            **({"record_every": epochs} | self.arguments),
        )
        return history["training_loss"].iloc[-1]


class Loop(Train):
    """The compiled loop alone: the data are tensors, all is checked and looked up."""

    def __init__(self, problem: Problem, epochs: int, **arguments: Any) -> None:
        super().__init__(problem, **arguments)
        # The plumbing of `train`, which has no public name.
        from tfbook.training.run import Run

        data = problem.x, problem.y
        self.run = Run(self.model, data, epochs=epochs, **self.arguments)

    def train(self, epochs: int) -> float:
        run = self.run
        epoch_numbers = range(1, epochs + 1)
        values = run.program.run(run.data, 0, epoch_numbers, lambda: False)
        return values["training_loss"]
