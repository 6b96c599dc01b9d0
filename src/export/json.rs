//! JSON Lines: one object a line, written as soon as it is known. The keys are a contract.

use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::ser::Formatter;

use super::report::marked;
use super::time::Clock;
use super::tree_json::{Behind, HexText, Source};
use super::{Counts, Writer};
use crate::analyzer::{Reason, Tally, Totals};
use crate::net::TcpFacts;
use crate::proto::rtmp::secrets::Masks;
use crate::proto::rtmp::{Content, Handshake, HandshakeFacts, Head, Message};
use crate::proto::{Close, Envelope, Event, Gap, Incomplete, Opened, Resync, Undecodable};
use crate::rules::Finding;
use crate::wire::{Problem, Time, Tree, Value};

/// The bytes of a message that show a fault.
#[derive(Serialize)]
struct Evidence<'b> {
    part: &'static str,
    /// From and to, in that part.
    at: [u32; 2],
    bytes: HexText<'b>,
}

/// The version of the lines' form.
const SCHEMA: u32 = 1;

pub(super) type Map<'a> = <&'a mut serde_json::Serializer<&'a mut Vec<u8>, Plain> as Serializer>::SerializeMap;
pub(super) type Filled = Result<(), serde_json::Error>;

/// Compact, and without any control character: JSON itself allows those from U+007F on, terminals obey them.
pub(super) struct Plain;

impl Formatter for Plain {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, mut fragment: &str) -> io::Result<()> {
        // Most text has nothing that begins like one.
        if fragment.bytes().any(|byte| byte == 0x7f || byte == 0xc2) {
            while let Some((at, control)) = fragment.char_indices().find(|(_, c)| c.is_control()) {
                write!(out, "{}\\u{:04x}", &fragment[..at], u32::from(control))?;
                fragment = &fragment[at + control.len_utf8()..];
            }
        }
        out.write_all(fragment.as_bytes())
    }
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
        let mut serializer = serde_json::Serializer::with_formatter(&mut self.line, Plain);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("event", event)?;
        fill(&mut map)?;
        map.end()?;
        self.line.push(b'\n');
        self.out.write_all(&self.line)
    }

    fn session(&mut self, opened: &Opened) -> io::Result<()> {
        let envelope = opened.envelope();
        let time = self.time(envelope.last.time);
        self.line(envelope.kind.name(), |map| {
            map.serialize_entry("session", &opened.session)?;
            map.serialize_entry("protocol", opened.protocol)?;
            map.serialize_entry("client", &opened.client)?;
            map.serialize_entry("server", &opened.server)?;
            map.serialize_entry("packet", &envelope.last.packet.0)?;
            map.serialize_entry("time", &time)?;
            map.serialize_entry("start", opened.start.name())?;
            if let Some(source) = &opened.proxied {
                map.serialize_entry("proxied", source)?;
            }
            let (tunnels, back) = opened.ways();
            if !tunnels.is_empty() {
                map.serialize_entry("tunnels", &tunnels.names())?;
            }
            if let Some(back) = back {
                map.serialize_entry("tunnels_back", &back.names())?;
            }
            Ok(())
        })
    }

    fn handshake(&mut self, step: &Handshake) -> io::Result<()> {
        let envelope = step.envelope();
        let time = self.time(envelope.last.time);
        self.line(envelope.kind.name(), |map| {
            place(map, &envelope)?;
            map.serialize_entry("step", step.step.name(step.from))?;
            map.serialize_entry("packets", &span(&envelope))?;
            map.serialize_entry("time", &time)?;
            map.serialize_entry("offset", &envelope.offset)?;
            match step.facts {
                HandshakeFacts::Version(version) => map.serialize_entry("version", &version),
                HandshakeFacts::Block { epoch, zero, scheme, digest_at, content, fingerprint } => {
                    map.serialize_entry("epoch", &epoch)?;
                    map.serialize_entry("zero", &HexText(&zero))?;
                    map.serialize_entry("scheme", scheme.name())?;
                    if let Some(at) = digest_at {
                        map.serialize_entry("digest_valid", &true)?;
                        map.serialize_entry("digest_at", &at)?;
                    }
                    if content != Content::Random {
                        map.serialize_entry("random_is", content.name())?;
                    }
                    if let Some(maker) = fingerprint {
                        map.serialize_entry("fingerprint", maker.name())?;
                    }
                    Ok(())
                }
                HandshakeFacts::Echo { time, time2, echo } => {
                    map.serialize_entry("time1", &time)?;
                    map.serialize_entry("time2", &time2)?;
                    if let Some(echo) = echo {
                        map.serialize_entry("echo", echo.name())?;
                    }
                    Ok(())
                }
            }
        })
    }

    fn message(&mut self, message: &Message, masks: &Masks) -> io::Result<()> {
        let message = &*masks.message(message);
        let envelope = message.envelope();
        let time = self.time(envelope.last.time);
        let mut tree = std::mem::take(&mut self.tree);
        tree.clear();
        message.record(&mut tree, &masks.limits);
        let with_payload = self.payload;
        let result = self.line(envelope.kind.name(), |map| {
            map.serialize_entry("n", &message.n)?;
            place(map, &envelope)?;
            map.serialize_entry("time", &time)?;
            head(map, &envelope, &message.head)?;
            let behind = message.answers.map(|answer| Behind {
                key: "command",
                answers: answer.n,
                latency_ms: answer.latency as f64 / 1e6,
            });
            Source::new(&tree, &message.payload).members(map, behind.as_ref())?;
            if !message.problems.is_empty() {
                map.serialize_entry("problems", &Problems(&message.problems))?;
            }
            if with_payload {
                map.serialize_entry("payload", &HexText(&message.payload))?;
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
            map.serialize_entry("time", &time)?;
            head(map, &envelope, &incomplete.head)?;
            map.serialize_entry("received", &incomplete.received)?;
            map.serialize_entry("why", incomplete.why.name())
        })
    }

    fn gap(&mut self, gap: &Gap) -> io::Result<()> {
        let envelope = gap.envelope();
        self.line(envelope.kind.name(), |map| {
            place(map, &envelope)?;
            map.serialize_entry("offset", &envelope.offset)?;
            map.serialize_entry("bytes", &gap.bytes)?;
            map.serialize_entry("packet", &envelope.last.packet.0)
        })?;
        gap.resync().map_or(Ok(()), |found| self.resync(&found))
    }

    fn resync(&mut self, found: &Resync) -> io::Result<()> {
        let envelope = found.envelope();
        self.line(envelope.kind.name(), |map| {
            place(map, &envelope)?;
            map.serialize_entry("offset", &envelope.offset)?;
            map.serialize_entry("skipped", &found.skipped)?;
            map.serialize_entry("packet", &envelope.last.packet.0)
        })
    }

    fn undecodable(&mut self, lost: &Undecodable) -> io::Result<()> {
        let envelope = lost.envelope();
        self.line(envelope.kind.name(), |map| {
            place(map, &envelope)?;
            map.serialize_entry("offset", &envelope.offset)?;
            map.serialize_entry("packet", &envelope.last.packet.0)?;
            map.serialize_entry("reason", &lost.reason.clause())
        })
    }

    fn close(&mut self, close: &Close) -> io::Result<()> {
        let envelope = close.envelope();
        let time = self.time(envelope.last.time);
        self.line(envelope.kind.name(), |map| {
            place(map, &envelope)?;
            map.serialize_entry("how", close.how.name())?;
            map.serialize_entry("packet", &envelope.last.packet.0)?;
            map.serialize_entry("time", &time)?;
            map.serialize_entry("bytes", &close.bytes)?;
            map.serialize_entry("messages", &close.messages)?;
            if close.undecoded > 0 {
                map.serialize_entry("undecoded", &close.undecoded)?;
            }
            map.serialize_entry("tcp", &Tcp(&close.tcp))
        })
    }
}

impl<W: Write> Writer for JsonWriter<W> {
    fn begin(&mut self, files: &[String], _: Option<Time>) -> io::Result<()> {
        self.line("capture", |map| {
            map.serialize_entry("schema", &SCHEMA)?;
            map.serialize_entry("version", env!("CARGO_PKG_VERSION"))?;
            map.serialize_entry("files", files)
        })
    }

    fn event(&mut self, event: &Event, masks: &Masks) -> io::Result<()> {
        match event {
            Event::Session(event) => self.session(event),
            _ if self.findings_only => Ok(()),
            Event::Handshake(event) => self.handshake(event),
            Event::Message(event) => self.message(event, masks),
            Event::Incomplete(event) => self.incomplete(event),
            Event::Gap(event) => self.gap(event),
            Event::Undecodable(event) => self.undecodable(event),
            Event::Resync(event) => self.resync(event),
            Event::Close(event) => self.close(event),
            Event::Piece(_) => Ok(()),
        }
    }

    fn finding(&mut self, finding: &Finding, masks: &Masks) -> io::Result<()> {
        let text = masks.sentence(finding.session, &finding.text);
        let marked = marked(finding, masks);
        self.line("finding", |map| {
            map.serialize_entry("session", &finding.session)?;
            if let Some(from) = finding.from {
                map.serialize_entry("from", from.name())?;
            }
            map.serialize_entry("code", finding.rule.code)?;
            map.serialize_entry("name", finding.rule.name)?;
            map.serialize_entry("severity", finding.severity.name())?;
            map.serialize_entry("text", &text)?;
            map.serialize_entry("spec", finding.rule.source)?;
            if let Some(message) = finding.message {
                map.serialize_entry("message", &message)?;
            }
            map.serialize_entry("packets", &[finding.packets.0.0, finding.packets.1.0])?;
            map.serialize_entry("certain", &finding.certain)?;
            if finding.count > 1 {
                map.serialize_entry("count", &finding.count)?;
            }
            if let Some((part, at, bytes)) = marked {
                map.serialize_entry("evidence", &Evidence { part, at: [at.start, at.end], bytes: HexText(&bytes) })?;
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

fn place(map: &mut Map<'_>, envelope: &Envelope) -> Filled {
    map.serialize_entry("session", &envelope.session)?;
    envelope.from.map_or(Ok(()), |from| map.serialize_entry("from", from.name()))
}

fn head(map: &mut Map<'_>, envelope: &Envelope, head: &Head) -> Filled {
    map.serialize_entry("packets", &span(envelope))?;
    map.serialize_entry("offset", &envelope.offset)?;
    map.serialize_entry("size", &head.size)?;
    map.serialize_entry("chunk_stream_id", &head.chunk_stream_id)?;
    map.serialize_entry("chunk_format", &head.chunk_format)?;
    map.serialize_entry("chunks", &head.chunks)?;
    if head.timestamp_known {
        map.serialize_entry("timestamp", &head.timestamp)?;
    }
    if let Some(extended) = head.extended {
        map.serialize_entry("extended_timestamp", &extended.value)?;
        map.serialize_entry("extended_timestamp_form", extended.form.name())?;
        if extended.absolute {
            map.serialize_entry("extended_timestamp_absolute", &true)?;
        }
    }
    map.serialize_entry("length", &head.length)?;
    map.serialize_entry("type", &head.kind.0)?;
    if let Some(name) = head.kind.name() {
        map.serialize_entry("type_name", name)?;
    }
    if head.message_stream_known {
        map.serialize_entry("message_stream_id", &head.message_stream_id)?;
    }
    Ok(())
}

fn span(envelope: &Envelope) -> [u64; 2] {
    [envelope.first.packet.0, envelope.last.packet.0]
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
        map.serialize_entry("at", &self.0.at)?;
        map.serialize_entry("what", &self.0.what)?;
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

struct UnreadLine(Reason, Tally);

impl Serialize for UnreadLine {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(None)?;
        map.serialize_entry("why", &self.0.to_string())?;
        if self.1.packets > 0 {
            map.serialize_entry("packets", &self.1.packets)?;
        }
        map.serialize_entry("bytes", &self.1.bytes)?;
        map.end()
    }
}
