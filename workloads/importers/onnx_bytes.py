"""Bytes of an ONNX file without its weights: large tensors keep their name, type and shape, and lose their values.

The file is walked field by field in protobuf's wire format, so that a file of any size costs only the memory of its graph.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

#: Tensors of more bytes are stripped. Smaller ones may be shapes and axes, whose values the importer needs.
KEPT_BYTES = 8192

#: Numbers of the fields of a message that lead to tensors, by message: ModelProto, GraphProto, NodeProto, AttributeProto,
#: FunctionProto. Each maps to the message behind the field.
_WAYS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph"},
    "function": {7: "node"},
}
#: Fields of TensorProto that hold values: float_data, int32_data, string_data, int64_data, raw_data, double_data, uint64_data.
_VALUES = frozenset({4, 5, 6, 7, 9, 10, 11})
#: TensorProto.data_location = EXTERNAL as bytes.
_EXTERNAL = b"\x70\x01"
#: Messages may stand in each other so deep.
_DEEPEST = 64


class BrokenBytesError(ValueError):
    """The bytes are no protobuf message."""


def read_without_weights(path: Path) -> bytes:
    """Return the file's bytes without the values of large tensors. Raise OSError if it cannot be read, BrokenBytesError if its
    bytes are no message.
    """
    with path.open("rb") as file:
        if not file.seek(0, 2):
            return b""
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _stripped(memoryview(content), "model", 0)


def _stripped(content: memoryview, message: str, depth: int) -> bytes:
    """Return a message of that kind without the values of large tensors in it."""
    with content:
        if depth > _DEEPEST:
            raise BrokenBytesError("messages stand too deep in each other")
        if message == "tensor":
            return _stripped_tensor(content)
        parts, ways = [], _WAYS[message]
        for field, tag, value in _fields(content):
            if field in ways and tag[1]:
                part = _stripped(value, ways[field], depth + 1)
                parts.append(tag[0] + _varint(len(part)) + part)
            else:
                parts.append(tag[0] + (_varint(len(value)) if tag[1] else b"") + bytes(value))
                value.release()
        return b"".join(parts)


def _stripped_tensor(content: memoryview) -> bytes:
    if len(content) <= KEPT_BYTES:
        return bytes(content)
    parts = []
    for field, tag, value in _fields(content):
        if field not in _VALUES and len(value) <= KEPT_BYTES:
            parts.append(tag[0] + (_varint(len(value)) if tag[1] else b"") + bytes(value))
        value.release()
    return b"".join([*parts, _EXTERNAL])


def _fields(content: memoryview) -> Iterator[tuple[int, tuple[bytes, bool], memoryview]]:
    """Yield each field's number, (the bytes of its tag, whether a length stands before its value), and its value."""
    at, end = 0, len(content)
    while at < end:
        tag, behind = _read_varint(content, at)
        kind, head = tag & 7, bytes(content[at:behind])
        if kind == 0:
            _, at = _read_varint(content, behind)
        elif kind == 1:
            at = behind + 8
        elif kind == 5:
            at = behind + 4
        elif kind == 2:
            length, behind = _read_varint(content, behind)
            at = behind + length
        else:
            raise BrokenBytesError(f"wire type {kind}")
        if at > end or not tag >> 3:
            raise BrokenBytesError("a field ends behind its message")
        yield tag >> 3, (head, kind == 2), content[behind:at]


def _read_varint(content: memoryview, at: int) -> tuple[int, int]:
    """Return the number at ``at`` and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(content):
            break
        byte = content[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise BrokenBytesError("a number without an end")


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)
