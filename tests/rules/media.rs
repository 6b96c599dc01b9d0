//! Cases of the MED rules.

use rtmp_inspect::rules::Severity;
use rtmp_inspect::synth::media::{
    self, Enhanced, Frame, aac_frame, aac_sequence_header, avc_frame, avc_sequence_header,
};
use rtmp_inspect::synth::{
    Amf, Conversation, Link, Message, Packet, Peer, Random, SubMessage, aggregate, object, sample, tcp,
};
use rtmp_inspect::wire::{Side, Time};

use crate::common::{Story, capture};
use crate::{Case, case};

const STREAM: u32 = sample::STREAM;

/// A picture of 500 bytes.
fn picture(frame: Frame) -> Vec<u8> {
    avc_frame(frame, 0, 500, &mut Random::new(7))
}

fn sound() -> Vec<u8> {
    aac_frame(120, &mut Random::new(8))
}

/// An HEVC configuration: 22 bytes, then one array of video parameter sets.
fn hevc_configuration() -> Vec<u8> {
    let mut bytes = vec![1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f];
    bytes.extend([1, 0xa0, 0, 1, 0, 4, 0x40, 1, 0x0c, 1]);
    bytes
}

/// The configuration record inside an AVC sequence header.
fn avc_configuration() -> Vec<u8> {
    avc_sequence_header()[5..].to_vec()
}

/// Publishes, with pictures and sound as long as `lead` gives times (in ms of the stream) for a moment in ms.
fn running(steps: u32, lead: impl Fn(u32) -> (u32, u32)) -> Conversation {
    let mut conversation = sample::publishing().client(sample::sequence_headers);
    for step in 0..steps {
        let (video, audio) = lead(step * 200);
        let frame = if step % 10 == 0 { Frame::Key } else { Frame::Inter };
        conversation =
            conversation.wait_ms(199).client(|c| c.video(STREAM, video, picture(frame)).audio(STREAM, audio, sound()));
    }
    conversation
}

fn publishing_with(say: impl FnOnce(&mut Peer) -> &mut Peer) -> Conversation {
    sample::publishing().client(say)
}

fn on_meta_data(members: &[(&'static str, Amf)]) -> Vec<Amf> {
    vec!["onMetaData".into(), object(members.to_vec())]
}

/// A player that joins before a key frame, which comes after so many milliseconds.
fn joined(key_after_ms: i64, more: bool) -> Conversation {
    let conversation = sample::playing()
        .server(|s| s.video(STREAM, 0, avc_sequence_header()).video(STREAM, 0, picture(Frame::Inter)))
        .wait_ms(key_after_ms);
    if more { conversation.server(|s| s.video(STREAM, 40, picture(Frame::Key))) } else { conversation }
}

/// Sound goes on alone, 200 ms a step.
fn sound_alone(conversation: Conversation, steps: u32) -> Conversation {
    sound_alone_from(conversation, 2000, steps)
}

fn sound_alone_from(conversation: Conversation, time: u32, steps: u32) -> Conversation {
    (0..steps)
        .fold(conversation, |story, step| story.wait_ms(199).client(|c| c.audio(STREAM, time + step * 200, sound())))
}

/// A player that gets pictures and sound every 200 ms.
fn watching(steps: u32) -> Conversation {
    (0..steps).fold(sample::playing().server(sample::sequence_headers), |story, step| {
        let frame = if step == 0 { Frame::Key } else { Frame::Inter };
        let time = step * 200;
        story.wait_ms(199).server(|s| s.video(STREAM, time, picture(frame)).audio(STREAM, time, sound()))
    })
}

fn pause(peer: &mut Peer) -> &mut Peer {
    peer.stream_command(STREAM, "pause", 0, &[Amf::Null, true.into(), 4000.into()])
}

/// A player that gets some seconds at once and leaves after others.
fn ahead(seconds: u32, later: i64) -> Conversation {
    (0..=seconds * 5)
        .fold(sample::playing().server(sample::sequence_headers), |story, step| {
            let frame = if step == 0 { Frame::Key } else { Frame::Inter };
            story.server(|s| s.video(STREAM, step * 200, picture(frame)).audio(STREAM, step * 200, sound()))
        })
        .wait_ms(later * 1000 - 1)
        .client(|c| c.delete_stream(STREAM))
}

/// 8 s of silence, and a word of the server at their end.
fn stalled() -> Vec<Packet> {
    let conversation = running(5, |ms| (ms, ms)).wait_ms(7999).server(|s| s.ping_request(1));
    Link::v4().packets(&conversation)
}

/// Without the FINs; the last packet has these flags.
fn cut(packets: &[Packet], flags: u8) -> Vec<Packet> {
    let mut packets: Vec<_> = packets.iter().filter(|packet| packet.flags & tcp::FIN == 0).cloned().collect();
    let last = packets.last().unwrap().clone();
    let (time, sequence) = (Time(last.time.0 + 1000), last.next_sequence());
    packets.push(Packet { time, sequence, flags: flags | tcp::ACK, payload: Vec::new(), ..last });
    packets
}

/// A publisher that the server does not read from for 8 s.
fn window_closed() -> Vec<Packet> {
    let conversation = running(5, |ms| (ms, ms)).wait_ms(7999).client(|c| c.audio(STREAM, 1000, sound()));
    let mut packets = Link::v4().packets(&conversation);
    let before = |packet: &Packet, gap: i64| packets.last().unwrap().time.0 - packet.time.0 > gap;
    let shut = packets.iter().rposition(|it| it.from == Side::Server && before(it, 7_000_000_000)).unwrap();
    packets[shut].window = 0;
    packets
}

fn real(code: &'static str, name: &'static str, expected: &'static [&'static str]) -> Case {
    Case { code, what: name, story: Story::of_file(&capture(name)), expected }
}

/// Each of these captures has one fault, and nobody is told of another.
#[test]
fn a_case_raises_what_it_was_made_for_and_nothing_else() {
    for (name, codes) in [
        ("media-after-delete", &["MED004"][..]),
        ("metadata-on-zero", &["CHK016", "MED005"]),
        ("metadata-as-object", &["CTL015", "HSK006", "MED018"]),
        ("metadata-sample-rate-code-3", &["CTL015", "HSK006"]),
        ("aac-object-type-9", &["CMD026", "CTL015", "HSK006", "MED003"]),
        ("tls-client-beside-rtmp", &["CTL015", "HSK006", "TLS003"]),
        ("stall-to-end-delete", &["MED011"]),
        ("stall-to-end-fin", &["CMD026", "MED011"]),
        ("nal-length-overruns", &["MED016"]),
        ("annexb-sequence-header", &["CMD026", "CTL015", "HSK006", "MED016"]),
        ("adts-inside-aac", &["CMD026", "CTL015", "HSK006", "MED017"]),
    ] {
        assert_eq!(Story::of_file(&capture(&format!("cases/{name}.pcap"))).codes(), codes, "{name}");
    }
}

pub(super) fn cases() -> Vec<Case> {
    let enhanced_connect = || {
        let list = Amf::StrictArray(vec!["av01".into(), "hvc1".into()]);
        Conversation::new()
            .handshake()
            .client(|c| {
                c.command(
                    "connect",
                    1,
                    &[object([
                        ("app", "live".into()),
                        ("tcUrl", "rtmp://127.0.0.1/live".into()),
                        ("fourCcList", list),
                    ])],
                )
            })
            .server(|s| s.connect_result())
            .client(|c| c.create_stream(2))
            .server(|s| s.create_stream_result(2, STREAM))
            .client(|c| c.publish(STREAM, 3, "s"))
            .server(|s| s.on_status(STREAM, "status", "NetStream.Publish.Start", "s is now published."))
    };
    let hevc = |packet_type, body: &[u8]| Enhanced::video(1).packet(packet_type, *b"hvc1", body);
    let legacy = |header: &[u8], body: &[u8]| [header, body].concat();
    let aggregated = |change: &dyn Fn(&mut Vec<SubMessage>)| {
        let mut messages = vec![SubMessage::new(9, 0, picture(Frame::Key)), SubMessage::new(8, 10, sound())];
        change(&mut messages);
        let payload = aggregate(&messages);
        sample::playing().server(|s| sample::sequence_headers(s).message(&Message::new(6, 22, STREAM, 0, payload)))
    };
    vec![
        case("MED001", "sequence headers first", &sample::publish(3), &[]),
        case(
            "MED001",
            "frames at once",
            &publishing_with(|c| c.video(STREAM, 0, picture(Frame::Key)).audio(STREAM, 0, sound())),
            &["the client's h264 video on message stream 1 begins without its sequence header"],
        ),
        case(
            "MED001",
            "audio alone has none",
            &publishing_with(|c| c.video(STREAM, 0, avc_sequence_header()).audio(STREAM, 0, sound())),
            &["the client's aac audio on message stream 1 begins without its sequence header"],
        ),
        case(
            "MED001",
            "MP3 needs none",
            &publishing_with(|c| c.audio(STREAM, 0, vec![0x2f, 0xff, 0xfb, 0x90, 0x64])),
            &[],
        ),
        case(
            "MED001",
            "a second track of its own",
            &publishing_with(|c| {
                c.video(STREAM, 0, hevc(0, &hevc_configuration())).video(
                    STREAM,
                    0,
                    Enhanced::video(1).one_track(1, *b"hvc1", 1, &[0, 0, 0, 0, 0, 0, 2, 0x26, 1]),
                )
            }),
            &["the client's hevc video of track 1 on message stream 1 begins without its sequence header"],
        ),
        case(
            "MED001",
            "another sequence parameter set than the sequence header's",
            &publishing_with(|c| {
                let larger = [0x67, 0x64, 0, 0x0d, 0xac, 0xd9, 0x41, 0x41, 0x9f, 0x9f, 1, 0x10, 0, 0, 3, 0];
                c.video(STREAM, 0, avc_sequence_header()).video(
                    STREAM,
                    0,
                    legacy(&[0x17, 1, 0, 0, 0, 0, 0, 0, 16], &larger),
                )
            }),
            &[
                "the client's h264 video on message stream 1 goes on with another sequence parameter set than its sequence header has, and no new sequence header before it",
            ],
        ),
        case(
            "MED001",
            "ADTS in AAC is another's",
            &publishing_with(|c| c.audio(STREAM, 0, vec![0xaf, 1, 0xff, 0xf1, 0x50, 0x80, 1, 0x3f, 0xfc, 0x21, 0x10])),
            &[],
        ),
        case("MED002", "known codecs", &sample::publish(3), &[]),
        case(
            "MED002",
            "the HEVC dialect",
            &publishing_with(|c| c.video(STREAM, 0, legacy(&[0x1c, 0, 0, 0, 0], &hevc_configuration()))),
            &["the client sends HEVC under codec id 12, which is in no specification"],
        ),
        case(
            "MED002",
            "nobody's codec id",
            &publishing_with(|c| c.video(STREAM, 0, vec![0x1a, 1, 2, 3])),
            &["the client sends video of codec id 10, which is in no specification"],
        ),
        case(
            "MED002",
            "nobody's FourCC",
            &publishing_with(|c| c.audio(STREAM, 0, Enhanced::audio().packet(1, *b"Vo\x1bb", &[1, 2]))),
            &["the client sends audio of FourCC \"Vo\\x1bb\", which is in no specification"],
        ),
        case("MED003", "AVC under AVC", &sample::publish(3), &[]),
        case(
            "MED003",
            "HEVC under hvc1",
            &publishing_with(|c| c.video(STREAM, 0, hevc(0, &hevc_configuration()))),
            &[],
        ),
        case(
            "MED003",
            "HEVC under AVC",
            &publishing_with(|c| c.video(STREAM, 0, legacy(&[0x17, 0, 0, 0, 0], &hevc_configuration()))),
            &["the client's sequence header that is labelled h264 holds HEVC's configuration"],
        ),
        case(
            "MED003",
            "AVC under hvc1",
            &publishing_with(|c| c.video(STREAM, 0, hevc(0, &avc_configuration()))),
            &["the client's sequence header that is labelled hevc holds H.264's configuration"],
        ),
        real(
            "MED003",
            "cases/aac-object-type-9.pcap",
            &["the client's sequence header that is labelled aac holds object type 9, HVXC, which is not AAC"],
        ),
        case(
            "MED003",
            "an object type that is reserved",
            &publishing_with(|c| c.audio(STREAM, 0, vec![0xaf, 0, 0x92, 0x10])),
            &["the client's sequence header that is labelled aac holds object type 18, reserved, which is not AAC"],
        ),
        case("MED004", "after Publish.Start", &sample::publish(3), &[]),
        case(
            "MED004",
            "before Publish.Start",
            &sample::connected()
                .client(|c| c.create_stream(2))
                .server(|s| s.create_stream_result(2, STREAM))
                .client(|c| sample::sequence_headers(c.publish(STREAM, 3, "s")))
                .wait_ms(20)
                .server(|s| s.on_status(STREAM, "status", "NetStream.Publish.Start", "s is now published.")),
            &["the client sends media on message stream 1 before its publish was accepted"],
        ),
        case(
            "MED004",
            "though it was refused",
            &sample::connected()
                .client(|c| c.create_stream(2))
                .server(|s| s.create_stream_result(2, STREAM))
                .client(|c| c.publish(STREAM, 3, "s"))
                .server(|s| s.on_status(STREAM, "error", "NetStream.Publish.BadName", "Busy."))
                .client(sample::sequence_headers)
                .server(|s| s.ping_request(5)),
            &["the client sends media on message stream 1, whose publish was refused: NetStream.Publish.BadName"],
        ),
        case(
            "MED004",
            "on a stream that is not there",
            &sample::publishing().client(|c| c.video(3, 0, avc_sequence_header())).server(|s| s.ping_request(5)),
            &["the client sends media on message stream 3, which was never created"],
        ),
        case(
            "MED004",
            "after its own deleteStream",
            &running(5, |ms| (ms, ms)).client(|c| c.delete_stream(STREAM)).wait_ms(99).client(|c| {
                c.video(STREAM, 1100, picture(Frame::Inter)).audio(STREAM, 1100, sound()).audio(STREAM, 1120, sound())
            }),
            &[
                "the client goes on after its own deleteStream(0): 3 audio or video messages on message stream 1, the first 100 ms later",
            ],
        ),
        case(
            "MED004",
            "after its own closeStream, which FCUnpublish announced",
            &running(5, |ms| (ms, ms))
                .client(|c| c.command("FCUnpublish", 5, &[Amf::Null, "s".into()]))
                .client(|c| c.stream_command(STREAM, "closeStream", 6, &[Amf::Null]))
                .client(|c| c.audio(STREAM, 1100, sound())),
            &[
                "the client goes on after its own closeStream(6): 1 audio or video message on message stream 1, the first 1 ms later",
            ],
        ),
        case(
            "MED004",
            "FCUnpublish alone ends nothing",
            &running(5, |ms| (ms, ms))
                .client(|c| c.command("FCUnpublish", 5, &[Amf::Null, "s".into()]))
                .client(|c| c.audio(STREAM, 1100, sound())),
            &[],
        ),
        case(
            "MED004",
            "what was under way with deleteStream",
            &running(5, |ms| (ms, ms)).client(|c| c.delete_stream(STREAM).audio(STREAM, 1100, sound())),
            &[],
        ),
        case(
            "MED004",
            "a new publish",
            &running(5, |ms| (ms, ms))
                .client(|c| c.stream_command(STREAM, "closeStream", 0, &[Amf::Null]))
                .client(|c| c.publish(STREAM, 7, "s"))
                .server(|s| s.on_status(STREAM, "status", "NetStream.Publish.Start", "s is now published."))
                .client(|c| sample::sequence_headers(c).audio(STREAM, 1100, sound())),
            &[],
        ),
        real(
            "MED004",
            "cases/media-after-delete.pcap",
            &[
                "the client goes on after its own deleteStream(7): 40 audio or video messages on message stream 1, the first 300.999 ms later",
            ],
        ),
        case("MED005", "on message stream 1", &sample::publish(3), &[]),
        case(
            "MED005",
            "on message stream 0",
            &sample::playing().server(|s| s.video(0, 0, avc_sequence_header())),
            &["the server sends video on message stream 0, while message stream 1 is played"],
        ),
        case(
            "MED005",
            "metadata on message stream 0, media elsewhere",
            &sample::playing().server(|s| {
                sample::sequence_headers(s.data(0, 0, "onMetaData", &[media::metadata()])).data(
                    0,
                    40,
                    "onCuePoint",
                    &[media::metadata()],
                )
            }),
            &[
                "the server sends onMetaData on message stream 0, while message stream 1 is played",
                "the server sends onCuePoint on message stream 0, while message stream 1 is played",
            ],
        ),
        case(
            "MED005",
            "a publisher's, and no media at all",
            &publishing_with(|c| c.metadata(0, 0)),
            &["the client sends onMetaData on message stream 0, while message stream 1 is published"],
        ),
        case(
            "MED005",
            "both on message stream 0 is about the media",
            &sample::playing()
                .server(|s| s.data(0, 0, "onMetaData", &[media::metadata()]).video(0, 0, avc_sequence_header())),
            &["the server sends video on message stream 0, while message stream 1 is played"],
        ),
        case(
            "MED005",
            "data that belong to the connection",
            &sample::connected()
                .server(|s| s.data(0, 0, "onServerInfo", &[media::metadata()]))
                .client(|c| c.create_stream(2))
                .server(|s| s.create_stream_result(2, STREAM))
                .client(|c| c.play(STREAM, 3, "s"))
                .server(|s| {
                    let status = s.on_status(STREAM, "status", "NetStream.Play.Start", "Started playing s.");
                    sample::sequence_headers(status.data(0, 0, "|RtmpSampleAccess", &[true.into(), true.into()]))
                }),
            &[],
        ),
        real(
            "MED005",
            "cases/metadata-on-zero.pcap",
            &["the server sends onMetaData on message stream 0, while message stream 1 is played"],
        ),
        case("MED006", "as it is", &sample::publish(3), &[]),
        case(
            "MED006",
            "another size",
            &publishing_with(|c| {
                c.data(STREAM, 0, "onMetaData", &on_meta_data(&[("width", 640.into()), ("height", 360.into())])[1..])
                    .video(STREAM, 0, avc_sequence_header())
            }),
            &["the client's onMetaData says 640 x 360, the sequence header 320 x 180"],
        ),
        case(
            "MED006",
            "the metadata comes second",
            &publishing_with(|c| {
                sample::sequence_headers(c).data(
                    STREAM,
                    0,
                    "@setDataFrame",
                    &on_meta_data(&[("audiosamplerate", 44100.into()), ("audiocodecid", 2.into())]),
                )
            }),
            &["the client's onMetaData says 44100 Hz, the sequence header 48000 Hz; \
               its onMetaData says mp3, its audio on message stream 1 is aac"],
        ),
        case(
            "MED006",
            "half the rate, as with SBR, and a FourCC",
            &publishing_with(|c| {
                let fourcc = f64::from(u32::from_be_bytes(*b"avc1"));
                let members = [("audiosamplerate", 24000.into()), ("videocodecid", Amf::Number(fourcc))];
                sample::sequence_headers(c.data(STREAM, 0, "@setDataFrame", &on_meta_data(&members)))
            }),
            &[],
        ),
        real("MED006", "cases/metadata-sample-rate-code-3.pcap", &[]),
        case(
            "MED006",
            "a sample rate of 4 Hz is no code",
            &publishing_with(|c| {
                sample::sequence_headers(c.data(
                    STREAM,
                    0,
                    "@setDataFrame",
                    &on_meta_data(&[("audiosamplerate", 4.into())]),
                ))
            }),
            &["the client's onMetaData says 4 Hz, the sequence header 48000 Hz"],
        ),
        case("MED007", "a key frame first", &sample::play(3), &[]),
        case(
            "MED007",
            "a key frame after a second",
            &joined(999, true),
            &[
                "the server's video on message stream 1 does not begin with a key frame; the first key frame came 1.000 seconds later",
            ],
        ),
        case("MED007", "a key frame at once", &joined(300, true), &[]),
        case(
            "MED007",
            "none for 10 s",
            &joined(11_000, false).server(|s| s.video(STREAM, 40, picture(Frame::Inter))),
            &[
                "the server's video on message stream 1 does not begin with a key frame; no key frame came in 10 seconds",
            ],
        ),
        case(
            "MED007",
            "none at all",
            &joined(500, false),
            &[
                "the server's video on message stream 1 does not begin with a key frame; no key frame came before the end",
            ],
        ),
        case("MED008", "in step", &running(60, |ms| (ms, ms)), &[]),
        case("MED008", "a steady distance", &running(60, |ms| (ms, ms + 1500)), &[]),
        case(
            "MED008",
            "audio is too fast",
            &running(120, |ms| (ms, ms + ms / 10)),
            &["the client's audio runs 1300 ms ahead of video on message stream 1, against their arrival"],
        ),
        case(
            "MED009",
            "announced",
            &enhanced_connect().client(|c| c.video(STREAM, 0, hevc(0, &hevc_configuration()))),
            &[],
        ),
        case("MED009", "legacy media", &sample::publish(3), &[]),
        case(
            "MED009",
            "not announced",
            &publishing_with(|c| c.video(STREAM, 0, hevc(0, &hevc_configuration()))).server(|s| s.ping_request(1)),
            &["the client sends Enhanced RTMP packets that its connect did not announce"],
        ),
        case(
            "MED009",
            "not asked for",
            &sample::playing()
                .server(|s| s.video(STREAM, 0, hevc(0, &hevc_configuration())))
                .client(|c| c.ping_response(1)),
            &["the server sends Enhanced RTMP packets to a client whose connect did not ask for them"],
        ),
        case("MED010", "whole", &publishing_with(|c| c.video(STREAM, 0, hevc(0, &hevc_configuration()))), &[]),
        case(
            "MED010",
            "a FourCC that is cut",
            &publishing_with(|c| c.video(STREAM, 0, vec![0x90, b'h', b'v'])),
            &["the client's Enhanced RTMP packet cannot be read at byte 1: a FourCC needs 4 bytes, 2 are left"],
        ),
        case("MED011", "no pause", &running(30, |ms| (ms, ms)), &[]),
        case(
            "MED011",
            "6 s of silence",
            &running(5, |ms| (ms, ms))
                .wait_ms(5999)
                .client(|c| c.audio(STREAM, 7000, sound()))
                .server(|s| s.ping_request(1)),
            &["no media from the client for 6.0 seconds on message stream 1"],
        ),
        case(
            "MED011",
            "silent to the end",
            &running(5, |ms| (ms, ms)).wait_ms(7999).server(|s| s.ping_request(1)),
            &["no media from the client for 8.0 seconds on message stream 1, until the end"],
        ),
        case(
            "MED011",
            "the end was said",
            &running(5, |ms| (ms, ms)).client(|c| c.delete_stream(STREAM)).wait_ms(8000).server(|s| s.ping_request(1)),
            &[],
        ),
        case(
            "MED011",
            "until deleteStream",
            &running(5, |ms| (ms, ms)).wait_ms(7999).client(|c| c.delete_stream(STREAM)),
            &["no media from the client for 8.0 seconds on message stream 1, until deleteStream"],
        ),
        case(
            "MED011",
            "until FCUnpublish, once",
            &running(5, |ms| (ms, ms))
                .wait_ms(7999)
                .client(|c| c.command("FCUnpublish", 5, &[Amf::Null, "s".into()]).delete_stream(STREAM)),
            &["no media from the client for 8.0 seconds on message stream 1, until FCUnpublish"],
        ),
        case(
            "MED011",
            "video alone, until the end",
            &sound_alone(running(10, |ms| (ms, ms)), 40),
            &["no video from the client for 8.0 seconds on message stream 1, while audio went on, until the end"],
        ),
        case(
            "MED011",
            "video alone, until it goes on",
            &sound_alone(running(10, |ms| (ms, ms)), 40).client(|c| c.video(STREAM, 10_000, picture(Frame::Key))),
            &["no video from the client for 8.0 seconds on message stream 1, while audio went on"],
        ),
        case(
            "MED011",
            "video for 3 s, then all for 6 s: one silence",
            &sound_alone(running(10, |ms| (ms, ms)), 15)
                .wait_ms(5999)
                .client(|c| c.video(STREAM, 11_000, picture(Frame::Key)).audio(STREAM, 11_000, sound())),
            &["no media from the client for 6.0 seconds on message stream 1"],
        ),
        case("MED011", "video for 3 s alone", &sound_alone(running(10, |ms| (ms, ms)), 15), &[]),
        case(
            "MED011",
            "a picture every 10 s from the start, and sound",
            &(0..4).fold(running(1, |ms| (ms, ms)), |story, turn| {
                sound_alone_from(story, turn * 10_000 + 200, 50)
                    .client(|c| c.video(STREAM, turn * 10_000 + 10_200, picture(Frame::Key)))
            }),
            &[],
        ),
        case(
            "MED011",
            "a picture every 10 s and nothing else",
            &(1..8).fold(running(1, |ms| (ms, ms)), |story, turn| {
                story.wait_ms(9999).client(|c| c.video(STREAM, turn * 10_000, picture(Frame::Key)))
            }),
            &[],
        ),
        case("MED011", "a pause", &watching(20).client(pause).wait_ms(8000).client(|c| c.delete_stream(STREAM)), &[]),
        case(
            "MED011",
            "a seek, and the server takes its time",
            &watching(20)
                .client(|c| c.stream_command(STREAM, "seek", 0, &[Amf::Null, 60_000.into()]))
                .wait_ms(8000)
                .server(|s| s.video(STREAM, 60_000, picture(Frame::Key)).audio(STREAM, 60_000, sound())),
            &[],
        ),
        case(
            "MED011",
            "the server said that it is over",
            &watching(20).server(|s| s.stream_eof(STREAM)).wait_ms(8000).client(|c| c.delete_stream(STREAM)),
            &[],
        ),
        case(
            "MED011",
            "the publisher went",
            &watching(20)
                .server(|s| s.on_status(STREAM, "status", "NetStream.Play.UnpublishNotify", "s is over."))
                .wait_ms(8000)
                .client(|c| c.delete_stream(STREAM)),
            &[],
        ),
        case("MED011", "9 s sent ahead, and 8 s to play them", &ahead(9, 8), &[]),
        case(
            "MED011",
            "9 s sent ahead, and 11 s to play them",
            &ahead(9, 11),
            &["no media from the server for 11.0 seconds on message stream 1, until deleteStream"],
        ),
        case(
            "MED011",
            "data alone",
            &(0..20)
                .fold(sample::publishing(), |story, step| {
                    story.wait_ms(99).client(|c| c.data(STREAM, step * 100, "onTextData", &[media::metadata()]))
                })
                .wait_ms(8000)
                .client(|c| c.delete_stream(STREAM)),
            &[],
        ),
        Case {
            code: "MED011",
            what: "a reset at the end",
            story: Story::of_packets(&cut(&stalled(), tcp::RST)),
            expected: &["no media from the client for 8.0 seconds on message stream 1, until the end"],
        },
        Case {
            code: "MED011",
            what: "the capture ends without an end",
            story: Story::of_packets(&cut(&stalled(), tcp::ACK)),
            expected: &["no media from the client for 8.0 seconds on message stream 1, until the end"],
        },
        Case {
            code: "MED011",
            what: "the server had closed its window",
            story: Story::of_packets(&window_closed()),
            expected: &[
                "no media from the client for 8.0 seconds on message stream 1; the TCP window of the server was closed for 7.9 seconds of that: it did not read",
            ],
        },
        real(
            "MED011",
            "cases/stall-to-end-delete.pcap",
            &["no media from the server for 30.0 seconds on message stream 1, until deleteStream"],
        ),
        real(
            "MED011",
            "nginx-rtmp/ffmpeg-drop-idle-publisher.pcap",
            &["no media from the client for 6.0 seconds on message stream 1, until the end"],
        ),
        real(
            "MED011",
            "cases/stall-to-end-fin.pcap",
            &["no media from the server for 30.0 seconds on message stream 1, until the end"],
        ),
        case("MED012", "right", &aggregated(&|_| {}), &[]),
        case("MED012", "the last one is left out", &aggregated(&|all| all[1].back_pointer = None), &[]),
        case(
            "MED012",
            "the first one is wrong",
            &aggregated(&|all| all[0].back_pointer = Some(500)),
            &["the size behind message 1 of 2 in the server's aggregate is 500, not 511"],
        ),
        case(
            "MED012",
            "the last one is wrong",
            &aggregated(&|all| all[1].back_pointer = Some(0)),
            &["the size behind message 2 of 2 in the server's aggregate is 0, not 131"],
        ),
        case("MED013", "onMetaData to players", &sample::play(3), &[]),
        case(
            "MED013",
            "@setDataFrame to players",
            &sample::playing().server(|s| s.metadata(STREAM, 0)),
            &["the server sends @setDataFrame with onMetaData to a player"],
        ),
        case("MED014", "in time", &running(100, |ms| (ms, ms)), &[]),
        case("MED014", "faster than time", &running(100, |ms| (ms * 2, ms * 2)), &[]),
        case(
            "MED014",
            "at nine tenths of the speed",
            &running(150, |ms| (ms * 9 / 10, ms * 9 / 10)),
            &["the client's video on message stream 1 is 2520 ms behind its timestamps"],
        ),
        case("MED015", "whole", &sample::publish(3), &[]),
        case(
            "MED015",
            "an AVC header that is cut",
            &publishing_with(|c| c.video(STREAM, 0, vec![0x17, 1, 0])),
            &["the client's video message cannot be read at byte 2: composition_time needs 3 bytes, 1 is left"],
        ),
        case("MED015", "silence", &publishing_with(|c| c.audio(STREAM, 0, Vec::new())), &[]),
        case(
            "MED015",
            "metadata is not media",
            &publishing_with(|c| c.data(STREAM, 0, "x", &[media::metadata()])),
            &[],
        ),
        case("MED016", "lengths that fill each frame", &sample::publish(3), &[]),
        case(
            "MED016",
            "HEVC in an H.264 sequence header is another's",
            &publishing_with(|c| c.video(STREAM, 0, legacy(&[0x17, 0, 0, 0, 0], &hevc_configuration()))),
            &[],
        ),
        real(
            "MED016",
            "cases/nal-length-overruns.pcap",
            &[
                "the client's h264 frame: NAL unit 1 has the length 99999 (in 4 bytes), 201 bytes are left; write each NAL unit's own length before it, so that the last NAL unit ends with the message",
            ],
        ),
        real(
            "MED016",
            "cases/annexb-sequence-header.pcap",
            &[
                "the client's h264 sequence header: an Annex B start code (00000001) stands where the AVCDecoderConfigurationRecord belongs; put the parameter sets into a configuration record, without start codes",
            ],
        ),
        case(
            "MED016",
            "lengths of another size than the sequence header says",
            &publishing_with(|c| {
                c.video(STREAM, 0, avc_sequence_header()).video(
                    STREAM,
                    40,
                    vec![0x27, 1, 0, 0, 0, 0, 3, 0x41, 0x9a, 0x24],
                )
            }),
            &[
                "the client's h264 frame: the lengths of its NAL units have 2 bytes, the sequence header says 4; write lengths of 4 bytes, or 1 as lengthSizeMinusOne",
            ],
        ),
        case(
            "MED016",
            "Annex B in a frame of HEVC",
            &publishing_with(|c| {
                c.video(STREAM, 0, hevc(0, &hevc_configuration())).video(
                    STREAM,
                    40,
                    hevc(3, &[0, 0, 0, 1, 0x26, 1, 0xac]),
                )
            }),
            &[
                "the client's hevc frame: an Annex B start code (00000001) stands where the length of NAL unit 1 belongs; write the length of each NAL unit in the place of its start code",
            ],
        ),
        case(
            "MED016",
            "a message that is cut inside an aggregate",
            &sample::playing().server(|s| {
                let whole = aggregate(&[SubMessage::new(9, 0, picture(Frame::Key))]);
                sample::sequence_headers(s).message(&Message::new(6, 22, STREAM, 0, whole[..300].to_vec()))
            }),
            &[],
        ),
        case("MED017", "FLV's headers", &sample::publish(3), &[]),
        real(
            "MED017",
            "cases/adts-inside-aac.pcap",
            &[
                "the client's aac frame: an ADTS header (fff1, 7 bytes) stands where a raw AAC frame belongs; send raw AAC frames without such a header, and their AudioSpecificConfig as the sequence header",
            ],
        ),
        case(
            "MED017",
            "ADTS without a tag header",
            &publishing_with(|c| c.audio(STREAM, 0, vec![0xff, 0xf1, 0x50, 0x80, 1, 0x3f, 0xfc, 0x21, 0x10])),
            &[
                "the client's audio message: an ADTS header (fff1, 7 bytes) stands where the audio tag header belongs; begin each message with the audio tag header, for AAC af 01 before a raw frame and af 00 before the AudioSpecificConfig",
            ],
        ),
        case(
            "MED017",
            "Annex B without a tag header",
            &publishing_with(|c| c.video(STREAM, 0, vec![0, 0, 0, 1, 0x65, 0x88])),
            &[
                "the client's video message: an Annex B start code (00000001) stands where the video tag header belongs; begin each message with the video tag header, for H.264 17 or 27, the packet type and the composition time",
            ],
        ),
        case(
            "MED017",
            "raw AAC without a tag header",
            &publishing_with(|c| {
                c.audio(STREAM, 0, vec![0x12, 0x10]).audio(STREAM, 0, vec![0xde, 2]).audio(STREAM, 23, vec![0x21, 0x10])
            }),
            &[
                "the client's audio message: an AudioSpecificConfig (1210) stands where the audio tag header belongs; begin each message with the audio tag header, for AAC af 01 before a raw frame and af 00 before the AudioSpecificConfig",
            ],
        ),
        case(
            "MED017",
            "LATM in AAC, whose lengths are wrong as well",
            &(0..3).fold(publishing_with(sample::sequence_headers), |story, step| {
                story.client(|c| c.audio(STREAM, step * 23, vec![0xaf, 1, 0x56, 0xe0, 99, 0x21, 0x10]))
            }),
            &[
                "the client's aac frame: LATM's synchronisation (56e0) stands where a raw AAC frame belongs, in 3 frames in a row; send raw AAC frames without such a header, and their AudioSpecificConfig as the sequence header",
            ],
        ),
        case(
            "MED017",
            "two frames may begin so by chance",
            &(0..2).fold(publishing_with(sample::sequence_headers), |story, step| {
                story.client(|c| c.audio(STREAM, step * 23, vec![0xaf, 1, 0x56, 0xe0, 99, 0x21, 0x10]))
            }),
            &[],
        ),
        case(
            "MED017",
            "the AAC packet type is left out",
            &publishing_with(|c| c.audio(STREAM, 0, vec![0xaf, 0x12, 0x10])),
            &[
                "the client's aac frame: an AudioSpecificConfig (1210) stands where the AAC packet type belongs; write the AAC packet type behind the first byte: 0 and the AudioSpecificConfig, then 1 and each raw frame",
            ],
        ),
        case(
            "MED003",
            "AAC that is labelled MP3",
            &publishing_with(|c| {
                c.audio(STREAM, 0, vec![0x2f, 0, 0x12, 0x10]).audio(STREAM, 0, vec![0x2f, 1, 0x21, 0x10])
            }),
            &[
                "the client's mp3 frame: an AAC sequence header (00 1210) stands where an MP3 frame belongs; label AAC as sound format 10: af 00 before the AudioSpecificConfig, af 01 before a raw frame",
            ],
        ),
        case(
            "MED003",
            "MP3 that is labelled AAC",
            &publishing_with(|c| c.audio(STREAM, 0, [&[0xaf, 1, 0xff, 0xfb, 0x90, 0x64][..], &[0; 413]].concat())),
            &[
                "the client's aac frame: an MP3 frame (fffb, 417 bytes) stands where a raw AAC frame belongs; label MP3 as sound format 2, with the frame just behind the first byte (2f for 44.1 kHz stereo)",
            ],
        ),
        case("MED018", "an ECMA array", &sample::publish(3), &[]),
        case(
            "MED018",
            "a publisher's object",
            &publishing_with(|c| c.data(STREAM, 0, "@setDataFrame", &on_meta_data(&[("width", 320.into())]))),
            &["the argument of the client's onMetaData is an object, not an ECMA array"],
        ),
        case(
            "MED018",
            "other data may be objects",
            &publishing_with(|c| c.data(STREAM, 0, "onTextData", &[object([("text", "a".into())])])),
            &[],
        ),
        real(
            "MED018",
            "cases/metadata-as-object.pcap",
            &["the argument of the server's onMetaData is an object, not an ECMA array"],
        ),
        case(
            "MED005",
            "a configuration alone",
            &sample::playing().server(|s| s.audio(0, 0, aac_sequence_header())),
            &["the server sends audio on message stream 0, while message stream 1 is played"],
        ),
    ]
}

/// What is in another framing is said once, and nothing is said of what its bytes would mean.
#[test]
fn media_in_another_framing_is_one_fault() {
    let annex_b = |unit: &[u8]| [&[0, 0, 0, 1][..], unit].concat();
    let adts = [0xff, 0xf1, 0x50, 0x80, 1, 0x3f, 0xfc, 0x21, 0x10];
    let cases: &[(&str, bool, Vec<u8>)] = &[
        ("MED016", true, [&[0x17, 1, 0, 0, 0][..], &annex_b(&[0x65, 0x88])].concat()),
        ("MED016", true, [&[0x17, 0, 0, 0, 0][..], &annex_b(&[0x67, 0x64])].concat()),
        ("MED016", true, Enhanced::video(1).packet(0, *b"hvc1", &annex_b(&[0x40, 1, 0x0c]))),
        ("MED016", true, Enhanced::video(1).packet(3, *b"vvc1", &annex_b(&[0, 0x41, 0x0c]))),
        ("MED017", true, annex_b(&[0x67, 0x64])),
        ("MED017", true, vec![0x67, 0x64, 0, 0x0c]),
        ("MED017", false, adts.to_vec()),
        ("MED017", false, [&[0xaf, 1][..], &adts].concat()),
        ("MED017", false, [&[0xaf, 0][..], &adts].concat()),
        ("MED017", false, Enhanced::audio().packet(1, *b"mp4a", &adts)),
        ("MED017", false, vec![0x56, 0xe0, 2, 0x21, 0x10]),
        ("MED017", false, vec![0xc2, 1, 2]),
        ("MED017", false, vec![0x12, 0x10]),
        ("MED017", false, vec![0xaf, 0x12, 0x10]),
        ("MED003", false, vec![0x2f, 0, 0x12, 0x10]),
        ("MED003", false, [&[0xaf, 1, 0xff, 0xfb, 0x90, 0x64][..], &[0; 413]].concat()),
    ];
    for (code, is_video, payload) in cases {
        let conversation = (0..5).fold(sample::publishing(), |story, step| {
            story.wait_ms(40).client(|c| {
                let time = step * 40;
                if *is_video { c.video(STREAM, time, payload.clone()) } else { c.audio(STREAM, time, payload.clone()) }
            })
        });
        let story = Story::of(&conversation);
        let mut codes: Vec<_> =
            story.findings.iter().filter(|it| it.severity > Severity::Note).map(|it| it.rule.code).collect();
        codes.dedup();
        assert_eq!(codes, [*code], "{payload:02x?}");
    }
}

/// Data may have a name that is empty, and nothing behind `@setDataFrame`.
#[test]
fn what_has_no_name_is_told_so() {
    let data = |name: &'static str| sample::playing().server(|s| s.data(0, 0, name, &[]));
    let texts = |conversation: &Conversation| -> Vec<String> {
        Story::of(conversation).findings.iter().map(|it| it.text.to_string()).collect()
    };
    let nameless = texts(&data(""));
    assert!(
        nameless.iter().any(|it| it.starts_with("the server sends data without a name on message stream 0, while")),
        "{nameless:?}"
    );
    let alone = texts(&data("@setDataFrame"));
    assert!(alone.iter().any(|it| it == "the server sends @setDataFrame to a player"), "{alone:?}");
}

/// A sender that takes audio's message type for video's: that is the one fault, and what follows from it says so.
#[test]
fn message_types_that_are_swapped_are_one_fault() {
    let random = &mut rtmp_inspect::synth::Random::new(5);
    let audio: Vec<_> = (0..3).map(|_| media::aac_frame(200, random)).collect();
    let video: Vec<_> = (0..3).map(|_| media::avc_frame(media::Frame::Inter, 0, 300, random)).collect();
    let conversation = sample::publishing()
        .client(|c| c.video(STREAM, 0, aac_sequence_header()).audio(STREAM, 0, avc_sequence_header()));
    let conversation = audio.iter().zip(&video).zip(1..).fold(conversation, |story, ((audio, video), step)| {
        story.wait_ms(40).client(|c| c.video(STREAM, step * 40, audio.clone()).audio(STREAM, step * 40, video.clone()))
    });
    let story = Story::of(&conversation);
    let (own, others): (Vec<_>, Vec<_>) =
        story.findings.iter().filter(|it| it.severity > Severity::Note).partition(|it| it.rule.code == "MED003");
    let texts: Vec<_> = own.iter().map(|it| it.text.to_string()).collect();
    assert_eq!(
        texts,
        [
            "the client writes audio as message type 9, which is video's: this one holds an AAC sequence header",
            "the client writes video as message type 8, which is audio's: this one holds an H.264 sequence header",
        ]
    );
    assert!(others.iter().all(|it| it.cause == Some("MED003")), "{others:#?}");
}
