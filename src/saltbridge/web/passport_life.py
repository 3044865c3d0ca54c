"""The events in a battery's life, in words, for readers who may see point 4."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from saltbridge.core.errors import SaltbridgeError
from saltbridge.locales import text
from saltbridge.passport.access import Audience
from saltbridge.passport.lifecycle_rules import SECOND_LIFE
from saltbridge.ports import World
from saltbridge.services.passport_events import PastEvent, past_events
from saltbridge.services.passport_opening import Opened
from saltbridge.web.passport_story import operation_name
from saltbridge.web.passport_values import day


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened on a day, and which other passports it is about."""

    day: str
    says: str
    signed: str = ""
    passports: tuple[tuple[str, str], ...] = ()  # id, and address if it lies here


@dataclass(frozen=True, slots=True)
class LifeStory:
    """The status a battery has now, and all that happened to it, the oldest first."""

    status: str
    happened: tuple[Happening, ...]


def life_story(world: World, opened: Opened, language: str) -> LifeStory | None:
    """The life of the battery; None where point 4 is closed to the reader."""
    terms = opened.reading
    if terms.audience is not Audience.LEGITIMATE_INTEREST or 4 not in terms.points:
        return None
    try:
        life, past = past_events(world, str(opened.view["passport_id"]))
        named = {id for event in past for id in _others(event)}
        with world.store.reading() as work:
            here = set(work.get_many("passport", named))
    except SaltbridgeError:
        return None  # what is stored was altered: nothing of it is shown
    happened = [_happening(world, event, here, language) for event in past]
    if not any(event.predecessors for event in past):
        told = {"operator": opened.view["issuer"]["name"]}
        placed = Happening(
            day(opened.view["placed_on_market"], language), _say("placed", language, told)
        )
        happened = [placed, *happened]
    status = text(f"lifecycle.status.{life.status.value}", None, language)
    return LifeStory(status, tuple(happened))


def _say(id: str, language: str, told: dict[str, Any] | None = None) -> str:
    return text(f"story.{id}", told, language)


def _others(event: PastEvent) -> tuple[str, ...]:
    """The passports that an event is about besides its own."""
    return event.predecessors or ((event.successor,) if event.successor else ())


def _happening(
    world: World, event: PastEvent, here: Collection[str], language: str
) -> Happening:
    between = "、" if language == "zh" else ", "
    who = between.join(_called(world, did) for did in event.signed_by)
    return Happening(
        day(event.occurred_on, language),
        _says(world, event, language),
        _say("signed-by", language, {"who": who}),
        tuple((id, f"/passports/{id}" if id in here else "") for id in _others(event)),
    )


def _says(world: World, event: PastEvent, language: str) -> str:
    """One event as a sentence; who answers from then on is a sentence of its own."""
    said = [_what(event, language)]
    if event.to:
        told = {"to": _called(world, event.to)}
        if event.capacity:
            told["capacity"] = _say(f"capacity.{event.capacity}", language)
        said.append(_say("answers-as" if event.capacity else "answers", language, told))
    stop = "；" if language == "zh" else ". "
    return stop.join(part for part in said if part)


def _what(event: PastEvent, language: str) -> str:
    if event.event in SECOND_LIFE:
        told = {"operation": operation_name(event.event, language)}
        return _say("begun" if event.predecessors else "passed", language, told)
    if event.event == "repair":
        told = {k: event.details[k] for k in ("component", "by") if event.details.get(k)}
        kind = {0: "repaired-plain", 1: "repaired", 2: "repaired-by"}[len(told)]
        return _say(kind if "component" in told else "repaired-plain", language, told)
    if event.event == "correction":
        return _say("corrected", language, {"reason": event.details.get("reason", "–")})
    if event.event == "becomes-waste":
        return _say("became-waste", language)
    return "" if event.to else text(f"lifecycle.event.{event.event}", None, language)


def _called(world: World, did: str) -> str:
    """The name of an operator as this node knows it, or its DID."""
    if did == world.node.did:
        return world.node.legal_name
    partner = world.node.partner(did)
    return did if partner is None else partner.name
