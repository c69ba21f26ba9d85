"""Answers: fields, tables, balances, provenance."""

from mcpthermal.result.steady import SteadyResult

__all__ = ["SteadyResult"]
