//! Whole clean sessions. A test changes one thing in a copy of them, or takes them as they are.

use super::media::{Frame, aac_frame, aac_sequence_header, avc_frame, avc_sequence_header, metadata};
use super::{Conversation, Peer, Random};

/// The message stream of the samples.
pub const STREAM: u32 = 1;

/// A handshake, `connect` and its answer: where most tests begin.
pub fn connected() -> Conversation {
    Conversation::new()
        .handshake()
        .client(|c| c.connect("live"))
        .server(|s| {
            s.window_acknowledgement_size(5_000_000)
                .set_peer_bandwidth(5_000_000, 2)
                .set_chunk_size(4096)
                .connect_result()
        })
        .client(|c| c.window_acknowledgement_size(5_000_000).set_chunk_size(4096))
}

/// [`connected`], then `publish` of the stream `s` until its `NetStream.Publish.Start`.
pub fn publishing() -> Conversation {
    connected()
        .client(|c| c.create_stream(2))
        .server(|s| s.create_stream_result(2, STREAM))
        .client(|c| c.publish(STREAM, 3, "s"))
        .server(|s| {
            s.stream_begin(STREAM).on_status(STREAM, "status", "NetStream.Publish.Start", "s is now published.")
        })
}

/// [`connected`], then `play` of the stream `s` until its `NetStream.Play.Start`.
pub fn playing() -> Conversation {
    connected()
        .client(|c| c.create_stream(2))
        .server(|s| s.create_stream_result(2, STREAM))
        .client(|c| c.set_buffer_length(STREAM, 3000).play(STREAM, 3, "s"))
        .server(|s| {
            s.stream_begin(STREAM)
                .on_status(STREAM, "status", "NetStream.Play.Reset", "Playing and resetting s.")
                .on_status(STREAM, "status", "NetStream.Play.Start", "Started playing s.")
                .data(STREAM, 0, "|RtmpSampleAccess", &[true.into(), true.into()])
        })
}

/// [`publishing`], then metadata, `pictures` of 25 a second with AAC between them, and a clean end.
pub fn publish(pictures: u32) -> Conversation {
    let mut conversation = publishing().client(|c| sequence_headers(c.metadata(STREAM, 0)));
    for picture in 0..pictures {
        conversation = conversation.wait_ms(39).client(|c| frames(c, picture));
    }
    conversation
        .client(|c| c.delete_stream(STREAM))
        .server(|s| s.on_status(STREAM, "status", "NetStream.Unpublish.Success", "s is now unpublished."))
}

/// [`playing`], then metadata, `pictures` of 25 a second with AAC between them, and a clean end.
pub fn play(pictures: u32) -> Conversation {
    let mut conversation = playing().server(|s| sequence_headers(s.data(STREAM, 0, "onMetaData", &[metadata()])));
    for picture in 0..pictures {
        conversation = conversation.wait_ms(39).server(|s| frames(s, picture));
    }
    conversation.client(|c| c.delete_stream(STREAM))
}

/// The sequence headers of AVC and AAC.
pub fn sequence_headers(peer: &mut Peer) -> &mut Peer {
    peer.video(STREAM, 0, avc_sequence_header()).audio(STREAM, 0, aac_sequence_header())
}

/// The picture of that number, 40 ms apart, a key frame every second, and the AAC frames that belong to it.
pub fn frames(peer: &mut Peer, picture: u32) -> &mut Peer {
    let random = &mut Random::new(picture.into());
    let (frame, length) = match picture % 25 {
        0 => (Frame::Key, random.between(6000, 9000)),
        _ => (Frame::Inter, random.between(200, 2000)),
    };
    let time = picture * 40;
    peer.video(STREAM, time, avc_frame(frame, 0, length as usize, random));
    // An AAC frame is 1024 samples, at 48 kHz 21 1/3 ms.
    for number in (time * 3).div_ceil(64)..((time + 40) * 3).div_ceil(64) {
        peer.audio(STREAM, number * 64 / 3, aac_frame(random.between(100, 160) as usize, random));
    }
    peer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Side;

    #[test]
    fn a_sample_is_the_same_on_every_run_and_media_flow_one_way() {
        for (conversation, from) in [(publish(30), Side::Client), (play(30), Side::Server)] {
            assert!(conversation.bytes(from).len() > 30_000);
            assert!(conversation.bytes(from.other()).len() < 5000);
        }
        assert_eq!(publish(3).writes(), publish(3).writes());
    }
}
