"""A footprint at the twin of its part: found in the registry, agreed on, read (CX-0136)."""

import pytest
from tests.web.test_twins_between_nodes import WAYS, opened, published, registry

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError
from saltbridge.exchange.pcf_exchange import MODEL_9, MODEL_10, footprint_of, semantic_id_of
from saltbridge.exchange.policy import PURPOSE_PCF
from saltbridge.exchange.served import TWIN_ASPECT
from saltbridge.exchange.twins import AssetLink
from saltbridge.footprint.supplier_figure import CATENA_X_10
from saltbridge.formats.pcf import convert, parse_pcf
from saltbridge.services import twin_find
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.log_audit import audit
from saltbridge.services.pcf_twin import PcfTwinRequest, publish_pcf_twin
from saltbridge.services.twin_registry import own_twins
from saltbridge.steps.pcf_models import model_faults
from saltbridge.steps.release import kept_release
from saltbridge.testing.deliveries import example_record

PART = "PREC-622"


@pytest.fixture
def footprint(examples):
    path = examples / "partners/material-supplier/figures/precursor-2026.json"
    return read_json(path.read_bytes())


def offered(pair, document, part=PART, **more):
    return publish_pcf_twin(
        pair.provider,
        PcfTwinRequest(
            document=document,
            part=part,
            recipients=[pair.consumer.node.bpn],
            person="PCF desk",
            **more,
        ),
    )


def twins_of(pair, part=PART):
    edr = registry(pair)
    links = [AssetLink("manufacturerPartId", part), AssetLink("digitalTwinType", "PartType")]
    ids = twin_find.find(pair.consumer, pair.to_provider, edr, links)
    return [twin_find.read(pair.consumer, pair.to_provider, edr, id) for id in ids]


def read(pair, twin, aspect):
    way = opened(
        pair, lambda: twin_find.value_of(pair.consumer, WAYS, pair.to_provider, aspect)
    )
    return twin_find.read_value(pair.consumer, pair.to_provider, way, twin, aspect)


def test_a_footprint_is_read_at_the_twin_of_its_part_in_either_model(a_pair, footprint):
    pair = a_pair()
    made = offered(pair, footprint)
    assert made.models == (MODEL_9, MODEL_10)
    twins = twins_of(pair)
    twin, aspect, model = footprint_of(twins)
    assert (model, aspect.semantic_id) == (MODEL_10, "urn:samm:io.catenax.pcf:10.0.0#Pcf")
    value = read(pair, twin, aspect)
    assert model_faults(value.document, MODEL_10) == ()
    assert model_faults(value.document, MODEL_9)[0].code == "pcf.other-model"
    wanted, _ = parse_pcf(footprint)
    got, _ = parse_pcf(value.document)
    assert got.number("production.excluding") == wanted.number("production.excluding")
    # What was read is what was released, byte for byte, for this partner.
    bpn = pair.consumer.node.bpn
    (kept,) = [k for k in pair.all(pair.provider, "twin-aspect") if k["id"] == aspect.id]
    named = kept["releases"][bpn]
    with pair.provider.store.reading() as view:
        release = kept_release(view, named["digest"], named["decision_id"], bpn)
    assert release is not None and release.content == canonical_bytes(value.document)
    assert digest(release.content) == value.digest
    assert audit(pair.provider).findings == ()
    older = next(a for a in twin.aspects if a.semantic_id == semantic_id_of(MODEL_9))
    assert model_faults(read(pair, twin, older).document, MODEL_9) == ()


def test_it_is_offered_for_the_use_of_footprints(a_pair, footprint):
    pair = a_pair()
    offered(pair, footprint, models=[MODEL_9])
    shown = request_catalogue(pair.consumer, pair.to_provider).datasets
    (dataset,) = [d for d in shown if d.kind == TWIN_ASPECT]
    assert (dataset.dct_type, dataset.version) == (
        "https://w3id.org/catenax/taxonomy#Submodel",
        "3.0",
    )
    assert PURPOSE_PCF in str(dataset.offers[0].policy)
    assert semantic_id_of(MODEL_9) in str(dataset.unknown)


def test_it_stands_beside_what_the_twin_of_a_battery_has(a_pair, examples, footprint):
    """Published before or after the battery: neither takes the other's aspects away."""
    pair, record = a_pair(consumer_in="EU"), example_record(examples)
    part = "NMC111-24"
    offered(pair, footprint, part)
    (model, *_) = published(pair, record).twins
    (twin,) = twins_of(pair, part)
    assert twin.id == model.id
    names = {a.document["idShort"] for a in twin.aspects}
    assert names >= {"Pcf9", "Pcf10", "TechnicalData"}
    before = {a.id for a in twin.aspects}
    offered(pair, footprint, part, models=[MODEL_10])
    (twin,) = twins_of(pair, part)
    gone = before - {a.id for a in twin.aspects}
    assert len(gone) == 1 and "Pcf9" not in {a.document["idShort"] for a in twin.aspects}
    assert any(a.name == "manufacturerId" for a in twin.asset_ids)


def test_another_partner_takes_nothing_away_from_who_reads_it(a_pair, footprint):
    pair = a_pair()
    other = next(p for p in pair.provider.node.partners if p.bpn != pair.consumer.node.bpn)
    offered(pair, footprint)
    request = PcfTwinRequest(
        document=footprint,
        part=PART,
        recipients=[other.bpn],
        person="PCF desk",
        models=[MODEL_10],
    )
    publish_pcf_twin(pair.provider, request)
    (twin,) = twins_of(pair)
    older = next(a for a in twin.aspects if a.semantic_id == semantic_id_of(MODEL_9))
    assert model_faults(read(pair, twin, older).document, MODEL_9) == ()
    offered(pair, footprint, models=[MODEL_10])  # now nobody is left who may read the older
    (twin,) = twins_of(pair)
    assert {a.semantic_id for a in twin.aspects} == {semantic_id_of(MODEL_10)}
    (kept,) = [k for k in pair.all(pair.provider, "twin-aspect") if k["id"] == older.id]
    assert kept["releases"] == {}


def test_who_may_not_read_it_does_not_find_it(a_pair, footprint):
    pair = a_pair()
    offered(pair, footprint)
    (twin,) = own_twins(pair.provider)
    aspect = twin.aspects[0]
    object.__setattr__(pair.provider.node.partners[0], "bpn", "BPNL0000STRANGER")
    with pytest.raises(SaltbridgeError):
        registry(pair)
    with pytest.raises(SaltbridgeError):
        read(pair, twin, aspect)


def test_a_model_that_cannot_hold_it_is_left_out_and_named(a_pair, examples, footprint):
    pair = a_pair()
    path = examples / "partners/material-supplier/figures/aluminium-pact.json"
    with pytest.raises(Refused) as fault:  # PACT does not say what Catena-X demands
        offered(pair, read_json(path.read_bytes()))
    assert {f.code for f in fault.value.findings} == {"supplier.schema"}
    newer = convert(parse_pcf(footprint)[0], CATENA_X_10).document
    newer["pcfAssessmentAndMethodology"][0]["dataSourcesAndQuality"][0].pop("primaryDataShare")
    made = offered(pair, newer)
    assert made.models == (MODEL_10,)
    left_out = [f for f in made.findings if f.code == "pcf.model-left-out"]
    assert [f.arguments["model"] for f in left_out] == [MODEL_9]


def test_faults_are_told_before_anything_is_kept(a_pair, footprint):
    pair = a_pair()
    with pytest.raises(FaultyInput) as fault:
        offered(pair, footprint, "", models=["8.0.0"])
    assert [f.code for f in fault.value.findings] == ["pcf.name-a-part", "pcf.unknown-model"]
    with pytest.raises(FaultyInput):
        offered(pair, {"pcf": {}})
    assert list(own_twins(pair.provider)) == []
