#!/usr/bin/env python3
"""Compares AMF as rtmp-inspect reads it with Py3AMF (pip install py3amf==0.9.1).

amf.py [--bin PATH] [CAPTURE...]

With captures: every value of every message of types 15, 17, 18 and 20 is decoded by both. Always: values made here at
random are written by Py3AMF as AMF3, put into a conversation of type 17 messages, and read by rtmp-inspect.
The exit status is 1 when anything differs.
"""

import argparse
import datetime
import json
import math
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

import pyamf
from pyamf import amf3
from pyamf.flex import ArrayCollection, ObjectProxy

EPOCH = datetime.datetime(1970, 1, 1)
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Point:
    """A class with sealed members when it is told which they are."""

    class __amf__:
        alias = "lab.Point"
        static = ("x", "y")
        dynamic = False


pyamf.register_class(Point, "lab.Point")


def plain(value):
    """A value of Py3AMF's in the form of our JSON."""
    if value is pyamf.Undefined:
        return {"$undefined": True}
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            return {"$number": "NaN"}
        if math.isinf(value):
            return {"$number": "Infinity" if value > 0 else "-Infinity"}
        return value
    if isinstance(value, datetime.datetime):
        return {"$date": (value - EPOCH) / datetime.timedelta(milliseconds=1)}
    if isinstance(value, amf3.ByteArray):
        return {"$bytes": value.getvalue().hex()}
    if isinstance(value, ArrayCollection):
        return {"$class": "flex.messaging.io.ArrayCollection", "source": [plain(item) for item in value]}
    if isinstance(value, ObjectProxy):
        return {"$class": "flex.messaging.io.ObjectProxy", "object": plain(value._amf_object)}
    if isinstance(value, Point):
        return {"$class": "lab.Point", "x": plain(value.x), "y": plain(value.y)}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, pyamf.MixedArray):
        # The dense part has numbers for names.
        items = [plain(value[key]) for key in value if isinstance(key, int)]
        named = {key: plain(inside) for key, inside in value.items() if not isinstance(key, int)}
        if not named:
            return items if items else {}
        return named | ({"$items": items} if items else {})
    if isinstance(value, dict):
        found = {str(key): plain(inside) for key, inside in value.items()}
        if isinstance(value, pyamf.TypedObject):
            found = {"$class": value.alias} | found
        return found
    if hasattr(value, "__dict__"):
        return {key: plain(inside) for key, inside in value.__dict__.items()}
    raise TypeError(repr(value))


def same(ours, theirs):
    """Whether our JSON says what they say. We say more: the time zone, and what their rounding makes of a date."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if "$date" in ours and "$date" in theirs:
            return abs(ours["$date"] - theirs["$date"]) < 0.001
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    return ours == theirs


def messages(binary, path):
    run = [binary, "--json", "--show-secrets", "--payload", "hex", str(path)]
    output = subprocess.run(run, capture_output=True, check=False).stdout
    for line in output.splitlines():
        event = json.loads(line)
        if event["event"] == "message":
            yield event


def our_values(message):
    if "data" in message:
        data = message["data"]
        return [data["name"], *data["values"]]
    command = message["command"]
    first = [command[name] for name in ("name", "transaction_id", "object") if name in command]
    return first + command.get("arguments", [])


def their_values(payload):
    decoder = pyamf.get_decoder(pyamf.AMF0, payload)
    values = []
    while not decoder.stream.at_eof():
        values.append(plain(decoder.readElement()))
    return values


def compare_captures(binary, captures):
    compared, values, different = 0, 0, 0
    for path in captures:
        for message in messages(binary, path):
            if message["type"] not in (15, 17, 18, 20):
                continue
            payload = bytes.fromhex(message["payload"])[1 if "format_selector" in message else 0 :]
            ours = our_values(message)
            try:
                theirs = their_values(payload)
            except Exception as error:  # Whatever it is, it is a difference.
                theirs = repr(error)
            compared += 1
            values += len(ours)
            if not same(ours, theirs):
                different += 1
                print(f"{path} message {message['n']}:\n  ours:   {ours}\n  theirs: {theirs}")
    print(f"captured: {compared} messages, {values} values; {compared - different} messages agree")
    return different


def made(generator, depth):
    """A value of what Py3AMF can write."""
    texts = ["", "a", "b", "live", "größe", "日本"]
    keys = ["a", "b", "live", "größe"]
    leaves = [
        lambda: generator.choice([None, True, False, pyamf.Undefined]),
        lambda: generator.randint(-(1 << 28), (1 << 28) - 1) >> generator.randint(0, 28),
        lambda: generator.choice([1 << 28, -(1 << 28) - 1, 1 << 40]),
        lambda: generator.choice([0.5, -1.25e300, math.inf, -0.5]),
        lambda: generator.choice(texts),
        lambda: EPOCH + datetime.timedelta(milliseconds=generator.randint(0, 1 << 41)),
        lambda: amf3.ByteArray(generator.randbytes(generator.randint(0, 9))),
    ]
    if depth == 0:
        return generator.choice(leaves)()

    def inside():
        return made(generator, depth - 1)

    def point():
        value = Point()
        value.x, value.y = inside(), inside()
        return value

    def members():
        return {generator.choice(keys): inside() for _ in range(generator.randint(0, 3))}

    def items():
        return [inside() for _ in range(generator.randint(0, 3))]

    return generator.choice(
        leaves
        + [
            items,
            members,
            point,
            lambda: [point(), point()],
            lambda: pyamf.MixedArray({"k": inside(), **dict(enumerate(items()))}),
            lambda: ArrayCollection(items()),
            lambda: ObjectProxy(pyamf.ASObject(members())),
        ]
    )()


def encoded(value):
    encoder = pyamf.get_encoder(pyamf.AMF3)
    encoder.writeElement(value)
    return b"\x11" + encoder.stream.getvalue()


class Capture:
    """One TCP connection on port 1935 as a pcap file of raw IP packets."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        self.next = {True: 1, False: 1}
        self.count = 0

    def packet(self, client, flags, payload=b""):
        ports = (40000, 1935) if client else (1935, 40000)
        hosts = (bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
        hosts = hosts if client else hosts[::-1]
        ack = 0 if flags == 2 else self.next[not client]
        sequence = self.next[client] - (1 if flags & 2 else 0)
        tcp = struct.pack(">HHIIBBHHH", *ports, sequence, ack, 0x50, flags, 65535, 0, 0)
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0, *hosts)
        data = head + tcp + payload
        self.file.write(struct.pack("<IIII", self.count // 1000, self.count % 1000 * 1000, len(data), len(data)))
        self.file.write(data)
        self.next[client] += len(payload)
        self.count += 1


def compare_made(binary, count):
    generator = random.Random(1)
    values = [made(generator, 3) for _ in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "made.pcap"
        capture = Capture(path)
        capture.packet(True, 2)
        capture.packet(False, 18)
        client, server = bytes(8) + generator.randbytes(1528), bytes(8) + generator.randbytes(1528)
        for is_client, data in ((True, b"\3" + client), (False, b"\3" + server), (False, client), (True, server)):
            capture.packet(is_client, 24, data)
        capture.packet(True, 24, bytes([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0]) + struct.pack(">I", 0xFFFFFF))
        name = b"\2\0\4made\0" + bytes(8) + b"\5"
        for value in values:
            payload = b"\0" + name + encoded(value)
            capture.packet(True, 24, b"\3\0\0\0" + struct.pack(">I", len(payload))[1:] + b"\x11\0\0\0\0" + payload)
        capture.file.close()
        found = [message for message in messages(binary, path) if message["type"] == 17]
    different = abs(len(found) - len(values))
    for value, message in zip(values, found):
        ours, theirs = message["command"]["arguments"], [plain(value)]
        if not same(ours, theirs) or "problems" in message:
            different += 1
            print(f"made:\n  bytes:  {encoded(value).hex()}\n  ours:   {ours} {message.get('problems', '')}\n  theirs: {theirs}")
    print(f"made: {len(values)} values written by Py3AMF; {len(values) - different} read back alike")
    return different


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=str(ROOT / "target/release/rtmp-inspect"))
    parser.add_argument("--count", type=int, default=20000, help="values to be made")
    parser.add_argument("captures", nargs="*")
    arguments = parser.parse_args()
    different = compare_captures(arguments.bin, arguments.captures)
    different += compare_made(arguments.bin, arguments.count)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
