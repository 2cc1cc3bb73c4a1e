"""The configuration file of nginx as a proxy, and how values are written in it."""

from dataclasses import dataclass

from bench.servers.blueprint import Address, Settings, StaticFiles, UnixSocket
from bench.servers.media_types import ANY, MEDIA_TYPES

_OFTEN = 1_000_000_000  # requests on one connection: never the last
_BESIDE_CONNECTIONS = 512  # sockets that listen, files that are served, connections about to be closed

# A dollar always begins a variable, and nothing escapes it: this is a variable that is a dollar.
_DOLLAR = 'geo $dollar { default "$"; }'

# As Debian's uwsgi_params has them. The headers, Host among them, follow by themselves.
_UWSGI_PARAMETERS = (
    "QUERY_STRING $query_string", "REQUEST_METHOD $request_method", "CONTENT_TYPE $content_type",
    "CONTENT_LENGTH $content_length", "REQUEST_URI $request_uri", "PATH_INFO $document_uri",
    "DOCUMENT_ROOT $document_root", "SERVER_PROTOCOL $server_protocol", "REQUEST_SCHEME $scheme",
    "HTTPS $https if_not_empty", "REMOTE_ADDR $remote_addr", "REMOTE_PORT $remote_port",
    "SERVER_PORT $server_port", "SERVER_NAME $server_name",
)  # fmt: skip

# The port belongs to the host that an app makes absolute addresses of; $host would leave it out.
_PROXY_HEADERS = (
    "Host $http_host", "X-Real-IP $remote_addr", "X-Forwarded-For $proxy_add_x_forwarded_for",
    "X-Forwarded-Proto $scheme",
)  # fmt: skip


@dataclass(frozen=True)
class Upstream:
    """The backends: where they listen, whether by uwsgi's protocol, and whether they keep connections."""

    addresses: tuple[Address, ...]
    uwsgi: bool
    keeps_alive: bool


def configuration(settings: Settings, upstream: Upstream) -> str:
    """The whole file."""
    return _text([
        "daemon off;",
        "master_process on;",
        "user root;  # of no effect where another user starts it",
        "pid nginx.pid;",
        "error_log stderr warn;",
        *_processes(settings),
        *_block("http", [*_http(settings), *_upstream(settings, upstream), *_server(settings, upstream)]),
    ])  # fmt: skip


def quoted(value: str) -> str:
    """The value as one word of the file that is never taken for a variable, whatever it holds."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def with_dollars(value: str) -> str:
    """The value as one word of a directive that would take a dollar for the beginning of a variable."""
    return quoted(value).replace("$", "${dollar}")


def _processes(settings: Settings) -> list[str]:
    if settings.is_shipped:
        return ["worker_processes auto;", *_block("events", ["worker_connections 768;"])]
    connections = 2 * settings.connections + _BESIDE_CONNECTIONS
    return [
        f"worker_processes {settings.cores};",
        f"worker_rlimit_nofile {2 * connections};",
        *_block("events", [f"worker_connections {connections};"]),
    ]


def _http(settings: Settings) -> list[str]:
    folders = [
        f"{kind}_temp_path {kind}_temp;" for kind in ("client_body", "proxy", "uwsgi", "fastcgi", "scgi")
    ]
    common = ["access_log off;", *folders, "sendfile on;", "tcp_nopush on;"]
    if settings.is_shipped:
        return [*common, "gzip on;"]
    return [
        *common,
        "keepalive_timeout 75s;",
        f"keepalive_requests {_OFTEN};",
        # Neither a limit of its own, nor a body or an answer by way of the disc.
        "client_max_body_size 0;",
        "client_body_buffer_size 1m;",
        "proxy_max_temp_file_size 0;",
        "uwsgi_max_temp_file_size 0;",
    ]


def _upstream(settings: Settings, upstream: Upstream) -> list[str]:
    addresses = [_server_address(address) for address in upstream.addresses]
    if settings.is_shipped:
        return _block("upstream backends", [f"server {address};" for address in addresses])
    # The zone tells all workers whose turn it is. A backend that failed is not left out: that must be seen.
    lines = ["zone backends 256k;", *(f"server {address} max_fails=0;" for address in addresses)]
    if upstream.keeps_alive:
        # Shorter than the 75 s of the backends, so that none closes what is about to be used.
        lines += [
            f"keepalive {settings.connections};",
            f"keepalive_requests {_OFTEN};",
            "keepalive_timeout 60s;",
        ]
    return _block("upstream backends", lines)


def _server_address(address: Address) -> str:
    return quoted(str(address)) if isinstance(address, UnixSocket) else str(address)


def _server(settings: Settings, upstream: Upstream) -> list[str]:
    lines = [_listen(settings)]
    if settings.tls is not None:
        lines += [
            f"ssl_certificate {with_dollars(settings.tls.certificate)};",
            f"ssl_certificate_key {with_dollars(settings.tls.key)};",
        ]
    if settings.static is not None:
        lines += _static(settings.static)
    passing = _uwsgi() if upstream.uwsgi else _proxy(settings, upstream)
    values = [settings.static.folder] if settings.static else []
    values += [settings.tls.certificate, settings.tls.key] if settings.tls else []
    dollar = [_DOLLAR] if "$" in "".join(values) else []
    return [*dollar, *_block("server", [*lines, *_block("location /", passing)])]


def _listen(settings: Settings) -> str:
    # One socket a worker: sharing one, the worker that wakes first takes most connections for itself.
    own = "" if settings.is_shipped else " backlog=2048 reuseport"
    return f"listen {settings.address}{' ssl' if settings.tls else ''}{own};"


def _static(static: StaticFiles) -> list[str]:
    types = [f"{media_type} {endings};" for media_type, endings in MEDIA_TYPES.items()]
    return _block(f"location ^~ {quoted(static.prefix.rstrip('/') + '/')}", [
        f"alias {with_dollars(static.folder.rstrip('/') + '/')};",
        f"default_type {ANY};",
        *_block("types", types),
    ])  # fmt: skip


def _uwsgi() -> list[str]:
    return [*(f"uwsgi_param {parameter};" for parameter in _UWSGI_PARAMETERS), "uwsgi_pass backends;"]


def _proxy(settings: Settings, upstream: Upstream) -> list[str]:
    headers = [f"proxy_set_header {header};" for header in _PROXY_HEADERS]
    if not settings.is_shipped:
        headers.insert(0, "proxy_http_version 1.1;")
        if upstream.keeps_alive:
            headers.append('proxy_set_header Connection "";')
    return [*headers, "proxy_pass http://backends;"]


def _block(head: str, lines: list[str]) -> list[str]:
    return [f"{head} {{", *(f"    {line}" for line in lines), "}"]


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
