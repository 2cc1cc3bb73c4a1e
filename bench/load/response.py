"""HTTP responses: telling the end of one from its bytes.

A response is parsed by llhttp (through httptools) until one has been verified; its bytes then become the
template. A later response that is byte for byte the template needs one comparison and no parser. Framing
follows RFC 9112, section 6.3; the lifetime of the connection section 9.3.
"""

import secrets
from typing import Any

import httptools

from bench.load.expectations import Expected, compile_json_path, mismatch

MAX_HEADER_BYTES = 256 * 1024
MAX_RESPONSE_BYTES = 256 * 1024 * 1024

# The template's bytes where there is no template: no server can know them, so no answer equals them. It must
# not be empty, as that is what is read when the connection ends.
UNKNOWN = b"\0" + secrets.token_bytes(31)


class ResponseParser:
    """One response, read from pieces of any size.

    `complete` says that its last byte was seen. `error` is None, or the kind of error that ended it:
    `malformed` (not HTTP, bytes after the end, or larger than we take) or `cut` (the connection ended first).
    `status` and `headers` are those of the final response, not of an interim one (1xx) before it; a trailer
    is no header.
    """

    def __init__(self, method: str) -> None:
        self.complete = False
        self.error: str | None = None
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.ends_with_connection = False
        self._pieces: list[bytes] = []
        self._received = 0
        self._without_body = 0
        self._head_only = method == "HEAD"
        self._connection: list[bytes] = []
        self._encodings: list[bytes] = []
        self._heads = 0
        self._head_size = 0
        self._has_length = False
        self._is_chunked = False
        self._keeps_alive = False
        self._chunks: list[bytes] = []
        self._body_size = 0
        self._llhttp: Any = httptools.HttpResponseParser(self)

    @property
    def raw(self) -> bytes:
        """All bytes read so far."""
        return b"".join(self._pieces)

    @property
    def body(self) -> bytes:
        """The body, with chunked framing removed."""
        if self._is_chunked:
            return b"".join(self._chunks)
        return self.raw[self._head_size : self._head_size + self._body_size]

    @property
    def closes(self) -> bool:
        """Whether the server announced that it closes the connection after this response."""
        return self.ends_with_connection or not self._keeps_alive

    def feed(self, data: bytes) -> None:
        """Read the next piece; nothing may follow the end of the response."""
        if self.complete or self._llhttp is None:
            self.error = "malformed"
            return
        self._pieces.append(data)
        self._received += len(data)
        self._without_body += len(data)
        try:
            self._llhttp.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.error = "malformed"
        if self._is_endless() or self._has_stray_bytes():
            self.error = "malformed"
        self._release_when_done()

    def end_of_connection(self) -> None:
        """The server closed the connection: right only where that is what ends the response."""
        if self.complete or self.error:
            return
        if self._head_size and not self._has_length:
            self.ends_with_connection = True
            self.complete = True
        else:
            self.error = "cut"
        self._release_when_done()

    def _release_when_done(self) -> None:
        # llhttp's object refers back to this one; without the cycle both go without a garbage collection,
        # which is off while load is generated.
        if self.complete or self.error:
            self._llhttp = None

    def _is_endless(self) -> bool:
        """Whether heads, trailers or extensions of chunks, or the body, are larger than anyone's."""
        return self._without_body > MAX_HEADER_BYTES or self._received > MAX_RESPONSE_BYTES

    def _has_stray_bytes(self) -> bool:
        """Whether something stands after the response: llhttp says nothing of empty lines there."""
        if not self.complete:
            return False
        if self._is_chunked:
            tail = b"".join(piece[-6:] for piece in self._pieces[-6:])
            return not tail.endswith(b"\r\n\r\n") or tail.endswith(b"\r\n\r\n\r\n")
        return self._received != self._head_size + self._body_size

    def _measure_heads(self) -> int:
        """The size of the final response's head and of all before it; 0 where they do not follow directly."""
        raw, size = self.raw, 0
        for _ in range(self._heads):
            end = raw.find(b"\r\n\r\n", size)
            if end < 0 or not raw.startswith(b"HTTP/", size):
                return 0
            size = end + 4
        return size

    def on_message_begin(self) -> None:
        """Called at a first byte: a second response in the same piece was never asked for."""
        if self.complete:
            self.error = "malformed"

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called for each header, and for each trailer, which decides nothing."""
        if self._head_size:
            return
        self.headers.append((name, value))
        lowered = name.lower()
        if lowered == b"content-length":
            self._has_length = True
        elif lowered == b"connection":
            self._connection += _tokens(value)
        elif lowered == b"transfer-encoding":
            self._encodings += _tokens(value)

    def on_headers_complete(self) -> None:
        """Called at the empty line: whether a body follows, and whether the connection goes on, is known."""
        self._heads += 1
        self.status = self._llhttp.get_status_code()
        if self.status < 200:
            self.headers.clear()
            self._has_length = False
            self._connection, self._encodings = [], []
            return
        self._head_size = self._measure_heads()
        if not self._head_size:
            self.error = "malformed"
        has_no_body = self._head_only or self.status in (204, 304)
        self._is_chunked = not has_no_body and self._encodings[-1:] == [b"chunked"]
        self._has_length = self._has_length or self._is_chunked
        self._keeps_alive = b"close" not in self._connection and (
            self._llhttp.get_http_version() != "1.0" or b"keep-alive" in self._connection
        )
        if self._head_only:
            # llhttp cannot know that the request was HEAD: whatever the headers say, no body follows.
            self.complete = True

    def on_body(self, data: bytes) -> None:
        """Called for each piece of the body; there is none where only the head was asked for."""
        if self._head_only:
            self.error = "malformed"
        self._body_size += len(data)
        self._without_body = 0
        if self._is_chunked:
            self._chunks.append(data)

    def on_message_complete(self) -> None:
        """Called at the end of a response; an interim one is not the end of ours."""
        if self._head_size:
            self.complete = True


def _tokens(value: bytes) -> list[bytes]:
    """The elements of a header's value that is a list, in lower case."""
    return [token.strip(b" \t") for token in value.lower().split(b",")]


def error_of(parser: ResponseParser, expected: Expected) -> str | None:
    """The kind of error of a response that has ended, None where it is right.

    It is the parser's, or `status`, `header`, `length` or `body`.
    """
    if parser.error is not None:
        return parser.error
    found = mismatch(expected, parser.status, parser.headers, parser.body)
    return None if found is None else found[0]


class Template:
    """The bytes of the response that was last parsed and verified, which the next ones are compared with.

    Status, headers, body, the response's end and the lifetime of the connection follow from the bytes and the
    request's method alone, and every check from these: the same bytes are right again, whatever was checked.
    Only where a response ends with its connection do its bytes not tell; then `data` is UNKNOWN, as it is
    before the first response. `closes` says whether the connection ends with the response.
    """

    __slots__ = ("closes", "data", "expected", "method")

    def __init__(self, method: str, expected: Expected) -> None:
        self.method = method
        self.expected = expected
        self.data = UNKNOWN
        self.closes = False
        for path, _ in expected.json:
            compile_json_path(path)  # which takes some milliseconds: not while load is generated

    def learn(self, parser: ResponseParser) -> None:
        """Take a verified response as the model of those to come."""
        self.closes = parser.closes
        self.data = UNKNOWN if parser.ends_with_connection else parser.raw
