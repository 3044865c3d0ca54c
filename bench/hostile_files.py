"""How long files made to exhaust us are read before they are refused, and in how much memory.

Beside each stands a floor of the same run: reading the bytes of the same file and nothing else.
Run with ``make bench-hostile``.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from saltbridge.formats.inventory_reference import template_inventory
from saltbridge.formats.inventory_workbook_writer import render_workbook
from saltbridge.testing.hostile_workbooks import HOSTILE, MEASURE

_FLOOR = (
    "import sys, time, pathlib; begins = time.process_time();"
    "pathlib.Path(sys.argv[1]).read_bytes(); print(time.process_time() - begins)"
)


def measured(code: str, path: Path) -> list[str]:
    command = [sys.executable, "-c", code, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def main() -> None:
    workbook = render_workbook(template_inventory())
    print(f"{'file':<30}{'size':>9}{'CPU s':>9}{'read only':>11}{'peak MiB':>10}  refused as")
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, (make, _)) in enumerate(HOSTILE.items()):
            path = Path(folder) / f"{number}.xlsx"
            make(workbook, path)
            runs = [(measured(MEASURE, path), measured(_FLOOR, path)) for _ in range(3)]
            (seconds, peak, *codes), (floor,) = min(runs, key=lambda run: float(run[0][0]))
            size = f"{path.stat().st_size / 1e6:.1f} MB"
            print(
                f"{name:<30}{size:>9}{float(seconds):>9.3f}{float(floor):>11.3f}"
                f"{float(peak):>10.0f}  {' '.join(codes)}"
            )


if __name__ == "__main__":
    main()
