"""Words in place of ids: the vocabulary as the first node of an ONNX model."""

from collections.abc import Mapping
from typing import Any

from seqconv_jax._checks import UserError
from seqconv_jax.data.text.word_ids import Vocabulary

__all__ = ["words_to_ids"]


def words_to_ids(model: Any, described: Mapping[str, Any]) -> dict[str, Any]:
    """Put the lookup of words before a model that takes ids.

    Args:
        model: a `ModelProto`, which is changed.
        described: what is told of it.

    Returns:
        What is told of it now.

    Raises:
        UserError: for a model that takes no ids, and a vocabulary that is no function
            of single words.
    """
    from onnx import TensorProto, helper

    if described.get("kind") != "text":
        raise UserError(
            f"`words` is for runs on texts, got a run on {described.get('kind')}"
        )
    vocabulary = Vocabulary.from_settings(described["vocabulary"])
    if not vocabulary.unknown or vocabulary.oov is None or vocabulary.start is not None:
        raise UserError(
            "`words` must be False for a vocabulary that leaves words out or marks the "
            "start of a text, as that of Keras's reviews; give ids"
        )
    ids = _ids_of(vocabulary)
    graph, (before, *others) = model.graph, described["inputs"]
    lookup = helper.make_node(
        "LabelEncoder",
        ["words"],
        ["word_ids"],
        domain="ai.onnx.ml",
        keys_strings=list(ids),
        values_int64s=list(ids.values()),
        default_int64=vocabulary.oov,
    )
    cast = helper.make_node(
        "Cast", ["word_ids"], [before["name"]], to=TensorProto.INT32
    )
    nodes = [lookup, cast, *graph.node]
    del graph.node[:], graph.input[:]
    graph.node.extend(nodes)
    shape = before["shape"]
    given = helper.make_tensor_value_info("words", TensorProto.STRING, shape)
    graph.input.append(given)
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 3))
    words = {"name": "words", "shape": shape, "dtype": "string"}
    return {**described, "inputs": [words, *others]}


def _ids_of(vocabulary: Vocabulary) -> dict[str, int]:
    """Return the id of each word that has its own; padding is ""."""
    rows = vocabulary.ids([[word] for word in vocabulary.tokens])
    ids = dict(zip(vocabulary.tokens, rows.tokens.tolist(), strict=True))
    return {"": 0, **{word: id for word, id in ids.items() if id != vocabulary.oov}}
