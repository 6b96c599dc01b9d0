//! Writes RTMP conversations as packets.
