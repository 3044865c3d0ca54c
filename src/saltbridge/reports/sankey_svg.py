"""The supply chain of a footprint as a flow diagram (Sankey), as SVG.

Sources stand to the left, the product to the right; a band is as thick as what it carries
(kg CO2e). Credits are hatched and their reading has a minus sign; a flow that runs back (a
loop) is drawn under the diagram with a dashed outline: colour is never the only sign. Every
node carries its name and its number, every band says the same when it is pointed at. No
script, and no style attributes, since a content security policy may allow none.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from saltbridge.footprint.contribution import FlowDiagram, FlowEdge, FlowNode
from saltbridge.locales import number, text

_LEFT, _TOP, _BOTTOM = 12.0, 66.0, 16.0
_NODE = 12.0
_COLUMN = 206.0  # from one column to the next
_LABEL = 200.0  # space to the right of the last column
_GAP = 26.0  # room for the two lines of a label
_SMALL = 2.5  # others thinner than this have no label, only what is said when pointed at
_SMALL_GAP = 9.0
_BAND_HEIGHT = 340.0  # of the column that carries most
_LEAST = 0.8  # a band is never thinner
_LETTERS = 27
_COLOURS = {"product": "#12324a", "process": "#0b5c6b", "input": "#3f7d3a", "others": "#6b6f76"}
_BAND = {"product": "#12324a", "process": "#4b93a1", "input": "#7fae76", "others": "#a9adb3"}
_CREDIT = "#a3357a"


@dataclass
class _Box:
    node: FlowNode
    column: int = 0
    taken: float = 0.0  # without signs
    given: float = 0.0
    net: float = 0.0
    x: float = 0.0
    y: float = 0.0
    height: float = 0.0
    left: float = 0.0  # where the next band docks
    right: float = 0.0
    into: list[FlowEdge] = field(default_factory=list)
    out: list[FlowEdge] = field(default_factory=list)


def sankey_svg(diagram: FlowDiagram, *, product: str, language: str = "en") -> str:
    """SVG document of a flow diagram, its words in the language."""
    layout = _Layout(diagram)
    return _Drawing(diagram, layout, product, language).svg()


class _Layout:
    """Columns by distance to the product, order by where things go, heights by weight."""

    def __init__(self, diagram: FlowDiagram) -> None:
        self.edges = _single_others(diagram)
        self.boxes = {n.id: _Box(n) for n in _nodes(diagram, self.edges)}
        for edge in self.edges:
            self.boxes[edge.source].out.append(edge)
            self.boxes[edge.target].into.append(edge)
        self.back = self._loops()
        self._columns()
        self._heights(diagram)
        self._places()

    def _loops(self) -> set[tuple[str, str]]:
        """Edges that close a loop, found by walking from the product up the chain."""
        state: dict[str, int] = {}
        back: set[tuple[str, str]] = set()
        starts = [b.node.id for b in self.boxes.values() if b.node.kind == "product"]
        for start in [*starts, *self.boxes]:
            stack: list[tuple[str, int]] = [(start, 0)]
            while stack:
                name, position = stack.pop()
                if position == 0:
                    if state.get(name):
                        continue
                    state[name] = 1
                into = self.boxes[name].into
                if position == len(into):
                    state[name] = 2
                    continue
                stack.append((name, position + 1))
                edge = into[position]
                if state.get(edge.source) == 1:
                    back.add((edge.source, edge.target))
                elif not state.get(edge.source):
                    stack.append((edge.source, 0))
        return back

    def _columns(self) -> None:
        """Longest way to the product; a purchase stands one step before its first use."""
        changed, rounds = True, 0
        while changed and rounds <= len(self.boxes):
            changed, rounds = False, rounds + 1
            for box in self.boxes.values():
                ahead = [
                    self.boxes[e.target].column + 1
                    for e in box.out
                    if (e.source, e.target) not in self.back
                ]
                wanted = max(ahead, default=0)
                if wanted != box.column:
                    box.column, changed = wanted, True
        self.depth = max((b.column for b in self.boxes.values()), default=0)

    def _heights(self, diagram: FlowDiagram) -> None:
        for box in self.boxes.values():
            box.taken = sum(abs(e.kg_co2e) for e in box.into)
            box.given = sum(abs(e.kg_co2e) for e in box.out)
            box.net = sum(e.kg_co2e for e in (box.out or box.into))
            if box.node.kind == "product":
                box.net = diagram.total_kg_co2e
        columns: dict[int, float] = defaultdict(float)
        for box in self.boxes.values():
            columns[box.column] += max(box.taken, box.given)
        self.scale = _BAND_HEIGHT / (max(columns.values(), default=0.0) or 1.0)
        for box in self.boxes.values():
            bands = [max(_LEAST, abs(e.kg_co2e) * self.scale) for e in box.out]
            ends = [max(_LEAST, abs(e.kg_co2e) * self.scale) for e in box.into]
            box.height = max(sum(bands), sum(ends), 2.0)

    def _places(self) -> None:
        by_column: dict[int, list[_Box]] = defaultdict(list)
        for box in self.boxes.values():
            by_column[box.column].append(box)
        rank: dict[str, float] = {}
        for column in range(self.depth + 1):
            boxes = by_column[column]
            boxes.sort(key=lambda b: (self._pull(b, rank), -b.height, b.node.id))
            for position, box in enumerate(boxes):
                rank[box.node.id] = position / max(1, len(boxes))
        full = {
            column: sum(b.height + _gap(b) for b in boxes)
            for column, boxes in by_column.items()
        }
        self.height = max(full.values(), default=_GAP)
        for column, boxes in by_column.items():
            y = (self.height - full[column]) / 2 + _GAP / 2
            for box in boxes:
                box.x = _LEFT + (self.depth - column) * _COLUMN
                box.y = _TOP + y
                y += box.height + _gap(box)

    def _pull(self, box: _Box, rank: dict[str, float]) -> float:
        """Mean place of where a node gives to, weighted: bands cross less."""
        ahead = [(abs(e.kg_co2e), rank[e.target]) for e in box.out if e.target in rank]
        weight = sum(w for w, _ in ahead)
        return sum(w * r for w, r in ahead) / weight if weight else 0.0


class _Drawing:
    def __init__(
        self, diagram: FlowDiagram, layout: _Layout, product: str, language: str
    ) -> None:
        self.diagram = diagram
        self.layout = layout
        self.product = product
        self.language = language
        self.readings: dict[float, str] = {}

    def word(self, message: str, **arguments: object) -> str:
        return text(f"analysis.sankey.{message}", arguments, self.language)

    def reading(self, kg: float) -> str:
        if kg not in self.readings:
            self.readings[kg] = f"{number(kg, self.language, 4)} kg CO2e"
        return self.readings[kg]

    def svg(self) -> str:
        boxes = list(self.layout.boxes.values())
        width = _LEFT + self.layout.depth * _COLUMN + _LABEL
        loops = [e for e in self.layout.edges if self._is_back(e)]
        height = _TOP + self.layout.height + _BOTTOM + 26.0 * len(loops)
        title = self.word("title", product=self.product)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img" '
            'aria-labelledby="sankey-title sankey-desc" font-family="Noto Sans, Noto Sans CJK '
            'SC, Helvetica, Arial, sans-serif">',
            f'<title id="sankey-title">{escape(title)}</title>',
            f'<desc id="sankey-desc">{escape(self._description())}</desc>',
            '<defs><pattern id="credit" width="6" height="6" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><rect width="6" height="6" fill="#f3dcea"/>'
            f'<rect width="3" height="6" fill="{_CREDIT}"/></pattern></defs>',
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
            f'<text x="{_LEFT:.0f}" y="24" font-size="16" font-weight="bold" fill="#12202b">'
            f"{escape(title)}</text>",
            f'<text x="{_LEFT:.0f}" y="43" font-size="12" fill="#4a5560">'
            f"{escape(self._legend())}</text>",
        ]
        parts += self._bands(loops, height)
        parts += [self._node(box) for box in boxes]
        parts.append("</svg>")
        return "\n".join(parts)

    def _description(self) -> str:
        largest = sorted(self.diagram.edges, key=lambda e: -abs(e.kg_co2e))[:5]
        told = "; ".join(
            f"{self._name(e.source)} → {self._name(e.target)}: {self.reading(e.kg_co2e)}"
            for e in largest
        )
        return self.word(
            "description",
            total=self.reading(self.diagram.total_kg_co2e),
            cut_off=self.reading(self.diagram.cut_off_kg_co2e),
            merged=self.diagram.merged,
            largest=told,
        )

    def _legend(self) -> str:
        words = [
            self.word(
                "legend",
                total=self.reading(self.diagram.total_kg_co2e),
                cut_off=self.reading(self.diagram.cut_off_kg_co2e),
            )
        ]
        if any(e.kg_co2e < 0 for e in self.layout.edges):
            words.append(self.word("legend-credit"))
        if self.layout.back:
            words.append(self.word("legend-loop"))
        return "  ·  ".join(words)

    def _name(self, id: str) -> str:
        node = self.layout.boxes[id].node if id in self.layout.boxes else None
        if node is None or node.kind == "others":
            return self.word("others")
        return node.label

    def _is_back(self, edge: FlowEdge) -> bool:
        return (edge.source, edge.target) in self.layout.back

    def _bands(self, loops: Sequence[FlowEdge], height: float) -> list[str]:
        boxes, scale = self.layout.boxes, self.layout.scale
        starts: dict[tuple[str, str], float] = {}
        ends: dict[tuple[str, str], float] = {}
        for box in boxes.values():
            for edge in sorted(box.out, key=lambda e: boxes[e.target].y):
                starts[edge.source, edge.target] = box.y + box.right
                box.right += max(_LEAST, abs(edge.kg_co2e) * scale)
            for edge in sorted(box.into, key=lambda e: boxes[e.source].y):
                ends[edge.source, edge.target] = box.y + box.left
                box.left += max(_LEAST, abs(edge.kg_co2e) * scale)
        names = {id: escape(self._name(id)) for id in boxes}
        parts = []
        for edge in sorted(self.layout.edges, key=lambda e: -abs(e.kg_co2e)):
            key = (edge.source, edge.target)
            thick = max(_LEAST, abs(edge.kg_co2e) * scale)
            source, target = boxes[edge.source], boxes[edge.target]
            x1, x2 = source.x + _NODE, target.x
            y1, y2 = starts[key], ends[key]
            if self._is_back(edge):
                below = height - _BOTTOM - 26.0 * loops.index(edge)
                shape = (
                    f"M{x1:.1f},{y1:.1f} C{x1 + 60:.1f},{below:.1f} {x2 - 60:.1f},{below:.1f} "
                    f"{x2:.1f},{y2:.1f} L{x2:.1f},{y2 + thick:.1f} "
                    f"C{x2 - 60:.1f},{below + thick:.1f} {x1 + 60:.1f},{below + thick:.1f} "
                    f"{x1:.1f},{y1 + thick:.1f} Z"
                )
                outline = ' stroke="#333333" stroke-width="0.8" stroke-dasharray="4 3"'
            else:
                middle = (x1 + x2) / 2
                shape = (
                    f"M{x1:.1f},{y1:.1f} C{middle:.1f},{y1:.1f} {middle:.1f},{y2:.1f} "
                    f"{x2:.1f},{y2:.1f} L{x2:.1f},{y2 + thick:.1f} "
                    f"C{middle:.1f},{y2 + thick:.1f} {middle:.1f},{y1 + thick:.1f} "
                    f"{x1:.1f},{y1 + thick:.1f} Z"
                )
                outline = ""
            fill = "url(#credit)" if edge.kg_co2e < 0 else _BAND[source.node.kind]
            says = f"{names[edge.source]} → {names[edge.target]}: {self.reading(edge.kg_co2e)}"
            parts.append(
                f'<path d="{shape}" fill="{fill}" fill-opacity="0.55"{outline}>'
                f"<title>{says}</title></path>"
            )
        return parts

    def _node(self, box: _Box) -> str:
        name, reading = self._name(box.node.id), self.reading(box.net)
        fill = _CREDIT if box.net < 0 else _COLOURS[box.node.kind]
        weight = ' font-weight="bold"' if box.node.kind == "product" else ""
        x, y = box.x + _NODE + 5, box.y + box.height / 2
        halo = (
            'paint-order="stroke" stroke="#ffffff" stroke-width="3.5" stroke-linejoin="round"'
        )
        parts = [
            f"<g><title>{escape(name)}: {reading}</title>"
            f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{_NODE:.0f}" '
            f'height="{box.height:.1f}" fill="{fill}"/>'
        ]
        if not _is_small(box):
            parts.append(
                f'<text x="{x:.1f}" y="{y - 2:.1f}" font-size="11.5" fill="#12202b"{weight} '
                f"{halo}>{escape(_cut(name))}</text>"
                f'<text x="{x:.1f}" y="{y + 11:.1f}" font-size="10.5" fill="#3d4852" {halo}>'
                f"{reading}</text>"
            )
        return "".join([*parts, "</g>"])


def _gap(box: _Box) -> float:
    return _SMALL_GAP if _is_small(box) else _GAP


def _is_small(box: _Box) -> bool:
    return box.node.kind == "others" and box.height < _SMALL


def _single_others(diagram: FlowDiagram) -> list[FlowEdge]:
    """Edges with a node of its own for the small ones of each target: bands cross less."""
    return [
        FlowEdge(f"others:{'-' if e.kg_co2e < 0 else '+'}{e.target}", e.target, e.kg_co2e, "")
        if e.source == "others"
        else e
        for e in diagram.edges
    ]


def _nodes(diagram: FlowDiagram, edges: Sequence[FlowEdge]) -> list[FlowNode]:
    kept = [n for n in diagram.nodes if n.kind != "others"]
    names = dict.fromkeys(e.source for e in edges if e.source.startswith("others:"))
    return kept + [FlowNode(name, "", "others") for name in names]


def _cut(name: str) -> str:
    """A name short enough for its column; a Chinese character counts for two."""
    room, kept = _LETTERS, ""
    for letter in name:
        room -= 2 if ord(letter) > 0x2E80 else 1
        if room < 0:
            return kept.rstrip(" ,") + "…"
        kept += letter
    return kept
