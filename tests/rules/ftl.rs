//! Cases of the FTL rules.

use std::path::Path;

use rtmp_inspect::export::Writer;
use rtmp_inspect::export::json::JsonWriter;
use rtmp_inspect::limits::Limits;
use rtmp_inspect::proto::Event;
use rtmp_inspect::proto::ftl::{Body, Phase};
use rtmp_inspect::proto::rtmp::secrets::Masks;
use rtmp_inspect::rules::Finding;
use rtmp_inspect::synth::ftl::{Ftl, Rtp, nack};
use rtmp_inspect::wire::Side;

use crate::common::Story;
use crate::{Case, said};

const C: Side = Side::Client;
const S: Side = Side::Server;

/// The example of FTL 0.9 "Establishing a connection".
const NONCE: &str = "5e0c41f532c44e01b06cdb3ca5d8dc699d3a031e716a63a137a6899d6bc7832b77b591e8a03e9f14e20bbccc1b0b674450a45b275461857efda6434d64993253dd534220c45f197c6dad61bdc0bae12fd1442e22939e650731e4ee51d03632a108b5f50831ca6f239876f348123b6d15bf31a4882ef75b4a57dfa8273f05432a";
const SIGNATURE: &str = "319f678a5871a2197fac50b314fd62435904aaabddaf87ec65f9c05351425d95f06d9e525c40ca9d344e4b22bdafdf64769a431464fabd9fac86cef820e5c0a1";
const STREAM_KEY: &str = "77-ieDQxSZ7q58EEeLTvja4QKKGzndwUkVQ";

const ATTRIBUTES: [&str; 13] = [
    "ProtocolVersion: 0.9",
    "VendorName: OBS Studio",
    "VendorVersion: 27.0.1-1",
    "Video: true",
    "VideoCodec: H264",
    "VideoHeight: 720",
    "VideoWidth: 1280",
    "VideoPayloadType: 96",
    "VideoIngestSSRC: 78",
    "Audio: true",
    "AudioCodec: OPUS",
    "AudioPayloadType: 97",
    "AudioIngestSSRC: 77",
];

/// A nonce was asked for and given.
fn challenged() -> Ftl {
    Ftl::new().client("HMAC").server(&format!("200 {NONCE}"))
}

fn connecting() -> Ftl {
    challenged().client(&format!("CONNECT 77 ${SIGNATURE}"))
}

fn connected() -> Ftl {
    connecting().server("200")
}

/// All attributes, some of them changed; an empty one is left out.
fn announcing(changed: &[(&str, &str)]) -> Ftl {
    ATTRIBUTES.iter().fold(connected(), |ftl, line| {
        let name = line.split(':').next().unwrap();
        match changed.iter().find(|(changed, _)| *changed == name) {
            Some((_, "")) => ftl,
            Some((_, value)) => ftl.client(&format!("{name}: {value}")),
            None => ftl.client(line),
        }
    })
}

fn dotted(changed: &[(&str, &str)]) -> Ftl {
    announcing(changed).client(".").server("200 hi. Use UDP port 65534")
}

fn started() -> Ftl {
    dotted(&[])
}

fn video(number: u16, timestamp: u32, payload: &[u8]) -> Rtp {
    let marker = !matches!(payload[0] & 31, 7 | 8);
    Rtp { marker, payload_type: 96, sequence_number: number, timestamp, ssrc: 78, payload: payload.to_vec() }
}

fn audio(number: u16, timestamp: u32) -> Rtp {
    let payload = vec![0xfc, 1, 2, 3];
    Rtp { marker: false, payload_type: 97, sequence_number: number, timestamp, ssrc: 77, payload }
}

const PING: &[u8] = &[0x81, 250, 0, 24, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0];
const SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x1e, 0xd9, 0, 0xa0, 0x47, 0xfe, 0x88];
const PPS: &[u8] = &[0x68, 0xce, 0x3c, 0x80];
const IDR: &[u8] = &[0x65, 0x88, 0x84, 0];
const SLICE: &[u8] = &[0x41, 0x9a, 0];

/// Media of so many fiftieths of a second, with a PING every 4 seconds. `skip` are packets of the video that do not come.
fn media(ftl: Ftl, ticks: u16, skip: &[u16]) -> Ftl {
    let sent =
        |ftl: Ftl, rtp: Rtp| if skip.contains(&rtp.sequence_number) { ftl } else { ftl.datagram(C, &rtp.bytes()) };
    (0..ticks).fold(ftl, |ftl, tick| {
        let time = u32::from(tick);
        let ftl = match tick {
            0 => {
                let ftl = sent(ftl, video(0, 0, SPS));
                let ftl = sent(ftl, video(1, 0, PPS));
                sent(ftl, video(2, 0, IDR))
            }
            tick => sent(ftl, video(tick + 2, time * 1800, SLICE)).wait_ms(2),
        };
        let ftl = ftl.datagram(C, &audio(tick, time * 960).bytes());
        if tick % 200 == 199 { ftl.client("PING 77").server("201").wait_ms(14) } else { ftl.wait_ms(16) }
    })
}

fn ended(ftl: Ftl) -> Ftl {
    ftl.client("DISCONNECT").close(C)
}

/// A whole session that is as it should be.
fn clean() -> Ftl {
    ended(media(started(), 600, &[]))
}

fn story(ftl: &Ftl) -> Story {
    Story::of_timed(&ftl.frames(), &[])
}

fn case(code: &'static str, what: &'static str, ftl: &Ftl, expected: &'static [&'static str]) -> Case {
    Case { code, what, story: story(ftl), expected }
}

pub(super) fn cases() -> Vec<Case> {
    let codes = (1..=20).map(|number| format!("FTL{number:03}"));
    let clean = clean();
    let catalogue = rtmp_inspect::rules::CATALOGUE.iter().map(|entry| entry.meta.code);
    let codes: Vec<_> = catalogue.filter(|code| codes.clone().any(|known| known == *code)).collect();
    let passing = codes.into_iter().map(|code| case(code, "all is well", &clean, &[]));
    let all = [refusals(), commands(), attributes(), timing(), packets()];
    passing.chain(all.into_iter().flatten()).collect()
}

fn refusals() -> Vec<Case> {
    let silent = "the server closed the connection without a word after CONNECT, which Janus does where the channel is unknown \
                  or the key does not fit; copy the whole stream key (channel and key) into the client again";
    let dot = "the server reset the connection without a word after the dot, which Janus does where neither Video nor Audio is \
               true, or one lacks its codec, payload type or SSRC; see what the client announces";
    vec![
        case(
            "FTL001",
            "a wrong key",
            &connecting().server("405 Invalid stream key").close(S),
            &[
                "the server rejected CONNECT with 405 invalid_stream_key \"Invalid stream key\": the channel is unknown or the key is \
             not its own; copy the whole stream key (channel and key) into the client again",
            ],
        ),
        case(
            "FTL001",
            "an attribute",
            &connected().client("ProtocolVersion: 0.8").server("402"),
            &[
                "the server rejected the attribute ProtocolVersion with 402 old_version: the protocol version is none that the server \
             takes; use a client of FTL 0.9",
            ],
        ),
        case(
            "FTL001",
            "the dot",
            &announcing(&[]).client(".").server("406"),
            &[
                "the server rejected the dot with 406 channel_in_use: somebody sends to the channel already; end the other session, \
             or wait until the server has given it up",
            ],
        ),
        case(
            "FTL001",
            "no media",
            &started().wait_ms(8000).server("408").close(S),
            &[
                "the server ended the session by itself with 408 no_media_timeout: no media arrived for too long; see that UDP to the \
             media port is let through and that the client sends",
            ],
        ),
        case(
            "FTL001",
            "a code that is none",
            &connecting().server("499 no"),
            &["the server rejected CONNECT with 499 \"no\": a code that FTL does not have; look into the server's log"],
        ),
        case("FTL001", "closed without a word", &connecting().close(S), Box::leak(Box::new([silent]))),
        case("FTL001", "reset without a word", &announcing(&[]).client(".").reset(S), Box::leak(Box::new([dot]))),
        case(
            "FTL001",
            "closed behind an attribute",
            &announcing(&[]).close(S),
            &["the server closed the connection without a word after an attribute; see the server's log"],
        ),
        case("FTL001", "the client leaves", &connecting().close(C), &[]),
        case("FTL001", "the server leaves later", &media(started(), 10, &[]).close(S), &[]),
        case("FTL001", "the capture ends", &connecting(), &[]),
        Case {
            code: "FTL002",
            what: "another key",
            story: Story::of_timed(&clean().frames(), &["77-another".to_owned()]),
            expected: &["CONNECT to channel 77 is not signed with the stream key that was given for it"],
        },
        Case {
            code: "FTL002",
            what: "the key",
            story: Story::of_timed(&clean().frames(), &[STREAM_KEY.to_owned()]),
            expected: &[],
        },
        Case {
            code: "FTL002",
            what: "another channel's key",
            story: Story::of_timed(&clean().frames(), &["78-another".to_owned()]),
            expected: &[],
        },
    ]
}

fn commands() -> Vec<Case> {
    let lf = |line: &str| Ftl::new().write(C, format!("{line}\n").as_bytes());
    let anew = started().client(&format!("CONNECT 77 ${SIGNATURE}"));
    vec![
        case(
            "FTL003",
            "CONNECT first",
            &Ftl::new().client(&format!("CONNECT 77 ${SIGNATURE}")),
            &["CONNECT before the server gave a nonce to sign"],
        ),
        case(
            "FTL003",
            "an attribute first",
            &connecting().client("Video: true"),
            &["the attribute Video before the server accepted CONNECT"],
        ),
        case("FTL003", "the dot first", &challenged().client("."), &["the dot before the server accepted CONNECT"]),
        case(
            "FTL003",
            "media before the dot",
            &announcing(&[]).datagram(C, &audio(0, 0).bytes()).client(".").server("200. Use UDP port 65534"),
            &["media before the client's own dot"],
        ),
        case(
            "FTL003",
            "media before the port was told",
            &announcing(&[]).client(".").datagram(C, &audio(0, 0).bytes()).server("200. Use UDP port 65534"),
            &[],
        ),
        case(
            "FTL006",
            "LF alone",
            &lf("HMAC").server(&format!("200 {NONCE}")),
            &["HMAC ends in LF alone; Janus and Lightspeed wait for CRLF CRLF"],
        ),
        case(
            "FTL006",
            "one CRLF",
            &Ftl::new().write(C, b"HMAC\r\n").server(&format!("200 {NONCE}")),
            &["HMAC ends in one CRLF; Janus and Lightspeed wait for CRLF CRLF"],
        ),
        case("FTL006", "in two pieces", &Ftl::new().write(C, b"HMAC\r\n").write(C, b"\r\n").server("200 00"), &[]),
        case("FTL007", "CONNECT again", &anew, &["CONNECT after one was accepted"]),
        case(
            "FTL007",
            "an attribute late",
            &started().client("Video: false"),
            &["the attribute Video after media was allowed to begin"],
        ),
        case("FTL007", "the dot again", &started().client("."), &["the dot again after media was allowed to begin"]),
        case("FTL007", "CONNECT after a refusal", &connecting().server("405").client("CONNECT 77 $00"), &[]),
        case(
            "FTL008",
            "no port",
            &announcing(&[]).client(".").server("200 welcome"),
            &["200 to the dot names no UDP port: \"welcome\""],
        ),
        case(
            "FTL008",
            "nothing at all",
            &announcing(&[]).client(".").server("200"),
            &["200 to the dot names no UDP port"],
        ),
        case(
            "FTL009",
            "HMAC",
            &Ftl::new().client("HMAC").wait_ms(9999).close(C),
            &["HMAC was not answered in 10 seconds"],
        ),
        case("FTL009", "the client has no patience", &Ftl::new().client("HMAC").wait_ms(3000).close(C), &[]),
        case(
            "FTL009",
            "the server ends it",
            &connecting().wait_ms(199).close(S),
            &["CONNECT was not answered; the server ended the connection 200 ms after it"],
        ),
        case(
            "FTL009",
            "PINGs",
            &media(started(), 50, &[])
                .client("PING 77")
                .wait_ms(5000)
                .client("PING 77")
                .wait_ms(4000)
                .client("DISCONNECT"),
            &["1 of 2 PINGs were not answered"],
        ),
        case(
            "FTL018",
            "by the client",
            &media(started(), 50, &[]).close(C),
            &["the client closed the control connection after the start, without DISCONNECT of the client"],
        ),
        case(
            "FTL018",
            "by the server",
            &media(started(), 50, &[]).reset(S),
            &["the server reset the control connection after the start, without DISCONNECT of the client"],
        ),
        case("FTL018", "the capture ends", &media(started(), 50, &[]), &[]),
        case(
            "NET004",
            "of FTL, while publishing",
            &media(started(), 50, &[]).reset(S),
            &["the server reset the connection while publishing"],
        ),
        case(
            "NET004",
            "of FTL, before CONNECT was answered",
            &connecting().reset(C),
            &["the client reset the connection before CONNECT was answered"],
        ),
        case(
            "NET004",
            "of FTL, behind a refusal",
            &connecting().server("405").reset(S),
            &["the server reset the connection after its server had refused or ended the session"],
        ),
    ]
}

fn attributes() -> Vec<Case> {
    vec![
        case(
            "FTL004",
            "no version",
            &dotted(&[("ProtocolVersion", "")]),
            &["the dot comes without ProtocolVersion announced before it"],
        ),
        case(
            "FTL004",
            "no media",
            &connected().client("ProtocolVersion: 0.9").client("."),
            &["the dot comes without Video or Audio announced before it"],
        ),
        case(
            "FTL004",
            "a medium in part",
            &dotted(&[("VideoCodec", ""), ("AudioIngestSSRC", "")]),
            &["the dot comes without VideoCodec, AudioIngestSSRC announced before it"],
        ),
        case(
            "FTL004",
            "a medium that is not said to be sent",
            &dotted(&[("Audio", "")]),
            &["the dot comes without Audio announced before it"],
        ),
        case("FTL004", "audio alone", &dotted(&[("Video", "false"), ("VideoCodec", ""), ("VideoIngestSSRC", "")]), &[]),
        case(
            "FTL005",
            "no width",
            &dotted(&[("VideoWidth", "0")]),
            &["VideoWidth is \"0\": a picture has a number of pixels above 0"],
        ),
        case(
            "FTL005",
            "a codec",
            &dotted(&[("VideoCodec", "H265")]),
            &["VideoCodec is \"H265\": FTL has H264 and VP8"],
        ),
        case("FTL005", "a word", &dotted(&[("Audio", "yes")]), &["Audio is \"yes\": it is true or false"]),
        case(
            "FTL005",
            "a payload type",
            &dotted(&[("AudioPayloadType", "200")]),
            &["AudioPayloadType is \"200\": a payload type is a number from 1 to 127 here, 0 is taken as none"],
        ),
        case(
            "FTL005",
            "one SSRC",
            &dotted(&[("AudioIngestSSRC", "78"), ("AudioPayloadType", "96")]),
            &[
                "audio and video are announced with the same SSRC, 78",
                "audio and video are announced with the same payload type, 96",
            ],
        ),
        case(
            "FTL005",
            "nothing",
            &dotted(&[("Video", "false"), ("Audio", "false")]),
            &["neither audio nor video is announced as sent"],
        ),
        case(
            "FTL019",
            "an old one",
            &dotted(&[("ProtocolVersion", "0.8")]),
            &["the client announces protocol version \"0.8\", not 0.9"],
        ),
        case(
            "FTL019",
            "refused",
            &announcing(&[]).client(".").server("402"),
            &["the server refuses the client's protocol version, \"0.9\""],
        ),
    ]
}

fn timing() -> Vec<Case> {
    let (client, server) = (([192, 0, 2, 9], 40_000).into(), ([192, 0, 2, 2], 65_534).into());
    vec![
        case(
            "FTL010",
            "late",
            &started().wait_ms(6997).client("PING 77").server("201"),
            &["PING comes 6.998 seconds after the start"],
        ),
        case(
            "FTL010",
            "the second one late",
            &started().wait_ms(5000).client("PING 77").server("201").wait_ms(6500).client("PING 77").server("201"),
            &["PING comes 6.502 seconds after the last one"],
        ),
        case(
            "FTL010",
            "none",
            &started().wait_ms(7998).client("DISCONNECT"),
            &["no PING in 7.999 seconds from the start to the end of the capture"],
        ),
        case(
            "FTL011",
            "none",
            &started().wait_ms(5999).client("DISCONNECT").close(C),
            &["in 6 seconds the capture has no media to UDP port 65534: none came, or UDP was not captured"],
        ),
        case(
            "FTL011",
            "late",
            &media(started().wait_ms(5999), 2, &[]),
            &["the first media came to UDP port 65534 5.999 seconds after the server had named it"],
        ),
        case(
            "FTL011",
            "408",
            &started().wait_ms(5998).server("408").close(S),
            &["no media came to UDP port 65534 in 6 seconds"],
        ),
        case(
            "FTL011",
            "pings alone",
            &started().datagram(C, PING).wait_ms(5998).datagram(C, PING),
            &["no media came to UDP port 65534 in 5.999 seconds"],
        ),
        case("FTL011", "a short session", &started().wait_ms(4000).client("DISCONNECT").close(C), &[]),
        case(
            "FTL013",
            "another address",
            &media(started().media_between(client, server), 2, &[]),
            &[
                "media comes from 192.0.2.9, the control connection from 192.0.2.1: a NAT or a proxy is between, or the client has \
             two addresses",
            ],
        ),
        case(
            "FTL013",
            "another port",
            &media(
                announcing(&[]).client(".").server("200. Use UDP port 65534").server("200. Use UDP port 9000"),
                2,
                &[],
            ),
            &["media goes to UDP port 65534; the server named 9000"],
        ),
        case(
            "FTL016",
            "ahead",
            &media(started(), 2, &[]).datagram(C, &audio(2, 480_000).bytes()),
            &["the clock of audio goes on by 9.980 s in 0.017 s"],
        ),
        case(
            "FTL016",
            "back",
            &media(started(), 3, &[]).datagram(C, &audio(3, 960).bytes()),
            &["the clock of audio goes back by 0.020 s"],
        ),
        case(
            "FTL016",
            "video in another order",
            &media(started(), 3, &[]).datagram(C, &video(5, 1800, SLICE).bytes()),
            &[],
        ),
        case("FTL016", "a pause", &media(started(), 3, &[]).wait_ms(3000).datagram(C, &audio(3, 960 * 3).bytes()), &[]),
        case(
            "FTL020",
            "after DISCONNECT",
            &media(started().client("DISCONNECT"), 100, &[]),
            &[
                "video (ssrc 78) goes on until 1.98 seconds after DISCONNECT",
                "audio (ssrc 77) goes on until 1.983 seconds after DISCONNECT",
            ],
        ),
        case("FTL020", "a moment", &media(started().client("DISCONNECT"), 20, &[]), &[]),
        case(
            "FTL020",
            "after the end",
            &media(media(started(), 5, &[]).half_close(S).wait_ms(2000), 1, &[]),
            &[
                "video (ssrc 78) goes on until 2.002 seconds after the end of the control connection",
                "audio (ssrc 77) goes on until 2.003 seconds after the end of the control connection",
            ],
        ),
    ]
}

fn packets() -> Vec<Case> {
    let sent = |rtp: Rtp| media(started(), 2, &[]).datagram(C, &rtp.bytes());
    let lost = || media(started(), 20, &[5, 6]);
    let again = |number: u16| video(number, (u32::from(number) - 2) * 1800, SLICE).bytes();
    let asked = || lost().datagram(S, &nack(78, 5)).datagram(S, &nack(78, 6));
    let key = |sets: &[&[u8]]| {
        let ftl = sets
            .iter()
            .enumerate()
            .fold(started(), |ftl, (at, set)| ftl.datagram(C, &video(at as u16, 0, set).bytes()));
        ftl.datagram(C, &video(sets.len() as u16, 0, IDR).bytes())
    };
    let again_key = |sets: &[&[u8]]| key(sets).datagram(C, &video(1, 1800, IDR).bytes());
    vec![
        case(
            "FTL012",
            "another SSRC",
            &sent(Rtp { ssrc: 5, ..audio(0, 0) }),
            &["media with ssrc 5; announced were 78 for video and 77 for audio"],
        ),
        case(
            "FTL012",
            "another type",
            &sent(Rtp { payload_type: 98, ..audio(2, 1920) }),
            &["audio (ssrc 77) with payload type 98; announced was 97"],
        ),
        case(
            "FTL012",
            "not to be sent",
            &media(dotted(&[("Audio", "false")]), 2, &[]),
            &["audio (ssrc 77), which was announced as not sent"],
        ),
        case("FTL012", "no SSRC announced", &media(dotted(&[("AudioIngestSSRC", "")]), 2, &[]), &[]),
        case("FTL014", "lost", &lost(), &["video (ssrc 78): 2 of 22 packets did not come at first; none came again"]),
        case(
            "FTL014",
            "sent again",
            &asked().wait_ms(9).datagram(C, &again(5)),
            &["video (ssrc 78): 2 of 22 packets did not come at first; 1 came again, after 11 ms at most"],
        ),
        case(
            "FTL014",
            "lost behind the capture",
            &media(started(), 20, &[]).datagram(S, &nack(78, 5)).wait_ms(9).datagram(C, &again(5)),
            &[
                "video (ssrc 78): the server asked again for 1 packet that the capture has; 1 came again, after 10 ms at most",
            ],
        ),
        case(
            "FTL015",
            "one of two",
            &asked().datagram(C, &again(5)).wait_ms(1500).datagram(C, &video(22, 36_000, SLICE).bytes()),
            &["video (ssrc 78): the server asked again for 2 packets, of which 1 never came"],
        ),
        case("FTL015", "a moment ago", &asked().datagram(C, &video(22, 36_000, SLICE).bytes()), &[]),
        case("FTL017", "neither, of a source that may have begun before", &key(&[]), &[]),
        case("FTL017", "neither", &again_key(&[]), &["a key frame comes, and no SPS and PPS came before it"]),
        case("FTL017", "no PPS", &key(&[SPS]), &["a key frame comes, and no PPS came before it"]),
        case("FTL017", "both", &key(&[SPS, PPS]), &[]),
        case("FTL017", "the first packet lost", &media(started(), 3, &[0]), &[]),
        case("FTL017", "lost between", &media(started(), 3, &[1]), &[]),
    ]
}

/// Each code says what it means and what has to change.
#[test]
fn every_refusal_is_in_words() {
    for code in [400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 500] {
        let story = story(&connecting().server(&code.to_string()));
        let found = said("FTL001", &story);
        assert_eq!(found.len(), 1, "{code}");
        let (what, change) = found[0].split_once("; ").unwrap();
        assert!(what.contains(&format!(" {code} ")) && what.contains(": ") && !change.is_empty(), "{found:?}");
        let is_notice = [408, 410].contains(&code);
        assert_eq!(what.contains("ended the session by itself"), is_notice, "{found:?}");
    }
}

/// What is said of a refused session beside why is a consequence of it.
#[test]
fn what_follows_a_refusal_has_it_for_its_cause() {
    for ftl in [connecting().server("405").reset(S), connecting().reset(S), connecting().close(S)] {
        let story = story(&ftl);
        let others: Vec<_> = story.findings.iter().filter(|finding| finding.rule.code != "FTL001").collect();
        assert!(!others.is_empty());
        for finding in others {
            assert_eq!(finding.cause, Some("FTL001"), "{finding:?}");
        }
    }
}

/// The documents' own session, with the line ends that they show.
#[test]
fn the_documents_example_has_lf_alone_and_no_other_fault() {
    let lines = ATTRIBUTES.iter().fold(String::new(), |lines, line| lines + line + "\n");
    let write = |ftl: Ftl, text: &str| ftl.write(C, text.as_bytes());
    let ftl = write(Ftl::new(), "HMAC\n").server(&format!("200 {NONCE}"));
    let ftl = write(ftl, &format!("CONNECT 77 ${SIGNATURE}\n")).server("200");
    let ftl = write(ftl, &(lines + ".\n")).server("200. Use UDP port 65534");
    let ftl = write(ftl.wait_ms(4990), "PING 77\n").server("201");
    let ftl = write(ftl, "DISCONNECT\n").close(C);
    let story = Story::of_timed(&ftl.frames(), &[STREAM_KEY.to_owned()]);
    assert_eq!(story.codes(), ["FTL006"]);
    let lines = story.events.iter().filter_map(|event| match event {
        Event::Ftl(message) => match &message.body {
            Body::Line(line) => Some(line),
            Body::Datagram(_) | Body::Unreachable(_) => None,
        },
        _ => None,
    });
    assert_eq!(lines.filter_map(|line| line.signature_valid).collect::<Vec<_>>(), [true]);
    let mut engine = rtmp_inspect::rules::Engine::default();
    for event in story.events.iter().filter(|event| !matches!(event, Event::Close(_))) {
        engine.observe(event);
    }
    let state = &engine.story().ftl.as_ref().unwrap().state;
    assert_eq!((state.media_port, state.phase), (Some(65_534), Phase::Ended));
}

#[test]
fn a_clean_session_has_no_finding() {
    let story = Story::of_timed(&clean().frames(), &[STREAM_KEY.to_owned()]);
    assert_eq!(story.codes(), [""; 0]);
}

/// No peer is blamed for what the capture misses: of each segment in turn.
#[test]
fn a_hole_or_a_late_start_blames_nobody() {
    let frames = clean().frames();
    let is_control = |frame: &[u8]| frame[23] == 6;
    let control: Vec<_> = (0..frames.len()).filter(|at| is_control(&frames[*at].1)).collect();
    let harmless = |story: &Story, what: &str| {
        for finding in &story.findings {
            let is_of_capture = finding.rule.code.starts_with("NET");
            // A line end is what it is.
            assert!(is_of_capture, "{what}: {} {}", finding.rule.code, finding.text);
        }
    };
    for hole in &control {
        let mut left = frames.clone();
        left.remove(*hole);
        harmless(&Story::of_timed(&left, &[]), &format!("without frame {hole}"));
    }
    for start in control.iter().chain([&40, &100, &700]) {
        harmless(&Story::of_timed(&frames[*start..], &[]), &format!("from frame {start} on"));
    }
}

/// All that is said of real sessions, read and found true.
#[test]
fn real_sessions_have_these_findings() {
    let path = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/ftl").join(name);
    let said = |name: &str| {
        let story = Story::of_file(&path(name));
        let line = |finding: &Finding| {
            let cause = finding.cause.map_or(String::new(), |cause| format!(" ({cause})"));
            format!("{} {} {}{cause}", finding.session, finding.rule.code, finding.text)
        };
        let findings: Vec<_> = story.findings.iter().map(line).collect();
        findings.join("\n")
    };
    let names = [
        "janus-publish.pcap",
        "janus-bad-key.pcap",
        "own-rejected-405.pcap",
        "janus-client-killed.pcap",
        "janus-server-killed-control.pcap",
        "janus-two-clients-control.pcap",
    ];
    let all = names.map(|name| format!("{name}\n{}\n", said(name))).join("\n");
    insta::assert_snapshot!(all);
}

/// What shows a fault is marked in the line, or in the datagram.
#[test]
fn findings_point_at_bytes() {
    let marked = |ftl: &Ftl, code: &str| {
        let story = story(ftl);
        let finding = story.findings.iter().find(|finding| finding.rule.code == code).unwrap();
        let marked = finding.marked().unwrap();
        (marked.at.start, marked.bytes.to_vec())
    };
    let other = Rtp { ssrc: 0x0102_0304, ..video(0, 0, IDR) };
    for (code, ftl, at, bytes) in [
        ("FTL001", connecting().server("405 no"), 0, &b"405"[..]),
        ("FTL003", challenged().client("Video: true"), 0, b"Video"),
        ("FTL004", announcing(&[("VideoCodec", "")]).client("."), 0, b"."),
        ("FTL005", announcing(&[("VideoCodec", "HEVC")]), 12, b"HEVC"),
        ("FTL006", Ftl::new().write(C, b"HMAC\n").server("200 00"), 4, b"\n"),
        ("FTL008", announcing(&[]).client(".").server("200 hi"), 0, b"200"),
        ("FTL012", started().datagram(C, &other.bytes()), 8, &[1, 2, 3, 4]),
        ("FTL012", started().datagram(C, &Rtp { payload_type: 99, ..video(0, 0, IDR) }.bytes()), 1, &[0xe3]),
        ("FTL019", announcing(&[("ProtocolVersion", "0.8")]), 17, b"0.8"),
    ] {
        assert_eq!(marked(&ftl, code), (at, bytes.to_vec()), "{code}");
    }
}

/// A signature stays masked where it is marked.
#[test]
fn a_marked_signature_is_masked() {
    let story = Story::of_timed(&clean().frames(), &["77-another".to_owned()]);
    let finding = story.findings.iter().find(|finding| finding.rule.code == "FTL002").unwrap();
    for reveal in [false, true] {
        let mut json = JsonWriter::new(Vec::new(), true);
        json.finding(finding, &Masks::new(reveal, &Limits::default())).unwrap();
        let line: serde_json::Value = serde_json::from_slice(&json.into_inner()).unwrap();
        assert_eq!(line["evidence"]["at"], serde_json::json!([12, 140]));
        let hex = SIGNATURE.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let expected = if reveal { hex } else { "2a".repeat(128) };
        assert_eq!(line["evidence"]["bytes"], expected);
    }
}
