"""``saltbridge people``: who works at a node, and what they may do there."""

from typing import TYPE_CHECKING, Annotated

import typer

from saltbridge.cli.options import AsJson, Folder, PasswordFile

if TYPE_CHECKING:
    from saltbridge.accounts.account import Account

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Add people to a node, give them roles, lock and remove them.",
)

Name = Annotated[str, typer.Argument(help="Name of the account.")]
Roles = Annotated[
    str,
    typer.Option(
        "--roles",
        help="operator, approver, compliance-officer, verifier, auditor, viewer; with commas.",
    ),
]


@app.command()
def add(
    folder: Folder,
    name: Name,
    roles: Roles,
    display_name: Annotated[
        str, typer.Option("--display-name", help="What the person is called.")
    ] = "",
    password_file: PasswordFile = None,
    subject: Annotated[
        str, typer.Option("--subject", help="What the OpenID provider calls them (sub).")
    ] = "",
) -> None:
    """Add a person with a password, or with the subject of the OpenID provider."""
    from saltbridge.accounts.account import Subject
    from saltbridge.accounts.oidc import provider_of
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person, read_password
    from saltbridge.cli.present import say
    from saltbridge.core.errors import FaultyInput
    from saltbridge.services.people import NewPerson, add_person

    with opened_world(folder) as world:
        provider = provider_of(world.settings)
        if subject and provider is None:
            raise FaultyInput.of("people.no-provider")
        known = Subject(provider.issuer, subject) if subject and provider else None
        new = NewPerson(
            name=name,
            roles=_split(roles),
            display_name=display_name,
            password="" if known else read_password(password_file, twice=True),
            subject=known,
        )
        account = add_person(world, os_person(), new)
    say("people.said-added", person=account.label, roles=", ".join(sorted(account.roles)))


@app.command("list")
def list_people(
    folder: Folder,
    as_json: AsJson = False,
) -> None:
    """Show the people of a node, removed ones too."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say, say_json
    from saltbridge.locales import text
    from saltbridge.services.people import people

    with opened_world(folder) as world:
        found = people(world)
    if as_json:
        say_json([_told(account) for account in found])
        return
    tongue = language()
    for account in found:
        words = [text(f"people.role.{role}", None, tongue) for role in sorted(account.roles)]
        state = text(f"people.state.{account.state}", None, tongue)
        typer.echo(f"{account.label}: {', '.join(words)} [{state}]")
    if not found:
        say("people.said-nobody", folder=str(folder))


@app.command()
def roles(folder: Folder, name: Name, roles: Roles) -> None:
    """Give a person these roles and no others."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.present import say
    from saltbridge.services.people import change_roles

    with opened_world(folder) as world:
        account = change_roles(world, os_person(), name, _split(roles))
    say("people.said-roles", person=account.label, roles=", ".join(sorted(account.roles)))


@app.command()
def lock(
    folder: Folder,
    name: Name,
    undo: Annotated[bool, typer.Option("--undo", help="Let the person in again.")] = False,
) -> None:
    """Lock a person out at once, or let them in again."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.present import say
    from saltbridge.services import people

    with opened_world(folder) as world:
        change = people.unlock if undo else people.lock
        account = change(world, os_person(), name)
    say("people.said-unlocked" if undo else "people.said-locked", person=account.label)


@app.command()
def remove(folder: Folder, name: Name) -> None:
    """Remove a person for good. The name stays taken, so that records mean one person."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.present import say
    from saltbridge.services.people import remove as remove_person

    with opened_world(folder) as world:
        account = remove_person(world, os_person(), name)
    say("people.said-removed", person=account.label)


@app.command()
def password(folder: Folder, name: Name, password_file: PasswordFile = None) -> None:
    """Set a person's password anew; whoever is signed in as them is signed out."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person, read_password
    from saltbridge.cli.present import say
    from saltbridge.services.people import set_password

    with opened_world(folder) as world:
        entered = read_password(password_file, twice=True)
        account = set_password(world, os_person(), name, entered)
    say("people.said-password", person=account.label)


@app.command()
def invite(folder: Folder, name: Name) -> None:
    """Print an address, good once, at which a person chooses a new password."""
    from urllib.parse import quote

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.present import say
    from saltbridge.services.people_codes import invite as make_invitation

    with opened_world(folder) as world:
        made = make_invitation(world, os_person(), name)
        url = f"{world.node.base_url}/invitation?code={quote(made.code)}"
    until = f"{made.expires:%Y-%m-%d %H:%M} UTC"
    say("people.said-invited", person=name, until=until, url=url)


@app.command("setup-code")
def setup_code(folder: Folder) -> None:
    """Print an address, good once, at which the first operator is added."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.web.sign_in_codes import set_up_address

    with opened_world(folder) as world:
        say("people.said-setup-code", url=set_up_address(world))


def _split(roles: str) -> tuple[str, ...]:
    return tuple(role.strip() for role in roles.split(",") if role.strip())


def _told(account: "Account") -> dict[str, object]:
    """What may be shown of an account: nothing that opens it."""
    return {
        "id": account.id,
        "name": account.name,
        "display_name": account.display_name,
        "roles": sorted(account.roles),
        "state": account.state.value,
        "password": bool(account.password_hash),
        "subject": None if account.subject is None else account.subject.name,
        "created_at": account.created_at,
        "created_by": account.created_by,
    }
