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

    Where the address says that it is a bearer token and it is refused, it is shown once more
    as RFC 6750 has it.

    Raises:
        Unavailable: the data plane cannot be reached.
    """
    told = {**(headers or {}), "authorization": key.token}
    answer = world.http.send(method, url, headers=told, **more)
    bearer = key.auth_type.lower() == "bearer" and not key.token.lower().startswith("bearer ")
    if answer.status in REFUSED and bearer:
        told["authorization"] = f"Bearer {key.token}"
        answer = world.http.send(method, url, headers=told, **more)
    return answer
