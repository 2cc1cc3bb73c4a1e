"""HTTP responses: what a right one is, and telling the end of one from its bytes.

A response is parsed by llhttp (through httptools) until one has been verified; its bytes then become the
template. A later response that is byte for byte the template needs one comparison and no parser. Framing
follows RFC 9112, section 6.3; the lifetime of the connection section 9.3.
"""

import secrets
from dataclasses import dataclass
from typing import Any

import httptools

MAX_HEADER_BYTES = 256 * 1024

# The template's bytes where there is no template: no server can know them, so no answer equals them. It must
# not be empty, as that is what is read when the connection ends.
UNKNOWN = b"\0" + secrets.token_bytes(31)


@dataclass(frozen=True)
class Expected:
    """A right response: its status and its body; `body` None accepts any."""

    status: int
    body: bytes | None


class ResponseParser:
    """One response, read from pieces of any size.

    `complete` says that its last byte was seen. `error` is None, or the kind of error that ended it:
    `malformed` (not HTTP, or bytes after the end) or `cut` (the connection ended first).
    """

    def __init__(self, method: str) -> None:
        self.complete = False
        self.error: str | None = None
        self.status = 0
        self.ends_with_connection = False
        self._pieces: list[bytes] = []
        self._body: list[bytes] = []
        self._head_only = method == "HEAD"
        self._has_length = False
        self._is_chunked = False
        self._has_no_body = False
        self._heads = 0
        self._headers_done = False
        self._connection_tokens: set[bytes] = set()
        self._keeps_alive = False
        self._received = 0
        self._llhttp: Any = httptools.HttpResponseParser(self)

    @property
    def raw(self) -> bytes:
        """All bytes read so far."""
        return b"".join(self._pieces)

    @property
    def body(self) -> bytes:
        """The body, with chunked framing removed."""
        return b"".join(self._body)

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
        try:
            self._llhttp.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.error = "malformed"
        if self._has_stray_bytes():
            self.error = "malformed"
        self._release_when_done()

    def end_of_connection(self) -> None:
        """The server closed the connection: right only where that is what ends the response."""
        if self.complete:
            return
        if self._headers_done and not self._has_length:
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

    def _has_stray_bytes(self) -> bool:
        """Whether the headers have no end, or something stands before or after the response.

        llhttp says nothing of empty lines there.
        """
        if self._pieces[0][:1] != b"H":
            return True
        if not self._headers_done:
            return self._received > MAX_HEADER_BYTES
        if not self.complete:
            return False
        after_heads = self.raw.split(b"\r\n\r\n", self._heads)[-1]
        if self._is_chunked and not self._has_no_body:
            return not after_heads.endswith(b"\r\n\r\n") or after_heads.endswith(b"\r\n\r\n\r\n")
        return len(after_heads) != len(self.body)

    def on_message_begin(self) -> None:
        """Called at a first byte: a second response in the same piece was never asked for."""
        if self.complete:
            self.error = "malformed"

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called for each header: those of an interim response (1xx) say nothing about the final one."""
        lowered = name.lower()
        if lowered == b"content-length":
            self._has_length = True
        elif lowered == b"transfer-encoding":
            self._is_chunked = value.lower().strip().endswith(b"chunked")
            self._has_length = self._has_length or self._is_chunked
        elif lowered == b"connection":
            self._connection_tokens.update(token.strip() for token in value.lower().split(b","))

    def on_headers_complete(self) -> None:
        """Called at the empty line: status and lifetime of the connection are known."""
        self._heads += 1
        self.status = self._llhttp.get_status_code()
        if self.status < 200:
            self._connection_tokens.clear()
            self._has_length = self._is_chunked = False
            return
        self._headers_done = True
        self._keeps_alive = b"close" not in self._connection_tokens and (
            self._llhttp.get_http_version() != "1.0" or b"keep-alive" in self._connection_tokens
        )
        self._has_no_body = self._head_only or self.status in (204, 304)
        if self._head_only:
            # llhttp cannot know that the request was HEAD: whatever the headers say, no body follows.
            self.complete = True

    def on_body(self, data: bytes) -> None:
        """Called for each piece of the body; there is none where only the head was asked for."""
        if self._head_only:
            self.error = "malformed"
        self._body.append(data)

    def on_message_complete(self) -> None:
        """Called at the end of a response; an interim one is not the end of ours."""
        if self._headers_done:
            self.complete = True


def error_of(parser: ResponseParser, expected: Expected) -> str | None:
    """The kind of error of a complete response, None where it is right: `status`, `length` or `body`."""
    if parser.error is not None:
        return parser.error
    if parser.status != expected.status:
        return "status"
    if expected.body is None or parser.body == expected.body:
        return None
    return "length" if len(parser.body) != len(expected.body) else "body"


class Template:
    """The bytes of the response that was last parsed and verified, which the next ones are compared with.

    `data` is UNKNOWN where bytes alone cannot tell: before the first response, where any body is accepted,
    and where a response ends with its connection. `closes` says whether the connection ends with it.
    """

    __slots__ = ("closes", "data", "expected", "method")

    def __init__(self, method: str, expected: Expected) -> None:
        self.method = method
        self.expected = expected
        self.data = UNKNOWN
        self.closes = False

    def learn(self, parser: ResponseParser) -> None:
        """Take a verified response as the model of those to come."""
        self.closes = parser.closes
        unknown = parser.ends_with_connection or self.expected.body is None
        self.data = UNKNOWN if unknown else parser.raw
