"""`zoo list` beside a bare click + pluggy program that prints one line: how long a person waits, in turn, medians and ratios.

    python tools/benchmarks/list.py [--rounds 30]

Also with three broken plugins installed: one raises at import, one calls sys.exit, one lacks a dependency.
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
BROKEN = {"raises": "raise RuntimeError('boom')", "exits": "raise SystemExit(3)", "lacks": "import a_package_that_nobody_has"}


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
        for plugin, code in BROKEN.items():
            (folder / f"broken_{plugin}.py").write_text(code)
            info = folder / f"broken_{plugin}-1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: broken-{plugin}\nVersion: 1.0\n")
            (info / "entry_points.txt").write_text(f"[zoo]\n{plugin} = broken_{plugin}\n")
        # As pip leaves it: with byte code, which a first call writes where it is missing.
        plain = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        broken = {**plain, "PYTHONPATH": os.pathsep.join([name, plain.get("PYTHONPATH", "")])}
        zoo = str(Path(sys.executable).with_name("zoo"))
        contestants = {
            "bare click + pluggy": ([sys.executable, str(folder / "bare.py"), "list"], plain),
            "the same, with entry points": ([sys.executable, str(folder / "bare.py"), "list", "--entry-points"], plain),
            "zoo list": ([zoo, "list"], plain),
            "zoo list, 3 broken plugins": ([zoo, "list"], broken),
        }
        times: dict[str, list[float]] = {label: [] for label in contestants}
        for _ in range(rounds + 1):  # the first fills the disk cache and is not counted
            for label, (command, environment) in contestants.items():
                times[label].append(seconds(command, environment))
    base = times["bare click + pluggy"][1:]
    for label, taken in times.items():
        ratio = statistics.median(mine / other for mine, other in zip(taken[1:], base, strict=True))
        print(f"{label:<28} {1000 * statistics.median(taken[1:]):6.0f} ms   {ratio:.2f}×")


if __name__ == "__main__":
    main()
