#!/usr/bin/env python3
"""Figures of RTMPT that `stats` gives, beside those that tshark's HTTP dissector leads to.

usage: tunnel.py PROGRAM CAPTURE...

Of each session, by its id: requests by kind, those without an answer, latencies (from the frame that completes the request to the first
frame of its response), and how many responses have which first byte, where no frame completes several. tshark reassembles requests and responses; they are tied here, in the order of each connection (RFC 9112 §9.3.2): its
own `http.request_in` is the newest request, which is another one where a client does not wait for responses.
"""

import collections
import json
import subprocess
import sys

FIELDS = "frame.number frame.time_epoch http.request.uri http.response.code tcp.segment http.file_data tcp.stream tcp.payload tcp.reassembled.data".split()


def tshark(capture):
    extra = [word for field in FIELDS for word in ("-e", field)]
    command = ["tshark", "-r", capture, "-Y", "http", "-d", "tcp.port==80,http", "-T", "json", "--no-duplicate-keys", *extra]
    frames = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    times = subprocess.run(["tshark", "-r", capture, "-T", "fields", "-e", "frame.number", "-e", "frame.time_epoch"], capture_output=True, text=True, check=True).stdout
    times = dict((int(number), nanoseconds(time)) for number, time in (line.split("\t") for line in times.splitlines()))
    return [frame["_source"]["layers"] for frame in frames], times


def nanoseconds(text):
    whole, _, rest = text.partition(".")
    return int(whole) * 10**9 + int((rest + "0" * 9)[:9])


def place(values, share):
    """As `stats` has it: the value at the place that is that share of the way, rounded up."""
    values = sorted(values)
    return values[max(0, -(-len(values) * share // 100) - 1)]


def expected(capture):
    layers, times = tshark(capture)
    requests, waiting, sessions = [], collections.defaultdict(collections.deque), {}
    for layer in layers:
        number, stream = int(layer["frame.number"][0]), layer["tcp.stream"][0]
        for uri in layer.get("http.request.uri", []):
            word, *rest = uri.strip("/").split("/")
            asked = [word, rest[0] if rest else None, number, None, None]
            waiting[stream].append(asked)
            if word in ("open", "send", "idle", "close"):
                requests.append(asked)
        segments = [int(frame) for frame in layer.get("tcp.segment", [])] or [number]
        for index, _ in enumerate(layer.get("http.response.code", [])):
            if waiting[stream]:
                asked = waiting[stream].popleft()
                # Of several responses that one frame completes, the first may have begun before it.
                asked[3] = min(segments) if index == 0 else number
                if asked[0] in ("send", "idle", "close"):
                    asked[4] = polling(layer)
                if asked[0] == "open":
                    asked[1] = layer.get("http.file_data", [""])[0].strip()
    for word, session, number, answer, interval in requests:
        figures = sessions.setdefault(session, {"requests": collections.Counter(), "unanswered": collections.Counter(), "latencies": collections.defaultdict(list), "intervals": collections.Counter()})
        figures["requests"][word] += 1
        if answer is None:
            figures["unanswered"][word] += 1
        else:
            figures["latencies"][word].append(times[answer] - times[number])
            figures["intervals"][interval] += word != "open"
    return sessions


def polling(layer):
    """The first byte of the response's body; None where a frame completes several."""
    data = (layer.get("tcp.reassembled.data") or layer["tcp.payload"])[0].replace(":", "")
    _, _, body = bytes.fromhex(data).partition(b"\r\n\r\n")
    return body[0] if body and len(layer["http.response.code"]) == 1 else None


def told(program, capture):
    lines = subprocess.run([program, "stats", "--json", "--show-secrets", capture], capture_output=True, text=True, check=True).stdout
    for line in map(json.loads, lines.splitlines()):
        if "tunnel" in line:
            yield line["tunnel"]


def main():
    program, captures = sys.argv[1], sys.argv[2:]
    wrong = 0
    for capture in captures:
        sessions = expected(capture)
        for tunnel in told(program, capture):
            figures = sessions.get(tunnel["tunnel_id"])
            name = f"{capture.rsplit('/', 1)[-1]} {tunnel['tunnel_id']}"
            if figures is None:
                print(f"{name}: not in tshark's: {sorted(map(str, sessions))}")
                wrong += 1
                continue
            faults = []
            for row in tunnel["requests"]:
                word = row["request"]
                for what in ("requests", "unanswered"):
                    if row[what] != figures[what][word]:
                        faults.append(f"{word} {what}: {row[what]}, tshark {figures[what][word]}")
                times = figures["latencies"][word]
                if times and "latency_ms" in row:
                    mine = {"least": min(times), "median": place(times, 50), "p95": place(times, 95), "most": max(times)}
                    for what, value in mine.items():
                        if abs(row["latency_ms"][what] * 1e6 - value) > 1500:
                            faults.append(f"{word} {what}: {row['latency_ms'][what]} ms, tshark {value / 1e6} ms")
            intervals = {row["polling_interval"]: row["responses"] for row in tunnel["polling_intervals"]}
            if None not in figures["intervals"] and intervals != {key: value for key, value in figures["intervals"].items() if value}:
                faults.append(f"intervals: {intervals}, tshark {dict(figures['intervals'])}")
            print(f"{name}: " + ("; ".join(faults) if faults else f"equal, {sum(figures['requests'].values())} requests"))
            wrong += len(faults)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
