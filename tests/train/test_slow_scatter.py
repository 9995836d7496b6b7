import warnings

import pytest

from seqconv_jax.train.slow_scatter import warn_of_slow_scatter


@pytest.mark.parametrize("version", ["0.10.2", "0.11.0", "0.11.0.1"])
def test_slow_versions_are_named_on_a_gpu(version):
    with pytest.warns(UserWarning, match=f"JAX {version} adds up .* install 0.10.1"):
        warn_of_slow_scatter("gpu", version)


@pytest.mark.parametrize(
    "platform, version",
    [("gpu", "0.10.1"), ("gpu", "0.11.1"), ("gpu", "0.12.0.1"), ("cpu", "0.10.2")],
)
def test_the_others_pass_in_silence(platform, version):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_slow_scatter(platform, version)
