"""A wallet's key, as companies of the dataspace have: on secp256k1."""

from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from saltbridge.trust.suites import public_jwk


class WalletSigner:
    """A secp256k1 key, as wallets of the dataspace have (ES256K, RFC 8812)."""

    suite = "ES256K"

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        secret = int.from_bytes(sha256(key_id.encode()).digest(), "big") >> 1
        self._key = ec.derive_private_key(secret, ec.SECP256K1())

    def sign(self, content: bytes) -> bytes:
        r, s = utils.decode_dss_signature(self._key.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def public_jwk(self) -> dict[str, str]:
        point = self._key.public_key().public_numbers()
        return public_jwk("ES256K", point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big"))
