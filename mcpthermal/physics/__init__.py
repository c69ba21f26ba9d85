"""The weak forms, each equation once."""
