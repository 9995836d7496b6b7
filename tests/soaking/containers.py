"""Damage inside a file whose outer form stays right: zip, npy, safetensors, CSV."""

import io
import json
import struct
import zipfile
from random import Random

from soaking.json_edits import edit_json
from soaking.mutate import mutate

_NAMES = (
    "../x.csv",
    "/x.csv",
    "C:\\x.csv",
    "x\x00.csv",
    "ü.csv",
    "",
    "a/b.csv",
    "a\nb",
)
_CELLS = (
    *(
        "",
        " ",
        "NaN",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "-9999",
        "1,5",
        "1.000,5",
        '"1,5"',
    ),
    *("1 2", "0x1F", "1_000", "1e3", "+1", "-", ".", "true", "False", "None", "=1+1"),
    *(
        "@x",
        "1°",
        "\u0661",
        "1d",
        "5 %",
        "1" * 400,
        "x" * 300,
        "2020-01-01",
        "\x00",
        '"',
    ),
    *("1970-01-01", "31.12.2019", "2020-13-01", "99999999-01-01", "1577836800"),
)


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip file; the same members give the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in members.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = method
            archive.writestr(member, data)
    return content.getvalue()


def edit_zip(rng: Random, data: bytes) -> bytes:
    """Change the members of a zip and seal it anew, so that no checksum tells."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    at = rng.randrange(len(members))
    name, inner = members[at]
    choice = rng.random()
    if choice < 0.7:
        members[at] = name, edit_member(rng, name, inner)
    elif choice < 0.8:
        members[at] = rng.choice(_NAMES), inner
    elif choice < 0.85:
        del members[at]
    elif choice < 0.9:
        members.append((rng.choice((*_NAMES, name)), inner))
    else:
        members[at] = name, inner + b"\x00" * rng.choice((1, 1000, 5_000_000))
    methods = (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2)
    method = rng.choice((*methods, zipfile.ZIP_LZMA))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, inner in members:
            member = zipfile.ZipInfo(name)
            member.compress_type = method
            archive.writestr(member, inner)
    return content.getvalue()


def edit_member(rng: Random, name: str, data: bytes) -> bytes:
    """Damage a member by what it is."""
    if name.endswith(".npy") and rng.random() < 0.6:
        return edit_npy(rng, data)
    if name.endswith(".json") and rng.random() < 0.8:
        return edit_json(rng, data)
    if name.endswith(".csv") and rng.random() < 0.6:
        return edit_csv(rng, data)
    return mutate(rng, data)[0]


def edit_npy(rng: Random, data: bytes) -> bytes:
    """Damage the header of a `.npy` file, its length being right or not."""
    (length,) = struct.unpack("<H", data[8:10])
    header, rest = data[10 : 10 + length], data[10 + length :]
    swaps = (
        *((b"'descr': '", b"'descr': '>"), (b"<i8", b"|O"), (b"|O", b"<i8")),
        *((b"<i8", b"<f8"), (b"<i8", b"<m8[s]"), (b"<f4", b"<c8"), (b"False", b"True")),
        *((b"(", b"(0, "), (b"(", b"(-1, "), (b"(", b"(1000000000000, "), (b"}", b"")),
        *((b"(", b"(" * 3000), (b"'", b'"'), (b"shape", b"Shape"), (b",)", b",,)")),
        *((b"{", b"{'a':"), (b"{", b"["), (b",)", b")"), (b"False", b"[]")),
        *((b"{", b"\\"), (b"}", b"} #"), (b"(", b"(True, "), (b"descr", b"desc\xff")),
    )
    if rng.random() < 0.5:
        old, new = rng.choice(swaps)
        header = header.replace(old, new, 1)
    else:
        header = mutate(rng, header)[0]
    length = len(header) if rng.random() < 0.9 else rng.randrange(1 << 16)
    version = data[6:8] if rng.random() < 0.9 else rng.randbytes(2)
    return data[:6] + version + struct.pack("<H", length % (1 << 16)) + header + rest


def edit_safetensors(rng: Random, data: bytes) -> bytes:
    """Edit the header of a safetensors file, its length being right or not."""
    (length,) = struct.unpack("<Q", data[:8])
    header, rest = data[8 : 8 + length], data[8 + length :]
    if rng.random() < 0.7:
        table = json.loads(header)
        about = table.get("__metadata__", {})
        if rng.random() < 0.5 and "seqconv_jax" in about:
            inner = edit_json(rng, about["seqconv_jax"].encode())
            about["seqconv_jax"] = inner.decode(errors="replace")
            header = json.dumps(table).encode()
        else:
            header = edit_json(rng, header)
    else:
        header = mutate(rng, header)[0]
    lengths = (0, 1, len(header) + 1, 10**8 + 1, 10**18, 2**64 - 1)
    length = len(header) if rng.random() < 0.9 else rng.choice(lengths)
    return struct.pack("<Q", length) + header + rest


def number_of(rng: Random) -> str:
    """Return a number in one of the forms that people and programs write."""
    number = rng.choice(
        (rng.gauss(0, 1), rng.gauss(0, 1) * 10 ** rng.randrange(-300, 300))
    )
    whole = str(rng.choice((0, 7, 2**31, 2**53 + 1, 2**63, 10**22, -3)))
    forms = (
        *(repr(number), f"{number:.17g}", f"{number:.20f}", f"{number:E}", whole),
        *(
            f"+{abs(number)!r}",
            f" {number!r} ",
            f'"{number!r}"',
            f"00{whole.strip('-')}",
        ),
        *(".5", "5.", "-.5e1", "1E+05", "5e-324", "2.2250738585072011e-308", "-0.0"),
        *("1.7976931348623157e308", "0.1" + "0" * 40 + "1", "123456789012345678901.5"),
    )
    return rng.choice(forms)


def edit_csv(rng: Random, data: bytes) -> bytes:
    """Change cells and lines of a CSV file, or how it is written."""
    lines = data.decode().splitlines()
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(lines)) if lines else 0
        cells = lines[at].split(",") if lines else [""]
        choice = rng.random()
        if choice < 0.3:
            cells[rng.randrange(len(cells))] = number_of(rng)
        elif choice < 0.5:
            cells[rng.randrange(len(cells))] = rng.choice(_CELLS)
        elif choice < 0.6:
            cells.insert(rng.randrange(len(cells) + 1), rng.choice(_CELLS))
        elif choice < 0.7:
            del cells[rng.randrange(len(cells))]
        elif choice < 0.8:
            lines.insert(at, rng.choice(("", " ", ",", "," * 500, "#", '"', *lines)))
            continue
        elif choice < 0.9 and len(lines) > 1:
            lines[at], lines[at - 1] = lines[at - 1], lines[at]
            continue
        elif lines:
            lines = lines[: at + 1] if rng.random() < 0.3 else lines[at:]
            continue
        lines[at : at + 1] = [",".join(cells)]
    text = rng.choice(("\n", "\n", "\n", "\r\n", "\r", "\n\n")).join(lines)
    encoding = rng.choice(("utf-8",) * 6 + ("utf-8-sig", "utf-16", "latin-1"))
    return text.encode(encoding, "replace") + rng.choice((b"\n", b"\n", b"", b"\n\n\n"))
