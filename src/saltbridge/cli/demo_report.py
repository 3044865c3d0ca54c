"""What the demo prints of each step, in the words of the catalogues."""

from typing import Any

from rich.text import Text

from saltbridge.cli.demo_layout import INDENT, pad, widest
from saltbridge.cli.demo_walk import Walk
from saltbridge.locales import has_text, number, text
from saltbridge.reports.bridge_words import listed, signed
from saltbridge.reports.rule_words import rule_name

_BAR = 24
_GROUPS = 3  # of fields, in a part of a manifest
_MARGIN = " " * (INDENT + 2)
_AFTER = " " * 11 + " kg  "  # a number and its unit, before the bar
_PASSED, _FAILED = Text("✓ ", "green"), Text("✗ ", "red")


def _kg(walk: Walk, value: float) -> str:
    return number(value, walk.tongue)


def _known(message: str, otherwise: str, tongue: str) -> str:
    return text(message, None, tongue) if has_text(message, tongue) else otherwise


def stage_name(stages: str, tongue: str) -> str:
    """The name of a life-cycle stage, or of several told as one sum (``a+b``)."""
    return " + ".join(
        _known(f"footprint.stage.{stage}", stage, tongue) for stage in stages.split("+")
    )


def say_footprint(walk: Walk, record: dict[str, Any]) -> None:
    """Total, declared value and the stages as bars."""
    methodology, declared, tongue = record["methodology"], record["declared"], walk.tongue
    total = walk.word(
        "footprint-known" if record["holes"] else "footprint",
        rules=f"{methodology['id']}@{methodology['edition']}",
        kind=_known(f"operator.{record['type']}", record["type"], tongue),
        total=_kg(walk, record["total_kg_co2e"]),
    )
    if declared:
        total += f" = {number(declared['value'], tongue, 6)} {declared['unit']}"
    walk.tell(total, "bold")
    names = {stage: stage_name(stage, tongue) for stage in record["stages"]}
    width = widest(names.values())
    room = walk.console.width - len(_MARGIN) - width - len(_AFTER)
    bars = max(4, min(_BAR, room))
    longest = max((abs(kg) for kg in record["stages"].values()), default=0.0) or 1.0
    for stage, kg in record["stages"].items():
        # A credit looks different on a terminal without colours, too.
        bar = ("░" if kg < 0 else "█") * max(1 if kg else 0, round(bars * abs(kg) / longest))
        line = f"{_MARGIN}{pad(names[stage], width)}{_kg(walk, kg):>11}{_AFTER[11:]}"
        walk.say(Text(line).append(bar, "green" if kg < 0 else "cyan"))
    if record["holes"]:
        walk.tell(_range(walk, record), "yellow", lead="  ")
    if record["rules_not_loaded"]:
        named = (rule_name(rule["id"], tongue) for rule in record["rules_not_loaded"])
        rules = listed(named, tongue)
        walk.tell(walk.word("not-loaded", rules=rules), "yellow", lead="  ")


def say_bridge(walk: Walk, record: dict[str, Any]) -> None:
    """Why two rule sets give two numbers: the rules that move the total, one by one."""
    tongue, start, end = walk.tongue, record["from"], record["to"]
    walk.tell(walk.word("why", start=start["methodology"], end=end["methodology"]), "bold")
    rows = [(start["methodology"], _kg(walk, start["total_kg_co2e"]))]
    for step in record["steps"]:
        rows.append((rule_name(step["rule"], tongue), signed(step["delta_kg_co2e"], tongue)))
    rows.append((end["methodology"], _kg(walk, end["total_kg_co2e"])))
    width = widest(name for name, _ in rows)
    for name, kg in rows:
        walk.say(f"{_MARGIN}{pad(name, width)}{kg:>11} kg")


def _range(walk: Walk, record: dict[str, Any]) -> str:
    holes, between = len(record["holes"]), record["range_kg_co2e"]
    if between is None:
        return walk.word("range-unknown", holes=holes)
    low, high = _kg(walk, between["low"]), _kg(walk, between["high"])
    return walk.word("range", holes=holes, low=low, high=high)


def say_holes(walk: Walk, record: dict[str, Any], most: int = 6) -> None:
    """The largest holes with what they would cost, and what that does to the total."""
    covered = number(record["coverage"]["mass_share"] * 100, walk.tongue, 2)
    total = _kg(walk, record["total_kg_co2e"])
    walk.tell(walk.word("known-so-far", kg=total, percent=covered))
    walk.tell(walk.word("holes-largest"))
    priced = sorted(record["holes"], key=lambda h: -(h["high_kg_co2e"] or 0.0))
    rows = []
    for hole in priced[:most]:
        low, high = hole["low_kg_co2e"], hole["high_kg_co2e"]
        cost = (
            walk.word("hole-unpriced")
            if low is None or high is None
            else walk.word("hole-range", low=_kg(walk, low), high=_kg(walk, high))
        )
        flow = f"{hole['flow']} ({hole['process']})"
        rows.append((flow, f"{_kg(walk, hole['amount']):>8} {hole['unit']:<6}", cost))
    taken = len(_MARGIN) + widest(row[1] for row in rows) + widest(row[2] for row in rows) + 2
    width = min(widest(row[0] for row in rows), max(12, walk.console.width - taken))
    for flow, amount, cost in rows:
        walk.say(f"{_MARGIN}{pad(flow, width)} {amount} {cost}")
    if len(priced) > most:
        more = {"count": len(priced) - most}
        walk.tell(text("footprint.heading.more", more, walk.tongue), lead="  ")
    walk.tell(_range(walk, record), "yellow")


def say_checks(walk: Walk, delivery: dict[str, Any]) -> None:
    """The numbered checks of a delivery."""
    for check in delivery["checks"]:
        name = text(f"delivery.check.{check['name']}", None, walk.tongue)
        why = ""
        if check["detail_code"]:
            code, arguments = check["detail_code"], check["arguments"]
            known = has_text(code, walk.tongue)
            why = f": {text(code, arguments, walk.tongue) if known else code}"
        lead = _PASSED if check["ok"] else _FAILED
        walk.tell(f"{check['number']}. {name}{why}", lead=lead)


def say_manifest(
    walk: Walk, manifest: dict[str, Any], decision: dict[str, Any], *, preview: bool = False
) -> None:
    """What left, what left in another form, what stayed: the largest groups of each.

    ``preview``: nothing has left yet.
    """
    from saltbridge.reports.manifest import manifest_words

    tongue = walk.tongue
    words = manifest_words(manifest, tongue, preview=preview)
    facts = dict(words.facts)
    purpose = facts[text("manifest.purpose", None, tongue)]
    recipient = f"{decision['recipient']['name']} ({decision['destination']})"
    walk.tell(walk.word("recipient", recipient=recipient, purpose=purpose))
    width = widest(section.title for section in words.sections)
    for section in words.sections:
        fields: dict[str, int] = {}
        for line in section.lines:
            fields[line.what] = fields.get(line.what, 0) + line.fields
        largest = sorted(fields.items(), key=lambda group: -group[1])
        told = [walk.word("class", count=n, name=what) for what, n in largest[:_GROUPS]]
        if rest := sum(n for _, n in largest[_GROUPS:]):
            told.append(walk.word("others", count=rest))
        shown = walk.word("and").join(told)
        lead = f"{pad(section.title, width)}{sum(fields.values()):>6}  "
        walk.tell(shown, "yellow" if section.key == "stayed" else "", lead=lead)
    walk.tell(walk.word("packs", count=len(manifest.get("packs", ()))))


def say_passports(walk: Walk, issued: dict[str, Any]) -> None:
    """The passports, and the footprint as the carmaker recalculated it."""
    for passport in issued["passports"]:
        walk.say(f"{' ' * INDENT}{passport['serial']:<20} {passport['id']}")
    say_footprint(walk, issued["footprint"])
    walk.tell(walk.word("declaration-pending"))


def say_verified(walk: Walk, verified: dict[str, Any]) -> None:
    """What `saltbridge verify` found, in one line, and every check that did not pass."""
    checks = verified["checks"]
    passed = sum(check["outcome"] == "passed" for check in checks)
    good = passed == len(checks)
    issuer = verified["issuer"] or "–"
    said = {
        "document": _known(f"demo.claim.{verified['type']}", verified["type"], walk.tongue),
        "issuer": next((c.name for c in walk.companies.values() if c.did == issuer), issuer),
        "passed": passed,
        "count": len(checks),
    }
    if good:
        walk.tell(walk.word("verified", **said), lead=_PASSED)
    else:
        walk.tell(walk.word("caught", **said), "yellow", lead=Text("! ", "yellow"))
    for check in checks:
        if check["outcome"] != "passed":
            name = text(f"verify.check.{check['name']}", None, walk.tongue)
            outcome = walk.word(f"outcome.{check['outcome']}")
            line = f"{check['number']}. {name}{walk.word('colon')}{outcome}"
            walk.tell(line, "yellow", lead="    ")


def say_statement(walk: Walk, delivery: dict[str, Any]) -> None:
    """How many checks of the export statement beside the delivery passed."""
    checks = delivery["statement"]["checks"]
    passed = sum(check["ok"] for check in checks)
    issuer = delivery["provider"]["name"]
    said = walk.word("statement", issuer=issuer, passed=passed, count=len(checks))
    walk.tell(said, lead=_PASSED if passed == len(checks) else _FAILED)


def say_log_proof(walk: Walk, record: dict[str, Any], verified: dict[str, Any]) -> None:
    """The entry of a document in its issuer's log: which, under which root, seen by whom."""
    check = next(c for c in verified["checks"] if c["name"] == "log")
    code, arguments = check["code"], dict(check["arguments"])
    for company in walk.companies.values():
        if "witnesses" in arguments:
            arguments["witnesses"] = arguments["witnesses"].replace(company.did, company.name)
    name = text("verify.check.log", None, walk.tongue)
    found = f"{name}{walk.word('colon')}{text(code, arguments, walk.tongue)}"
    walk.tell(found, lead=_PASSED if check["outcome"] == "passed" else _FAILED)
    root = record["log"]["checkpoint"].splitlines()[2]
    walk.tell(walk.word("log-root", root=root), lead="  ")


def say_addresses(walk: Walk, rows: list[tuple[str, str]]) -> None:
    """Labels with addresses; an address that does not fit beside its label stands below it."""
    width = widest(label for label, _ in rows) + 2
    for label, address in rows:
        if INDENT + width + len(address) <= walk.console.width:
            walk.say(f"{' ' * INDENT}{pad(label, width)}{address}")
        else:
            walk.say(" " * INDENT + label)
            walk.say(_MARGIN + address)
