"""Faults planted between the trained module and its file: each must be caught by the certificate, and found at the right module.

    python -m tools.hardness.planted [--only MODEL …] [--json]

Small models are trained for some steps by the product itself. Then each is exported with a fault: in a copy of the module that is
traced, or in the file; the original that it is certified against stays right.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import onnx
from torch import nn

from tools.hardness.plants import FAULTS, NOTHING, Fault
from tools.hardness.subjects import write_pictures
from zoo import api
from zoo.certify import certify as certifying
from zoo.certify import locate as locating
from zoo.certify import texts
from zoo.certify.divergence import Divergence
from zoo.errors import ParityError
from zoo.exporting import export as exporting
from zoo.graph import Graph
from zoo.training.run import Run

STEPS, FEW = 120, 4
"""Steps of training, and those of the stale weights."""
PICTURES = {"batch_size": 50, "precision": "fp32", "validation": 20}
WORDS = {"config.numbers": 16, "config.sample": 0.0, "config.least": 1}
TRANSLATOR = {"config.embedding": 16, "config.hidden": 16, "batch_size": 16, "precision": "fp32", "lr": 0.01}


@dataclass(frozen=True)
class Found:
    """What came of a fault."""

    fault: str
    model: str
    planted: str
    caught: bool
    located: str
    node: str
    iteration: int | None
    right: bool
    said: str


def write_pairs(path: Path) -> Path:
    """Sentences of three parts, in German and English."""
    who = (("Der Mann", "The man"), ("Die Frau", "The woman"), ("Der Hund", "The dog"), ("Ein Koch", "A cook"))
    does = (("spielt", "plays"), ("schläft", "sleeps"), ("wartet", "waits"), ("liest", "reads"), ("singt", "sings"))
    where = (
        ("", ""),
        (" im Park", " in the park"),
        (" auf der Straße", " on the street"),
        (" vor dem Haus", " in front of the house"),
    )
    lines = [f"{a} {b}{c}.\t{d} {e}{f}.\n" for a, d in who for b, e in does for c, f in where]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def write_text(path: Path) -> Path:
    """Lines of words of five kinds."""
    random = np.random.default_rng(0)
    kinds = [[f"{kind}{number}" for number in range(8)] for kind in ("cat", "dog", "sun", "sea", "tree")]
    path.write_text("\n".join(" ".join(random.choice(kinds[place % 5], 9)) for place in range(500)), encoding="utf-8")
    return path


def trained(model: str, folder: Path, steps: int) -> Path:
    """Folder of a run of so many steps."""
    options: dict[str, Any] = {"recipe": PICTURES | {"steps": steps}, "data": folder / "pictures", "name": "small"}
    if model.startswith("seq2seq"):
        options = {"recipe": TRANSLATOR | {"steps": steps}, "data": folder / "pairs.tsv", "name": "small"}
    elif model.startswith("word2vec"):
        options = {"recipe": WORDS | {"epochs": steps // FEW}, "data": folder / "text.txt", "name": "small"}
    elif model.startswith("camera"):
        options = {"recipe": {"steps": steps}}
    run: Run = api.train(model, output=folder / f"{steps}", device="cpu", **options)
    return run.path


def plant(model: str, faults: tuple[Fault, ...], folder: Path) -> Iterator[Found]:
    """Export a model with each of its faults."""
    name, _, variant = model.partition(":")
    runs = None if name.startswith("boolean") else [trained(name, folder, steps) for steps in (STEPS, FEW)]
    before: list[Graph] = []
    if runs is not None:
        with mock.patch.object(exporting, "trace", lambda graph, *_, **__: stop(before, graph)):
            exported(name, variant, runs[1], folder)
    for fault in (Fault(NOTHING, "", lambda _: None, file=True), *faults):
        graph = before[0].module if before else nn.Module()
        yield _judged(model, fault, *exported(name, variant, runs and runs[0], folder, planted(fault, graph)))


class Stopped(Exception):
    """The export has come as far as was wanted."""


def stop(seen: list[Graph], graph: Graph) -> None:
    """Keep the declared graph and go no further."""
    seen.append(graph)
    raise Stopped


def planted(fault: Fault, before: nn.Module) -> Callable[..., Any]:
    """The exporter's `trace` with a fault."""
    real = exporting.trace

    def trace(graph: Graph, *given: Any, **options: Any) -> Any:
        if fault.before:
            fault.before(graph.module)
        if not fault.file:
            graph = replace(graph, module=copy.deepcopy(graph.module))
            fault.change(graph.module, before)
            return real(graph, *given, **options)
        traced = real(graph, *given, **options)
        model = onnx.load_from_string(traced.content)
        fault.change(model.graph)
        onnx.checker.check_model(model, full_check=True)
        return traced._replace(content=model.SerializeToString())

    return trace


def exported(
    name: str, variant: str, run: Path | None, folder: Path, trace: Callable[..., Any] | None = None
) -> tuple[str | None, Divergence | None]:
    """Export; what the certificate said, and where it was found."""
    seen: list[Divergence] = []
    real = locating.locate

    def locate(*given: Any, **more: Any) -> Divergence | None:
        found = real(*given, **more)
        seen.extend([found] if found else [])
        return found

    patches = [
        mock.patch.object(locating, "locate", locate),
        mock.patch.object(certifying, "HOSTILE", 32),
        mock.patch.object(texts, "LONG", 30),
    ]
    patches += [mock.patch.object(exporting, "trace", trace)] if trace else []
    try:
        for patch in patches:
            patch.start()
        api.export(None if run else name, run=run, variants=[variant] if variant else (), output=folder / "exported")
    except ParityError as error:
        return str(error), seen[0] if seen else None
    except Stopped:
        pass
    finally:
        for patch in reversed(patches):
            patch.stop()
    return None, None


def _judged(model: str, fault: Fault, said: str | None, found: Divergence | None) -> Found:
    modules = [module.name for module in found.modules] if found else []
    return Found(
        fault=fault.name,
        model=model,
        planted=fault.module,
        caught=said is not None,
        located=" or ".join(str(module) for module in found.modules) if found else "",
        node=f"{found.first.name} ({found.first.operator})" if found else "",
        iteration=found.turn if found else None,
        # Of what is one node in the file, its modules are named; never more than two.
        right=(said is None)
        if fault.name == NOTHING
        else len(modules) in (1, 2) and any(name == fault.module or name.startswith(f"{fault.module}.layers.") for name in modules),
        said=str(found) if found else said or "",
    )


def table(found: list[Found]) -> str:
    """Lines of Markdown."""
    lines = [
        "| model | fault | planted in | caught | located in | node | iteration | right |",
        "|---|---|---|---|---|---|---:|---|",
    ]
    for one in found:
        iteration = "" if one.iteration is None else one.iteration
        where = "" if one.fault == NOTHING else f"`{one.planted}`" if one.planted else "its own code"
        caught, node = "yes" if one.caught else "no", f"`{one.node}`" if one.node else ""
        right = "yes" if one.right else "NO"
        lines.append(f"| `{one.model}` | {one.fault} | {where} | {caught} | {one.located} | {node} | {iteration} | {right} |")
    return "\n".join(lines)


def main() -> None:
    """Print what was found; exit with 1 where a fault was not caught, or found in the wrong place."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="MODEL", action="append", choices=list(FAULTS), help="one of the models")
    parser.add_argument("--json", action="store_true", help="print everything, as JSON")
    given = parser.parse_args()
    found: list[Found] = []
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_pictures(folder / "pictures")
        write_pairs(folder / "pairs.tsv")
        write_text(folder / "text.txt")
        for model in given.only or FAULTS:
            for one in plant(model, FAULTS[model], folder):
                found.append(one)
                print(f"{one.model}: {one.fault}: {one.said}", file=sys.stderr, flush=True)
    right = sum(one.right for one in found)
    if given.json:
        print(json.dumps([asdict(one) for one in found], indent=2))
    else:
        print(f"{table(found)}\n\n{right} of {len(found)} right, in {time.perf_counter() - began:.0f} s")
    sys.exit(right != len(found))


if __name__ == "__main__":
    main()
