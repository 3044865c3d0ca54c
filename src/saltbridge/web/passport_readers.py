"""Who asks for what is not public: a partner's token, an access code, or a person's session."""

from typing import Final

from starlette.requests import Request

from saltbridge.accounts.session import token_digest
from saltbridge.core.errors import SaltbridgeError
from saltbridge.passport.grants import Grantee, GranteeKind
from saltbridge.ports import World
from saltbridge.services.sign_in import signed_in as partner_of_token
from saltbridge.web.session import cookie_name, is_secure, signed_in

CODE: Final = "passport_code"
MOST_CODE: Final = 200
_NEVER_THERE: Final = Grantee(GranteeKind.CODE, "", "")


def readers_of(request: Request, world: World) -> list[Grantee]:
    """As whom the caller can be recognised, in the order to be tried.

    With an ``Authorization`` header it is that one alone: a partner by its own token, which is
    used up, or an access code. Else the session of a person, then the code the browser keeps.
    Reads the store: not for the event loop.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme:
        return [_by_token(world, token.strip()) if scheme.lower() == "bearer" else _NEVER_THERE]
    found = []
    session = signed_in(request, world)
    if session is not None:
        found.append(Grantee(GranteeKind.PERSON, session.person.id, session.person.name))
    code = request.cookies.get(cookie_name(world, CODE), "")
    if code:
        found.append(_by_code(code))
    return found


def _by_token(world: World, token: str) -> Grantee:
    if token.count(".") != 2:
        return _by_code(token)
    try:
        partner = partner_of_token(world, token)
    except SaltbridgeError:
        return _NEVER_THERE
    return Grantee(GranteeKind.PARTNER, partner.did, partner.name)


def _by_code(code: str) -> Grantee:
    if not code or len(code) > MOST_CODE:
        return _NEVER_THERE
    return Grantee(GranteeKind.CODE, token_digest(code), "")


def cookie_of(world: World) -> dict[str, object]:
    """How the browser is to keep a code: out of reach of scripts and of other sites."""
    return {
        "key": cookie_name(world, CODE),
        "path": "/",
        "httponly": True,
        "samesite": "strict",
        "secure": is_secure(world),
    }
