"""Run a Python script as a command that ends with the process that began it.

`python -m seqconv_jax._processes SCRIPT ...`
"""

import runpy
import sys
from pathlib import Path

from seqconv_jax._processes.within import stop_with_parent

if __name__ == "__main__":
    stop_with_parent()
    del sys.argv[0]
    sys.path.insert(0, str(Path(sys.argv[0]).resolve().parent))
    runpy.run_path(sys.argv[0], run_name="__main__")
