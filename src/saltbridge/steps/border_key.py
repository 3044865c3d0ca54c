"""The key behind pseudonyms and commitments: a secret of the node, sealed in the store."""

from saltbridge.border.context import Secrets
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.ports import Keyring, UnitOfWork, World
from saltbridge.trust.spelling import base64url, from_base64url

_KIND, _ID = "border-key", "current"


def kept_border_key(keyring: Keyring, view: UnitOfWork) -> Secrets | None:
    """The key; None before its first use.

    Raises:
        Refused, Unavailable: it is sealed, and the passphrase is wrong or missing.
    """
    stored = view.get(_KIND, _ID)
    if stored is None:
        return None
    members = read_json(stored.body)
    if "sealed" in members:
        return Secrets(keyring.unseal(from_base64url(members["sealed"]), _KIND))
    return Secrets(members["key"].encode("ascii"))  # as nodes of earlier releases kept it


def border_key(world: World, work: UnitOfWork) -> Secrets:
    """The key, made at first use.

    Raises:
        As ``kept_border_key``.
    """
    known = kept_border_key(world.keyring, work)
    if known is not None:
        return known
    key = world.identifiers.token().encode("ascii")
    work.put(_KIND, _ID, _body(world.keyring, key), expected_version=0)
    return Secrets(key)


def seal_border_key(keyring: Keyring, work: UnitOfWork) -> bool:
    """Seal a key that lies open in the store; whether there was one.

    Its earlier version stays, as every version does: the store's file has to be kept as a
    secret even so.
    """
    stored = work.get(_KIND, _ID)
    members = {} if stored is None else read_json(stored.body)
    if stored is None or "sealed" in members:
        return False
    body = _body(keyring, members["key"].encode("ascii"))
    work.put(_KIND, _ID, body, expected_version=stored.version)
    return True


def _body(keyring: Keyring, key: bytes) -> bytes:
    if not keyring.protected:
        return canonical_bytes({"key": key.decode("ascii")})
    return canonical_bytes({"sealed": base64url(keyring.seal(key, _KIND))})
