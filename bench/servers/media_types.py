"""The media types of static files, for the servers that know none by themselves.

The system's own lists differ between machines, and may not be there.
"""

MEDIA_TYPES = {
    "application/json": "json map",
    "application/pdf": "pdf",
    "application/wasm": "wasm",
    "application/zip": "zip",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "image/gif": "gif",
    "image/jpeg": "jpeg jpg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/webp": "webp",
    "image/x-icon": "ico",
    "text/css": "css",
    "text/csv": "csv",
    "text/html": "html htm",
    "text/javascript": "js mjs",
    "text/plain": "txt",
    "text/xml": "xml",
}
"""The endings of files, in one word list, by their media type."""

ANY = "application/octet-stream"
"""What a file of any other ending is."""
