#!/usr/bin/env python3
"""Compares what `rtmp-inspect --json` says of audio and video with what ffprobe says of the same bytes.

The media messages of each direction and message stream are written as an FLV file, which ffprobe reads. Codec, profile,
level, size, frame rate, sample rate and channels are compared with the sequence headers (or the frames, for codecs
without) as our JSON has them. `--pyav FOLDER` asks PyAV, a newer libavformat, where ffprobe does not know the Enhanced
RTMP that a stream uses. Only the standard library is needed otherwise.
"""

import argparse
import collections
import fractions
import json
import os
import subprocess
import sys
import tempfile

KINDS = {8: "audio", 9: "video"}
FACTS = ("codec", "profile", "level", "width", "height", "frame_rate", "sample_rate", "channels")
# What libavcodec has for a level that it does not know.
LEVEL_UNKNOWN = -99

# A stream of one kind as either side has it: its facts by name, absent ones left out.
Stream = collections.namedtuple("Stream", "kind track facts")


class Trouble(Exception):
    """Something that keeps a capture from being compared."""


def messages(capture, binary):
    """The media and data messages of a capture by session, side and message stream."""
    process = subprocess.run([binary, "--json", "--payload", "hex", capture], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, check=False)
    if process.returncode and not process.stdout:
        raise Trouble(process.stderr.decode(errors="replace").strip())
    found = collections.defaultdict(list)
    for line in process.stdout.splitlines():
        event = json.loads(line)
        if event["event"] == "message" and event["type"] in (8, 9, 18) and event["payload"]:
            found[event["session"], event["from"], event["message_stream_id"]].append(event)
    # Some servers send what they have kept (metadata, sequence headers) on message stream 0, and the rest on the stream.
    for session, side in {(session, side) for session, side, stream in found}:
        streams = [stream for key, other, stream in found if (key, other) == (session, side)]
        if 0 in streams and len(streams) == 2:
            found[session, side, max(streams)] = sorted(
                found.pop((session, side, 0)) + found[session, side, max(streams)], key=lambda event: event["n"])
    return found


def write_flv(out, events):
    """An FLV file of the messages. Source: FLV 10.1 §E.2, §E.3, §E.4.1."""
    kinds = {event["type"] for event in events}
    out.write(b"FLV\x01" + bytes([(4 if 8 in kinds else 0) | (1 if 9 in kinds else 0)]) + b"\0\0\0\x09\0\0\0\0")
    start = min(event["timestamp"] for event in events)
    for event in events:
        payload = bytes.fromhex(event["payload"])
        # A server keeps the handler's name from what it stores and relays; a file has none.
        handler = b"\x02\x00\x0d@setDataFrame"
        if event["type"] == 18 and payload.startswith(handler):
            payload = payload[len(handler):]
        time = event["timestamp"] - start
        header = bytes([event["type"]]) + len(payload).to_bytes(3, "big") + (time & 0xFFFFFF).to_bytes(3, "big")
        header += bytes([time >> 24 & 0xFF]) + b"\0\0\0"
        out.write(header + payload + (len(header) + len(payload)).to_bytes(4, "big"))


def ours(events):
    """The streams that our JSON tells of, and whether any of them needs a reader of Enhanced RTMP."""
    streams, enhanced, multitrack = {}, False, False
    for event in events:
        kind = KINDS.get(event["type"])
        body = event.get(kind) if kind else None
        if not body or "frame_type" in body and body["frame_type"] == "command" and body.get("packet_type") != "metadata":
            continue
        enhanced |= body.get("enhanced", False)
        multitrack |= "tracks" in body
        for part in body.get("tracks", [body]):
            # What a stream says first: libavformat reads no further than it must.
            facts = streams.setdefault((kind, part.get("track_id", 0)), {})
            part_facts = {name: part[name] for name in FACTS if name in part and name != "level"}
            level = part.get("configuration", {}).get("level_idc")
            if level is not None:
                part_facts["level"] = level
            for name, value in part_facts.items():
                facts.setdefault(name, value)
    return [Stream(kind, track, facts) for (kind, track), facts in streams.items()], enhanced, multitrack


def rate(text):
    try:
        return float(fractions.Fraction(text))
    except (ValueError, ZeroDivisionError):
        return None


def of_ffprobe(path):
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", path]
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    streams = []
    for number, stream in enumerate(json.loads(process.stdout or b"{}").get("streams", [])):
        if stream.get("codec_type") not in ("audio", "video"):
            continue
        facts = {"codec": stream.get("codec_name"), "profile": stream.get("profile"), "level": stream.get("level"),
                 "width": stream.get("width"), "height": stream.get("height"), "channels": stream.get("channels"),
                 "rates": {rate(stream.get("avg_frame_rate", "")), rate(stream.get("r_frame_rate", ""))} - {None, 0.0}}
        if "sample_rate" in stream:
            facts["sample_rate"] = int(stream["sample_rate"])
        streams.append(Stream(stream["codec_type"], number, facts))
    return streams


def of_pyav(path, av):
    streams = []
    with av.open(path) as container:
        for number, stream in enumerate(container.streams):
            context = stream.codec_context
            if stream.type not in ("audio", "video") or context is None:
                continue
            facts = {"codec": context.codec.canonical_name if hasattr(context.codec, "canonical_name")
                     else context.name, "profile": context.profile, "level": context.level}
            if stream.type == "video":
                rates = {stream.average_rate, stream.guessed_rate, stream.base_rate}
                facts |= {"width": context.width, "height": context.height,
                          "rates": {float(value) for value in rates if value}}
            else:
                facts |= {"sample_rate": context.sample_rate, "channels": context.channels}
            streams.append(Stream(stream.type, number, facts))
    return streams


# PyAV names decoders where ffprobe names codecs.
DECODERS = {"libdav1d": "av1", "libvpx-vp9": "vp9", "libopus": "opus", "mp3float": "mp3", "libspeex": "speex",
            "libaom-av1": "av1", "libvpx": "vp8"}


def compare(mine, theirs):
    """What both state of a stream: the facts that agree, and those that differ as (name, ours, theirs)."""
    agreed, differ = [], []
    for name in FACTS:
        value = mine.facts.get(name)
        if name == "frame_rate":
            rates = theirs.facts.get("rates", set())
            if value is None or not rates:
                continue
            same = any(abs(value - other) <= value * 0.002 for other in rates)
            other = sorted(rates)
        else:
            other = theirs.facts.get(name)
            if name == "codec":
                other = DECODERS.get(other, other)
            if value is None or other in (None, "", "unknown", 0) or name == "level" and other == LEVEL_UNKNOWN:
                continue
            same = value == other
        (agreed if same else differ).append(name if same else (name, value, other))
    return agreed, differ


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("captures", nargs="+")
    parser.add_argument("--bin", default="target/release/rtmp-inspect")
    parser.add_argument("--pyav", help="the folder that PyAV is in: `pip install --target FOLDER av`")
    arguments = parser.parse_args()
    av = None
    if arguments.pyav:
        sys.path.insert(0, arguments.pyav)
        import av  # pylint: disable=import-outside-toplevel
        av.logging.set_level(av.logging.PANIC)

    # For each codec and reader: streams, facts that agree, differences.
    totals = collections.defaultdict(lambda: [0, collections.Counter(), 0])
    unexplained = 0
    for capture in arguments.captures:
        name = os.path.basename(capture)
        try:
            found = sorted(messages(capture, arguments.bin).items())
        except Trouble as trouble:
            print(trouble)
            continue
        for (session, side, stream_id), events in found:
            if not any("coded_frames" in str(event) or event["type"] == 9 and event["video"].get("codec_id", 7) < 7
                       or event["type"] == 8 and event["audio"].get("codec_id", 10) not in (9, 10) for event in events):
                print(f"{capture} session {session} {side} stream {stream_id}: no coded frames, not compared")
                continue
            streams, enhanced, multitrack = ours(events)
            if not streams:
                continue
            with tempfile.NamedTemporaryFile(suffix=".flv") as file:
                write_flv(file, events)
                file.flush()
                newer = enhanced and av is not None
                reader = "PyAV" if newer else "ffprobe"
                try:
                    theirs = of_pyav(file.name, av) if newer else of_ffprobe(file.name)
                except (OSError, av.error.FFmpegError if av else OSError) as error:
                    print(f"{name} session {session} {side}: {reader} cannot read it: {error}")
                    continue
            where = f"{name} session {session} {side} stream {stream_id}"
            for kind in ("video", "audio"):
                left = [stream for stream in streams if stream.kind == kind]
                right = [stream for stream in theirs if stream.kind == kind]
                if len(left) != len(right):
                    unexplained += 1
                    print(f"{where}: {len(left)} {kind} streams, {reader} has {len(right)}")
                for mine, other in zip(left, right):
                    agreed, differ = compare(mine, other)
                    label = mine.facts.get("codec", "?") + (" multitrack" if multitrack else "")
                    total = totals[label, reader]
                    total[0] += 1
                    total[1].update(agreed)
                    total[2] += len(differ)
                    for fact, value, their in differ:
                        unexplained += 1
                        print(f"{where} {kind} track {mine.track} {label}: {fact} {value}, {reader} has {their}")

    print("\n| codec | read by | streams | facts that agree | that differ |\n| --- | --- | --- | --- | --- |")
    for (label, reader), (count, agreed, differ) in sorted(totals.items()):
        facts = ", ".join(f"{name} {agreed[name]}" for name in FACTS if agreed[name])
        print(f"| {label} | {reader} | {count} | {facts} | {differ} |")
    return 1 if unexplained else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Trouble, BrokenPipeError, FileNotFoundError) as trouble:
        print(f"ffprobe.py: {trouble}", file=sys.stderr)
        sys.exit(2)
