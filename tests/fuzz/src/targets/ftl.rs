//! What the two sides of FTL's control connection write → lines, and the same in other pieces.
//!
//! The first byte says whether the capture has the beginning, whether a key is known, and whether packets are lost. The second says how many
//! sizes of pieces follow, a byte each. The rest is [`Step`]s: a byte of what it is and whose, two of its length, the bytes.

use arbitrary::{Result, Unstructured};
use rtmp_inspect::proto::ftl::{Content, Item, Line, LineEnd, Relation, Session, decode, secrets};
use rtmp_inspect::synth::{Conversation, Link, transform};
use rtmp_inspect::wire::{Moment, PacketNo, Side, Time, Tree};

use super::payload::analyze;
use crate::common::{Story, meaning, whole};

/// Bits of the first byte.
const MIDSTREAM: u8 = 1;
const KEY: u8 = 2;
const LOSS: u8 = 4;
/// A client that got its nonce comes before.
pub const BEGUN: u8 = 8;

/// The most that a connection may keep: two lines under way, and what its attributes say.
const MEMORY: usize = 128 << 10;

/// What a side does.
enum Step<'a> {
    Bytes(&'a [u8]),
    /// So many bytes are missing.
    Gap(u64),
    Close,
}

struct Case<'a> {
    flags: u8,
    sizes: Vec<usize>,
    steps: Vec<(Side, Step<'a>)>,
}

impl<'a> Case<'a> {
    fn read(bytes: &'a [u8]) -> Result<Case<'a>> {
        let mut u = Unstructured::new(bytes);
        let flags: u8 = u.arbitrary()?;
        let count = usize::from(u.arbitrary::<u8>()? % 32);
        let sizes = u.bytes(count)?.iter().map(|size| 1 + usize::from(*size)).collect();
        let mut steps = Vec::new();
        if flags & BEGUN != 0 {
            steps.push((Side::Client, Step::Bytes(b"HMAC\r\n\r\n")));
            steps.push((Side::Server, Step::Bytes(b"200 00112233445566778899aabbccddeeff\n")));
        }
        while let (false, Ok(what), Ok(length)) = (u.is_empty(), u.arbitrary::<u8>(), u.arbitrary::<u16>()) {
            let from = Side::BOTH[usize::from(what & 1)];
            let step = match what >> 4 {
                14 => Step::Gap(u64::from(length) + 1),
                15 => Step::Close,
                _ => {
                    let Ok(said) = u.bytes(usize::from(length).min(u.len())) else { break };
                    Step::Bytes(said)
                }
            };
            steps.push((from, step));
        }
        Ok(Case { flags, sizes, steps })
    }
}

/// Where a line begins with the empty lines before it, and where it ends, in its direction.
fn span(line: &Line) -> (u64, u64) {
    (line.offset - line.blank, line.offset + line.bytes.len() as u64 + line.cut)
}

/// The lines of all steps, whose bytes come in pieces of these sizes, round and round; then the same of a session that learns
/// them. All bytes are some line's.
fn lines(case: &Case<'_>, sizes: &[usize]) -> Vec<Item> {
    let keys: &[String] = if case.flags & KEY != 0 { &["77-key".to_owned(), "other".to_owned()] } else { &[] };
    let mut session = Session::new([case.flags & MIDSTREAM == 0; 2], keys);
    let mut sizes = sizes.iter().cycle();
    let (mut items, mut ends, mut closed, mut missing) = (Vec::new(), [0_u64; 2], [false; 2], [0; 2]);
    for (number, (from, step)) in case.steps.iter().enumerate() {
        let at = Moment { packet: PacketNo(number as u64 + 1), time: Time(number as i64 * 1000) };
        let side = from.index();
        if closed[side] {
            continue;
        }
        match *step {
            Step::Bytes(mut bytes) => {
                ends[side] += bytes.len() as u64;
                while !bytes.is_empty() {
                    let size = sizes.next().map_or(bytes.len(), |size| (*size).min(bytes.len()));
                    let (piece, rest) = bytes.split_at(size);
                    session.bytes(*from, at, piece, &mut items);
                    bytes = rest;
                }
            }
            Step::Gap(length) => {
                ends[side] += length;
                missing[side] += length;
                session.gap(*from, at, length, &mut items);
            }
            Step::Close => {
                closed[side] = true;
                session.close(*from, at, &mut items);
            }
        }
        assert!(session.memory() <= MEMORY, "{}", session.memory());
    }
    for from in Side::BOTH {
        session.close(from, Moment::default(), &mut items);
    }
    for from in Side::BOTH {
        let side = from.index();
        let mut at = 0;
        let mut holes = 0;
        for item in items.iter().filter(|item| item.from == from) {
            let (start, end) = span(&item.line);
            assert!(start >= at && end > start, "{start} behind {at}");
            // Only a hole lies between lines.
            holes += start - at;
            at = end;
        }
        assert_eq!(
            ends[side] - at,
            session.blank(from) + (missing[side] - holes),
            "{} bytes are nobody's",
            from.name()
        );
    }
    items
}

/// What holds of the lines of any session.
fn check(items: &[Item]) {
    let mut answered = vec![false; items.len() + 1];
    for (item, number) in items.iter().zip(1..) {
        assert_eq!(item.number, number);
        let line = &item.line;
        let mut tree = Tree::default();
        let (content, problems) = decode(item.from, &line.bytes, &mut tree);
        assert_eq!((&content, &problems), (&item.content, &item.problems));
        whole(&tree, line.bytes.len());
        assert!(problems.iter().all(|problem| problem.at as usize <= line.bytes.len()));
        assert_eq!(line.bytes.ends_with(b"\n") && line.cut == 0, line.end != LineEnd::Missing && line.cut == 0);
        assert!(!line.text().is_empty());
        for secret in secrets(item.from, &line.bytes) {
            assert!(secret.end <= line.text().len());
        }
        if let Some(Relation::Answers(answer)) = item.relation {
            let command = &items[answer.number as usize - 1];
            assert!(answer.number < number && command.from == Side::Client && item.from == Side::Server);
            let Content::Command(asked) = &command.content else { panic!("{:?}", command.content) };
            assert_eq!(asked.name(), Some(answer.command));
            assert!(!std::mem::replace(&mut answered[answer.number as usize], true), "answered twice");
        }
        assert_eq!(item.relation.is_some(), item.from == Side::Server);
    }
}

pub fn run(bytes: &[u8]) {
    let Ok(case) = Case::read(bytes) else { return };
    let one = lines(&case, &[]);
    check(&one);
    assert_eq!(one, lines(&case, &[1]), "byte by byte it says something else");
    assert_eq!(one, lines(&case, &case.sizes), "in other pieces it says something else");

    let mut conversation = Conversation::new();
    for (from, step) in &case.steps {
        if let Step::Bytes(said) = step {
            conversation = conversation.side(*from, |peer| peer.raw(said));
        }
    }
    let mut packets = Link::v4().server_port(8084).packets(&conversation);
    if case.flags & MIDSTREAM != 0 {
        packets.drain(..3);
    }
    let recut = transform::resegment_by(&packets, &case.sizes);
    if case.flags & LOSS == 0 {
        let everything = analyze(&recut);
        // Without its first command, a connection is judged by all of it that has come, and more of it may say otherwise.
        let client = conversation.bytes(Side::Client);
        let begins = [&b"HMAC\r"[..], b"HMAC\n"].iter().any(|first| client.starts_with(first));
        if case.flags & MIDSTREAM == 0 && begins {
            assert_eq!(Story::of_packets(&packets).meaning(), meaning(&everything.events));
        }
        everything.json();
    } else {
        let lost: Vec<usize> = case.sizes.iter().map(|size| size % recut.len().max(1)).collect();
        analyze(&transform::drop_packets(&recut, &lost)).json();
    }
}
