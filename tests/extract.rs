//! What is taken out of captures: read again, it says what the captures said; and the file is whole, or it is not there.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use etherparse::{NetSlice, SlicedPacket, TcpHeader, TransportSlice};
use rtmp_inspect::analyzer::{Analyzer, Options};
use rtmp_inspect::capture::Input;
use rtmp_inspect::evidence::{Evidence, Purpose};
use rtmp_inspect::extract::{Clear, Written};
use rtmp_inspect::limits::Limits;
use rtmp_inspect::proto::{Event, Keys, rtmpe, tls};
use rtmp_inspect::wire::{Side, Time};

fn keys(of: &str) -> Arc<Keys> {
    let mut keys = Keys::default();
    let path = Path::new(of).with_extension("keys");
    if of.starts_with("captures/rtmpe") {
        keys.rtmpe = rtmpe::Secrets::read(BufReader::new(File::open(path).unwrap())).unwrap();
    } else if path.exists() {
        let mut log = tls::KeyLog::default();
        log.read(File::open(path).unwrap()).unwrap();
        keys.tls = Arc::new(log);
    }
    Arc::new(keys)
}

/// All events of an input but for those of lost packets, and what is taken out of it meanwhile.
fn inspect(
    mut input: Input,
    keys: &Arc<Keys>,
    is_lost: impl Fn(u64) -> bool,
    mut take: impl FnMut(&Event),
) -> Vec<Event> {
    let mut analyzer = Analyzer::new(&Limits::DEFAULT, Options { keys: Arc::clone(keys), evidence: true });
    let mut events = Vec::new();
    let mut told = |analyzer: &mut Analyzer| {
        for event in std::iter::from_fn(|| analyzer.poll()) {
            take(&event);
            events.push(event);
        }
    };
    while let Some(packet) = input.next() {
        let packet = packet.unwrap();
        if !is_lost(packet.at.packet.0) {
            analyzer.push(&packet);
        }
        told(&mut analyzer);
    }
    analyzer.finish();
    told(&mut analyzer);
    events
}

struct Taken {
    /// Of the capture.
    events: Vec<Event>,
    written: Written,
    file: Vec<u8>,
}

/// Takes the sessions of a capture out of it.
fn take_out(capture: &str, only: Option<u32>, is_lost: impl Fn(u64) -> bool) -> Taken {
    take_out_with(&keys(capture), capture, only, is_lost)
}

fn take_out_with(keys: &Arc<Keys>, capture: &str, only: Option<u32>, is_lost: impl Fn(u64) -> bool) -> Taken {
    let (paths, purpose) = ([PathBuf::from(capture)], Purpose { is: "for a test", instead: "" });
    let (input, evidence) = Evidence::open(&paths, false, &Arc::default(), purpose).unwrap();
    let mut clear = Clear::new(Vec::new(), capture, only.map(|only| BTreeSet::from([only]))).unwrap();
    let events = inspect(input, keys, is_lost, |event| clear.take(event, &evidence).unwrap());
    let (file, written) = clear.finish().unwrap();
    Taken { events, written, file }
}

impl Taken {
    fn input(&self) -> Input {
        Input::from_reader("taken out", Cursor::new(self.file.clone())).unwrap()
    }

    /// Its events, read again without any secret.
    fn again(&self) -> Vec<Event> {
        inspect(self.input(), &Arc::default(), |_| false, |_| {})
    }
}

/// Per session, counted from 0 among those with messages, and side: what each message is, with all its bytes and its time.
fn messages(events: &[Event]) -> BTreeMap<(usize, Side), Vec<String>> {
    let sessions: BTreeSet<u32> =
        events.iter().filter(|event| matches!(event, Event::Message(_))).map(Event::session).collect();
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for event in events {
        let Event::Message(message) = event else { continue };
        let head = &message.head;
        let said = format!(
            "{:?} {} {} {} {} {:?} {:?} {:?} {:?}",
            head.last.time,
            head.offset,
            head.size,
            head.kind.0,
            head.length,
            head.timestamp_known.then_some(head.timestamp),
            head.message_stream_known.then_some(head.message_stream_id),
            head.runs,
            message.payload,
        );
        let session = sessions.iter().position(|number| *number == message.session).unwrap();
        found.entry((session, message.from)).or_default().push(said);
    }
    found
}

/// The records of a pcap file in another order: every packet in turn changes places with one that is up to three later, one of five by
/// chance and the one with these numbers for certain.
fn reordered(capture: &str, seed: u32, certain: &[usize]) -> tempfile::NamedTempFile {
    let bytes = std::fs::read(capture).unwrap();
    let (head, mut rest) = bytes.split_at(24);
    let mut records = Vec::new();
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let (record, behind) = rest.split_at(16 + length);
        records.push(record);
        rest = behind;
    }
    let mut state = seed;
    let mut chance = |of: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % of
    };
    for place in 0..records.len() - 3 {
        if certain.contains(&(place + 1)) {
            records.swap(place, place + 1);
        } else if certain.is_empty() && chance(5) == 0 {
            records.swap(place, place + 1 + chance(3) as usize);
        }
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&[head, &records.concat()].concat()).unwrap();
    file
}

/// RTMPE's handshake stays, and which side of it stands first in the file is chance.
#[test]
fn what_was_captured_in_another_order_reads_the_same() {
    let capture = "captures/rtmpe/crtmp-rtmpdump-play.pcap";
    let keys = keys(capture);
    // The client's first bytes are in packet 4, the server's in 6.
    for (seed, certain) in (0..8).map(|seed| (seed, vec![])).chain([(0, vec![4, 5])]) {
        let file = reordered(capture, seed, &certain);
        let taken = take_out_with(&keys, file.path().to_str().unwrap(), None, |_| false);
        // Of a message in several packets the capture tells the latest, the file the one with its last byte.
        let untimed = |events: &[Event]| {
            let all = messages(events).into_values().flatten();
            all.map(|said| said.split_once(' ').unwrap().1.to_owned()).collect::<Vec<_>>()
        };
        let said = untimed(&taken.events);
        assert!(said.len() > 150, "{seed} {certain:?}");
        assert!(untimed(&taken.again()) == said, "{seed} {certain:?}");
    }
}

/// Holes by session and side: when a hole is certain depends on packets.
fn gaps(events: &[Event]) -> Vec<(u32, Side, u64, u64)> {
    let of = |event: &Event| match event {
        Event::Gap(gap) => Some((gap.session, gap.from, gap.offset, gap.bytes)),
        _ => None,
    };
    let mut gaps: Vec<_> = events.iter().filter_map(of).collect();
    gaps.sort_unstable();
    gaps
}

/// Sessions of every protocol, addresses of both kinds, beginnings and ends of all sorts.
const CAPTURES: &[(&str, &[&str])] = &[
    ("captures/tls/nginx-ffmpeg-tls12-cbc.pcap", &["rtmps"]),
    ("captures/tls/nginx-ffmpeg-tls12-gcm.pcap", &["rtmps"]),
    ("captures/tls/nginx-ffmpeg-tls13-keyupdate.pcap", &["rtmps"]),
    ("captures/tls/nginx-rtmpdump-play-tls12.pcap", &["rtmps"]),
    ("captures/rtmpt/rtmpt-ffmpeg-play.pcap", &["rtmpt"]),
    ("captures/rtmpt/rtmpt-ffmpeg-publish.pcap", &["rtmpt"]),
    ("captures/rtmpe/crtmp-rtmpdump-play.pcap", &["rtmpe"]),
    ("captures/srs/ffmpeg-publish-denied.pcap", &["rtmp"]),
    ("captures/nginx-rtmp/obs-publish.pcap", &["rtmp"]),
    ("captures/transport/derived-lost-syn.pcap", &["rtmp", "rtmp"]),
    ("captures/transport/derived-overlaps.pcap", &["rtmp", "rtmp"]),
    ("captures/transport/format-snaplen-1000.pcap", &["rtmp", "rtmp"]),
];

#[test]
fn sessions_that_were_taken_out_say_what_they_said() {
    for (capture, protocols) in CAPTURES {
        let taken = take_out(capture, None, |_| false);
        let (before, again) = (messages(&taken.events), taken.again());
        assert!(!before.is_empty(), "{capture}");
        assert_eq!(before, messages(&again), "{capture}");
        assert_eq!(gaps(&taken.events), gaps(&again), "{capture}");
        let opened = |events: &[Event]| {
            let of = |event: &Event| match event {
                Event::Session(opened) => {
                    Some((opened.client, opened.server, opened.at.time, opened.start, opened.protocol))
                }
                _ => None,
            };
            events.iter().filter_map(of).collect::<Vec<_>>()
        };
        let (of_capture, of_file) = (opened(&taken.events), opened(&again));
        assert_eq!(of_capture.iter().map(|it| it.4).collect::<Vec<_>>(), *protocols, "{capture}");
        assert_eq!(taken.written.sessions, protocols.len() as u64);
        for (one, other) in of_capture.iter().zip(&of_file) {
            assert_eq!((one.0, one.1, one.3, "rtmp"), (other.0, other.1, other.3, other.4), "{capture}");
            assert!(one.3 == rtmp_inspect::net::Start::Midstream || one.2 == other.2, "{capture}");
        }
        assert_eq!(of_capture.len(), of_file.len(), "{capture}");
    }
}

/// Without every n-th packet: exact holes stay where they are, of inexact ones the estimate stays.
#[test]
fn holes_stay_holes() {
    for capture in ["captures/nginx-rtmp/obs-publish.pcap", "captures/rtmpe/crtmp-rtmpdump-play.pcap"] {
        let taken = take_out(capture, None, |packet| packet % 37 == 0 && packet > 30);
        let before = gaps(&taken.events);
        assert!(before.len() > 2, "{capture}: {}", before.len());
        let again = taken.again();
        assert_eq!(before, gaps(&again), "{capture}");
        assert_eq!(messages(&taken.events), messages(&again), "{capture}");
    }
    let taken = take_out("captures/tls/nginx-ffmpeg-tls12-gcm.pcap", None, |packet| packet % 20 == 7 && packet > 40);
    assert_eq!(gaps(&taken.events), gaps(&taken.again()));
    assert!(!gaps(&taken.events).is_empty());
    let mut input = taken.input();
    while input.next().is_some() {}
    let comments = format!("{:?}", input.notes());
    assert!(comments.contains("are missing before this packet") && comments.contains("about "), "{comments}");
}

#[test]
fn packets_are_as_a_tcp_would_send_them() {
    for (capture, _) in CAPTURES {
        let taken = take_out(capture, None, |_| false);
        let times: BTreeSet<Time> = {
            let mut input = Input::open(&[PathBuf::from(capture)]).unwrap();
            std::iter::from_fn(|| input.next().map(|packet| packet.unwrap().at.time)).collect()
        };
        let mut input = taken.input();
        let (mut packets, mut next) = (0, BTreeMap::<_, u32>::new());
        while let Some(packet) = input.next() {
            let packet = packet.unwrap();
            packets += 1;
            assert!(times.contains(&packet.at.time), "{capture}: no packet of the capture has this time");
            let sliced = SlicedPacket::from_ip(packet.data).unwrap();
            let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else { panic!("{capture}: no TCP") };
            let (header, payload): (TcpHeader, _) = (tcp.to_header(), tcp.payload());
            let (source, destination, right) = match sliced.net.as_ref().unwrap() {
                NetSlice::Ipv4(ip) => {
                    let ip = ip.header();
                    assert_eq!(ip.header_checksum(), ip.to_header().calc_header_checksum(), "{capture}");
                    let right = header.calc_checksum_ipv4_raw(ip.source(), ip.destination(), payload);
                    (ip.source_addr().to_string(), ip.destination_addr().to_string(), right)
                }
                NetSlice::Ipv6(ip) => {
                    let ip = ip.header();
                    let right = header.calc_checksum_ipv6_raw(ip.source(), ip.destination(), payload);
                    (ip.source_addr().to_string(), ip.destination_addr().to_string(), right)
                }
                other @ NetSlice::Arp(_) => panic!("{other:?}"),
            };
            assert_eq!(header.checksum, right.unwrap(), "{capture}");
            let own = (source, header.source_port, destination.clone(), header.destination_port);
            let other = (destination, header.destination_port, own.0.clone(), header.source_port);
            // Nothing is sent twice, and nothing acknowledged that is not there before.
            if let Some(next) = next.get(&own).filter(|_| !header.syn) {
                assert!((header.sequence_number.wrapping_sub(*next) as i32) >= 0, "{capture}");
            }
            if let Some(next) = next.get(&other).filter(|_| header.ack && packets > 1) {
                assert!(
                    (next.wrapping_sub(header.acknowledgment_number) as i32) >= 0 || !taken.is_whole(),
                    "{capture}"
                );
            }
            let length = payload.len() as u32 + u32::from(header.syn) + u32::from(header.fin);
            next.insert(own, header.sequence_number.wrapping_add(length));
        }
        assert_eq!(packets, taken.written.packets, "{capture}");
    }
}

impl Taken {
    /// No byte is missing.
    fn is_whole(&self) -> bool {
        gaps(&self.events).is_empty()
    }
}

#[test]
fn one_session_can_be_taken_out_alone() {
    let capture = "captures/transport/derived-overlaps.pcap";
    let (all, second) = (take_out(capture, None, |_| false), take_out(capture, Some(2), |_| false));
    assert_eq!((all.written.sessions, second.written.sessions), (2, 1));
    let of_all = messages(&all.events);
    let of_second = messages(&second.again());
    for side in Side::BOTH {
        assert_eq!(of_all[&(1, side)], of_second[&(0, side)]);
    }
    assert_eq!(take_out(capture, Some(3), |_| false).written.sessions, 0);
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"));
    command.arg("extract").env_remove("SSLKEYLOGFILE");
    command
}

/// The sessions that are taken out under these arguments, by their clients' ports; or the complaint.
fn taken(arguments: &[&str], captures: &[&str]) -> Result<Vec<u16>, String> {
    let output = program().args(["--clear", "-"]).args(arguments).args(captures).output().unwrap();
    if !output.status.success() {
        return Err(complaint(&output));
    }
    let input = Input::from_reader("taken out", Cursor::new(output.stdout)).unwrap();
    let events = inspect(input, &Arc::default(), |_| false, |_| ());
    let opened = events.iter().filter_map(|event| match event {
        Event::Session(opened) => Some(opened.client.port()),
        _ => None,
    });
    Ok(opened.collect())
}

#[test]
fn sessions_that_a_filter_wants_are_taken_out() {
    // A publisher, and a player behind it.
    let both = "captures/transport/derived-overlaps.pcap";
    let all = taken(&[], &[both]).unwrap();
    assert_eq!(all.len(), 2);
    let of = |filter: &str| taken(&["-Y", filter], &[both]);
    assert_eq!(of("command.name == \"publish\"").unwrap(), all[..1]);
    assert_eq!(of("command.name == \"play\"").unwrap(), all[1..]);
    assert_eq!(of("command.name == \"connect\"").unwrap(), all);
    // What is found needs the rules.
    assert_eq!(of("finding.severity >= note").unwrap(), all);
    // What is known late chooses the whole session.
    assert_eq!(of("session == 2 && event == \"close\"").unwrap(), all[1..]);
    assert_eq!(taken(&["-Y", "video", "--session", "1"], &[both]).unwrap(), all[..1]);

    let none = "-Y: the filter lets nothing of these captures through";
    assert!(of("command.name == \"nobody\"").unwrap_err().contains(none));
    let other = taken(&["-Y", "command.name == \"play\"", "--session", "1"], &[both]).unwrap_err();
    assert!(other.contains("-Y: the filter lets nothing of session 1 through"), "{other}");
    assert!(of("comand.name == 1").unwrap_err().contains("--filter: no field `comand"));
}

#[test]
fn what_can_be_read_only_once_is_not_filtered() {
    let output =
        program().args(["--clear", "-", "-Y", "video", "-"]).stdin(File::open(CLEAR).unwrap()).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let why = "-: -Y reads captures twice, first to find the sessions, and this can be read only once: write it to a file first";
    assert!(complaint(&output).contains(why), "{}", complaint(&output));
    let output = program().args(["--clear", "-", "-Y", "video", "--follow", CLEAR]).output().unwrap();
    assert!(complaint(&output).contains("'--filter <EXPR>' cannot be used with '--follow'"), "{}", complaint(&output));
}

fn complaint(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const CLEAR: &str = "captures/nginx-rtmp/obs-publish.pcap";
const SEALED: &str = "captures/tls/nginx-ffmpeg-tls12-gcm.pcap";

/// The packets of a file with their times.
fn packets(file: &[u8]) -> Vec<(Time, Vec<u8>)> {
    let mut input = Input::from_reader("file", Cursor::new(file.to_vec())).unwrap();
    std::iter::from_fn(|| input.next().map(|packet| packet.map(|it| (it.at.time, it.data.to_vec())).unwrap())).collect()
}

#[test]
fn what_can_be_read_only_once_is_taken_out_too() {
    let folder = tempfile::tempdir().unwrap();
    let compressed = folder.path().join("capture.pcap.gz");
    let mut gzip = flate2::write::GzEncoder::new(File::create(&compressed).unwrap(), flate2::Compression::fast());
    std::io::copy(&mut File::open(CLEAR).unwrap(), &mut gzip).unwrap();
    gzip.finish().unwrap();
    let run = |capture: &Path, stdin: Stdio| {
        let output = program().args(["--clear", "-"]).arg(capture).stdin(stdin).output().unwrap();
        assert!(output.status.success(), "{}", complaint(&output));
        packets(&output.stdout)
    };
    let of_file = run(Path::new(CLEAR), Stdio::null());
    assert!(of_file.len() > 500);
    assert!(of_file == run(Path::new("-"), File::open(CLEAR).unwrap().into()));
    assert!(of_file == run(&compressed, Stdio::null()));
}

#[test]
fn a_file_that_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.pcapng");
    std::fs::write(&path, "mine").unwrap();
    let run = |arguments: &[&str], path: &Path, capture: &Path| {
        program().args(arguments).arg("--clear").arg(path).arg(capture).output().unwrap()
    };
    let output = run(&[], &path, CLEAR.as_ref());
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("it is there already: name another file, or replace it with --force"));
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");

    assert!(run(&["--force", "-q"], &path, CLEAR.as_ref()).status.success());
    assert!(packets(&std::fs::read(&path).unwrap()).len() > 500);

    // Not even then is a capture replaced that is read, or what is no file.
    let copy = folder.path().join("capture.pcap");
    std::fs::copy(CLEAR, &copy).unwrap();
    for (path, says) in
        [(copy.as_path(), "one of the captures that are read"), (folder.path(), "no file that could be")]
    {
        let output = run(&["--force"], path, &copy);
        assert_eq!(output.status.code(), Some(2));
        assert!(complaint(&output).contains(says), "{}", complaint(&output));
    }
    assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(CLEAR).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left there");
}

#[test]
fn a_file_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.pcapng");
    let fails = |arguments: &[&str], path: &Path, capture: &str| {
        let output = program().args(arguments).arg("--clear").arg(path).arg(capture).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        complaint(&output)
    };
    let said = fails(&[], &folder.path().join("no/such/folder.pcapng"), CLEAR);
    assert!(said.contains("no/such/folder.pcapng cannot be written: No such file or directory"), "{said}");
    let said = fails(&[], &path, SEALED);
    assert!(said.contains("session 1 (rtmps) is left out: no secret opens it"), "{said}");
    assert!(said.contains("out.pcapng: not written: no session is left to write"), "{said}");
    let said = fails(&["--session", "7"], &path, CLEAR);
    assert!(said.contains("--session 7: there is no such session; there is session 1 alone"), "{said}");
    fails(&[], &path, "Cargo.toml");
    fails(&[], &path, "missing.pcap");

    // What was readable of a capture that is cut is written, and that it is not all is said.
    let output = program().arg("--clear").arg(&path).arg("captures/transport/derived-file-cut.pcap").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(packets(&std::fs::read(&path).unwrap()).len() > 500);
}

#[test]
#[cfg(unix)]
fn what_holds_secrets_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.pcapng");
    assert!(program().arg("--clear").arg(&path).arg(CLEAR).output().unwrap().status.success());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_said() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = program().args(["--clear", "-", CLEAR]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("standard output: No space left on device"), "{}", complaint(&output));
    // The limit stands for the disk: the shell has the signal ignored that would come of it.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.pcapng");
    let line = format!(
        "trap '' XFSZ; ulimit -f 16; exec {} extract --clear {} {CLEAR}",
        env!("CARGO_BIN_EXE_rtmp-inspect"),
        path.display()
    );
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
    let said = complaint(&output);
    assert!(said.contains("out.pcapng cannot be written, and is not there: File too large"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left there");
}
