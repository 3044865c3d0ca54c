"""The ``saltbridge`` command: a table of commands, loaded only when one is called.

Commands hold no rules. They raise; this module words the findings and sets the exit code:
0 done, 1 refused, 2 faulty input or usage, 3 something outside is missing.
"""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from saltbridge import __version__

# name -> (module, attribute, what it does). The order is the order of the path.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("demo", "demo", "Run the whole path between three companies on this machine."),
    "inventory": ("inventory", "app", "Start, check and convert an inventory (folder, Excel)."),
    "methodologies": (
        "methodologies",
        "methodologies",
        "List rule sets and editions on a day, and the dates of Article 7.",
    ),
    "footprint": ("footprint", "footprint", "Work out a carbon footprint under a rule set."),
    "plausibility": (
        "plausibility",
        "plausibility",
        "Ask what in an inventory cannot be right.",
    ),
    "compare": ("compare", "compare", "Show why two rule sets give two numbers."),
    "analyse": ("analyse", "analyse", "Show how sure a footprint is and what moves it most."),
    "what-if": ("what_if", "what_if", "Change an inventory and see it under every rule set."),
    "declare": ("declare", "declare", "Make the Article 7 declaration or the Chinese filing."),
    "replay": ("replay", "replay", "Work a footprint out again from its receipt."),
    "explain": ("explain", "explain", "Trace a footprint from activity to declared value."),
    "background": ("background", "app", "Fetch background data that may not be packaged."),
    "supplier": ("supplier", "app", "Take in, show and convert suppliers' footprints."),
    "node": ("node", "app", "Set up, introduce and serve the node of one company."),
    "people": ("people", "app", "Add people to a node, give them roles, lock and remove them."),
    "keys": ("keys", "app", "List, rotate, revoke and seal the keys of a node."),
    "identity": ("identity", "app", "Show how the node is known; get and show credentials."),
    "test-issuer": (
        "test_issuer",
        "app",
        "Issue credentials for trials on one machine. Nobody else believes them.",
    ),
    "record": ("record", "record", "Put together the supplier record of a battery."),
    "publish": ("publish", "publish", "Decide what may leave, and offer it to a partner."),
    "border": ("border", "app", "Show what left, what stayed, and under which rule."),
    "exchange": ("exchange", "app", "Look at a partner's offers, request and receive."),
    "pcf": ("pcf", "app", "Ask partners for footprints; answer or refuse what they ask."),
    "pact": ("pact", "app", "Let partners read footprints over PACT 3."),
    "twin": ("twin", "app", "Publish digital twins of batteries, and find a partner's."),
    "passport": ("passport", "app", "Issue, check and show battery passports."),
    "backup": ("backup", "backup", "Write a node into one file, or check such a file."),
    "restore": ("backup", "restore", "Set up a node from its backup."),
    "upgrade": ("backup", "upgrade", "Bring a node's store up to date, backup first."),
    "log": ("log", "app", "Check the log of a node, and what others have seen of it."),
    "verification": (
        "verification",
        "app",
        "Let a verifier read a model; draft, sign and take in its statement.",
    ),
    "verify": ("verify", "verify", "Check a saved record, receipt or passport offline."),
}


_HELP = """\
Usage: saltbridge [--language en|de|zh] COMMAND …

  Battery carbon data between companies and across borders: account, issue,
  exchange, guard. Start with: saltbridge demo

Options:
  --language en|de|zh  Language of messages (else SALTBRIDGE_LANGUAGE, else the
                       locale).
  --version            Print the version.
  --help               Show this, or the help of a command.

Commands:
"""


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run one command; returns the exit code instead of leaving."""
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        option, _, value = rest.pop(0).partition("=")
        if option == "--version":
            print(f"saltbridge {__version__}")
            return 0
        if option in ("--help", "-h"):
            return _help()
        if option != "--language":
            return _usage("no-option", option=option)
        from saltbridge.locales import LANGUAGES

        value = value or (rest.pop(0) if rest else "")
        if value not in LANGUAGES:
            return _usage("language", known=", ".join(LANGUAGES), value=value)
        os.environ["SALTBRIDGE_LANGUAGE"] = value
    if not rest:
        return _help()
    name, *rest = rest
    if name not in COMMANDS:
        from difflib import get_close_matches

        near = get_close_matches(name, COMMANDS, 1)
        if near:
            return _usage("near-command", name=name, near=near[0])
        return _usage("no-command", name=name)
    return _run_command(name, rest)


def _run_command(name: str, arguments: list[str]) -> int:
    from saltbridge.core.errors import FaultyInput, SaltbridgeError, Unavailable

    module, attribute, _ = COMMANDS[name]
    app = _as_app(getattr(import_module(f"saltbridge.cli.{module}"), attribute))
    try:
        app(arguments, prog_name=f"saltbridge {name}")
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else int(bool(leave.code))
    except SaltbridgeError as error:
        from saltbridge.cli.present import say_findings

        say_findings(error.findings, tongue=_language_in(arguments))
        if isinstance(error, FaultyInput):
            return 2
        return 3 if isinstance(error, Unavailable) else 1
    except KeyboardInterrupt:
        _usage("stopped")
        return 130
    except BrokenPipeError:
        # The reader has enough (`saltbridge … | head`): close quietly, as other tools do.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _language_in(arguments: list[str]) -> str:
    """The language a command was given: what refuses it speaks that too. Empty without one."""
    from saltbridge.locales import LANGUAGES

    for option, value in zip(arguments, (*arguments[1:], ""), strict=False):
        named = value if option == "--language" else option.removeprefix("--language=")
        if named in LANGUAGES and option.startswith("--language"):
            return named
    return ""


def _as_app(target: Any) -> Callable[..., Any]:
    """A group as it is, or a single function as a command of its own."""
    import typer

    if isinstance(target, typer.Typer):
        return target
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(target)
    return app


def _help() -> int:
    width = max(map(len, COMMANDS)) + 2
    lines = (f"  {name:<{width}}{entry[2]}" for name, entry in COMMANDS.items())
    print(_HELP + "\n".join(lines))
    return 0


def _usage(fault: str, **arguments: object) -> int:
    from saltbridge.cli.present import language
    from saltbridge.locales import text

    print(text(f"usage.{fault}", arguments, language()), file=sys.stderr)
    return 2
