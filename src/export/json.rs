//! JSON Lines: one object a line, written as soon as it is known. The keys are a contract: those of events and findings are
//! the fields' own.

mod carriers;
mod ftl;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::Range;
use std::path::PathBuf;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::report::marked;
use super::time::Clock;
use super::tree_json::{Behind, HexText, Source};
use super::{Counts, Writer};
use crate::analyzer::{Fate, Other, Reason, Tally, Totals};
use crate::net::{TcpFacts, facts};
use crate::proto::rtmp::command::COMMAND;
use crate::proto::rtmp::secrets::Masks;
use crate::proto::rtmp::{Content, Handshake, HandshakeFacts, Head, Message, Reading, handshake, header};
use crate::proto::{Close, Deviation, Envelope, Event, Gap, Incomplete, Opened, Resync, Undecodable};
use crate::registry::native as field;
use crate::registry::native::Seen;
use crate::rules::Finding;
use crate::story::Story;
use crate::wire::{Field, Problem, Time, Tree, Value, is_hidden};

/// The version of the lines' form.
const SCHEMA: u32 = 1;

pub(super) type Map<'a> = <&'a mut serde_json::Serializer<&'a mut Vec<u8>> as Serializer>::SerializeMap;
pub(super) type Filled = Result<(), serde_json::Error>;

/// Escapes whatever in a JSON text would not be seen as itself: JSON allows such characters from U+007F on, but terminals obey
/// controls, and others reorder or hide the text around them. They stand in strings alone, so all of the text is looked through at
/// once.
fn escape_hidden(json: &mut Vec<u8>) {
    // Most text is ASCII.
    if json.is_ascii() && memchr::memchr(0x7f, json).is_none() {
        return;
    }
    let text = String::from_utf8_lossy(json);
    if !text.contains(is_hidden) {
        return;
    }
    let mut seen = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(seen, "\\u{unit:04x}");
            }
        } else {
            seen.push(c);
        }
    }
    *json = seen.into_bytes();
}

/// A value as JSON that is seen as it is.
pub(crate) fn plain(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(value)?;
    escape_hidden(&mut text);
    Ok(text)
}

/// A time as JSON has it.
pub(crate) fn time(time: Time) -> String {
    let mut text = String::with_capacity(30);
    Clock::default().write(time, &mut text);
    text
}

/// Writes events as JSON Lines.
pub struct JsonWriter<W> {
    out: W,
    /// Whether messages carry their whole payload in hex.
    payload: bool,
    /// Whether findings alone are written, with the sessions that they are about.
    findings_only: bool,
    clock: Clock,
    tree: Tree,
    line: Vec<u8>,
}

impl<W: Write> JsonWriter<W> {
    pub fn new(out: W, payload: bool) -> Self {
        JsonWriter {
            out,
            payload,
            findings_only: false,
            clock: Clock::default(),
            tree: Tree::default(),
            line: Vec::new(),
        }
    }

    /// Only the `capture`, `session`, `finding` and `summary` lines.
    #[must_use]
    pub fn findings_only(mut self) -> Self {
        self.findings_only = true;
        self
    }

    /// Where it wrote to.
    pub fn into_inner(self) -> W {
        self.out
    }

    pub(super) fn time(&mut self, time: Time) -> String {
        let mut text = String::with_capacity(30);
        self.clock.write(time, &mut text);
        text
    }

    pub(super) fn line(&mut self, event: &str, fill: impl FnOnce(&mut Map<'_>) -> Filled) -> io::Result<()> {
        self.line.clear();
        let mut serializer = serde_json::Serializer::new(&mut self.line);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(field::EVENT.key(), event)?;
        fill(&mut map)?;
        map.end()?;
        escape_hidden(&mut self.line);
        self.line.push(b'\n');
        self.out.write_all(&self.line)
    }

    fn session(&mut self, opened: &Opened) -> io::Result<()> {
        let envelope = opened.envelope();
        let time = self.time(envelope.last.time);
        self.line(envelope.kind.name(), |map| {
            put(map, &field::SESSION, &opened.session)?;
            put(map, &field::PROTOCOL, opened.protocol)?;
            put(map, &field::CLIENT, &opened.client)?;
            put(map, &field::SERVER, &opened.server)?;
            put(map, &field::PACKET, &envelope.last.packet.0)?;
            put(map, &field::TIME, &time)?;
            put(map, &field::START, opened.start.name())?;
            if let Some(decrypted) = opened.decrypted {
                put(map, &field::DECRYPTED, &decrypted)?;
            }
            if let Some(source) = &opened.proxied {
                put(map, &field::PROXIED, source)?;
            }
            let (tunnels, back) = opened.ways();
            if !tunnels.is_empty() {
                put(map, &field::TUNNELS, &tunnels.names())?;
            }
            if let Some(back) = back {
                put(map, &field::TUNNELS_BACK, &back.names())?;
            }
            Ok(())
        })
    }

    fn handshake(&mut self, step: &Handshake) -> io::Result<()> {
        let envelope = step.envelope();
        let time = self.time(envelope.last.time);
        self.line(envelope.kind.name(), |map| {
            place(map, &envelope)?;
            put(map, &field::STEP, step.step.name(step.from))?;
            map.serialize_entry(field::PACKETS, &span(&envelope))?;
            put(map, &field::TIME, &time)?;
            put(map, &field::OFFSET, &envelope.offset)?;
            match step.facts {
                HandshakeFacts::Version(version) => put(map, &handshake::VERSION, &version),
                HandshakeFacts::Block { epoch, zero, scheme, digest_at, content, fingerprint } => {
                    put(map, &handshake::EPOCH, &epoch)?;
                    put(map, &handshake::ZERO, &HexText(&zero))?;
                    put(map, &handshake::SCHEME, scheme.name())?;
                    if let Some(at) = digest_at {
                        put(map, &handshake::DIGEST_VALID, &true)?;
                        put(map, &handshake::DIGEST_AT, &at)?;
                    }
                    if content != Content::Random {
                        put(map, &handshake::RANDOM_IS, content.name())?;
                    }
                    if let Some(maker) = fingerprint {
                        put(map, &handshake::FINGERPRINT, maker.name())?;
                    }
                    Ok(())
                }
                HandshakeFacts::Echo { time, time2, echo } => {
                    put(map, &handshake::TIME, &time)?;
                    put(map, &handshake::TIME2, &time2)?;
                    if let Some(echo) = echo {
                        put(map, &handshake::ECHO, echo.name())?;
                    }
                    Ok(())
                }
            }
        })
    }

    fn message(&mut self, message: &Message, masks: &Masks) -> io::Result<()> {
        let message = masks.message(message);
        let envelope = message.envelope();
        let time = self.time(envelope.last.time);
        let mut tree = std::mem::take(&mut self.tree);
        tree.clear();
        let bytes = message.record(&mut tree, &masks.limits);
        let with_payload = self.payload;
        let result = self.line(envelope.kind.name(), |map| {
            put(map, &field::N, &message.n)?;
            place(map, &envelope)?;
            put(map, &field::TIME, &time)?;
            head(map, &envelope, &message.head)?;
            let behind = message.answers.map(|answer| Behind {
                key: COMMAND.key(),
                members: vec![
                    (&field::ANSWERS, Seen::Uint(answer.n)),
                    (&field::LATENCY, Seen::Number(answer.latency as f64 / 1e6)),
                ],
            });
            Source::new(&tree, &bytes).members(map, behind.as_ref())?;
            if !message.problems.is_empty() {
                put(map, &field::PROBLEMS, &Problems(&message.problems))?;
            }
            if with_payload {
                put(map, &field::PAYLOAD, &HexText(&message.payload))?;
            }
            Ok(())
        });
        self.tree = tree;
        result
    }

    fn incomplete(&mut self, incomplete: &Incomplete) -> io::Result<()> {
        let envelope = incomplete.envelope();
        let time = self.time(envelope.last.time);
        self.line(envelope.kind.name(), |map| {
            place(map, &envelope)?;
            put(map, &field::TIME, &time)?;
            head(map, &envelope, &incomplete.head)?;
            put(map, &field::RECEIVED, &incomplete.received)?;
            put(map, &field::WHY, incomplete.why.name())
        })
    }

    fn gap(&mut self, gap: &Gap) -> io::Result<()> {
        let envelope = gap.envelope();
        self.line(envelope.kind.name(), |map| {
            place(map, &envelope)?;
            put(map, &field::OFFSET, &envelope.offset)?;
            put(map, &field::BYTES, &gap.bytes)?;
            if gap.captured {
                put(map, &field::CAPTURED, &true)?;
            }
            put(map, &field::PACKET, &envelope.last.packet.0)
        })?;
        gap.resync().map_or(Ok(()), |found| self.resync(&found))
    }

    fn resync(&mut self, found: &Resync) -> io::Result<()> {
        let envelope = found.envelope();
        self.line(envelope.kind.name(), |map| {
            place(map, &envelope)?;
            put(map, &field::OFFSET, &envelope.offset)?;
            put(map, &field::SKIPPED, &found.skipped)?;
            put(map, &field::PACKET, &envelope.last.packet.0)
        })
    }

    fn undecodable(&mut self, lost: &Undecodable, masks: &Masks) -> io::Result<()> {
        let envelope = lost.envelope();
        self.line(envelope.kind.name(), |map| {
            place(map, &envelope)?;
            put(map, &field::OFFSET, &envelope.offset)?;
            put(map, &field::PACKET, &envelope.last.packet.0)?;
            put(map, &field::REASON, &masks.sentence(lost.session, &lost.reason.sentence()))
        })
    }

    fn deviation(&mut self, deviation: &Deviation) -> io::Result<()> {
        let envelope = deviation.envelope();
        self.line(envelope.kind.name(), |map| {
            place(map, &envelope)?;
            put(map, &field::OFFSET, &envelope.offset)?;
            put(map, &field::PACKET, &envelope.last.packet.0)?;
            put(map, &field::MISTAKE, deviation.mistake.name())?;
            put(map, &field::REASON, &deviation.mistake.clause(deviation.from))
        })
    }

    fn close(&mut self, close: &Close) -> io::Result<()> {
        let envelope = close.envelope();
        let time = self.time(envelope.last.time);
        self.line(envelope.kind.name(), |map| {
            place(map, &envelope)?;
            put(map, &field::HOW, close.how.name())?;
            put(map, &field::PACKET, &envelope.last.packet.0)?;
            put(map, &field::TIME, &time)?;
            put(map, &field::BYTES, &close.bytes)?;
            put(map, &field::MESSAGES, &close.messages)?;
            if close.undecoded > 0 {
                put(map, &field::UNDECODED, &close.undecoded)?;
            }
            close.tcp.as_ref().map_or(Ok(()), |tcp| put(map, &facts::TCP, &Tcp(tcp)))
        })
    }
}

impl<W: Write> Writer for JsonWriter<W> {
    fn begin(&mut self, files: &[PathBuf], _: Option<Time>) -> io::Result<()> {
        self.line("capture", |map| {
            map.serialize_entry("schema", &SCHEMA)?;
            map.serialize_entry("version", env!("CARGO_PKG_VERSION"))?;
            let files: Vec<_> = files.iter().map(|file| file.to_string_lossy()).collect();
            map.serialize_entry("files", &files)
        })
    }

    fn event(&mut self, event: &Event, _: &Story, masks: &Masks) -> io::Result<()> {
        match event {
            Event::Session(event) => self.session(event),
            _ if self.findings_only => Ok(()),
            Event::Handshake(event) => self.handshake(event),
            Event::Flow(event) => self.flow(event),
            Event::Tls(event) => self.tls(event),
            Event::Tunnel(event) => self.tunnel(event),
            Event::Message(event) => self.message(event, masks),
            Event::Ftl(event) => self.ftl(event, masks),
            Event::Incomplete(event) => self.incomplete(event),
            Event::Gap(event) => self.gap(event),
            Event::Undecodable(event) => self.undecodable(event, masks),
            Event::Resync(event) => self.resync(event),
            Event::Deviation(event) => self.deviation(event),
            Event::Close(event) => self.close(event),
            Event::Piece(_) => Ok(()),
        }
    }

    fn finding(&mut self, finding: &Finding, masks: &Masks) -> io::Result<()> {
        let text = masks.sentence(finding.session, &finding.text);
        let marked = marked(finding, masks);
        self.line(field::FINDING.key(), |map| {
            put(map, &field::SESSION, &finding.session)?;
            if let Some(from) = finding.from {
                put(map, &field::FINDING_FROM, from.name())?;
            }
            put(map, &field::CODE, finding.rule.code)?;
            put(map, &field::NAME, finding.rule.name)?;
            put(map, &field::SEVERITY, finding.severity.name())?;
            put(map, &field::TEXT, &text)?;
            put(map, &field::SPEC, finding.rule.source)?;
            if let Some(message) = finding.message {
                put(map, &field::FINDING_MESSAGE, &message)?;
            }
            map.serialize_entry(field::PACKETS, &[finding.packets.0.0, finding.packets.1.0])?;
            put(map, &field::CERTAIN, &finding.certain)?;
            if let Some(cause) = finding.cause {
                put(map, &field::CAUSE, cause)?;
            }
            if finding.count > 1 {
                put(map, &field::COUNT, &finding.count)?;
            }
            if let Some((part, at, bytes)) = marked {
                put(map, &field::EVIDENCE, &Evidence { part, at, bytes: &bytes })?;
            }
            Ok(())
        })
    }

    fn end(&mut self, totals: &Totals, counts: Counts) -> io::Result<()> {
        self.line("summary", |map| {
            map.serialize_entry("packets", &totals.packets)?;
            map.serialize_entry("bytes", &totals.bytes)?;
            map.serialize_entry("sessions", &totals.sessions)?;
            map.serialize_entry("messages", &totals.messages)?;
            map.serialize_entry("findings", &Severities(counts))?;
            map.serialize_entry("gaps", &totals.gaps)?;
            map.serialize_entry("unread", &Unreads(&totals.unread))?;
            if !totals.others.is_empty() {
                map.serialize_entry("no_session", &Others(&totals.others))?;
            }
            let reached = totals.reached.list();
            if !reached.is_empty() {
                map.serialize_entry("limits", &Reached(&reached))?;
            }
            Ok(())
        })?;
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A member under the field's own name.
fn put<M: SerializeMap, V: Serialize + ?Sized>(map: &mut M, field: &Field, value: &V) -> Result<(), M::Error> {
    map.serialize_entry(field.key(), value)
}

fn place(map: &mut Map<'_>, envelope: &Envelope) -> Filled {
    put(map, &field::SESSION, &envelope.session)?;
    envelope.from.map_or(Ok(()), |from| put(map, &field::FROM, from.name()))
}

fn head(map: &mut Map<'_>, envelope: &Envelope, head: &Head) -> Filled {
    map.serialize_entry(field::PACKETS, &span(envelope))?;
    put(map, &field::OFFSET, &envelope.offset)?;
    put(map, &field::SIZE, &head.size)?;
    put(map, &header::CHUNK_STREAM_ID, &head.chunk_stream_id)?;
    put(map, &header::CHUNK_FORMAT, &head.chunk_format)?;
    put(map, &field::CHUNKS, &head.chunks)?;
    if head.timestamp_known {
        put(map, &field::TIMESTAMP, &head.timestamp)?;
    }
    if head.timestamp_inherited {
        put(map, &field::TIMESTAMP_INHERITED, &true)?;
    }
    if let Some(extended) = head.extended {
        put(map, &header::EXTENDED_TIMESTAMP, &extended.value)?;
        put(map, &field::EXTENDED_FORM, extended.form.name())?;
        if extended.absolute {
            put(map, &field::EXTENDED_ABSOLUTE, &true)?;
        }
    }
    put(map, &header::LENGTH, &head.length)?;
    put(map, &header::TYPE, &head.kind.0)?;
    if let Some(name) = head.kind.name() {
        put(map, &header::TYPE_NAME, name)?;
    }
    if head.message_stream_known {
        put(map, &header::MESSAGE_STREAM_ID, &head.message_stream_id)?;
    }
    if head.reading != Reading::Standard {
        put(map, &field::READING, head.reading.name())?;
    }
    Ok(())
}

fn span(envelope: &Envelope) -> [u64; 2] {
    [envelope.first.packet.0, envelope.last.packet.0]
}

/// The bytes of a message that show a fault.
struct Evidence<'b> {
    part: &'static str,
    at: Range<u32>,
    bytes: &'b [u8],
}

impl Serialize for Evidence<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(Some(3))?;
        put(&mut map, &field::EVIDENCE_PART, self.part)?;
        put(&mut map, &field::EVIDENCE_AT, &[self.at.start, self.at.end])?;
        put(&mut map, &field::EVIDENCE_BYTES, &HexText(self.bytes))?;
        map.end()
    }
}

struct Problems<'p>(&'p [Problem]);

impl Serialize for Problems<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.iter().map(ProblemLine))
    }
}

struct ProblemLine<'p>(&'p Problem);

impl Serialize for ProblemLine<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(Some(2))?;
        put(&mut map, &field::PROBLEM_AT, &self.0.at)?;
        put(&mut map, &field::PROBLEM_WHAT, &self.0.what)?;
        map.end()
    }
}

pub(super) struct Tcp<'t>(pub(super) &'t TcpFacts);

impl Serialize for Tcp<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(None)?;
        for (field, value) in self.0.members() {
            match value {
                Value::Number(value) => map.serialize_entry(field.key(), &value)?,
                Value::Bool(value) => map.serialize_entry(field.key(), &value)?,
                Value::Word(value) => map.serialize_entry(field.key(), value)?,
                Value::Uint(value) => map.serialize_entry(field.key(), &value)?,
                _ => {}
            }
        }
        map.end()
    }
}

pub(super) struct Severities(pub(super) Counts);

impl Serialize for Severities {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(Some(3))?;
        map.serialize_entry("error", &self.0.errors)?;
        map.serialize_entry("warning", &self.0.warnings)?;
        map.serialize_entry("note", &self.0.notes)?;
        map.end()
    }
}

struct Unreads<'u>(&'u [(Reason, Tally)]);

impl Serialize for Unreads<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.iter().map(|(reason, tally)| UnreadLine(*reason, *tally)))
    }
}

struct Reached<'l>(&'l [(&'static str, u64)]);

impl Serialize for Reached<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.iter().map(|(name, count)| ReachedLine(name, *count)))
    }
}

struct ReachedLine(&'static str, u64);

impl Serialize for ReachedLine {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(Some(2))?;
        map.serialize_entry("name", self.0)?;
        map.serialize_entry("count", &self.1)?;
        map.end()
    }
}

struct Others<'o>(&'o [Other]);

impl Serialize for Others<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.iter().map(OtherLine))
    }
}

/// A connection that is no session.
struct OtherLine<'o>(&'o Other);

impl Serialize for OtherLine<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let other = self.0;
        let mut map = s.serialize_map(None)?;
        map.serialize_entry("client", &other.client.to_string())?;
        map.serialize_entry("server", &other.server.to_string())?;
        map.serialize_entry("packet", &other.packet.0)?;
        match other.fate {
            Fate::Speaks(from, foreign) => {
                map.serialize_entry("from", from.name())?;
                map.serialize_entry("protocol", foreign.name())?;
            }
            Fate::Refused | Fate::Unanswered | Fate::Silent => map.serialize_entry("attempt", other.word())?,
            Fate::Short(sent, answered) => {
                map.serialize_entry("attempt", other.word())?;
                map.serialize_entry("bytes", &[sent, answered])?;
            }
        }
        if let Some(answer) = other.answer {
            map.serialize_entry("answer", answer.name())?;
        }
        if let Some((request, status)) = other.refused {
            map.serialize_entry("refused", &RefusedLine { request: request.name(), status })?;
        }
        map.serialize_entry("connections", &other.connections)?;
        map.end()
    }
}

/// A request of RTMPT that its server refused.
#[derive(Serialize)]
struct RefusedLine {
    request: &'static str,
    status: u16,
}

struct UnreadLine(Reason, Tally);

impl Serialize for UnreadLine {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(None)?;
        map.serialize_entry("why", &self.0.to_string())?;
        if self.1.packets > 0 {
            map.serialize_entry("packets", &self.1.packets)?;
        }
        map.serialize_entry("bytes", &self.1.bytes)?;
        if let Some(first) = &self.1.first {
            map.serialize_entry("protocol", first.foreign.name())?;
            map.serialize_entry("client", &first.client.to_string())?;
            map.serialize_entry("server", &first.server.to_string())?;
            map.serialize_entry("packet", &first.packet.0)?;
        }
        map.end()
    }
}
