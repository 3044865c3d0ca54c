"""The bit of a credential in a status list, in every spelling that is found."""

import base64
import gzip
import random

import pytest

from saltbridge.trust.credential_status import is_set

# Random bits, so that the packed text has all 64 characters.
BITS = random.Random(7).randbytes(16_384)
PACKED = gzip.compress(BITS, mtime=0)
PLAIN = base64.b64encode(PACKED).decode()
URL = base64.urlsafe_b64encode(PACKED).decode().rstrip("=")


@pytest.mark.parametrize("written", [PLAIN, PLAIN.rstrip("="), URL, f"u{URL}"])
def test_base64_and_base64url_say_the_same(written: str):
    assert "+" in PLAIN and "-" in URL
    subject = {"statusPurpose": "revocation", "encodedList": written}
    for index in (0, 1, 9, 131_071):
        expected = bool(BITS[index // 8] >> (7 - index % 8) & 1)
        assert is_set(subject, index, "revocation") is expected
