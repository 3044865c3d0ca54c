"""The border decision: field by field, what may leave, under which rule; and the Release.

``decide`` walks the document and the catalogue together and builds the minimised view as it
goes, so that nothing can be serialised from anything else. ``release`` turns bytes into a
``Release`` after checking that they carry this view and nothing beside it. It is the only
place where releases are minted.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from saltbridge.border.carried import claimed
from saltbridge.border.catalogue import (
    Catalogue,
    Derivation,
    FieldClass,
    FieldEntry,
    State,
    catalogue_for,
    pointer,
    segments,
)
from saltbridge.border.context import Context, Secrets
from saltbridge.border.court import ConditionMet, Court, Ruling
from saltbridge.border.minimise import (
    DERIVATIONS,
    GATES,
    TRANSFORMS,
    WITHHELD,
    Circumstances,
)
from saltbridge.border.passport_credential import MEDIA_TYPE as CREDENTIAL
from saltbridge.border.passport_credential import credential_in
from saltbridge.border.release import Release, _mint
from saltbridge.border.rules import FEW_CONTRIBUTORS, NOT_TRANSFORMABLE, UNCATALOGUED, Pack
from saltbridge.border.status_list import list_in
from saltbridge.border.version_file import JSON, PublicVersion
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.piece import Piece, Shape, whole

LEAVE: Final = "leave"
LEAVE_MINIMISED: Final = "leave_minimised"
STAY: Final = "stay"

_INSIDE: Final = frozenset({"receipt", "verification-statement"})  # claims within a document
_SEAL: Final = object()


@dataclass(frozen=True, slots=True)
class FieldDecision:
    """What was decided for a path. Elements of an array share one path (``[]``).

    Never a value: what stayed must not be told by the record of its staying.
    """

    path: str
    field_class: str  # a FieldClass, or "" where nobody catalogued the field
    decision: str  # leave | leave_minimised | stay
    rule: str
    rules: tuple[str, ...]
    group: str
    transform: str = ""
    into: str = ""
    count: int = 1


@dataclass(frozen=True)
class Decision:
    """A decision about one document in one context; made by ``decide`` alone.

    ``by_approval``: something leaves only because two persons approve it. A ``proposal`` says
    what would leave once they have.
    """

    context: Context
    document_kind: str
    catalogue: Catalogue
    packs: tuple[Pack, ...]
    fields: tuple[FieldDecision, ...]
    view_bytes: bytes  # canonical bytes of the minimised view
    personal_fields_left: int
    by_approval: bool = False
    proposal: bool = False
    sensitive_fields_left: int = 0
    conditions: tuple[ConditionMet, ...] = ()
    by_value: bool = False  # a value was looked at: of a document alike it might differ
    _seal: object = None

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            raise TypeError("a Decision is made by border.decide and by nothing else")

    @property
    def view(self) -> Any:
        """The minimised document: the only thing that may be serialised."""
        return read_json(self.view_bytes)

    @property
    def leaves(self) -> tuple[FieldDecision, ...]:
        """Fields that leave as they are."""
        return tuple(f for f in self.fields if f.decision == LEAVE)

    @property
    def minimised(self) -> tuple[FieldDecision, ...]:
        """Fields that leave in another form."""
        return tuple(f for f in self.fields if f.decision == LEAVE_MINIMISED)

    @property
    def stays(self) -> tuple[FieldDecision, ...]:
        """Fields that stay."""
        return tuple(f for f in self.fields if f.decision == STAY)

    @property
    def awaits_approval(self) -> bool:
        """Whether nothing of it may leave before two persons have approved the bytes."""
        return self.proposal and self.by_approval

    @property
    def withholds_all_but_public(self) -> bool:
        """Whether the context let nothing through that is not public anyway."""
        return all(f.field_class == FieldClass.PUBLIC for f in (*self.leaves, *self.minimised))


@dataclass(frozen=True, slots=True)
class Alike:
    """A decision that holds for every document of this shape; made by ``alike`` alone."""

    decision: Decision
    shape: Shape
    _seal: object = None

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            raise TypeError("made by border.decide and by nothing else")


def decide(
    document: Mapping[str, Any],
    context: Context,
    catalogue: Catalogue,
    packs: Iterable[Pack],
    secrets: Secrets | None = None,
    *,
    proposal: bool = False,
) -> Decision:
    """What of the document may leave in this context, and the view made of it.

    Without ``secrets`` nothing leaves as a pseudonym or a commitment. A ``proposal`` is decided
    as if two persons had approved: it is what they are shown, and no release can be made of it
    where something leans on their approval.

    Raises:
        FaultyInput: the document's kind is not the catalogue's.
    """
    if document.get("kind") != catalogue.kind:
        raise FaultyInput.of(
            "border.other-kind", found=str(document.get("kind"))[:80], due=catalogue.kind
        )
    court = Court(packs, context, proposal=proposal)
    walk = _Walk(document, context, catalogue, court, secrets)
    view = walk.along(document, catalogue.start(), (), ())
    view = {} if view is WITHHELD else view
    for derivation in catalogue.derivations:
        walk.derive(derivation, view)
    return Decision(
        context=context,
        document_kind=catalogue.kind,
        catalogue=catalogue,
        packs=court.packs,
        fields=walk.fields(),
        view_bytes=canonical_bytes(view),
        personal_fields_left=walk.personal_left,
        by_approval=walk.by_approval,
        proposal=proposal,
        sensitive_fields_left=walk.sensitive_left,
        conditions=court.conditions,
        by_value=walk.by_value,
        _seal=_SEAL,
    )


class _Walk:
    """One pass over a document: decisions are counted, the view is built."""

    def __init__(
        self,
        document: Mapping[str, Any],
        context: Context,
        catalogue: Catalogue,
        court: Court,
        secrets: Secrets | None,
    ) -> None:
        self._catalogue = catalogue
        self._court = court
        self._given = Circumstances(document, context, secrets, self._claim_may_leave)
        self._met: dict[tuple[object, ...], FieldDecision] = {}
        self._count: Counter[tuple[object, ...]] = Counter()
        self.personal_left = 0
        self.by_approval = False
        self.sensitive_left = 0
        self.by_value = False

    def fields(self) -> tuple[FieldDecision, ...]:
        """Every kind of field met, in the order of the document, with how often."""
        counts = ((f, self._count[key]) for key, f in self._met.items())
        return tuple(f if n == f.count else replace(f, count=n) for f, n in counts)

    def along(
        self, value: Any, state: State, general: tuple[str, ...], path: tuple[str, ...]
    ) -> Any:
        """The part of the view below here, or WITHHELD if nothing of it leaves."""
        if isinstance(value, Mapping) and value:
            kept = {}
            for key, member in value.items():
                below = self._catalogue.step(state, str(key))
                part = self.along(member, below, (*general, str(key)), (*path, str(key)))
                if part is not WITHHELD:
                    kept[str(key)] = part
            return kept or WITHHELD
        if isinstance(value, list) and value:
            below = self._catalogue.step(state, None)
            deeper = (*general, "[]")
            parts = (
                self.along(element, below, deeper, (*path, str(index)))
                for index, element in enumerate(value)
            )
            elements = [part for part in parts if part is not WITHHELD]
            return elements or WITHHELD
        return self._leaf(value, state, general, path)

    def _leaf(
        self, value: Any, state: State, general: tuple[str, ...], path: tuple[str, ...]
    ) -> Any:
        empty = value is None or isinstance(value, Mapping | list)
        entry = (self._catalogue.entry_of_empty if empty else self._catalogue.entry)(state)
        if entry is None:
            self._note(general, None, STAY, UNCATALOGUED)
            return WITHHELD
        changes = bool(entry.transform) and entry.transform not in GATES
        ruling = self._court.ruling(entry.field_class, entry.annex_xiii, changes)
        if not ruling.allowed:
            self._note(general, entry, STAY, ruling.rule, ruling)
            return WITHHELD
        if entry.transform:
            self.by_value = True
            instead = TRANSFORMS[entry.transform](value, path, self._given)
            if instead is WITHHELD:
                few = entry.transform == "stage-total"
                reason = FEW_CONTRIBUTORS if few else NOT_TRANSFORMABLE
                self._note(general, entry, STAY, reason, ruling)
                return WITHHELD
            value = instead
        self._note(general, entry, LEAVE_MINIMISED if changes else LEAVE, ruling.rule, ruling)
        personal = entry.field_class is FieldClass.PERSONAL
        self.personal_left += personal
        self.sensitive_left += personal and entry.sensitive
        self.by_approval |= ruling.by_approval
        return value

    def derive(self, derivation: Derivation, view: Any) -> None:
        """Add what leaves in place of withheld fields."""
        source = _at(self._given.document, derivation.source)
        if source is WITHHELD:
            return
        self.by_value = True
        ruling = self._court.ruling(derivation.field_class, "", True)
        if not ruling.allowed:
            return
        instead = DERIVATIONS[derivation.transform](source, self._given)
        if instead is WITHHELD:
            return
        *above, last = segments(derivation.into)
        target = view
        for key in above:
            target = target.setdefault(key, {})
        target.setdefault(last, instead)
        self.by_approval |= ruling.by_approval
        derived = (derivation.source, derivation.into)
        self._count[derived] = 1
        self._met[derived] = FieldDecision(
            path=derivation.source,
            field_class=derivation.field_class.value,
            decision=LEAVE_MINIMISED,
            rule=ruling.rule,
            rules=ruling.rules,
            group=derivation.group,
            transform=derivation.transform,
            into=derivation.into,
        )

    def _claim_may_leave(self, statement: Any) -> bool:
        """Whether every member of a signed claim inside may leave (it cannot be cut)."""
        kind = statement.get("type") if isinstance(statement, Mapping) else None
        if not isinstance(kind, str) or kind not in _INSIDE:
            return False
        inner = _Walk(statement, self._given.context, catalogue_for(kind), self._court, None)
        inner.along(statement, inner._catalogue.start(), (), ())
        self.by_approval |= inner.by_approval
        return all(f.decision != STAY for f in inner.fields())

    def _note(
        self,
        general: tuple[str, ...],
        entry: FieldEntry | None,
        decision: str,
        rule: str,
        ruling: Ruling | None = None,
    ) -> None:
        key = (general, decision, rule)
        if key not in self._met:
            self._met[key] = FieldDecision(
                path=pointer(general),
                field_class=entry.field_class.value if entry else "",
                decision=decision,
                rule=rule,
                rules=ruling.rules if ruling else (),
                group=entry.group if entry else "uncatalogued",
                transform=entry.transform if entry and decision == LEAVE_MINIMISED else "",
            )
        self._count[key] += 1


def _at(document: Any, path: str) -> Any:
    for key in segments(path):
        if not isinstance(document, Mapping) or key not in document:
            return WITHHELD
        document = document[key]
    return document


def release(decision: Decision, content: bytes, media_type: str, embedded: bytes) -> Release:
    """The bytes as a Release, once they are known to carry the decided view and nothing else.

    ``content`` is either ``embedded`` itself, or a signed claim file whose statement has
    ``embedded`` as its content, or the signed token of a status list or of a credential.
    Where the decision leans on approvals, ``content`` is what was approved, to the last byte.

    Raises:
        Refused: nothing may leave, the approvals are missing or were given for other bytes,
            ``embedded`` is not the decided view, or ``content`` carries something else or
            something more.
    """
    if decision.awaits_approval:
        raise Refused.of("border.awaits-approval", kind=decision.document_kind)
    approved = {a.digest for a in decision.context.approvals}
    if decision.by_approval and approved != {digest(content)}:
        raise Refused.of("border.not-the-approved-bytes", kind=decision.document_kind)
    if decision.view_bytes == canonical_bytes({}):
        raise Refused.of("border.nothing-leaves", kind=decision.document_kind)
    if embedded != decision.view_bytes:
        raise Refused.of("border.not-the-view", kind=decision.document_kind)
    carried = (claimed, list_in, credential_in)
    if content != embedded and all(embedded != found(content) for found in carried):
        raise Refused.of("border.carries-more", kind=decision.document_kind)
    return _mint(
        content,
        media_type=media_type,
        decision_id=decision.context.decision_id,
        audience=decision.context.recipient.bpn,
        purpose=decision.context.purpose,
    )


def release_rendered(
    decision: Decision, render: Callable[[Mapping[str, Any]], bytes], media_type: str
) -> Release:
    """The decided view in another writing (a wire format) as a Release.

    The bytes are worked out here from the view that was decided, and from nothing else: what
    stays at home never reaches ``render``.

    Raises:
        Refused: nothing may leave, or the approvals are missing or were given for other bytes.
    """
    if decision.awaits_approval:
        raise Refused.of("border.awaits-approval", kind=decision.document_kind)
    if decision.view_bytes == canonical_bytes({}):
        raise Refused.of("border.nothing-leaves", kind=decision.document_kind)
    content = render(read_json(decision.view_bytes))
    approved = {a.digest for a in decision.context.approvals}
    if decision.by_approval and approved != {digest(content)}:
        raise Refused.of("border.not-the-approved-bytes", kind=decision.document_kind)
    return _mint(
        content,
        media_type=media_type,
        decision_id=decision.context.decision_id,
        audience=decision.context.recipient.bpn,
        purpose=decision.context.purpose,
    )


def release_rendered_alike(
    alike: Alike, made: Piece, render: Callable[[Mapping[str, Any]], bytes], media_type: str
) -> Release:
    """A document of the decided shape in another writing, as ``release_rendered`` makes it.

    Raises:
        Refused: the document has not the fields the decision was about.
    """
    if made.shape != alike.shape:
        raise Refused.of("border.not-the-view", kind=alike.decision.document_kind)
    context = alike.decision.context
    return _mint(
        render(read_json(made.content)),
        media_type=media_type,
        decision_id=context.decision_id,
        audience=context.recipient.bpn,
        purpose=context.purpose,
    )


def release_member_alike(
    alike: Alike, members: Mapping[str, Piece], name: str, media_type: str
) -> Release:
    """One member of a document of the decided shape, byte for byte as it stands in it.

    Raises:
        Refused: the document has not the fields the decision was about.
    """
    if whole(members).shape != alike.shape:
        raise Refused.of("border.not-the-view", kind=alike.decision.document_kind)
    context = alike.decision.context
    return _mint(
        members[name].content,
        media_type=media_type,
        decision_id=context.decision_id,
        audience=context.recipient.bpn,
        purpose=context.purpose,
    )


def release_alike(alike: Alike, made: PublicVersion) -> tuple[Release, Release]:
    """A version of a passport under the decision about all its like: claim file and view.

    Raises:
        Refused: its public view has not the fields the decision was about.
    """
    if made.view.shape != alike.shape:
        raise Refused.of("border.not-the-view", kind=alike.decision.document_kind)
    context = alike.decision.context
    file, view = (
        _mint(
            content,
            media_type=JSON,
            decision_id=context.decision_id,
            audience=context.recipient.bpn,
            purpose=context.purpose,
        )
        for content in (made.file, made.view.content)
    )
    return file, view


def release_credential_alike(alike: Alike, view: Piece, credential: bytes) -> Release:
    """The public view of a version as a credential, under the decision about all its like.

    Raises:
        Refused: the view has not the fields the decision was about, or the credential carries
            something else or something more.
    """
    if view.shape != alike.shape or credential_in(credential) != view.content:
        raise Refused.of("border.carries-more", kind=alike.decision.document_kind)
    context = alike.decision.context
    return _mint(
        credential,
        media_type=CREDENTIAL,
        decision_id=context.decision_id,
        audience=context.recipient.bpn,
        purpose=context.purpose,
    )


def alike(decision: Decision, decided: Piece) -> Alike:
    """What was decided, for every document of the same shape.

    A ruling looks at the class of a field and at the context. Where it looked at a value, or
    something stayed, changed its form, was counted or was approved, each document is decided
    by itself.

    Raises:
        Refused: such a decision, or the document is another one.
    """
    untouched = not (decision.stays or decision.minimised or decision.by_value)
    uncounted = not (decision.personal_fields_left or decision.sensitive_fields_left)
    plain = not (decision.by_approval or decision.proposal)
    if decided.content != decision.view_bytes or not (untouched and uncounted and plain):
        raise Refused.of("border.not-alike", kind=decision.document_kind)
    return Alike(decision, decided.shape, _SEAL)
