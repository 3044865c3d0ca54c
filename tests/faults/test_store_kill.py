"""kill -9 amid writes: nothing acknowledged is lost, nothing half-written stays."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from saltbridge.adapters.stores import open_store
from saltbridge.testing.builders import NOON, FixedClock

ROUNDS = 6

# Writes state, leaf and outbox entry together, and says so once the commit has returned.
WRITER = """
import sys
from saltbridge.adapters.stores import open_store
from saltbridge.ports import OutboxEntry
from saltbridge.testing.builders import FixedClock

store = open_store(sys.argv[1], FixedClock())
number = int(sys.argv[2])
while True:
    with store.unit_of_work() as work:
        old = work.get("counter", "c")
        number = int(old.body) + 1 if old else 1
        work.put("counter", "c", str(number).encode(), expected_version=number - 1)
        work.put("passport", f"p{number:06}", bytes(20_000))
        assert work.append_leaf("issued", f"p{number:06}", b"") == number - 1
        work.enqueue(OutboxEntry(id=f"e{number:06}", kind="send", body=b"{}"))
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/node.sqlite"
    acknowledged = 0
    for round_number in range(ROUNDS):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, url, "0"], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline(), "the writer never wrote"
        time.sleep(0.05 + 0.037 * round_number)  # killed at another moment each round
        os.kill(writer.pid, signal.SIGKILL)
        said = [int(line) for line in writer.stdout.read().split("\n")[:-1] if line]
        writer.wait(timeout=10)
        acknowledged = max([acknowledged, *said])

        store = open_store(url, FixedClock())
        with store.reading() as view:
            counter = view.get("counter", "c")
            assert counter is not None
            number = int(counter.body)
            passports = view.find("passport", limit=100_000)
            waiting = view.due(NOON, limit=100_000)
            leaves = len(view.leaf_hashes())
        store.close()
        # The last commit may have become durable before it could be acknowledged.
        assert number >= acknowledged > 0
        assert counter.version == len(passports) == len(waiting) == leaves == number
