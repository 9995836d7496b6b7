import errno
import functools
import json
import os
import pickle
import random
import shutil
from pathlib import Path

import pytest
from checkpoint.helpers import (
    assert_same,
    files_below,
    make_tree,
)

from seqconv_jax import UserError
from seqconv_jax._json import digest
from seqconv_jax.checkpoint import Checkpoints


class TestDamage:
    def assert_rejected(self, directory, capfd, match="/20 is damaged"):
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

    def test_a_damaged_step_is_passed_over_with_a_warning(self, saved):
        (saved / "10" / "manifest.json").write_text("{")
        with pytest.warns(UserWarning, match="/10 is damaged: .*got steps .20. to go"):
            checkpoints = Checkpoints(saved)
            assert (checkpoints.steps, checkpoints.latest) == ([20], 20)
        assert checkpoints.best == 20  # said once
        with checkpoints:
            checkpoints.save(30, make_tree(30), {"val_loss": 0.75})
            assert checkpoints.steps == [20, 30]
        assert (saved / "10").exists()  # and left to its owner

    def test_a_damaged_latest_step_may_be_saved_again(self, saved):
        (saved / "20" / "manifest.json").unlink()
        with pytest.warns(UserWarning, match="/20 is damaged: it holds no manifest"):
            checkpoints = Checkpoints(saved)
            assert checkpoints.latest == 10
        with checkpoints:
            checkpoints.save(20, make_tree(20), {"val_loss": 0.75})
        assert Checkpoints(saved).steps == [10, 20]

    @pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
    def test_a_manifest_that_is_no_file(self, saved, make):
        for step in ("20", "10"):
            (saved / step / "manifest.json").unlink()
            make(saved / step / "manifest.json")
            if step == "20":
                said = "/20 is damaged: manifest.json is no regular file"
                with pytest.warns(UserWarning, match=said):
                    assert Checkpoints(saved).steps == [10]
        with pytest.raises(UserError, match="start a new run .*/20 is damaged: manif"):
            _ = Checkpoints(saved).steps

    def test_a_step_under_another_name(self, saved):
        (saved / "10").rename(saved / "30")
        said = "/30 is damaged: it holds step 10; rename that directory to 10"
        with pytest.raises(UserError, match=said):
            Checkpoints(saved).load(30, make_tree())
        shutil.rmtree(saved / "20")  # now it is all that there is
        with pytest.raises(UserError, match=f"^checkpoint .*{said}$"):
            _ = Checkpoints(saved).steps
        (saved / "30").rename(saved / "10")
        assert_same(Checkpoints(saved).load(10, make_tree()), make_tree(10))

    def test_a_copy_under_another_name_is_to_be_removed(self, saved, capfd):
        shutil.copytree(saved / "10", saved / "30")
        with pytest.warns(UserWarning, match="holds step 10; remove that directory"):
            assert Checkpoints(saved).steps == [10, 20]

    @pytest.mark.parametrize(
        "change",
        [
            {"metrics": 7},
            {"metrics": {"val_loss": "low"}},
            {"leaves": []},
            {"leaves": {"a": {"shape": [-1], "dtype": "float32"}}},
            {"leaves": {"a": {"shape": [True], "dtype": "float32"}}},
            {"leaves": {"a": 7}},
            {"files": ["a"]},
            {"step": None},
            {"info": 7},
        ],
        ids=str,
    )
    def test_a_sealed_manifest_of_another_shape(self, saved, change):
        path = saved / "20" / "manifest.json"
        body = json.loads(path.read_text()) | change
        del body["sha256"]
        path.write_text(json.dumps({**body, "sha256": digest(body)}))
        with pytest.raises(UserError, match="/20 is damaged: manifest.json does not h"):
            Checkpoints(saved).load(20, make_tree())


class TestUnreadable:
    """What cannot be read may be whole: it is never called damaged or passed over."""

    @pytest.mark.parametrize("name", ["manifest.json", "_METADATA", "d"])
    @pytest.mark.parametrize("number", [errno.EACCES, errno.EIO])
    def test_a_file_that_the_system_does_not_give_out(
        self, saved, monkeypatch, name, number
    ):
        def denied(path, *arguments, call):
            if "/20" in str(path) and name in Path(path).name:
                raise OSError(number, os.strerror(number), str(path))
            return call(path, *arguments)

        for each in ("open", "scandir"):
            call = functools.partial(denied, call=getattr(os, each))
            monkeypatch.setattr(os, each, call)
        for ask in ("load", "steps"):
            with pytest.raises(UserError, match=os.strerror(number)) as caught:
                checkpoints = Checkpoints(saved)
                checkpoints.load(
                    20, make_tree()
                ) if ask == "load" else checkpoints.steps
            assert "cannot read" in str(caught.value)
            assert "damaged" not in str(caught.value)
        monkeypatch.undo()
        assert_same(Checkpoints(saved).load(20, make_tree()), make_tree(20))

    def test_a_directory_that_cannot_be_listed(self, saved, monkeypatch):
        def denied(*_):
            raise PermissionError(13, "Permission denied")

        checkpoints = Checkpoints(saved)
        monkeypatch.setattr("seqconv_jax.checkpoint.steps.os.listdir", denied)
        with pytest.raises(UserError, match="cannot read .*/c: Permission denied; fix"):
            _ = checkpoints.latest
