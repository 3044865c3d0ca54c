"""A node that has just started has drawn a page before anybody asks."""

from pathlib import Path

from saltbridge.locales import LANGUAGES
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.web.warm import warm, warming


def test_a_page_is_drawn_in_every_language(examples: Path) -> None:
    world = carmaker_world()
    assert warm(world) == 0
    put_delivery(world, maker_profile(), example_record(examples))
    issue(world, IssueRequest(**example_request(examples, ("MJC24-7K2MQ9",))))
    assert warm(world) == len(LANGUAGES)
    with warming(world):
        pass


def test_a_store_that_cannot_be_read_keeps_nobody_from_starting(examples: Path) -> None:
    world = carmaker_world()
    with world.store.unit_of_work() as work:
        work.put("passport-address", "09521234567899/X", b'{"passport_id":"x"}')
    assert warm(world) == 0
