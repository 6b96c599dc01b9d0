#!/usr/bin/env python3
"""Which server and client shows what: a table of findings over captures of real peers.

    survey.py RTMP_INSPECT FOLDER... > docs/survey.md

Captures are called SERVER-CLIENT-SCENARIO.pcap. A finding counts once a session for the side that it names.
"""

import json
import pathlib
import subprocess
import sys
from collections import defaultdict

SERVERS = {
    "nginx": "nginx-rtmp 1.2.2",
    "nginx1936": "nginx-rtmp 1.2.2",
    "nginx1937": "nginx-rtmp 1.2.2",
    "srs": "SRS 7.0.18",
    "nms4": "node-media-server 4.4.3",
    "nms2": "node-media-server 2",
    "crtmp": "crtmpserver (2015)",
    "ffmpeglisten": "FFmpeg 5.1 -listen",
    "rtmpsrv": "rtmpsrv (rtmpdump 2.4)",
    "rtmplite3": "rtmplite3",
    "rtmprs": "rtmp-rs",
    "xiu": "xiu",
}
CLIENTS = {
    "ffmpeg": "FFmpeg 5.1",
    "ffmpeg9": "FFmpeg 9.0",
    "ffprobe": "FFmpeg 5.1",
    "pyav": "PyAV 18 (FFmpeg 9)",
    "obs": "OBS Studio 29.0",
    "rtmpdump": "rtmpdump 2.4",
    "gst_librtmp": "GStreamer 1.22, librtmp",
    "gst_rtmp2": "GStreamer 1.22, rtmp2",
    "rtmpclient": "rtmp-client 1.6 (npm)",
    "edge": "SRS 7.0.18 as an edge",
}
FFMPEG = {"ffmpeg", "ffmpeg9", "ffprobe", "pyav"}
SEVERITIES = ["error", "warning", "note"]


def main():
    program, *folders = sys.argv[1:]
    catalogue = {}
    for line in subprocess.run([program, "rules"], capture_output=True, text=True, check=True).stdout.splitlines():
        code, severity, name = line.split()[:3]
        catalogue[code] = (name, severity)
    found = defaultdict(lambda: defaultdict(set))
    text = {}
    sessions = defaultdict(set)
    files = 0
    for folder in folders:
        for path in sorted(pathlib.Path(folder).glob("*.pcap*")):
            server, client = path.name.split("-")[:2]
            if server not in SERVERS or client not in CLIENTS:
                continue
            files += 1
            # A capture may have other clients beside the one in its name: FFmpeg is told by its handshake.
            clients = {}
            timeline = subprocess.run([program, "--json", "-Y", "handshake", path], capture_output=True, text=True).stdout
            for line in map(json.loads, timeline.splitlines()):
                if line["event"] == "handshake" and line["step"] == "C1":
                    is_ffmpeg = line.get("fingerprint") == "FFmpeg"
                    if is_ffmpeg and client not in FFMPEG:
                        clients[line["session"]] = CLIENTS["ffmpeg"]
                    elif not is_ffmpeg and client in FFMPEG:
                        clients[line["session"]] = "another client (rtmpdump or GStreamer)"
            output = subprocess.run([program, "check", "--json", path], capture_output=True, text=True).stdout
            for line in map(json.loads, output.splitlines()):
                who_calls = clients.get(line.get("session"), CLIENTS[client])
                if line["event"] == "session":
                    sessions[SERVERS[server]].add((path, line["session"]))
                    sessions[who_calls].add((path, line["session"]))
                elif line["event"] == "finding":
                    code = line["code"]
                    who = SERVERS[server] if line.get("from") == "server" else who_calls
                    if "from" not in line:
                        who = "the capture"
                    key = (code, line["severity"])
                    found[key][who].add((path, line["session"]))
                    # Numbers differ from case to case; the first one stands for all.
                    text.setdefault((key, who), line["text"])
    print("# What real peers do\n")
    total = len({session for group in sessions.values() for session in group})
    print(f"Every finding of `rtmp-inspect check` in {files} captures ({total} sessions) of real servers and clients, recorded on")
    print("loopback with [these programs](../captures/README.md). A count is of sessions; the text is the first one. Who the client is")
    print("says the capture's name; FFmpeg is told by its handshake, and a session that began before its capture goes by the name.")
    print("`tests/differential/survey.py` makes this page.\n")
    for severity in SEVERITIES:
        codes = [code for code in catalogue if (code, severity) in found]
        print(f"## {severity.capitalize()}s\n")
        if not codes:
            print("None.\n")
            continue
        print("| rule | who | sessions | what |\n| --- | --- | ---: | --- |")
        for code in codes:
            name, _ = catalogue[code]
            for who, where in sorted(found[code, severity].items(), key=lambda item: -len(item[1])):
                all_sessions = len(sessions[who]) or total
                what = text[(code, severity), who].replace("|", "\\|")
                what = what if len(what) < 140 else what[:137] + "…"
                anchor = f"rules.md#{code.lower()}-{name}"
                print(f"| [{code}]({anchor}) {name} | {who} | {len(where)} of {all_sessions} | {what} |")
        print()
    seen = {code for code, _ in found}
    silent = [code for code in catalogue if code not in seen]
    print("## Seen nowhere\n")
    print("No capture shows " + ", ".join(silent) + ".")


main()
