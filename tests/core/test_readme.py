"""The README says what is true now."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from zoo.plugins import resolve
from zoo.registry import registry

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_generated_tables_are_fresh():
    result = subprocess.run([sys.executable, "tools/readme.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_verbs_and_options_it_names_exist():
    from zoo.cli.main import VERBS, cli

    added = registry(third_party=False).commands
    for verb, rest in re.findall(r"^\s*(?:\S*/)?zoo ([a-z]+)(.*)$", README, re.MULTILINE):
        assert verb in {*VERBS, *added}, verb
        command = cli.get_command(None, verb) if verb in VERBS else resolve(added[verb].spec.target, owner=verb)  # type: ignore[arg-type]
        commands = [command, *getattr(command, "commands", {}).values()]
        options = {name for one in commands for parameter in one.params for name in (*parameter.opts, *parameter.secondary_opts)}
        for option in re.findall(r"(--[a-z-]+)", rest):
            assert option in options, f"zoo {verb} {option}"


def test_ci_runs_the_commands_of_the_readme():
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    script = (ROOT / ".ci" / "run").read_text()
    test_block = next(block for block in blocks if "pytest" in block)
    for line in test_block.strip().splitlines():
        assert line.strip() in script, line
