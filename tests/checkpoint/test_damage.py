import json
import os
import pickle
import random

import pytest
from checkpoint.helpers import (
    assert_same,
    files_below,
    make_tree,
)

from seqconv_jax import UserError
from seqconv_jax.checkpoint import Checkpoints


class TestDamage:
    def assert_rejected(self, directory, capfd, match="/20 (is damaged|holds no)"):
        capfd.readouterr()
        with pytest.raises(UserError, match=match) as caught:
            checkpoints = Checkpoints(directory)
            checkpoints.load(20, make_tree())
        assert "remove that directory" in str(caught.value)
        assert capfd.readouterr().err == ""  # one line, said once

    def test_any_flipped_bit_of_any_file(self, saved, capfd):
        rng = random.Random(0)
        for path in files_below(saved / "20"):
            data = path.read_bytes()
            for _ in range(6):
                flipped = bytearray(data)
                flipped[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
                path.write_bytes(flipped)
                self.assert_rejected(saved, capfd)
            path.write_bytes(data)
        assert_same(Checkpoints(saved).load(20, make_tree()), make_tree(20))

    def test_any_file_cut_or_missing(self, saved, capfd):
        for path in files_below(saved / "20"):
            data = path.read_bytes()
            path.write_bytes(data[: len(data) // 2])
            self.assert_rejected(saved, capfd)
            path.unlink()
            self.assert_rejected(saved, capfd)
            path.write_bytes(data)

    def test_a_planted_pickle_is_never_run(self, saved, tmp_path, capfd):
        class Bomb:
            def __reduce__(self):
                return os.system, (f"touch {tmp_path / 'ran'}",)

        payload = pickle.dumps({"params": Bomb()})
        planted = saved / "20" / "arrays" / "extra.pkl"
        planted.write_bytes(payload)
        self.assert_rejected(saved, capfd, "arrays/extra.pkl does not belong there")
        planted.unlink()
        for path in files_below(saved / "20"):
            data = path.read_bytes()
            path.write_bytes(payload)
            self.assert_rejected(saved, capfd)
            path.write_bytes(data)
        assert not (tmp_path / "ran").exists()

    def test_newer_format(self, saved):
        path = saved / "20" / "manifest.json"
        path.write_text(json.dumps({"format": 2, "other": "layout"}))
        with pytest.raises(
            UserError, match="has format 2, expected at most 1: .*upgrad"
        ):
            Checkpoints(saved).load(20, make_tree())

    @pytest.mark.parametrize(
        "text", ["", "[]", "7", "{}", '{"format": "x"}', "[" * 9999]
    )
    def test_manifests_of_other_kinds(self, saved, capfd, text):
        (saved / "20" / "manifest.json").write_text(text)
        self.assert_rejected(saved, capfd, "is damaged: manifest.json")

    def test_links_raise(self, saved, tmp_path):
        outside = tmp_path / "outside"
        (saved / "20").rename(outside)
        (saved / "20").symlink_to(outside)
        with pytest.raises(UserError, match="/20 is a link to .*/outside, expected a"):
            Checkpoints(saved).load(20, make_tree())
        (saved / "20").unlink()
        outside.rename(saved / "20")
        (saved / "20" / "arrays").rename(outside)
        (saved / "20" / "arrays").symlink_to(outside)
        with pytest.raises(UserError, match="arrays is not a regular file"):
            Checkpoints(saved).load(20, make_tree())

    def test_a_pipe_is_not_opened(self, saved):
        os.mkfifo(saved / "20" / "pipe")
        with pytest.raises(UserError, match="pipe is not a regular file"):
            Checkpoints(saved).load(20, make_tree())

    def test_a_damaged_step_is_not_silently_passed_over(self, saved):
        (saved / "10" / "manifest.json").write_text("{")
        with pytest.raises(UserError, match="/10 is damaged"):
            _ = Checkpoints(saved).best
