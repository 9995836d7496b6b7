"""`python -m seqconv_jax`: use what a run has trained."""

import sys


def main() -> None:
    """Run the command line, or say what it lacks."""
    try:
        import tyro  # noqa: F401
    except ModuleNotFoundError:
        line = "error: the command line needs tyro: pip install 'seqconv-jax[cli]'"
        print(line, file=sys.stderr)
        sys.exit(2)
    from seqconv_jax.cli.main import main

    main()


if __name__ == "__main__":
    main()
