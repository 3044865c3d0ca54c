"""The inner loops, for numba. Import it only where ``compiled.AVAILABLE`` is true.

Each loop has a counterpart in numpy beside the function that calls it; the tests hold the two
against each other. Samples are the innermost axis, so that one instruction works on many.
"""

from typing import Any

import numpy as np

from saltbridge.footprint.engine.compiled import loop, parallel_loop, parallel_range
from saltbridge.footprint.engine.draws import CELL, FIRST_PIECE, MASK, MIX_1, MIX_2, SHIFT
from saltbridge.footprint.engine.draws import INVERSE_FACTORIALS as _SERIES
from saltbridge.footprint.engine.draws import LARGEST_EXPONENT as _CUT
from saltbridge.footprint.engine.draws import LN2_HIGH as _LN2_HIGH
from saltbridge.footprint.engine.draws import LN2_LOW as _LN2_LOW
from saltbridge.footprint.engine.draws import LOG2_E as _LOG2_E
from saltbridge.footprint.engine.draws import ONE_BITS as _ONE_BITS
from saltbridge.footprint.engine.draws import ROUNDER as _ROUNDER
from saltbridge.footprint.engine.normal_table import PIECES_BITS

prange = parallel_range()

LOGNORMAL, NORMAL, TRIANGULAR, UNIFORM, FIXED = 0, 1, 2, 3, 4
BLOCK = 64  # samples that a foreground is evaluated for at once
_S30, _S27, _S31, _S12 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)
_WIDEN, _BIAS, _MANTISSA = np.int64(PIECES_BITS), np.int64(1023), np.int64(52)
(_E13, _E12, _E11, _E10, _E9, _E8, _E7, _E6, _E5, _E4, _E3, _E2, _E1, _E0) = _SERIES


@loop
def sweep(starts: Any, products: Any, shares: Any, own: Any, values: Any) -> float:
    """One Gauss-Seidel sweep over rows; the largest move relative to the gross flow."""
    largest = 0.0
    for j in range(len(own)):
        new = own[j]
        for k in range(starts[j], starts[j + 1]):
            new -= shares[k] * values[products[k]]
        moved = abs(new - values[j])
        gross = abs(new) + abs(values[j]) + abs(own[j])
        if moved > largest * gross:
            largest = moved / gross
        if not np.isfinite(new):
            return np.inf
        values[j] = new
    return largest


@loop
def row_sums(
    starts: Any, products: Any, amounts: Any, values: Any, plain: Any, sizes: Any
) -> None:
    """Into ``plain`` the sum of amount times value of each row; into ``sizes``, of its size."""
    for j in range(len(plain)):
        total = 0.0
        size = 0.0
        for k in range(starts[j], starts[j + 1]):
            term = amounts[k] * values[products[k]]
            total += term
            size += abs(term)
        plain[j] = total
        sizes[j] = size


@loop
def fill_row(
    words: Any, key: Any, kind: Any, row: Any, table: Any, work: Any, bits: Any, out: Any
) -> None:
    """Samples of one parameter. ``bits`` are the same bytes as ``work`` (3 rows), as int64."""
    count = len(words)
    if kind == FIXED:
        for s in range(count):
            out[s] = row[0]
        return
    u, p = work[0], work[1]
    for s in range(count):
        z = words[s] + key
        z = (z ^ (z >> _S30)) * MIX_1
        z = (z ^ (z >> _S27)) * MIX_2
        z = z ^ (z >> _S31)
        u[s] = (np.float64(np.int64(z >> _S12)) + 0.5) * CELL
    if kind == UNIFORM:
        for s in range(count):
            out[s] = row[0] + u[s] * row[1]
        return
    if kind == TRIANGULAR:
        for s in range(count):
            if u[s] < row[4]:
                out[s] = row[0] + np.sqrt(u[s] * row[2])
            else:
                out[s] = row[1] - np.sqrt((1.0 - u[s]) * row[3])
        return
    for s in range(count):
        p[s] = min(u[s], 1.0 - u[s])
    for s in range(count):
        bits[2, s] = ((bits[1, s] & MASK) << _WIDEN) | _ONE_BITS
    for s in range(count):
        piece = table[(bits[1, s] >> SHIFT) - FIRST_PIECE]
        t = work[2, s] - 1.0
        z = ((((piece[5] * t + piece[4]) * t + piece[3]) * t + piece[2]) * t + piece[1]) * t
        z = z + piece[0]
        p[s] = -z if u[s] > 0.5 else z
    if kind == NORMAL:
        for s in range(count):
            out[s] = row[0] + row[1] * p[s]
        return
    for s in range(count):
        p[s] = min(max(row[1] * p[s], -_CUT), _CUT)
        u[s] = p[s] * _LOG2_E + _ROUNDER
    for s in range(count):
        bits[2, s] = (bits[0, s] + _BIAS) << _MANTISSA
    for s in range(count):
        whole = u[s] - _ROUNDER
        r = (p[s] - whole * _LN2_HIGH) - whole * _LN2_LOW
        e = ((((_E13 * r + _E12) * r + _E11) * r + _E10) * r + _E9) * r + _E8
        e = ((((e * r + _E7) * r + _E6) * r + _E5) * r + _E4) * r + _E3
        e = ((e * r + _E2) * r + _E1) * r + _E0
        out[s] = row[0] * (e * work[2, s])


@parallel_loop
def fill(words: Any, keys: Any, kinds: Any, coefficients: Any, table: Any, out: Any) -> None:
    """Samples of many parameters: one row of ``out`` each."""
    count = len(words)
    parts = 8
    for part in prange(parts):
        work = np.empty((3, count))
        bits = work.view(np.int64)
        for n in range(part * len(keys) // parts, (part + 1) * len(keys) // parts):
            fill_row(words, keys[n], kinds[n], coefficients[n], table, work, bits, out[n])


@loop
def _eliminated(system: Any, right: Any) -> None:
    """``right`` becomes the solution of a small dense system, with partial pivoting."""
    size = len(right)
    for c in range(size):
        pivot = c
        for r in range(c + 1, size):
            if abs(system[r, c]) > abs(system[pivot, c]):
                pivot = r
        if pivot != c:
            for k in range(size):
                system[c, k], system[pivot, k] = system[pivot, k], system[c, k]
            right[c], right[pivot] = right[pivot], right[c]
        for r in range(c + 1, size):
            share = system[r, c] / system[c, c]
            for k in range(c, size):
                system[r, k] -= share * system[c, k]
            right[r] -= share * right[c]
    for c in range(size - 1, -1, -1):
        for k in range(c + 1, size):
            right[c] -= system[c, k] * right[k]
        right[c] /= system[c, c]


@loop
def _pass(
    exchange: Any, origin: Any, target: Any, steps: Any, amounts: Any, net: Any, slot: Any
) -> None:
    """All steps for a block of samples: slots of the processes must be 0 before."""
    width = slot.shape[1]
    for n in range(len(steps)):
        j, first, end, low, high = steps[n]
        for k in range(first, end):
            amount, taken, into = amounts[exchange[k]], slot[origin[k]], slot[target[k]]
            for s in range(width):
                into[s] += amount[s] * taken[s]
        for row in range(low, high):
            for s in range(width):
                slot[row, s] /= net[j, s]


@loop
def _tear_values(
    components: Any, where: Any, ends: Any, slot: Any, system: Any, closing: Any
) -> None:
    """The tear products of every sample of a block."""
    count = len(where)
    right = np.empty(count)
    for s in range(slot.shape[1]):
        for n in range(count):
            for m in range(count):
                system[n, m] = 1.0 if n == m else 0.0
            right[n] = slot[where[n], s]
            for row in range(where[n] + 1, ends[n]):
                system[n, components[row] - 1] -= slot[row, s]
        _eliminated(system, right)
        for n in range(count):
            closing[n, s] = right[n]


@loop
def _net(outputs: Any, own: Any, own_process: Any, amounts: Any, net: Any) -> None:
    """What a process makes less what it takes of its own product."""
    for j in range(len(net)):
        for s in range(net.shape[1]):
            net[j, s] = outputs[j, s]
    for n in range(len(own)):
        for s in range(net.shape[1]):
            net[own_process[n], s] -= amounts[own[n], s]


@loop
def _block(
    exchange: Any,
    origin: Any,
    target: Any,
    steps: Any,
    components: Any,
    own: Any,
    own_process: Any,
    tears: Any,
    where: Any,
    ends: Any,
    amounts: Any,
    outputs: Any,
    units: Any,
    slot: Any,
    net: Any,
    closing: Any,
    made: Any,
) -> None:
    """Footprints of all products for one block of samples."""
    width = slot.shape[1]
    slot[:] = 0.0
    for s in range(width):
        slot[0, s] = 1.0
    for n in range(len(units)):
        for s in range(width):
            slot[1 + n, s] = units[n, s]
    _net(outputs, own, own_process, amounts, net)
    _pass(exchange, origin, target, steps, amounts, net, slot)
    system = np.empty((len(tears), len(tears)))
    if len(tears):
        _tear_values(components, where, ends, slot, system, closing)
    for n in range(len(steps)):
        j, low, high = steps[n, 0], steps[n, 3], steps[n, 4]
        for s in range(width):
            made[j, s] = slot[low, s]
        for row in range(low + 1, high):
            tear = closing[components[row] - 1]
            for s in range(width):
                made[j, s] += slot[row, s] * tear[s]
    for n in range(len(tears)):
        for s in range(width):
            made[tears[n], s] = closing[n, s]


@loop
def evaluate(
    exchange: Any,
    origin: Any,
    target: Any,
    steps: Any,
    components: Any,
    own: Any,
    own_process: Any,
    tears: Any,
    where: Any,
    ends: Any,
    amounts: Any,
    outputs: Any,
    units: Any,
    slots: int,
    found: Any,
) -> None:
    """Footprints of all products, in blocks of samples."""
    samples = found.shape[1]
    for first in range(0, samples, BLOCK):
        end = min(samples, first + BLOCK)
        width = end - first
        slot = np.empty((slots, width))
        net = np.empty((len(outputs), width))
        closing = np.empty((len(tears), width))
        _block(
            exchange, origin, target, steps, components, own, own_process, tears, where, ends,
            amounts[:, first:end], outputs[:, first:end], units[:, first:end],
            slot, net, closing, found[:, first:end],
        )  # fmt: skip


@parallel_loop
def sampled(
    exchange: Any,
    origin: Any,
    target: Any,
    steps: Any,
    components: Any,
    own: Any,
    own_process: Any,
    tears: Any,
    where: Any,
    ends: Any,
    keys: Any,
    kinds: Any,
    coefficients: Any,
    table: Any,
    parameter: Any,
    scale: Any,
    outputs: Any,
    units: Any,
    demand: Any,
    slots: int,
    words: Any,
    scores: Any,
) -> None:
    """Footprint of the demand in every sample; parts of the samples run side by side."""
    blocks = (len(words) + BLOCK - 1) // BLOCK
    parts = min(8, blocks)
    stored = units.shape[1] > 1
    for part in prange(parts):
        work = np.empty((3, BLOCK))
        bits = work.view(np.int64)
        values = np.empty((len(keys), BLOCK))
        amounts = np.empty((len(parameter), BLOCK))
        made_by = np.empty((len(outputs), BLOCK))
        known = np.empty((len(units), BLOCK))
        slot = np.empty((slots, BLOCK))
        net = np.empty((len(outputs), BLOCK))
        closing = np.empty((len(tears), BLOCK))
        made = np.empty((len(outputs), BLOCK))
        block_words = np.empty(BLOCK, dtype=np.uint64)
        for j in range(len(outputs)):
            made_by[j, :] = outputs[j]
        for n in range(len(units)):
            known[n, :] = units[n, 0]
        for block in range(part * blocks // parts, (part + 1) * blocks // parts):
            first = block * BLOCK
            width = min(BLOCK, len(words) - first)
            for s in range(BLOCK):  # a last, shorter block repeats its last sample
                block_words[s] = words[first + min(s, width - 1)]
            for p in range(len(keys)):
                fill_row(
                    block_words,
                    keys[p],
                    kinds[p],
                    coefficients[p],
                    table,
                    work,
                    bits,
                    values[p],
                )
            for e in range(len(parameter)):
                if parameter[e] < 0:
                    amounts[e, :] = scale[e]
                else:
                    drawn = values[parameter[e]]
                    for s in range(BLOCK):
                        amounts[e, s] = scale[e] * drawn[s]
            if stored:
                for n in range(len(units)):
                    for s in range(width):
                        known[n, s] = units[n, first + s]
            _block(
                exchange, origin, target, steps, components, own, own_process, tears, where,
                ends, amounts, made_by, known, slot, net, closing, made,
            )  # fmt: skip
            for s in range(width):
                total = 0.0
                for j in range(len(demand)):
                    if demand[j] != 0.0:
                        total += demand[j] * made[j, s]
                scores[first + s] = total


LANES = 16  # samples of a background that are swept at once: one vector of single precision
TOGETHER = 4  # blocks of samples that are drawn at once: longer rows, fewer calls


@loop
def _lanes_swept(starts: Any, products: Any, amounts: Any, direct: Any, values: Any) -> float:
    """One sweep of all samples of a block in single precision; the largest move."""
    new = np.empty(LANES, dtype=np.float32)
    far = np.zeros(LANES, dtype=np.float32)
    for j in range(len(starts) - 1):
        for s in range(LANES):
            new[s] = direct[j, s]
        for k in range(starts[j], starts[j + 1]):
            i = products[k]
            for s in range(LANES):
                new[s] += amounts[k, s] * values[i, s]
        for s in range(LANES):
            far[s] = max(far[s], abs(new[s] - values[j, s]))
            values[j, s] = new[s]
    largest = 0.0
    for s in range(LANES):
        if not np.isfinite(far[s]):
            return np.inf
        largest = max(largest, far[s])
    return largest


@parallel_loop
def background_blocks(
    starts: Any,
    products: Any,
    shares: Any,
    keys: Any,
    kinds: Any,
    coefficients: Any,
    flow_starts: Any,
    flow_shares: Any,
    flow_keys: Any,
    flow_kinds: Any,
    flow_coefficients: Any,
    table: Any,
    words: Any,
    wanted: Any,
    wanted_scale: Any,
    settled: float,
    most: int,
    sweeps: Any,
    values: Any,
) -> None:
    """Unit footprints of the wanted products, in blocks of samples; threads share blocks.

    A block that does not settle within ``most`` sweeps has ``most + 1`` in ``sweeps``.
    """
    size = len(starts) - 1
    blocks = len(sweeps)
    parts = min(2, blocks)
    for part in prange(parts):
        work = np.empty((3, TOGETHER * LANES))
        bits = work.view(np.int64)
        drawn = np.empty(TOGETHER * LANES)
        amounts = np.empty((TOGETHER, len(keys), LANES), dtype=np.float32)
        direct = np.empty((TOGETHER, size, LANES), dtype=np.float32)
        unknown = np.empty((size, LANES), dtype=np.float32)
        all_words = np.empty(TOGETHER * LANES, dtype=np.uint64)
        begin, end = part * blocks // parts, (part + 1) * blocks // parts
        for block in range(begin, end):
            at = (block - begin) % TOGETHER
            if at == 0:
                ahead = min(TOGETHER, end - block)
                row_words = all_words[: ahead * LANES]
                for s in range(ahead * LANES):
                    row_words[s] = words[min(block * LANES + s, len(words) - 1)]
                for k in range(len(keys)):
                    fill_row(
                        row_words, keys[k], kinds[k], coefficients[k], table, work, bits, drawn
                    )
                    for b in range(ahead):
                        for s in range(LANES):
                            amounts[b, k, s] = np.float32(shares[k] * drawn[b * LANES + s])
                direct[:] = np.float32(0.0)
                for j in range(size):
                    for k in range(flow_starts[j], flow_starts[j + 1]):
                        fill_row(
                            row_words, flow_keys[k], flow_kinds[k], flow_coefficients[k],
                            table, work, bits, drawn,
                        )  # fmt: skip
                        share = flow_shares[k]
                        for b in range(ahead):
                            for s in range(LANES):
                                direct[b, j, s] += np.float32(share * drawn[b * LANES + s])
            unknown[:] = np.float32(1.0)
            count = 0
            moved, error = np.inf, np.inf
            while count < most and error > settled:
                before = moved
                moved = _lanes_swept(starts, products, amounts[at], direct[at], unknown)
                # Moves shrink by a rate; what is left of the way is a geometric series.
                rate = moved / before if count > 1 else 1.0
                if moved == 0.0:
                    error = 0.0
                elif rate < 1.0:
                    error = moved * rate / (1.0 - rate)
                count += 1
            sweeps[block] = count if error <= settled else most + 1
            first = block * LANES
            for n in range(len(wanted)):
                for s in range(min(LANES, len(words) - first)):
                    values[n, first + s] = wanted_scale[n] * unknown[wanted[n], s]
