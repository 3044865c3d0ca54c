"""The people of the demo's three companies: an operator each, and who approves at the maker's.

Their passwords are made anew on every run, lie in files beside the nodes and are printed at
the end, so that whoever reads along can sign in.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from saltbridge.cli.demo_report import say_addresses
from saltbridge.cli.demo_walk import Walk
from saltbridge.locales import text


@dataclass(frozen=True)
class Fictitious:
    """Somebody at one of the companies. All of them are fictitious."""

    company: str  # key of the company
    name: str
    display_name: str
    role: str


PEOPLE: Final = (
    Fictitious("supplier", "lin.mei", "Lin Mei", "operator"),
    Fictitious("cells", "chen.hao", "Chen Hao", "operator"),
    Fictitious("cells", "wang.fang", "Wang Fang", "approver"),
    Fictitious("cells", "zhao.min", "Zhao Min", "approver"),
    Fictitious("cars", "anna.huber", "Anna Huber", "operator"),
)


def password_file(walk: Walk, name: str) -> Path:
    """The file with the password of somebody in ``PEOPLE``."""
    return walk.folder / "passwords" / name


def add_people(walk: Walk) -> None:
    """Everybody in ``PEOPLE`` has an account at their company's node."""
    (walk.folder / "passwords").mkdir(mode=0o700)
    for person in PEOPLE:
        path = password_file(walk, person.name)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{secrets.token_urlsafe(15)}\n")
        walk.run(
            *("people", "add", str(walk.companies[person.company].folder), person.name),
            *("--display-name", person.display_name, "--roles", person.role),
            *("--password-file", str(path)),
            show=person is PEOPLE[0],
        )


def say_people(walk: Walk) -> None:
    """Where everybody signs in, and with which password."""
    walk.tell(walk.word("page.operators"))
    pages = {key: f"{walk.companies[key].url}/operator" for key in walk.companies}
    walk.results["urls"]["operator_pages"] = pages
    say_addresses(walk, [(walk.companies[key].name, url) for key, url in pages.items()])
    walk.tell(walk.word("page.passwords"))
    rows = []
    for person in PEOPLE:
        company = walk.companies[person.company].name
        role = text(f"people.role.{person.role}", None, walk.tongue)
        password = password_file(walk, person.name).read_text(encoding="ascii").strip()
        rows.append((f"{person.name} ({company}, {role})", password))
    say_addresses(walk, rows)
