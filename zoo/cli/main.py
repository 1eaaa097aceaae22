"""The group, the exit codes, and what happens to an error."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from zoo.errors import NonFiniteError, PluginError, UnknownName, ZooError
from zoo.machine import speaks

VERBS = {
    "list": "Models of the zoo, by id, architecture or wildcard.",
    "show": "Everything about one model.",
    "data": "Data sets: list, fetch, verify, path.",
    "train": "Train a model by its recipe.",
    "runs": "Training runs in this folder.",
    "sweep": "Studies: many trainings, one table and one picture.",
    "reproduce": "Train n seeds and compare with the published figure.",
    "plot": "Draw a run: curves, mistakes, weights, filters, feature maps.",
    "export": "Make a certified ONNX artifact of a trained model.",
    "verify": "Replay an artifact's certificate with onnxruntime alone.",
    "eval": "Measure a model on a split of its data: BLEU, accuracy, error.",
    "bench": "Measure latency, throughput and size of an artifact.",
    "ladder": "Classifiers side by side: accuracy against size and time.",
    "predict": "Ask an artifact about pictures or text.",
    "serve": "Answer over HTTP by the Open Inference Protocol.",
    "demo": "Models in a web page that computes in the browser.",
    "run": "Data, train, export, verify and bench in one go.",
    "check": "Check a model as plugin authors need it: spec, training, export.",
    "plugins": "Plugins found, and why one could not be loaded.",
    "new": "Make a plugin: a package with a model, a test and a README.",
}


class VerbGroup(click.Group):
    """Imports a verb when it is called, and asks plugins for theirs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*VERBS, *sorted(_plugin_commands(ctx))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in VERBS:
            from importlib import import_module

            command: click.Command = import_module(f"zoo.cli.{cmd_name}").command
            return command
        if owned := _plugin_commands(ctx).get(cmd_name):
            from zoo.plugins import resolve

            plugin_command: click.Command = resolve(owned.spec.target, owner=owned.owner.name)
            return plugin_command
        return None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise UnknownName("command", args[0], self.list_commands(ctx), hint="zoo --help")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command. A plugin may try to end the program, anywhere; that is its failure.

        Raises:
            PluginError: it did.
        """
        try:
            return super().invoke(ctx)
        except SystemExit as stop:
            raise PluginError(f"A plugin ended the command before it was done (SystemExit: {stop.code}).") from stop

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Names and help lines from the table: `--help` imports no verb."""
        rows = list(VERBS.items())
        rows += [(name, owned.spec.help) for name, owned in sorted(_plugin_commands(ctx).items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _plugin_commands(ctx: click.Context) -> dict[str, Any]:
    from zoo.registry import registry

    return registry(third_party=not ctx.params.get("no_plugins", False)).commands


def _use_folder(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """In the environment it reaches the processes that a command starts."""
    from zoo.plugin_sources import FOLDER

    if value == "":  # as an unset variable leaves it: it would mean the current folder
        raise click.BadParameter("an empty path", ctx, param)
    if value is not None:
        os.environ[FOLDER] = str(Path(value).absolute())


@click.group(cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="onnx-zoo", prog_name="zoo")
@click.option("--debug", is_flag=True, envvar="ZOO_DEBUG", help="Show the traceback of an error.")
@click.option("--no-plugins", is_flag=True, is_eager=True, help="Load no plugin of other distributions.")
@click.option(
    "--plugins-dir",
    metavar="PATH",
    is_eager=True,  # before --help, which names the verbs of plugins
    expose_value=False,
    callback=_use_folder,
    help="Load the packages and modules in this folder that implement a hook, installed or not.",
)
def cli(debug: bool, no_plugins: bool) -> None:
    """A model zoo: train in PyTorch, export to ONNX, prove, measure, deploy with onnxruntime alone.

    \b
    zoo run cnn                 data, training, export, proof, benchmark
    zoo predict cnn digit.png   ask the exported model
    """
    from zoo.registry import registry

    del debug  # `main` looks for it itself, since an error may come before options are parsed
    found = registry(third_party=not no_plugins)
    for plugin in found.plugins:
        for said in filter(None, [plugin.failure, *plugin.warnings]):
            click.echo(f"warning: plugin {plugin.name} ({plugin.distribution}): {said}", err=True)
    for name in VERBS.keys() & found.commands.keys():
        owner = found.commands[name].owner
        click.echo(f"warning: plugin {owner.name} ({owner.distribution}): zoo has a command {name} of its own", err=True)


def _tell(said: str, *, shared: bool) -> None:
    """On stderr; what all processes of a group have to say, one says."""
    if speaks() or not shared:
        click.echo(said, err=True)


def main() -> NoReturn:
    """Run the command line and exit: 0, 1 failure, 2 usage, 3 parity failed, 4 integrity failed, 130 interrupted."""
    debug = "--debug" in sys.argv[1:] or os.environ.get("ZOO_DEBUG", "") not in ("", "0")
    try:
        code = cli.main(prog_name="zoo", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except BrokenPipeError:  # `zoo list | head`: nobody listens any more, which is no error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except (click.Abort, KeyboardInterrupt):
        if debug:
            raise
        _tell("interrupted", shared=True)
        sys.exit(130)
    except click.ClickException as error:
        if debug:
            raise
        error.show()
        sys.exit(error.exit_code)
    except ZooError as error:
        if debug:
            raise
        # Processes that train together come upon such a loss at the same step; any other error may be one process's own.
        _tell(f"error: {error}", shared=isinstance(error, NonFiniteError))
        sys.exit(error.exit_code)
    except OSError as error:
        if debug:
            raise
        where = f" {error.filename}" if error.filename else ""
        click.echo(f"error: {error.strerror or error}:{where}".rstrip(":"), err=True)
        sys.exit(1)
    except Exception as error:  # a bug of ours or of a plugin: one sentence, the traceback on request
        if debug:
            raise
        click.echo(f"error: {type(error).__name__}: {error} (zoo --debug … shows the traceback)", err=True)
        sys.exit(1)
