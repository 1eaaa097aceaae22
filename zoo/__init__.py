"""Zoo: a model zoo in which every architecture is a plugin.

    import zoo

    zoo.list_models()                  # what there is
    run = zoo.train("cnn", recipe={"epochs": 3})  # PyTorch
    net = zoo.load("cnn.fast")         # the trained torch.nn.Module
    zoo.export("cnn.fast")             # certified ONNX
    model = zoo.open("cnn.fast")       # onnxruntime alone
    model.run(image=pictures)          # {"label": …, "probabilities": …}
    zoo.__version__                    # of the distribution onnx-zoo

Importing this package imports neither torch nor onnxruntime: names are resolved when they are first used. It switches onnxruntime's
telemetry off, unless the environment says otherwise.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.api import bench, export, list_models, load, open, plot, predict, resume, train, verify  # noqa: A004
    from zoo.errors import ZooError
    from zoo.evaluation import evaluate
    from zoo.hookspecs import hookimpl
    from zoo.reproduction import reproduce
    from zoo.studies.sweep import sweep
    from zoo.way import run

    __version__: str

# From 1.31 on onnxruntime keeps an id of the machine and a queue of events for its maker, from its import on.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "ZooError",
    "bench",
    "evaluate",
    "export",
    "hookimpl",
    "list_models",
    "load",
    "open",
    "plot",
    "predict",
    "reproduce",
    "resume",
    "run",
    "sweep",
    "train",
    "verify",
]

_WHERE = {
    "ZooError": "zoo.errors",
    "evaluate": "zoo.evaluation",
    "hookimpl": "zoo.hookspecs",
    "reproduce": "zoo.reproduction",
    "run": "zoo.way",
    "sweep": "zoo.studies.sweep",
}


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(_WHERE.get(name, "zoo.api")), name)
    if name == "__version__":
        from importlib.metadata import version

        return version("onnx-zoo")
    raise AttributeError(f"module 'zoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
