"""Data files: finding, verifying, downloading, and reading those nobody can trust."""

from seqconv_jax.data.files.cache import cache_dir
from seqconv_jax.data.files.find import GeneratedDataWarning, find
from seqconv_jax.data.files.npz import Ragged, read_npz
from seqconv_jax.data.files.origin import GENERATED, Origin, sha256_file
from seqconv_jax.data.files.source import KERAS_DATASETS, Source

__all__ = [
    "GENERATED",
    "KERAS_DATASETS",
    "GeneratedDataWarning",
    "Origin",
    "Ragged",
    "Source",
    "cache_dir",
    "find",
    "read_npz",
    "sha256_file",
]
