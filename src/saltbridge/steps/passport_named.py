"""Which passports a file means: by id, by GTIN and serial number, or by serial alone."""

from collections.abc import Iterable

from saltbridge.core.canonical import read_json
from saltbridge.core.identifiers import is_urn_uuid
from saltbridge.ports import UnitOfWork
from saltbridge.steps.records import every

ADDRESS = "passport-address"


def passport_ids(view: UnitOfWork, wanted: Iterable[str]) -> dict[str, str]:
    """The ids of the passports that are named; names that fit none or several are left out.

    Serial numbers alone are looked for in one pass over the addresses.
    """
    names = dict.fromkeys(wanted)
    ids = [name for name in names if is_urn_uuid(name)]
    found = {id: id for id in view.get_many("passport", ids)}
    others = [name for name in names if not is_urn_uuid(name)]
    for address, stored in view.get_many(ADDRESS, others).items():
        found[address] = read_json(stored.body)["passport_id"]
    serials: dict[str, set[str]] = {name: set() for name in others if name not in found}
    if serials:
        for record in every(view, ADDRESS):
            serial = record.id.partition("/")[2]
            if serial in serials:
                serials[serial].add(read_json(record.body)["passport_id"])
    return {**found, **{n: ids.pop() for n, ids in serials.items() if len(ids) == 1}}
