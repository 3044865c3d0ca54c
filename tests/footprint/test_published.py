"""Published values stand beside a footprint on one basis; nothing is calculated with them."""

from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from saltbridge.adapters.factors.library import Library
from saltbridge.adapters.inventory_files import load
from saltbridge.cli.main import run
from saltbridge.footprint.methodologies import methodologies
from saltbridge.footprint.model import PublishedValue, Stage
from saltbridge.footprint.published import StageBeside, beside_published, beside_record
from saltbridge.locales import number
from saltbridge.services.account import FootprintRequest, work_out
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "nmc111-pack"
EU = "eu-cfb@draft-2024-04"
RULES = methodologies()["eu-cfb"].rule_set("draft-2024-04")


def value(kg: float, stage: Stage | None, **more: Any) -> PublishedValue:
    known: dict[str, Any] = {"study": "S", "unit": "kWh", "units_per_product": 10_000.0}
    return PublishedValue(kg_co2e=kg, stage=stage, **{**known, **more})


def battery(*published: PublishedValue) -> Any:
    """400 kg with 1,000 kg CO2e of raw material."""
    return inventory(
        process("pack", unit="piece"),
        row("pack", "input", "metal", 500.0, stage=Stage.RAW_MATERIAL),
        published=published,
    )


@lru_cache(maxsize=2)
def nmc111(methodology: str) -> Any:
    loaded = load(EXAMPLE)
    request = FootprintRequest(
        inventory=loaded.inventory, inventory_digest=loaded.digest, methodology=methodology
    )
    result = work_out(Library(), date(2026, 11, 23), request)
    id, _, edition = methodology.partition("@")
    rules = methodologies()[id].rule_set(edition)
    return beside_published(result.footprint, loaded.inventory, rules)


def test_ours_is_put_on_the_unit_of_the_study_by_mass() -> None:
    """hand: 1,000 kg CO2e over 400 kg; a study of 200 kg and 10,000 kWh: 500/10,000 = 0.05."""
    what = battery(value(0.08, Stage.RAW_MATERIAL, mass_kg=200.0))
    (study,), faults = beside_published(
        footprint(what, factor("metal", 2.0), methodology=EU), what, RULES
    )
    (stage,) = study.stages
    assert not faults
    assert stage.known == pytest.approx(0.05) == stage.low == stage.high
    assert stage.known * study.per_kg == pytest.approx(1000 / 400)
    assert stage.explained_share == 0.0 and stage.holes == 0
    assert stage.coverage is not None and stage.coverage.mass_share == 1.0


@pytest.mark.parametrize(
    ("published", "share"),
    [(7.0, 1.0), (5.0, 1.0), (10.0, 0.75), (2.0, None), (1.0, 0.0), (3.0, 0.0)],
)
def test_the_share_that_holes_can_explain(published: float, share: float | None) -> None:
    """hand: known 2, with holes 4 to 8. Published 10: 8 of 10 is reached, 6 of the gap of 8."""
    beside = StageBeside(
        stage=None, published=published, known=2.0, low=4.0, high=8.0, coverage=None, holes=1
    )
    assert beside.explained_share == (None if share is None else pytest.approx(share))


def test_the_example_shows_its_four_stages_beside_the_published_ones() -> None:
    """published: PEFDPP NMC111, 0.107882 / 0.0495404 / 0.00384565 / −0.00643165 kg per kWh.

    hand: times 24,000 kWh over 165.02 kg: 15.690 / 7.205 / 0.5593 / −0.9354 kg per kg of pack.
    regression: ours, 3.266 / 0.964 / 0.173 / −1.477 kg per kg of pack.
    """
    (study,), faults = nmc111(EU)
    assert not faults and study.units_per_product == 24_000.0
    stages = {s.stage: s for s in study.stages}
    assert list(stages) == [*Stage, None]
    theirs = [stages[s].published for s in Stage]
    assert theirs == [0.107882, 0.0495404, 0.00384565, -0.00643165]
    per_kg = [s.published * study.per_kg for s in study.stages]
    assert per_kg == pytest.approx([15.690, 7.205, 0.5593, -0.9354, 22.514], abs=6e-4)
    ours = [(s.known or 0.0) * study.per_kg for s in study.stages]
    assert ours == pytest.approx([3.266, 0.964, 0.173, -1.477, 2.925], abs=6e-4)
    assert sum(ours[:4]) == pytest.approx(ours[4], rel=1e-9)
    raw = stages[Stage.RAW_MATERIAL]
    assert raw.coverage is not None
    assert raw.coverage.mass_share == pytest.approx(0.0814, abs=1e-4)
    assert raw.explained_share == 1.0
    main = stages[Stage.MAIN_PRODUCTION]
    assert main.explained_share == pytest.approx(0.0379, abs=1e-4)


def test_a_stage_outside_of_the_boundary_has_no_number_and_then_the_whole_has_none() -> None:
    (study,), _ = nmc111("catena-x-pcf@v4")
    known = {s.stage: s.known for s in study.stages}
    assert known[Stage.DISTRIBUTION] is known[Stage.END_OF_LIFE] is known[None] is None
    assert known[Stage.RAW_MATERIAL] is not None
    assert beside_record(study)["stages"][3]["explained_share"] is None


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([value(1.0, None, units_per_product=0.0)], "footprint.published-no-basis"),
        ([value(1.0, None), value(1.0, None, unit="kg")], "footprint.published-bases"),
    ],
)
def test_a_study_without_a_basis_is_a_finding(rows: list[PublishedValue], code: str) -> None:
    what = battery(*rows)
    result = footprint(what, factor("metal", 2.0), methodology=EU)
    found, faults = beside_published(result, what, RULES)
    assert not found and [f.code for f in faults] == [code]


def test_published_values_move_no_number() -> None:
    bare = battery()
    with_values = replace(bare, published=(value(9.0, None),))
    one, other = (
        footprint(what, factor("metal", 2.0), methodology=EU) for what in (bare, with_values)
    )
    assert one.contributions == other.contributions and one.holes == other.holes


@pytest.mark.parametrize(
    ("language", "stages", "explained"),
    [
        ("en", ("Raw materials", "Main production", "Distribution", "End of life"), "explain"),
        ("de", ("Rohstoffe", "Herstellung", "Vertrieb", "Ende der Lebensdauer"), "erklären"),
        ("zh", ("原材料获取", "主产品生产", "分销", "寿命终止"), "解释"),
    ],
)
def test_the_command_shows_them(
    language: str, stages: tuple[str, ...], explained: str, capsys: Any
) -> None:
    """Each stage with its published value in one line, and the share that holes explain."""
    assert run(["footprint", str(EXAMPLE), "--methodology", EU, "--language", language]) == 0
    told = capsys.readouterr().out
    beside = told[told.index("PEFDPP NMC111 (CFB-EV)") :]
    lines = beside.splitlines()
    values = (0.107882, 0.0495404, 0.00384565, -0.00643165)
    for stage, value in zip(stages, values, strict=True):
        figure = number(value, language, 6)
        (line,) = [one for one in lines if stage in one and figure in one]
        assert len(line.split()) >= 4, line  # published, known, range
    share = number(100 * 0.037912, language, 3)
    assert f"{share} %" in beside
    assert beside.count(explained) >= 5
