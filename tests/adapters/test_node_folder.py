"""A node's folder: made once, never written over, its faults named all at once."""

from dataclasses import replace
from pathlib import Path

import pytest

from saltbridge.adapters import node_folder
from saltbridge.bootstrap import open_world
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.testing.builders import NOON, node_profile, partner_of

OEM = partner_of(node_profile("carmaker", jurisdiction="EU", port=8103))


def made(folder: Path) -> Path:
    node_folder.create(folder, node_profile(), {"port": 8102}, NOON)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_what_is_made_is_what_is_read(tmp_path: Path) -> None:
    node = node_folder.read(made(tmp_path / "cell"))
    assert node.profile == node_profile()
    assert node.settings == {"port": 8102}
    assert node.store_url == f"sqlite:///{tmp_path}/cell/node.sqlite"


def test_a_second_set_up_changes_nothing(tmp_path: Path) -> None:
    folder = made(tmp_path / "cell")
    before = contents(folder)
    with pytest.raises(Refused) as refused:
        node_folder.create(folder, node_profile("another"), {}, NOON)
    assert refused.value.findings[0].code == "node.exists"
    assert contents(folder) == before


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(Refused) as refused:
        made(tmp_path)
    assert refused.value.findings[0].code == "node.folder-not-empty"
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(Refused):
        made(tmp_path / "thesis.txt")


def test_a_faulty_profile_makes_nothing_and_names_every_fault(tmp_path: Path) -> None:
    faulty = replace(
        node_profile(), bpn="BPN1", jurisdiction="US", base_url="ftp://x", legal_name=" "
    )
    with pytest.raises(FaultyInput) as fault:
        node_folder.create(tmp_path / "cell", faulty, {}, NOON)
    assert {f.code for f in fault.value.findings} == {
        "node.wrong-bpn",
        "node.wrong-jurisdiction",
        "node.wrong-url",
        "node.missing-member",
    }
    assert not (tmp_path / "cell").exists()


def test_plain_http_has_to_be_allowed(tmp_path: Path) -> None:
    strict = replace(node_profile(), allow_loopback_http=False)
    with pytest.raises(FaultyInput):
        node_folder.create(tmp_path / "a", strict, {}, NOON)
    public = replace(strict, base_url="https://cells.example", did="did:web:cells.example")
    node_folder.create(tmp_path / "a", public, {}, NOON)


def test_partners_are_entered_changed_and_not_doubled(tmp_path: Path) -> None:
    folder = made(tmp_path / "cell")
    assert node_folder.add_partner(folder, OEM) is True
    assert node_folder.add_partner(folder, OEM) is False
    moved = replace(OEM, dsp_url="https://cars.example/2025-1")
    miner = partner_of(node_profile("miner", port=8101))
    assert node_folder.add_partner(folder, miner) is True
    assert node_folder.add_partner(folder, moved) is True
    assert node_folder.read(folder).profile.partners == (moved, miner)


def test_nobody_takes_over_a_partners_did(tmp_path: Path) -> None:
    folder = made(tmp_path / "cell")
    node_folder.add_partner(folder, OEM)
    thief = replace(OEM, bpn="BPNL0000000THIEF")
    with pytest.raises(Refused) as refused:
        node_folder.add_partner(folder, thief)
    assert refused.value.findings[0].code == "node.did-taken"
    itself = replace(OEM, did=node_profile().did)
    with pytest.raises(Refused):
        node_folder.add_partner(folder, itself)
    with pytest.raises(FaultyInput):
        node_folder.add_partner(folder, replace(OEM, bpn="x", did="y"))


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ('name = "cellmaker"', "name = 7", ["node.wrong-value"]),
        ('name = "cellmaker"', "", ["node.missing-member"]),
        ('name = "cellmaker"', 'nome = "x"', ["node.missing-member", "node.unknown-member"]),
        ("[settings]", "[setings]", ["node.unknown-member"]),
        ("[node]", "[nodes]", ["node.missing-member", "node.unknown-member"]),
        ("[node]", "[node", ["node.unreadable"]),
        ('did = "did:web:', 'did = "did:key:', ["node.wrong-did"]),
        ("allow_loopback_http = true", 'allow_loopback_http = "yes"', ["node.wrong-value"]),
        ("[settings]\nport = 8102", "", []),
        ("[node]", "settings = 7\npartners = 8\n[node]", ["node.unreadable"]),
        ("[settings]\nport = 8102", "[partners]", ["node.wrong-value"]),
        ("[settings]\nport = 8102", "[[partners]]\nname = 'x'", ["node.missing-member"]),
    ],
)
def test_a_faulty_file_is_said(tmp_path: Path, old: str, new: str, codes: list[str]) -> None:
    folder = made(tmp_path / "cell")
    text = (folder / "node.toml").read_text()
    assert old in text
    (folder / "node.toml").write_text(text.replace(old, new))
    if not codes:  # settings may be left out
        assert node_folder.read(folder).settings == {}
        return
    with pytest.raises(FaultyInput) as fault:
        node_folder.read(folder)
    assert sorted({f.code for f in fault.value.findings}) == codes


def test_an_absent_node_is_said(tmp_path: Path) -> None:
    with pytest.raises(FaultyInput) as fault:
        node_folder.read(tmp_path)
    assert fault.value.findings[0].code == "node.absent"


def test_the_world_of_a_node_is_real(tmp_path: Path) -> None:
    folder = made(tmp_path / "50% cell? #1")  # a folder may be called anything
    world = open_world(folder)
    assert replace(world.node, partners=()) == node_profile()
    assert tuple(world.node.partners) == ()
    assert world.settings == {
        "port": 8102,
        "folder": str(folder),
    }
    assert world.clock.now().tzinfo is not None
    assert world.identifiers.urn_uuid() != world.identifiers.urn_uuid()
    assert len(world.identifiers.token()) >= 43
    assert world.keyring.did_document()["id"] == world.node.did
    with world.store.unit_of_work() as work:
        work.put("passport", "p1", b"1")
    world.store.close()
    again = open_world(folder)
    with again.store.reading() as view:
        assert view.get("passport", "p1") is not None
    again.store.close()
    forgetful = open_world(folder, store_url="memory://")
    with forgetful.store.reading() as view:
        assert view.get("passport", "p1") is None


def test_a_world_that_is_open_learns_of_new_partners(tmp_path: Path) -> None:
    folder = made(tmp_path / "node")
    world = open_world(folder)
    assert world.node.partner(OEM.bpn) is None
    node_folder.add_partner(folder, OEM)
    assert world.node.partner(OEM.bpn) == OEM
    assert len(world.node.partners) == 1 and world.node.partners[0] == OEM
    sound = (folder / "node.toml").read_text("utf-8")
    (folder / "node.toml").write_text(sound + "[[partners", "utf-8")
    assert world.node.partner(OEM.bpn) == OEM  # somebody is editing: nothing is lost
    (folder / "node.toml").write_text(sound.partition("[[partners")[0], "utf-8")
    assert world.node.partner(OEM.bpn) is None  # and one taken out is out
    world.store.close()
