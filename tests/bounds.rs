//! What attacks cost: memory as the allocator gives it, and work in steps. `docs/limits.md` tells what they cost in seconds.
#![allow(clippy::unwrap_used)]

#[path = "bench/hostile.rs"]
mod hostile;

use std::io::Cursor;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use peak_alloc::PeakAlloc;
use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::capture::{Input, LinkType, Packet};
use rtmp_inspect::inspection::{self, Inspection, Read};
use rtmp_inspect::wire::{Moment, Place};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What is counted may be wrong by so much, in bytes: places in tables that are smaller than a page.
const SLACK: usize = 16 << 10;

/// What a session takes by itself, whatever is said in it, in bytes: its connection, its handshake, and what every rule begins with.
const SESSION: usize = 24 << 10;

/// Steps that a byte of a capture may cost. One took 8 ns with `opt-level = 1`, so that a megabyte costs under three seconds.
const STEPS: u64 = 300;

/// One at a time: there is one allocator.
static ALONE: Mutex<()> = Mutex::new(());

/// Bytes of the smaller capture of an attack, which comes to what it attacks; the larger one has twice as many.
fn size(attack: &str) -> u64 {
    match attack {
        // These are slow: every message of a byte is judged, and every header looked for.
        "tiny-messages" => 50_000,
        "large-packets" => 100_000,
        "lost-again" => 240_000,
        // What a capture says beside its packets has the limits of the program.
        "notes" => 4_000_000,
        "interfaces" => 12_000_000,
        _ => 800_000,
    }
}

/// Small ones, so that small captures come to them.
fn limits() -> Limits {
    Limits {
        connections: 128,
        flows: 256,
        flow_bytes_total: 256 << 10,
        reorder_bytes: 64 << 10,
        reorder_bytes_total: 256 << 10,
        fragment_bytes: 128 << 10,
        fragments: 256,
        opening_bytes_total: 256 << 10,
        session_bytes_total: 2 << 20,
        search_bytes: 64 << 10,
        partial_bytes: 512 << 10,
        story_bytes_total: 512 << 10,
        judged_bytes_total: 512 << 10,
        ..Limits::default()
    }
}

fn capture(attack: &str, size: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    hostile::write(&mut bytes, size, Some(attack)).unwrap();
    bytes
}

/// The packets of a capture, all in memory before anything is measured.
struct Frames {
    bytes: Vec<u8>,
    places: Vec<(Moment, LinkType, u32, Range<usize>)>,
}

impl Frames {
    fn of(capture: Vec<u8>) -> Frames {
        let mut input = Input::from_reader("attack", Cursor::new(capture)).unwrap();
        let mut frames = Frames { bytes: Vec::new(), places: Vec::new() };
        while let Some(packet) = input.next() {
            let Ok(packet) = packet else { continue };
            let start = frames.bytes.len();
            frames.bytes.extend_from_slice(packet.data);
            frames.places.push((packet.at, packet.link, packet.wire_length, start..frames.bytes.len()));
        }
        frames
    }

    fn packets(&self) -> impl ExactSizeIterator<Item = Packet<'_>> {
        self.places.iter().map(|(at, link, wire_length, range)| Packet {
            at: *at,
            link: *link,
            data: &self.bytes[range.clone()],
            wire_length: *wire_length,
            place: Place::default(),
        })
    }
}

/// What the analyzer takes and what it says that it takes, at a hundred places of a capture; and how much looking it did.
fn taken(frames: &Frames, limits: &Limits) -> (Vec<(usize, usize)>, u64) {
    let step = (frames.places.len() / 100).max(1);
    let mut taken = Vec::with_capacity(frames.places.len() / step);
    let before = MEMORY.current_usage();
    let mut analyzer = Analyzer::new(limits, Options::default());
    for (index, packet) in frames.packets().enumerate() {
        analyzer.push(&packet);
        while analyzer.poll().is_some() {}
        if index % step == step - 1 {
            taken.push((MEMORY.current_usage().saturating_sub(before), analyzer.memory()));
        }
    }
    (taken, analyzer.work())
}

/// The most memory that everything takes at a time, to read, decode, judge and mask; and how many sessions there were.
fn peak(capture: Vec<u8>, limits: &Limits) -> (usize, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let input = Input::from_reader("attack", Cursor::new(capture)).unwrap();
    let options = inspection::Options { limits: limits.clone(), ..inspection::Options::default() };
    let mut inspection = Inspection::of(input, &options);
    while !matches!(inspection.read(), Read::End) {
        while inspection.told().is_some() {}
    }
    while inspection.told().is_some() {}
    (MEMORY.peak_usage() - before, inspection.totals().sessions as usize)
}

#[test]
fn what_an_attack_takes_is_known_and_its_bytes_pay_for_the_looking() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (attack, _) in hostile::ATTACKS {
        let frames = Frames::of(capture(attack, size(attack)));
        let (taken, work) = taken(&frames, &limits());
        for (truth, told) in taken {
            assert!(truth.abs_diff(told) <= truth / 4 + SLACK, "{attack}: {told} bytes were counted of {truth}");
        }
        let bytes = frames.bytes.len() as u64;
        assert!(work <= STEPS * bytes, "{attack}: {work} steps for {bytes} bytes");
        assert!(*attack != "look-alikes" || work > bytes, "looking is counted: {work} steps");
    }
}

#[test]
fn twice_the_capture_takes_no_more_memory() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (attack, _) in hostile::ATTACKS {
        let [(one, sessions), (two, more)] = [1, 2].map(|times| peak(capture(attack, times * size(attack)), &limits()));
        // As many sessions as are followed take what each takes by itself; the smaller capture may have had fewer.
        let further = more.min(limits().connections).saturating_sub(sessions);
        // Where a limit frees a quarter, memory goes up and down by that.
        let most = one + one / 4 + further * SESSION + SLACK;
        assert!(two <= most, "{attack}: {one} bytes of {sessions} sessions, then {two} of {more}");
    }
}
