use super::numbered;
use crate::limits::Limits;
use crate::proto::Close;
use crate::proto::amf::Amf;
use crate::proto::rtmp::procedure::{self, Deed};
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Quote, Rule, Story, rule};
use crate::story::Stream;
use crate::wire::{Moment, PacketNo, Side};

/// Commands that are remembered until their stream is created.
const REMEMBERED: usize = Limits::DEFAULT.judged_early_commands;

rule! {
    /// `publish` and `play` go over a message stream that createStream made. This client sends one before the result came, or
    /// on a stream that no createStream made.
    ///
    /// Why: the client guesses the stream's number. A server that gives another one, or that makes streams when their command
    /// comes, drops the request.
    ///
    /// Seen: a Go client sends connect, createStream and publish at once to save round trips.
    ///
    /// Change: wait for createStream's `_result` and use its number.
    pub(super) struct CommandBeforeStream {
        early: Vec<Early>,
    }
    "CMD015", "command-before-stream", Warning, "RTMP 1.0 §7.2.1.3", rests: Session, media: false
}

struct Early {
    call: String,
    stream: u32,
    packets: (PacketNo, PacketNo),
    at: Moment,
    /// Its stream was created later.
    has_stream: bool,
    quote: Quote,
}

impl Rule for CommandBeforeStream {
    fn held(&self) -> usize {
        self.early.iter().map(|early| size_of::<Early>() + early.call.len() + early.quote.cost()).sum()
    }

    fn message(&mut self, message: &Message, story: &Story, _: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        let head = &message.head;
        let deed = procedure::deed(&command.name);
        match command.name.as_str() {
            _ if matches!(deed, Some(Deed::Publishes | Deed::Plays)) && message.from == Side::Client => {
                let stream = head.message_stream_id;
                if !head.message_stream_known
                    || stream == 0
                    || self.early.len() == REMEMBERED
                    || story.streams.get(stream).is_some_and(Stream::is_known)
                {
                    return;
                }
                let packets = (head.first.packet, head.last.packet);
                let (call, quote) = (numbered(command), Quote::of(message));
                self.early.push(Early { call, stream, packets, at: head.last, has_stream: false, quote });
            }
            "_result" if !self.early.is_empty() => {
                if story.requests.answered_by(message).is_none_or(|call| call.deed != Some(Deed::Creates)) {
                    return;
                }
                let Some(id) = command.arguments.first().and_then(Amf::number) else { return };
                // Captures reorder a little; their times do not.
                self.early.retain(|early| f64::from(early.stream) != id || head.last.time > early.at.time);
                for early in self.early.iter_mut().filter(|early| f64::from(early.stream) == id) {
                    early.has_stream = true;
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last || !story.of(Side::Server).seen {
            return;
        }
        for early in self.early.drain(..) {
            if early.has_stream {
                if story.is_in_order(close) {
                    let text = format!(
                        "the client sends {} on message stream {} before the result of createStream",
                        early.call, early.stream
                    );
                    findings.about_earlier(Self::META, &early.quote, early.packets, text);
                }
                continue;
            }
            // A createStream that was captured after its result.
            if story.streams.get(early.stream).is_some_and(|stream| stream.created.is_some()) {
                continue;
            }
            let text = format!(
                "the client sends {} on message stream {}, which no createStream made",
                early.call, early.stream
            );
            findings.about_earlier(Self::META, &early.quote, early.packets, text);
        }
    }
}
