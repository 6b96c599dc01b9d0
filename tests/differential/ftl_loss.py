#!/usr/bin/env python3
"""Makes of a capture of FTL one of a lossy way: packets that are missing, asked for again with NACKs, sent again, late, or there
twice. The NACKs are as Janus writes them: the sender's ssrc is the source's. Only the standard library is needed.

    ftl_loss.py captures/ftl/janus-client-killed.pcap captures/ftl/derived-nacks.pcap
"""

import struct
import sys

MS = 1000


def main():
    source, target = sys.argv[1:]
    with open(source, "rb") as file:
        data = file.read()
    head, at, packets = data[:24], 24, []
    while at < len(data):
        seconds, micros, length, _ = struct.unpack_from("<IIII", data, at)
        packets.append((seconds * 1_000_000 + micros, data[at + 16:at + 16 + length]))
        at += 16 + length
    out = []
    for time, frame in packets:
        ssrc, number = rtp(frame)
        put = lambda later=0, what=frame: out.append((time + later, what))
        match (ssrc, number):
            case (78, 20):
                # Lost before the place of capture, asked for, and sent again.
                put(45 * MS, nack(frame, 20))
                put(60 * MS)
            case (78, 30):
                # Lost behind the place of capture.
                put()
                put(45 * MS, nack(frame, 30))
                put(60 * MS)
            case (78, 35):
                # Two with one NACK, of which one comes.
                put(80 * MS, nack(frame, 35, 1))
                put(95 * MS)
            case (78, 36) | (78, 45):
                pass
            case (78, 50):
                # It takes another way.
                put(80 * MS)
            case (77, 40):
                put()
                put(1 * MS)
            case _:
                put()
    out.sort(key=lambda packet: packet[0])
    with open(target, "wb") as file:
        file.write(head)
        for time, frame in out:
            file.write(struct.pack("<IIII", time // 1_000_000, time % 1_000_000, len(frame), len(frame)) + frame)


def rtp(frame):
    """Source and sequence number of an RTP packet in UDP over IPv4 on Ethernet."""
    if frame[23] != 17 or frame[42] >> 6 != 2 or frame[43] >= 200 and frame[43] not in (224, 225):
        return None, None
    number, _, ssrc = struct.unpack_from(">HII", frame, 44)
    return ssrc, number


def nack(frame, number, mask=0):
    """The server's NACK to the sender of a packet."""
    ssrc = rtp(frame)[0]
    payload = struct.pack(">BBHIIHH", 0x81, 205, 3, ssrc, ssrc, number, mask)
    source, target = frame[26:30], frame[30:34]
    udp = frame[36:38] + frame[34:36] + struct.pack(">HH", 8 + len(payload), 0) + payload
    pseudo = target + source + struct.pack(">BBH", 0, 17, len(udp))
    udp = udp[:6] + struct.pack(">H", checksum(pseudo + udp) or 0xFFFF) + udp[8:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0) + target + source
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return frame[6:12] + frame[:6] + frame[12:14] + ip + udp


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


if __name__ == "__main__":
    main()
