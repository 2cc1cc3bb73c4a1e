"""Python that imports the app, for servers whose own command cannot take `package.module:create_app()`.

It runs in the app's Python, which may be as old as 3.8.
"""

PATH_WITHOUT_THE_APP = "import sys; sys.path[:] = filter(None, sys.path); "
"""What is imported next is what is installed, whatever the modules in the app's folder are called."""

PATH_WITH_THE_APP = "sys.path.insert(0, ''); "


def load_app(word: str) -> str:
    """Statements that set `app`, its `module` and its `name` there, from a word such as `sys.argv[1]`."""
    return (
        "from importlib import import_module; from operator import attrgetter; "
        f"module, _, name = {word}.partition(':'); module = import_module(module); "
        "app = attrgetter(name.rstrip('()'))(module); app = app() if name.endswith('()') else app; "
    )
