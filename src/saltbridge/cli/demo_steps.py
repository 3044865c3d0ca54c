"""The fourteen steps of the demo, in the order of the path."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date
from pathlib import Path
from typing import Any

from saltbridge.cli.demo_approval import received_record, two_persons_approve
from saltbridge.cli.demo_credentials import believe_the_issuer, companies_get_credentials
from saltbridge.cli.demo_layout import INDENT
from saltbridge.cli.demo_people import add_people, say_people
from saltbridge.cli.demo_report import (
    say_addresses,
    say_bridge,
    say_checks,
    say_footprint,
    say_holes,
    say_manifest,
    say_passports,
    say_verified,
)
from saltbridge.cli.demo_walk import Company, HeldPorts, StepFailed, Walk
from saltbridge.locales import LANGUAGES

TOTAL = 14
_MARGIN = " " * INDENT
EU_DRAFT = "eu-cfb@draft-2024-04"
CATENA_X = "catena-x-pcf@v4"
CHINA = "cn-miit-551@2025-551"
PLACED_ON_MARKET = date(2027, 3, 1)


def walk_the_path(walk: Walk, *, first_port: int, passports: int) -> None:
    """All steps; each may use what the ones before it left in ``walk``.

    Raises:
        StepFailed: a step did not do what it must; the steps after it are not run.
    """
    _introduce(walk, first_port)
    companies_get_credentials(walk, TOTAL)
    _first_footprint(walk)
    _declaration_is_refused(walk)
    dataset = _supplier_publishes(walk)
    _cell_maker_receives(walk)
    _outsider_is_refused(walk, dataset)
    _footprints(walk)
    _border(walk, passports)
    _carmaker_receives(walk)
    _passports(walk)
    _pages(walk)
    _verify_offline(walk)


def _companies(folder: Path, ports: list[int]) -> dict[str, Company]:
    return {
        "supplier": Company(
            "supplier",
            "Wuyi Materials",
            "Wuyi Battery Materials Co., Ltd. (fictitious)",
            "BPNL00000000MATS",
            "CN",
            "CN",
            "12 Chongyang Road, Nanping, Fujian, China (fictitious)",
            ports[0],
            folder / "material-supplier",
        ),
        "cells": Company(
            "cells",
            "Minjiang Cell",
            "Minjiang Cell Co., Ltd. (fictitious)",
            "BPNL00000000CELL",
            "CN",
            "CN",
            "8 Lianban Road, Fuzhou, Fujian, China (fictitious)",
            ports[1],
            folder / "cell-maker",
        ),
        "cars": Company(
            "cars",
            "Isarwerk",
            "Isarwerk Automobile AG (fictitious)",
            "BPNL00000000OEM1",
            "EU",
            "DE",
            "Beispielstraße 1, 80331 München, Germany (fictitious)",
            ports[2],
            folder / "carmaker",
        ),
    }


def _introduce(walk: Walk, first_port: int) -> None:
    with walk.step("nodes", TOTAL):
        walk.held = HeldPorts(first_port, 4)
        walk.companies.update(_companies(walk.folder, walk.held.ports))
        for company in walk.companies.values():
            walk.run(
                *("node", "init", str(company.folder), "--name", company.name),
                *("--legal-name", company.legal_name, "--bpn", company.bpn),
                *("--jurisdiction", company.jurisdiction, "--country", company.country),
                *("--address", company.address, "--port", str(company.port)),
                "--allow-loopback-http",
                show=company.key == "supplier",
            )
        for one, other in (
            ("supplier", "cells"), ("cells", "supplier"), ("cells", "cars"),
            ("cars", "cells"), ("supplier", "cars"), ("cars", "supplier"),
        ):  # fmt: skip
            partner = walk.companies[other]
            walk.run(
                *("node", "partner", str(walk.companies[one].folder), "--name", partner.name),
                *("--bpn", partner.bpn, "--did", partner.did),
                *("--jurisdiction", partner.jurisdiction),
                *("--dsp-url", f"{partner.url}/2025-1"),
                show=False,
            )
        believe_the_issuer(walk, walk.held.ports[3])
        add_people(walk)
        for company in walk.companies.values():
            walk.serve(company)
            walk.say(f"{_MARGIN}{company.name:<15} {company.jurisdiction}  {company.did}")
        walk.results["urls"] = {c.key: c.url for c in walk.companies.values()}


def _inventory(walk: Walk) -> str:
    return str(walk.examples / "nmc111-pack")


def _node(walk: Walk, key: str) -> tuple[str, str]:
    return "--node", str(walk.companies[key].folder)


def _first_footprint(walk: Walk) -> None:
    with walk.step("holes", TOTAL):
        ran = walk.run("footprint", _inventory(walk), "--methodology", EU_DRAFT, "--json")
        record = ran.json()
        if not record["holes"]:
            raise StepFailed(walk.word("failed.no-holes"))
        walk.results["holes"] = record["holes"]
        say_holes(walk, record)


def _quote(walk: Walk, said: str, most: int) -> None:
    """The first lines of what a command said, set back as far as the command set them."""
    for line in said.splitlines()[:most]:
        words = line.strip()
        lead = "    " if words.startswith("→") else ""
        walk.tell(words, "yellow", lead=lead)


def _declaration_is_refused(walk: Walk) -> None:
    with walk.step("declaration-refused", TOTAL):
        ran = walk.run(
            *("footprint", _inventory(walk), "--methodology", CATENA_X, "--declare"), expect=1
        )
        _quote(walk, ran.stderr, 4)


def _supplier_publishes(walk: Walk) -> str:
    with walk.step("supplier-publishes", TOTAL):
        document = walk.examples / "partners" / "material-supplier" / "pcf.json"
        cells = walk.companies["cells"]
        walk.run(
            *("publish", str(document), "--kind", "pcf", "--to", cells.bpn),
            *("--title", "PCF records, illustrative", *_node(walk, "supplier")),
        )
        records = json.loads(document.read_text(encoding="utf-8"))["records"]
        walk.tell(walk.word("records", count=len(records)))
        decision = _newest_decision(walk, "supplier")
        stayed = sum(f.get("count", 1) for f in decision["fields"] if f["decision"] == "stay")
        walk.tell(walk.word("fields-stay", count=stayed))
        offers = walk.run(
            "exchange", "catalog", walk.companies["supplier"].bpn, *_node(walk, "cells"),
            "--json", show=False,
        ).json()  # fmt: skip
        return str(offers[0]["id"])


def _newest_decision(walk: Walk, key: str) -> dict[str, Any]:
    decisions = walk.run("border", "decisions", *_node(walk, key), "--json", show=False).json()
    newest: dict[str, Any] = decisions[0]
    return newest


def _request(walk: Walk, asker: str, partner: str, kind: str) -> dict[str, Any]:
    walk.run(
        *("exchange", "request", walk.companies[partner].bpn, "--kind", kind),
        *(*_node(walk, asker), "--wait", "60"),
    )
    deliveries = walk.run(
        "exchange", "deliveries", *_node(walk, asker), "--json", show=False
    ).json()
    newest: dict[str, Any] = max(deliveries, key=lambda d: d["received_at"])
    say_checks(walk, newest)
    if not newest["checks"] or not all(check["ok"] for check in newest["checks"]):
        raise StepFailed(walk.word("failed.checks"))
    return newest


def _cell_maker_receives(walk: Walk) -> None:
    with walk.step("supplier-delivers", TOTAL):
        _request(walk, "cells", "supplier", "pcf")


def _outsider_is_refused(walk: Walk, dataset: str) -> None:
    with walk.step("outsider-refused", TOTAL):
        ran = walk.run(
            *("exchange", "request", walk.companies["supplier"].bpn, dataset),
            *(*_node(walk, "cars"), "--wait", "20"),
            expect=2,
        )
        _quote(walk, ran.stderr or ran.stdout, 3)


def _footprints(walk: Walk) -> None:
    with walk.step("footprints", TOTAL):
        for methodology in (CHINA, CATENA_X, EU_DRAFT):
            record = walk.run(
                *("footprint", _inventory(walk), "--methodology", methodology, "--json"),
                *_node(walk, "cells"),
            ).json()
            say_footprint(walk, record)
        if record["holes"]:
            flows = ", ".join(hole["flow"] for hole in record["holes"][:3])
            raise StepFailed(walk.word("failed.holes-left", flows=flows))
        bridge = walk.run(
            *("compare", _inventory(walk), "--from", EU_DRAFT, "--to", CATENA_X, "--json"),
            *_node(walk, "cells"),
        ).json()
        say_bridge(walk, bridge)
        walk.results["bridge"] = {
            rule["rule"]: rule["delta_kg_co2e"] for rule in bridge["steps"]
        }


def _border(walk: Walk, passports: int) -> None:
    with walk.step("border", TOTAL):
        record = walk.folder / "supplier-record.json"
        facts = walk.examples / "nmc111-pack" / "battery-facts.toml"
        walk.run(
            *("record", *_node(walk, "cells"), "--methodology", EU_DRAFT),
            *("--facts", str(facts), "--items", str(_items(walk, passports))),
            *("--out", str(record)),
        )
        cars = walk.companies["cars"]
        walk.run(
            *("publish", str(record), "--kind", "battery-supplier-record", "--to", cars.bpn),
            *("--title", "Supplier record MJC-NMC111-24", *_node(walk, "cells")),
        )
        (waiting,) = walk.run(
            "border", "pending", *_node(walk, "cells"), "--json", show=False
        ).json()
        manifest = waiting["manifest"]
        walk.results["manifest"] = {
            "left": manifest["left"] + manifest["minimised"],
            "stayed": manifest["stayed"],
        }
        say_manifest(walk, manifest, waiting, preview=True)


def _items(walk: Walk, count: int) -> Path:
    """The first ``count`` batteries of the example, more of the same if it holds fewer."""
    source = (walk.examples / "nmc111-pack" / "items.csv").read_text(encoding="utf-8")
    header, *rows = source.strip().splitlines()
    place = header.split(",").index("serial")
    made = []
    for number in range(count):
        cells = rows[number % len(rows)].split(",")
        if number >= len(rows):
            cells[place] = f"{cells[place]}-{number // len(rows) + 1}"
        made.append(",".join(cells))
    listed = walk.folder / "items.csv"
    listed.write_text("\n".join([header, *made]) + "\n", encoding="utf-8")
    walk.results["serials"] = [row.split(",")[place] for row in made]
    return listed


def _carmaker_receives(walk: Walk) -> None:
    delivery = two_persons_approve(walk, TOTAL)
    walk.results["delivery"] = {"verified": True, "checks": delivery["checks"]}
    walk.results["delivery_id"] = delivery["id"]


def _passports(walk: Walk) -> None:
    with walk.step("passports", TOTAL):
        partner = walk.examples / "partners" / "carmaker"
        issued = walk.run(
            *("passport", "issue", *_node(walk, "cars"), "--delivery", "latest"),
            *("--serials", ",".join(walk.results["serials"])),
            *("--facts", str(partner / "passport" / "operator.toml")),
            *("--distribution", str(partner / "distribution")),
            *("--placed-on-market", PLACED_ON_MARKET.isoformat(), "--json"),
        ).json()
        say_passports(walk, issued)
        walk.results["passports_issued"] = len(issued["passports"])
        walk.results["passports"] = issued["passports"]
        walk.results["footprint"] = _footprint_result(issued["footprint"])


def _footprint_result(record: dict[str, Any]) -> dict[str, Any]:
    """The carmaker's footprint as ``--json`` words it: its own lorry, the other stages kept."""
    return {
        "methodology": record["methodology"]["id"],
        "edition": record["methodology"]["edition"],
        "kind": record["type"],
        "total_kg_co2e": record["total_kg_co2e"],
        "declared": record["declared"],
        "stages": record["stages"],
    }


def _pages(walk: Walk) -> None:
    with walk.step("pages", TOTAL):
        cars = walk.companies["cars"]
        pages = {}
        for passport in walk.results["passports"]:
            page = passport["product_id"]
            for language in LANGUAGES:
                status, body, _ = walk.get(f"{page}?lang={language}", Accept="text/html")
                if status != 200 or f'lang="{language}'.encode() not in body:
                    asked = f"{page}?lang={language}"
                    raise StepFailed(walk.word("failed.page", url=asked, status=status))
            for picture in ("qr.svg", "qr.png"):
                status = walk.get(f"{page}/{picture}")[0]
                if status != 200:
                    asked = f"{page}/{picture}"
                    raise StepFailed(walk.word("failed.page", url=asked, status=status))
            pages[passport["serial"]] = page
        first = next(iter(pages.values()))
        walk.results["urls"] |= {
            "passport": first,
            "passports": pages,
            "qr": f"{first}/qr.svg",
        }
        tongues = (walk.tongue, *(t for t in LANGUAGES if t != walk.tongue))
        say_addresses(
            walk,
            [
                *((walk.word(f"page.{t}"), f"{first}?lang={t}") for t in tongues),
                (walk.word("page.qr"), f"{first}/qr.svg"),
                (
                    walk.word("page.identity", name=cars.name),
                    f"{cars.url}/.well-known/did.json",
                ),
            ],
        )
        say_people(walk)


def _verify_offline(walk: Walk) -> None:
    with walk.step("verify-offline", TOTAL):
        cars = walk.companies["cars"]
        saved = walk.folder / "passport.json"
        issued = walk.results["passports"][0]
        status, body, _ = walk.get(f"{cars.url}/passports/{issued['id']}/claim.json")
        if status != 200:
            url = f"{cars.url}/passports/{issued['id']}/claim.json"
            raise StepFailed(walk.word("failed.page", url=url, status=status))
        saved.write_bytes(body)
        say_verified(
            walk, walk.run("verify", str(saved), *_node(walk, "cars"), "--json").json()
        )
        record = received_record(walk)
        received = json.loads(record.read_text(encoding="utf-8"))
        say_verified(
            walk, walk.run("verify", str(record), *_node(walk, "cars"), "--json").json()
        )
        receipt = walk.folder / "receipt.json"
        enclosed = {
            "did_document": received["did_document"],
            "saltbridge": "receipt",
            "jws": _payload(received["jws"])["content"]["receipt"],
        }
        receipt.write_text(json.dumps(enclosed), encoding="utf-8")
        say_verified(
            walk, walk.run("verify", str(receipt), *_node(walk, "cars"), "--json").json()
        )
        forged = walk.folder / "forged.json"
        claim = json.loads(body)
        claim["sd_jwt"] = _forged(claim["sd_jwt"])
        forged.write_text(json.dumps(claim), encoding="utf-8")
        caught = walk.run("verify", str(forged), *_node(walk, "cars"), "--json", expect=1)
        say_verified(walk, caught.json())


def _payload(jws: str) -> dict[str, Any]:
    """What a compact JWS says, read without checking anything."""
    said: dict[str, Any] = json.loads(_read(jws.split(".")[1]))
    return said


def _read(part: str) -> str:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


def _forged(sd_jwt: str) -> str:
    """The same passport made lighter by a kilogram, under the old signature."""
    jwt, public, end = sd_jwt.split("~")
    lighter = _read(public).replace("165.02", "164.02").encode()
    return "~".join((jwt, urlsafe_b64encode(lighter).decode().rstrip("="), end))
