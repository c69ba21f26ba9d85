"""Discretisations: planar x vertical quadratic columns, and tetrahedra."""
