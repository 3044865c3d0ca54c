"""``saltbridge demo``: the whole path between three companies on this machine."""

import json
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Exit after the last check; 0 only if all passed.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write steps, numbers and addresses here.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--dir", help="Keep the three nodes here (a new folder); else they go."),
    ] = None,
    port: Annotated[int, typer.Option(help="First loopback port to try.")] = 8101,
    passports: Annotated[int, typer.Option(min=1, max=500, help="Batteries to issue for.")] = 3,
) -> None:
    """Run the whole path between three companies on this machine.

    A material supplier and a cell maker in China and a carmaker in the EU, all fictitious, each
    with a node of its own on loopback: holes, supplier data, footprint, border decision,
    exchange, verification, passport. Serves the pages until Ctrl-C unless --once is given.
    """
    from rich.console import Console

    from saltbridge.cli.demo_steps import walk_the_path
    from saltbridge.cli.demo_walk import StepFailed, Walk, examples_folder
    from saltbridge.core.errors import Refused

    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise Refused.of("demo.folder-not-empty", folder=str(folder))
    home = folder or Path(tempfile.mkdtemp(prefix="saltbridge-demo-"))
    home.mkdir(parents=True, exist_ok=True)
    console = Console()
    walk = Walk(
        folder=home.resolve(), examples=examples_folder(), companies={}, console=console
    )
    for asked_to_stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked_to_stop, signal.default_int_handler)
    started = time.monotonic()
    failure, ok = "", False
    try:
        try:
            walk_the_path(walk, first_port=port, passports=passports)
        except StepFailed as fault:
            failure = str(fault)
            walk.say()
            walk.say(walk.word("failed", title=walk.steps[-1].title), "red")
            walk.say(failure)
        ok = not failure and all(step.ok for step in walk.steps)
        if json_file is not None:
            json_file.write_text(_as_json(walk, ok), encoding="utf-8")
        if ok:
            walk.say()
            seconds = round(time.monotonic() - started)
            walk.say(walk.word("passed", seconds=seconds), "bold green")
            if not once:
                walk.say(walk.word("serving"))
                _serve_until_stopped(walk)
    except KeyboardInterrupt:
        walk.say()
        walk.say(walk.word("broken-off"))
        raise typer.Exit(130) from None
    finally:
        walk.stop()
        if folder is None:
            shutil.rmtree(home, ignore_errors=True)
    if not ok:
        raise typer.Exit(1)


def _serve_until_stopped(walk: Any) -> None:
    try:
        while all(server.poll() is None for server in walk.servers.values()):
            time.sleep(0.5)
        walk.say(walk.word("node-ended", folder=str(walk.folder)), "red")
    except KeyboardInterrupt:
        walk.say()
        walk.say(walk.word("stopping"))


def _as_json(walk: Any, ok: bool) -> str:
    steps = [{"name": s.name, "ok": s.ok, "seconds": s.seconds} for s in walk.steps]
    return json.dumps({"ok": ok, "steps": steps, **walk.results}, ensure_ascii=False, indent=2)
