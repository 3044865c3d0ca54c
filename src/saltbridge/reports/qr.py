"""The QR code of a battery: SVG and PNG.

Annex VI Part C of Regulation (EU) 2023/1542 (read 2026-11-23): high contrast, readable by a
common reader. Black on white, four modules of quiet zone, error correction Q (25 %), since
the code is engraved or printed on a housing that gets dirty.
"""

from io import BytesIO

import segno

QUIET_ZONE_MODULES = 4


def _code(address: str) -> segno.QRCode:
    return segno.make_qr(address, error="q", boost_error=False)


def qr_svg(address: str, title: str = "") -> bytes:
    """SVG document of the QR code for the address; scales without loss."""
    out = BytesIO()
    _code(address).save(
        out,
        kind="svg",
        scale=8,
        border=QUIET_ZONE_MODULES,
        dark="#000000",
        light="#ffffff",
        title=title or address,
        omitsize=True,
    )
    return out.getvalue()


def qr_svg_part(address: str, left: float, top: float, width: float) -> str:
    """The QR code as a part of a larger SVG: where it stands and how wide, in its units."""
    drawn = _code(address).svg_inline(
        border=QUIET_ZONE_MODULES, dark="#000000", light="#ffffff", omitsize=True
    )
    where = f'<svg x="{left:g}" y="{top:g}" width="{width:g}" height="{width:g}" '
    return where + drawn.removeprefix("<svg ")


def qr_png(address: str, pixels_per_module: int = 10) -> bytes:
    """PNG image of the QR code for the address."""
    out = BytesIO()
    _code(address).save(
        out, kind="png", scale=pixels_per_module, border=QUIET_ZONE_MODULES,
        dark="#000000", light="#ffffff",
    )  # fmt: skip
    return out.getvalue()
