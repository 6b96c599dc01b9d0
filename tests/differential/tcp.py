#!/usr/bin/env python3
"""Compares what tshark's TCP analysis says of each direction with the `tcp` part of `rtmp-inspect --json`'s closes.

A line for each direction where the two differ, with both figures; docs/protocol-notes.md, "TCP facts beside tshark", says
why they may. Only the standard library is needed.
"""

import argparse
import collections
import json
import subprocess

ANALYSIS = [
    "retransmission", "spurious_retransmission", "out_of_order", "zero_window", "keep_alive", "zero_window_probe",
    "lost_segment", "ack_lost_segment", "initial_rtt",
]


def endpoint(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def tshark(path, ports):
    """Counts by (client, server, sender), of frames up to where we call the direction closed."""
    fields = ["frame.number", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "tcp.srcport", "tcp.dstport", "tcp.len"]
    fields += ["tcp.window_size_value", "tcp.flags"] + [f"tcp.analysis.{name}" for name in ANALYSIS]
    command = ["tshark", "-r", path, "-Y", "tcp", "-T", "fields", "-E", "occurrence=l"]
    for field in fields:
        command += ["-e", field]
    lines = subprocess.run(command, capture_output=True, check=False, text=True).stdout.splitlines()
    counts = collections.defaultdict(collections.Counter)
    closed = {}
    for line in lines:
        frame, v4, v6, to4, to6, port, to_port, length, window, flags, *found = line.split("\t")
        if not port or not (v4 or v6):
            continue
        key = endpoint(v4 or v6, port), endpoint(to4 or to6, to_port)
        if key not in ports or int(frame) > ports[key]:
            continue
        count = counts[key]
        for name, value in zip(ANALYSIS, found):
            if name == "initial_rtt":
                if value:
                    count[name] = max(count[name], round(float(value) * 1e6))
            elif value:
                count[name] += 1
                if name == "retransmission":
                    count["retransmitted_bytes"] += int(length or 0)
        # Times that the window closes: tshark marks every packet while it is.
        if window and not int(flags, 16) & 0x7:
            is_closed = window == "0"
            count["closings"] += is_closed and not closed.get(key, False)
            closed[key] = is_closed
    return counts


def ours(program, path):
    sessions, closes = {}, []
    lines = subprocess.run([program, "--json", path], capture_output=True, check=False, text=True).stdout.splitlines()
    for line in lines:
        if not line.startswith(('{"event":"session"', '{"event":"close"')):
            continue
        event = json.loads(line)
        if event["event"] == "session":
            sessions[event["session"]] = event
        else:
            closes.append((sessions[event["session"]], event))
    return closes


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="target/release/rtmp-inspect")
    parser.add_argument("captures", nargs="+")
    arguments = parser.parse_args()
    total = differing = 0
    for path in arguments.captures:
        closes = ours(arguments.program, path)
        ends = collections.Counter()
        ports = {}
        for session, close in closes:
            ends_of = session["client"], session["server"]
            key = ends_of if close["from"] == "client" else ends_of[::-1]
            ends[key] += 1
            ports[key] = close["packet"]
        theirs = tshark(path, ports) if ports else {}
        trips = collections.defaultdict(int)
        for session, close in closes:
            trips[session["session"]] += close["tcp"].get("round_trip_ms", 0)
        for session, close in closes:
            ends_of = session["client"], session["server"]
            key = ends_of if close["from"] == "client" else ends_of[::-1]
            if ends[key] > 1:
                continue
            total += 1
            tcp, their = close["tcp"], theirs.get(key, {})
            pairs = [
                ("retransmissions", tcp.get("retransmissions", 0), their.get("retransmission", 0)),
                ("retransmitted_bytes", tcp.get("retransmitted_bytes", 0), their.get("retransmitted_bytes", 0)),
                ("spurious", tcp.get("spurious_retransmissions", 0), their.get("spurious_retransmission", 0)),
                ("out_of_order", tcp.get("out_of_order", 0), their.get("out_of_order", 0)),
                ("zero_windows", tcp.get("zero_windows", 0), their.get("closings", 0)),
                ("keep_alives", tcp.get("keep_alives", 0), their.get("keep_alive", 0)),
                ("window_probes", tcp.get("window_probes", 0), their.get("zero_window_probe", 0)),
                ("holes", int("capture_holes" in tcp), int(bool(their.get("lost_segment", 0)))),
            ]
            trip = their.get("initial_rtt", 0)
            if trip:
                pairs.append(("round_trip_us", round(trips[session["session"]] * 1e3), trip))
            different = [f"{name} {own}/{other}" for name, own, other in pairs if own != other]
            if different:
                differing += 1
                beside = {name: tcp[name] for name in ("copies", "lost_before_capture", "capture_hole_bytes") if name in tcp}
                other = {name: their[name] for name in ("lost_segment", "ack_lost_segment") if their.get(name)}
                print(path, f"session {session['session']} {close['from']}:", ", ".join(different), beside or "", other or "")
    print(f"{total} directions, {differing} differ (ours/tshark)")


main()
