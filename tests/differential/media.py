#!/usr/bin/env python3
"""Compares what `rtmp-inspect extract --flv` and `--media` write with what other programs make of the same captures.

Of every stream:
- decode: ffmpeg decodes the FLV and every elementary stream without a word.
- figures: ffprobe's packets, key frames, bytes and duration of the FLV are those of `stats --json`.
- hashes: what ffmpeg decodes of an elementary stream is, frame by frame, what it decodes of the FLV.
- frames: ffprobe finds as many packets in an elementary stream as the command says that it wrote, and for FTL `stats`.
- tags: the FLV's tags are those that a second reader finds, which has TCP from tshark and reads handshake, chunks and
  aggregates here, in this file.

A difference is explained where the capture, not the program, is its reason: the stream's notes say what is missing, the
stream has no sequence header, ffmpeg does not know the codec in FLV, or it says the same of what the second reader found.
All others are marked UNEXPLAINED, and the exit status is 1.

Needs ffmpeg, ffprobe and tshark. FFmpeg before 6.1 does not know Enhanced RTMP: where PyAV, which brings a newer one, is
there (pip install av), it decodes such FLV files and their elementary streams, and their frames must be the same.
"""

import argparse
import collections
import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

try:
    import av
    av.logging.set_level(av.logging.ERROR)
except ImportError:
    av = None

AUDIO, VIDEO, AMF3_DATA, DATA, AGGREGATE = 8, 9, 15, 18, 22
SET_DATA_FRAME = b"\x02\x00\x0d@setDataFrame"
# Notes that say that something is missing in a file, or in what a decoder needs.
LOSSES = {"gap", "incomplete", "undecodable", "midstream", "deviation", "problem", "limit"}
OLD_FFMPEG = "ffmpeg does not know Enhanced RTMP in FLV"
PROXY_2 = b"\r\n\r\n\0\r\nQUIT\n"
Tag = collections.namedtuple("Tag", "kind time payload")


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def tags_of(path):
    """The tags of an FLV file; what is wrong with the file besides."""
    with open(path, "rb") as file:
        data = file.read()
    tags, troubles, at, before = [], [], 9, 0
    if data[:4] != b"FLV\x01" or data[5:9] != b"\0\0\0\x09":
        return [], ["no FLV header"]
    while True:
        if int.from_bytes(data[at:at + 4], "big") != before:
            troubles.append(f"the size of the tag before {at} is not {before}")
        at += 4
        if at == len(data):
            break
        size = int.from_bytes(data[at + 1:at + 4], "big")
        time = int.from_bytes(data[at + 4:at + 7], "big") | data[at + 7] << 24
        payload = data[at + 11:at + 11 + size]
        if len(payload) != size:
            return tags, troubles + ["the last tag is cut"]
        tags.append(Tag(data[at], time, payload))
        before = size + 11
        at += before
    kinds = {tag.kind for tag in tags}
    if data[4] != (4 if AUDIO in kinds else 0) | (1 if VIDEO in kinds else 0):
        troubles.append(f"the header's flags are {data[4]}, and there are tags of {sorted(kinds)}")
    return tags, troubles


def proxied(data):
    """Bytes of a PROXY protocol header in front of the handshake."""
    if data.startswith(b"PROXY "):
        return data.index(b"\r\n") + 2
    if data.startswith(PROXY_2):
        return 16 + int.from_bytes(data[14:16], "big")
    return 0


class Second:
    """The second reader: one direction of RTMP from its first byte on. Source: RTMP 1.0 section 5."""

    def __init__(self, data):
        self.data, self.size, self.streams = data, 128, {}
        self.at = proxied(data) + 1 + 2 * 1536

    def take(self, count):
        if self.at + count > len(self.data):
            raise EOFError
        self.at += count
        return self.data[self.at - count:self.at]

    def messages(self):
        """Message stream, kind, time and payload of each message in the order in which they end."""
        try:
            while True:
                first = self.take(1)[0]
                form, number = first >> 6, first & 63
                if number == 0:
                    number = 64 + self.take(1)[0]
                elif number == 1:
                    low, high = self.take(2)
                    number = 64 + low + (high << 8)
                stream = self.streams.setdefault(number, {"time": 0, "step": 0, "payload": b"", "extended": False})
                if form < 3:
                    field = int.from_bytes(self.take(3), "big")
                    if form < 2:
                        stream["length"] = int.from_bytes(self.take(3), "big")
                        stream["kind"] = self.take(1)[0]
                    if form == 0:
                        stream["id"] = int.from_bytes(self.take(4), "little")
                    stream["extended"] = field == 0xFFFFFF
                    if stream["extended"]:
                        field = int.from_bytes(self.take(4), "big")
                        stream["field"] = field
                    stream["step"] = field
                elif stream["extended"]:
                    # Some senders leave it out: it is there where it says the same, or, of those who write each message's own
                    # time there, about the same.
                    field = int.from_bytes(self.data[self.at:self.at + 4], "big")
                    if field == stream["field"] or not stream.get("under_way") and abs(field - stream["field"]) < 10_000:
                        self.take(4)
                if not stream["payload"] and not stream.get("under_way"):
                    if form == 0:
                        stream["time"] = stream["step"]
                    else:
                        stream["time"] = (stream["time"] + stream["step"]) & 0xFFFFFFFF
                stream["under_way"] = True
                left = stream["length"] - len(stream["payload"])
                stream["payload"] += self.take(min(left, self.size))
                if len(stream["payload"]) == stream["length"]:
                    payload, stream["payload"], stream["under_way"] = stream["payload"], b"", False
                    if stream["kind"] == 1:
                        self.size = int.from_bytes(payload[:4], "big") & 0x7FFFFFFF
                    yield stream["id"], stream["kind"], stream["time"], payload
        except (EOFError, KeyError):
            # It ends, or goes on with what is no chunk: a direction that is reset, or that is not what RTMP says.
            return

    def tags(self):
        """Audio, video and data of every message stream, as files have them."""
        found = collections.defaultdict(list)
        for stream, kind, time, payload in self.messages():
            if kind == AGGREGATE:
                at, first = 0, None
                while at + 11 <= len(payload):
                    size = int.from_bytes(payload[at + 1:at + 4], "big")
                    own = int.from_bytes(payload[at + 4:at + 7], "big") | payload[at + 7] << 24
                    first = own if first is None else first
                    inside = payload[at + 11:at + 11 + size]
                    if len(inside) == size:
                        found[stream].append(tag(payload[at], (time + own - first) & 0xFFFFFFFF, inside))
                    at += 11 + size + 4
            else:
                found[stream].append(tag(kind, time, payload))
        return {stream: [tag for tag in tags if tag] for stream, tags in found.items()}


def tag(kind, time, payload):
    if kind == AMF3_DATA and payload[:2] == b"\0\x02":
        kind, payload = DATA, payload[1:]
    if kind == DATA and payload.startswith(SET_DATA_FRAME):
        payload = payload[len(SET_DATA_FRAME):]
    return Tag(kind, time, payload) if kind in (AUDIO, VIDEO, DATA, AMF3_DATA) else None


def follow(capture, client, server):
    """What both sides of a connection sent, as tshark puts it together; None where it has a hole."""
    result = run("tshark", "-r", capture, "-o", "tcp.check_checksum:FALSE", "-q", "-z", f"follow,tcp,raw,{client},{server}")
    sides, nodes = [bytearray(), bytearray()], []
    for line in result.stdout.decode(errors="replace").splitlines():
        if line.startswith("Node "):
            nodes.append(line.split(": ", 1)[1])
            continue
        text = line.strip()
        if text and all(character in "0123456789abcdef" for character in text):
            sides[line.startswith("\t")].extend(bytes.fromhex(text))
    if len(nodes) != 2:
        return None
    if nodes[0].replace("[", "").replace("]", "") != client.replace("[", "").replace("]", ""):
        sides.reverse()
    return {"client": bytes(sides[0]), "server": bytes(sides[1])}


def hashes(path, kind, whole):
    """What ffmpeg decodes of a file's audio or video, a hash a frame, or one of the `whole`; and what it says meanwhile."""
    result = run("ffmpeg", "-v", "error", "-i", path, "-map", f"0:{kind}:0", "-fps_mode", "passthrough", "-copyts",
                 "-f", "hash" if whole else "framemd5", *(["-hash", "md5"] if whole else []), "-")
    if whole:
        return result.stdout.decode().split(), result.stderr.decode(errors="replace").strip()
    lines = [line for line in result.stdout.decode().splitlines() if line and not line.startswith("#")]
    return [line.rsplit(",", 1)[1].strip() for line in lines], result.stderr.decode(errors="replace").strip()


def frames_of(path, kind, at=0):
    """What PyAV decodes of a file's audio or video, a hash a frame; and what it says meanwhile."""
    found = []
    try:
        with av.open(path) as container:
            streams = container.streams.video if kind == "v" else container.streams.audio
            for frame in container.decode(streams[at]):
                digest = hashlib.md5()
                for number, plane in enumerate(frame.planes):
                    data = bytes(plane)
                    if kind == "v":
                        # Lines are padded.
                        used = min(plane.line_size, plane.width * max(1, (frame.format.components[number].bits + 7) // 8))
                        for line in range(plane.height):
                            digest.update(data[line * plane.line_size:line * plane.line_size + used])
                    else:
                        digest.update(data[:frame.samples * frame.format.bytes *
                                           (1 if frame.format.is_planar else len(frame.layout.channels))])
                found.append(digest.hexdigest())
    except (av.FFmpegError, IndexError) as error:
        return found, str(error) or type(error).__name__
    return found, ""


def words(said):
    """What a decoder says, without where in memory it is."""
    return [re.sub(r" @ 0x[0-9a-f]+", "", line) for line in said.splitlines()]


def probe(path):
    result = run("ffprobe", "-v", "error", "-show_entries",
                 "stream=index,codec_type,codec_name:packet=stream_index,size,flags,dts_time,dts", "-of", "json", path)
    return json.loads(result.stdout or b"{}")


class Report:
    def __init__(self, verbose):
        self.verbose, self.counts = verbose, collections.Counter()

    def same(self, what):
        self.counts[what, "same"] += 1

    def differs(self, what, where, how, reason):
        self.counts[what, reason or "UNEXPLAINED"] += 1
        if self.verbose or not reason:
            print(f"{where}: {what}: {how}: {reason or 'UNEXPLAINED'}")


def notes_of(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def has_configuration(tags):
    """Whether each kind that needs a sequence header has one."""
    needs = {AUDIO: False, VIDEO: False}
    has = {AUDIO: False, VIDEO: False}
    for tag_ in tags:
        if tag_.kind == AUDIO and len(tag_.payload) > 1 and tag_.payload[0] >> 4 == 10:
            needs[AUDIO] |= tag_.payload[1] == 1
            has[AUDIO] |= tag_.payload[1] == 0
        if tag_.kind == VIDEO and len(tag_.payload) > 1 and tag_.payload[0] & 15 == 7 and tag_.payload[0] < 128:
            needs[VIDEO] |= tag_.payload[1] == 1
            has[VIDEO] |= tag_.payload[1] == 0
    return all(has[kind] or not needs[kind] for kind in needs)


def is_enhanced(tags):
    return any(tag_.payload and (tag_.kind == VIDEO and tag_.payload[0] & 0x80 or tag_.kind == AUDIO and
               tag_.payload[0] >> 4 == 9) for tag_ in tags)


def set_anew(timeline, session, side, kind, stream):
    """The steps of a track's times that `stats` leaves out: a command or a status on the message stream stands between."""
    sum_, last, is_set = 0, None, False
    for event in timeline:
        if event["event"] != "message" or event["session"] != session:
            continue
        # deleteStream names the stream, and is sent on message stream 0.
        if "command" in event and (event.get("message_stream_id") == stream or event["command"].get("name") == "deleteStream"):
            is_set = True
        elif event.get("message_stream_id") != stream:
            continue
        elif event["from"] == side and kind in event and event[kind].get("packet_type") not in ("sequence_start", "sequence_end"):
            if last is not None and is_set:
                sum_ += event["timestamp"] - last
            last, is_set = event["timestamp"], False
    return sum_


def check_figures(where, path, timeline, tracks, reason, report):
    """ffprobe's figures of an FLV file beside those of `stats`, which are of the same message stream."""
    session = int(os.path.basename(path).split("-")[1])
    found = probe(path)
    for stream in found.get("streams", []):
        kind = stream["codec_type"]
        if kind not in ("audio", "video"):
            continue
        packets = [packet for packet in found.get("packets", []) if packet["stream_index"] == stream["index"]]
        mine = [track for track in tracks if track["kind"] == kind]
        if len(mine) != 1:
            report.differs("figures", where, f"{len(mine)} tracks of {kind} in stats", reason or "several streams in one session")
            continue
        track = mine[0]
        # Bytes of stats count the header in front of the codec's own bytes.
        header = (5 if track.get("codec") == "h264" else 1) if kind == "video" else (2 if track.get("codec") == "aac" else 1)
        theirs = {"frames": len(packets), "bytes": sum(int(packet["size"]) for packet in packets) + header * len(packets)}
        ours = {"frames": track["frames"], "bytes": track["bytes"]}
        if kind == "video":
            theirs["key_frames"] = sum("K" in packet["flags"] for packet in packets)
            ours["key_frames"] = track.get("key_frames", 0)
        times = [int(packet["dts"]) for packet in packets if "dts" in packet]
        if len(times) > 1 and not track.get("back") and not track.get("jumps"):
            theirs["media_ms"] = times[-1] - times[0]
            ours["media_ms"] = track["media_ms"] + set_anew(timeline, session, track["from"], kind, track["message_stream_id"])
        if ours == theirs:
            report.same("figures")
        else:
            report.differs("figures", where, f"{kind} {track.get('codec')}: ours {ours}, ffprobe {theirs}", reason)


def side_of(path):
    return "server" if "-play-" in os.path.basename(path) or "from-server" in path else "client"


def check_flv(capture, path, tags, troubles, confirmed, timeline, stats, report):
    """Why what is made of the same stream may differ, if there is a reason; and what ffmpeg says of the sender's own tags."""
    session = int(os.path.basename(path).split("-")[1])
    where = f"{os.path.basename(capture)} {os.path.basename(path)}"
    for trouble in troubles:
        report.differs("form", where, trouble, None)
    if not troubles:
        report.same("form")
    notes = notes_of(path + ".notes.jsonl")
    losses = sorted({note["event"] for note in notes} & LOSSES)
    reason = f"the capture: {', '.join(losses)}" if losses else None
    if is_enhanced(tags):
        reason = OLD_FFMPEG
    elif not has_configuration(tags):
        reason = reason or "no sequence header came"
    elif not any(tag_.kind in (AUDIO, VIDEO) and len(tag_.payload) > 2 for tag_ in tags):
        reason = "no frames"
    result = run("ffmpeg", "-v", "error", "-i", path, "-f", "null", "-")
    said = result.stderr.decode(errors="replace").strip()
    if said and all("non monotonically" in line or "Last message repeated" in line for line in said.splitlines()) and any(
            sorted(own) != own or len(set(own)) < len(own)
            for own in ([t.time for t in tags if t.kind == kind] for kind in (AUDIO, VIDEO))):
        reason = reason or "the sender's times repeat or go back"
    own = set()
    if said or result.returncode:
        if not reason and (session, side_of(path)) in confirmed:
            own = set(words(said))
        report.differs("decode", where, said.splitlines()[0] if said else "no word",
                       reason or ("the sender's: a second reader found the same tags" if own else None))
    else:
        report.same("decode")
    side = side_of(path)
    tracks = [track for track in stats.get(session, {}).get("tracks", []) if track["from"] == side]
    check_figures(where, path, timeline, tracks, reason, report)
    return reason, own


def check_media(capture, path, flv, reason, own, report):
    where = f"{os.path.basename(capture)} {os.path.basename(path)}"
    name = os.path.basename(path)
    kind = "v" if ".video" in name else "a"
    # Samples stand in FLV in frames, which WAV has none of.
    whole = name.endswith(".wav")
    mine, said = hashes(path, kind, whole)
    is_old = reason == OLD_FFMPEG
    if said or not mine:
        excuse = None if is_old else reason
        if said and set(words(said)) <= own:
            excuse = excuse or "the sender's: a second reader found the same tags"
        report.differs("decode", where, said.splitlines()[0] if said else "nothing is decoded", excuse)
    else:
        report.same("decode")
    if not os.path.exists(flv):
        return
    if is_old and not av:
        report.differs("hashes", where, "not decoded", reason)
        return
    if is_old:
        number = re.search(r"-track(\d+)", name)
        (mine, _), (theirs, said) = frames_of(path, kind), frames_of(flv, kind, int(number[1]) if number else 0)
    else:
        theirs, said = hashes(flv, kind, whole)
    if mine == theirs and mine:
        report.same("hashes by a newer ffmpeg" if is_old else "hashes")
    else:
        first = next((at for at, pair in enumerate(zip(mine, theirs)) if pair[0] != pair[1]), min(len(mine), len(theirs)))
        report.differs("hashes", where, f"{len(mine)} frames beside {len(theirs)}, other from frame {first} on: {said}",
                       None if is_old else reason)


def check_frames(capture, path, written, stats, reason, report):
    """How many frames are in a file, as its maker says and as ffprobe counts; of FTL, where whole ones alone are written, as `stats`."""
    where, name = f"{os.path.basename(capture)} {os.path.basename(path)}", os.path.basename(path)
    if name.endswith(".wav"):
        return
    theirs = len(probe(path).get("packets", []))
    ours = {written}
    if "-ftl." in name:
        kind = "video" if ".video" in name else "audio"
        sources = stats.get(int(name.split("-")[1]), {}).get("ftl", {}).get("sources", [])
        ours |= {sum(source.get("frames") or 0 for source in sources if source.get("kind") == kind)}
    if ours == {theirs}:
        report.same("frames")
    else:
        report.differs("frames", where, f"ours {sorted(map(str, ours))}, ffprobe {theirs}", reason if reason != OLD_FFMPEG else None)


def check_tags(capture, sessions, files, codes, report):
    """The tags of all files of a session beside those of the second reader. Gives the sessions and sides where they are the same."""
    confirmed = set()
    for number, session in sessions.items():
        mine = collections.defaultdict(list)
        losses = set()
        for path, tags, _ in sorted(files.get(number, []), key=lambda file: file[0]):
            mine[side_of(path)].extend(tags)
            losses |= {note["event"] for note in notes_of(path + ".notes.jsonl")} & LOSSES
        if not mine or session["protocol"] != "rtmp":
            continue
        where = f"{os.path.basename(capture)} session {number}"
        reason = f"the capture: {', '.join(sorted(losses))}" if losses else None
        sides = follow(capture, session["client"], session["server"])
        if session["start"] != "syn" or not sides:
            report.differs("tags", where, "not read a second time", "the connection's beginning is not there")
            continue
        for side, tags in mine.items():
            theirs = [tag_ for stream in Second(sides[side]).tags().values() for tag_ in stream]
            is_same = True
            for kind in (AUDIO, VIDEO, DATA):
                own, other = ([t for t in all_ if t.kind == kind] for all_ in (tags, theirs))
                # Metadata stand first here, and secrets in them are overwritten.
                if kind == DATA:
                    own, other = (sorted((t.time, len(t.payload)) for t in all_) for all_ in (own, other))
                if own == other:
                    report.same("tags")
                    continue
                is_same = False
                first = next((at for at, pair in enumerate(zip(own, other)) if pair[0] != pair[1]), min(len(own), len(other)))
                excuse = reason
                if kind != DATA and "CHK005" in codes[number] and [t.payload for t in own] == [t.payload for t in other]:
                    excuse = excuse or "the sender writes absolute times where steps belong, and only their times differ"
                report.differs("tags", f"{where} {side}", f"kind {kind}: {len(own)} beside {len(other)}, other from {first} on",
                               excuse)
            if is_same:
                confirmed.add((number, side))
    return confirmed


def check(capture, binary, report, extra):
    with tempfile.TemporaryDirectory() as folder:
        flv, media = os.path.join(folder, "flv"), os.path.join(folder, "media")
        result = run(binary, "extract", "--flv", flv, "--media", media, *extra, capture)
        if result.returncode not in (0, 2):
            report.differs("run", capture, result.stderr.decode(errors="replace").strip()[-300:], None)
            return
        written = {}
        for line in result.stdout.decode().splitlines():
            found = re.match(r".*/(\S+): (\w+), (\d+) frames?, \d+ bytes?$", line)
            if found:
                written[found[1]] = int(found[3])
        sessions, codes = {}, collections.defaultdict(set)
        timeline = [json.loads(line) for line in run(binary, "--json", *extra, capture).stdout.splitlines()]
        for event in timeline:
            if event["event"] == "session":
                sessions[event["session"]] = event
            elif event["event"] == "finding":
                codes[event["session"]].add(event["code"])
        stats = {}
        for line in run(binary, "stats", "--json", *extra, capture).stdout.splitlines():
            event = json.loads(line)
            if "session" in event:
                stats[event["session"]] = event
        files, reasons = collections.defaultdict(list), {}
        for path in sorted(glob.glob(os.path.join(flv, "*.flv"))):
            files[int(os.path.basename(path).split("-")[1])].append((path, *tags_of(path)))
        confirmed = check_tags(capture, sessions, files, codes, report)
        for path, tags, troubles in (file for of_session in files.values() for file in of_session):
            reasons[os.path.basename(path)[:-4]] = check_flv(capture, path, tags, troubles, confirmed, timeline, stats, report)
        for path in sorted(glob.glob(os.path.join(media, "*"))):
            if path.endswith(".notes.jsonl"):
                continue
            name = os.path.basename(path)
            base = name[:max(name.rfind(".video"), name.rfind(".audio"))]
            notes = notes_of(os.path.join(media, base + ".media.notes.jsonl"))
            losses = {note["event"] for note in notes} & LOSSES
            track = name[len(base) + 1:].split(".")[0].replace("-track", " track ").split("-")[0]
            headless = any(note["text"].startswith(track + ":") and "came before it" in note["text"] for note in notes)
            reason, own = reasons.get(base, (None, set()))
            # A newer ffmpeg gives up a whole FLV file for a track without one.
            if headless or reason == OLD_FFMPEG and any("came before it" in note["text"] for note in notes):
                reason = "no sequence header came"
            reason = reason or (f"the capture: {', '.join(sorted(losses))}" if losses else None)
            check_frames(capture, path, written.get(name), stats, reason, report)
            check_media(capture, path, os.path.join(flv, base + ".flv"), reason, own, report)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("captures", nargs="+")
    parser.add_argument("--bin", default="target/release/rtmp-inspect")
    parser.add_argument("--verbose", action="store_true", help="also what is explained")
    arguments = parser.parse_args()
    report = Report(arguments.verbose)
    for capture in arguments.captures:
        check(capture, arguments.bin, report, [])
    for (what, how), number in sorted(report.counts.items()):
        print(f"{what}: {number} {how}")
    sys.exit(1 if any(how == "UNEXPLAINED" for _, how in report.counts) else 0)


if __name__ == "__main__":
    main()
