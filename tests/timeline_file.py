"""A timeline's file, read by the numbers of Perfetto's fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a protobuf message, in order: numbers and bytes."""
    at = 0

    def varint() -> int:
        nonlocal at
        found = shift = 0
        while True:
            byte = message[at]
            at += 1
            found |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return found

    while at < len(message):
        key = varint()
        assert key & 7 in (0, 2)
        value: Any = varint()
        if key & 7 == 2:
            value, at = message[at : at + value], at + value
        yield key >> 3, value


@dataclass
class Timeline:
    """What a file holds: slices (track, name, begin, end, annotations) and values (track, time, value), with tracks by path."""

    slices: list[tuple[str, str, int, int, dict[str, Any]]] = field(default_factory=list)
    values: list[tuple[str, int, int]] = field(default_factory=list)

    def lengths(self, track: str) -> Counter[str]:
        found: Counter[str] = Counter()
        for where, name, begin, end, _ in self.slices:
            if where == track:
                found[name] += end - begin
        return found

    def cut(self, first: int, end: int) -> list[tuple[str, str, int, int]]:
        """What of the slices lies in these cycles, in order."""
        inside = ((track, name, max(begin, first), min(stop, end)) for track, name, begin, stop, _ in self.slices if begin < end)
        return sorted(row for row in inside if row[2] < row[3])


def read(file: Path) -> Timeline:
    """Read a timeline by the numbers of Perfetto's fields. Assert that the slices of a track follow one another."""
    found, paths, names = Timeline(), {1: ""}, {}
    begun: dict[int, tuple[str, int, dict[str, Any]]] = {}
    last: Counter[int] = Counter()
    for number, packet in fields(file.read_bytes()):
        assert number == 1
        content = dict(fields(packet))
        for kind, known in fields(content.get(12, b"")):
            entry = dict(fields(known))
            names[kind, entry[1]] = entry[2].decode()
        if 60 in content:
            track = dict(fields(content[60]))
            paths[track[1]] = "" if track[1] == 1 else f"{paths.get(track.get(5, 0), '')}/{track[2].decode()}"
            continue
        event = list(fields(content[11]))
        told, at = dict(event), content[8]
        track = told[11]
        if told[9] == 1:
            assert track not in begun
            assert at >= last[track], (paths[track], at, last[track])
            about = [dict(fields(note)) for key, note in event if key == 4]
            notes = {names[3, note[1]]: note.get(4, names.get((29, note.get(17)))) for note in about}
            begun[track] = names[2, told[10]], at, notes
        elif told[9] == 2:
            name, begin, notes = begun.pop(track)
            found.slices.append((paths[track], name, begin, at, notes))
            last[track] = at
        else:
            found.values.append((paths[track], at, told[30]))
    assert not begun
    return found


def read_by_perfetto(file: Path) -> Counter[tuple[str, str]]:
    """The length of all slices of each name on each track, as Perfetto's own classes read them."""
    from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace

    trace, paths, names = Trace(), {}, {}
    trace.ParseFromString(file.read_bytes())
    begun: dict[int, tuple[str, int]] = {}
    found: Counter[tuple[str, str]] = Counter()
    for packet in trace.packet:
        if packet.HasField("track_descriptor"):
            track = packet.track_descriptor
            paths[track.uuid] = f"{paths[track.parent_uuid]}/{track.name}" if track.parent_uuid else ""
            continue
        names |= {entry.iid: entry.name for entry in packet.interned_data.event_names}
        event = packet.track_event
        if event.type == event.TYPE_SLICE_BEGIN:
            begun[event.track_uuid] = names[event.name_iid], packet.timestamp
        elif event.type == event.TYPE_SLICE_END:
            name, begin = begun.pop(event.track_uuid)
            found[paths[event.track_uuid], name] += packet.timestamp - begin
    return found
