"""A file of Perfetto's format: tracks, slices on them, and values over time. Names are written once and numbered.

The numbers of fields are those of Perfetto's trace_packet.proto, track_descriptor.proto, track_event.proto,
debug_annotation.proto and interned_data.proto.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO

from simcore.results.perfetto.protobuf import message, number, text

_PACKET = 1
_TIMESTAMP, _SEQUENCE, _TRACK_EVENT, _INTERNED, _FLAGS, _TRACK = 8, 10, 11, 12, 13, 60
_UUID, _NAME, _PARENT, _COUNTER, _ORDER, _RANK = 1, 2, 5, 8, 11, 12
_ANNOTATION, _TYPE, _NAME_NUMBER, _ON_TRACK, _VALUE = 4, 9, 10, 11, 30
_ANNOTATION_NAME, _ANNOTATION_INT, _ANNOTATION_TEXT = 1, 4, 17
_EVENT_NAMES, _ANNOTATION_NAMES, _ANNOTATION_TEXTS = 2, 3, 29
_BEGIN, _END, _IS_VALUE = 1, 2, 4
#: The state of the sequence begins here; the state is needed.
_CLEARED, _NEEDED = 1, 2
#: Children of a track are shown by their rank.
_BY_RANK = 3

#: The first track, of which all others are children. A file that begins with it was written by simcore.
ROOT = 1
_ROOT_TRACK = message(_TRACK, number(_UUID, ROOT) + text(_NAME, "simcore") + number(_ORDER, _BY_RANK))
FIRST_PACKET = message(_PACKET, _ROOT_TRACK)


#: Bytes after which nothing more is written; viewers grow slow beyond.
MOST_BYTES = 200_000_000


class PerfettoFile:
    """An open file. ``slices`` counts what was written, ``bytes`` how much. Times are integers of one unit, shown as ns.

    ``cut_at`` is the time from which on something is missing because the file became too large, or None.
    """

    def __init__(self, file: IO[bytes], most_bytes: int = MOST_BYTES) -> None:
        """Begin the file with the track of which all others are children."""
        self.file, self.bytes, self.slices, self.most_bytes = file, 0, 0, most_bytes
        self.cut_at: int | None = None
        self._tracks = ROOT
        self._children: dict[tuple[int, str], int] = {}
        self._numbers: dict[tuple[int, str], int] = {}
        self._flags = _CLEARED
        self._put(FIRST_PACKET)

    def is_full(self, at: int) -> bool:
        """Return whether nothing more should be written, and remember the first time that was asked for in vain."""
        if self.cut_at is None and self.bytes > self.most_bytes:
            self.cut_at = at
        return self.cut_at is not None

    def child(self, name: str, parent: int, rank: int) -> int:
        """Return the track of this name below another one. It is added when it is first asked for, in the order of ``rank``."""
        if (parent, name) not in self._children:
            self._children[parent, name] = self.track(name, parent, rank=rank)
        return self._children[parent, name]

    def track(self, name: str, parent: int = ROOT, *, values: bool = False, rank: int | None = None) -> int:
        """Add a track and return its number. ``values`` shows numbers over time.

        It stands among its parent's by ``rank``, without one below those that the parent has already.
        """
        self._tracks += 1
        content = number(_UUID, self._tracks) + text(_NAME, name) + number(_PARENT, parent)
        content += number(_RANK, self._tracks if rank is None else rank) + number(_ORDER, _BY_RANK)
        self._put(message(_PACKET, message(_TRACK, content + (message(_COUNTER, b"") if values else b""))))
        return self._tracks

    def slice(self, track: int, name: str, begin: int, end: int, more: Mapping[str, str | int] | None = None) -> None:
        """Add a slice from ``begin`` up to, not with, ``end``. Slices of a track must not overlap. ``more`` is shown with it."""
        new: list[bytes] = []
        event = number(_TYPE, _BEGIN) + number(_ON_TRACK, track) + number(_NAME_NUMBER, self._number(_EVENT_NAMES, name, new))
        for key, value in (more or {}).items():
            about = number(_ANNOTATION_NAME, self._number(_ANNOTATION_NAMES, key, new))
            if isinstance(value, int):
                about += number(_ANNOTATION_INT, value)
            else:
                about += number(_ANNOTATION_TEXT, self._number(_ANNOTATION_TEXTS, value, new))
            event += message(_ANNOTATION, about)
        self._event(begin, event, b"".join(new))
        self._event(end, number(_TYPE, _END) + number(_ON_TRACK, track), b"")
        self.slices += 1

    def value(self, track: int, at: int, value: int) -> None:
        """Say that a track of values has this value from a time on."""
        self._event(at, number(_TYPE, _IS_VALUE) + number(_ON_TRACK, track) + number(_VALUE, value), b"")

    def _number(self, kind: int, name: str, new: list[bytes]) -> int:
        """Return the number of a name, and add to ``new`` what the file must say of a name that it does not know."""
        known = self._numbers.get((kind, name))
        if known is None:
            known = self._numbers[kind, name] = len(self._numbers) + 1
            new.append(message(kind, number(1, known) + text(2, name)))
        return known

    def _event(self, at: int, event: bytes, new: bytes) -> None:
        packet = number(_TIMESTAMP, at) + number(_SEQUENCE, 1) + number(_FLAGS, self._flags) + message(_TRACK_EVENT, event)
        self._flags = _NEEDED
        self._put(message(_PACKET, packet + (message(_INTERNED, new) if new else b"")))

    def _put(self, packet: bytes) -> None:
        self.file.write(packet)
        self.bytes += len(packet)
