"""The claim file loses nothing, and refuses what it is not."""

from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput
from saltbridge.formats.claim_file import parse_claim_file, render_claim_file
from saltbridge.testing.builders import BuiltKeyring
from saltbridge.trust.claims import Passport

DOCUMENT = dict(BuiltKeyring("did:web:cells.example").did_document())
GOOD: dict[str, Any] = {"saltbridge": "passport", "jws": "a.b.c", "did_document": DOCUMENT}


def test_what_is_rendered_is_what_is_read() -> None:
    content = render_claim_file(Passport("a.b.c"), DOCUMENT, {"note": "kept"})
    file = parse_claim_file(content)
    assert (file.claim, file.did_document) == (Passport("a.b.c"), DOCUMENT)
    assert file.unknown == {"note": "kept"}
    assert render_claim_file(file.claim, file.did_document, file.unknown) == content
    assert parse_claim_file(canonical_bytes(GOOD)).claim == Passport("a.b.c")


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"", {"json.syntax"}),
        (b"[]", {"verify.not-a-claim-file"}),
        (b"{}", {"verify.not-a-claim-file"}),
        (b'{"saltbridge":"passport","saltbridge":"receipt"}', {"json.duplicate-key"}),
        (canonical_bytes(GOOD | {"jws": 7}), {"verify.claim-file-member"}),
        (canonical_bytes(GOOD | {"jws": 7, "did_document": []}), {"verify.claim-file-member"}),
        (canonical_bytes(GOOD | {"saltbridge": "cheque"}), {"trust.unknown-claim-type"}),
    ],
)
def test_what_is_no_claim_file_is_said(content: bytes, codes: set[str]) -> None:
    with pytest.raises(FaultyInput) as fault:
        parse_claim_file(content, "x.json")
    assert {f.code for f in fault.value.findings} == codes
