#!/usr/bin/env python3
"""Recomputes what `rtmp-inspect stats --json` says over time from the messages of `rtmp-inspect --json`, and compares.

Nothing of the program's code is used: the formulas are those of docs/stats.md. Sessions whose series folded seconds together, and those
of FTL, are compared by their sums alone, and not at all. Only the standard library is needed.
"""

import argparse
import collections
import datetime
import json
import os
import subprocess
import sys

JUMP = 10_000
TIMES = 32
FRAMES = (None, "coded_frames", "coded_frames_x")
CONFIGURATIONS = ("sequence_start", "mpeg2ts_sequence_start")
KEYS = ("key", "generated_key")


def lines(binary, *arguments):
    process = subprocess.run([binary, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return [json.loads(line) for line in process.stdout.splitlines()]


def nanoseconds(time):
    """Of an RFC 3339 time in UTC, since 1970."""
    whole, _, fraction = time.rstrip("Z").partition(".")
    seconds = datetime.datetime.fromisoformat(whole + "+00:00").timestamp()
    return int(seconds) * 10**9 + int(fraction.ljust(9, "0") or 0)


def apart(before, now):
    """Ms from one time to another, which wrap at 2^32."""
    return (now - before + 2**31) % 2**32 - 2**31


def parts(message):
    """What of a message is audio or video: kind, track, bytes, time in ms, body."""
    inside = message["aggregate"]["messages"] if "aggregate" in message else [message]
    for one in inside:
        kind = {8: "audio", 9: "video"}.get(one["type"])
        if kind not in one or not one["length"]:
            continue
        body = one[kind]
        time = one.get("timestamp") if "timestamp" in message else None
        if "multitrack_type" in body:
            for track in body.get("tracks", []):
                # The one track of a message has what is left behind header, multitrack type, FourCC and track id.
                yield kind, track["track_id"], track.get("length", one["length"] - 7), time, {**track, "frame_type": track.get("frame_type", body.get("frame_type"))}
        else:
            yield kind, 0, one["length"], time, body


class Track:
    """A sender's audio or video on a message stream."""

    def __init__(self, kind):
        self.kind = kind
        self.turn, self.clock, self.codec = 0, None, None
        self.seconds = collections.defaultdict(dict)
        self.totals = collections.Counter()
        self.groups, self.depth, self.wait, self.highest = [], 0, 0, 0.0

    def most(self, second, key, value):
        span = self.seconds[second]
        span[key] = max(span.get(key, value), value)

    def add(self, second, key, count=1):
        if count:
            self.seconds[second][key] = self.seconds[second].get(key, 0) + count
            self.totals[key] += count

    def part(self, second, at, length, time, body):
        is_command = body.get("frame_type") == "command"
        is_configuration = body.get("packet_type") in CONFIGURATIONS
        is_frame = not is_command and body.get("packet_type") in FRAMES
        if not (is_configuration or is_frame) and self.codec is None and not self.seconds:
            return False
        for key in ("frames", "bytes", "largest_frame"):
            self.seconds[second].setdefault(key, 0)
        self.add(second, "configurations", is_configuration)
        codec = body.get("codec")
        if (is_configuration or is_frame) and codec:
            self.add(second, "codec_changes", self.codec not in (None, codec))
            self.codec = codec
        if is_frame:
            self.frame(second, at, length, time, body)
        return is_frame

    def frame(self, second, at, length, time, body):
        is_key = body.get("frame_type") in KEYS and self.kind == "video"
        self.add(second, "frames")
        self.add(second, "bytes", length)
        self.most(second, "largest_frame", length)
        self.add(second, "key_frames", is_key)
        if time is None:
            self.clock = None
            self.turn += 1
            return
        clock = self.clock if self.clock and self.clock["turn"] == self.turn else None
        is_new = clock is None
        if is_new:
            clock = {"turn": self.turn, "jitter": 0.0, "times": [], "shown": [], "group": None, "run": None}
        else:
            step, wait = apart(clock["time"], time), at - clock["at"]
            self.most(second, "longest_wait_ms", wait / 1e6)
            self.wait = max(self.wait, wait)
            self.add(second, "back", step < 0)
            self.add(second, "jumps", step > JUMP)
            self.add(second, "same_times", step == 0)
            self.add(second, "repeated_times", step != 0 and time in clock["times"])
            if 0 <= step <= JUMP:
                clock["jitter"] += (abs(wait - step * 1_000_000) - clock["jitter"]) / 16
                self.seconds[second]["jitter_ms"] = clock["jitter"] / 1e6
                self.highest = max(self.highest, clock["jitter"])
                clock["run"] += step
                clock["late"] += wait - step * 1_000_000
                clock["earliest"] = min(clock["earliest"], clock["late"])
                self.most(second, "latest_ms", (clock["late"] - clock["earliest"]) / 1e6)
            else:
                clock["jitter"], clock["run"] = 0.0, None
                self.most(second, "latest_ms", 0.0)
        if clock["run"] is None:
            clock.update(run=0, late=0, earliest=0, key=None)
        clock["time"], clock["at"] = time, at
        clock["times"] = (clock["times"] + [time])[-TIMES:]
        if is_key:
            if clock["key"] is not None:
                self.most(second, "key_interval_ms", clock["run"] - clock["key"])
            clock["key"] = clock["run"]
            if clock["group"] is not None:
                self.groups.append(clock["group"])
            clock["group"], clock["shown"] = 0, []
        if clock["group"] is not None:
            clock["group"] += 1
        if "composition_time" in body:
            shown = (time + body["composition_time"]) % 2**32
            depth = sum(1 for earlier in clock["shown"] if apart(earlier, shown) < 0)
            self.add(second, "reordered_frames", depth > 0)
            self.depth = max(self.depth, depth)
            clock["shown"] = (clock["shown"] + [shown])[-TIMES:]
        self.clock = clock


class Session:
    """A session, from its lines."""

    def __init__(self):
        self.tracks = {}
        self.sides = {side: collections.defaultdict(lambda: {"messages": 0, "payload_bytes": 0}) for side in ("client", "server")}
        # Bytes of a side: at least so many, and whether that is all, because none of its messages lies inside of another.
        self.sent = {side: [0, True] for side in self.sides}
        self.start = None

    def lose(self, side):
        for key, track in self.tracks.items():
            if key[0] == side:
                track.turn += 1

    def reset(self, stream):
        for key, track in self.tracks.items():
            if stream is None or key[1] == stream:
                track.turn += 1

    def take(self, line):
        event = line["event"]
        if event in ("gap", "undecodable") or event == "incomplete" and line["why"] not in ("closed", "end_of_capture"):
            self.lose(line["from"])
        elif event == "deviation":
            self.deviations = True
        elif event == "handshake":
            self.sent[line["from"]][0] = max(self.sent[line["from"]][0], line["offset"] + {"0": 1}.get(line["step"][1], 1536))
        elif event == "message" and "type" in line:
            self.message(line)

    def message(self, line):
        side, at = line["from"], nanoseconds(line["time"])
        second, stream = max(at - self.start, 0) // 10**9, line.get("message_stream_id", 0)
        span = self.sides[side][second]
        span["messages"] += 1
        span["payload_bytes"] += line["length"]
        if line["type"] == 5 and "window_size" in line:
            span["window"] = line["window_size"]
        if line["type"] == 3 and "sequence_number" in line:
            sent, is_exact = self.sent["server" if side == "client" else "client"]
            rest = (sent - line["sequence_number"]) % 2**32
            if sent and rest < 2**31:
                span["unacknowledged"] = max(span.get("unacknowledged", 0), rest)
            if not is_exact:
                span["about"] = True
        sent = self.sent[side]
        sent[1] &= line["offset"] >= sent[0]
        sent[0] = max(sent[0], line["offset"] + line["size"])
        command, data, control = line.get("command"), line.get("data"), line.get("user_control")
        found = list(parts(line))
        if "aggregate" in line or line["type"] in (8, 9):
            self.media(side, stream, second, at, found)
        elif command and command["name"] not in ("_result", "_error"):
            self.reset(stream or None)
        elif control and "stream_id" in control:
            self.reset(control["stream_id"])
        elif data and data.get("name") in ("onStatus", "onPlayStatus"):
            self.reset(stream)

    def media(self, side, stream, second, at, found):
        for kind, number, length, time, body in found:
            key = (side, stream, kind, number)
            track = self.tracks.setdefault(key, Track(kind))
            if not track.part(second, at, length, time, body):
                continue
            other = (side, stream, "video" if kind == "audio" else "audio", 0)
            pair = (track, self.tracks.get(other)) if kind == "audio" else (self.tracks.get(other), track)
            if not all(pair) or not all(one.clock and one.clock["turn"] == one.turn for one in pair):
                continue
            pair[0].seconds[second]["ahead_of_video_ms"] = apart(pair[1].clock["time"], pair[0].clock["time"])


def same(ours, theirs):
    if isinstance(ours, float) or isinstance(theirs, float):
        return theirs is not None and ours is not None and abs(ours - theirs) < 0.0011
    return ours == theirs


def differences(what, told, known, left_out=()):
    for key in sorted((set(told) | set(known)) - {"s", *left_out}):
        if not same(told.get(key), known.get(key)):
            yield f"{what}: {key} is {told.get(key)}, by the messages {known.get(key)}"


def compare(stats, session):
    """What differs between a line of `stats` and what the messages of the session come to."""
    series = stats["series"]
    for side in ("client", "server"):
        told, known = series[side], session.sides[side]
        if told["span_s"] != 1:
            for key in ("messages", "payload_bytes"):
                sums = sum(span[key] for span in told["spans"]), sum(span[key] for span in known.values())
                if sums[0] != sums[1]:
                    yield f"{side}: {key} are {sums[0]} in all, by the messages {sums[1]}"
            continue
        # When TCP sent something again, and how long that took, only packets tell.
        spans = {span["s"]: span for span in told["spans"]}
        for second in sorted(set(spans) | set(known)):
            one, other = spans.get(second, {}), dict(known.get(second, {"messages": 0, "payload_bytes": 0}))
            about = ("unacknowledged",) if other.pop("about", False) else ()
            yield from differences(f"{side}, second {second}", one, other, ("retransmissions", "round_trip_ms", *about))
        again = stats["sent"][side].get("tcp", {}).get("retransmissions", 0)
        if sum(span.get("retransmissions", 0) for span in told["spans"]) != again:
            yield f"{side}: retransmissions do not come to {again}"
    tracks = {(line["from"], line["message_stream_id"], line["kind"], line["track"]): line for line in stats["tracks"]}
    for line in series["tracks"]:
        key = (line["from"], line["message_stream_id"], line["kind"], line["track"])
        known = session.tracks.get(key)
        if known is None:
            yield f"{key}: the messages have no such track"
            continue
        if line["span_s"] == 1:
            spans = {span["s"]: span for span in line["spans"]}
            for second in sorted(set(spans) | set(known.seconds)):
                yield from differences(f"{key}, second {second}", spans.get(second, {}), known.seconds.get(second, {}))
        of_all = {key: known.totals[key] for key in ("frames", "bytes", "reordered_frames", "codec_changes", "same_times", "repeated_times", "back", "jumps")}
        of_all |= {"reorder_depth": known.depth, "longest_wait_ms": known.wait / 1e6, "highest_jitter_ms": known.highest / 1e6}
        told = {key: tracks[key_of(line)].get(key, 0) for key in of_all}
        yield from differences(str(key), told, of_all)
        group = tracks[key_of(line)].get("group_frames")
        if bool(group) != bool(known.groups) or group and (group["least"], group["most"]) != (min(known.groups), max(known.groups)):
            yield f"{key}: groups of {group}, by the messages {known.groups[:9]}"


def key_of(line):
    return (line["from"], line["message_stream_id"], line["kind"], line["track"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="+")
    parser.add_argument("--binary", default="target/debug/rtmp-inspect")
    parser.add_argument("--most", type=int, default=64 << 20, help="leave out captures of more bytes")
    arguments = parser.parse_args()
    sessions = spans = wrong = 0
    for path in arguments.captures:
        if os.path.getsize(path) > arguments.most:
            continue
        found = collections.defaultdict(Session)
        stats = {line["session"]: line for line in lines(arguments.binary, "stats", "--json", path) if "session" in line}
        for line in lines(arguments.binary, "--json", path):
            if "session" in line and line["session"] in stats:
                session = found[line["session"]]
                if session.start is None:
                    session.start = nanoseconds(stats[line["session"]]["time"])
                session.take(line)
        for number, line in stats.items():
            if "series" not in line or getattr(found[number], "deviations", False) or line.get("left_out"):
                continue
            sessions += 1
            spans += sum(len(one["spans"]) for one in [line["series"]["client"], line["series"]["server"], *line["series"]["tracks"]])
            for what in compare(line, found[number]):
                wrong += 1
                print(f"{path}: session {number}: {what}")
    print(f"{sessions} sessions, {spans} spans, {wrong} differences")
    return 1 if wrong or not sessions else 0


if __name__ == "__main__":
    sys.exit(main())
