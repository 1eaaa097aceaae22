"""Follow a page as its reader would: doctest, told of the files that a page writes and of the commands that it types."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\S+\.\w+)\n")
COMMAND = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


class Walk(doctest.DocTestParser):
    """A block that begins with `# path` is a file; one of `console` holds commands after `$`, with the answers they should get."""

    def get_examples(self, string: str, name: str = "<string>") -> list[doctest.Example]:
        """Each file and each command, in the order of the page; the answer of a command that shows none may be any.

        Raises:
            ValueError: a block is neither.
        """
        examples = []
        for block in BLOCK.finditer(string):
            language, body = block.groups()
            line = string.count("\n", 0, block.start(2))
            if language == "console":
                for command in COMMAND.finditer(body):
                    typed, answer = command.groups()
                    source = f"run({typed!r}, shown={bool(answer)})\n"
                    examples.append(doctest.Example(source, answer, lineno=line + body.count("\n", 0, command.start())))
            elif file := FILE.match(body):
                examples.append(doctest.Example(f"write({file[1]!r}, {body!r})\n", "", lineno=line))
            else:
                raise ValueError(f"{name}, line {line}: a block that nobody follows; it is neither console nor begins with # path")
        return examples


class Reader:
    """Who follows a page, in a folder of their own.

    Args:
        folder: that files are written to and commands are run in; what pip installs goes there, too, without the network.
    """

    def __init__(self, folder: Path) -> None:
        site = folder / "site"
        self.folder = folder
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")])),
            "PIP_TARGET": str(site),
            "PIP_NO_DEPS": "1",
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # it is the value of --build-isolation
        }

    def write(self, path: str, text: str) -> None:
        """A file of the page."""
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, encoding="utf-8")

    def run(self, command: str, *, shown: bool) -> None:
        """A command of the page, which must succeed; its answer is printed where the page shows one."""
        result = subprocess.run(
            shlex.split(command),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert result.returncode == 0, f"{command} ended with {result.returncode}:\n{result.stdout}"
        if shown:
            print(result.stdout, end="")


def follow(page: Path, folder: Path) -> doctest.TestResults:
    """The page, followed in `folder`; `...` in an answer stands for anything, and blanks for any blanks."""
    reader = Reader(folder)
    return doctest.testfile(
        str(page),
        module_relative=False,
        encoding="utf-8",
        parser=Walk(),
        globs={"write": reader.write, "run": reader.run},
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
    )
