"""Pictures, drawn by PyVista; loaded when first needed."""

from mcpthermal.viz.fields import plot_field, plot_package, save_pictures

__all__ = ["plot_field", "plot_package", "save_pictures"]
