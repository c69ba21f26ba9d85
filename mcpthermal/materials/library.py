"""The materials that come with the package; ``library.toml`` holds the numbers, ranges and sources."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import Any

from mcpthermal.errors import MaterialError, near_misses
from mcpthermal.materials.material import Material
from mcpthermal.materials.reader import read_materials

_SPELLINGS = {
    "aluminum": "aluminium",
    "aluminum_nitride": "aluminium_nitride",
    "epoxy_mold": "epoxy_mould",
}


def material(name: str | Material, owner: str = "") -> Material:
    """A material of the library.

    Parameters
    ----------
    name : str or Material
        Its name, in any case, with spaces, hyphens or underscores. A material is returned as it is.
    owner : str, optional
        What is made of it, for messages.

    Returns
    -------
    Material

    Raises
    ------
    MaterialError
        If the library has no such material; the message lists the near misses.
    """
    if isinstance(name, Material):
        return name
    what = f"material of {owner}" if owner else "material"
    if not isinstance(name, str):
        raise MaterialError(f"{what}: {name!r} is neither a name nor a Material; write e.g. 'copper'")
    key = re.sub(r"[\s\-_]+", "_", name.strip().lower())
    found = _library().get(_SPELLINGS.get(key, key))
    if found is None:
        raise MaterialError(
            f"{what}: '{name}' is not in the library; {near_misses(key, materials())} "
            "(or make one: Material(name, thermal_conductivity=...))"
        )
    return found


def materials() -> tuple[str, ...]:
    """The names of the library's materials, sorted."""
    return tuple(sorted(_library()))


@lru_cache(maxsize=1)
def _library() -> dict[str, Material]:
    """Read once; nobody can change the materials, and the dictionary does not leave this module."""
    file: Any = resources.files("mcpthermal.materials") / "library.toml"
    with resources.as_file(file) as path:
        return read_materials(path)
