"""A key in a hardware module, by PKCS#11: it signs there and never leaves it.

``[settings.pkcs11]`` of node.toml names the module (a library), the token, and where its PIN
comes from: ``pin_file``, or the environment variable ``SALTBRIDGE_PKCS11_PIN``. Keys are found
by their label; ``saltbridge keys rotate NODE --token-label LABEL`` takes one into use.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.core.finding import Place, finding
from saltbridge.trust.suites import MANDATORY, public_jwk

PIN_VARIABLE: Final = "SALTBRIDGE_PKCS11_PIN"
# OBJECT IDENTIFIER 1.2.840.10045.3.1.7 (prime256v1), as CKA_EC_PARAMS holds it
_P256: Final = bytes.fromhex("06082a8648ce3d030107")
_MEMBERS: Final = frozenset({"module", "token", "pin_file"})


class TokenKeys:
    """The keys in the token that the settings name. Nothing is loaded before it is used."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self._folder = folder
        self._settings = settings

    def __call__(self, key_id: str, label: str) -> "Pkcs11Signer":
        """The signer of the key with a label.

        Raises:
            FaultyInput: the settings are faulty, or there is no such key.
            Refused: the PIN is wrong, or other users can read its file.
            Unavailable: the library or the token is not there.
        """
        signer = Pkcs11Signer(self, key_id, label)
        signer.public_jwk()
        return signer

    @contextmanager
    def session(self) -> Iterator[Any]:
        """A session that is signed in to the token.

        Raises:
            As ``__call__``.
        """
        module, token = self._named()
        pkcs11 = _library()
        faults = import_module("pkcs11.exceptions")
        place, pin = Place(file=module), self._pin()
        try:
            opened = pkcs11.lib(module).get_token(token_label=token).open(user_pin=pin)
        except (faults.PinIncorrect, faults.PinInvalid, faults.PinLenRange) as fault:
            raise Refused([finding("key.token-pin", place, token=token)]) from fault
        except (faults.PKCS11Error, RuntimeError, OSError) as fault:
            reason = type(fault).__name__
            raise Unavailable(
                [finding("key.token-absent", place, token=token, reason=reason)]
            ) from fault
        try:
            yield opened
        except faults.PKCS11Error as fault:
            reason = type(fault).__name__
            raise Unavailable(
                [finding("key.token-absent", place, token=token, reason=reason)]
            ) from fault
        finally:
            opened.close()

    def _named(self) -> tuple[str, str]:
        place = Place(file=str(self._folder / "node.toml"))
        faults = [
            finding("node.unknown-member", place, member=f"settings.pkcs11.{name}")
            for name in sorted(self._settings.keys() - _MEMBERS)
        ]
        for name in ("module", "token"):
            if not isinstance(self._settings.get(name), str):
                member = f"settings.pkcs11.{name}"
                faults.append(finding("node.missing-member", place, member=member))
        if faults:
            raise FaultyInput(faults)
        return str(self._settings["module"]), str(self._settings["token"])

    def _pin(self) -> str:
        given = os.environ.get(PIN_VARIABLE)
        if given:
            return given
        named = self._settings.get("pin_file")
        if not isinstance(named, str):
            raise Unavailable.of("key.token-no-pin", variable=PIN_VARIABLE)
        path = self._folder / named
        place = Place(file=str(path))
        try:
            with path.open(encoding="utf-8") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise Refused([finding("key.passphrase-open", place)])
                return file.read(200).strip()
        except (OSError, UnicodeDecodeError) as fault:
            reason = str(getattr(fault, "strerror", "UTF-8"))
            raise FaultyInput(
                [finding("key.passphrase-unreadable", place, reason=reason)]
            ) from fault


class Pkcs11Signer:
    """An ES256 key in a token."""

    suite = MANDATORY

    def __init__(self, token: TokenKeys, key_id: str, label: str) -> None:
        self.key_id = key_id
        self._token = token
        self._label = label
        self._jwk: dict[str, str] | None = None

    def sign(self, signing_input: bytes) -> bytes:
        """r‖s, 64 bytes, as PKCS#11 gives it (CKM_ECDSA over the SHA-256).

        Raises:
            As ``TokenKeys``.
        """
        pkcs11 = _library()
        digest = hashlib.sha256(signing_input).digest()
        with self._token.session() as session:
            key = self._object(session, pkcs11.ObjectClass.PRIVATE_KEY)
            signature = bytes(key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))
        return signature

    def public_jwk(self) -> dict[str, str]:
        """The public half.

        Raises:
            FaultyInput: there is no such key, or it is not of P-256.
            Refused, Unavailable: as ``TokenKeys``.
        """
        if self._jwk is None:
            pkcs11 = _library()
            with self._token.session() as session:
                key = self._object(session, pkcs11.ObjectClass.PUBLIC_KEY)
                curve = bytes(key[pkcs11.Attribute.EC_PARAMS])
                point = bytes(key[pkcs11.Attribute.EC_POINT])
            # CKA_EC_POINT: a DER OCTET STRING with the uncompressed point, 04 ‖ x ‖ y
            if curve != _P256 or len(point) not in (65, 67) or point[-65] != 4:
                place = Place(file=self._label)
                raise FaultyInput([finding("key.unreadable", place, reason="P-256")])
            self._jwk = public_jwk(MANDATORY, point[-64:])
        return dict(self._jwk)

    def _object(self, session: Any, object_class: Any) -> Any:
        pkcs11 = _library()
        named = {
            pkcs11.Attribute.CLASS: object_class,
            pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.EC,
            pkcs11.Attribute.LABEL: self._label,
        }
        found = list(session.get_objects(named))
        if len(found) != 1:
            raise FaultyInput(
                [finding("key.token-no-key", label=self._label, count=len(found))]
            )
        return found[0]


def _library() -> Any:
    try:
        return import_module("pkcs11")
    except ImportError as fault:
        raise Unavailable.of("key.pkcs11-not-installed") from fault
