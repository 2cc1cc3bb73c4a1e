"""The program that becomes Apache: what is known only in the app's environment, and where it starts.

It is written into the deployment's folder and run in the app's, by the Python that has mod_wsgi, whose module
for Apache it finds without importing it. Started by root, Apache runs its workers as another user, which
cannot read an interpreter below root's home, nor the deployment's folder: every request would be a 504. They
may therefore read what root can; where that cannot be arranged, one line says what they cannot read.
"""

START = r'''"""Becomes Apache, with the mod_wsgi and the user that are right here."""

import ctypes
import importlib.util
import os
import pwd
import resource
import sys

PR_SET_SECUREBITS = 28
NO_SETUID_FIXUP = 1 << 2  # who changes from root to another user keeps what root may do

CANNOT_READ = (
    "Apache started by root runs its workers as {}, who cannot read {}: run bench as another user, "
    "or keep app and Python where everybody may read them"
)

CANNOT_CHANGE = (
    "Apache started by root runs its workers as {}, and this root may not become another user ({}): "
    "run bench as another user"
)


def main(folder, *options):
    module = find_module()
    directives = ["Define dollar $", "LoadModule wsgi_module " + quoted(module)]
    directives.append("WSGIPythonHome " + quoted(sys.prefix))
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        ctypes.CDLL(None).prctl(PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0)
        refuse_unreadable(nobody, [module, os.__file__, os.getcwd(), folder])
        directives += ["User nobody", "Group #%d" % nobody.pw_gid]
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # for clients, and for daemon processes as many
    words = [word for directive in directives for word in ("-C", directive)]
    configuration = os.path.join(folder, "httpd.conf")
    os.execvp("apache2", ["apache2", *words, "-f", configuration, "-D", "FOREGROUND", *options])


def find_module():
    """The path of mod_wsgi's module for this Python."""
    package = importlib.util.find_spec("mod_wsgi")
    for folder in package.submodule_search_locations if package else ():
        for name in sorted(os.listdir(os.path.join(folder, "server"))):
            if name.startswith("mod_wsgi-py%d%d." % sys.version_info[:2]):
                return os.path.join(folder, "server", name)
    sys.exit("mod_wsgi was not built for this Python: pip install --force-reinstall --no-cache-dir mod_wsgi")


def refuse_unreadable(user, paths):
    """End where a process of this user could not read one of the paths."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
        except OSError as error:  # root of a container that may do little
            print(CANNOT_CHANGE.format(user.pw_name, error.strerror), file=sys.stderr)
            os._exit(1)
        for path in paths:
            if not os.access(path, os.R_OK):
                print(CANNOT_READ.format(user.pw_name, path), file=sys.stderr)
                os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit(1)


def quoted(value):
    """The value as one word of a directive."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "${dollar}") + '"'


main(*sys.argv[1:])
'''
