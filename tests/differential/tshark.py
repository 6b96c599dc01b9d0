#!/usr/bin/env python3
"""Compares the RTMP messages that tshark finds in captures with those of `rtmp-inspect --json`.

Per TCP connection and direction the two lists of messages are aligned, and chunk stream id, type, length and timestamp
are compared. What differs is printed, a line each, with the fault of tshark's that explains it, if that can be proved
from the bytes. README.md, beside this file, says what the classes mean. Only the standard library is needed.
"""

import argparse
import collections
import difflib
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree

EXTENDED = 0xFFFFFF
# Milliseconds by which a clock may step forward from one message to the next.
SMOOTH = 60_000
PREFERENCES = [
    # Without these tshark 4.0 loses a direction at the first late segment, and at the first message above 32 KiB.
    "-o", "tcp.reassemble_out_of_order:TRUE",
    "-o", "rtmpt.max_packet_size:16777215",
]

# A message. `shown` is the chunk stream id as tshark prints it; `chunk_stream` is read from the header's own bytes.
# `field` is the timestamp or delta on the wire, None on type 3, and `extended` says that it was an extended one.
Tshark = collections.namedtuple("Tshark", "frame format chunk_stream shown type length timestamp field extended")
# A message as our JSON has it; `first` and `last` are the frames that carry it.
Ours = collections.namedtuple("Ours", "n first last format chunks chunk_stream type length timestamp")
Difference = collections.namedtuple("Difference", "session side frame what cause")


class Trouble(Exception):
    """Something that keeps a capture from being compared."""


def lines_of(command):
    """Runs a command and gives its output by lines. A failure after some output is one in the capture: a cut file."""
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if process.returncode and not process.stdout:
        complaint = process.stderr.decode(errors="replace").strip().splitlines()
        raise Trouble(f"{command[0]} ended with {process.returncode}: {complaint[-1] if complaint else ''}")
    return process.stdout.decode(errors="replace").splitlines()


# tshark's half


def endpoint(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Connection:
    """A TCP connection as tshark numbers them."""

    def __init__(self, ends):
        self.ends = ends
        # Who sent the SYN; without one, the higher port.
        self.client = max(ends, key=lambda end: int(end.rpartition(":")[2]))
        self.syn = False


def connections_of(capture):
    """tshark's TCP connections by number, and per frame its connection and sender."""
    fields = ["frame.number", "tcp.stream", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport",
              "tcp.flags.syn", "tcp.flags.ack"]
    command = ["tshark", "-n", "-r", capture, "-Y", "tcp", "-T", "fields", "-E", "occurrence=l"]
    connections, frames = {}, {}
    for line in lines_of(command + [word for field in fields for word in ("-e", field)]):
        number, stream, ip4, ip6, port, to4, to6, to_port, syn, ack = line.split("\t")
        source, destination = endpoint(ip4 or ip6, port), endpoint(to4 or to6, to_port)
        connection = connections.setdefault(int(stream), Connection((source, destination)))
        if syn in ("1", "True") and not connection.syn:
            connection.client = destination if ack in ("1", "True") else source
            connection.syn = True
        frames[int(number)] = (int(stream), source)
    return connections, frames


def type_names():
    """tshark's names of message types, longest first: one may begin with another."""
    rows = [line.split("\t") for line in lines_of(["tshark", "-G", "values"])]
    names = {row[3]: int(row[2], 0) for row in rows if row[:2] == ["V", "rtmpt.header.typeid"]}
    return sorted(names.items(), key=lambda item: -len(item[0]))


def tshark_messages(capture, ports, names):
    """Every message of every frame, in order, and the frames in which a dissector gave up.

    PDML, because it alone keeps the fields of one message together: `-T fields` leaves out what a header of type 2 or 3
    does not have, so that its columns slip, and `-T json` drops repeated keys.
    """
    decode_as = [word for port in sorted(ports) for word in ("-d", f"tcp.port=={port},rtmpt")]
    # A packet in which a body does not decode has no RTMP tree at all, not even for the messages before it.
    command = ["tshark", "-n", "-r", capture, *PREFERENCES, *decode_as, "-Y", "rtmpt or _ws.malformed"]
    command += ["-T", "pdml", "-J", "rtmpt _ws.malformed"]
    messages, malformed, frame = [], set(), 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            for _, element in xml.etree.ElementTree.iterparse(process.stdout):
                name = element.get("name")
                if element.tag == "field" and name == "num":
                    frame = int(element.get("show"))
                elif element.tag == "proto" and name == "_ws.malformed":
                    malformed.add(frame)
                elif element.tag == "proto" and name == "rtmpt":
                    message = tshark_message(frame, element, names)
                    if message:
                        messages.append(message)
                elif element.tag == "packet":
                    element.clear()
        except xml.etree.ElementTree.ParseError as error:
            raise Trouble(f"tshark wrote PDML that is not XML, near frame {frame}: {error}") from error
    return messages, malformed


def tshark_message(frame, proto, names):
    header = next((field for field in proto if field.get("show") == "RTMP Header"), None)
    if header is None or not header.get("value"):
        return None
    wire = bytes.fromhex(header.get("value"))
    fmt, chunk_stream, at = wire[0] >> 6, wire[0] & 0x3F, 1
    if chunk_stream == 0:
        chunk_stream, at = wire[1] + 64, 2
    elif chunk_stream == 1:
        chunk_stream, at = int.from_bytes(wire[1:3], "little") + 64, 3
    field = int.from_bytes(wire[at:at + 3], "big") if fmt < 3 else None
    extended = field == EXTENDED
    if extended:
        field = int.from_bytes(wire[-4:], "big")
    shown = {part.get("name"): part.get("show") for part in header}
    timestamp = int(shown.get("rtmpt.header.ets") or shown.get("rtmpt.header.timestamp") or 0)
    if "rtmpt.header.typeid" in shown:
        kind = int(shown["rtmpt.header.typeid"], 0)
    else:
        text = re.sub(r"^[^(]*\(", "", proto.get("showname", ""))
        number = re.match(r"Unknown \(0x([0-9a-f]+)\)", text)
        known = (kind for name, kind in names if text.startswith(name))
        kind = int(number[1], 16) if number else next(known, 0)
    length = int(proto.get("size")) - int(header.get("size"))
    return Tshark(frame, fmt, chunk_stream, int(shown["rtmpt.header.csid"]), kind, length, timestamp, field, extended)


# Our half


def our_events(binary, capture):
    sessions, messages, gaps = {}, collections.defaultdict(list), set()
    for line in lines_of([binary, "--json", capture]):
        event = json.loads(line)
        if event["event"] == "session":
            sessions[event["session"]] = event
        elif event["event"] == "gap":
            gaps.add((event["session"], event["from"]))
        elif event["event"] == "message":
            first, last = event["packets"]
            messages[event["session"], event["from"]].append(Ours(
                event["n"], first, last, event.get("chunk_format"), event.get("chunks", 1), event["chunk_stream_id"],
                event.get("type"), event["length"], event.get("timestamp")))
    return sessions, messages, gaps


# The comparison


def align(ours, theirs):
    """Pairs of equal messages, and between them what only one side has: (pair or None, only ours, only tshark's)."""
    a = [(message.chunk_stream, message.type, message.length) for message in ours]
    b = [(message.chunk_stream, message.type, message.length) for message in theirs]
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        yield (ours[start], theirs[start]), [], []
        start += 1
    matcher = difflib.SequenceMatcher(None, a[start:], b[start:], autojunk=False)
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        left, right = ours[start + i:start + i_end], theirs[start + j:start + j_end]
        if tag == "equal":
            yield from ((pair, [], []) for pair in zip(left, right))
        else:
            yield None, left, right


class Direction:
    """One direction of one session, while it is compared."""

    def __init__(self, session, side, ours, theirs, malformed, start, has_gap):
        self.session, self.side, self.ours, self.theirs = session, side, ours, theirs
        self.malformed, self.start, self.has_gap = malformed, start, has_gap
        self.equal, self.other_frame, self.differences = 0, 0, []
        # Per chunk stream, the aligned messages so far as tshark has them, and by how much its clock is off.
        self.before, self.off = collections.defaultdict(list), collections.Counter()
        # The last aligned message, and the chunk streams that tshark saw opened by a header with a type.
        self.matched, self.opened = None, set()
        # Chunk streams of which tshark missed messages, and with them deltas, and why.
        self.missed = {}
        # Whether tshark has taken payload for headers since then.
        self.astray = False
        # Whether a PROXY protocol header stands before the client's handshake.
        self.proxied = False

    def compare(self):
        for pair, left, right in align(self.ours, self.theirs):
            if pair:
                self.compare_pair(*pair)
            else:
                self.one_sided(left, right)

    def differ(self, frame, what, cause):
        if self.proxied and self.side == "client":
            # The bytes before C0 shift all that tshark counts.
            cause = "proxy-header"
        self.differences.append(Difference(self.session, self.side, frame, what, cause))

    def compare_pair(self, ours, theirs):
        count, stream = len(self.differences), ours.chunk_stream
        where = f"chunk stream {stream} type {ours.type} length {ours.length}"
        if theirs.shown != stream:
            # The header's own bytes say our id: the pair is aligned by them.
            self.differ(theirs.frame, f"{where}: tshark shows chunk stream {theirs.shown}", "chunk-stream-mask")
        # After a hole we may not know the time, and then say none.
        off = 0 if ours.timestamp is None else (theirs.timestamp - ours.timestamp) % 2**32
        if off:
            cause = self.timestamp_cause(ours, theirs, off)
            self.differ(theirs.frame, f"{where}: timestamp ours {ours.timestamp} tshark {theirs.timestamp}", cause)
        self.off[stream] = off
        self.before[stream].append(theirs)
        self.missed.pop(stream, None)
        self.opened.add(stream)
        self.matched, self.astray = theirs, False
        self.other_frame += theirs.frame != ours.last
        self.equal += len(self.differences) == count

    def timestamp_cause(self, ours, theirs, off):
        before = self.before[ours.chunk_stream]
        if theirs.format in (1, 2) and theirs.extended and theirs.timestamp == theirs.field:
            # tshark shows a delta as the time. Some senders do write the time there: then its clock runs on smoothly,
            # and it is we who are wrong.
            step = (theirs.field - before[-1].timestamp) % 2**32 if before else 2**31
            return None if step < SMOOTH else "extended-delta"
        if theirs.format == 3 and self.extended(ours.chunk_stream):
            return "extended-type-3"
        if theirs.format == 3 and before and before[-1].format == 0:
            # For tshark the delta is the difference between the last two times, whatever the headers said.
            earlier = before[-2].timestamp if len(before) > 1 else 0
            if theirs.timestamp == (2 * before[-1].timestamp - earlier) % 2**32:
                return "type-3-after-type-0"
        if theirs.format and off == self.off[ours.chunk_stream]:
            return "carried"
        return self.missed.get(ours.chunk_stream) if theirs.format else None

    def extended(self, chunk_stream):
        """Whether the last full header of a chunk stream had an extended timestamp."""
        headers = [message for message in self.before[chunk_stream] if message.format < 3]
        return bool(headers) and headers[-1].extended

    def one_sided(self, ours, theirs):
        """What only one side has, between two aligned messages or at the end."""
        lost = self.lost_cause(ours[0] if ours else None)
        for message in theirs:
            what = f"only tshark's: chunk stream {message.chunk_stream} type {message.type} length {message.length}"
            # A short header on a chunk stream that nothing opened: that was payload.
            payload = message.type == 0 and message.format >= 2 and message.chunk_stream not in self.opened
            self.astray = self.astray or payload
            if message.format < 2:
                self.opened.add(message.chunk_stream)
            self.differ(message.frame, what, "unknown-0x0" if payload else self.astray and "astray" or None)
        if ours:
            cause = lost or (self.astray and "astray") or None
            kinds = ", ".join(f"{count} of type {kind}" for kind, count in
                              sorted(collections.Counter(message.type for message in ours).items()))
            at = f"in frame {self.matched.frame}" if self.matched else "nowhere"
            what = f"only ours, until frame {ours[-1].last}: {kinds}; tshark's last message before is {at}"
            self.differ(ours[0].last, what, cause)
            self.missed.update((message.chunk_stream, cause) for message in ours)

    def lost_cause(self, first):
        """Why tshark does not find our message `first`."""
        if first is None:
            return None
        after = self.matched.frame if self.matched else 0
        if self.has_gap:
            return "gap"
        if any(after <= frame <= first.last for frame in self.malformed):
            return "malformed"
        if self.matched and self.matched.format == 3 and self.extended(self.matched.chunk_stream):
            return "extended-type-3"
        if (first.timestamp or 0) >= EXTENDED and (first.chunks > 1 or first.format == 3):
            return "extended-type-3"
        if self.start == "midstream":
            return "midstream"
        return None


class Result:
    """What comparing one capture gave."""

    def __init__(self, capture):
        self.capture, self.directions, self.skipped = capture, [], []

    def count(self, of):
        return sum(of(direction) for direction in self.directions)

    @property
    def differences(self):
        return [difference for direction in self.directions for difference in direction.differences]

    @property
    def unexplained(self):
        return [difference for difference in self.differences if difference.cause is None]

    def row(self):
        causes = collections.Counter(difference.cause for difference in self.differences if difference.cause)
        explained = ", ".join(f"{cause} {count}" for cause, count in sorted(causes.items()))
        cells = [os.path.basename(self.capture), self.count(lambda it: len(it.ours)),
                 self.count(lambda it: len(it.theirs)), self.count(lambda it: it.equal), explained or "–",
                 len(self.unexplained), ", ".join(self.skipped) or "–"]
        return "| " + " | ".join(str(cell) for cell in cells) + " |"


def compare(capture, binary, names):
    result = Result(capture)
    sessions, ours, gaps = our_events(binary, capture)
    connections, frames = connections_of(capture)

    # The n-th session between two endpoints is the n-th connection between them.
    waiting = collections.defaultdict(list)
    for number in sorted(connections):
        waiting[frozenset(connections[number].ends)].append(number)
    session_of, ports = {}, set()
    for number, session in sorted(sessions.items()):
        streams = waiting[frozenset((session["client"], session["server"]))]
        stream = streams.pop(0) if streams else None
        if session["protocol"] != "rtmp" or stream is None:
            why = session["protocol"] if stream is not None else "no such connection in tshark"
            result.skipped.append(f"session {number}: {why}")
            continue
        session_of[stream] = number
        ports.add(int(session["server"].rpartition(":")[2]))

    messages, malformed = tshark_messages(capture, ports, names) if ports else ([], set())
    theirs, torn = collections.defaultdict(list), collections.defaultdict(set)

    def direction_of(frame):
        stream, source = frames.get(frame, (None, None))
        number = session_of.get(stream)
        return number and (number, "client" if source == sessions[number]["client"] else "server")

    for message in messages:
        if direction_of(message.frame):
            theirs[direction_of(message.frame)].append(message)
    for frame in malformed:
        if direction_of(frame):
            torn[direction_of(frame)].add(frame)
    for number in sorted(session_of.values()):
        for side in ("client", "server"):
            key = (number, side)
            direction = Direction(number, side, ours[key], theirs[key], torn[key], sessions[number]["start"],
                                  key in gaps)
            direction.proxied = "proxied" in sessions[number]
            direction.compare()
            result.directions.append(direction)
    return result


def tshark_only(capture, names):
    """Counts what tshark finds, for when there is no program to compare with."""
    connections, frames = connections_of(capture)
    ports = {int(next(end for end in it.ends if end != it.client).rpartition(":")[2])
             for it in connections.values() if len(set(it.ends)) == 2}
    messages, malformed = tshark_messages(capture, ports, names)
    counts = collections.Counter()
    for message in messages:
        stream, source = frames[message.frame]
        side = "client" if source == connections[stream].client else "server"
        counts[stream, side, "unknown" if message.type == 0 else "known"] += 1
    print(f"{capture}: {len(messages)} messages, {len(malformed)} malformed frames")
    for (stream, side, kind), count in sorted(counts.items()):
        print(f"  connection {stream} {side}: {count} {kind}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("captures", nargs="+", metavar="CAPTURE")
    parser.add_argument("--bin", default=default_binary(), help="the program (default: %(default)s)")
    parser.add_argument("--summary", action="store_true", help="a Markdown table, a row a capture, and nothing else")
    parser.add_argument("--tshark-only", action="store_true", help="count what tshark finds, compare nothing")
    arguments = parser.parse_args()
    status, results = 0, []
    names = type_names()
    if arguments.summary:
        print("| capture | ours | tshark | equal | differences explained | unexplained | not compared |")
        print("| --- | ---: | ---: | ---: | --- | ---: | --- |")
    for capture in arguments.captures:
        try:
            if arguments.tshark_only:
                tshark_only(capture, names)
                continue
            result = compare(capture, arguments.bin, names)
        except (Trouble, OSError, json.JSONDecodeError, KeyError) as error:
            print(f"tshark.py: {capture}: {type(error).__name__}: {error}", file=sys.stderr)
            status = 2
            continue
        results.append(result)
        print(result.row() if arguments.summary else report(result), flush=True)
    if arguments.summary and len(results) > 1:
        totals = [sum(result.count(of) for result in results) for of in
                  (lambda it: len(it.ours), lambda it: len(it.theirs), lambda it: it.equal)]
        explained = sum(len(result.differences) - len(result.unexplained) for result in results)
        unexplained = sum(len(result.unexplained) for result in results)
        print("| **all** | " + " | ".join(str(cell) for cell in [*totals, explained, unexplained]) + " | |")
    return status or int(any(result.unexplained for result in results))


def report(result):
    lines = [f"{result.capture}: ours {result.count(lambda it: len(it.ours))}, "
             f"tshark {result.count(lambda it: len(it.theirs))}, equal {result.count(lambda it: it.equal)}, "
             f"differences {len(result.differences)}, unexplained {len(result.unexplained)}, "
             f"completed in another frame {result.count(lambda it: it.other_frame)}"]
    lines += [f"  not compared: {skipped}" for skipped in result.skipped]
    lines += [f"  session {it.session} {it.side}: frame {it.frame}: {it.what} [{it.cause or 'UNEXPLAINED'}]"
              for it in result.differences]
    return "\n".join(lines)


def default_binary():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(root, "target"))
    return os.path.normpath(os.path.join(target, "release", "rtmp-inspect"))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Trouble as trouble:
        sys.exit(f"tshark.py: {trouble}")
