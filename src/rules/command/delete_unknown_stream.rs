use super::{Late, numbered};
use crate::proto::Close;
use crate::proto::amf::Amf;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::Stream;
use crate::wire::Side;

rule! {
    /// A `deleteStream` or `closeStream` of a message stream that does not exist: it was never created, or deleted before, or
    /// the command names it by something else than its number.
    ///
    /// Why: the server deletes nothing: a stream that was meant stays until the connection closes.
    ///
    /// Seen: GStreamer's rtmp2sink names the stream by its name.
    ///
    /// Change: send deleteStream once, with the number that createStream gave.
    pub(super) struct DeleteUnknownStream {
        late: Late<u32>,
    }
    "CMD025", "delete-unknown-stream", Note, "RTMP 1.0 §7.2.2.3", rests: Session, media: false, background: true
}

impl Rule for DeleteUnknownStream {
    fn held(&self) -> usize {
        self.late.held()
    }

    fn message(&mut self, message: &Message, story: &Story, _: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        if message.from != Side::Client || !message.problems.is_empty() || command.transaction_id.is_none() {
            return;
        }
        let call = numbered(command);
        let mut stream = NO_STREAM;
        let text = match (command.name.as_str(), command.arguments.first()) {
            ("deleteStream", None) => format!("the client's {call} names no stream"),
            ("deleteStream", Some(value)) => match value.number() {
                None => format!("the client's {call} names the stream by something else than its number"),
                Some(id) if is_there(story, id) => return,
                Some(id) => {
                    stream = id as u32;
                    format!("the client sends {call} for message stream {id}, which does not exist")
                }
            },
            ("closeStream", _) if message.head.message_stream_known => {
                let named = command.arguments.first().and_then(Amf::number);
                let id = named.unwrap_or_else(|| f64::from(message.head.message_stream_id));
                // On message stream 0 it is another rule's.
                if id == 0.0 || is_there(story, id) {
                    return;
                }
                stream = id as u32;
                format!("the client sends {call} for message stream {id}, which does not exist")
            }
            _ => return,
        };
        self.late.keep(message, stream, text);
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        // Where nothing of the server was captured its streams are not known.
        if close.last && story.of(Side::Server).seen {
            let was_created = |id: &u32| story.streams.get(*id).is_some_and(|stream| stream.created.is_some());
            self.late.say(Self::META, findings, |id| *id == NO_STREAM || !was_created(id));
        }
    }
}

/// Stands for the stream of a command that names none.
const NO_STREAM: u32 = u32::MAX;

/// Whether a stream was created, or used as if it had been, and not deleted since.
fn is_there(story: &Story, id: f64) -> bool {
    let is_alive = |stream: &Stream| stream.created.is_some() || (stream.asked.is_some() && stream.ended.is_none());
    story.streams.get(id as u32).is_some_and(is_alive)
}
