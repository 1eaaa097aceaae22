"""The recipes as a Keras 3 user writes them; `KERAS_BACKEND` says on what. `python keras_peer.py RECIPE DATA.npz EPOCHS`."""

from __future__ import annotations

import sys
import time

import keras
import numpy as np
from keras import layers
from protocol import answer, hush, requests

BATCH = 128


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """From 0 to lr over the first fifth of the steps, then back to 0, both linearly."""

    def __init__(self, lr: float, total: int) -> None:
        super().__init__()
        self.lr, self.total = lr, total

    def __call__(self, step):
        progress = keras.ops.cast(step, "float32") / self.total
        return self.lr * keras.ops.minimum(progress / 0.2, (1 - progress) / 0.8)


def mlp() -> keras.Model:
    """784-512-512-10 with dropout 0.2."""
    model = keras.Sequential(
        [
            layers.Input((784,)),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10),
        ]
    )
    return compiled(model, keras.optimizers.RMSprop(learning_rate=1e-3, rho=0.9, epsilon=1e-7))


def keras_3x3() -> keras.Model:
    """Keras's own example mnist_cnn.py."""
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10),
        ]
    )
    return compiled(model, keras.optimizers.Adadelta(learning_rate=1.0, rho=0.95, epsilon=1e-8))


def fast(total: int) -> keras.Model:
    """The zoo's own small network with batch normalisation."""
    steps: list[keras.layers.Layer] = [layers.Input((24, 24, 1))]
    for channels, kernel, stride, pool in ((32, 5, 2, 1), (64, 3, 1, 2), (64, 3, 1, 1)):
        steps.append(layers.Conv2D(channels, kernel, strides=stride, use_bias=False, kernel_initializer="he_uniform"))
        if pool > 1:
            steps.append(layers.MaxPooling2D(pool))
        steps += [layers.BatchNormalization(momentum=0.9, epsilon=1e-5), layers.ReLU()]
    model = keras.Sequential([*steps, layers.Flatten(), layers.Dense(10)])
    rate = OneCycle(0.01, total)
    return compiled(model, keras.optimizers.AdamW(learning_rate=rate, beta_2=0.99, weight_decay=0.02, epsilon=1e-8), smoothing=0.1)


def compiled(model: keras.Model, optimizer: keras.optimizers.Optimizer, smoothing: float = 0.0) -> keras.Model:
    """With softmax cross-entropy."""
    loss: keras.losses.Loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    metric = "accuracy"
    if smoothing:
        loss, metric = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing), "categorical_accuracy"
    model.compile(optimizer=optimizer, loss=loss, metrics=[metric])
    return model


def cropped(pictures: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """A 24×24 crop of each 28×28 picture; float32 [n, 24, 24, 1], normalised."""
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (24, 24), axis=(1, 2))  # [n, 5, 5, 24, 24]
    chosen = windows[np.arange(len(pictures)), rows, columns]  # [n, 24, 24]
    return ((chosen / np.float32(255) - np.float32(0.1307)) / np.float32(0.3081))[..., None]  # [n, 24, 24, 1]


def main() -> None:
    """Warm up, then an epoch for each line."""
    hush()
    recipe, arrays = sys.argv[1], dict(np.load(sys.argv[2]))
    epochs = int(sys.argv[3])
    keras.utils.set_random_seed(0)
    images, labels, test, test_labels = (arrays[name] for name in ("image", "label", "test_image", "test_label"))
    random = np.random.default_rng(0)
    augmented = recipe == "cnn.fast"
    if augmented:
        model = fast(epochs * -(-len(images) // BATCH))
        held = cropped(test, np.full(len(test), 2), np.full(len(test), 2))
        labels, test_labels = np.eye(10, dtype=np.float32)[labels], np.eye(10, dtype=np.float32)[test_labels]
        first = cropped(images, np.full(len(images), 2), np.full(len(images), 2))
    else:
        model = mlp() if recipe.startswith("mlp") else keras_3x3()
        shape = (-1, 784) if recipe.startswith("mlp") else (-1, 28, 28, 1)
        first, held = ((array / np.float32(255)).reshape(shape) for array in (images, test))  # [n, 784] or [n, 28, 28, 1]
    weights = model.get_weights()
    last = len(images) % BATCH or BATCH  # both shapes of a batch are compiled
    model.fit(first[: BATCH + last], labels[: BATCH + last], batch_size=BATCH, epochs=1, verbose=0)
    model.evaluate(held, test_labels, batch_size=1000, verbose=0)
    model.set_weights(weights)
    for variable in model.optimizer.variables:
        if "learning_rate" not in variable.path:
            variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
    answer(ready=f"Keras {keras.__version__} on {keras.backend.backend()}")
    for _ in requests():
        start = time.perf_counter()
        inputs = first
        if augmented:
            inputs = cropped(images, *random.integers(0, 5, (2, len(images))))
        model.fit(inputs, labels, batch_size=BATCH, epochs=1, verbose=0)
        seconds = time.perf_counter() - start
        loss, accuracy = model.evaluate(held, test_labels, batch_size=1000, verbose=0)[:2]
        answer(seconds=seconds, accuracy=float(accuracy), loss=float(loss))


if __name__ == "__main__":
    main()
