"""A case: a package and what is done to it; the checks that make the problem well posed."""

from mcpthermal.case.accuracy import AccuracySpec
from mcpthermal.case.case import Case
from mcpthermal.case.electrical import Terminal
from mcpthermal.case.transient import TransientSpec

__all__ = ["AccuracySpec", "Case", "Terminal", "TransientSpec"]
