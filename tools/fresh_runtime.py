"""Deploy into a fresh environment: numpy, onnxruntime and this package's wheel without its dependencies; ask every artifact there.

    python tools/fresh_runtime.py           # a table in Markdown, for docs/runtime.md
    python tools/fresh_runtime.py --json

Each time is the smallest of `ROUNDS` processes. Needs the network for numpy and onnxruntime, unless pip has them in its cache.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
ROUNDS = 5
TOOLS = ("pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils")
"""What an environment brings to install others with."""
INPUTS = {"image": [[0] * 28] * 28, "pixels": [[1, -1], [1, -1]], "inputs": "10", "text": "Zapisz plik.", "word": "war"}
"""What each artifact is asked with, by the name of its input."""
SCRIPT = """
import json, sys, time
times = [time.perf_counter()]
import zoo.runtime
zoo.runtime.open, zoo.runtime.Model
times.append(time.perf_counter())
model = zoo.runtime.open(sys.argv[1])
times.append(time.perf_counter())
given = model.prepare(json.loads(sys.argv[2])[model.inputs[0].name])
times.append(time.perf_counter())
for _ in range(2):
    found = model.predict(given)
    times.append(time.perf_counter())
foreign = {name.partition(".")[0] for name in sys.modules} & {"torch", "onnx", "msgspec", "click", "pluggy", "PIL"}
assert not foreign, foreign
took = [after - before for before, after in zip(times, times[1:])]
print(json.dumps({"id": model.id, "answer": next(iter(found.values())).tolist(), "ms": [1000 * each for each in took]}))
"""


def make(folder: Path) -> Path:
    """A fresh environment with numpy, onnxruntime and the wheel; its Python."""
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT))
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "numpy", "onnxruntime")
    run(python, "-m", "pip", "install", "-q", "--no-deps", *map(str, folder.glob("onnx_zoo-*.whl")))
    return python


def run(*command: str | Path) -> str:
    """What a command prints; it must succeed, away from this repository's own packages."""
    with tempfile.TemporaryDirectory() as away:
        made = subprocess.run(
            command,
            cwd=away,
            env={"PATH": "/usr/bin:/bin", "HOME": str(Path.home())},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return made.stdout


def sizes(python: Path) -> dict[str, float]:
    """Installed package → MB on disk, those of its dependencies apart."""
    site = next(python.parents[1].glob("lib/python*/site-packages"))
    found: dict[str, float] = {}
    for path in site.rglob("*"):
        top = path.relative_to(site).parts[0]
        if path.is_file() and not top.startswith(TOOLS):
            name = "zoo" if top.startswith(("zoo", "onnx_zoo")) else top.partition("-")[0].partition(".")[0]
            found[name] = found.get(name, 0) + path.stat().st_size / 1e6
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def measure(python: Path, artifact: Path) -> dict[str, Any]:
    """The answer of one artifact, and the least milliseconds of each step and of a whole process."""
    told = [json.loads(run(python, "-W", "error", "-c", SCRIPT, artifact, json.dumps(INPUTS))) for _ in range(ROUNDS)]
    ms = dict(
        zip(
            ("import", "open", "prepare", "first", "second"),
            map(min, zip(*(each["ms"] for each in told), strict=True)),
            strict=True,
        )
    )
    asked = INPUTS[json.loads((artifact / "zoo.json").read_text(encoding="utf-8"))["inputs"][0]["name"]]
    if not isinstance(asked, str):
        array, asked = np.array(asked), str(python.parents[2] / "asked.npy")
        np.save(asked, array)
    whole = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run(python, "-m", "zoo.runtime", artifact, asked)
        whole.append(1000 * (time.perf_counter() - began))
    return {"id": told[0]["id"], "answer": told[0]["answer"], "ms": {**ms, "process": min(whole)}}


def predict(python: Path) -> str:
    """What `zoo predict` says there, once what it needs beside is installed."""
    run(python, "-m", "pip", "install", "-q", "click", "msgspec", "pillow", "pluggy")
    artifact = ROOT / "exported" / "cnn.fast"
    return run(python.parent / "zoo", "predict", artifact, artifact / "samples.png")


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        python = make(Path(folder))
        found = [measure(python, path) for path in sorted((ROOT / "exported").iterdir()) if path.is_dir()]
        installed = sizes(python)
        predicted = predict(python)
    if chosen.json:
        print(json.dumps({"artifacts": found, "installed_mb": installed, "zoo_predict": predicted}, indent=2))
        return
    print("| artifact | import, ms | open, ms | prepare, ms | first answer, ms | second, ms | process, ms |")
    print("|---|---|---|---|---|---|---|")
    for each in found:
        print(
            f"| `{each['id']}` | "
            + " | ".join(f"{value:.2g}" if value < 10 else f"{value:.0f}" for value in each["ms"].values())
            + " |"
        )
    print(f"\n{sum(installed.values()):.0f} MB installed:", ", ".join(f"{name} {size:.1f}" for name, size in installed.items()))
    print(f"\n{predicted}", end="")


if __name__ == "__main__":
    main()
