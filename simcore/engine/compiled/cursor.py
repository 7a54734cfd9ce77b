"""The cursor of a port: where its next element lies, and how it moves on."""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.tables import Tables
from simcore.program.program import Geo, Kind, Reg, Seg

_TIMES, _KIND, _REVERSE, _REGION = int(Seg.TIMES), int(Seg.KIND), int(Seg.REVERSE), int(Seg.REGION)
_TILE, _CHUNK, _JOINED = int(Seg.TILE), int(Seg.CHUNK), int(Seg.JOINED)
_M0, _K0, _SETS, _K_STEP = int(Seg.M0), int(Seg.K0), int(Seg.SETS), int(Seg.K_STEP)
_PAD = int(Reg.SCRATCHPAD)
_LINEAR, _PIXELS = int(Kind.LINEAR), int(Kind.PIXELS)
_OUT_W, _KERNEL_W, _GROUP_CHANNELS = int(Geo.OUT_W), int(Geo.KERNEL_W), int(Geo.GROUP_CHANNELS)


@inlined
def locate(tables: Tables, port: int) -> None:
    """Find the place of the cursor's element by division, at the beginning of a segment or wherever the cursor was put."""
    ports, segments, geometry, regions = tables.ports, tables.segments, tables.geometry, tables.regions
    s = ports[port, c.PORT_SEGMENT]
    time = ports[port, c.PORT_NUMBER] * segments[s, _JOINED]
    ports[port, c.PORT_REGION] = segments[s, _REGION]
    ports[port, c.PORT_PAD] = regions[segments[s, _REGION], _PAD]
    if segments[s, _KIND] == _LINEAR:
        if segments[s, _REVERSE]:
            time = segments[s, _TIMES] - 1 - time
        ports[port, c.PORT_TILE] = segments[s, _TILE] + time // segments[s, _CHUNK]
        ports[port, c.PORT_WITHIN] = time % segments[s, _CHUNK]
    elif segments[s, _KIND] == _PIXELS:
        set_number = time % segments[s, _SETS]
        pixel, tap = segments[s, _M0] + time // segments[s, _SETS], segments[s, _K0] + set_number * segments[s, _K_STEP]
        row_taps = geometry[_KERNEL_W] * geometry[_GROUP_CHANNELS]
        ports[port, c.PORT_OUT_ROW], ports[port, c.PORT_OUT_COLUMN] = pixel // geometry[_OUT_W], pixel % geometry[_OUT_W]
        ports[port, c.PORT_KERNEL_ROW] = tap // row_taps
        ports[port, c.PORT_KERNEL_COLUMN] = tap % row_taps // geometry[_GROUP_CHANNELS]
        ports[port, c.PORT_CHANNEL] = tap % geometry[_GROUP_CHANNELS]


@inlined
def move_on(tables: Tables, port: int) -> None:
    """Update the place of a cursor that moved one element further in its segment."""
    ports, segments, geometry = tables.ports, tables.segments, tables.geometry
    s = ports[port, c.PORT_SEGMENT]
    if segments[s, _JOINED] > 1:
        locate(tables, port)
    elif segments[s, _KIND] == _LINEAR:
        if segments[s, _REVERSE]:
            ports[port, c.PORT_WITHIN] -= 1
            if ports[port, c.PORT_WITHIN] < 0:
                ports[port, c.PORT_WITHIN] = segments[s, _CHUNK] - 1
                ports[port, c.PORT_TILE] -= 1
        else:
            ports[port, c.PORT_WITHIN] += 1
            if ports[port, c.PORT_WITHIN] == segments[s, _CHUNK]:
                ports[port, c.PORT_WITHIN] = 0
                ports[port, c.PORT_TILE] += 1
    elif segments[s, _KIND] == _PIXELS:
        if segments[s, _SETS] > 1:
            locate(tables, port)
            return
        ports[port, c.PORT_OUT_COLUMN] += 1
        if ports[port, c.PORT_OUT_COLUMN] == geometry[_OUT_W]:
            ports[port, c.PORT_OUT_COLUMN] = 0
            ports[port, c.PORT_OUT_ROW] += 1


@inlined
def vectors_joined(tables: Tables, s: int, port: int) -> int:
    """Return how many vectors the element at a port's cursor joins."""
    segments, joined = tables.segments, tables.segments[s, _JOINED]
    return min(joined, segments[s, _TIMES] - tables.ports[port, c.PORT_NUMBER] * joined) if joined > 1 else 1
