"""A PostgreSQL server for tests and benches: the one that is named, or one of their own.

Of their own: from the system's PostgreSQL (Debian's package, or an installed one), in a
temporary folder, on a Unix socket, gone afterwards.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

NAMED = "SALTBRIDGE_TEST_POSTGRES"  # a URL whose user may create databases


class NoPostgres(LookupError):
    """There is no PostgreSQL here, or nobody who may run it."""


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[str]:
    """Connection URL of a server; ``database_url`` puts a database's name into it.

    ``durable`` has commits reach the disk, as a node's have to; tests do without.

    Raises:
        NoPostgres: none is named and none is installed.
    """
    named = os.environ.get(NAMED)
    if named:
        yield named
        return
    programs, who = _programs(), _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="sb-pg-", dir="/tmp"))
    if who:
        owner = pwd.getpwnam(who[1].partition("=")[2])
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    data = str(folder / "data")

    def run(program: str, *arguments: str) -> None:
        subprocess.run(  # noqa: S603
            [*who, str(programs / program), *arguments],
            check=True,
            capture_output=True,
            timeout=60,
            cwd=folder,
            env=environment,
        )

    try:
        run("initdb", "-D", data, "-U", "saltbridge", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
        if not durable:
            options += " -c fsync=off"
        run("pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"postgresql://saltbridge@/{{}}?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """The URL of an empty database of the server; it is dropped afterwards."""
    import psycopg
    from psycopg import sql

    name = f"sb_{uuid4().hex}"
    with psycopg.connect(database_url(server, "postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield database_url(server, name)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def database_url(server: str, database: str) -> str:
    """The URL of a database on the server."""
    if "{}" in server:
        return server.format(database)
    base, _, query = server.partition("?")
    return f"{base.rpartition('/')[0]}/{database}" + (f"?{query}" if query else "")


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: p.parts[-3])
    in_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if in_path:
        return Path(in_path).parent
    raise NoPostgres("PostgreSQL is not installed (apt-get install postgresql)")


def _unprivileged() -> list[str]:
    """PostgreSQL does not run as root; Debian's package brings a user for it."""
    if os.geteuid() != 0:
        return []
    for name in ("postgres", "nobody"):
        try:
            group = pwd.getpwnam(name).pw_gid
        except KeyError:
            continue
        return ["setpriv", f"--reuid={name}", f"--regid={group}", "--clear-groups"]
    raise NoPostgres("PostgreSQL cannot run as root and there is no other user to run it")
