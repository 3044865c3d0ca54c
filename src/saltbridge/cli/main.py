"""The ``saltbridge`` command: a table of commands, loaded only when one is called.

Commands hold no rules. They raise; this module words the findings and sets the exit code:
0 done, 1 refused, 2 faulty input or usage, 3 something outside is missing.
"""

import os
import sys
from importlib import import_module
from typing import Any

import click
import typer
from typer.main import get_command, get_command_from_info
from typer.models import CommandInfo

from saltbridge import __version__

# name -> (module, attribute, what it does). The order is the order of the path.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("demo", "demo", "Run the whole path between three companies on this machine."),
    "inventory": ("inventory", "app", "Start, check and convert an inventory (folder, Excel)."),
    "footprint": ("footprint", "footprint", "Work out a carbon footprint under a rule set."),
    "background": ("background", "app", "Fetch background data that may not be packaged."),
    "node": ("node", "app", "Set up, introduce and serve the node of one company."),
    "record": ("record", "record", "Put together the supplier record of a battery."),
    "publish": ("publish", "publish", "Decide what may leave, and offer it to a partner."),
    "border": ("border", "app", "Show what left, what stayed, and under which rule."),
    "exchange": ("exchange", "app", "Look at a partner's offers, request and receive."),
    "passport": ("passport", "app", "Issue, check and show battery passports."),
    "verify": ("verify", "verify", "Check a saved record, receipt or passport offline."),
}


class _LazyGroup(click.Group):
    """Lists commands from the table above; imports a module when its command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> Any:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module_name, attribute, summary = entry
        target = getattr(import_module(f"saltbridge.cli.{module_name}"), attribute)
        if isinstance(target, typer.Typer):
            command = get_command(target)
        else:
            command = get_command_from_info(
                CommandInfo(name=cmd_name, callback=target, help=target.__doc__),
                pretty_exceptions_short=True,
                rich_markup_mode=None,
            )
        command.name = cmd_name
        command.help = command.help or summary
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry[2]) for name, entry in COMMANDS.items()])


def _root() -> click.Group:
    return _LazyGroup(
        name="saltbridge",
        help="Battery carbon data between companies and across borders: account, issue, "
        "exchange, guard. Start with: saltbridge demo",
        params=[
            click.Option(
                ["--language"],
                type=click.Choice(["en", "de", "zh"]),
                help="Language of messages (else SALTBRIDGE_LANGUAGE, else the locale).",
            ),
            click.Option(["--version"], is_flag=True, help="Print the version."),
        ],
        callback=_start,
        invoke_without_command=True,
        no_args_is_help=False,
    )


def _start(language: str | None, version: bool) -> None:
    if language:
        os.environ["SALTBRIDGE_LANGUAGE"] = language
    context = click.get_current_context()
    if version:
        click.echo(f"saltbridge {__version__}")
        context.exit(0)
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run one command; returns the exit code instead of leaving."""
    from saltbridge.core.errors import FaultyInput, SaltbridgeError, Unavailable

    try:
        outcome = _root().main(arguments, prog_name="saltbridge", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except SaltbridgeError as error:
        from saltbridge.cli.present import say_findings

        say_findings(error.findings)
        if isinstance(error, FaultyInput):
            return 2
        return 3 if isinstance(error, Unavailable) else 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as leave:
        return int(leave.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return 130
    except BrokenPipeError:
        # The reader has enough (`saltbridge … | head`): close quietly, as other tools do.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
