//! What attacks cost: memory as the allocator gives it, and work in steps. `docs/limits.md` tells what they cost in seconds.
#![allow(clippy::unwrap_used)]

#[path = "bench/hostile.rs"]
mod hostile;

use std::cell::RefCell;
use std::io::Cursor;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use peak_alloc::PeakAlloc;
use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::capture::{Input, LinkType, Packet};
use rtmp_inspect::inspection::{self, Inspection, Read};
use rtmp_inspect::proto::rtmpe::Secrets;
use rtmp_inspect::proto::{Event, Keys};
use rtmp_inspect::rules::Engine;
use rtmp_inspect::story::Stories;
use rtmp_inspect::wire::{Moment, Place};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What is counted may be wrong by so much, in bytes: places in tables that are smaller than a page.
const SLACK: usize = 16 << 10;

/// By so much two readings of one capture may differ, in bytes: a table that is hashed grows when its places happen to be taken.
const NOISE: usize = 40 << 10;

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
        "lost-again" => 480_000,
        // So many that the table of flows has grown as far as it does.
        "ftl-flows" => 2_000_000,
        // As much as all sessions together may keep.
        "ftl-pieces" => 6_000_000,
        "ftl-lines" => 3_000_000,
        // A client leaves its flow to its next session: so many clients that all flows are taken.
        "ftl-lingering" => 6_400_000,
        // So many that all connections, and all sessions, are taken.
        "rtmpt-opens" => 4_200_000,
        "rtmpt-jumps" | "rtmpt-pipelined" => 6_200_000,
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
        tunnels: 128,
        http_waiting_bytes: 64 << 10,
        tunnel_bytes: 64 << 10,
        tunnel_bytes_total: 256 << 10,
        tls_waiting_bytes: 64 << 10,
        tls_waiting_bytes_total: 256 << 10,
        key_log_bytes: 128 << 10,
        carrier_work: 2 << 20,
        story_bytes_total: 512 << 10,
        judged_bytes_total: 512 << 10,
        ..Limits::default()
    }
}

/// The attacks, or those whose names begin as `ATTACK` says.
fn attacks() -> impl Iterator<Item = &'static str> {
    let wanted = std::env::var("ATTACK").unwrap_or_default();
    hostile::ATTACKS.iter().map(|(attack, _)| *attack).filter(move |attack| attack.starts_with(&wanted))
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
    /// TLS secrets, each before which packet.
    secrets: Vec<(usize, Vec<u8>)>,
}

/// What is known beside the captures.
fn keys() -> Arc<Keys> {
    let rtmpe = Secrets::read(hostile::rtmpe_secrets().as_bytes()).unwrap();
    Arc::new(Keys { rtmpe, ..Keys::default() })
}

fn analyzer(limits: &Limits) -> Analyzer {
    let mut analyzer = Analyzer::new(limits, Options { keys: keys(), ..Options::default() });
    analyzer.expect_secrets(true);
    analyzer
}

impl Frames {
    fn of(capture: Vec<u8>) -> Frames {
        let mut input = Input::from_reader("attack", Cursor::new(capture)).unwrap();
        let mut frames = Frames { bytes: Vec::new(), places: Vec::new(), secrets: Vec::new() };
        while let Some(packet) = input.next() {
            let Ok(packet) = packet else { continue };
            let start = frames.bytes.len();
            frames.bytes.extend_from_slice(packet.data);
            frames.places.push((packet.at, packet.link, packet.wire_length, start..frames.bytes.len()));
            let key_log = |it: &rtmp_inspect::capture::Secrets| it.bytes.clone();
            let known = frames.secrets.len();
            frames.secrets.extend(input.secrets(known).iter().map(key_log).map(|log| (frames.places.len() - 1, log)));
        }
        frames
    }

    /// Gives an analyzer the packet of this number, with what stands before it.
    fn push(&self, analyzer: &mut Analyzer, number: usize) {
        let from = self.secrets.partition_point(|(before, _)| *before < number);
        for (_, log) in self.secrets[from..].iter().take_while(|(before, _)| *before == number) {
            analyzer.add_secrets(log);
        }
        let (at, link, wire_length, range) = self.places[number].clone();
        analyzer.push(&Packet { at, link, data: &self.bytes[range], wire_length, place: Place::default() });
    }
}

/// What the analyzer takes and what it says that it takes, at a hundred places of a capture; and how much looking it did.
fn taken(frames: &Frames, limits: &Limits) -> (Vec<(usize, usize)>, u64) {
    let step = (frames.places.len() / 100).max(1);
    let mut taken = Vec::with_capacity(frames.places.len() / step);
    let before = MEMORY.current_usage();
    let mut analyzer = analyzer(limits);
    for index in 0..frames.places.len() {
        frames.push(&mut analyzer, index);
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
    let options = inspection::Options { limits: limits.clone(), keys: keys(), ..inspection::Options::default() };
    let mut inspection = Inspection::of(input, &options);
    while !matches!(inspection.read(), Read::End) {
        while inspection.told().is_some() {}
    }
    while inspection.told().is_some() {}
    (MEMORY.peak_usage() - before, inspection.totals().sessions as usize)
}

/// Bytes of secrets that a capture brings.
fn secrets(capture: Vec<u8>) -> usize {
    let mut input = Input::from_reader("attack", Cursor::new(capture)).unwrap();
    while input.next().is_some() {}
    input.secrets(0).iter().map(|secrets| secrets.bytes.len()).sum()
}

/// What is kept of sessions beside what the analyzer keeps, and how much it says that it is.
#[derive(Clone, Copy)]
struct Kept {
    truth: usize,
    told: usize,
    sessions: usize,
}

/// Reads a capture, and lets `told` look at what was taken at the same places as [`taken`].
fn read(frames: &Frames, limits: &Limits, mut observe: impl FnMut(&Event), mut told: impl FnMut(usize)) {
    let step = (frames.places.len() / 100).max(1);
    let before = MEMORY.current_usage();
    let mut analyzer = analyzer(limits);
    for index in 0..frames.places.len() {
        frames.push(&mut analyzer, index);
        while let Some(event) = analyzer.poll() {
            observe(&event);
        }
        if index % step == step - 1 {
            told(MEMORY.current_usage().saturating_sub(before));
        }
    }
}

/// What somebody keeps who is told of the sessions: what there is with him, beside what there is without him.
fn kept<K>(
    frames: &Frames,
    limits: &Limits,
    without: &[usize],
    keeper: K,
    observe: impl Fn(&mut K, &Event),
    told: impl Fn(&K) -> (usize, usize),
) -> Vec<Kept> {
    let mut all = Vec::with_capacity(without.len());
    let keeper = RefCell::new(keeper);
    read(
        frames,
        limits,
        |event| observe(&mut keeper.borrow_mut(), event),
        |taken| {
            let (told, sessions) = told(&keeper.borrow());
            all.push(Kept { truth: taken.saturating_sub(without[all.len()]), told, sessions });
        },
    );
    all
}

/// Looks whether what is kept was counted: the sessions' lists within a quarter, and what each session takes by itself beside them.
/// What is counted may be more, until a limit makes it count anew.
fn check_kept(what: &str, kept: Kept, each: usize) {
    let Kept { truth, told, sessions } = kept;
    let most = told + told / 4 + (sessions + 1) * each + NOISE;
    assert!(truth <= most, "{what}: {told} bytes were counted of {truth}, in {sessions} sessions");
}

#[test]
fn what_stories_and_rules_keep_is_counted() {
    /// What a session's story takes by itself; what its rules begin with, and each kind of fault that was seen. In bytes.
    const STORY: usize = 4 << 10;
    const RULES: usize = 16 << 10;
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let limits = limits();
    for attack in attacks() {
        let frames = Frames::of(capture(attack, size(attack)));
        let mut without = Vec::with_capacity(frames.places.len());
        read(&frames, &limits, |_| (), |taken| without.push(taken));
        let learn = |it: &mut Stories, event: &Event| {
            it.learn(event);
        };
        let stories =
            kept(&frames, &limits, &without, Stories::under(&limits), learn, |it| (it.held_bytes(), it.held()));
        let judge = |it: &mut Engine, event: &Event| drop(it.observe(event));
        let both = kept(&frames, &limits, &without, Engine::under(&limits), judge, |it| (it.held_bytes(), it.held()));
        assert_eq!(stories.len(), both.len());
        for (story, both) in stories.into_iter().zip(both) {
            check_kept(&format!("{attack}, stories"), story, STORY);
            // The rules have stories of their own.
            let rules = Kept { truth: both.truth.saturating_sub(story.truth), ..both };
            check_kept(&format!("{attack}, rules"), rules, RULES);
        }
    }
}

#[test]
fn what_an_attack_takes_is_known_and_its_bytes_pay_for_the_looking() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for attack in attacks() {
        let frames = Frames::of(capture(attack, size(attack)));
        let (taken, work) = taken(&frames, &limits());
        for (truth, told) in taken {
            assert!(truth.abs_diff(told) <= truth / 4 + SLACK, "{attack}: {told} bytes were counted of {truth}");
        }
        let bytes = frames.bytes.len() as u64;
        assert!(work <= STEPS * bytes, "{attack}: {work} steps for {bytes} bytes");
        assert!(attack != "look-alikes" || work > bytes, "looking is counted: {work} steps");
    }
}

#[test]
fn twice_the_capture_takes_no_more_memory() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for attack in attacks() {
        let [(one, sessions), (two, more)] = [1, 2].map(|times| peak(capture(attack, times * size(attack)), &limits()));
        // As many sessions as are followed take what each takes by itself; the smaller capture may have had fewer.
        let further = more.min(limits().connections).saturating_sub(sessions);
        // Where a limit frees a quarter, memory goes up and down by that.
        // Comments, names and secrets of a capture are kept with it, up to a limit of their own that no attack here is long enough for.
        let [before, behind] = [1, 2].map(|times| secrets(capture(attack, times * size(attack))));
        let most = one + one / 4 + further * SESSION + (behind - before) * 5 / 4 + SLACK;
        assert!(two <= most, "{attack}: {one} bytes of {sessions} sessions, then {two} of {more}");
    }
}
