//! Messages that carry sound and pictures, counted: they are most of a capture, and many of them say little more than one.

use super::row::Row;
use crate::proto::rtmp::MessageType;
use crate::wire::words::count;

/// What datagrams with media are, of a session that has them beside its messages.
const RTP: &str = "rtp";

/// So many messages of media.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Media {
    pub audio: u32,
    pub video: u32,
    /// Of both, or of which it is not known.
    pub mixed: u32,
    /// All their bytes on the wire, as far as is known: at least their payloads.
    pub bytes: u64,
}

impl Media {
    /// A row's, if it is a message of media.
    pub(super) fn of(row: &Row) -> Option<Media> {
        match row {
            Row::Message(message) => {
                let bytes = u64::from(message.length);
                match message.kind {
                    MessageType::AUDIO => Some(Media { audio: 1, bytes, ..Media::default() }),
                    MessageType::VIDEO => Some(Media { video: 1, bytes, ..Media::default() }),
                    MessageType::AGGREGATE => Some(Media { mixed: 1, bytes, ..Media::default() }),
                    _ => None,
                }
            }
            Row::Kept(kept) if kept.0.type_name() == Some(RTP) => {
                Some(Media { mixed: 1, bytes: kept.0.size().unwrap_or_default(), ..Media::default() })
            }
            _ => None,
        }
    }

    pub fn add(&mut self, other: Media) {
        self.audio += other.audio;
        self.video += other.video;
        self.mixed += other.mixed;
        self.bytes += other.bytes;
    }

    pub fn messages(&self) -> u32 {
        self.audio + self.video + self.mixed
    }

    /// What that is; a word or two for a column.
    pub fn name(&self) -> &'static str {
        match (self.audio, self.video, self.mixed) {
            (_, 0, 0) => "audio",
            (0, _, 0) => "video",
            (0, 0, _) => "media",
            _ => "audio, video",
        }
    }

    /// In one line, with the nanoseconds from the first to the last.
    pub fn describe(&self, duration: i64) -> String {
        let mut text = count(u64::from(self.messages()), "message");
        if self.audio > 0 && self.video > 0 {
            text += &format!(" ({} audio, {} video)", self.audio, self.video);
        }
        text += &format!(", {}", count(self.bytes, "byte"));
        // A rate over less than this says nothing.
        if duration >= 100_000_000 {
            let seconds = duration as f64 / 1e9;
            let rate = self.bytes as f64 * 8.0 / seconds;
            let rate =
                if rate < 1e6 { format!("{:.0} kbit/s", rate / 1e3) } else { format!("{:.1} Mbit/s", rate / 1e6) };
            text += &format!(", {seconds:.1} s, {rate}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_says_what_is_in_it() {
        let mut media = Media { audio: 1, bytes: 100, ..Media::default() };
        assert_eq!((media.name(), media.describe(0)), ("audio", "1 message, 100 bytes".to_owned()));
        media.add(Media { video: 2, bytes: 999_900, ..Media::default() });
        let text = "3 messages (1 audio, 2 video), 1000000 bytes, 4.0 s, 2.0 Mbit/s";
        assert_eq!((media.name(), media.describe(4_000_000_000)), ("audio, video", text.to_owned()));
        assert!(media.describe(100_000_000_000).ends_with("100.0 s, 80 kbit/s"));
    }
}
