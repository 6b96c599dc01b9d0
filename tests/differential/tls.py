#!/usr/bin/env python3
"""Compares what TLS records carry, as tshark decrypts them, with what this program's TLS carrier gives: per connection and direction the
number of bytes and their SHA-256.

    tls.py CAPTURE[:KEYS] ...     compares; KEYS is by default the key log beside the capture, with the ending .keys
    tls.py --bless                writes captures/tls/plain.txt, the figures that tests/tls compares with

The exit status is 0 when nothing differs. Needs tshark (made with 4.0.17) and cargo. Only the standard library is used.
"""

import argparse
import glob
import hashlib
import os
import re
import subprocess
import sys

# What is rightly not what tshark decrypts: TLS 1.0, and early data that the server refused.
UNLIKE = ["openssl-not-decrypted"]

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **more)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace")


def tshark(capture, keys):
    """The client's and the server's plaintext of each TCP connection. Nothing may dissect it: what RTMP's dissector does with it has
    `follow` leave bytes out."""
    options = ["-o", "tcp.reassemble_out_of_order:TRUE"] + (["-o", f"tls.keylog_file:{keys}"] if keys else [])
    fields = ["-T", "fields", "-e", "tcp.stream", "-e", "tcp.srcport", "-e", "tcp.dstport"]
    ends = {}
    for line in run(["tshark", "-n", "-r", capture, "-Y", "tcp", *fields]).splitlines():
        stream, source, destination = line.split("\t")
        ends.setdefault(int(stream), (source, destination))
    for port in {server for _, server in ends.values()}:
        options += ["-d", f"tls.port=={port},data"]
    options += ["--disable-protocol", "rtmpt", "--disable-heuristic", "rtmpt_tcp"]
    found = []
    for stream, (client_port, _) in sorted(ends.items()):
        text = run(["tshark", "-n", "-r", capture, *options, "-q", "-z", f"follow,tls,raw,{stream}"])
        sides = bytearray(), bytearray()
        # What node 1 sent is indented.
        for line in text.splitlines():
            if re.fullmatch(r"\t?(?:[0-9a-f]{2})+", line):
                sides[line.startswith("\t")].extend(bytes.fromhex(line.strip()))
        is_client_first = re.search(r"^Node 0: .*:" + client_port + "$", text, re.MULTILINE)
        found.append(tuple(bytes(side) for side in (sides if is_client_first else reversed(sides))))
    return found


def figures(sides):
    client, server = sides
    digest = [hashlib.sha256(side).hexdigest() for side in sides]
    return f"client {len(client)} {digest[0]} server {len(server)} {digest[1]}"


def ours(jobs):
    """Per capture the connections' figures, suite, and what else is printed."""
    lines = "\n".join(f"{capture}\t{keys}" for capture, keys in jobs)
    command = ["cargo", "test", "-q", "--test", "tls", "--", "--ignored", "--nocapture", "print_plaintext"]
    out = run(command, cwd=ROOT, env={**os.environ, "TLS_CAPTURES": lines})
    found = {}
    for line in out.splitlines():
        if line.startswith("TLS "):
            capture, _, plain, *rest = line[4:].split("\t")
            found.setdefault(capture, []).append((plain, rest))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="*")
    parser.add_argument("--bless", action="store_true")
    arguments = parser.parse_args()
    if arguments.bless:
        folder = os.path.join(ROOT, "captures/tls")
        with open(os.path.join(folder, "plain.txt"), "w", encoding="utf-8") as golden:
            for capture in sorted(glob.glob(os.path.join(folder, "*.pcap"))):
                name = os.path.splitext(os.path.basename(capture))[0]
                if name in UNLIKE:
                    continue
                for index, sides in enumerate(tshark(capture, os.path.join(folder, name + ".keys"))):
                    golden.write(f"{name} {index} {figures(sides)}\n")
        return
    jobs = []
    for argument in arguments.captures:
        capture, _, keys = argument.partition(":")
        beside = os.path.splitext(capture)[0] + ".keys"
        jobs.append((os.path.abspath(capture), os.path.abspath(keys or beside) if keys or os.path.exists(beside) else ""))
    found, differ = ours(jobs), 0
    print("| capture | suite | client bytes | server bytes | equal to tshark's |\n| --- | --- | ---: | ---: | --- |")
    for capture, keys in jobs:
        theirs = tshark(capture, keys)
        mine = found.get(capture, [])
        for index in range(max(len(theirs), len(mine))):
            expected = figures(theirs[index]) if index < len(theirs) else "no connection"
            plain, rest = mine[index] if index < len(mine) else ("no connection", ["-"])
            words = plain.split()
            is_equal = plain == expected
            differ += not is_equal
            lengths = [words[1], words[4]] if len(words) > 4 else ["-", "-"]
            verdict = "yes" if is_equal else f"NO: {re.sub(r' [0-9a-f]{64}', '', expected)}"
            print(f"| {os.path.basename(capture)} | {rest[0]} | {lengths[0]} | {lengths[1]} | {verdict} |")
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
