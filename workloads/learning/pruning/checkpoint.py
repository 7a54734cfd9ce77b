"""The state of a run in one block of bytes, which is loaded only if it is whole and of the same run. Needs torch.

A block begins with a line that names its form and a line with the SHA-256 of the rest, so that a block that was cut or damaged
is recognised. torch loads the rest with ``weights_only``, which runs no code.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from collections.abc import Mapping
from typing import Any

import torch

from simcore.errors import InputError
from workloads.learning.pruning.state import State, restored
from workloads.network import Network

_FORM = b"simcore training checkpoint 1\n"
_DIGEST_CHARACTERS = 64

#: What identifies a run: its settings, seed and data, as plain values.
Identity = Mapping[str, Any]


def packed(state: State, identity: Identity) -> bytes:
    """Return the checkpoint of a state."""
    file = io.BytesIO()
    torch.save({"identity": json.dumps(identity, sort_keys=True), **state.to_plain()}, file)
    body = file.getvalue()
    return _FORM + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def unpacked(content: bytes, identity: Identity, start: Network, settings: Mapping[str, Any], where: str) -> State:
    """Return the state of a checkpoint of the run ``identity``, and set torch's random state.

    ``start`` is the network that the run began with, ``settings`` those of its optimiser. Raise InputError for a checkpoint that
    is damaged or belongs to another run; ``where`` names it in errors.
    """
    plain = _loaded(content, where)
    _check_identity(_identity(plain), identity, where)
    try:
        return restored(plain, start, settings)
    except (AttributeError, InputError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(f"expected the state of this run, got {type(error).__name__} in reading it", where, _AGAIN) from error


def _identity(plain: Mapping[str, Any]) -> Identity:
    try:
        found = json.loads(plain["identity"])
    except (KeyError, TypeError, ValueError):
        found = None
    return found if isinstance(found, dict) else {}


def _loaded(content: bytes, where: str) -> dict[str, Any]:
    head = len(_FORM) + _DIGEST_CHARACTERS + 1
    if not content.startswith(_FORM[: len(content)]) or not content:
        raise InputError("is no checkpoint of simcore", where)
    body = content[head:]
    if content[len(_FORM) : head] != hashlib.sha256(body).hexdigest().encode() + b"\n":
        raise InputError(
            f"the checkpoint is cut or damaged: its {len(content):,} bytes do not have the sum that it states", where, _AGAIN
        )
    try:
        loaded = torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, ValueError, KeyError) as error:
        raise InputError(f"expected tensors and numbers, got {type(error).__name__} in loading them", where, _AGAIN) from error
    if not isinstance(loaded, dict):
        raise InputError(f"expected a mapping, got {type(loaded).__name__}", where, _AGAIN)
    return loaded


_AGAIN = "begin again without --resume"


def _check_identity(found: Identity, wanted: Identity, where: str) -> None:
    """Raise InputError, with the first difference, if the checkpoint belongs to another run."""
    different = [key for key in sorted({*found, *wanted}) if found.get(key) != wanted.get(key)]
    if different:
        key = different[0]
        more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
        told = f"it has {key} = {found.get(key)}, this run has {wanted.get(key)}{more}"
        raise InputError(f"is the checkpoint of another run: {told}", where, "resume with the same options, or begin again")
