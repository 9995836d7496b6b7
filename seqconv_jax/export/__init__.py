"""A run as one file that other programs take, without this library.

`stablehlo` writes for JAX and what else compiles StableHLO, `onnx` for ONNX runtimes.
Both take raw arrays: scaling in and out, and the classes' probabilities, are part of
the file, and what is not arithmetic on arrays is told beside it, such as a vocabulary.
"""

from seqconv_jax.export.onnx_file import onnx
from seqconv_jax.export.stablehlo_file import StableHLO, load_stablehlo, stablehlo

__all__ = ["StableHLO", "load_stablehlo", "onnx", "stablehlo"]
