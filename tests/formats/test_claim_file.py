"""The claim file loses nothing, and refuses what it is not."""

from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput
from saltbridge.formats.claim_file import parse_claim_file, render_claim_file
from saltbridge.testing.builders import BuiltKeyring
from saltbridge.trust.claims import Passport, PassportVersion

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


def test_a_version_travels_with_its_disclosures() -> None:
    part = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIlVTIl0"
    content = render_claim_file(PassportVersion("a.b.c"), DOCUMENT, disclosures=[part])
    file = parse_claim_file(content)
    assert (file.claim, file.disclosures) == (PassportVersion("a.b.c"), (part,))
    assert parse_claim_file(
        render_claim_file(file.claim, file.did_document, disclosures=file.disclosures)
    ) == file  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"sd_jwt": "a.b.c"}, {"trust.malformed"}),
        ({"sd_jwt": "a.b.c~key.binding.jwt"}, {"trust.malformed"}),
        ({"sd_jwt": 7}, {"verify.claim-file-member"}),
        ({"jws": "a.b.c"}, {"verify.claim-file-member"}),  # a version has no jws of its own
        ({"saltbridge": "supplier-record", "sd_jwt": "a.b.c~"}, {"verify.claim-file-member"}),
    ],
)
def test_a_version_is_an_sd_jwt_and_nothing_else_is(
    changes: dict[str, Any], codes: set[str]
) -> None:
    file = {"saltbridge": "passport-version", "did_document": DOCUMENT, **changes}
    with pytest.raises(FaultyInput) as fault:
        parse_claim_file(canonical_bytes(file))
    assert {f.code for f in fault.value.findings} == codes
