import contextlib
import dataclasses
import hashlib
import io
import multiprocessing
import threading
import time
import urllib.request
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.files import Origin, Source, find
from seqconv_jax.data.files.cache import replacing
from seqconv_jax.data.files.download import download
from seqconv_jax.data.files.stream import NoNetworkError, _Redirects

BODY = bytes(range(256)) * 2_000


class Handler(BaseHTTPRequestHandler):
    """Answers by path; `server.hits` counts the requests of each."""

    def do_GET(self):
        hits = self.server.hits  # pyright: ignore[reportAttributeAccessIssue]
        hits[self.path] = hits.get(self.path, 0) + 1
        if self.path == "/file":
            self.reply(200, BODY)
        elif self.path == "/slow":
            time.sleep(0.3)
            self.reply(200, BODY)
        elif self.path in ("/404", "/500"):
            self.reply(int(self.path[1:]), b"no")
        elif self.path == "/page":
            self.reply(200, b"<html>log in</html>", {"Content-Type": "text/html"})
        elif self.path == "/to-file":
            self.reply(302, b"", {"Location": "/file"})
        elif self.path == "/round":
            self.reply(302, b"", {"Location": "/round"})
        elif self.path == "/to-ftp":
            self.reply(302, b"", {"Location": "ftp://127.0.0.1/file"})
        elif self.path == "/cut-once" and hits[self.path] > 1:
            self.reply(200, BODY)
        elif self.path in ("/cut", "/cut-once"):
            self.reply(200, BODY[: len(BODY) // 2], {"Content-Length": len(BODY)})
        elif self.path == "/stall":
            self.reply(200, BODY[:1000], {"Content-Length": len(BODY)})
            self.wfile.flush()
            time.sleep(2)
        elif self.path == "/silent":
            time.sleep(2)

    def reply(self, status, body, headers=()):
        headers = {"Content-Length": len(body), **dict(headers)}
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    server.hits = {}  # pyright: ignore[reportAttributeAccessIssue]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}"  # pyright: ignore
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def accept(path):
    assert path.read_bytes() == BODY


def reject(path):
    raise UserError("bad bytes")


fetch = partial(download, schemes=("http",), max_bytes=10**6, verify=accept)


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_arrives_whole_and_alone(server, tmp_path):
    target = tmp_path / "cache" / "deep" / "file.bin"
    fetch(server.url + "/file", target)
    assert target.read_bytes() == BODY
    assert names(target.parent) == ["file.bin"]


def test_redirect_to_an_allowed_scheme_is_followed(server, tmp_path):
    fetch(server.url + "/to-file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == BODY


def test_only_https_by_default(server, tmp_path):
    url = server.url + "/file"
    with pytest.raises(UserError, match=f"{url}: the address must use https, got"):
        download(url, tmp_path / "file", max_bytes=10**6, verify=accept)
    assert server.hits == {} and names(tmp_path) == []


def test_redirect_from_https_to_http_is_rejected():
    request = urllib.request.Request("https://example.org/a")
    with pytest.raises(UserError, match="must use https, got http://example.org/b"):
        _Redirects(("https",)).redirect_request(
            request,
            io.BytesIO(),
            302,
            "Found",
            {},  # pyright: ignore[reportArgumentType]
            "http://example.org/b",
        )


def test_redirect_to_another_scheme_is_rejected(server, tmp_path):
    with pytest.raises(UserError, match="/to-ftp: the address must use http, got ftp:"):
        fetch(server.url + "/to-ftp", tmp_path / "file")
    assert names(tmp_path) == []


def test_a_circle_of_redirects_is_one_line(server, tmp_path):
    with pytest.raises(
        UserError, match="/round: the server answered 302 .*loop. .*path$"
    ):
        fetch(server.url + "/round", tmp_path / "file")


@pytest.mark.parametrize(
    "path, message",
    [
        ("/404", "/404: the server answered 404 Not Found; fetch the file"),
        ("/500", "/500: the server answered 500 Internal Server Error"),
        ("/page", "/page: expected a data file, got a web page"),
    ],
)
def test_an_answer_that_is_no_file_names_the_url(server, tmp_path, path, message):
    with pytest.raises(UserError, match=server.url + message):
        fetch(server.url + path, tmp_path / "file")
    assert names(tmp_path) == []
    assert server.hits == {path: 1}


def test_a_cut_connection_is_tried_again(server, tmp_path):
    fetch(server.url + "/cut-once", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == BODY
    assert server.hits == {"/cut-once": 2}
    assert names(tmp_path) == ["file"]


def test_cut_twice_leaves_the_old_file_and_no_part(server, tmp_path):
    target = tmp_path / "file"
    target.write_bytes(b"old")
    message = "broke off twice .256,000 of 512,000 bytes arrived.; run again, or place"
    with pytest.raises(UserError, match=message):
        fetch(server.url + "/cut", target)
    assert target.read_bytes() == b"old" and names(tmp_path) == ["file"]


def test_a_stalled_transfer_is_given_up(server, tmp_path):
    begun = time.monotonic()
    with pytest.raises(UserError, match="broke off twice .no answer for 0.2 seconds"):
        fetch(server.url + "/stall", tmp_path / "file", patience=0.2)
    assert time.monotonic() - begun < 2
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "limits",
    [{"patience": 0.2}, {"connect_timeout": 0.2}],
    ids=["whole", "socket"],
)
def test_a_silent_server_counts_as_no_network(server, tmp_path, limits):
    begun = time.monotonic()
    with pytest.raises(NoNetworkError, match="no answer for 0.2 seconds|timed out"):
        fetch(server.url + "/silent", tmp_path / "file", **limits)
    assert time.monotonic() - begun < 2


def test_a_closed_port_is_no_network(tmp_path):
    with pytest.raises(NoNetworkError, match="refused"):
        fetch("http://127.0.0.1:9/file", tmp_path / "none" / "file")
    assert names(tmp_path) == []  # not even the directory is made


def test_a_name_lookup_that_hangs_is_bounded(tmp_path, monkeypatch):
    hang = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: hang.wait(20))
    begun = time.monotonic()
    with pytest.raises(NoNetworkError, match="no answer for 0.3 seconds"):
        fetch("http://example.invalid/file", tmp_path / "file", patience=0.3)
    assert time.monotonic() - begun < 3
    hang.set()


def test_too_many_bytes_are_rejected(server, tmp_path):
    with pytest.raises(UserError, match="at most 511,999 bytes, got more; nothing"):
        fetch(server.url + "/file", tmp_path / "file", max_bytes=len(BODY) - 1)
    assert names(tmp_path) == []


def test_what_fails_verification_is_set_aside(server, tmp_path):
    with pytest.raises(UserError, match="bad bytes; moved to .*file.rejected"):
        fetch(server.url + "/file", tmp_path / "file", verify=reject)
    assert names(tmp_path) == ["file.rejected"]


def test_a_cache_that_cannot_be_written_is_named(server, tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    message = r"plain: the cache directory must be writable.*set \$SEQCONV_CACHE"
    with pytest.raises(UserError, match=message):
        fetch(server.url + "/file", tmp_path / "plain" / "file")


def test_a_full_disk_leaves_nothing(server, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("seqconv_jax.data.files.download._write", full)
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(UserError, match="got No space left on device; set"):
        fetch(server.url + "/file", tmp_path / "file")
    assert names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_two_processes_at_once_both_succeed(server, tmp_path):
    context = multiprocessing.get_context("spawn")
    target = tmp_path / "cache" / "file"
    workers = [
        context.Process(target=fetch, args=(server.url + "/slow", target))
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert target.read_bytes() == BODY and names(target.parent) == ["file"]
    assert server.hits == {"/slow": 2}


def test_find_downloads_once_and_then_uses_the_cache(server, tmp_path, monkeypatch):
    monkeypatch.delenv("SEQCONV_DATA", raising=False)
    monkeypatch.delenv("SEQCONV_OFFLINE", raising=False)
    monkeypatch.setenv("SEQCONV_CACHE", str(tmp_path / "cache"))
    sha256 = hashlib.sha256(BODY).hexdigest()
    spec = Source(
        name="the file",
        filename="file",
        url=server.url + "/file",
        suffixes=(".bin",),
        sha256=sha256,
    )
    over_http = partial(download, schemes=("http",))
    expected = Origin(tmp_path / "cache" / "file", "download", sha256)
    assert find(spec, fetch=over_http) == expected
    assert find(spec, fetch=over_http).source == "cache"
    assert server.hits == {"/file": 1}
    wrong = dataclasses.replace(spec, filename="other", sha256="0" * 64)
    with pytest.raises(UserError, match=f"{spec.url}: the file must have sha256 0000"):
        find(wrong, fetch=over_http)
    assert names(tmp_path / "cache") == ["file", "other.rejected"]


def test_a_failed_write_keeps_the_target(tmp_path):
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with contextlib.suppress(KeyError), replacing(target) as temporary:
        temporary.write_bytes(b"half")
        raise KeyError
    assert target.read_bytes() == b"old" and names(tmp_path) == ["file"]
