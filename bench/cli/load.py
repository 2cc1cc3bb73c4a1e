"""`bench load`: puts load on one URL, the way one uses wrk."""

from typing import Any

import click

from bench.cli import load_options
from bench.cli.console import OutputConsole
from bench.cli.load_options import Options
from bench.cli.load_progress import Countdown
from bench.cli.load_summary import print_head, print_load
from bench.cli.output_file import STANDARD_OUTPUT, require_writable, write_output
from bench.conductor.single_load.address import address_of
from bench.conductor.single_load.first_answer import find_target
from bench.conductor.single_load.load_verdict import reasons
from bench.conductor.single_load.single_load import SingleLoad, generate_load
from bench.errors import Interrupted, NothingValid
from bench.export.hlog import hlog
from bench.export.load_json import load_json


@click.command("load")
@load_options.all_of_them
def command(**given: Any) -> None:
    """Put load on URL, which must be on this machine.

    Every answer is verified. Ctrl-C ends the load, and what was measured until then is the result. It is
    printed also where it is not valid; the exit code is 3 then, and 4 where the target does not answer.
    """
    options = Options(**given)
    order, question = options.order(), options.question()
    address = address_of(options.url, options.allow_remote)
    tls = options.tls(address.name) if address.speaks_tls else None
    for where in options.outputs:
        require_writable(where)
    console = OutputConsole(stderr=STANDARD_OUTPUT in options.outputs, highlight=False)
    found = find_target(question, address, tls, order.timeout_ns)
    print_head(console, address.url, question.method, order)
    load = generate_load(found, address, order, Countdown(order.ramp_ns + order.counted_ns))
    print_load(console, load)
    _write(load, options)
    if load.interrupted:
        raise Interrupted("interrupted; this is what was measured until then")
    if reasons(load):
        raise NothingValid("this result is not valid", "the reasons stand above")


def _write(load: SingleLoad, options: Options) -> None:
    if options.json_file is not None:
        write_output(options.json_file, load_json(load))
    if options.hlog_file is not None:
        write_output(options.hlog_file, hlog(load))
