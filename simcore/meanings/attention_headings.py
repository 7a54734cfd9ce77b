"""The meaning of the headings of the printed table of attention: heading -> (unit, text)."""

from __future__ import annotations

ATTENTION = {
    "spilled since": ("", "Why the scores of attention leave the chip (`attention_why`); - if they stay."),
    "queries": ("rows", "Rows of queries in a tile of scores (`queries_per_tile`)."),
    "keys": ("keys", "Keys in a tile of scores (`keys_per_tile`)."),
    "tiles": ("tiles", "Tiles of queries, of all heads of keys and images (`query_tiles`)."),
    "of keys": ("tiles", "Tiles of keys of a head of keys (`key_tiles`)."),
    "Q KiB": ("KiB", "Queries read from main memory (`query_bytes`)."),
    "K V KiB": ("KiB", "Keys and values read from main memory (`key_bytes`)."),
    "O KiB": ("KiB", "Results of attention written to main memory (`result_bytes`)."),
}
