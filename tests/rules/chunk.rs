//! Cases of the CHK rules.

use rtmp_inspect::synth::media::{Enhanced, Frame, avc_frame, avc_sequence_header};
use rtmp_inspect::synth::{
    Conversation, ExtendedTimestamp, Form, Format, Link, Message, Peer, Random, SubMessage, aggregate, sample,
};

use crate::common::{Story, capture};
use crate::{Case, case, large};

pub(super) fn cases() -> Vec<Case> {
    [first_chunks(), extended(), times(), negative_numbers(), sizes(), ends(), streams(), headers()]
        .into_iter()
        .flatten()
        .collect()
}

/// A publisher that says this once it publishes, in one write.
fn publisher(say: impl FnOnce(&mut Peer) -> &mut Peer) -> Conversation {
    sample::publishing().client(say)
}

/// A short picture.
fn picture(time: u32) -> Message {
    Message::new(6, 9, 1, time, vec![0x27, 1, 0, 0, 0, 0])
}

/// A coded picture of 300 bytes.
fn frame(time: u32) -> Message {
    let payload = avc_frame(Frame::Inter, 0, 291, &mut Random::new(u64::from(time)));
    Message::new(6, 9, 1, time, payload)
}

fn sound(time: u32) -> Message {
    Message::new(4, 8, 1, time, vec![0xaf, 1, 0])
}

fn real(code: &'static str, name: &'static str, expected: &'static [&'static str]) -> Case {
    Case { code, what: name, story: Story::of_file(&capture(name)), expected }
}

fn first_chunks() -> Vec<Case> {
    vec![
        case("CHK001", "full header first", &sample::publishing(), &[]),
        case(
            "CHK001",
            "type 3 first",
            &publisher(|c| c.raw(&[0xc9, 0xaf, 1, 0x21, 0x10, 5, 6]).message(&sound(0)).message(&sound(20))),
            &["the first chunk on chunk stream 9 is of type 3 and inherits from nothing (offset 3328)"],
        ),
        case("CHK002", "full header first", &sample::publish(3), &[]),
        case(
            "CHK002",
            "type 1 first, and again",
            &publisher(|c| {
                c.message_as(Format::Type1, &Message { chunk_stream_id: 9, ..picture(0) })
                    .message_as(Format::Type1, &Message { chunk_stream_id: 9, ..picture(40) })
            }),
            &[
                "the client's first chunk on chunk stream 9 has a type 1 header, without a message stream id; type 0 belongs there",
            ],
        ),
        real(
            "CHK002",
            "rtmpsrv/rtmpdump-play.pcap",
            &[
                "the server's first chunk on chunk stream 3 has a type 1 header, without a message stream id; type 0 belongs there",
            ],
        ),
        case(
            "CHK003",
            "the message is finished",
            &publisher(|c| c.message(&large(40)).message_as(Format::Type0, &large(80))),
            &[],
        ),
        case(
            "CHK003",
            "a new message in the middle",
            &publisher(|c| c.chunk_layer(|chunks| begin(chunks, false)).message_as(Format::Type0, &large(80))),
            &["a new header on chunk stream 6 after 4096 of the 5000 bytes of the client's video (offset 3328)"],
        ),
        case(
            "CHK003",
            "after an Abort",
            &publisher(|c| c.chunk_layer(|chunks| begin(chunks, true)).message_as(Format::Type0, &large(80))),
            &[],
        ),
    ]
}

/// The first chunk of a large picture, which may then be aborted.
fn begin(chunks: &mut rtmp_inspect::synth::ChunkWriter, abort: bool) {
    let mut unfinished = chunks.begin(Format::Type0, &large(40));
    chunks.chunk(&mut unfinished);
    if abort {
        chunks.abort(6);
    }
}

fn extended() -> Vec<Case> {
    let extended = |dialect| {
        publisher(|c| {
            c.chunk_layer(|chunks| chunks.extended_timestamp = dialect)
                .message(&large(0x0100_0000))
                .message(&large(0x0100_0028))
        })
    };
    let at = |time: u32| publisher(|c| c.message(&picture(time)));
    // Type 0, chunk stream 9, a video of 6 bytes on message stream 1.
    let needless = |time: u32| {
        publisher(|c| {
            c.raw(&[9, 0xff, 0xff, 0xff, 0, 0, 6, 9, 1, 0, 0, 0]).raw(&time.to_be_bytes()).raw(&[0x27, 1, 0, 0, 0, 0])
        })
    };
    vec![
        case("CHK004", "repeated", &extended(ExtendedTimestamp::Repeated), &[]),
        case(
            "CHK004",
            "left out",
            &extended(ExtendedTimestamp::Omitted),
            &["the client's type 3 chunks on chunk stream 6 leave out the extended timestamp 16777216"],
        ),
        case("CHK005", "a delta", &extended(ExtendedTimestamp::Repeated), &[]),
        case(
            "CHK005",
            "the time itself",
            &extended(ExtendedTimestamp::Absolute),
            &["the client's type 2 header on chunk stream 6 has the absolute time 16777256 where a delta belongs"],
        ),
        real(
            "CHK005",
            "rtmp-rs/ffmpeg-extended-timestamp.pcap",
            &["the server's type 1 header on chunk stream 6 has the absolute time 16777223 where a delta belongs"],
        ),
        case("CHK006", "the smallest that needs it", &at(0x00ff_ffff), &[]),
        case("CHK006", "the largest that does not", &at(0x00ff_fffe), &[]),
        case(
            "CHK006",
            "and has it",
            &needless(0x00ff_fffe),
            &["the client's extended timestamp 16777214 on chunk stream 9 fits into 24 bits"],
        ),
    ]
}

fn times() -> Vec<Case> {
    let played = |say: fn(&mut Peer) -> &mut Peer| {
        sample::playing()
            .server(|s| s.message(&picture(50_000)))
            .client(say)
            .server(|s| s.on_status(1, "status", "NetStream.Seek.Notify", "Seeking."))
            .server(|s| s.message(&picture(1000)))
    };
    let track = |id: u8| Enhanced::video(2).one_track(1, *b"avc1", id, &[0, 0, 0, 1, 2]);
    let aggregated = |times: [u32; 3]| {
        let messages = times.map(|time| SubMessage::new(9, time, vec![0x27, 1, 0, 0, 0, 0]));
        publisher(|c| c.message(&Message::new(6, 22, 1, times[0], aggregate(&messages))))
    };
    let jump = |from: u32, to: u32, wait: i64| {
        publisher(|c| c.message(&picture(from))).wait_ms(wait).client(|c| c.message(&picture(to)))
    };
    vec![
        case("CHK008", "a stream", &sample::publish(30), &[]),
        case("CHK008", "the same time again", &publisher(|c| c.message(&picture(40)).message(&picture(40))), &[]),
        case(
            "CHK008",
            "back by one",
            &publisher(|c| c.message(&picture(40)).message(&picture(39))),
            &["the client's video on message stream 1 goes back by 1 ms, from 40 to 39"],
        ),
        case("CHK008", "audio has its own clock", &publisher(|c| c.message(&picture(40)).message(&sound(20))), &[]),
        case(
            "CHK008",
            "a configuration",
            &publisher(|c| c.message(&picture(40)).video(1, 0, avc_sequence_header()).message(&picture(80))),
            &[],
        ),
        case("CHK008", "the clock's end", &publisher(|c| c.message(&picture(0xffff_fff0)).message(&picture(24))), &[]),
        case(
            "CHK008",
            "half the clock",
            &publisher(|c| c.message(&picture(0x7fff_fff0)).message(&picture(0))),
            &[
                "the client's video on message stream 1 goes back by 2147483632 ms, from 2147483632 to 0: its clock wraps at 2^31 instead of 2^32",
            ],
        ),
        case(
            "CHK008",
            "a clock of 31 bits",
            &publisher(|c| c.message(&picture(0x7fff_fff0)).message(&picture(24))),
            &[
                "the client's video on message stream 1 goes back by 2147483608 ms, from 2147483632 to 24: its clock wraps at 2^31 instead of 2^32",
            ],
        ),
        case(
            "CHK008",
            "a clock of 24 bits",
            &publisher(|c| c.message(&picture(0x00ff_fff0)).message(&picture(24))),
            &[
                "the client's video on message stream 1 goes back by 16777176 ms, from 16777200 to 24: its clock wraps at 2^24 instead of 2^32",
            ],
        ),
        case(
            "CHK008",
            "below 0",
            &publisher(|c| c.message(&picture(10)).message(&picture(20_u32.wrapping_neg()))),
            &[
                "the client's video on message stream 1 goes back by 30 ms, from 10 to 4294967276, which is -20 in 32 bits",
            ],
        ),
        case(
            "CHK008",
            "extended timestamps with their bytes the other way round",
            &publisher(|c| {
                c.chunk_layer(|chunks| {
                    for time in [0x00ff_fff0, 0x1800_0001, 0x4000_0001] {
                        chunks.message_as(Format::Type0, &picture(time));
                    }
                })
            }),
            &[
                "the client writes its extended timestamps with the least significant byte first: 18 00 00 01 is 402653185 ms, and 16777240 ms the other way round, as video on message stream 1 goes on",
                "the client writes its extended timestamps with the least significant byte first: 40 00 00 01 is 1073741825 ms, and 16777280 ms the other way round, as video on message stream 1 goes on",
            ],
        ),
        case(
            "CHK008",
            "a seek",
            &played(|c| c.stream_command(1, "seek", 0, &[rtmp_inspect::synth::Amf::Null, 1000.into()])),
            &[],
        ),
        case(
            "CHK008",
            "two tracks",
            &publisher(|c| {
                c.video(1, 40, track(0)).video(1, 20, track(1)).video(1, 80, track(0)).video(1, 60, track(1))
            }),
            &[],
        ),
        case(
            "CHK008",
            "one of two tracks",
            &publisher(|c| {
                c.video(1, 40, track(0)).video(1, 60, track(1)).video(1, 80, track(0)).video(1, 50, track(1))
            }),
            &["the client's video of track 1 on message stream 1 goes back by 10 ms, from 60 to 50"],
        ),
        case("CHK008", "an aggregate", &aggregated([0, 40, 80]), &[]),
        case(
            "CHK008",
            "inside an aggregate",
            &aggregated([0, 80, 40]),
            &["the client's video on message stream 1 goes back by 40 ms, from 80 to 40"],
        ),
        case("CHK009", "a stream", &sample::publish(30), &[]),
        case("CHK009", "ten seconds", &jump(0, 10_000, 0), &[]),
        case(
            "CHK009",
            "more",
            &jump(0, 10_002, 0),
            &["the client's video on message stream 1 goes on by 10002 ms, to 10002 ms, while 1 ms passed"],
        ),
        case("CHK009", "time passed", &jump(0, 20_000, 15_000), &[]),
        case("CHK009", "the first frame", &publisher(|c| c.message(&picture(50_000))), &[]),
        case("CHK009", "a negative delta is another rule's", &short(1200, 20, &[]), &[]),
    ]
}

/// A picture at a time, then one whose header of type 1 has a delta that is negative in 24 bits, then more.
fn short(from: u32, by: u32, more: &[u8]) -> Conversation {
    publisher(|c| {
        c.message(&Message { chunk_stream_id: 9, ..picture(from) })
            .raw(&[0x49])
            .raw(&((1 << 24) - by).to_be_bytes()[1..])
            .raw(&[0, 0, 6, 9, 0x27, 1, 0, 0, 0, 0])
            .raw(more)
    })
}

fn negative_numbers() -> Vec<Case> {
    let minus = |by: u32| by.wrapping_neg();
    // A picture at a time, then another in this form.
    let long = |format, from: u32, to: u32| publisher(|c| c.message(&picture(from)).message_as(format, &picture(to)));
    let again = |from: u32| {
        let to = |by: u32| picture(from.wrapping_sub(by));
        publisher(|c| c.message(&picture(from)).message_as(Format::Type1, &to(40)).message_as(Format::Type3, &to(80)))
    };
    let both = |first: u32, second: u32| publisher(|c| c.message(&picture(first)).message(&sound(second)));
    vec![
        case("CHK023", "a stream", &sample::publish(30), &[]),
        case("CHK023", "a step back by a type 0 header", &long(Format::Type0, 5000, 4960), &[]),
        case(
            "CHK023",
            "type 1",
            &long(Format::Type1, 5000, 4960),
            &[
                "the client's type 1 header on chunk stream 6 has the delta 4294967256, which is -40 in 32 bits: the clock goes from 5000 to 4960",
            ],
        ),
        case(
            "CHK023",
            "type 2, back to 0",
            &long(Format::Type2, 1_800_000, 0),
            &[
                "the client's type 2 header on chunk stream 6 has the delta 4293167296, which is -1800000 in 32 bits: the clock goes from 1800000 to 0",
            ],
        ),
        case(
            "CHK023",
            "type 1, and type 3 the same again",
            &again(5000),
            &[
                "the client's type 1 header on chunk stream 6 has the delta 4294967256, which is -40 in 32 bits: the clock goes from 5000 to 4960",
                "the client's type 3 header on chunk stream 6 repeats the delta 4294967256, which is -40 in 32 bits: the clock goes from 4960 to 4920",
            ],
        ),
        case(
            "CHK023",
            "24 bits, and type 3 the same again",
            &short(1200, 20, &[0xc9, 0x27, 1, 0, 0, 0, 0]),
            &[
                "the client's type 1 header on chunk stream 9 has the delta 16777196, which is -20 in 24 bits: the clock goes from 1200 to 16778396",
                "the client's type 3 header on chunk stream 9 repeats the delta 16777196, which is -20 in 24 bits: the clock goes from 16778396 to 33555592",
            ],
        ),
        case("CHK023", "24 bits from 0 are a first time", &short(0, 3216, &[]), &[]),
        case("CHK023", "a clock that came to the end of 24 bits", &both(16_774_000, 16_774_020), &[]),
        case(
            "CHK023",
            "31 bits",
            &long(Format::Type1, 1000, 1000 + 0x7fff_ffd8),
            &[
                "the client's type 1 header on chunk stream 6 has the delta 2147483608, which is -40 in 31 bits: the clock goes from 1000 to 2147484608",
            ],
        ),
        case("CHK023", "a clock of 31 bits is another rule's", &long(Format::Type1, 0x7fff_fff0, 24), &[]),
        case(
            "CHK023",
            "video begins below 0",
            &both(minus(265), 33),
            &[
                "the client's video on message stream 1 begins at 4294967031, which is -265 in 32 bits, while the audio begins at 33: it wraps 265 ms later",
            ],
        ),
        case(
            "CHK023",
            "audio begins below 0, behind the video",
            &publisher(|c| c.message(&picture(0)).message(&sound(minus(21)))),
            &[
                "the client's audio on message stream 1 begins at 4294967275, which is -21 in 32 bits, while the video begins at 0: it wraps 21 ms later",
            ],
        ),
        case(
            "CHK023",
            "24 bits below 0",
            &both(0x00ff_fef7, 0),
            &[
                "the client's video on message stream 1 begins at 16776951, which is -265 in 24 bits, while the audio begins at 0",
            ],
        ),
        case(
            "CHK023",
            "nothing beside",
            &publisher(|c| c.message(&picture(minus(265))).message(&picture(minus(225)))),
            &[
                "the client's video on message stream 1 begins at 4294967031, which is -265 in 32 bits: it wraps 265 ms later",
            ],
        ),
        case(
            "CHK023",
            "a time below 0 in 24 bits",
            &publisher(|c| c.message(&picture(10)).message_as(Format::Type0, &picture(0x00ff_ffec))),
            &["the client's video on message stream 1 has the time 16777196 behind 10, which is -20 in 24 bits"],
        ),
    ]
}

fn sizes() -> Vec<Case> {
    let size = |size: u32| publisher(|c| c.set_chunk_size(size).message(&picture(0)));
    let told = |bytes: [u8; 4]| publisher(|c| c.message(&Message::control(1, bytes.into())).message(&large(0)));
    let picture = Message { payload: vec![0x27; 30_000], ..large(0) };
    // The new size is announced before the picture or after its first chunk, and kept or not.
    let changed = |inside: bool, kept: bool| {
        publisher(|c| {
            c.chunk_layer(|chunks| {
                let mut unfinished = chunks.begin(Format::Type0, &picture);
                if inside {
                    chunks.chunk(&mut unfinished);
                }
                let before = chunks.chunk_size;
                chunks.set_chunk_size(60_000);
                if !kept {
                    chunks.chunk_size = before;
                }
                while chunks.chunk(&mut unfinished) {}
            })
        })
    };
    let goes_on = &["after Set Chunk Size 60000 the client goes on with chunks of 4096 bytes"];
    vec![
        case("CHK010", "1", &size(1), &[]),
        case(
            "CHK010",
            "0",
            &told([0; 4]),
            &["the client announces a chunk size of 0, which leaves no room for any byte"],
        ),
        case("CHK010", "the largest", &size(0x7fff_ffff), &[]),
        case(
            "CHK010",
            "the first bit",
            &told([0x80, 0, 0x10, 0]),
            &["the client announces a chunk size of 2147487744, whose first bit must be 0"],
        ),
        case("CHK011", "128", &size(128), &[]),
        case("CHK011", "127", &size(127), &["the client announces a chunk size of 127, which is under 128"]),
        case("CHK011", "0 is another rule's", &told([0; 4]), &[]),
        real(
            "CHK011",
            "nginx-rtmp/gst-rtmp2-chunk-size-16.pcap",
            &["the client announces a chunk size of 16, which is under 128"],
        ),
        case("CHK012", "65536", &size(65_536), &[]),
        case("CHK012", "65537", &size(65_537), &["the client announces a chunk size of 65537, which is over 65536"]),
        case(
            "CHK012",
            "16777216",
            &size(16_777_216),
            &["the client announces a chunk size of 16777216, which is over 16777215, the largest message"],
        ),
        real(
            "CHK012",
            "cases/chunk-size-128M-client-leaves.pcap",
            &[
                "the server announces a chunk size of 134217728, which is over 16777215, the largest message; the client closed the connection 0.6 ms later",
            ],
        ),
        case("CHK013", "before the picture", &changed(false, true), &[]),
        case("CHK013", "inside the picture", &changed(true, true), &[]),
        case("CHK013", "announced and not kept", &changed(false, false), goes_on),
        case("CHK013", "announced inside and not kept", &changed(true, false), goes_on),
        case(
            "CHK013",
            "padding that looks like headers",
            &publisher(|c| c.set_chunk_size(60_000).message(&Message { payload: vec![0xc6; 30_000], ..large(0) })),
            &[],
        ),
    ]
}

fn ends() -> Vec<Case> {
    let cut_off = publisher(|c| c.chunk_layer(|chunks| begin(chunks, false)));
    let packets = Link::v4().packets(&cut_off);
    let end = packets.iter().position(|packet| packet.flags & 1 != 0).unwrap();
    vec![
        case("CHK014", "whole", &sample::publish(3), &[]),
        case(
            "CHK014",
            "closed inside a message",
            &cut_off,
            &["the client closed the connection inside its own video (offset 3328), after 4096 of its 5000 bytes"],
        ),
        real("CHK014", "cases/server-closes-in-big-message.pcap", &[]),
        Case { code: "CHK014", what: "the capture ended", story: Story::of_packets(&packets[..end]), expected: &[] },
    ]
}

fn streams() -> Vec<Case> {
    let on = |id: u32| publisher(|c| c.message(&Message { message_stream_id: id, ..picture(0) }));
    let turns = |close: bool| {
        publisher(|c| {
            let c = c.message(&picture(0));
            let c = if close { c.delete_stream(1) } else { c };
            c.message(&Message { message_stream_id: 2, ..picture(40) })
        })
    };
    let kind = |kind: u8| publisher(|c| c.message(&Message::new(9, kind, 0, 0, vec![0; 3])));
    vec![
        case("CHK015", "stream 1", &on(1), &[]),
        case(
            "CHK015",
            "stream 1, its bytes turned",
            &on(0x0100_0000),
            &["the client writes the message stream as 16777216, which is 1 with its bytes in the wrong order"],
        ),
        case("CHK015", "no stream either way", &on(0x0200_0000), &[]),
        case("CHK016", "a publisher", &sample::publish(3), &[]),
        case(
            "CHK016",
            "two streams in turns",
            &turns(false),
            &["the client's chunk stream 6 carries message streams 1 and 2"],
        ),
        case("CHK016", "one after the other", &turns(true), &[]),
        case("CHK017", "shared objects", &kind(19), &[]),
        case(
            "CHK017",
            "7",
            &kind(7),
            &["the client sends a message of type 7, which nobody knows, with 3 bytes on chunk stream 9"],
        ),
        case(
            "CHK017",
            "23",
            &kind(23),
            &["the client sends a message of type 23, which nobody knows, with 3 bytes on chunk stream 9"],
        ),
    ]
}

fn headers() -> Vec<Case> {
    let many = |count: u32| {
        publisher(|c| {
            for id in 64..64 + count {
                c.message(&Message { chunk_stream_id: id, ..sound(0) });
            }
            c
        })
    };
    let oversized = |id: u32| {
        publisher(|c| {
            c.chunk_layer(|chunks| chunks.form = Form::Three).message(&Message { chunk_stream_id: id, ..sound(0) })
        })
    };
    let full = |count: u32, format| {
        publisher(|c| {
            for number in 0..count {
                c.message_as(format, &sound(20 * number));
            }
            c
        })
    };
    vec![
        case("CHK007", "two bytes", &many(2), &[]),
        case("CHK007", "319 in three", &oversized(319), &["the client writes chunk stream 319 in 3 bytes, 2 hold it"]),
        case("CHK007", "320 in three", &oversized(320), &[]),
        case("CHK018", "1000 chunk streams", &many(1000), &[]),
        case("CHK018", "too many", &many(1100), &["more chunk streams than are followed (offset 20429)"]),
        case(
            "CHK018",
            "no header",
            &publisher(|c| c.raw(&[9, 0, 0, 0, 0x10, 0, 0, 99, 0xde, 0xad, 0xbe, 0xef])),
            &[
                "from here on the client's bytes are no chunk stream of size 4096: they begin with 09 00 00 00 10 00 00 63 de ad be ef (offset 3328, behind message 10); 12 bytes not decoded",
            ],
        ),
        case(
            "CHK018",
            "text",
            &publisher(|c| c.raw(b"\x99my secret words")),
            &[
                "from here on the client's bytes are no chunk stream of size 4096: they begin with 99 6d 79 20 73 65 63 72 65 74 20 77 (offset 3328, behind message 10); 16 bytes not decoded",
            ],
        ),
        case(
            "CHK018",
            "the first chunk is another rule's",
            &publisher(|c| c.raw(&[0xc9, 0xaf, 1, 0x21, 0x10, 5, 6]).message(&sound(0)).message(&sound(20))),
            &[],
        ),
        real(
            "CHK022",
            "cases/type0-header-one-byte-short.pcap",
            &[
                "the client's type 0 headers have 11 bytes, with 3 bytes for the message stream id, where 12 with 4 belong (offset 3692)",
            ],
        ),
        case("CHK022", "whole ones", &full(60, Format::Type0), &[]),
        case("CHK021", "whole messages", &full(60, Format::Best), &[]),
        case(
            "CHK021",
            "bytes between",
            &publisher(|c| c.message(&frame(0)).raw(&[0xfe; 7]).message(&frame(20)).message(&frame(40))),
            &[
                "7 bytes of the client behind its video of 291 bytes (offset 3631) belong to no chunk: they are too many, or some are missing, or a length before them is wrong",
            ],
        ),
        case("CHK020", "announced", &publisher(|c| c.set_chunk_size(9000).message(&large(0))), &[]),
        case(
            "CHK020",
            "not announced",
            &publisher(|c| {
                c.chunk_layer(|k| k.chunk_size = 9000).message(&large(0)).message(&frame(20)).message(&frame(40))
            }),
            &[
                "the client had announced 4096, and from offset 3328 on writes messages of up to 5000 bytes in one chunk",
            ],
        ),
        case("CHK019", "the smallest headers", &full(60, Format::Best), &[]),
        case(
            "CHK019",
            "full ones",
            &full(60, Format::Type0),
            &[
                "59 of the client's 65 messages begin with a type 0 header that could be smaller: 646 bytes more than needed",
            ],
        ),
        case("CHK019", "few messages", &full(40, Format::Type0), &[]),
    ]
}
