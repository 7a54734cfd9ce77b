"""The three forms of a field of a protobuf message that a timeline needs: a number, a text or bytes, and a message."""

from __future__ import annotations


def varint(value: int) -> bytes:
    """Return a number from 0 up to 64 bits in seven bits a byte, the lowest first. A negative one counts as 64 bits."""
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def number(field: int, value: int) -> bytes:
    """Return a field that holds a number."""
    return varint(field << 3) + varint(value)


def message(field: int, content: bytes) -> bytes:
    """Return a field that holds a message or bytes."""
    return varint(field << 3 | 2) + varint(len(content)) + content


def text(field: int, content: str) -> bytes:
    """Return a field that holds a text."""
    return message(field, content.encode("utf-8", "replace"))
