#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures munet (PyPI): sets up nodes that each have a link to one further node, and tears them down.

    PYTHON bench/munet/drive.py --links N

PYTHON is what `bench/munet/setup` prints. Prints one line of JSON. The log goes to stderr.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from munet.parser import async_build_topology

DEADLINE = 300  # seconds


def configuration(links: int, directory: str) -> dict[str, Any]:
    """N nodes, and one in place of the device. All are network namespaces: munet's default, and its fastest kind of node."""
    names = [f"node{link}" for link in range(links)]
    device = {"name": "dut", "connections": [{"to": name, "name": f"eth{link}"} for link, name in enumerate(names)]}
    nodes = [{"name": name, "connections": [{"to": "dut", "name": "eth0"}]} for name in names]
    path = str(Path(directory) / "munet.json")  # only its folder matters
    return {"version": 1, "config_pathname": path, "topology": {"nodes": [device, *nodes]}}


def ms_since(start: float) -> float:
    return round((time.monotonic() - start) * 1000, 1)


async def measure(links: int, directory: str) -> dict[str, Any]:
    start = time.monotonic()
    net = await async_build_topology(configuration(links, directory), rundir=directory)
    try:
        await net.run()
        up = ms_since(start)
        for link in range(links):
            net.hosts[f"node{link}"].cmd_raises(["ip", "link", "show", "dev", "eth0"])
    finally:
        start = time.monotonic()
        await net.async_delete()
    return {"links": links, "upMs": up, "downMs": ms_since(start)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures munet, and prints one line of JSON.")
    parser.add_argument("--links", type=int, default=2)
    links = parser.parse_args().links
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, lambda *_: sys.exit("stopped"))  # with what it has set up torn down
    signal.alarm(DEADLINE)
    with tempfile.TemporaryDirectory(prefix="alpy-munet-") as directory:
        result = asyncio.run(measure(links, directory))
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
