"""The cases of the DSP TCK 1.0.1 as walks of our own, one line each.

``>`` the peer says, and is heard; ``!`` the peer says what is not allowed now: 4xx, not 404,
and no change of state; ``<`` the peer hears; the state at the end is read from the node. Read
in the kit's test classes; the two cases the kit disables are here too.
"""

from collections.abc import Mapping
from typing import Final

WALKS: Final[Mapping[str, str]] = {
    # the node provides
    "CN:01-01": ">request <offer >terminate TERMINATED",
    "CN:01-02": ">request <offer >request <terminate TERMINATED",
    "CN:01-03": ">request <offer >accept <agree >verify <finalize FINALIZED",
    "CN:01-04": ">request <agree >verify <finalize FINALIZED",
    "CN:02-01": ">request <terminate TERMINATED",
    "CN:02-02": ">request >terminate TERMINATED",
    "CN:02-03": ">request <agree >terminate TERMINATED",
    "CN:02-04": ">request <offer >terminate TERMINATED",
    "CN:02-05": ">request <offer <terminate TERMINATED",
    "CN:02-06": ">request <offer >accept <terminate TERMINATED",
    "CN:02-07": ">request <agree >verify <terminate TERMINATED",
    "CN:03-01": ">request <agree >verify <finalize !terminate FINALIZED",
    "CN:03-02": ">request <offer !verify OFFERED",
    "CN:03-03": ">request <offer >accept !verify ACCEPTED",
    "CN:03-04": ">request <offer >request !request REQUESTED",
    # the node consumes; the trigger makes it ask
    "CN_C:01-01": "<request >offer <accept >agree <verify >finalize FINALIZED",
    "CN_C:01-02": "<request >offer <request >terminate TERMINATED",
    "CN_C:01-03": "<request >offer <terminate TERMINATED",
    "CN_C:01-04": "<request >agree <verify >finalize FINALIZED",
    "CN_C:02-01": "<request >terminate TERMINATED",
    "CN_C:02-02": "<request <terminate TERMINATED",
    "CN_C:02-03": "<request >agree <terminate TERMINATED",
    "CN_C:02-04": "<request >offer >terminate TERMINATED",
    "CN_C:02-05": "<request >offer <accept >terminate TERMINATED",
    "CN_C:02-06": "<request >agree <verify >terminate TERMINATED",
    "CN_C:03-01": "<request !finalize REQUESTED",
    "CN_C:03-02": "<request >offer !agree OFFERED",
    "CN_C:03-03": "<request >offer !finalize OFFERED",
    "CN_C:03-04": "<request >offer <accept !finalize ACCEPTED",
    "CN_C:03-05": "<request >offer <accept !offer ACCEPTED",
    "CN_C:03-06": "<request >offer <accept >agree !finalize AGREED",
    # transfers: the node provides
    "TP:01-01": ">request <start <terminate TERMINATED",
    "TP:01-02": ">request <start <complete COMPLETED",
    "TP:01-03": ">request <start <suspend <terminate TERMINATED",
    "TP:01-04": ">request <start <suspend <start <complete COMPLETED",
    "TP:01-05": ">request <terminate TERMINATED",
    "TP:02-01": ">request <start >terminate TERMINATED",
    "TP:02-02": ">request <start >complete COMPLETED",
    "TP:02-03": ">request <start >suspend >terminate TERMINATED",
    "TP:02-04": ">request <start >suspend >start >complete COMPLETED",
    "TP:02-05": ">request >terminate TERMINATED",
    "TP:03-01": ">request !complete REQUESTED",
    "TP:03-02": ">request !suspend REQUESTED",
    "TP:03-03": ">request <start >suspend !complete SUSPENDED",
    "TP:03-04": ">request <start >terminate !start TERMINATED",
    "TP:03-05": ">request <start >terminate !suspend TERMINATED",
    "TP:03-06": ">request <start >terminate !complete TERMINATED",
    # transfers: the node consumes
    "TP_C:01-01": "<request >start >terminate TERMINATED",
    "TP_C:01-02": "<request >start >complete COMPLETED",
    "TP_C:01-03": "<request >start >suspend >terminate TERMINATED",
    "TP_C:01-04": "<request >start >suspend >start >complete COMPLETED",
    "TP_C:01-05": "<request >terminate TERMINATED",
    "TP_C:02-01": "<request >start <terminate TERMINATED",
    "TP_C:02-02": "<request >start <complete COMPLETED",
    "TP_C:02-03": "<request >start <suspend <terminate TERMINATED",
    "TP_C:02-04": "<request >start <suspend <start <complete COMPLETED",
    "TP_C:02-05": "<request <terminate TERMINATED",
    "TP_C:03-01": "<request !complete REQUESTED",
    "TP_C:03-02": "<request !suspend REQUESTED",
    "TP_C:03-03": "<request >start >suspend !complete SUSPENDED",
    "TP_C:03-04": "<request >start >terminate !start TERMINATED",
    "TP_C:03-05": "<request >start >terminate !suspend TERMINATED",
    "TP_C:03-06": "<request >start >terminate !complete TERMINATED",
}
