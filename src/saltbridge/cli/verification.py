"""``saltbridge verification``: a verifier at the maker's node, and its statement."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saltbridge.cli.days import day_of
from saltbridge.cli.options import AsJson, Node, PasswordFile, read_file

if TYPE_CHECKING:
    from saltbridge.accounts.model import Person
    from saltbridge.ports import World

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Let a verifier read a model; draft, sign and take in its statement.",
)
Footprint = Annotated[str, typer.Argument(help="Id of a stored footprint, or latest.")]
AsName = Annotated[
    str, typer.Option("--as", help="Name of your account; else whoever the system says.")
]
Out = Annotated[Path, typer.Option("--out", help="Where to write the file.")]


@app.command("list")
def list_(
    node: Node,
    grants: Annotated[bool, typer.Option("--grants", help="Who may read what.")] = False,
    verifiers: Annotated[
        bool, typer.Option("--verifiers", help="Whose statements this node believes.")
    ] = False,
    reads: Annotated[bool, typer.Option("--reads", help="Who read what, when.")] = False,
    as_name: AsName = "",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the footprints you may see; or grants, trusted verifiers, or who read what."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli import verification_view as view
    from saltbridge.services import verification_access as access
    from saltbridge.services.verification_model import footprints

    with opened_world(node) as world:
        person = _person(world, as_name, password_file)
        if grants:
            view.show_grants(access.all_grants(world, person), as_json)
        elif verifiers:
            view.show_verifiers(access.trusted(world, person), as_json)
        elif reads:
            view.show_reads(access.accesses(world, person), as_json)
        else:
            view.show_footprints(footprints(world, person), as_json)


@app.command()
def grant(
    person: Annotated[str, typer.Argument(help="Account that may read.")],
    node: Node,
    until: Annotated[str, typer.Option("--until", help="Last day, YYYY-MM-DD.")],
    reads_from: Annotated[
        str, typer.Option("--from", help="Country the person reads from (ISO, CN or DE).")
    ],
    footprint: Annotated[
        list[str] | None, typer.Option("--footprint", help="Id, or latest; repeatable.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every footprint, later ones too.")
    ] = False,
) -> None:
    """Let a verifier read the models of footprints until a day."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.present import say
    from saltbridge.core.errors import FaultyInput
    from saltbridge.services import verification_access as access

    if every == bool(footprint):
        raise FaultyInput.of("verification.which-footprints")
    with opened_world(node) as world:
        by = os_person()
        request = access.GrantRequest(
            person=access.person_named(world, person),
            footprints=None if every else [_id(world, by, f) for f in footprint or ()],
            until=day_of(until),
            reads_from=reads_from,
        )
        made = access.grant(world, by, request)
    say(
        "verification.said-granted",
        person=made["person"]["name"],
        until=made["until"],
        id=made["id"],
    )


@app.command()
def revoke(
    id: Annotated[str, typer.Argument(help="Id of the grant.")],
    node: Node,
) -> None:
    """Take a grant back; the person sees nothing more under it from now on."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.present import say
    from saltbridge.services.verification_access import revoke as take_back

    with opened_world(node) as world:
        made = take_back(world, os_person(), id)
    say("verification.said-revoked", person=made["person"]["name"], id=made["id"])


@app.command()
def trust(
    did: Annotated[str, typer.Argument(help="DID of the verifier's own node.")],
    node: Node,
    document: Annotated[
        Path | None,
        typer.Option("--document", help="Its DID document, from a source you trust."),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Believe it no longer.")] = False,
) -> None:
    """Enter a verifier whose statements this node believes to be its own."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.cli.present import say
    from saltbridge.core.canonical import read_json
    from saltbridge.services import verification_access as access

    with opened_world(node) as world:
        if remove:
            access.distrust_verifier(world, os_person(), did)
        else:
            given = None if document is None else read_json(read_file(document), str(document))
            access.trust_verifier(world, os_person(), did, given)
    say("verification.said-distrusted" if remove else "verification.said-trusted", did=did)


@app.command()
def draft(
    footprint: Footprint,
    node: Node,
    as_name: Annotated[str, typer.Option("--as", help="Name of your account.")],
    out: Out,
    verifier: Annotated[str, typer.Option("--verifier", help="Name of the organisation.")],
    verifier_did: Annotated[
        str, typer.Option("--verifier-did", help="DID of the organisation's own node.")
    ],
    role: Annotated[str, typer.Option("--role", help="Your role in it, not your name.")],
    level: Annotated[str, typer.Option("--level", help="reasonable or limited.")],
    opinion: Annotated[
        str, typer.Option("--opinion", help="unmodified, qualified, adverse or disclaimer.")
    ],
    scope: Annotated[str, typer.Option("--scope", help="What was verified, and how.")],
    expires: Annotated[str, typer.Option("--expires", help="Last day, YYYY-MM-DD.")],
    accreditation: Annotated[
        str, typer.Option("--accreditation", help="Accreditation, as you state it.")
    ] = "",
    notified_body: Annotated[
        str, typer.Option("--notified-body", help="Number of the notified body.")
    ] = "",
    condition: Annotated[
        list[str] | None,
        typer.Option("--condition", help="What the opinion depends on; repeatable."),
    ] = None,
    password_file: PasswordFile = None,
) -> None:
    """Draft a statement about a footprint, unsigned: the verifier's own node signs it."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.services.verification_statements import DraftRequest
    from saltbridge.services.verification_statements import draft as prepare
    from saltbridge.trust.verification import Verifier

    _absent(out)
    with opened_world(node) as world:
        person = _person(world, as_name, password_file)
        content = prepare(
            world,
            person,
            DraftRequest(
                footprint=_id(world, person, footprint),
                verifier=Verifier(
                    name=verifier,
                    did=verifier_did,
                    accreditation=accreditation,
                    notified_body=notified_body,
                ),
                person_role=role,
                level=level,
                opinion=opinion,
                scope=scope,
                expires=day_of(expires),
                conditions=condition or [],
            ),
        )
    out.write_bytes(content)
    say("verification.said-drafted", file=str(out), did=verifier_did)


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(help="A draft.")],
    node: Annotated[Path, typer.Option("--node", help="Folder of the verifier's own node.")],
    out: Out,
) -> None:
    """Sign a draft with the key of the verifier's own node, and show what was signed."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.cli.verification_view import show_statement
    from saltbridge.services.verification_statements import read_draft, sign_draft

    _absent(out)
    content = read_file(file)
    show_statement(read_draft(content, str(file)))
    with opened_world(node) as world:
        signed = sign_draft(world, content, str(file))
        by = world.node.did
    out.write_bytes(signed)
    say("verification.said-signed", file=str(out), did=by)


@app.command()
def accept(
    file: Annotated[Path, typer.Argument(help="A signed statement, or a withdrawal.")],
    node: Node,
    as_name: AsName = "",
    password_file: PasswordFile = None,
) -> None:
    """Take in a signed statement, or the withdrawal of one, once it is known to be right."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.services.verification_statements import accept as take_in

    with opened_world(node) as world:
        taken = take_in(
            world, _person(world, as_name, password_file), read_file(file), str(file)
        )
    say(f"verification.said-{taken.kind}", issuer=taken.issuer, id=taken.id)


@app.command()
def withdraw(
    file: Annotated[Path, typer.Argument(help="A statement this node signed.")],
    node: Annotated[Path, typer.Option("--node", help="Folder of the verifier's own node.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody reads it.")],
    out: Out,
) -> None:
    """Take a statement back, signed; hand the file to everybody who has the statement."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say
    from saltbridge.services.verification_statements import withdraw as take_back

    _absent(out)
    with opened_world(node) as world:
        signed = take_back(world, read_file(file), str(file), reason)
    out.write_bytes(signed)
    say("verification.said-taken-back", file=str(out))


@app.command()
def show(
    footprint: Footprint,
    node: Node,
    as_name: AsName = "",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the files of a footprint's model, and the statements about it."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.verification_view import show_opened
    from saltbridge.services.verification_model import open_footprint
    from saltbridge.services.verification_statements import statements

    with opened_world(node) as world:
        person = _person(world, as_name, password_file)
        id = _id(world, person, footprint)
        opened = open_footprint(world, person, id)
        found = statements(world, person, id)
    show_opened(opened, found, as_json)


@app.command()
def replay(
    footprint: Footprint,
    node: Node,
    as_name: AsName = "",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Work a footprint out again from what was kept, and say what differs.

    Ends with 0 if everything agrees, else with 1.
    """
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.verification_view import show_replay
    from saltbridge.services.verification_model import replay as run_again

    with opened_world(node) as world:
        person = _person(world, as_name, password_file)
        result = run_again(world, person, _id(world, person, footprint))
    show_replay(result, as_json)
    if not result.good:
        raise typer.Exit(1)


@app.command()
def questions(
    footprint: Footprint,
    node: Node,
    ask: Annotated[str, typer.Option("--ask", help="Write a finding.")] = "",
    kind: Annotated[
        str, typer.Option("--kind", help="comment, question or evidence-request.")
    ] = "question",
    about: Annotated[str, typer.Option("--about", help="Line, file or rule it is about.")] = "",
    answer: Annotated[str, typer.Option("--answer", help="Id of the one to answer.")] = "",
    close: Annotated[str, typer.Option("--close", help="Id of the one to close.")] = "",
    text: Annotated[str, typer.Option("--text", help="The answer, or the last remark.")] = "",
    as_name: AsName = "",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Show a verifier's findings about a footprint; ask, answer, close."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.verification_view import show_questions
    from saltbridge.services import verification_questions as service

    with opened_world(node) as world:
        person = _person(world, as_name, password_file)
        id = _id(world, person, footprint)
        if ask:
            service.ask(world, person, id, kind, ask, about)
        if answer:
            service.answer(world, person, answer, text)
        if close:
            service.close(world, person, close, text)
        found = service.questions(world, person, id)
    show_questions(found, as_json)


def _person(world: "World", as_name: str, password_file: Path | None) -> "Person":
    """Who acts: somebody who shows it by a password, else whoever the system says."""
    from saltbridge.cli.acting import acting_person, os_person

    return acting_person(world, as_name, password_file) if as_name else os_person()


def _id(world: "World", person: "Person", named: str) -> str:
    from saltbridge.services.verification_model import newest

    return newest(world, person) if named == "latest" else named


def _absent(out: Path) -> None:
    from saltbridge.core.errors import Refused

    if out.exists():
        raise Refused.of("verification.file-exists", file=str(out))
