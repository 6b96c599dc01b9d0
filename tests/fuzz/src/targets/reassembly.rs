//! Segments of one connection, in any order, lost, cut, twice, overlapping, lying → its bytes, against a model.
//!
//! The first byte chooses limits and what is known of the beginning; then each segment is a [`Step`] of nine bytes.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use arbitrary::{Result, Unstructured};
use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::net::{Connections, Delivery, Flags, Identity, Output, Segment};
use rtmp_inspect::wire::{Moment, PacketNo, Place, Side, Time};

/// Bits of the first byte.
const LITTLE_ROOM: u8 = 1;
const NO_SYN: u8 = 2;
const NO_ANSWER: u8 = 4;
/// Initial sequence numbers just below 2³².
const WRAPS: u8 = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Data,
    Fin,
    Rst,
    /// A SYN with another initial sequence number.
    Syn,
    /// Data at any sequence number.
    Stray,
}

struct Step {
    from: Side,
    what: What,
    /// Where in the stream it begins.
    offset: u32,
    length: usize,
    /// Payload bytes that a snap length cut off.
    cut: usize,
    /// What it acknowledges of the other's stream.
    acknowledges: Option<u32>,
    /// Whether its bytes are others than those that the stream has there.
    lies: bool,
    /// Nanoseconds since the one before.
    passed: i64,
}

impl Step {
    fn read(u: &mut Unstructured<'_>) -> Result<Step> {
        let [kind, manner]: [u8; 2] = u.arbitrary()?;
        let offset = u32::from(u.arbitrary::<u16>()?);
        let [length, cut, time]: [u8; 3] = u.arbitrary()?;
        let acknowledged = u32::from(u.arbitrary::<u16>()?);
        let what = match kind >> 1 {
            0..=99 => What::Data,
            100..=111 => What::Fin,
            112..=115 => What::Rst,
            116..=119 => What::Syn,
            _ => What::Stray,
        };
        let offset = if what == What::Stray { offset << 16 | acknowledged } else { offset };
        let carries = matches!(what, What::Data | What::Stray);
        let length = if carries { usize::from(length) << (manner >> 6) } else { 0 };
        Ok(Step {
            from: Side::BOTH[usize::from(kind & 1)],
            what,
            offset,
            length,
            cut: if manner & 1 != 0 { usize::from(cut).min(length) } else { 0 },
            acknowledges: (manner & 2 != 0).then_some(acknowledged),
            lies: manner & 4 != 0,
            passed: i64::from(time) * if manner & 8 != 0 { 100_000_000 } else { 1000 },
        })
    }
}

/// What a segment carried. Its number is the upper half of its place.
struct Carried {
    from: Side,
    offset: u32,
    bytes: Vec<u8>,
}

/// What one direction of one connection has given.
#[derive(Default)]
struct Given {
    next: u64,
    closed: bool,
    /// Where in the stream its first byte lies.
    base: Option<u32>,
}

/// What the receiver of one direction must have got.
#[derive(Default)]
struct Model {
    /// Per byte the segment that first brought it, and what it was.
    bytes: BTreeMap<u64, (u64, u8)>,
    /// Where what was sent ends, captured or not.
    end: u64,
    fin: Option<u64>,
    /// Bytes in holes that were declared.
    missing: u64,
}

struct Check {
    carried: Vec<Carried>,
    given: BTreeMap<u64, [Given; 2]>,
    models: [Model; 2],
    /// Whether all was one connection from its beginning, so that the models hold.
    plain: bool,
    /// The segment that is being taken in.
    at_hand: Option<u64>,
}

impl Check {
    /// A segment is captured.
    fn capture(&mut self, step: &Step, bytes: Vec<u8>) {
        let packet = self.carried.len() as u64;
        let model = &mut self.models[step.from.index()];
        let start = u64::from(step.offset);
        match step.what {
            // An acknowledgement alone says nothing of what its sender sent.
            What::Data if step.length == 0 => {}
            What::Data => {
                let end = start + step.length as u64;
                self.plain &= model.fin.is_none_or(|fin| end <= fin);
                model.end = model.end.max(end);
                for (at, byte) in (start..).zip(&bytes) {
                    model.bytes.entry(at).or_insert((packet, *byte));
                }
            }
            // Only the first one ends it.
            What::Fin if model.fin.is_some() => {}
            What::Fin => {
                self.plain &= start >= model.end;
                model.fin = Some(start);
                model.end = start;
            }
            What::Rst | What::Syn | What::Stray => self.plain = false,
        }
        self.carried.push(Carried { from: step.from, offset: step.offset, bytes });
    }

    fn take(&mut self, output: &Output<'_>) {
        match *output {
            Output::Tunnels { .. } => panic!("there are none"),
            Output::Stream { delivery: Delivery::Heard, .. } => {}
            Output::Open { connection, .. } => {
                assert!(self.given.insert(connection, Default::default()).is_none());
                self.plain &= self.given.len() == 1;
            }
            Output::Stream { connection, from, delivery: Delivery::Joined } => {
                let given = &self.given[&connection][from.index()];
                assert!(given.next == 0 && !given.closed);
            }
            Output::Stream { connection, from, delivery: Delivery::Bytes { offset, bytes, at, place } } => {
                let given = &mut self.given.get_mut(&connection).unwrap()[from.index()];
                assert!(given.next == offset && !given.closed && !bytes.is_empty());
                given.next += bytes.len() as u64;
                // They are what a segment of that side carried, and all of the direction counts from one place.
                let place = place.unwrap();
                let (packet, inside) = (place.offset >> 32, place.offset as u32);
                assert_eq!(packet, at.packet.0);
                let carried = &self.carried[packet as usize];
                assert_eq!(carried.from, from);
                assert_eq!(carried.bytes.get(inside as usize..inside as usize + bytes.len()), Some(bytes));
                let base = carried.offset.wrapping_add(inside).wrapping_sub(offset as u32);
                assert_eq!(*given.base.get_or_insert(base), base);
                if self.plain {
                    // The first copy is the one that counts.
                    assert_eq!(base, 0);
                    let model = &self.models[from.index()];
                    for (at, byte) in (offset..).zip(bytes) {
                        assert_eq!(model.bytes.get(&at), Some(&(packet, *byte)), "offset {at}");
                    }
                }
            }
            Output::Stream { connection, from, delivery: Delivery::Gap { offset, missing, .. } } => {
                let given = &mut self.given.get_mut(&connection).unwrap()[from.index()];
                assert!(given.next == offset && !given.closed && missing > 0);
                given.next += missing;
                if self.plain {
                    // The segment at hand may be the one at which the clock says that a hole is one.
                    let model = &mut self.models[from.index()];
                    let mut captured = model.bytes.range(offset..offset + missing);
                    assert!(
                        captured.all(|(_, (packet, _))| Some(*packet) == self.at_hand),
                        "no hole at {offset}, {missing} bytes"
                    );
                    model.missing += missing;
                }
            }
            Output::Stream { connection, from, delivery: Delivery::Close { .. } } => {
                let given = &mut self.given.get_mut(&connection).unwrap()[from.index()];
                assert!(!std::mem::replace(&mut given.closed, true));
            }
        }
    }

    fn finish(&self, patient: bool) {
        assert!(self.given.values().flatten().all(|given| given.closed));
        let Some(given) = self.given.values().next().filter(|_| self.plain) else { return };
        for (given, model) in given.iter().zip(&self.models) {
            assert!(given.next >= model.end, "{} of {}", given.next, model.end);
            if patient {
                assert_eq!(given.next, model.end);
                assert_eq!(model.missing, model.end - model.bytes.len() as u64, "all that was captured is given");
            }
        }
    }
}

pub fn run(bytes: &[u8]) {
    let mut u = Unstructured::new(bytes);
    let Ok(flags) = u.arbitrary::<u8>() else { return };
    let limits = if flags & LITTLE_ROOM != 0 {
        let (reorder_bytes, reorder_segments) = (300, 4);
        Limits { reorder_bytes, reorder_segments, acknowledged_hole_packets: 8, ..Limits::default() }
    } else {
        Limits { acknowledged_hole_packets: 8, ..Limits::default() }
    };
    let ends: [SocketAddr; 2] = [([10, 0, 0, 1], 40_000).into(), ([10, 0, 0, 2], 1935).into()];
    let initial: [u32; 2] =
        if flags & WRAPS != 0 { [0_u32.wrapping_sub(700), u32::MAX] } else { [1000, 2_000_000_000] };
    let mut connections = Connections::new(&limits);
    let mut check = Check {
        carried: Vec::new(),
        given: BTreeMap::new(),
        models: Default::default(),
        plain: flags & (NO_SYN | NO_ANSWER) == 0,
        at_hand: None,
    };
    // Nothing makes a hole certain before the end: neither room nor an acknowledgement.
    let mut patient = flags & LITTLE_ROOM == 0;
    let mut time = 0;
    let mut send = |check: &mut Check, step: &Step, flags: Flags| {
        // A SYN stands before the first byte.
        let first = initial[step.from.index()].wrapping_add(u32::from(!flags.syn));
        let acknowledged = initial[step.from.other().index()].wrapping_add(1);
        let packet = check.carried.len() as u64;
        let stream = |at: u32| (at * 7 + at / 251 + step.from.index() as u32) as u8;
        let lie = if step.lies { packet as u8 | 1 } else { 0 };
        let bytes: Vec<u8> =
            (0..step.length - step.cut).map(|at| stream((step.offset & 0xff_ffff) + at as u32) ^ lie).collect();
        if flags.syn && check.carried.len() < 2 {
            check.carried.push(Carried { from: step.from, offset: 0, bytes: Vec::new() });
        } else {
            check.capture(step, bytes.clone());
        }
        check.at_hand = Some(packet);
        time += step.passed;
        let segment = Segment {
            source: ends[step.from.index()],
            destination: ends[step.from.other().index()],
            sequence: first.wrapping_add(step.offset),
            acknowledgement: acknowledged.wrapping_add(step.acknowledges.unwrap_or(0)),
            flags,
            payload: &bytes,
            place: Place { file: 0, offset: packet << 32 },
            cut: step.cut as u32,
            window: if step.length % 7 == 3 { 0 } else { 1000 },
            window_scale: flags.syn.then_some(step.passed as u8),
            identity: Identity::Identification(step.offset as u16),
            continues: false,
            tunnels: &[],
        };
        let at = Moment { packet: PacketNo(packet), time: Time(time) };
        connections.push(&segment, at, &mut |output| check.take(&output));
    };
    let syn =
        |from| Step { from, what: What::Syn, offset: 0, length: 0, cut: 0, acknowledges: None, lies: false, passed: 0 };
    if flags & NO_SYN == 0 {
        send(&mut check, &syn(Side::Client), Flags { syn: true, ..Flags::default() });
    }
    if flags & NO_ANSWER == 0 {
        send(&mut check, &syn(Side::Server), Flags { syn: true, ack: true, ..Flags::default() });
    }
    while !u.is_empty()
        && let Ok(step) = Step::read(&mut u)
    {
        patient &= step.acknowledges.is_none();
        let flags = Flags {
            syn: step.what == What::Syn,
            // A client's SYN answers nothing.
            ack: step.what != What::Syn || step.from == Side::Server,
            fin: step.what == What::Fin,
            rst: step.what == What::Rst,
        };
        send(&mut check, &step, flags);
    }
    check.at_hand = None;
    connections.finish(&mut |output| check.take(&output));
    check.finish(patient);
}
