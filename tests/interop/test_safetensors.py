import json
import struct

import jax
import numpy as np
import pytest
import safetensors.numpy
from flax import linen
from numerics import assert_same_bits, drawn, normal

from seqconv_jax import UserError, models, nn
from seqconv_jax.interop import load_safetensors, save_safetensors

MODELS = {
    "text": (models.TextConvNet(9, 4, head="flatten"), np.zeros((1, 60), np.int32)),
    "series": (
        models.SeriesConvNet(
            blocks=(nn.ConvBlock(4, 3, pool=2, pooling="average"), nn.ConvBlock(4, 3))
        ),
        normal(1, 30, 4),
    ),
    "hybrid": (models.ConvGRU(4, 3, 2, 5, dropout=0.3), normal(1, 30, 4)),
    "both directions": (models.GRURegressor(3, bidirectional=True), normal(1, 5, 2)),
    "residual blocks": (models.TCN(4, dilations=(1, 2)), normal(1, 20, 3)),
    "any recurrence": (
        models.ConvRNN(nn.Bidirectional(nn.LSTM(3)), (nn.ConvBlock(4, 3),)),
        normal(1, 9, 2),
    ),
    "patches beside a line": (
        models.PatchGRU(steps=2, columns=(2, 0), patch=3, units=2, mixed=2),
        normal(1, 9, 3),
    ),
    "series of classes": (models.FCN((3, 2), (3, 3)), normal(1, 9, 2)),
    "blocks with shortcuts": (models.ResNet((2,), (3,)), normal(1, 9, 2)),
    "kernels side by side": (
        models.InceptionTime(2, (3,), depth=3, bottleneck=2),
        normal(1, 9, 2),
    ),
    "layers side by side": (
        nn.Sequential(
            (
                nn.Residual(layers=(nn.Conv1D(4, 1),), shortcut=(nn.Dense(4),)),
                nn.Parallel(branches=((), (nn.Dense(2), nn.LayerNorm()))),
                nn.BatchNorm(momentum=0.5),
                nn.Masking(2.0),
                nn.SimpleRNN(3, activation="relu"),
                nn.Dense(2, name="last"),
            )
        ),
        normal(1, 9, 2),
    ),
    "a row of layers": (
        nn.Sequential(
            (
                nn.Embedding(9, 3, mask_id=0),
                nn.Bidirectional(nn.GRU(3, return_sequences=True), "sum"),
                nn.Dropout(0.5, time_constant=True),
                nn.GlobalMaxPool1D(),
                nn.Dense(2, "softmax", use_bias=False),
            ),
            mask_until=3,
        ),
        np.zeros((1, 7), np.int32),
    ),
}
NET, X = MODELS["hybrid"]


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.safetensors"
    save_safetensors(path, NET, drawn(NET, X)["params"], X)
    return path


@pytest.mark.parametrize("name", MODELS)
def test_comes_back_to_the_bit_from_one_file(name, tmp_path):
    model, x = MODELS[name]
    path, variables = tmp_path / "model.safetensors", drawn(model, x)
    params, averages = variables["params"], variables.get("batch_stats", {})
    save_safetensors(path, model, params, x, averages)
    loaded = load_safetensors(path)
    assert loaded.model == model and loaded.input_shape == x.shape[1:]
    jax.tree.map(assert_same_bits, loaded.params, params)
    jax.tree.map(assert_same_bits, loaded.batch_stats, averages)
    again = tmp_path / "again.safetensors"
    save_safetensors(again, loaded.model, loaded.params, x, loaded.batch_stats)
    assert again.read_bytes() == path.read_bytes()


def test_every_model_of_the_library_can_be_saved():
    saved = {type(model) for model, _ in MODELS.values()}
    named = [getattr(models, name) for name in models.__all__]
    classes = {each for each in named if isinstance(each, type)}
    assert {each for each in classes if issubclass(each, linen.Module)} <= saved


def test_float64_comes_back_where_it_is_enabled(tmp_path):
    path = tmp_path / "model.safetensors"
    with jax.enable_x64(True):
        x, net = X.astype(np.float64), NET.clone(param_dtype="float64")
        params = jax.tree.map(lambda a: a.astype("float64"), drawn(NET, x)["params"])
        with pytest.raises(UserError, match="as float32.*, got float64"):
            save_safetensors(path, NET, params, x)
        save_safetensors(path, net, params, x)
        jax.tree.map(assert_same_bits, load_safetensors(path).params, params)
    with pytest.raises(UserError, match="`param_dtype` must be float32 unless"):
        load_safetensors(path)


def test_other_programs_can_read_it(saved):
    arrays = safetensors.numpy.load_file(saved)
    assert_same_bits(arrays["GRU_0/kernel"], drawn(NET, X)["params"]["GRU_0"]["kernel"])


def test_moving_averages_are_tensors_of_their_own(tmp_path):
    path, net, x = tmp_path / "a.safetensors", nn.BatchNorm(), normal(1, 9, 2)
    save_safetensors(path, net, **drawn(net, x), example=x)
    names = ["batch_stats/mean", "batch_stats/var", "bias", "scale"]
    assert sorted(safetensors.numpy.load_file(path)) == names
    with pytest.raises(UserError, match="`batch_stats` lacks mean, var"):
        save_safetensors(path, net, drawn(net, x)["params"], x)


def test_what_cannot_be_saved(tmp_path):
    class Mine(nn.Dense):
        pass

    path, x = tmp_path / "a.safetensors", normal(1, 3)
    params = drawn(Mine(2), x)["params"]
    with pytest.raises(UserError, match="this library's classes .*, got Mine"):
        save_safetensors(path, Mine(2), params, x)
    with pytest.raises(UserError, match="`params` lacks bias, kernel"):
        save_safetensors(path, nn.Dense(2), {}, x)
    with pytest.raises(UserError, match="must have bias as float32.* got"):
        save_safetensors(path, nn.Dense(3), params, x)
    assert not path.exists()


def rewrite(path, change, data=None):
    """Change the header of a file, and keep or replace the numbers after it."""
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    about = json.loads(header["__metadata__"]["seqconv_jax"])
    new = change(header, about)
    if new is None:
        header["__metadata__"]["seqconv_jax"] = json.dumps(about)
        new = json.dumps(header).encode()
    path.write_bytes(
        struct.pack("<Q", len(new)) + new + (data or content[8 + length :])
    )


def message_of(path):
    with pytest.raises(UserError) as error:
        load_safetensors(path)
    message = str(error.value)
    assert str(path) in message and "\n" not in message
    return message


BIAS = "Dense_0/bias"
HEADERS = {
    "no model": (lambda h, a: b'{"__metadata__":{}}', "does not say which model"),
    "a newer format": (lambda h, a: a.update(format=2), "`format` must be 1, got 2"),
    "no format": (
        lambda h, a: a.clear(),
        "is damaged: a part is missing or no such thing (KeyError: 'format')",
    ),
    "code": (
        lambda h, a: a["model"].update({"class": "os.system"}),
        "names 'os.system', which is no class here",
    ),
    "a block for a model": (
        lambda h, a: a["model"].update({"class": "ConvBlock"}),
        "ConvBlock has no field",
    ),
    "another field": (lambda h, a: a["model"].update(x=1), "ConvGRU has no field x"),
    "a field that is none": (
        lambda h, a: a["model"].update(units="many"),
        "ConvGRU must have units as int, got 'many'",
    ),
    "a flag that is none": (
        lambda h, a: a["model"].update(reset_after="false"),
        "ConvGRU must have reset_after as bool, got 'false'",
    ),
    "a rate that is none": (
        lambda h, a: a["model"].update(dropout=float("nan")),
        "ConvGRU must have dropout as float, got nan",
    ),
    "a size that is none": (
        lambda h, a: a["input"].update(shape=[30.0, 4]),
        "`shape` must be sizes, got [30.0, 4]",
    ),
    "a field twice": (
        lambda h, a: json.dumps(
            {"__metadata__": {"seqconv_jax": '{"format": 1, "format": 1}'}}
        ).encode(),
        "the model's configuration is damaged: the key 'format' is there twice",
    ),
    "50M x 50M": (
        lambda h, a: a["model"].update(units=50_000_000),
        "'Dense_0/kernel' must be float32(50000000, 1), got F32(5, 1)",
    ),
    "a shape": (
        lambda h, a: h[BIAS].update(shape=[2]),
        "'Dense_0/bias' must be float32(1,), got F32(2,)",
    ),
    "a type": (lambda h, a: h[BIAS].update(dtype="I32"), "got I32(1,)"),
    "offsets that overlap": (
        lambda h, a: h[BIAS].update(data_offsets=h["Dense_0/kernel"]["data_offsets"]),
        "is damaged: Error while deserializing",
    ),
    "offsets beyond the end": (
        lambda h, a: h[BIAS].update(data_offsets=[10**15, 10**15 + 4]),
        "is damaged: Error while deserializing",
    ),
    "a tensor too many": (
        lambda h, a: h.update(extra=h[BIAS]),
        "missing none; unexpected extra",
    ),
    "a tensor too few": (
        lambda h, a: h.pop(BIAS) and None,
        "missing Dense_0/bias; unexpected none",
    ),
    "a name twice": (
        lambda h, a: (
            json.dumps(h)[:-1] + f', "{BIAS}": {json.dumps(h[BIAS])}}}'
        ).encode(),
        "its header is damaged: the key 'Dense_0/bias' is there twice",
    ),
    "no object": (lambda h, a: b"[1]", "its header is damaged: expected a JSON object"),
    "no JSON": (lambda h, a: b"{", "is damaged"),
    "too deep": (lambda h, a: b"[" * 99_999, "is damaged"),
    "odd metadata": (lambda h, a: b'{"__metadata__":[1]}', "does not say which model"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_are_wrong(name, saved):
    change, message = HEADERS[name]
    rewrite(saved, lambda header, about: change(header, about))
    assert message in message_of(saved)


@pytest.mark.parametrize("length", [0, 10**18, 2**64 - 1])
def test_a_header_of_impossible_length(length, saved):
    saved.write_bytes(struct.pack("<Q", length) + saved.read_bytes()[8:])
    assert f"got {length:,}" in message_of(saved)


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_a_file_cut_short(keep, saved):
    saved.write_bytes(saved.read_bytes()[:keep])
    message_of(saved)


def test_a_file_that_is_not_there(tmp_path):
    assert "No such file" in message_of(tmp_path / "a.safetensors")
