"""``saltbridge node address``: the identity follows the address, unless it has signed."""

from pathlib import Path

import pytest

from saltbridge.adapters import node_folder
from saltbridge.bootstrap import opened_world
from saltbridge.cli.main import run
from saltbridge.testing.builders import NOON, node_profile

NEW = "https://cells.example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    node_folder.create(tmp_path / "cell", node_profile(), {"port": 8102}, NOON)
    return tmp_path / "cell"


def test_a_fresh_node_gets_a_new_identity_and_says_what_follows(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["node", "address", str(folder), "--base-url", f"{NEW}/"]) == 0
    profile = node_folder.read(folder).profile
    assert (profile.base_url, profile.did) == (NEW, "did:web:cells.example")
    assert "Tell your partners" in capsys.readouterr().out
    with opened_world(folder) as world:
        assert world.keyring.did_document()["id"] == "did:web:cells.example"
    before = (folder / "node.toml").read_bytes()
    assert run(["node", "address", str(folder), "--base-url", NEW]) == 0
    assert (folder / "node.toml").read_bytes() == before


def test_who_has_signed_keeps_the_identity_or_stays(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = node_folder.read(folder).profile.did
    with opened_world(folder) as world, world.store.unit_of_work() as work:
        work.append_leaf("issued", "p1", b"1")
    before = (folder / "node.toml").read_bytes()
    assert run(["node", "address", str(folder), "--base-url", NEW]) == 1
    assert "--keep-did" in capsys.readouterr().err
    assert (folder / "node.toml").read_bytes() == before
    assert run(["node", "address", str(folder), "--base-url", NEW, "--keep-did"]) == 0
    profile = node_folder.read(folder).profile
    assert (profile.base_url, profile.did) == (NEW, old)
    assert "/.well-known/did.json" in capsys.readouterr().out


def test_an_impossible_address_changes_nothing(folder: Path) -> None:
    before = (folder / "node.toml").read_bytes()
    assert run(["node", "address", str(folder), "--base-url", "ftp://x"]) == 2
    assert (folder / "node.toml").read_bytes() == before
