#!/usr/bin/env python3
"""Compares sessions that were carried (RTMPS, RTMPT) with their clear sides, as a terminator forwarded them.

    carried.py PROGRAM FOLDER...

For every `X.pcap` of the folders that has an `X.plain.pcap` beside it, the messages of both are listed by direction: type, timestamp,
message stream, length, and a hash of the payload. They are equal but for what the carrier never brought: the terminator's connection
may end with messages of the server that the client's never got. Secrets are those of `X.keys` where it is there.
"""

import hashlib
import json
import pathlib
import subprocess
import sys


def messages(program, capture, keys, carried):
    """By session and direction: the messages."""
    command = [program, "--json", "-q", "--show-secrets", "--payload", "hex", capture]
    if keys:
        command[1:1] = ["--keylog", keys]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    sessions, protocols = {}, {}
    for line in out.splitlines():
        event = json.loads(line)
        if event["event"] == "session":
            protocols[event["session"]] = event["protocol"]
            if (event["protocol"] != "rtmp") == carried:
                sessions[event["session"]] = {"client": [], "server": []}
        if event["event"] != "message":
            continue
        if (protocols[event["session"]] != "rtmp") != carried:
            continue
        payload = hashlib.sha256(bytes.fromhex(event["payload"])).hexdigest()[:16]
        key = (event["type"], event.get("timestamp"), event.get("message_stream_id"), event["length"], payload)
        sessions[event["session"]][event["from"]].append(key)
    return list(sessions.values()), protocols


def compare(ours, theirs):
    """How many are equal, and what is left of either side."""
    equal = 0
    for a, b in zip(ours, theirs):
        if a != b:
            break
        equal += 1
    return equal, len(ours) - equal, len(theirs) - equal


def main():
    program, folders = sys.argv[1], sys.argv[2:]
    bad = 0
    print(f"{'capture':58} {'protocol':8} {'client':>7} {'server':>7}  left: ours, theirs")
    for folder in folders:
        for plain in sorted(pathlib.Path(folder).glob("*.plain.pcap")):
            capture = plain.with_name(plain.name.replace(".plain.pcap", ".pcap"))
            keys = plain.with_name(plain.name.replace(".plain.pcap", ".keys"))
            ours, protocols = messages(program, capture, keys if keys.exists() else None, True)
            theirs, _ = messages(program, plain, None, False)
            for session in ours:
                # The clear side may have more sessions: a publisher that was not carried.
                best = max(
                    ([compare(session[side], other[side]) for side in ("client", "server")] for other in theirs),
                    key=lambda sides: (sum(side[0] for side in sides), -sum(side[1] + side[2] for side in sides)),
                    default=[(0, len(session["client"]), 0), (0, len(session["server"]), 0)],
                )
                (client, *left_client), (server, *left_server) = best
                is_right = left_client == [0, 0] and left_server[0] == 0
                bad += not is_right
                left = "" if left_client + left_server == [0] * 4 else f"client {left_client}, server {left_server}"
                name = next((name for name in protocols.values() if name != "rtmp"), "?")
                print(f"{capture.name:58} {name:8} {client:7} {server:7}  {'' if is_right else 'WRONG '}{left}")
            if not ours:
                bad += 1
                print(f"{capture.name:58} no carried session")
    for twin in sorted(path for folder in folders for path in pathlib.Path(folder).glob("*-dsb.pcapng")):
        capture = twin.with_name(twin.name.replace("-dsb.pcapng", ".pcap"))
        same = messages(program, twin, None, True)[0] == messages(program, capture, capture.with_suffix(".keys"), True)[0]
        bad += not same
        print(f"{twin.name:58} {'as with its key log' if same else 'WRONG: other than with its key log'}")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
