"""``saltbridge verify``: 0 only if every check passed, in three languages."""

import json
from pathlib import Path

import pytest

from saltbridge.cli.main import run
from saltbridge.core.canonical import canonical_bytes
from saltbridge.formats.claim_file import render_claim_file
from saltbridge.testing.builders import BuiltKeyring, FixedClock
from saltbridge.trust import claims
from saltbridge.trust.claims import SupplierRecord

DID = "did:web:cells.example"
PCF = {"kind": "pcf", "records": [{"id": "x", "kg_co2e_per_unit": 5.0, "low": 3, "high": 7}]}


@pytest.fixture
def record(tmp_path: Path) -> Path:
    keyring = BuiltKeyring(DID)
    claim = claims.sign(
        SupplierRecord,
        PCF,
        id="urn:uuid:00000000-0000-4000-8000-000000000001",
        issued_at=FixedClock().now().replace(year=2025),
        issuer=DID,
        signer=keyring.signer(),
    )
    path = tmp_path / "record.json"
    path.write_bytes(render_claim_file(claim, keyring.did_document()))
    (tmp_path / "did.json").write_bytes(canonical_bytes(dict(keyring.did_document())))
    other = BuiltKeyring("did:web:other.example").did_document()
    (tmp_path / "other.json").write_bytes(canonical_bytes(dict(other)))
    return path


def test_trusted_passes_untrusted_stays_open_another_fails(
    record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = record.parent
    assert run(["verify", str(record), "--trust", str(folder / "did.json")]) == 0
    assert "Every check passed" in capsys.readouterr().out
    assert run(["verify", str(record)]) == 1
    said = capsys.readouterr().out
    assert "○ 4 Issuer" in said
    assert "not who signed" in said
    assert run(["verify", str(record), "--trust", str(folder / "other.json")]) == 1
    assert "✗ 4 Issuer" in capsys.readouterr().out


def test_a_changed_file_fails_and_rubbish_is_faulty(record: Path) -> None:
    trust = ["--trust", str(record.parent / "did.json")]
    content = record.read_text()
    jws = json.loads(content)["jws"]
    head, payload, signature = jws.split(".")
    for changed in (f"{head}.{payload[:-4]}AAAA.{signature}", f"{head}.{payload}."):
        record.write_text(content.replace(jws, changed))
        assert run(["verify", str(record), *trust]) == 1
    record.write_text(content[:-1])
    assert run(["verify", str(record), *trust]) == 2
    assert run(["verify", str(record.parent / "absent.json")]) == 2
    assert run(["verify", str(record), "--trust", str(record)]) == 2


def test_the_checks_are_numbered_in_json(
    record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", str(record), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "open"
    assert (told["type"], told["issuer"]) == ("supplier-record", DID)
    assert [(c["number"], c["name"], c["outcome"]) for c in told["checks"]] == [
        (1, "file", "passed"),
        (2, "type", "passed"),
        (3, "signature", "passed"),
        (4, "issuer", "open"),
        (5, "dates", "passed"),
        (6, "ranges", "passed"),
        (7, "log", "open"),
    ]


@pytest.mark.parametrize(("language", "words"), [("de", "Aussteller"), ("zh", "签发方")])
def test_it_speaks_the_readers_language(
    record: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    words: str,
) -> None:
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", language)
    run(["verify", str(record)])
    assert words in capsys.readouterr().out


def test_a_node_vouches_for_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from saltbridge.bootstrap import open_world
    from saltbridge.steps.log import logged_claim_file
    from saltbridge.trust.claims import verify as verified

    folder = tmp_path / "cell"
    assert (
        run(
            ["node", "init", str(folder), "--name", "c", "--legal-name", "C", "--bpn",
             "BPNL00000000CELL", "--jurisdiction", "CN", "--port", "8102",
             "--allow-loopback-http"]
        )
        == 0
    )  # fmt: skip
    world = open_world(folder)
    claim = claims.sign(
        SupplierRecord,
        PCF,
        id=world.identifiers.urn_uuid(),
        issued_at=world.clock.now(),
        issuer=world.node.did,
        signer=world.keyring.signer(),
    )
    path = tmp_path / "own.json"
    with world.store.unit_of_work() as work:
        id = verified(claim, world.keyring.did_document()).id
        path.write_bytes(logged_claim_file(world, work, claim, id))
    world.store.close()
    assert run(["verify", str(path), "--node", str(folder)]) == 0


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_file_that_an_editor_saved_in_another_form_is_the_same_file(
    record: Path, encoding: str
) -> None:
    folder = record.parent
    for name in ("record.json", "did.json"):
        (folder / name).write_bytes((folder / name).read_text().encode(encoding))
    assert run(["verify", str(record), "--trust", str(folder / "did.json")]) == 0
