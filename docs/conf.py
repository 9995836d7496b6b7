"""The documentation site: `sphinx-build -W docs DIR` (pip install -e '.[docs]').

Docstrings are Google's sections around Markdown. Pages are Markdown too, and link to
each other as GitHub follows links, so that they read the same there.
"""

import re
import shutil
from pathlib import Path

import seqconv_jax as sc

HERE = Path(__file__).parent
MEASURED = HERE.parent / "experiments" / "results"

project = "seqconv_jax"
author = "The seqconv_jax authors"
copyright = author  # noqa: A001
version = release = sc.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "**/.ipynb_checkpoints"]
html_theme = "furo"
html_title = f"seqconv_jax {version}"

myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath"]
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_execution_timeout = 120

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
python_use_unqualified_type_names = True
autodoc_default_options = {"members": True, "imported-members": True}
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Attributes", "params_style")]  # a module's are both

REFERENCE = """# {name}

```{{eval-rst}}
.. automodule:: seqconv_jax.{name}
   :exclude-members: {others}
```
"""


def write_pages(app):
    """Write the reference of each public part, and bring in what was measured."""
    (HERE / "api").mkdir(exist_ok=True)
    for name in sc._MODULES:
        page = REFERENCE.format(name=name, others=", ".join(names_from_elsewhere(name)))
        (HERE / "api" / f"{name}.md").write_text(page)
    shutil.copytree(MEASURED, HERE / "measured", dirs_exist_ok=True)


def names_from_elsewhere(name):
    """Return the names that a part takes over from another, whose page has them."""
    part, home = getattr(sc, name), f"seqconv_jax.{name}"
    things = {each: getattr(part, each) for each in part.__all__}
    return [
        each
        for each, thing in things.items()
        if not getattr(thing, "__module__", home).startswith(home)
    ]


def change_source(app, docname, source):
    """Lead links to measured figures to their copies, which stand in no contents."""
    source[0] = source[0].replace("](../experiments/results/", "](measured/")
    if docname.startswith("measured/"):
        title = "" if source[0].startswith("# ") else f"# {Path(docname).name}\n\n"
        source[0] = f"---\norphan: true\n---\n\n{title}{source[0]}"


def markdown_to_rest(app, what, name, obj, options, lines):
    """Give Sphinx a docstring's `code` and $maths$ in its own words."""
    paragraphs = re.split(r"(\n\s*\n)", "\n".join(lines))
    for i, text in enumerate(paragraphs):
        if ">>>" not in text:
            text = re.sub(r"`([^`]+)`|\$([^$]+)\$", inline, text)
        if what == "module" and text.startswith("    "):
            text = f"::\n\n{text}"
        paragraphs[i] = text
    lines[:] = "".join(paragraphs).split("\n")


def inline(match):
    """Return what a match encloses on one line, so that it may touch a word."""
    code, maths = match.groups()
    text = " ".join((code or maths).split())
    return f"``{text}``\\ " if code else f":math:`{text}`\\ "


def shorten_signature(app, what, name, obj, options, signature, returns):
    """Leave out what Flax adds to the fields of every module."""
    if signature:
        flax = r", parent=<flax[^>]*>(, name=None)?|parent=<flax[^>]*>(, name=None)?"
        signature = re.sub(flax, "", signature)
    return signature, returns


def skip_fields(app, what, name, obj, skip, options):
    """Leave out the fields of a NamedTuple, which its own docstring explains."""
    return skip or (obj.__doc__ or "").startswith("Alias for field number")


def setup(app):
    """Register what happens before pages and docstrings are read."""
    app.connect("builder-inited", write_pages)
    app.connect("source-read", change_source)
    app.connect("autodoc-process-docstring", markdown_to_rest, priority=400)
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("autodoc-skip-member", skip_fields)
