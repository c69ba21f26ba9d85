"""Pictures, drawn by PyVista, and charts, drawn by Matplotlib; both are loaded when first needed."""

from mcpthermal.viz.animation import animate, write_film
from mcpthermal.viz.charts import plot_convergence, plot_impedance, plot_probes, plot_structure
from mcpthermal.viz.cutting import CutAway
from mcpthermal.viz.differences import field_difference, plot_difference
from mcpthermal.viz.fields import plot_field, save_picture, save_pictures
from mcpthermal.viz.maps import plot_layer, plot_section
from mcpthermal.viz.meshes import mesh_quality, plot_mesh
from mcpthermal.viz.packages import plot_package
from mcpthermal.viz.screening import plot_dictionary, plot_responses, plot_screening
from mcpthermal.viz.stages import plot_stages
from mcpthermal.viz.studies import plot_study, plot_tornado

__all__ = [
    "CutAway",
    "animate",
    "field_difference",
    "mesh_quality",
    "plot_convergence",
    "plot_dictionary",
    "plot_difference",
    "plot_field",
    "plot_impedance",
    "plot_layer",
    "plot_mesh",
    "plot_package",
    "plot_probes",
    "plot_responses",
    "plot_screening",
    "plot_section",
    "plot_stages",
    "plot_structure",
    "plot_study",
    "plot_tornado",
    "save_picture",
    "save_pictures",
    "write_film",
]
