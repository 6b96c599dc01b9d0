//! What an error of FTL means, and what mends it.

use crate::proto::ftl::ReplyCode;

/// What a code means, and what the client, or who runs it, has to change.
pub(super) fn meaning(code: ReplyCode) -> Option<(&'static str, &'static str)> {
    Some(match code {
        ReplyCode::BAD_REQUEST => {
            ("the server cannot read what it was sent", "send lines as FTL 0.9 has them, each ended by CRLF CRLF")
        }
        ReplyCode::UNAUTHORIZED => (
            "the channel may not send here",
            "see that the stream key is right and that the channel is allowed to stream",
        ),
        ReplyCode::OLD_VERSION => ("the protocol version is none that the server takes", "use a client of FTL 0.9"),
        ReplyCode::AUDIO_SSRC_COLLISION => {
            ("another session has the audio's ssrc", "end that session, or announce another AudioIngestSSRC")
        }
        ReplyCode::VIDEO_SSRC_COLLISION => {
            ("another session has the video's ssrc", "end that session, or announce another VideoIngestSSRC")
        }
        ReplyCode::INVALID_STREAM_KEY => (
            "the channel is unknown or the key is not its own",
            "copy the whole stream key (channel and key) into the client again",
        ),
        ReplyCode::CHANNEL_IN_USE => {
            ("somebody sends to the channel already", "end the other session, or wait until the server has given it up")
        }
        ReplyCode::REGION_UNSUPPORTED => ("the server does not serve the client's region", "choose another server"),
        ReplyCode::NO_MEDIA_TIMEOUT => {
            ("no media arrived for too long", "see that UDP to the media port is let through and that the client sends")
        }
        ReplyCode::GAME_BLOCKED => ("what the channel says it shows is not allowed", "change the channel's category"),
        ReplyCode::SERVER_TERMINATE => {
            ("the server ends the stream by itself", "ask who runs it why; then connect again")
        }
        ReplyCode::INTERNAL_SERVER_ERROR => (
            "something failed inside the server",
            "look into the server's log; nothing is known to be wrong with the client",
        ),
        _ => return None,
    })
}
