"""Loading of a class or value from a user's file, named as FILE.py:Class."""

from __future__ import annotations

import hashlib
import linecache
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import CodeType, ModuleType

from simcore.errors import InputError, did_you_mean
from simcore.extensions.no_code import require_code
from simcore.reading.text_file import read_text

#: The start of the names of the modules that users' files become.
USER_MODULE = "simcore_user_"


def load_class(target: str, base: type) -> type:
    """Return the subclass of ``base`` that ``FILE.py:Class`` names, from the file as it is on disk now.

    Raise InputError if the file is missing, is not Python, fails when run, or has no such class.
    """
    file_name, _, class_name = target.rpartition(":")
    if not file_name or not file_name.endswith(".py") or not class_name:
        raise InputError(
            "expected FILE.py:Class", where=target, hint=_file_hint(target, lambda module: _classes(module, base), base.__name__)
        )
    module = _run_file(Path(file_name))
    if class_name not in vars(module):
        raise InputError(f"no class '{class_name}'", where=file_name, hint=did_you_mean(class_name, _classes(module, base)))
    found = vars(module)[class_name]
    if not (isinstance(found, type) and issubclass(found, base)):
        raise InputError(f"'{class_name}' is not a subclass of {base.__name__}", where=file_name)
    return found


def load_value(target: str, kind: type, kind_name: str) -> object:
    """Return the value of type ``kind`` that ``FILE.py:NAME`` names, from the file as it is on disk now.

    ``kind_name`` names the type in errors. Raise InputError if the file is missing, is not Python, fails when run, or has no such
    value.
    """
    file_name, _, name = target.rpartition(":")
    if not file_name.endswith(".py") or not name:
        hint = _file_hint(target, lambda module: _values(module, kind), kind_name)
        raise InputError("expected FILE.py:NAME", where=target, hint=hint)
    module = _run_file(Path(file_name))
    found = vars(module).get(name)
    if not isinstance(found, kind):
        raise InputError(f"no {kind_name} '{name}'", where=file_name, hint=did_you_mean(name, _values(module, kind)))
    return found


def _file_hint(target: str, names_in: Callable[[ModuleType], list[str]], what: str) -> str | None:
    """Return a hint that lists what the file holds, if the target is a file without a name in it."""
    file_name = target.removesuffix(":")
    if not file_name.endswith(".py") or not os.path.isfile(file_name):
        return None
    names = names_in(_run_file(Path(file_name)))
    return f"the file holds {', '.join(names)}" if names else f"the file holds no {what}"


def _values(module: ModuleType, kind: type) -> list[str]:
    return [name for name, value in vars(module).items() if isinstance(value, kind) and not name.startswith("_")]


def _classes(module: ModuleType, base: type) -> list[str]:
    return [
        name
        for name, item in vars(module).items()
        if isinstance(item, type) and issubclass(item, base) and item.__module__ == module.__name__
    ]


def _run_file(path: Path) -> ModuleType:
    """Run the file as a module of its own and return the module.

    This function compiles the source, because the import system's byte-code cache misses an edit within the same second.
    """
    source = read_text(path)
    code = _compiled(source, path)
    require_code(str(path))
    linecache.checkcache(str(path))
    # Register the module under a unique name, because dataclasses and error messages look up a class's module by name.
    module = ModuleType(f"{USER_MODULE}{path.stem}_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    try:
        exec(code, vars(module))
    except SyntaxError as error:
        raise InputError(f"not Python: {error.msg}", where=f"{error.filename or path}:{error.lineno}") from error
    except (Exception, SystemExit) as error:
        message = f"running the file raised {type(error).__name__}: {error}"
        raise InputError(message, where=error_line(error, str(path))) from error
    return module


def _compiled(source: str, path: Path) -> CodeType:
    """Return the code of a file. Raise InputError if it is not Python."""
    try:
        return compile(source, str(path), "exec")
    except SyntaxError as error:
        raise InputError(f"not Python: {error.msg}", where=f"{error.filename or path}:{error.lineno}") from error
    except (ValueError, MemoryError, RecursionError) as error:
        raise InputError(f"not Python: {error}", where=str(path)) from error


def error_line(error: BaseException, file_name: str) -> str:
    """Return ``file:line`` of the last line of this file that an exception passed through, or the file alone if there is none."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file_name]
    return f"{file_name}:{lines[-1]}" if lines else file_name
