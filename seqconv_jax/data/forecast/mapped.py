"""The arrays of a forecast task of a converted series: in files beside it."""

from dataclasses import asdict
from typing import Any

from seqconv_jax._checks import UserError
from seqconv_jax._json import digest, plain
from seqconv_jax.data.files.array_folder import holds, new_folder, open_folder
from seqconv_jax.data.forecast.layout import ARRAYS, Arrays, Layout
from seqconv_jax.data.forecast.panel import Panel
from seqconv_jax.data.forecast.scaling import Scale

__all__ = ["KIND", "arrays_of"]

KIND = "forecast"


def arrays_of(panel: Panel, layout: Layout, scales: list[Scale]) -> Arrays:
    """Return the arrays of a panel; those of a series in a folder are mapped.

    They are written below that folder the first time, some rows at a time, and found
    again by what they are made with.

    Args:
        panel: the series.
        layout: what is read and forecast.
        scales: of `layout.values`, one for each series.

    Raises:
        UserError: where the folder cannot be written to.
    """
    folder = panel.first.folder
    if folder is None or len(panel.series) > 1:
        return layout.arrays(panel, scales)
    made_with: dict[str, Any] = plain(
        {
            "layout": asdict(layout),
            "mean": scales[0].mean.tolist(),
            "std": scales[0].std.tolist(),
        }
    )
    path = folder / "tasks" / digest(made_with)[:16]
    if not holds(path, KIND):
        try:
            with new_folder(path, KIND) as new:
                for block in layout.blocks(panel, scales):
                    for name in ARRAYS:
                        new.append(name, getattr(block, name))
                new.finish(made_with)
        except UserError:
            if not holds(path, KIND):  # else another process was first
                raise
    return Arrays(**open_folder(path, KIND).arrays)
