"""The command line: `zoo VERB`. One file a verb, imported when it is called."""

from zoo.cli.main import main

__all__ = ["main"]
