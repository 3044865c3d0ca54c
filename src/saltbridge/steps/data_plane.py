"""One request at a partner's data plane, with the token that opens it."""

from typing import Any, Final

from saltbridge.exchange.model import DataAddress
from saltbridge.ports import HttpAnswer, World
from saltbridge.steps.edr import Edr

REFUSED: Final = frozenset({401, 403})


def send_with_token(
    world: World,
    method: str,
    url: str,
    key: DataAddress | Edr,
    *,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> HttpAnswer:
    """The answer to a request with the token as it came, which is how EDC wants it.

    Where the address says that it is a bearer token and who answers sees no sign-in in it
    (401), it is shown once more as RFC 6750 has it. A 403 knew the token: a second question
    would be decided a second time.

    Raises:
        Unavailable: the data plane cannot be reached.
    """
    told = {**(headers or {}), "authorization": key.token}
    answer = world.http.send(method, url, headers=told, **more)
    bearer = key.auth_type.lower() == "bearer" and not key.token.lower().startswith("bearer ")
    if answer.status == 401 and bearer:
        told["authorization"] = f"Bearer {key.token}"
        answer = world.http.send(method, url, headers=told, **more)
    return answer
