"""Loop nests that are kept for layers of equal shape: what makes room for what, and what asking costs."""

from __future__ import annotations

from typing import cast

from workloads.dataflow.nest_traffic import KeptNests, NestTraffic


class Nests:
    """So many nests."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count


class Key:
    """A key that counts how often it is hashed."""

    hashed = 0

    def __init__(self, name: int) -> None:
        self.name = name

    def __hash__(self) -> int:
        Key.hashed += 1
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.name == other.name


def asked(kept: KeptNests, key: object, count: int, made: list[object]) -> int:
    """Ask for the nests of a key and note whether they are made. Return how many they are."""

    def make() -> NestTraffic:
        made.append(key)
        return cast(NestTraffic, Nests(count))

    return len(kept.of(key, make))


def test_nests_are_made_once_and_those_not_asked_for_longest_make_room() -> None:
    kept, made = KeptNests(10), list[object]()
    assert [asked(kept, key, count, made) for key, count in (("a", 4), ("b", 3), ("a", 4), ("c", 3))] == [4, 3, 4, 3]
    assert made == ["a", "b", "c"], "10 nests are kept"
    asked(kept, "d", 2, made)
    assert [asked(kept, key, 0, made) for key in "acd"] == [4, 3, 2], "b alone made room for two more"
    asked(kept, "b", 3, made)
    assert made == ["a", "b", "c", "d", "b"]
    assert asked(kept, "a", 4, made) == 4
    assert made[-1] == "a", "12 are too many, and a was not asked for longest"


def test_a_layer_of_more_nests_than_are_kept_is_made_each_time() -> None:
    kept, made = KeptNests(10), list[object]()
    assert [asked(kept, key, count, made) for key, count in (("a", 2), ("b", 11), ("b", 11), ("c", 10), ("c", 10))] == [
        2,
        11,
        11,
        10,
        10,
    ]
    assert made == ["a", "b", "b", "c"]


def test_a_layer_without_nests_is_kept_too() -> None:
    kept, made = KeptNests(10), list[object]()
    assert [asked(kept, "a", 0, made) for _ in range(3)] == [0, 0, 0]
    assert made == ["a"]


def test_asking_costs_the_same_however_many_layers_are_kept() -> None:
    """Counting all that is kept hashed every key at every call, which took 20 s of planning small layers on a 13th machine."""
    kept, made = KeptNests(10_000), list[object]()
    for name in range(2000):
        asked(kept, Key(name), 1, made)
    Key.hashed = 0
    for name in range(2000, 2100):
        asked(kept, Key(name), 1, made)
    assert Key.hashed <= 5 * 100
