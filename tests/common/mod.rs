//! What the integration tests share: packets in, everything that the program says of them out.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

pub mod acting;
pub mod encap;
pub mod everything;
pub mod hostile;
pub mod kept;
pub mod strict;

use std::path::Path;
use std::sync::Arc;

use rtmp_inspect::analyzer::{Analyzer, Limits, Options, Reason, Tally};
use rtmp_inspect::capture::{self, LinkType};
use rtmp_inspect::export::Writer;
use rtmp_inspect::export::json::JsonWriter;
use rtmp_inspect::inspection::Inspection;
use rtmp_inspect::proto::Event;
use rtmp_inspect::proto::amf::Amf as Decoded;
use rtmp_inspect::proto::rtmp::secrets::Masks;
use rtmp_inspect::proto::rtmp::{Body, Message};
use rtmp_inspect::rules::{Engine, Finding};
use rtmp_inspect::synth::{self, Conversation, Link, Packet, sample, values};
use rtmp_inspect::wire::{Moment, PacketNo, Place, Side, Time, Tree, Value};

/// All that came of some packets.
#[derive(Default)]
pub struct Story {
    pub events: Vec<Event>,
    pub findings: Vec<Finding>,
    /// What was not understood; of frames alone.
    pub unread: Vec<(Reason, Tally)>,
    /// The limits that were reached; of frames alone.
    pub limits: Vec<(&'static str, u64)>,
}

impl Story {
    /// Analyzes packets in the order in which they stand, as one capture.
    pub fn of_packets(packets: &[Packet]) -> Story {
        Story::of_packets_under(packets, &Limits::default())
    }

    pub fn of_packets_under(packets: &[Packet], limits: &Limits) -> Story {
        let mut story = Story::default();
        let mut analyzer = Analyzer::new(limits, Options::default());
        let mut engine = Engine::default();
        for (index, packet) in packets.iter().enumerate() {
            let frame = packet.frame();
            analyzer.push(&capture::Packet {
                at: Moment { packet: PacketNo(index as u64 + 1), time: packet.time },
                link: LinkType(1),
                data: &frame,
                wire_length: frame.len() as u32,
                place: Place::default(),
            });
            story.drain(&mut analyzer, &mut engine);
        }
        analyzer.finish();
        story.drain(&mut analyzer, &mut engine);
        story
    }

    /// Analyzes frames with their link types, a microsecond from one to the next.
    pub fn of_frames(frames: &[encap::Frame]) -> Story {
        Story::of_frames_under(frames, &Limits::default())
    }

    pub fn of_frames_under(frames: &[encap::Frame], limits: &Limits) -> Story {
        let mut story = Story::default();
        let mut analyzer = Analyzer::new(limits, Options::default());
        let mut engine = Engine::default();
        for (index, (link, data)) in frames.iter().enumerate() {
            analyzer.push(&capture::Packet {
                at: Moment { packet: PacketNo(index as u64 + 1), time: Time(index as i64 * 1000) },
                link: LinkType(*link),
                data,
                wire_length: data.len() as u32,
                place: Place::default(),
            });
            story.drain(&mut analyzer, &mut engine);
        }
        analyzer.finish();
        story.drain(&mut analyzer, &mut engine);
        story.unread.clone_from(&analyzer.totals().unread);
        story.limits = analyzer.totals().reached.list();
        story
    }

    /// Analyzes Ethernet frames with their times, by these stream keys.
    pub fn of_timed(frames: &[(Time, Vec<u8>)], stream_keys: &[String]) -> Story {
        let mut story = Story::default();
        let options = Options {
            keys: Arc::new(rtmp_inspect::proto::Keys { stream_keys: stream_keys.to_vec(), ..Default::default() }),
            ..Options::default()
        };
        let mut analyzer = Analyzer::new(&Limits::default(), options);
        let mut engine = Engine::default();
        for (index, (time, data)) in frames.iter().enumerate() {
            analyzer.push(&capture::Packet {
                at: Moment { packet: PacketNo(index as u64 + 1), time: *time },
                link: LinkType(1),
                data,
                wire_length: data.len() as u32,
                place: Place::default(),
            });
            story.drain(&mut analyzer, &mut engine);
        }
        analyzer.finish();
        story.drain(&mut analyzer, &mut engine);
        story
    }

    pub fn of(conversation: &Conversation) -> Story {
        Story::of_packets(&Link::v4().packets(conversation))
    }

    pub fn of_file(path: &Path) -> Story {
        let mut story = Story::default();
        let mut inspection = Inspection::open(&[path.to_owned()], &Limits::default()).unwrap();
        while let Some(told) = inspection.next() {
            if let Ok(told) = told {
                story.findings.extend(told.findings);
                story.events.push(told.event.clone());
            }
        }
        story
    }

    fn drain(&mut self, analyzer: &mut Analyzer, engine: &mut Engine) {
        while let Some(event) = analyzer.poll() {
            self.findings.extend(engine.observe(&event));
            self.events.push(event);
        }
    }

    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.events.iter().filter_map(|event| match event {
            Event::Message(message) => Some(message),
            _ => None,
        })
    }

    pub fn messages_from(&self, from: Side) -> Vec<&Message> {
        self.messages().filter(|message| message.from == from).collect()
    }

    /// [`meaning`] of all of it.
    pub fn meaning(&self) -> Vec<String> {
        meaning(&self.events)
    }

    /// The codes of all findings, repeats left out.
    pub fn codes(&self) -> Vec<&'static str> {
        let mut codes: Vec<_> = self.findings.iter().map(|finding| finding.rule.code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

/// What each direction of each session says, without what depends on packets: the meaning that no packetisation may
/// change.
pub fn meaning(events: &[Event]) -> Vec<String> {
    // A step of the handshake is judged when what it answers has come: its place among the messages may vary.
    let mut lines: Vec<((u32, Side, bool), String)> = Vec::new();
    for event in events {
        let (from, line) = match event {
            Event::Message(message) => {
                let head = &message.head;
                let line = format!(
                    "message {} {} {} {} {} {:?} {} {} {:?} {:?} {:?} {} {:?}",
                    head.offset,
                    head.size,
                    head.chunks,
                    head.chunk_stream_id,
                    head.chunk_format,
                    head.timestamp_known.then_some(head.timestamp),
                    head.length,
                    head.kind.0,
                    head.message_stream_known.then_some(head.message_stream_id),
                    head.runs,
                    head.extended,
                    digest(&message.payload),
                    message.problems,
                );
                (message.from, line)
            }
            Event::Ftl(message) => {
                let line = format!("{} {:?} {:?}", message.type_name(), message.offset(), message.payload());
                (message.from(), line)
            }
            Event::Handshake(step) => {
                let name = step.step.name(step.from);
                (step.from, format!("{name} {} {} {:?}", step.offset, digest(&step.bytes), step.facts))
            }
            Event::Incomplete(part) => {
                (part.from, format!("incomplete {} {} {:?}", part.head.offset, part.received, part.why))
            }
            Event::Gap(gap) => (gap.from, format!("gap {} {} {}", gap.offset, gap.bytes, gap.survived)),
            Event::Undecodable(lost) => (lost.from, format!("undecodable {} {:?}", lost.offset, lost.reason)),
            Event::Close(close) => {
                (close.from, format!("close {} {} {}", close.bytes, close.messages, close.undecoded))
            }
            Event::Resync(found) => (found.from, format!("resync {} {}", found.offset, found.skipped)),
            Event::Deviation(it) => (it.from, format!("deviation {} {:?}", it.offset, it.mistake)),
            Event::Session(_) | Event::Flow(_) | Event::Tls(_) | Event::Tunnel(_) | Event::Piece(_) => continue,
        };
        lines.push(((event.session(), from, !matches!(event, Event::Handshake(_))), line));
    }
    lines.sort_by_key(|(place, _)| *place);
    lines.into_iter().map(|((session, from, _), line)| format!("{session} {} {line}", from.name())).collect()
}

/// A command that carries these values, alone in its message.
fn command(arguments: &[synth::Amf]) -> Story {
    let mut payload = values(&["call".into(), 7.into(), synth::Amf::Null]);
    payload.extend(values(arguments));
    Story::of(&sample::connected().client(|c| c.message(&synth::Message::new(3, 20, 0, 0, payload.clone()))))
}

/// The arguments of a command that carries these values, and its problems.
pub fn decoded(arguments: &[synth::Amf]) -> (Vec<Decoded>, Vec<String>) {
    let story = command(arguments);
    let message = story.messages().last().unwrap();
    let Body::Command(command) = &message.body else { panic!("{:?}", message.body) };
    (command.arguments.clone(), message.problems.iter().map(|problem| problem.what.clone()).collect())
}

/// The JSON line of a command that carries these values.
pub fn json(arguments: &[synth::Amf]) -> serde_json::Value {
    let story = command(arguments);
    json_of(story.messages().last().unwrap(), &story, true)
}

/// A message's JSON line with its payload, after all of a story was seen.
pub fn json_of(message: &Message, story: &Story, reveal: bool) -> serde_json::Value {
    let mut masks = Masks::new(reveal, &Limits::default());
    for event in &story.events {
        masks.observe(event);
    }
    let mut json = JsonWriter::new(Vec::new(), true);
    json.event(&Event::Message(message.clone()), &rtmp_inspect::story::Story::default(), &masks).unwrap();
    serde_json::from_slice(&json.into_inner()).unwrap()
}

/// Checks that each of `length` bytes is claimed by one root, and that children lie in their parents.
pub fn whole(tree: &Tree, length: usize) {
    let mut at = 0;
    for root in tree.roots() {
        let span = &tree.nodes[root].span;
        assert!(span.start >= at && span.end as usize <= length, "{span:?}");
        at = span.end;
    }
    assert_eq!(at as usize, length, "every byte is somebody's");
    for (index, node) in tree.nodes.iter().enumerate() {
        for child in tree.children(index) {
            let child = &tree.nodes[child].span;
            assert!(child.start >= node.span.start && child.end <= node.span.end, "{child:?} in {node:?}");
        }
        if let Value::Text(range) | Value::Bytes(range) | Value::Xml(range) | Value::Class(range) = &node.value {
            assert!(range.end as usize <= length);
        }
    }
}

/// Bytes told apart from others in few characters.
pub fn digest(bytes: &[u8]) -> String {
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{}:{hash:016x}", bytes.len())
}

/// A file of the repository's captures.
pub fn capture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name)
}

/// Every file of the repository's captures, in order.
pub fn captures() -> Vec<std::path::PathBuf> {
    captures_in(capture(""))
}

/// Every capture in a folder and those in it, in order.
pub fn captures_in(folder: std::path::PathBuf) -> Vec<std::path::PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().contains(".pcap") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(found.len() >= 50);
    found
}
