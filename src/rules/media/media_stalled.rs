use crate::limits::Limits;
use crate::proto::Close;
use crate::proto::rtmp::{Body, Message, is_media};
use crate::rules::{Facts, Findings, Rule, rule};
use crate::story::Use;
use crate::wire::words::seconds;
use crate::wire::{Moment, Side};

/// Silence that is worth a word, in ns.
const SILENCE: i64 = 5_000_000_000;
/// Streams that are watched.
const REMEMBERED: usize = Limits::DEFAULT.judged_tracks;

rule! {
    /// A stream that was running had no media for more than 5 s, before it went on or until its end. Commands on the stream
    /// (pause, seek, a new play) begin the count anew.
    ///
    /// Why: viewers run out of buffer; servers drop idle publishers. The finding says which side went silent.
    ///
    /// Seen: encoders that were suspended or lost their source; servers whose publisher was gone.
    ///
    /// Change: look at the side that is named; a server tells its players `Stream EOF` or `UnpublishNotify`.
    pub(super) struct MediaStalled {
        running: Vec<Running>,
    }
    "MED011", "media-stalled", Note, "RTMP 1.0 §7.1.7", rests: Session
}

/// A message stream with media.
struct Running {
    from: Side,
    message_stream_id: u32,
    last: Moment,
}

impl Rule for MediaStalled {
    fn message(&mut self, message: &Message, _: &Facts, findings: &mut Findings) {
        let (from, stream, now) = (message.from, message.head.message_stream_id, message.head.last);
        if !is_media(message) {
            match &message.body {
                Body::Command(command) if !command.is_answer() => {
                    self.running.retain(|running| stream != 0 && running.message_stream_id != stream);
                }
                Body::UserControl(control) => {
                    self.running.retain(|running| control.stream_id != Some(running.message_stream_id));
                }
                _ => {}
            }
            return;
        }
        let mut known =
            self.running.iter_mut().find(|running| running.from == from && running.message_stream_id == stream);
        if let Some(running) = &mut known {
            let silence = now.time.since(running.last.time);
            if silence > SILENCE {
                let text = format!("{} for {} seconds on message stream {stream}", silent(from), seconds(silence, 1));
                findings.about(Self::META, message, text).packets.0 = running.last.packet;
            }
            if now.packet >= running.last.packet {
                running.last = now;
            }
        } else if self.running.len() < REMEMBERED {
            self.running.push(Running { from, message_stream_id: stream, last: now });
        }
    }

    fn close(&mut self, close: &Close, facts: &Facts, findings: &mut Findings) {
        if !close.last {
            return;
        }
        for running in self.running.drain(..) {
            let silence = close.at.time.since(running.last.time);
            let stream = running.message_stream_id;
            let is_used = facts.streams.get(stream).is_some_and(|known| {
                let by = if running.from == Side::Client { Use::Publish } else { Use::Play };
                known.ended.is_none() && known.purpose == Some(by)
            });
            if silence > SILENCE && is_used {
                let text = format!(
                    "{} for {} seconds on message stream {stream}, until the end",
                    silent(running.from),
                    seconds(silence, 1)
                );
                let packets = (running.last.packet, close.at.packet);
                findings.push(Self::META, Some(running.from), text, packets);
            }
        }
    }
}

fn silent(from: Side) -> String {
    format!("no media from the {}", from.name())
}
