"""The settings of a node: what the table does not know is said, all at once."""

from pathlib import Path
from typing import Any

import pytest

from saltbridge.adapters import node_folder
from saltbridge.adapters.settings import SETTINGS, check, value
from saltbridge.border.rules import packaged_packs
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Place
from saltbridge.testing.builders import NOON, node_profile

HERE = Place(file="node.toml")
BPN = "BPNL00000000CARS"
SOUND: dict[str, Any] = {
    "port": 8443,
    "trusted_proxies": ["10.0.0.5", "fd00::/8"],
    "tls": {"certificate": "tls/chain.pem", "key": "tls/key.pem"},
    "limits": {"connections_per_address": 10},
    "log_format": "text",
    "live": {"upstreams": {"http://10.0.0.5:8080": "upstream.token", "https://a.example": ""}},
    "push": {"targets": {BPN: ["https://data.example", "http://127.0.0.1:8112"]}},
    "oidc": {"issuer": "https://id.example", "roles": {"Anything": "viewer"}},
    "sessions": {"idle_minutes": 10},
    "passport_access": {
        "contact": "passports@cars.example",
        "vehicle_brands": ["Cars"],
        "interests": {"recycler": {"points": [2, 4], "days": 30, "admitted": True}},
    },
}


def test_sound_settings_give_no_findings() -> None:
    assert check(SOUND, HERE) == []


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"prot": 1}, ["node.unknown-member"]),
        ({"live": {"upstreams": {"10.0.0.5:80": ""}}}, ["settings.upstream-faulty"]),
        ({"live": {"upstreams": {"http://10.0.0.5/x": ""}}}, ["settings.upstream-faulty"]),
        ({"live": {"upstreams": {"http://10.0.0.5": 1}}}, ["settings.upstream-faulty"]),
        ({"push": {"targets": {"cars": ["https://a.example"]}}}, ["settings.push-faulty"]),
        ({"push": {"targets": {BPN: "https://a.example"}}}, ["settings.push-faulty"]),
        *(
            ({"push": {"targets": {BPN: [wrong]}}}, ["settings.push-faulty"])
            for wrong in ("http://a.example", "https://a.example/x", "https://u@a.example", 1)
        ),
        ({"tls": {"certificat": "x", "certificate": "x", "key": "x"}}, ["node.unknown-member"]),
        ({"tls": {"certificate": "x"}}, ["node.missing-member"]),
        ({"tls": "on"}, ["node.unknown-member"]),
        ({"connector": {"kind": "edc"}}, ["node.missing-member"] * 2),
        ({"connector": {"kind": "other"}}, ["settings.no-choice"]),
        ({"connector": {"kind": "own"}}, []),
        ({"port": "8443"}, ["node.wrong-value"]),
        ({"passport_access": {"interests": {"x": {}}}}, ["node.unknown-member"]),
        (
            {"passport_access": {"interests": {"recycler": {"points": [3]}}}},
            ["node.wrong-value"],
        ),
        ({"passport_access": {"contakt": "x"}}, ["node.unknown-member"]),
        ({"port": True}, ["node.wrong-value"]),
        ({"port": 0}, ["settings.out-of-range"]),
        ({"port": 65536}, ["settings.out-of-range"]),
        ({"log_format": "xml"}, ["settings.no-choice"]),
        ({"trusted_proxies": "*"}, ["node.wrong-value"]),
        ({"trusted_proxies": ["*"]}, ["settings.no-network"]),
        ({"trusted_proxies": [7]}, ["node.wrong-value"]),
        ({"oidc": "on"}, ["node.unknown-member"]),
        ({"pkcs11": "on"}, ["node.wrong-value"]),
        ({"sessions": {"idle_minutes": 0}}, ["settings.out-of-range"]),
        ({"port": 0, "bind": 1, "x": 1},
         ["node.unknown-member", "node.wrong-value", "settings.out-of-range"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(changes: dict[str, Any], codes: list[str]) -> None:
    assert sorted(f.code for f in check({**SOUND, **changes}, HERE)) == codes


def test_a_node_with_a_misspelt_setting_is_not_opened(tmp_path: Path) -> None:
    node_folder.create(tmp_path / "n", node_profile(), {"metrics_token": "x"}, NOON)
    with pytest.raises(FaultyInput) as fault:
        node_folder.read(tmp_path / "n")
    (found,) = fault.value.findings
    assert found.arguments["member"] == "settings.metrics_token"


def test_a_setting_is_what_was_given_else_its_default() -> None:
    assert value(SOUND, "port") == 8443
    assert value(SOUND, "tls.key") == "tls/key.pem"
    assert value(SOUND, "limits.head_bytes") == 32_768
    assert value({}, "tls.key") is None
    with pytest.raises(KeyError):
        value(SOUND, "no-such-setting")


def test_names_are_unique_and_defaults_keep_their_own_bounds() -> None:
    assert len({row.name for row in SETTINGS}) == len(SETTINGS)
    with_numbers = [r for r in SETTINGS if r.kind is int and isinstance(r.default, int)]
    assert with_numbers
    for row in with_numbers:
        assert (row.least or 0) <= row.default <= (row.most or row.default), row.name
    assert all(r.default in r.choices for r in SETTINGS if r.choices)


def test_the_zones_are_those_of_the_rule_packs() -> None:
    zones = {pack.zone for pack in packaged_packs() if pack.zone}
    (row,) = [row for row in SETTINGS if row.name == "free_trade_zone"]
    assert set(row.choices) == {"none", *zones}
