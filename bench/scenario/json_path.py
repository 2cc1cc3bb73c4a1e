"""JSONPath in a scenario: whether an expression is one."""


def fault_in_json_path(text: str) -> str | None:
    """Why the text is no JSONPath (RFC 9535), None where it is one."""
    import jsonpath  # noqa: PLC0415  (few scenarios have one, and every command reads this module)

    if not text.startswith("$"):
        return "a JSONPath begins with `$`, the whole body"
    try:
        jsonpath.compile(text, strict=True)
    except jsonpath.JSONPathError as error:
        return str(error.message)  # not str(error): that is a drawing of several lines
    except (RecursionError, ValueError):
        return "the path is nested too deeply, or has a number that is too long"
    return None
