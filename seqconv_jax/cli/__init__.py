"""The command line: `python -m seqconv_jax`, and what other command lines share.

Nothing heavy is imported before the arguments are read, so that `--help` is quick.
"""
