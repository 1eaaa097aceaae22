"""`zoo list` beside a bare click + pluggy program that prints one line: how long a person waits, in turn, medians and ratios.

    python tools/benchmarks/list.py [--rounds 30]

Also with fifty good plugins installed, and with these beside eight broken ones: one raises at import, one calls sys.exit, one lacks
a dependency, one prints, one declares an id that is taken, three answer their hooks with junk.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = """
import sys
import click, pluggy

spec, impl = pluggy.HookspecMarker("bare"), pluggy.HookimplMarker("bare")

class Specs:
    @spec
    def rows(self): ...

class Plugin:
    @impl
    def rows(self): return ["one row"]

@click.group()
def cli(): ...

@cli.command("list")
@click.option("--entry-points", is_flag=True)
def list_(entry_points):
    manager = pluggy.PluginManager("bare")
    manager.add_hookspecs(Specs)
    manager.register(Plugin())
    if "--entry-points" in sys.argv:
        manager.load_setuptools_entrypoints("bare")
    for rows in manager.hook.rows():
        click.echo("\\n".join(rows))

cli()
"""
HOOK = "from zoo.hookspecs import hookimpl\n@hookimpl\n"
BROKEN = {
    "raises": "raise RuntimeError('boom')",
    "exits": "raise SystemExit(3)",
    "lacks": "import a_package_that_nobody_has",
    "prints": "print('spam')",
    "twice": HOOK + "def zoo_models():\n    import zoo_cnn\n    return zoo_cnn.zoo_models()",
    "junk": HOOK + "def zoo_models():\n    return [42]",
    "none": HOOK + "def zoo_datasets():\n    return None",
    "misnamed": HOOK + "def zoo_modles():\n    return []",
}
GOOD = """
from zoo.hookspecs import hookimpl
from zoo.signatures import CLASSIFIER_EXPORTS, CLASSIFIER_TASK, IMAGE, LABEL, probabilities
from zoo.spec import SGD, DatasetSpec, ModelSpec, Recipe, Spec

class Config(Spec):
    hidden: int = 100

@hookimpl
def zoo_datasets():
    return [DatasetSpec(id=__name__, summary="s", source="s", licence="CC0-1.0", load=f"{{__name__}}.data:load")]

@hookimpl
def zoo_models():
    return [
        ModelSpec(
            architecture="{name}", tag="first", summary="s", source="s", task=CLASSIFIER_TASK, build="m:build", config=Config(),
            recipe=Recipe(optimiser=SGD(), batch_size=1, epochs=1), dataset=__name__, inputs=(IMAGE,),
            outputs=(LABEL, probabilities(10)), exports=CLASSIFIER_EXPORTS,
        )
    ]
"""
PLUGINS = 50


def install(folder: Path, codes: dict[str, str]) -> Path:
    """Distributions as pip leaves them, one for each plugin: name → source."""
    folder.mkdir()
    for plugin, code in codes.items():
        (folder / f"bench_{plugin}.py").write_text(code)
        info = folder / f"bench_{plugin}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: bench-{plugin}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[zoo]\n{plugin} = bench_{plugin}\n")
    return folder


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """One call, from start to exit."""
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bare.py").write_text(BARE)
        broken = install(folder / "broken", BROKEN)
        good = install(folder / "good", {f"good{number}": GOOD.format(name=f"good{number}") for number in range(PLUGINS)})
        # As pip leaves it: with byte code, which a first call writes where it is missing.
        plain = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}

        def beside(*folders: Path) -> dict[str, str]:
            return {**plain, "PYTHONPATH": os.pathsep.join([*map(str, folders), plain.get("PYTHONPATH", "")])}

        zoo = str(Path(sys.executable).with_name("zoo"))
        contestants = {
            "bare click + pluggy": ([sys.executable, str(folder / "bare.py"), "list"], plain),
            "the same, with entry points": ([sys.executable, str(folder / "bare.py"), "list", "--entry-points"], plain),
            "zoo list": ([zoo, "list"], plain),
            f"zoo list, {len(BROKEN)} broken plugins": ([zoo, "list"], beside(broken)),
            f"zoo list, {PLUGINS} plugins": ([zoo, "list"], beside(good)),
            f"zoo list, {PLUGINS} and {len(BROKEN)} broken": ([zoo, "list"], beside(good, broken)),
        }
        times: dict[str, list[float]] = {label: [] for label in contestants}
        for _ in range(rounds + 1):  # the first fills the disk cache and is not counted
            for label, (command, environment) in contestants.items():
                times[label].append(seconds(command, environment))
    base = times["bare click + pluggy"][1:]
    for label, taken in times.items():
        ratio = statistics.median(mine / other for mine, other in zip(taken[1:], base, strict=True))
        print(f"{label:<30} {1000 * statistics.median(taken[1:]):6.0f} ms   {ratio:.2f}×")


if __name__ == "__main__":
    main()
