"""The settings that every study shares."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A quick or full study, the number of seeds for random draws (None: the study decides), and the number of processes.

    Raise InputError for fewer than one process.
    """

    quick: bool = False
    seeds: int | None = None
    jobs: int = 1

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise InputError(f"expected at least 1 process, got {self.jobs}", where="jobs")


def names_in(text: str | None) -> tuple[str, ...] | None:
    """Return the names in an option such as ``A,B``, without empty ones; None if the option is not given."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())
