#!/usr/bin/env python3
"""Compares FTL's media as tshark reads it with `rtmp-inspect --json` and `rtmp-inspect stats --json`.

Per capture and UDP port of media: tshark's UDP packets against our messages; of RTP each packet's payload type, marker, sequence
number, timestamp and source; of RTCP each sender report's and NACK's numbers; per source the packets and how many are lost, both
as this script counts them of tshark's fields and as `-z rtp,streams` says; jitter by RFC 3550 A.8; and for each number that a NACK
asks for, the packet that answers it.
README.md, beside this file, says more. Only the standard library is needed.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys

CLOCKS = {96: 90_000, 97: 48_000}


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()


def tshark(capture, port, protocol, fields, what):
    """Rows of fields. ICMP's quotes of datagrams are none that were sent."""
    command = ["tshark", "-n", "-r", capture, "-d", f"udp.port=={port},{protocol}", "-Y",
               f"udp.port == {port} and not icmp and ({what})", "-T", "fields"]
    out = run(command + [word for field in fields for word in ("-e", field)])
    return [line.split("\t") for line in out.splitlines()]


def events(binary, arguments):
    return [json.loads(line) for line in run([binary, *arguments]).splitlines()]


class Comparison:
    def __init__(self):
        self.compared = collections.Counter()
        self.differences = []

    def equal(self, what, ours, theirs):
        self.compared[what] += 1
        if ours != theirs:
            self.differences.append(f"{what}: ours {ours}, tshark's {theirs}")


def compare(capture, binary):
    result = Comparison()
    ours = events(binary, ["--json", capture])
    stats = {line["session"]: line for line in events(binary, ["stats", "--json", capture])
             if line["event"] == "stats" and "session" in line}
    for flow in (event for event in ours if event["event"] == "flow"):
        session, port = flow["session"], int(flow["server"].rpartition(":")[2])
        messages = [event for event in ours if event["event"] == "message" and event["session"] == session
                    and event["type_name"] not in ("ftl_command", "ftl_reply", "icmp_port_unreachable")]
        media(result, capture, port, messages, stats[session]["ftl"])
    return result


def media(result, capture, port, messages, stats):
    datagrams = tshark(capture, port, "rtp", ["frame.number", "udp.length", "udp.payload"], "udp")
    result.equal("UDP packets", len(messages), len(datagrams))
    by_frame = {message["packets"][0]: message for message in messages}
    for number, length, _ in datagrams:
        result.equal("UDP payload's length", by_frame[int(number)]["length"], int(length) - 8)
    # FTL tells RTP from the rest by the second byte; tshark, told to, takes all for RTP.
    is_rtp = {int(number): int(payload[2:4], 16) & 0x7F in CLOCKS for number, _, payload in datagrams}
    fields = ["frame.number", "frame.time_epoch", "rtp.p_type", "rtp.marker", "rtp.seq", "rtp.timestamp", "rtp.ssrc"]
    rows = [row for row in tshark(capture, port, "rtp", fields, "rtp") if is_rtp[int(row[0])]]
    result.equal("RTP packets", sum(message["type_name"] == "rtp" for message in messages), len(rows))
    sources = collections.defaultdict(list)
    for number, time, kind, marker, sequence, timestamp, ssrc in rows:
        rtp = by_frame[int(number)]["rtp"]
        theirs = [int(kind), marker in ("1", "True"), int(sequence), int(timestamp), int(ssrc, 0)]
        names = ["payload_type", "marker", "sequence_number", "timestamp", "ssrc"]
        for name, their in zip(names, theirs):
            result.equal(f"RTP {name}", rtp[name], their)
        sources[int(ssrc, 0)].append((int(number), float(time), int(kind), int(sequence), int(timestamp)))
    reports(result, capture, port, by_frame)
    answers = nacks(result, capture, port, by_frame, sources)
    streams = rtp_streams(capture, port)
    told = {source["ssrc"]: source for source in stats["sources"]}
    result.equal("sources", sorted(told), sorted(sources))
    for ssrc, packets in sources.items():
        numbers = [sequence for _, _, _, sequence, _ in packets]
        result.equal("a source's packets", told[ssrc]["packets"], len(packets))
        # None of these captures is long enough for a number to wrap.
        missing = max(numbers) - min(numbers) + 1 - len(set(numbers))
        result.equal("a source's missing", told[ssrc]["missing"], missing)
        copies = len(numbers) - len(set(numbers))
        # tshark's Lost is what was expected less all that came, copies too.
        result.equal("-z rtp,streams packets and lost", (told[ssrc]["packets"], told[ssrc]["missing"] - copies), streams[ssrc])
        ours = (told[ssrc]["jitter_ms"], told[ssrc]["highest_jitter_ms"])
        theirs = jitter(packets, answers)
        result.equal("a source's jitter", True, all(abs(our - their) < 0.002 for our, their in zip(ours, theirs)))


def reports(result, capture, port, by_frame):
    fields = ["frame.number", "rtcp.senderssrc", "rtcp.timestamp.rtp", "rtcp.sender.packetcount", "rtcp.sender.octetcount"]
    rows = tshark(capture, port, "rtcp", fields, "rtcp.pt == 200")
    ours = sum(message["type_name"] == "rtcp_sender_report" for message in by_frame.values())
    result.equal("sender reports", ours, len(rows))
    for number, *theirs in rows:
        report = by_frame[int(number)]["rtcp_sender_report"]
        ours = [report[name] for name in ("ssrc", "rtp_timestamp", "packets", "bytes")]
        result.equal("a sender report", ours, [int(value, 0) for value in theirs])


def nacks(result, capture, port, by_frame, sources):
    """Each number that is asked for, with the packet that answers it: gives the frames of those."""
    fields = ["frame.number", "rtcp.mediassrc", "rtcp.rtpfb.nack_pid"]
    rows = tshark(capture, port, "rtcp", fields, "rtcp.pt == 205")
    ours = sum(message["type_name"] == "rtcp_nack" for message in by_frame.values())
    result.equal("NACKs", ours, len(rows))
    answers = set()
    for number, ssrc, asked in rows:
        # tshark shows the first number, then those of the mask.
        asked = [int(value) for value in asked.split(",")]
        result.equal("a NACK's numbers", by_frame[int(number)]["rtcp_nack"]["lost"], asked)
        for sequence in asked:
            later = (frame for frame, _, _, theirs, _ in sources[int(ssrc, 0)] if theirs == sequence and frame > int(number))
            answer = next(later, None)
            if answer is not None:
                answers.add(answer)
    ours = {frame for frame, message in by_frame.items()
            if message["type_name"] == "rtp" and message["rtp"]["arrival"] == "retransmission"}
    result.equal("the packets that answer NACKs", sorted(ours), sorted(answers))
    return answers


def jitter(packets, answers):
    """In ms, at the end and at most. Source: RFC 3550 A.8."""
    value, highest, before, seen = 0.0, 0.0, None, set()
    for frame, time, kind, sequence, timestamp in packets:
        if sequence in seen or frame in answers:
            continue
        seen.add(sequence)
        transit = time * CLOCKS[kind] - timestamp
        if before is not None:
            value += (abs(transit - before) - value) / 16
            highest = max(highest, value)
        before = transit
    return value * 1000 / CLOCKS[packets[0][2]], highest * 1000 / CLOCKS[packets[0][2]]


def rtp_streams(capture, port):
    """Packets and lost ones of each source, as tshark's own table has them."""
    out = run(["tshark", "-n", "-r", capture, "-Y", "not icmp", "-d", f"udp.port=={port},rtp", "-q", "-z", "rtp,streams,not icmp"])
    found = {}
    for line in out.splitlines():
        row = re.match(rf"\s*\S+\s+\S+\s+\S+\s+\d+\s+\S+\s+{port}\s+0x([0-9A-F]+)\s+RTPType-9[67]\s+(\d+)\s+(-?\d+)", line)
        if row:
            found[int(row[1], 16)] = (int(row[2]), int(row[3]))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("captures", nargs="+")
    parser.add_argument("--bin", default=default_binary())
    arguments = parser.parse_args()
    total = Comparison()
    for capture in arguments.captures:
        result = compare(capture, arguments.bin)
        total.compared += result.compared
        total.differences += result.differences
        counts = ", ".join(f"{what} {count}" for what, count in result.compared.items())
        print(f"{capture}: {len(result.differences)} differences; {counts or 'no media'}")
        for difference in result.differences:
            print(f"  {difference}")
    print(f"all: {sum(total.compared.values())} comparisons, {len(total.differences)} differences")
    return int(bool(total.differences))


def default_binary():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(root, "target"))
    return os.path.normpath(os.path.join(target, "release", "rtmp-inspect"))


if __name__ == "__main__":
    sys.exit(main())
