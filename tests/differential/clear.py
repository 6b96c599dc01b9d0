#!/usr/bin/env python3
"""Compares sessions with what `extract --clear` writes of them: the messages of the written file, read again, with those of the capture, and
what tshark makes of the file.

    clear.py CAPTURE[:KEYS] ...     KEYS is by default the key log or the RTMPE secrets beside the capture (.keys, .rtmpe-keys)

Equal means: per session and direction the same messages in the same order, with times, offsets, chunks, timestamps, message streams,
lengths, fields and whole payloads. Of tshark: wrong checksums, malformed packets, expert errors, and the messages that its rtmpt sees
(fewer than ours where chunk streams interleave in a way that it cannot follow). The exit status is 0 when nothing differs. Needs tshark
(made with 4.0.17) and a built program. Only the standard library is used.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What is of the packets and not of the session.
OF_PACKETS = ["n", "packets", "session", "answers"]


def run(command, good=(0,)):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode not in good:
        sys.exit(f"{' '.join(command)}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace")


def bare(value):
    if isinstance(value, dict):
        return {key: bare(member) for key, member in value.items() if key not in OF_PACKETS}
    return [bare(member) for member in value] if isinstance(value, list) else value


def verdict(before, after):
    """How far the written sessions are the captured ones."""
    # Behind a hole of which TLS does not tell the length, what headers inherit is not certain; the written hole has a length.
    guessed = 0
    for b, a in zip(before, after):
        for side, messages in b[2].items():
            for old, new in zip(messages, a[2][side]):
                more = [key for key in ("timestamp", "message_stream_id") if b[3]["gap"] and key in new and key not in old]
                for key in more:
                    del new[key]
                guessed += bool(more)
    def all_but(*keys):
        def of(sides):
            return {side: [{k: v for k, v in message.items() if k not in keys} for message in messages] for side, messages in sides.items()}
        return len(before) == len(after) and all(of(b[2]) == of(a[2]) for b, a in zip(before, after))
    if all_but():
        return f"the same, with values in {guessed} headers that were not certain" if guessed else "the same"
    return "the same but for times" if all_but("time") else "OTHERS"


def sessions(program, capture, options):
    """Per session its protocol, and the messages of each direction."""
    found, sealed = {}, set()
    out = run([program, "--json", "--payload", "hex", "--show-secrets", *options, capture], (0, 2))
    for line in out.splitlines():
        event = json.loads(line)
        if event["event"] == "session":
            if event.get("decrypted") is False or not event["protocol"].startswith("rtmp"):
                sealed.add(event["session"])
            found[event["session"]] = (event["protocol"], event["server"], collections.defaultdict(list), collections.Counter())
        elif event["event"] == "message":
            found[event["session"]][2][event["from"]].append(bare(event))
        elif event["event"] in ("incomplete", "gap", "undecodable", "resync", "deviation"):
            found[event["session"]][3][event["event"]] += 1
    return [session for number, session in sorted(found.items()) if number not in sealed]


def tshark(capture, ports, is_checked=True):
    decode = [option for port in sorted(ports) for option in ("-d", f"tcp.port=={port},rtmpt")]
    # What was captured before a network card made its checksum has none that is right.
    checks = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"] if is_checked else []
    fields = ["tcp.checksum.status", "ip.checksum.status", "_ws.malformed", "_ws.expert.severity", "rtmpt.header.typeid"]
    columns = [option for field in fields for option in ("-e", field)]
    counts = collections.Counter()
    # A capture that is cut ends with status 2.
    for line in run(["tshark", "-n", "-r", capture, *decode, *checks, "-T", "fields", "-E", "aggregator=;", *columns], (0, 2)).splitlines():
        tcp, ip, malformed, severity, types = line.split("\t")
        counts["checksums"] += [*tcp.split(";"), *ip.split(";")].count("0")
        counts["malformed"] += bool(malformed)
        counts["errors"] += severity.split(";").count("8388608")
        counts["messages"] += len([kind for kind in types.split(";") if kind])
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="+")
    parser.add_argument("--program", default=os.path.join(ROOT, "target/debug/rtmp-inspect"))
    parser.add_argument("-v", action="store_true", help="show the first difference")
    arguments = parser.parse_args()
    differ = 0
    print("| capture | sessions | messages | of the written file | gaps | tshark: wrong checksums | malformed (in the capture) | errors | messages |")
    print("| --- | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    for argument in arguments.captures:
        capture, _, keys = argument.partition(":")
        options, stem = [], os.path.splitext(capture)[0]
        for option, ending in (("--keylog", ".keys"), ("--rtmpe-keys", ".rtmpe-keys")):
            beside = keys if keys.endswith(ending) else stem + ending
            if os.path.exists(beside):
                is_rtmpe = open(beside, encoding="utf-8").read(5) == "RTMPE"
                options += ["--rtmpe-keys" if is_rtmpe else option, beside]
        before = sessions(arguments.program, capture, options)
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "clear.pcapng")
            command = [arguments.program, "extract", "--quiet", "--clear", out, *options, capture]
            run(command, (0, 2))
            if not os.path.exists(out):
                print(f"| {os.path.basename(capture)} | none | | not written |")
                differ += bool(before)
                continue
            after = sessions(arguments.program, out, [])
            said = verdict(before, after)
            if said == "the same but for times":
                # Packets that were captured out of order stand in the order of the stream; in the order of time they are as they came.
                run(["reordercap", out, out + ".sorted"])
                by_time = sessions(arguments.program, out + ".sorted", [])
                if verdict(before, by_time) == "the same":
                    said = "the same in order of time"
            theirs = tshark(capture, {server.rpartition(":")[2] for protocol, server, _, _ in before if protocol == "rtmp"}, False)
            seen = tshark(out, {server.rpartition(":")[2] for _, server, _, _ in before})
        count = sum(len(side) for _, _, sides, _ in before for side in sides.values())
        unlike = [(b, a) for b, a in zip(before, after) if b[2] != a[2]]
        # What tshark finds malformed in a clear session of the capture too is its own affair.
        is_well = not seen["checksums"] and (theirs["malformed"] or not (seen["malformed"] or seen["errors"]))
        differ += said == "OTHERS" or not is_well
        protocols = collections.Counter(protocol for protocol, *_ in before)
        names = ", ".join(f"{number} {protocol}" for protocol, number in sorted(protocols.items()))
        gaps = sum(others["gap"] for *_, others in before)
        cells = [os.path.basename(capture), names, count, said, gaps, seen["checksums"], f"{seen['malformed']} ({theirs['malformed']})", seen["errors"], seen["messages"]]
        print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)
        if arguments.v and said == "OTHERS":
            print(f"{len(before)} sessions, {len(after)} of the written file")
            for (_, _, b, x), (_, _, a, y) in unlike:
                print(dict(x), dict(y))
                for side in ("client", "server"):
                    print(side, len(b[side]), len(a[side]))
                    first = next(((p, q) for p, q in zip(b[side], a[side]) if p != q), None)
                    if first:
                        print(*(json.dumps(message)[:700] for message in first), sep="\n")
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
