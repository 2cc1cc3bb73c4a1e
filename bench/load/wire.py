"""A request as it goes over the wire (RFC 9112, section 3): the request line, headers, and a body."""

from collections.abc import Iterable

HAVE_A_BODY = frozenset({"POST", "PUT", "PATCH"})


def request_bytes(
    method: str, path: str, authority: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b""
) -> bytes:
    """The bytes of a request; a header that is given replaces ours of the same name."""
    given = tuple(headers)
    names = {name.lower() for name, _ in given}
    lines = [("Host", authority), ("User-Agent", "bench"), ("Accept", "*/*")]
    if body or method in HAVE_A_BODY:
        lines.append(("Content-Length", str(len(body))))
    lines = [(name, value) for name, value in lines if name.lower() not in names] + list(given)
    head = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines), "", ""]
    return "\r\n".join(head).encode("latin-1") + body
