"""``saltbridge`` commands one after another, without importing everything for each.

Run as a program: every line of standard input is one command as JSON (``arguments``,
``folder``, ``environment``, ``output``: a file to write to); the answer is its exit code. The
program itself only imports and forks. A test process must not fork for this: a library that
has started threads there (Typst does) waits for them for ever in the fork.
"""

import json
import os
import signal
import sys
import traceback
from importlib import import_module
from typing import NoReturn

_LIMIT_SECONDS = 120


def be_the_command(
    arguments: list[str], folder: str, environment: dict[str, str], output: str
) -> NoReturn:
    """Go on as ``saltbridge ARGUMENTS`` in a folder, and end with its exit code."""
    from saltbridge.cli.main import run

    code = 70
    try:
        signal.alarm(_LIMIT_SECONDS)  # ends the process as a signal nobody handles
        nothing = os.open(os.devnull, os.O_RDONLY)
        written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for source, target in ((nothing, 0), (written, 1), (written, 2)):
            os.dup2(source, target)
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        code = run(arguments)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    from saltbridge.cli.main import COMMANDS

    for module, _, _ in COMMANDS.values():
        import_module(f"saltbridge.cli.{module}")
    for module in ("bootstrap", "adapters.backup", "services.account", "services.publish"):
        import_module(f"saltbridge.{module}")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            be_the_command(**json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
