"""Build the packaged Chinese font: the part of Noto Sans CJK SC that our documents need.

Needs fonttools (``pip install fonttools``) and Debian's ``fonts-noto-cjk``; neither is needed
to use Saltbridge. Kept are the 6,763 characters of GB 2312, every character of our
Chinese, German and English texts, and ASCII, Latin-1 and common punctuation: names outside of
it are drawn by a font of the system, if there is one.

    python scripts/build_font.py [/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc]
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "src" / "saltbridge" / "reports" / "fonts" / "NotoSansCJKsc-subset.otf"
SOURCE = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
FAMILY = "Noto Sans CJK SC"


def main() -> None:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE
    faces = TTCollection(source).fonts
    font = next(f for f in faces if f["name"].getDebugName(1) == FAMILY)
    options = subset.Options(layout_features=[], hinting=False, desubroutinize=False)
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]  # copyright and licence stay
    options.notdef_outline = True
    worker = subset.Subsetter(options)
    worker.populate(unicodes=wanted())
    worker.subset(font)
    TARGET.parent.mkdir(exist_ok=True)
    font.save(TARGET)
    print(f"Wrote {TARGET.relative_to(ROOT)}: {TARGET.stat().st_size:,} bytes")


def wanted() -> set[int]:
    """The code points of the packaged font."""
    points = set(range(0x20, 0x7F)) | set(range(0xA0, 0x180)) | set(range(0x3000, 0x3018))
    points |= {ord(c) for c in "–—‘’“”…‰€→←✓✗·•≤≥×−₂：；，。、！？（）《》〈〉％＋"}
    for row in range(16, 88):
        for cell in range(1, 95):
            try:
                points.add(ord(bytes([0xA0 + row, 0xA0 + cell]).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    for catalogue in (ROOT / "src" / "saltbridge" / "locales").rglob("*.po"):
        points |= set(map(ord, catalogue.read_text(encoding="utf-8"))) - {0x0A}
    return points


if __name__ == "__main__":
    main()
