#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the original alpy (PyPI, version 6.0.0) for the comparison with it.

    .cache/bench-original/venv/bin/python bench/original/drive.py topology --links N | ping | test NAME | suite

Runs one measurement and prints one line of JSON. The log goes to stderr. Run `bench/original/setup` first.
Tests have the structure of the original's own tests (`rabbit/tests/*/main.py`): set up everything outside of the guest,
start the virtual CPU, wait for the boot, log in, type in a script `configure-rabbit` and run it, then test.
"""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import alpy.console
import alpy.container
import alpy.node
import alpy.qemu
import alpy.remote_shell
import alpy.run
import alpy.utils
import docker

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache/bench-original"
BUSYBOX, TRAFFIC = "alpy-bench-original/busybox", "alpy-bench-original/traffic"
LABEL = "alpy-bench-original"  # of both images, which their containers inherit
TAP_PREFIX = "alpybench"
PROMPT = "rabbit:~# "
TIMEOUT = 60  # seconds, for actions that normally take a few
BOOT_TIMEOUT = 300
DEADLINE = 600  # of one topology or test

# --- testbed ---


class Testbed:
    """What a test uses: the Docker client, QEMU's monitor and the console of the guest."""

    def __init__(self, client: docker.DockerClient, qmp: Any, console: Any) -> None:
        self.client, self.qmp, self.console = client, qmp, console

    def boot(self) -> None:
        """Starts the guest and logs in."""
        alpy.qemu.start_virtual_cpu(self.qmp)
        self.console.expect_exact("rabbit login: ", timeout=BOOT_TIMEOUT)
        self.console.sendline("root")
        self.console.expect_exact("Password: ")
        self.console.sendline("rabbit")

    def configure_rabbit(self, *commands: str) -> None:
        """Runs a script in the guest; none of its commands may fail."""
        Path("configure-rabbit").write_text("\n".join(["#!/bin/sh", "set -e", *commands, ""]), encoding="utf-8")
        alpy.remote_shell.upload_and_execute_script(self.console, PROMPT, "configure-rabbit", TIMEOUT)

    def configure_node(self, index: int, address: str, gateway: str | None = None) -> None:
        """Sets the address and default route of a node."""
        alpy.container.configure_interface(
            f"node{index}", address, gateway, docker_client=self.client, image=BUSYBOX, timeout=TIMEOUT
        )

    @contextlib.contextmanager
    def app(self, node: int, *command: str) -> Iterator[Any]:
        """Runs a container in the network namespace of a node until the context ends."""
        container = self.client.containers.create(TRAFFIC, list(command), network_mode=f"container:node{node}")
        try:
            container.start()
            yield container
        finally:
            container.remove(force=True)

    def run(self, node: int, *command: str) -> str:
        """Runs a container in the network namespace of a node until it exits, and returns its output."""
        with self.app(node, *command) as container:
            alpy.container.close(container, TIMEOUT)
            return str(container.logs(stdout=True, stderr=False).decode())


def tap_names(links: int) -> list[str]:
    return [f"{TAP_PREFIX}{link}" for link in range(links)]


def make_skeleton(client: docker.DockerClient, links: int) -> Any:
    taps = tap_names(links)
    return alpy.node.make_skeleton(busybox_image=BUSYBOX, docker_client=client, tap_interfaces=taps, timeout=TIMEOUT)


def mac(link: int) -> str:
    return f"02:00:00:00:00:{link:02x}"


def qemu_arguments(links: int) -> list[str]:
    """The guest of src/qemu/machine.ts, with the original's serial port, monitor and links."""
    nics = alpy.qemu.get_network_interfaces_args(tap_names(links))
    for link in range(links):  # the original supports only e1000, without PCI address and MAC address
        nics[nics.index(f"e1000,netdev=id_net{link}")] = (
            f"virtio-net-pci,netdev=id_net{link},mac={mac(link)},addr={0x10 + link:#x},romfile="
        )
    nics = [f"{arg},vhost=off,vnet_hdr=off" if arg.startswith("tap,") else arg for arg in nics]
    return [
        *[str(CACHE / "bin/qemu-system-x86_64"), "-name", "rabbit", "-nodefaults", "-no-user-config", "-S"],
        *["-action", "shutdown=pause,panic=pause", "-machine", "q35"],
        *["-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max", "-smp", "1", "-m", "256"],
        *["-drive", "if=none,id=disk0,format=qcow2,file=disk.qcow2,cache=unsafe,discard=unmap"],
        *["-device", "virtio-blk-pci,drive=disk0,bootindex=1"],
        *["-display", "none", "-vga", "std", "-device", "virtio-rng-pci", "-device", "pvpanic"],
        *[*alpy.qemu.get_qmp_args(), *alpy.qemu.get_serial_port_args(), *nics],
    ]


@contextlib.contextmanager
def testbed(links: int) -> Iterator[Testbed]:
    """Creates nodes and a guest that does not run yet."""
    overlay = ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(ROOT / ".cache/rabbit.qcow2"), "disk.qcow2"]
    subprocess.run([str(CACHE / "bin/qemu-img"), *overlay], check=True, stdout=sys.stderr)
    with (
        contextlib.closing(docker.from_env()) as client,
        alpy.run.qemu_with_skeleton(
            qemu_args=qemu_arguments(links), skeleton=make_skeleton(client, links), timeout=TIMEOUT
        ) as qmp,
        alpy.console.connect(timeout=TIMEOUT) as console,
        alpy.utils.trace_test_environment(),
    ):
        yield Testbed(client, qmp, console)


def addresses(links: int) -> str:
    commands = [f"'address replace 192.168.{link + 1}.1/24 dev eth{link}' 'link set eth{link} up'" for link in range(links)]
    return f"printf '%s\\n' {' '.join(commands)} | ip -batch -"


def frames(link: int, display_filter: str, *fields: str) -> list[list[str]]:
    """Returns fields of the frames of a link that match the filter."""
    options = [option for field in fields or ("frame.number",) for option in ("-e", field)]
    tshark = [str(CACHE / "bin/tshark"), "-n", "-r", f"link{link}.pcap", "-Y", display_filter]
    done = subprocess.run([*tshark, "-T", "fields", *options], check=True, capture_output=True, text=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def check(holds: bool, what: object) -> None:
    if not holds:
        raise AssertionError(what)


# --- the three tests: bodies as in rabbit/tests/*/*.test.ts ---


def forward_ipv4() -> None:
    with testbed(2) as bed:
        bed.configure_node(0, "192.168.1.2/24", "192.168.1.1")
        bed.configure_node(1, "192.168.2.2/24", "192.168.2.1")
        bed.boot()
        bed.configure_rabbit(addresses(2), "sysctl -q -w net.ipv4.ip_forward=1")
        output = bed.run(0, "ping", "-n", "-i", "0.2", "-c", "5", "-w", "10", "192.168.2.2")
        check("5 packets transmitted, 5 received" in output, output)
        echo = "icmp.type == 8 && ip.src == 192.168.1.2 && ip.dst == 192.168.2.2"
        check(bool(frames(0, f"{echo} && ip.ttl == 64 && eth.dst == {mac(0)}")), "request on link 0")
        check(bool(frames(1, f"{echo} && ip.ttl == 63 && eth.src == {mac(1)}")), "request on link 1")
        check(bool(frames(1, "icmp.type == 0 && ip.src == 192.168.2.2")), "reply on link 1")
        check(not frames(1, "arp.src.proto_ipv4 == 192.168.1.2"), "ARP of node 0 on link 1")


def rate_limit(seconds: int = 10, tolerance: float = 1e5) -> None:
    limit = 1e6
    with testbed(2) as bed:
        bed.configure_node(0, "192.168.1.2/24", "192.168.1.1")
        bed.configure_node(1, "192.168.2.2/24", "192.168.2.1")
        with bed.app(1, "iperf3", "--server", "--one-off", "--forceflush") as server:
            bed.boot()
            bed.configure_rabbit(
                addresses(2),
                "sysctl -q -w net.ipv4.ip_forward=1",
                "tc qdisc replace dev eth1 root tbf rate 1mbit burst 5kb latency 200ms",
            )
            client = ["iperf3", "--client", "192.168.2.2", "--time", str(seconds), "--length", "4K", "--json"]
            rate = json.loads(bed.run(0, *client))["end"]["sum_received"]["bits_per_second"]
            alpy.container.close(server, TIMEOUT)
        check(abs(rate - limit) < tolerance, f"iperf3 measured {rate}")
        rows = frames(1, "tcp.len > 1000 && ip.src == 192.168.1.2", "frame.len", "frame.time_epoch")
        bits = sum(int(row[0]) * 8 for row in rows[1:])
        rate = bits / (float(rows[-1][1]) - float(rows[0][1]))
        check(abs(rate - limit) < tolerance, f"on the wire: {rate}")


HAPROXY = """\
cat >/tmp/haproxy.cfg <<'END'
global
  httpclient.ssl.verify none
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
frontend web
  bind :80
  default_backend servers
backend servers
  balance roundrobin
  server server0 192.168.2.2:80
  server server1 192.168.3.2:80
END
haproxy -D -f /tmp/haproxy.cfg"""


def load_balancing() -> None:
    serve = 'mkdir -p /www && echo "$0" >/www/index.html && exec busybox httpd -f -p 80 -h /www'
    retry = ["-sS", "--retry", "20", "--retry-connrefused", "--retry-max-time", "20"]
    with testbed(3) as bed:
        for node in range(3):
            bed.configure_node(node, f"192.168.{node + 1}.2/24")
        with bed.app(1, "sh", "-c", serve, "server one"), bed.app(2, "sh", "-c", serve, "server two"):
            for node in (1, 2):
                bed.run(node, "curl", *retry, "http://127.0.0.1/")
            bed.boot()
            bed.configure_rabbit(addresses(3), HAPROXY)
            many = "for i in $(seq 10); do curl -sS --max-time 10 http://192.168.1.1/; done"
            answers = bed.run(0, "sh", "-ec", many).splitlines()
        check(sorted(answers) == ["server one"] * 5 + ["server two"] * 5, answers)
        check(len(frames(0, "http.request && ip.src == 192.168.1.2")) == 10, "requests on link 0")
        check(len(frames(1, "http.request && ip.dst == 192.168.2.2")) == 5, "requests on link 1")
        check(len(frames(2, "http.request && ip.dst == 192.168.3.2")) == 5, "requests on link 2")


TESTS = {"forward-ipv4": forward_ipv4, "rate-limit": rate_limit, "load-balancing": load_balancing}

# --- commands ---


def ms_since(start: float) -> float:
    return round((time.monotonic() - start) * 1000, 1)


def measure_topology(links: int) -> dict[str, Any]:
    start = time.monotonic()
    with contextlib.closing(docker.from_env()) as client, contextlib.closing(make_skeleton(client, links)) as skeleton:
        skeleton.create_tap_interfaces()
        skeleton.create()
        up, start = ms_since(start), time.monotonic()
    return {"what": "topology", "links": links, "upMs": up, "downMs": ms_since(start)}


def measure_ping() -> dict[str, Any]:
    start = time.monotonic()
    with testbed(2) as bed:
        bed.configure_node(0, "192.168.1.2/24")
        bed.boot()
        alpy.remote_shell.check_execute_program(bed.console, PROMPT, addresses(1), TIMEOUT)
        bed.run(0, "ping", "-n", "-i", "0.2", "-c", "1", "-w", "30", "192.168.1.1")
        took, start = ms_since(start), time.monotonic()
    return {"what": "ping", "startToPingMs": took, "downMs": ms_since(start)}


def short_rate_limit() -> None:
    """Measures for a few seconds only, like the test in bench/suite."""
    rate_limit(3, 3e5)


def passes(name: str, body: Callable[[], None]) -> bool:
    signal.alarm(DEADLINE)
    try:
        with alpy.utils.print_test_result():
            body()
    except Exception as error:  # pylint: disable=broad-exception-caught
        print(f"{name}: {error!r}", file=sys.stderr)
        if signal.getsignal(signal.SIGTERM) == signal.SIG_IGN:  # stopped, and the clean-up failed
            raise
        return False
    return True


def measure_test(name: str) -> dict[str, Any]:
    start = time.monotonic()
    return {"what": "test", "name": name, "passed": passes(name, TESTS[name]), "wallMs": ms_since(start)}


def measure_suite() -> dict[str, Any]:
    start = time.monotonic()
    bodies = {**TESTS, "rate-limit": short_rate_limit}
    results = [passes(name, body) for _ in range(4) for name, body in bodies.items()]
    return {"what": "suite", "tests": len(results), "passed": sum(results), "wallMs": ms_since(start)}


# --- clean-up ---


@contextlib.contextmanager
def directory() -> Iterator[None]:
    """Changes to a new directory, because the original writes into the current one."""
    path = tempfile.mkdtemp(prefix="run-", dir=CACHE)
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(CACHE)
        shutil.rmtree(path)


def sweep() -> None:
    """Removes what an interrupted run left behind. QEMU ends with its parent anyway (see setup)."""
    with contextlib.closing(docker.from_env()) as client:
        for container in client.containers.list(all=True, filters={"label": LABEL}):
            container.remove(force=True)
    for tap in Path("/sys/class/net").glob(f"{TAP_PREFIX}*"):
        subprocess.run(["ip", "link", "delete", "dev", tap.name], check=True)


SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM)


def stop(number: int, _frame: object) -> NoReturn:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # from now on it only cleans up
    raise SystemExit(f"stopped by {alpy.utils.signal_name(number)}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Drives the original alpy, and prints one line of JSON.")
    commands = parser.add_subparsers(dest="what", required=True)
    commands.add_parser("topology").add_argument("--links", type=int, default=2)
    commands.add_parser("ping")
    commands.add_parser("test").add_argument("name", choices=TESTS)
    commands.add_parser("suite")
    options = parser.parse_args()
    measures: dict[str, Callable[[], dict[str, Any]]] = {
        "topology": lambda: measure_topology(options.links),
        "ping": measure_ping,
        "test": lambda: measure_test(options.name),
        "suite": measure_suite,
    }
    for number in SIGNALS:
        signal.signal(number, stop)
    signal.alarm(DEADLINE)
    try:
        with (CACHE / "drive.lock").open("w", encoding="utf-8") as lock:
            # the original uses fixed names of nodes and a fixed port of the console, so only one can run at a time
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for old in CACHE.glob("run-*"):
                shutil.rmtree(old)
            with directory(), contextlib.ExitStack() as stack:
                stack.callback(sweep)
                sweep()
                alpy.utils.configure_logging()
                result = measures[options.what]()
    except (Exception, SystemExit) as error:  # pylint: disable=broad-exception-caught
        result = {"what": options.what, "passed": False, "error": f"{type(error).__name__}: {error}"}
    print(json.dumps(result), flush=True)
    return int(result.get("passed", 1) < result.get("tests", 1))  # booleans count as 0 and 1


if __name__ == "__main__":
    sys.exit(main())
