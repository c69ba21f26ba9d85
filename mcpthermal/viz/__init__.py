"""Pictures, drawn by PyVista, and charts, drawn by Matplotlib; both are loaded when first needed."""

from mcpthermal.viz.charts import plot_convergence, plot_impedance, plot_probes, plot_structure
from mcpthermal.viz.fields import plot_field, plot_package, save_pictures
from mcpthermal.viz.screening import plot_dictionary, plot_responses, plot_screening
from mcpthermal.viz.studies import plot_study, plot_tornado

__all__ = [
    "plot_convergence",
    "plot_dictionary",
    "plot_field",
    "plot_impedance",
    "plot_package",
    "plot_probes",
    "plot_responses",
    "plot_screening",
    "plot_structure",
    "plot_study",
    "plot_tornado",
    "save_pictures",
]
