use crate::proto::Close;
use crate::proto::rtmp::{Body, Message, is_media};
use crate::rules::{Findings, Mark, Quote, Rule, Story, clipped, rule};
use crate::story::Use;
use crate::wire::Side;
use crate::wire::told;

/// Data that is about what the connection may access, not about what is played.
const OF_CONNECTION: &str = "|RtmpSampleAccess";

rule! {
    /// Audio and video belong to a message stream that createStream gave out, and so do the metadata and other data of what is
    /// published or played there. Message stream 0 is the connection's own. Where the media are on it as well, the finding is about
    /// these.
    ///
    /// Why: a receiver that hands messages to their streams has none for these; some play them, some drop them.
    ///
    /// Seen: FFmpeg with `-listen`, which sends all media on message stream 0 although it gave out 1.
    ///
    /// Change: send media and data on the message stream of the publish or play.
    pub(super) struct MediaOnControlStream {
        data: [Data; 2],
    }
    "MED005", "media-on-control-stream", Warning, "RTMP 1.0 §7.2.1.3", rests: Event
}

/// What is known of a side's data on message stream 0.
#[derive(Default)]
enum Data {
    #[default]
    None,
    /// There was some. Where its media go is not known yet.
    Held(Box<Quote>, String),
    /// Its media go elsewhere.
    Alone,
    /// Its media go there too.
    WithMedia,
}

impl Rule for MediaOnControlStream {
    fn held(&self) -> usize {
        let cost = |data: &Data| if let Data::Held(quote, text) = data { quote.cost() + text.len() } else { 0 };
        self.data.iter().map(cost).sum()
    }

    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let (head, data) = (&message.head, &mut self.data[message.from.index()]);
        if !head.message_stream_known {
            return;
        }
        match &message.body {
            _ if is_media(message) && head.message_stream_id == 0 => {
                *data = Data::WithMedia;
                media(message, story, findings);
            }
            _ if is_media(message) => data.is_alone(findings),
            Body::Data(body) if head.message_stream_id == 0 && body.name != OF_CONNECTION => {
                let Some((stream, used)) = in_use(message.from, story) else { return };
                let name = clipped(body.handler().to_owned());
                let name = if name.is_empty() { "data without a name".to_owned() } else { told(&name).to_string() };
                let text = format!(
                    "the {} sends {name} on message stream 0, while message stream {stream} is {used}",
                    message.from.name()
                );
                match data {
                    Data::None => *data = Data::Held(Box::new(Quote::of(message)), text),
                    Data::Alone => {
                        findings.about(Self::META, message, text);
                    }
                    Data::Held(..) | Data::WithMedia => {}
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        if close.last {
            self.data.iter_mut().for_each(|data| data.is_alone(findings));
        }
    }
}

impl Data {
    /// The side's media do not go on message stream 0.
    fn is_alone(&mut self, findings: &mut Findings) {
        if let Data::Held(quote, text) = self {
            let packets = (quote.head.first.packet, quote.head.last.packet);
            findings.about_earlier(MediaOnControlStream::META, quote, packets, std::mem::take(text));
            *self = Data::Alone;
        }
    }
}

fn media(message: &Message, story: &Story, findings: &mut Findings) {
    let head = &message.head;
    let kind = head.kind.name().unwrap_or("media");
    let why = match in_use(message.from, story) {
        Some((stream, used)) => format!("while message stream {stream} is {used}"),
        None => "which is the connection's own".to_owned(),
    };
    let text = format!("the {} sends {kind} on message stream 0, {why}", message.from.name());
    let finding = findings.about(MediaOnControlStream::META, message, text);
    if head.chunk_format == 0 {
        let basic = head.header.basic_length();
        finding.at(Mark::Header(basic + 7..basic + 11));
    }
}

/// The message stream on which a side publishes, or the other plays what it sends.
fn in_use(from: Side, story: &Story) -> Option<(u32, &'static str)> {
    let (purpose, used) = if from == Side::Client { (Use::Publish, "published") } else { (Use::Play, "played") };
    let mut streams = story.streams.iter().filter(|stream| stream.purpose == Some(purpose) && stream.id != 0);
    let stream = streams.find(|stream| {
        let outcome = story.asked(stream).and_then(|asked| asked.outcome.as_ref());
        stream.ended.is_none() && !stream.finished && outcome.is_some_and(|outcome| outcome.accepted)
    })?;
    Some((stream.id, used))
}
