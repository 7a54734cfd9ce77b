"""What every study can be asked."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A quick look or the whole study, how many seeds for what is drawn at random (None: the study decides), how many processes.

    Raises InputError for fewer than one process.
    """

    quick: bool = False
    seeds: int | None = None
    jobs: int = 1

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise InputError(f"expected at least 1 process, got {self.jobs}", where="jobs")
