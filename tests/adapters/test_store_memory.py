"""The forgetful store keeps the promises of every store."""

from dataclasses import replace

import pytest

from saltbridge.adapters.stores import open_store
from saltbridge.adapters.stores.memory import MemoryStore
from saltbridge.border.release import Release
from saltbridge.ports import Store
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    survives_reopening = False

    def open_store(self) -> Store:
        return open_store("memory://", FixedClock())

    def alter_release(self, store: Store, content: bytes) -> None:
        assert isinstance(store, MemoryStore)
        kept = store._contents.releases
        for key, release in list(kept.items()):
            altered = replace(release)
            object.__setattr__(altered, "content", content)
            kept[key] = altered


def test_a_release_cannot_be_made_by_hand() -> None:
    with pytest.raises(TypeError):
        Release(b"", "application/json", "sha256:", "d", "public", "p")
