"""Code of other packages, an edit of which shows in no version of simcore's."""

from __future__ import annotations

from simcore.extensions.culprit import GROUPS
from simcore.extensions.installed import is_own, offered

#: The library of macros, which a machine uses without naming it.
_MACROS = "simcore.macros"


def uses_foreign_packages(texts: str) -> bool:
    """Return whether a machine, described by its spec as text, may use what another installed package offers by entry point."""
    if any(not is_own(target) for target in offered(_MACROS, "library of macros").values()):
        return True
    foreign = [name for group, what in GROUPS.items() for name, target in offered(group, what).items() if not is_own(target)]
    return any(name in texts for name in foreign)
