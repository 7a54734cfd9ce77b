"""Damaged spaces and damaged directories of sweeps are errors of one clear kind, never a traceback."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from simcore import sweep
from simcore.errors import InputError
from simcore.sweeps.folder import LOG, MANIFEST, MARK, TABLE
from simcore.sweeps.reading import read_space
from simcore.sweeps.resolve import Resolver
from simcore.sweeps.simulating import Settings
from simcore.sweeps.sweep import Sweep
from simcore.sweeps.wanted import wanted_choices

SPACE = b"""networks: [lenet5]
systems: [ideal-titan-xp, edge-sram]
run: {layers: "c1", batch: 2}
set: {core_clock_hz: 1 GHz}
product:
  words.ifmap_bytes: [1, 2]
  run.training: [sgd, none]
zip:
  - {seed: {from: 1, to: 3}, words.psum_bytes: [1, 2, 4]}
conditions:
  - words.ifmap_bytes * 2 <= 4 and seed in [1, 2] or network == 'lenet5'
objectives: [cycles, max:macs]
"""
PIECES = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b"null",
        b"-1",
        b"1e999",
        b'"',
        b"\n",
        b"\x00",
        b"\xff",
        b"&a *a",
        b"!!python/name:os.system x",
    ),
    *(
        b"from: 1",
        b"to: 99999999999",
        b"times: 2",
        b"NaN",
        b'"names"',
        b'"point"',
        b'"values"',
        b"**",
        b"9" * 60,
        b"- ",
        b"'64 KiB'",
    ),
)


def damaged(content: bytes, random: Random) -> bytes:
    """The content with one to four pieces taken out, put in, changed or repeated."""
    found = bytearray(content)
    for _ in range(random.randint(1, 4)):
        how, begin = random.random(), random.randrange(len(found) + 1)
        end = min(len(found), begin + random.randint(0, 12))
        if how < 0.35:
            found[begin:end] = b""
        elif how < 0.75:
            found[begin:begin] = random.choice(PIECES)
        elif how < 0.9 and found:
            found[begin % len(found)] = random.randrange(256)
        else:
            found[begin:begin] = found[begin:end] * random.randint(1, 3)
    return bytes(found)


@pytest.mark.slow
def test_damaged_spaces_are_read_or_refused(tmp_path: Path) -> None:
    random, file = Random(5), tmp_path / "space.yaml"
    read = 0
    for _ in range(150):
        file.write_bytes(damaged(SPACE, random))
        with suppress(InputError):
            space = read_space(file)
            resolver = Resolver(space.folder)
            if space.combinations <= 50:
                for choice in wanted_choices(space, resolver):
                    with suppress(InputError):
                        resolver.point(choice)
            read += 1
    assert 0 < read < 150


@pytest.mark.slow
def test_damaged_directories_are_read_or_refused(tmp_path: Path) -> None:
    random, out = Random(6), tmp_path / "out"
    space = {"networks": "lenet5", "systems": "ideal-titan-xp", "product": {"words.ifmap_bytes": [1, 2]}}
    settings = Settings(per_layer=True)
    sweep(space, out, jobs=1, settings=settings)
    whole = {name: (out / name).read_bytes() for name in (LOG, TABLE, MANIFEST, MARK)}
    done = 0
    for case in range(100):
        for name, content in whole.items():
            (out / name).write_bytes(content)
        name = random.choice(list(whole))
        (out / name).write_bytes(damaged(whole[name], random))
        with suppress(InputError):
            if case % 2:
                sweep(space, out, jobs=1, settings=settings)
            else:
                repr(Sweep.load(out).pareto)
            done += 1
    assert 0 < done < 100
