"""The bytes of a URL, a chunk at a time, without ever waiting for long."""

import http.client
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Generator
from urllib.parse import urlsplit

from seqconv_jax._checks import UserError

__all__ = ["BrokenOffError", "NoNetworkError", "stream"]

_CHUNK = 1 << 16


class NoNetworkError(Exception):
    """The server could not be reached at all: no route, name, time or trusted key."""


class BrokenOffError(Exception):
    """The connection was lost after the transfer had begun."""


def stream(
    url: str, schemes: Collection[str], connect_timeout: float, patience: float
) -> Generator[bytes, None, None]:
    """Yield the body's chunks, waiting at most `patience` seconds for each.

    The network is read in a daemon thread because a name lookup cannot be given a
    time limit; the file is written by the caller, so a thread that hangs owns nothing.

    Args:
        url: what to get.
        schemes: URL schemes that may be used, redirects included.
        connect_timeout: seconds to wait for one address and for one read.
        patience: seconds without any progress to give up after.

    Yields:
        The body in chunks that are not empty.

    Raises:
        NoNetworkError: if the server could not be reached.
        BrokenOffError: if the connection was lost later on.
        UserError: if the server answered with an error, a web page or a forbidden
            redirect.
    """
    arrived: queue.SimpleQueue = queue.SimpleQueue()
    stop = threading.Event()
    threading.Thread(
        target=_fetch,
        args=(url, schemes, connect_timeout, arrived.put, stop),
        daemon=True,
    ).start()
    begun = False
    try:
        while True:
            try:
                item = arrived.get(timeout=patience)
            except queue.Empty:
                lost = BrokenOffError if begun else NoNetworkError
                raise lost(f"no answer for {patience:g} seconds") from None
            if isinstance(item, Exception):
                raise item
            if not item:
                return
            begun = True
            yield item
    finally:
        stop.set()


def _fetch(
    url: str,
    schemes: Collection[str],
    timeout: float,
    put: Callable[[bytes | Exception], None],
    stop: threading.Event,
) -> None:
    try:
        with _open(url, schemes, timeout) as response:
            try:
                _read(response, put, stop)
            except (OSError, http.client.HTTPException) as error:
                raise BrokenOffError(str(error) or type(error).__name__) from error
        put(b"")
    except Exception as error:  # handed to the caller's thread, which raises it
        put(error)


def _read(
    response: http.client.HTTPResponse,
    put: Callable[[bytes | Exception], None],
    stop: threading.Event,
) -> None:
    declared = response.length  # None if unknown; counts down while reading
    received = 0
    while not stop.is_set() and (chunk := response.read1(_CHUNK)):
        received += len(chunk)
        put(chunk)
    # `read1` ends quietly when the connection closes early
    if declared is not None and received != declared and not stop.is_set():
        raise OSError(f"{received:,} of {declared:,} bytes arrived")


def _open(
    url: str, schemes: Collection[str], timeout: float
) -> http.client.HTTPResponse:
    _check_scheme(url, url, schemes)
    try:
        opener = urllib.request.build_opener(_Redirects(schemes))
        response = opener.open(url, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        reason = " ".join(str(error.reason).split())
        raise UserError(
            f"{url}: the server answered {error.code} {reason}; fetch the file "
            "another way and pass its path"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise NoNetworkError(str(getattr(error, "reason", error))) from error
    if response.headers.get_content_type() == "text/html":
        response.close()
        raise UserError(
            f"{url}: expected a data file, got a web page (a login page or a proxy?); "
            "fetch the file another way and pass its path"
        )
    return response


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects, but only to the allowed schemes."""

    def __init__(self, schemes: Collection[str]) -> None:
        self._schemes = schemes

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp,
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        try:
            _check_scheme(req.full_url, newurl, self._schemes)
        except UserError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_scheme(url: str, next_url: str, schemes: Collection[str]) -> None:
    if urlsplit(next_url).scheme not in schemes:
        raise UserError(
            f"{url}: the address must use {' or '.join(schemes)}, got {next_url}; "
            "nothing was fetched"
        )
