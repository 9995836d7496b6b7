import json

import pytest
from runs.helpers import CONFIG, finished

from seqconv_jax import UserError, runs


class TestResume:
    def test_goes_on(self, tmp_path):
        finished(tmp_path)
        with runs.open(tmp_path, config=CONFIG, resume=True) as run:
            assert run.resumed
            assert run.history() == [{"epoch": 1, "step": 5}]
            assert run.summary() == {"test_mae": 0.25}

    def test_starts_where_there_is_none(self, tmp_path):
        with runs.open(tmp_path / "new", config=CONFIG, resume=True) as run:
            assert not run.resumed

    def test_without_config_keeps_the_old_one(self, tmp_path):
        finished(tmp_path)
        with runs.open(tmp_path, resume=True) as run:
            assert run.config == {**CONFIG, "run_format": 2}
        assert (
            json.loads((tmp_path / "config.json").read_text()).items() >= CONFIG.items()
        )

    def test_lists_every_differing_key(self, tmp_path):
        finished(tmp_path)
        other = {"seed": 1, "epochs": 3, "model": {"units": 64}, "pool": 2}
        with pytest.raises(
            UserError,
            match=r'config: data_sha256 \("ab" → null\), model.units \(32 → 64\)'
            r", pool \(null → 2\), seed \(0 → 1\); use the old",
        ):
            runs.open(tmp_path, config=other, resume=True)
        assert json.loads((tmp_path / "config.json").read_text())["seed"] == 0

    def test_other_data(self, tmp_path):
        finished(tmp_path)
        with pytest.raises(UserError, match=r'data_sha256 \("ab" → "cd"\)'):
            runs.open(tmp_path, config={**CONFIG, "data_sha256": "cd"}, resume=True)

    def test_what_may_change(self, tmp_path):
        old = {"data": "a.csv", "out": "x", "data_source": "download", "resume": False}
        new = {"data": "b.csv", "out": "y", "data_source": "cache", "resume": True}
        finished(tmp_path, **old)
        config = {**CONFIG, **new, "epochs": 9}
        free = ("epochs", "data", "out", "resume")
        with runs.open(tmp_path, config=config, resume=True, may_change=free) as run:
            assert run.config["epochs"] == 9
        assert json.loads((tmp_path / "config.json").read_text())["epochs"] == 9

    def test_only_what_the_caller_names_may_change(self, tmp_path):
        finished(tmp_path, out="x")
        config = {**CONFIG, "out": "y", "epochs": 9}
        with pytest.raises(UserError, match=r'config: out \("x" → "y"\); use the old'):
            runs.open(tmp_path, config=config, resume=True)
        with pytest.raises(UserError, match=r"config: epochs \(3 → 9\); use the old"):
            runs.open(tmp_path, config=config, resume=True, may_change=("out",))

    def test_generated_data_is_not_the_real_data(self, tmp_path):
        finished(tmp_path, data_source="download")
        with pytest.raises(UserError, match=r'data_source \("real" → "generated"\)'):
            config = {**CONFIG, "data_source": "generated"}
            runs.open(tmp_path, config=config, resume=True)

    def test_elsewhere_warns(self, tmp_path):
        finished(tmp_path, device="cpu", versions={"jax": "0.10.2", "flax": "1"})
        config = {**CONFIG, "device": "gpu", "versions": {"jax": "0.12.0", "flax": "1"}}
        with (
            pytest.warns(
                UserWarning,
                match=r'device \("cpu" → "gpu"\), versions.jax \("0.10.2" → "0.12.0"'
                r"\); the results may differ in the last bits",
            ) as caught,
            runs.open(tmp_path, config=config, resume=True),
        ):
            pass
        assert caught[0].filename == __file__
