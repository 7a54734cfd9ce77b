"""The meaning of the columns of the table of attention: name -> (unit, text)."""

from __future__ import annotations

ATTENTION = {
    "attention": ("", "Where the scores of attention lie: `flash` (on chip) or `spilled`. Also the table with a row per block."),
    "attention_parts": ("", "Layers that joined the last product of attention, because the scores stay on chip."),
    "attention_why": ("", "Why the scores of attention leave the chip, though they were to stay. Empty if they stay."),
    "queries_per_tile": ("rows", "Rows of queries in a tile of scores; heads that share keys have their rows in one product."),
    "keys_per_tile": ("keys", "Keys in a tile of scores."),
    "query_tiles": ("tiles", "Tiles of queries, of all heads of keys and images."),
    "key_tiles": ("tiles", "Tiles of keys of a head of keys."),
    "keys_stay": (
        "",
        "Whether all keys and values of a head fit their scratchpad, so that they are loaded once. Otherwise they are loaded for "
        "every tile of queries.",
    ),
    "scores": ("words", "Scores that are computed, of all heads and images."),
    "scores_left_out": ("words", "Scores of whole tiles that a causal mask hides and that are left out."),
    "query_bytes": ("bytes", "Bytes of queries that attention on chip reads from main memory."),
    "key_bytes": ("bytes", "Bytes of keys and values that attention on chip reads from main memory."),
    "result_bytes": ("bytes", "Bytes of results that attention on chip writes to main memory."),
}
