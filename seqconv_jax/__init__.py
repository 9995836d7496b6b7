"""Sequence models from 1D convnets and convnet + GRU hybrids, in JAX."""
