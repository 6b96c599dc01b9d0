//! Files that are made of streams: FLV and elementary streams, read again here by a reader of FLV that knows nothing of what wrote them.
#![allow(clippy::unwrap_used, clippy::case_sensitive_file_extension_comparisons)]

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output as Ran, Stdio};

use rtmp_inspect::capture::Input;
use rtmp_inspect::extract::{FileId, Made, Output, Shelf, Streams};
use rtmp_inspect::inspection::{Inspection, Options};
use rtmp_inspect::limits::Limits;
use rtmp_inspect::synth::sample::{self, STREAM};
use rtmp_inspect::synth::{
    Amf, Conversation, Format, Link, Message, Random, SubMessage, aggregate, media, pcap, values,
};
use sha2::{Digest, Sha256};

const FLV: Output = Output::Flv { rebase: false };

/// Files in memory. One that was not finished has no name.
#[derive(Default)]
struct Memory {
    parts: BTreeMap<FileId, (String, Vec<u8>)>,
    files: BTreeMap<String, Vec<u8>>,
    begun: u64,
    most: usize,
}

impl Shelf for Memory {
    fn begin(&mut self, name: &str) -> io::Result<FileId> {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        assert!(name.chars().all(is_safe) && !name.starts_with('.') && !name.contains(".."), "{name}");
        self.begun += 1;
        let is_new = self.parts.values().all(|(other, _)| other != name) && !self.files.contains_key(name);
        assert!(is_new, "{name} comes twice");
        self.parts.insert(FileId(self.begun), (name.to_owned(), Vec::new()));
        self.most = self.most.max(self.parts.len());
        Ok(FileId(self.begun))
    }

    fn write(&mut self, file: FileId, bytes: &[u8]) -> io::Result<()> {
        self.parts.get_mut(&file).unwrap().1.extend_from_slice(bytes);
        Ok(())
    }

    fn patch(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let at = offset as usize;
        self.parts.get_mut(&file).unwrap().1[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn abandon(&mut self, file: FileId) {
        self.parts.remove(&file).unwrap();
    }

    fn finish(&mut self, file: FileId) -> io::Result<()> {
        let (name, bytes) = self.parts.remove(&file).unwrap();
        self.files.insert(name, bytes);
        Ok(())
    }
}

struct Taken {
    files: BTreeMap<String, Vec<u8>>,
    made: Vec<Made>,
    /// Most files under way at once, and messages of streams that were too many.
    most: usize,
    missed: u64,
}

fn take(input: Input, output: Output, limits: &Limits) -> Taken {
    let mut inspection = Inspection::of(input, &Options { unjudged: true, ..Options::default() });
    let mut streams = Streams::new(output, Memory::default(), None, limits);
    while let Some(told) = inspection.next() {
        let told = told.unwrap();
        streams.take(told.event, told.story, told.masks).unwrap();
    }
    streams.finish().unwrap();
    let (made, missed) = (streams.made(), streams.missed());
    let shelf = streams.into_shelf();
    assert!(shelf.parts.is_empty(), "a file is not finished");
    Taken { files: shelf.files, made, most: shelf.most, missed }
}

fn captured(conversation: &Conversation) -> Vec<u8> {
    let mut file = Vec::new();
    pcap::write(&mut file, &Link::v4().packets(conversation)).unwrap();
    file
}

fn of(conversation: &Conversation, output: Output) -> Taken {
    let input = Input::from_reader("conversation", io::Cursor::new(captured(conversation))).unwrap();
    take(input, output, &Limits::DEFAULT)
}

fn of_capture(path: &str, output: Output) -> Taken {
    take(Input::open(&[PathBuf::from(path)]).unwrap(), output, &Limits::DEFAULT)
}

impl Taken {
    /// The one file whose name ends so.
    fn file(&self, ending: &str) -> &[u8] {
        let mut found = self.files.iter().filter(|(name, _)| name.ends_with(ending));
        let file = found.next().unwrap_or_else(|| panic!("no {ending} in {:?}", self.names()));
        assert!(found.next().is_none(), "{:?}", self.names());
        file.1
    }

    fn names(&self) -> Vec<&str> {
        self.files.keys().map(String::as_str).collect()
    }

    fn notes(&self, ending: &str) -> Vec<serde_json::Value> {
        String::from_utf8(self.file(ending).to_vec())
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Tag {
    kind: u8,
    time: u32,
    payload: Vec<u8>,
}

/// The tags of an FLV file. Source: FLV 10.1 §E.2 to §E.4.
fn tags(file: &[u8]) -> Vec<Tag> {
    assert_eq!((&file[..4], &file[5..9]), (&b"FLV\x01"[..], &[0, 0, 0, 9][..]));
    let (mut at, mut before, mut tags) = (9, 0, Vec::new());
    loop {
        assert_eq!(file[at..at + 4], u32::to_be_bytes(before), "the size of the tag before");
        at += 4;
        if at == file.len() {
            break;
        }
        let header = &file[at..at + 11];
        let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        let (size, time) = (number(&header[1..4]), number(&header[4..7]) | u32::from(header[7]) << 24);
        assert_eq!(header[8..], [0; 3], "the stream's id");
        let payload = file[at + 11..at + 11 + size as usize].to_vec();
        tags.push(Tag { kind: header[0], time, payload });
        before = 11 + size;
        at += before as usize;
    }
    let has = |kind: u8| tags.iter().any(|tag| tag.kind == kind);
    assert_eq!(file[4], u8::from(has(8)) << 2 | u8::from(has(9)), "the header's flags");
    tags
}

fn kinds(tags: &[Tag]) -> Vec<(u8, u32)> {
    tags.iter().map(|tag| (tag.kind, tag.time)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..8])
}

#[test]
fn a_published_stream_is_an_flv_file_with_its_messages() {
    let taken = of(&sample::publish(3), FLV);
    assert_eq!(taken.names(), ["session-1-1-publish-live-masked-a.flv"], "the stream's name is its key");
    let tags = tags(taken.file(".flv"));
    assert_eq!(kinds(&tags)[..4], [(18, 0), (9, 0), (8, 0), (9, 0)]);
    assert!(tags[0].payload.starts_with(b"\x02\x00\x0aonMetaData"), "@setDataFrame is taken off");
    assert_eq!(tags[1].payload, media::avc_sequence_header());
    assert_eq!(tags[2].payload, media::aac_sequence_header());
    let (flv, counts) = taken.made[0].flv.clone().unwrap();
    assert_eq!((flv.as_str(), counts.video, counts.scripts), ("session-1-1-publish-live-masked-a.flv", 4, 1));
    assert_eq!(counts.bytes, taken.file(".flv").len() as u64);
    assert_eq!(taken.made[0].notes, None);
}

#[test]
fn a_played_stream_has_the_servers_messages() {
    let taken = of(&sample::play(2), FLV);
    assert_eq!(taken.names(), ["session-1-1-play-live-masked-a.flv"]);
    let tags = tags(taken.file(".flv"));
    // Metadata stand before what the server sent before them.
    assert!(tags[0].payload.starts_with(b"\x02\x00\x0aonMetaData"));
    assert!(tags[1].payload.starts_with(b"\x02\x00\x11|RtmpSampleAccess"));
    assert_eq!(kinds(&tags)[2..5], [(9, 0), (8, 0), (9, 0)]);
}

#[test]
fn aggregates_are_split_and_what_is_cut_off_is_said() {
    let inside = [SubMessage::new(9, 1000, media::avc_sequence_header()), SubMessage::new(8, 1040, vec![0x2f, 1, 2])];
    let mut cut = aggregate(&inside);
    cut.truncate(cut.len() - 5);
    let conversation = sample::publishing().client(|c| {
        c.message(&Message::new(6, 22, STREAM, 500, aggregate(&inside))).message(&Message::new(6, 22, STREAM, 900, cut))
    });
    let taken = of(&conversation, FLV);
    assert_eq!(kinds(&tags(taken.file(".flv"))), [(9, 500), (8, 540), (9, 900)]);
    let notes = taken.notes(".notes.jsonl");
    assert!(notes.iter().any(|note| note["text"].as_str().unwrap().contains("cut off, and left out")), "{notes:?}");
}

#[test]
fn times_are_as_they_were_sent_and_may_begin_at_0() {
    // Beyond 24 bits, and where 32 end.
    let times = [0x00ff_ffff, 0x0100_0000, 0xffff_fff0, 8];
    let mut conversation = sample::publishing().client(|c| c.audio(STREAM, 0, media::aac_sequence_header()));
    for time in times {
        conversation =
            conversation.client(|c| c.message_as(Format::Type0, &Message::new(4, 8, STREAM, time, vec![0xaf, 1, 2])));
    }
    let taken = of(&conversation, FLV);
    let own = tags(taken.file(".flv"));
    assert_eq!(own.iter().map(|tag| tag.time).collect::<Vec<_>>(), [&[0][..], &times].concat());
    // The configuration is at 0 wherever it stands, and times wrap.
    let last = sample::publishing().client(|c| {
        c.audio(STREAM, 0, media::aac_sequence_header());
        c.message_as(Format::Type0, &Message::new(4, 8, STREAM, times[2], vec![0xaf, 1, 2]));
        c.message_as(Format::Type0, &Message::new(4, 8, STREAM, times[3], vec![0xaf, 1, 2]))
    });
    let taken = of(&last, Output::Flv { rebase: true });
    assert_eq!(tags(taken.file(".flv")).iter().map(|tag| tag.time).collect::<Vec<_>>(), [0, 0, 24]);
}

fn picture() -> Vec<u8> {
    media::avc_frame(media::Frame::Key, 0, 30, &mut Random::new(1))
}

#[test]
fn clocks_of_31_bits_go_on_and_times_that_go_back_are_said() {
    let end = 1u32 << 31;
    let frames = [(8, end - 40), (9, end - 22), (8, 1), (9, end - 2), (9, 18), (8, 24)];
    let conversation = frames.into_iter().fold(sample::publishing(), |conversation, (kind, time)| {
        let payload = if kind == 8 { vec![0x2f, 1, 2] } else { picture() };
        conversation.client(|c| c.message_as(Format::Type0, &Message::new(4 + kind, kind as u8, STREAM, time, payload)))
    });
    let rebased = of(&conversation, Output::Flv { rebase: true });
    let times: Vec<u32> = tags(rebased.file(".flv")).iter().map(|tag| tag.time).collect();
    assert_eq!(times, [0, 18, 41, 38, 58, 64]);
    assert_eq!(rebased.names().len(), 1, "{:?}", rebased.notes(".jsonl"));
    // As they were sent they go back.
    let sent = of(&conversation, FLV);
    let notes = sent.notes(".flv.notes.jsonl");
    let said: Vec<&str> = notes.iter().map(|note| note["text"].as_str().unwrap()).collect();
    assert_eq!(said, ["times go back from 2147483608 to 1 ms", "times go back from 2147483646 to 18 ms"]);
    assert!(notes.iter().all(|note| note["event"] == "backwards" && note["n"].is_u64()));
    // Behind the beginning there is no time.
    let seeks = sample::playing().server(|s| {
        s.audio(STREAM, 9000, vec![0x2f, 1, 1]).audio(STREAM, 9500, vec![0x2f, 1, 1]);
        s.video(STREAM, 9000, picture()).audio(STREAM, 2000, vec![0x2f, 1, 1])
    });
    let taken = of(&seeks, Output::Flv { rebase: true });
    assert_eq!(tags(taken.file(".flv")).last().unwrap().time, 0);
    let notes = taken.notes(".flv.notes.jsonl");
    let said = notes[0]["text"].as_str().unwrap();
    assert_eq!((notes.len(), said), (1, "times go back from 500 to -7000 ms: what is before 0 is at 0"));
}

#[test]
fn configurations_do_not_count_in_what_a_file_spans() {
    let conversation = sample::publishing().client(|c| {
        sample::sequence_headers(c);
        c.audio(STREAM, 20_000_000, vec![0xaf, 1, 2]).audio(STREAM, 20_005_000, vec![0xaf, 1, 2])
    });
    let taken = of(&conversation, FLV);
    assert_eq!(taken.made[0].flv.as_ref().unwrap().1.times, Some((20_000_000, 20_005_000)));
}

/// Headers tell how far the time moved on their chunk stream, and the capture begins behind where a time was told.
#[test]
fn both_kinds_have_the_same_times_where_the_capture_does_not_tell_them() {
    // Audio and video on one chunk stream, and on two.
    for capture in ["captures/nginx-rtmp/obs-publish.pcap", "captures/nginx-rtmp/ffmpeg-publish-flvflags.pcap"] {
        let mut input = Input::open(&[PathBuf::from(capture)]).unwrap();
        let mut writer = pcap::Writer::new(Vec::new(), pcap::Options::default()).unwrap();
        let (mut times, mut at) = (Vec::new(), 0);
        while let Some(packet) = input.next() {
            let packet = packet.unwrap();
            at += 1;
            if at > 100 {
                writer.frame(packet.at.time, packet.data).unwrap();
                times.push(packet.at.time);
            }
        }
        let file = writer.into_inner();
        let taken = |output| {
            let input = Input::from_reader("midstream", io::Cursor::new(file.clone())).unwrap();
            take(input, output, &Limits::DEFAULT)
        };
        let (flv, media) = (taken(FLV), taken(Output::Media));
        let (notes, others) =
            (flv.notes("1-from-client.flv.notes.jsonl"), media.notes("1-from-client.media.notes.jsonl"));
        assert!(notes.iter().any(|note| note["text"].as_str().unwrap().contains("does not tell its time")));
        assert!(notes.iter().all(|note| others.contains(note)), "{notes:?} {others:?}");
        let (first, last) = flv.made[0].flv.as_ref().unwrap().1.times.unwrap();
        let captured = times.last().unwrap().since(times[0]) / 1_000_000;
        assert!((i64::from(last - first) - captured).abs() < 700, "{capture}: {first} to {last} in {captured} ms");
    }
}

#[test]
fn a_stream_without_audio_and_video_has_no_file() {
    let conversation = sample::playing().server(|s| s.data(STREAM, 0, "|RtmpSampleAccess", &[Amf::Boolean(true)]));
    for output in [FLV, Output::Media] {
        let taken = of(&conversation, output);
        assert!(taken.files.is_empty(), "{:?}", taken.names());
        let (name, why) = taken.made[0].nothing.clone().unwrap();
        assert_eq!(name, "session-1-1-play-live-masked-a");
        assert!(why.contains("audio"), "{why}");
    }
}

#[test]
fn of_a_frame_with_lying_lengths_one_thing_is_said() {
    let taken = of_capture("captures/cases/nal-length-overruns.pcap", Output::Media);
    let notes = taken.notes(".media.notes.jsonl");
    let mut about: Vec<u64> = notes.iter().filter_map(|note| note["n"].as_u64()).collect();
    about.dedup();
    assert_eq!((about.len(), notes.len()), (30, 30), "{notes:?}");
    assert!(taken.made[0].left_out.iter().all(|left| !left.why.contains("at byte")), "{:?}", taken.made[0].left_out);
}

#[test]
fn with_times_from_0_no_kind_is_moved_against_the_other() {
    let conversation = sample::publishing().client(|c| {
        sample::sequence_headers(c);
        c.audio(STREAM, 5040, vec![0xaf, 1, 2]).video(
            STREAM,
            5000,
            media::avc_frame(media::Frame::Key, 0, 40, &mut Random::new(1)),
        )
    });
    let taken = of(&conversation, Output::Flv { rebase: true });
    assert_eq!(kinds(&tags(taken.file(".flv"))), [(9, 0), (8, 0), (8, 40), (9, 0)]);
}

#[test]
fn the_longest_message_is_a_tag() {
    let longest = vec![0x27; 0x00ff_ffff];
    let conversation = sample::publishing()
        .client(|c| c.set_chunk_size(0x00ff_ffff).video(STREAM, 0, longest.clone()).audio(STREAM, 1, vec![0x2f, 1, 2]));
    let taken = of(&conversation, FLV);
    let tags = tags(taken.file(".flv"));
    assert_eq!((tags[0].payload.len(), tags[1].payload.len()), (longest.len(), 3));
}

#[test]
fn each_publish_is_a_file_also_on_the_same_message_stream() {
    let frame = |byte: u8| vec![0x2f, 1, byte];
    let conversation = sample::publishing()
        .client(|c| c.audio(STREAM, 0, frame(1)).publish(STREAM, 4, "other").audio(STREAM, 0, frame(2)))
        .client(|c| c.create_stream(5))
        .server(|s| s.create_stream_result(5, 7))
        .client(|c| c.publish(7, 6, "third").audio(7, 0, frame(3)).audio(STREAM, 5, frame(4)));
    let taken = of(&conversation, FLV);
    let files: Vec<Vec<u8>> =
        taken.files.values().map(|file| tags(file).iter().map(|tag| tag.payload[2]).collect()).collect();
    assert_eq!(files, [vec![1], vec![2, 4], vec![3]], "{:?}", taken.names());
    assert!(taken.names()[1].starts_with("session-1-2-publish-live-"));
}

#[test]
fn what_is_asked_for_behind_a_play_begins_when_the_server_says_so() {
    let frame = |byte: u8| vec![0x2f, 1, byte];
    let conversation =
        sample::playing().server(|s| s.audio(STREAM, 0, frame(1))).client(|c| c.play(STREAM, 4, "next")).server(|s| {
            s.audio(STREAM, 10, frame(2)).on_status(STREAM, "status", "NetStream.Play.Start", "Started.");
            s.audio(STREAM, 0, frame(3))
        });
    let taken = of(&conversation, FLV);
    let frames = |file: &Vec<u8>| tags(file).iter().filter(|tag| tag.kind == 8).map(|tag| tag.payload[2]).collect();
    let files: Vec<Vec<u8>> = taken.files.values().map(frames).collect();
    assert_eq!(files, [vec![1, 2], vec![3]], "{:?}", taken.names());
}

#[test]
fn seeks_are_in_their_order_and_said() {
    let frame = |byte: u8| vec![0x2f, 1, byte];
    let conversation = sample::playing()
        .server(|s| s.audio(STREAM, 9000, frame(1)))
        .client(|c| c.stream_command(STREAM, "seek", 0, &[Amf::Null, 2000.into()]))
        .server(|s| s.on_status(STREAM, "status", "NetStream.Seek.Notify", "Seeking.").audio(STREAM, 2000, frame(2)));
    let taken = of(&conversation, FLV);
    let times: Vec<u32> = tags(taken.file(".flv")).iter().filter(|tag| tag.kind == 8).map(|tag| tag.time).collect();
    assert_eq!(times, [9000, 2000]);
    let notes = taken.notes(".notes.jsonl");
    assert_eq!(notes[0]["text"], "the client seeks to 2000 ms");
    assert_eq!((&notes[0]["event"], &notes[0]["from"]), (&"command".into(), &"client".into()));
}

#[test]
fn what_a_server_keeps_may_come_on_message_stream_0() {
    let conversation = sample::playing().server(|s| {
        s.data(0, 0, "onMetaData", &[media::metadata()]).video(0, 0, media::avc_sequence_header());
        sample::frames(s, 0)
    });
    let taken = of(&conversation, FLV);
    assert_eq!(taken.names().len(), 1, "{:?}", taken.names());
    assert_eq!(kinds(&tags(taken.file(".flv")))[..4], [(18, 0), (18, 0), (9, 0), (9, 0)]);
}

#[test]
fn data_in_amf3_are_told_in_the_form_that_readers_know() {
    let payload = [&[0][..], &values(&["onCuePoint".into(), Amf::Null])].concat();
    let conversation = sample::publishing()
        .client(|c| c.message(&Message::new(7, 15, STREAM, 3, payload.clone())).audio(STREAM, 4, vec![0x2f, 1, 2]));
    let taken = of(&conversation, FLV);
    assert_eq!(tags(taken.file(".flv"))[0], Tag { kind: 18, time: 3, payload: payload[1..].to_vec() });
}

#[test]
fn a_hole_is_said_with_its_packet_and_what_is_left_out() {
    let bytes = captured(&sample::publish(30));
    let mut input = Input::from_reader("conversation", io::Cursor::new(bytes)).unwrap();
    let mut writer = pcap::Writer::new(Vec::new(), pcap::Options::default()).unwrap();
    let mut lost = 0;
    while let Some(packet) = input.next() {
        let packet = packet.unwrap();
        if packet.at.packet.0 > 20 && packet.data.len() > 500 && lost == 0 {
            lost = packet.data.len();
            continue;
        }
        writer.frame(packet.at.time, packet.data).unwrap();
    }
    assert!(lost > 100, "{lost}");
    let taken = take(Input::from_reader("lossy", io::Cursor::new(writer.into_inner())).unwrap(), FLV, &Limits::DEFAULT);
    let whole = tags(of(&sample::publish(30), FLV).file(".flv"));
    let left = tags(taken.file(".flv"));
    assert!(left.len() < whole.len() && left.iter().all(|tag| whole.contains(tag)), "nothing is made up");
    let notes = taken.notes(".notes.jsonl");
    let gap = notes.iter().find(|note| note["event"] == "gap").unwrap();
    assert!(gap["packet"].as_u64().unwrap() > 20 && gap["bytes"].as_u64().unwrap() > 0, "{gap}");
    assert!(notes.iter().all(|note| note["time"].as_str().unwrap().ends_with('Z')));
    let out = whole.len() - left.len();
    let named = notes.iter().filter(|note| note["event"] == "incomplete").count();
    assert!(named <= out && notes.iter().any(|note| note["event"] == "resync"), "{named} of {out}: {notes:?}");
}

#[test]
fn elementary_streams_of_a_publisher_have_these_bytes() {
    let taken = of(&sample::publish(30), Output::Media);
    assert_eq!(
        taken.names(),
        ["session-1-1-publish-live-masked-a.audio.aac", "session-1-1-publish-live-masked-a.video.h264"]
    );
    let video = taken.file(".h264");
    let starts = |what: &[u8]| video.windows(what.len()).filter(|window| *window == what).count();
    // Two key frames, and 28 others.
    assert_eq!((starts(&[0, 0, 0, 1, 0x67, 0x64]), starts(&[0, 0, 0, 1, 0x65])), (2, 2));
    let elementary = &taken.made[0].elementary;
    assert_eq!(
        elementary.iter().map(|file| (file.codec, file.frames)).collect::<Vec<_>>(),
        [("aac", 57), ("h264", 30)]
    );
    for file in elementary {
        assert_eq!(file.bytes, taken.files[&file.name].len() as u64);
    }
}

/// ffmpeg decoded these, frame by frame as it does the FLV files (`tests/differential/media.py`).
#[test]
fn elementary_streams_of_captures_are_what_they_were() {
    let mut found = Vec::new();
    for capture in CAPTURES {
        for (name, bytes) in of_capture(capture, Output::Media).files {
            if !name.ends_with(".jsonl") {
                found.push(format!("{capture} {name} {}", hash(&bytes)));
            }
        }
    }
    insta::assert_snapshot!(found.join("\n"));
}

const CAPTURES: &[&str] = &[
    "captures/nginx-rtmp/obs-publish.pcap",
    "captures/nginx-rtmp/gst-rtmp2-chunk-size-16.pcap",
    "captures/crtmpserver/pyav-vod-pause-seek.pcap",
    "captures/enhanced/nginx-pyav-h264-eac3.pcap",
    "captures/enhanced/nms4-ffmpeg-av1-opus.pcap",
    "captures/enhanced/nms4-ffmpeg-hevc-hdr.pcap",
    "captures/enhanced/nms4-ffmpeg-multitrack.pcap",
    "captures/ftl/janus-publish.pcap",
    "captures/cases/annexb-sequence-header.pcap",
];

#[test]
fn what_a_track_cannot_be_written_as_is_said_with_its_reason() {
    let taken = of(&sample::publishing().client(|c| c.audio(STREAM, 0, vec![0xb2, 1, 2, 3])), Output::Media);
    assert!(taken.made[0].elementary.is_empty());
    let left = &taken.made[0].left_out[0];
    assert_eq!((left.codec, left.frames, left.why.as_str()), ("speex", 1, "no file but FLV is made of it"));
    // Without a sequence header AAC has no header of ADTS; pictures are written as they come.
    let random = &mut Random::new(1);
    let headless = sample::publishing().client(|c| {
        c.audio(STREAM, 0, media::aac_frame(20, random)).video(
            STREAM,
            0,
            media::avc_frame(media::Frame::Key, 0, 30, random),
        )
    });
    let taken = of(&headless, Output::Media);
    assert_eq!(taken.file(".h264")[..5], [0, 0, 0, 1, 0x65]);
    assert!(taken.made[0].left_out[0].why.starts_with("no AudioSpecificConfig came before it"));
}

#[test]
fn another_codec_is_another_file_and_another_configuration_goes_on() {
    let random = &mut Random::new(1);
    let mut other = media::avc_sequence_header();
    other[15] = 0x1f;
    let conversation = sample::publishing().client(|c| {
        c.video(STREAM, 0, media::avc_sequence_header()).video(
            STREAM,
            0,
            media::avc_frame(media::Frame::Key, 0, 30, random),
        );
        c.video(STREAM, 40, other.clone()).video(STREAM, 40, media::avc_frame(media::Frame::Key, 0, 30, random));
        // The same as VP9, in Enhanced RTMP.
        let vp9 = [&[0x91][..], b"vp09", &[0x82, 0x49, 0x83, 0x42, 0, 0, 0, 0, 0]].concat();
        c.video(STREAM, 80, vp9)
    });
    let taken = of(&conversation, Output::Media);
    let avc = taken.file(".video.h264");
    let sets = avc.windows(5).filter(|window| window == &[0, 0, 0, 1, 0x67]).count();
    assert_eq!(sets, 2);
    assert_eq!(taken.file(".video-2.ivf")[..12], *b"DKIF\0\0\x20\0VP90");
}

#[test]
fn lying_lengths_of_nal_units_and_empty_messages_break_nothing() {
    let lying = [&[0x17, 1, 0, 0, 0][..], &[0, 0, 0, 2, 0x65, 1], &[0xff, 0xff, 0xff, 0xff, 9]].concat();
    let conversation = sample::publishing().client(|c| {
        c.video(STREAM, 0, media::avc_sequence_header()).video(STREAM, 0, lying);
        c.video(STREAM, 1, vec![]).video(STREAM, 2, vec![0x17]).audio(STREAM, 3, vec![]).audio(STREAM, 3, vec![0xaf])
    });
    let taken = of(&conversation, Output::Media);
    assert!(taken.file(".h264").ends_with(&[0, 0, 0, 1, 0x65, 1]));
    let notes = taken.notes(".notes.jsonl");
    assert!(
        notes
            .iter()
            .any(|note| note["text"].as_str().unwrap().ends_with("lead nowhere: what is behind them is left out")),
        "{notes:?}"
    );
    assert_eq!(tags(of(&conversation, FLV).file(".flv")).len(), 6);
}

#[test]
fn names_from_the_wire_lead_nowhere() {
    for (app, name) in [("../../x", "../../y"), ("a/b\\c", "\u{202e}gpj.exe"), ("", ""), (".", "..")] {
        let conversation = Conversation::new()
            .handshake()
            .client(|c| c.connect(app))
            .server(|s| s.connect_result())
            .client(|c| c.publish(STREAM, 3, name).audio(STREAM, 0, vec![0x2f, 1, 2]));
        // The shelf looks at the names.
        let taken = of(&conversation, FLV);
        assert_eq!(taken.names().len(), 1);
        assert!(!taken.names()[0].contains("gpj"), "the stream's name is masked");
    }
}

#[test]
fn streams_without_end_are_bounded() {
    let limits = Limits { extracted_open: 4, extracted_streams: 10, extracted_bytes: 100, ..Limits::DEFAULT };
    let mut conversation = sample::connected();
    for id in 1..=20 {
        conversation = conversation.client(|c| c.audio(id, 0, vec![0xaf, 0, 1, 2]));
    }
    let input = Input::from_reader("conversation", io::Cursor::new(captured(&conversation))).unwrap();
    let taken = take(input, FLV, &limits);
    // Each has a file of notes when it is ended by another.
    assert!(taken.most <= 2 * limits.extracted_open, "{}", taken.most);
    assert_eq!(taken.files.keys().filter(|name| name.ends_with(".flv")).count(), limits.extracted_streams);
    assert_eq!(taken.missed, 10);
    let notes = taken.notes("session-1-1-from-client-live.flv.notes.jsonl");
    assert!(notes[0]["text"].as_str().unwrap().starts_with("more than 4 streams are open at once"));
    // What waits for the first frame is written sooner.
    let mut conversation = sample::publishing();
    for _ in 0..20 {
        conversation = conversation.client(|c| c.data(STREAM, 0, "onCuePoint", &["0123456789".into()]));
    }
    let conversation = conversation.client(|c| c.audio(STREAM, 0, vec![0x2f, 1, 2]));
    let input = Input::from_reader("conversation", io::Cursor::new(captured(&conversation))).unwrap();
    assert_eq!(tags(take(input, FLV, &limits).file(".flv")).len(), 21);
}

#[test]
fn codecs_that_change_without_end_are_bounded() {
    let limits = Limits { extracted_streams: 10, ..Limits::DEFAULT };
    let mut conversation = sample::publishing();
    for time in 0..40 {
        // G.711, µ-law and A-law.
        let header = if time % 2 == 0 { 0x82 } else { 0x72 };
        conversation = conversation.client(|c| c.audio(STREAM, time, vec![header, 1, 2]));
    }
    let input = Input::from_reader("conversation", io::Cursor::new(captured(&conversation))).unwrap();
    let taken = take(input, Output::Media, &limits);
    let files = taken.files.keys().filter(|name| name.ends_with(".wav")).count();
    assert_eq!(files, limits.extracted_streams - 1, "the stream counts too");
    assert!(taken.made[0].left_out.iter().any(|left| left.why == "as many files are there as are written at all"));
}

#[test]
fn configurations_without_end_are_bounded() {
    let limits = Limits { extracted_bytes: 1000, ..Limits::DEFAULT };
    let conversation = sample::publishing().client(|c| {
        c.set_chunk_size(1 << 20).audio(STREAM, 0, [&[0xaf, 0][..], &[0x12; 900]].concat());
        c.audio(STREAM, 1, vec![0xaf, 1, 7]).video(STREAM, 1, media::avc_sequence_header());
        // One that is too long is none.
        c.video(STREAM, 2, [&[0x17, 0, 0, 0, 0][..], &vec![1; 70_000]].concat());
        c.audio(STREAM, 3, [&[0xaf, 0][..], &[0x12; 2000]].concat()).audio(STREAM, 4, vec![0xaf, 1, 8])
    });
    let input = Input::from_reader("conversation", io::Cursor::new(captured(&conversation))).unwrap();
    let taken = take(input, Output::Media, &limits);
    let notes = taken.notes("session-1-1-publish-live-masked-a.media.notes.jsonl");
    let said = |what: &str| notes.iter().any(|note| note["text"].as_str().unwrap().contains(what));
    assert!(said("a configuration of 70000 bytes is none"), "{notes:?}");
    assert!(said("too much waits to be written"), "{notes:?}");
    assert_eq!(taken.file(".aac").len(), 8);
}

#[test]
fn ftl_is_written_as_elementary_streams_and_not_as_flv() {
    let taken = of_capture("captures/ftl/janus-publish.pcap", Output::Media);
    let ends = |ending: &str| taken.names().iter().any(|name| name.ends_with(ending));
    assert!(ends("-ftl.video.h264") && ends("-ftl.audio.opus"), "{:?}", taken.names());
    let flv = of_capture("captures/ftl/janus-publish.pcap", FLV);
    assert!(flv.files.is_empty());
    assert_eq!(flv.made[0].session_left_out.map(|left| left.protocol), Some("ftl"));
}

// The command.

const PUBLISH: &str = "captures/nginx-rtmp/obs-publish.pcap";

fn program(arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"));
    command.arg("extract").args(arguments).env_remove("SSLKEYLOGFILE").output().unwrap()
}

fn said(ran: &Ran) -> String {
    String::from_utf8(ran.stderr.clone()).unwrap()
}

fn listed(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn files_that_are_there_stay_and_nothing_unfinished_is_left() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("new/flv");
    let path = folder.to_str().unwrap();
    assert!(program(&["--flv", path, PUBLISH]).status.success());
    let names = listed(&folder);
    assert_eq!(names.len(), 1, "{names:?}");
    fs::write(folder.join(&names[0]), b"mine").unwrap();
    let again = program(&["--flv", path, PUBLISH]);
    assert_eq!(said(&again).lines().count(), 1, "{}", said(&again));
    assert_eq!(again.status.code(), Some(2));
    assert!(said(&again).contains("it is there already: name another file, or replace it with --force"));
    assert_eq!((listed(&folder), fs::read(folder.join(&names[0])).unwrap()), (names.clone(), b"mine".to_vec()));
    assert!(program(&["--flv", path, "--force", PUBLISH]).status.success());
    tags(&fs::read(folder.join(&names[0])).unwrap());
    let no_folder = program(&["--flv", folder.join(&names[0]).to_str().unwrap(), PUBLISH]);
    assert!(said(&no_folder).contains("it is there, and is no folder"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_said_and_leaves_nothing_that_looks_whole() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("out");
    // The limit stands for the disk: the shell has the signal ignored that would come of it.
    for form in ["--flv", "--media", "--amf"] {
        let blocks = if form == "--flv" { "16" } else { "0" };
        let line = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec {} extract {form} {} {PUBLISH}",
            env!("CARGO_BIN_EXE_rtmp-inspect"),
            folder.display()
        );
        let ran = Command::new("sh").args(["-c", &line]).output().unwrap();
        assert_eq!(ran.status.code(), Some(2), "{form} {}", said(&ran));
        assert!(said(&ran).contains("cannot be written, and is not there: File too large"), "{form} {}", said(&ran));
        assert!(!folder.exists(), "{form}: nothing is left");
    }
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    for arguments in [&["--payload", "17", PUBLISH][..], &["--text", "-", PUBLISH]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"));
        command.arg("extract").args(arguments).stdout(full.try_clone().unwrap()).stderr(Stdio::piped());
        let ran = command.output().unwrap();
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}");
        assert!(said(&ran).contains("No space left on device"), "{arguments:?} {}", said(&ran));
    }
}

#[test]
fn one_payload_is_written_and_its_secrets_are_not() {
    let payload = |arguments: &[&str]| program(&[&["--payload"], arguments, &[PUBLISH]].concat());
    // createStream has none.
    let json = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"))
        .args(["--json", "--payload", "hex", PUBLISH])
        .output()
        .unwrap();
    let lines = String::from_utf8(json.stdout).unwrap();
    let messages: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named = |name: &str| messages.iter().find(|it| it["command"]["name"] == name).unwrap();
    for name in ["createStream", "publish"] {
        let message = named(name);
        let ran = payload(&[&message["n"].to_string()]);
        assert_eq!(hex(&ran.stdout), message["payload"].as_str().unwrap());
        assert_eq!(said(&ran).contains("overwritten with asterisks"), name == "publish");
    }
    let n = named("publish")["n"].to_string();
    let open = payload(&[&n, "--show-secrets"]);
    assert_ne!(open.stdout, payload(&[&n]).stdout);
    assert!(said(&open).is_empty());
    let none = payload(&["999999"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(said(&none).contains("--payload 999999: there is no such message; there are "), "{}", said(&none));
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("one.bin");
    assert!(payload(&["12", "-o", path.to_str().unwrap()]).status.success());
    assert!(path.exists());
}

#[test]
fn commands_and_data_are_json_with_their_bytes_beside() {
    let place = tempfile::tempdir().unwrap();
    let ran = program(&[
        "--amf",
        place.path().to_str().unwrap(),
        "--text",
        place.path().join("t.txt").to_str().unwrap(),
        PUBLISH,
    ]);
    assert!(ran.status.success(), "{}", said(&ran));
    let names = listed(place.path());
    let (mut json, mut bytes) = (0, 0);
    for name in &names {
        let file = fs::read(place.path().join(name)).unwrap();
        if name.ends_with(".json") {
            let value: serde_json::Value = serde_json::from_slice(&file).unwrap();
            assert_eq!(value["event"], "message");
            assert!(value.get("command").or(value.get("data")).is_some());
            json += 1;
        } else if name.ends_with(".amf") {
            bytes += 1;
        }
    }
    assert!(json > 5 && json == bytes, "{names:?}");
    assert!(names.iter().any(|name| name.ends_with("-command-connect.json")));
    let text = fs::read_to_string(place.path().join("t.txt")).unwrap();
    let shown = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).args(["--text", PUBLISH]).output().unwrap();
    assert_eq!(text, String::from_utf8(shown.stdout).unwrap(), "it is the timeline");
}

#[test]
fn sessions_are_chosen_and_a_pipe_is_read_once() {
    let both = "captures/transport/derived-overlaps.pcap";
    let place = tempfile::tempdir().unwrap();
    let folder = |name: &str| place.path().join(name);
    let made = |name: &str, arguments: &[&str]| {
        let path = folder(name);
        let ran = program(&[&["--flv", path.to_str().unwrap()], arguments, &[both]].concat());
        assert!(ran.status.success(), "{}", said(&ran));
        listed(&path)
    };
    let count = |names: &[String], what: &str| {
        names.iter().filter(|name| name.contains(what) && name.ends_with(".flv")).count()
    };
    let all = made("all", &[]);
    assert_eq!((count(&all, "publish"), count(&all, "play")), (1, 1), "{all:?}");
    let second = made("second", &["--session", "2"]);
    assert_eq!((count(&second, "publish"), count(&second, "play")), (0, 1), "{second:?}");
    let play = made("play", &["-Y", "command.name == \"publish\""]);
    assert_eq!((count(&play, "publish"), count(&play, "play")), (1, 0), "{play:?}");
    let path = folder("piped");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"));
    let ran = command.args(["extract", "--flv", path.to_str().unwrap(), "-"]).stdin(fs::File::open(both).unwrap());
    assert!(ran.output().unwrap().status.success());
    assert_eq!(listed(&path), all);
    for name in &all {
        assert_eq!(fs::read(path.join(name)).unwrap(), fs::read(folder("all").join(name)).unwrap());
    }
}

#[test]
fn where_there_is_nothing_to_write_that_is_said() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("out");
    for form in ["--flv", "--media"] {
        let ran = program(&[form, path.to_str().unwrap(), "captures/cases/silent-after-connect.pcap"]);
        assert_eq!(ran.status.code(), Some(2));
        assert!(said(&ran).contains("nothing is written: there is no audio"), "{}", said(&ran));
        assert!(!path.exists());
    }
    let twice = program(&["--text", "-", "--payload", "3", PUBLISH]);
    assert!(said(&twice).contains("only one of --clear, --text and --payload can go to standard output"));
}

#[test]
fn a_file_that_cannot_be_written_ends_no_other() {
    let both = "captures/transport/derived-overlaps.pcap";
    let place = tempfile::tempdir().unwrap();
    let path = place.path().to_str().unwrap();
    let ran = program(&["--flv", path, "--media", path, both]);
    assert!(ran.status.success(), "{}", said(&ran));
    let all = listed(place.path());
    assert!(all.iter().any(|name| name.ends_with(".flv.notes.jsonl")), "{all:?}");
    assert!(all.iter().any(|name| name.ends_with(".media.notes.jsonl")), "{all:?}");
    // The first of them is there, and the others are not.
    for name in &all[1..] {
        fs::remove_file(place.path().join(name)).unwrap();
    }
    fs::write(place.path().join(&all[0]), "mine").unwrap();
    let ran = program(&["--flv", path, "--media", path, both]);
    assert_eq!(ran.status.code(), Some(2));
    let complaint = format!("{}: it is there already: name another file, or replace it with --force", all[0]);
    assert!(said(&ran).trim_end().ends_with(&complaint) && said(&ran).lines().count() == 1, "{}", said(&ran));
    assert_eq!((listed(place.path()), fs::read(place.path().join(&all[0])).unwrap()), (all.clone(), b"mine".to_vec()));
    let told = String::from_utf8(ran.stdout).unwrap();
    assert!(!told.contains(&format!("{}:", all[0])), "{told}");
    assert!(all[1..].iter().all(|name| told.contains(&format!("{name}: "))), "{told}");
}

#[test]
fn what_cannot_be_written_beside_each_other_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("x");
    let path = path.to_str().unwrap();
    let same = format!("{}/./x", place.path().display());
    for arguments in [["--flv", "-"], ["--media", "-"], ["--amf", "-"]] {
        let ran = program(&[&arguments[..], &[PUBLISH]].concat());
        let why = format!("{} -: it writes several files, and standard output is one: name a folder", arguments[0]);
        assert!(said(&ran).contains(&why) && ran.status.code() == Some(2), "{}", said(&ran));
        assert!(!Path::new("-").exists());
    }
    for (arguments, names) in [
        (&["--text", path, "--flv", &same][..], "--flv and --text"),
        (&["--text", path, "--payload", "3", "-o", &same], "--text and --output"),
        (&["--clear", path, "--text", path], "--clear and --text"),
    ] {
        let ran = program(&[arguments, &["no-such-capture.pcap"]].concat());
        assert!(said(&ran).contains(&format!("{names} are both to be ")), "{}", said(&ran));
        assert!(listed(place.path()).is_empty());
    }
}

#[test]
fn ftl_is_with_media_where_both_are_wanted() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("out");
    let path = path.to_str().unwrap();
    let ran = program(&["--flv", path, "--media", path, "captures/ftl/janus-publish.pcap"]);
    assert!(ran.status.success() && said(&ran).is_empty(), "{}", said(&ran));
}

#[test]
fn a_payload_that_is_not_there_is_said_once() {
    for (arguments, why) in [
        (["--payload", "11", "--session", "2"], "--session 2: there is no such session; there is session 1 alone"),
        (["--payload", "9999", "--session", "1"], "--payload 9999: session 1 has no message of this number"),
    ] {
        let ran = program(&[&arguments[..], &[PUBLISH]].concat());
        assert_eq!((said(&ran).trim_end(), ran.status.code()), (format!("rtmp-inspect: {why}").as_str(), Some(2)));
    }
}

#[test]
fn enhanced_rtmp_in_flv_is_said() {
    let capture = "captures/enhanced/nms4-ffmpeg-av1-opus.pcap";
    let place = tempfile::tempdir().unwrap();
    let path = place.path().to_str().unwrap();
    let ran = program(&["--flv", path, capture]);
    assert!(ran.status.success() && String::from_utf8_lossy(&ran.stdout).contains(", Enhanced RTMP\n"));
    assert!(said(&ran).contains("players before FFmpeg 6.1 or so cannot read; --media makes files that they can"));
    let ran = program(&["--flv", path, "--force", PUBLISH]);
    assert!(said(&ran).is_empty() && !String::from_utf8_lossy(&ran.stdout).contains("Enhanced"));
}

#[test]
#[cfg(unix)]
fn files_are_for_whom_the_user_lets_and_sessions_in_clear_for_the_owner() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().unwrap();
    let line = format!(
        "umask 022; cd {}; exec {} extract --flv . --text t.txt --payload 12 -o p.bin --clear c.pcapng {}",
        place.path().display(),
        env!("CARGO_BIN_EXE_rtmp-inspect"),
        fs::canonicalize(PUBLISH).unwrap().display()
    );
    assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    for name in listed(place.path()) {
        let mode = fs::metadata(place.path().join(&name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if name == "c.pcapng" { 0o600 } else { 0o644 }, "{name}");
    }
}
