"""The generator's process: orders come in on standard input, outcomes go out on standard output.

One JSON object a line each way: `{"targets": {key: target}}`, `{"slice": order}` or `{"statistics": {}}`,
with the dictionaries that `Target` and `SliceOrder` write; each is answered by one line. The process ends
when its input does.
"""

import gc
import json
import os
import sys
from typing import Any

from gevent.fileobject import FileObject

from bench.load.generator import Generator
from bench.load.messages import SliceOrder
from bench.load.target import Target


def _obey(generator: Generator, message: dict[str, Any]) -> dict[str, Any]:
    ((order, content),) = message.items()
    if order == "targets":
        generator.set_targets({key: Target.from_message(target) for key, target in content.items()})
        return {}
    if order == "slice":
        return generator.run_slice(SliceOrder.from_message(content)).to_message()
    if order == "statistics":
        return generator.statistics()
    raise ValueError(f"unknown order {order!r}")


def main() -> None:
    """Obey orders until the input ends."""
    generator = Generator()
    gc.freeze()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    print(json.dumps({"ready": True}), file=answers)
    for line in FileObject(sys.stdin.fileno(), "r", close=False):
        print(json.dumps(_obey(generator, json.loads(line))), file=answers)
    generator.quit()


if __name__ == "__main__":
    main()
