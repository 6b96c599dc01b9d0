//! One fault, one finding: what a fault explains is not told beside it.

use crate::common::{Story, capture};

/// All that is said of a case, without notes that only say how a peer does things: code and text.
fn said(name: &str) -> Vec<String> {
    let story = Story::of_file(&capture(&format!("cases/{name}.pcap")));
    let told = story.findings.iter().filter(|finding| !finding.is_background() && !finding.again);
    told.map(|finding| format!("{} {}", finding.rule.code, finding.text)).collect()
}

/// Of that, what may not follow from another finding.
fn causes(name: &str) -> Vec<String> {
    let story = Story::of_file(&capture(&format!("cases/{name}.pcap")));
    let told = story.findings.iter().filter(|finding| !finding.is_background() && !finding.again);
    let causes = told.filter(|finding| finding.cause.is_none());
    causes.map(|finding| format!("{} {}", finding.rule.code, finding.text)).collect()
}

#[test]
fn a_case_of_one_fault_says_that_one() {
    let cases: &[(&str, &[&str])] = &[
        ("server-sends-client-commands", &["CMD028 the server sends FCUnpublish(1), which is for the client to send"]),
        ("connect-twice", &["CMD029 the client sends connect(9) after connect(1), which was accepted"]),
        (
            "publish-twice-same-stream",
            &["CMD030 the client sends publish(11) on message stream 1, which publishes since publish(3)"],
        ),
        (
            "silent-after-connect",
            &[
                "CMD032 the client asked for nothing after its connect was accepted; 105 seconds later the client closed the connection",
            ],
        ),
        ("empty-stream-name", &["CMD031 the client's publish(3) has an empty name"]),
        (
            "status-on-zero-is-still-an-answer",
            &[
                "CMD013 the server sends NetStream.Publish.Start on message stream 0, not on 1, where publish(3) was sent",
            ],
        ),
        (
            "play-on-zero-answered-on-one",
            &["CMD014 the client sends play(0) on message stream 0, not on one that createStream made"],
        ),
        (
            "two-plays-one-start",
            &[
                "CMD013 the server sends NetStream.Play.Start on message stream 0, not on 1, where play(4) was sent",
                "CMD018 the server answered play(5) neither by an onStatus nor by media; the client closed the connection 5.04 seconds later",
            ],
        ),
        (
            "c2-and-connect-without-s0s1s2",
            &[
                "HSK008 the client sent C2, and S1 was never whole",
                "HSK009 the client sent command_amf0, and S2 was never whole",
                "HSK010 S0, S1, S2 never came: the server closed the connection 2.1 ms after C2; the client had sent 3224 bytes, the server 0 bytes",
            ],
        ),
        (
            "delta-minus-265",
            &[
                "CHK023 the client's type 1 header on chunk stream 6 has the delta 4294967031, which is -265 in 32 bits: the clock goes from 300 to 35",
                "CHK008 the client's video on message stream 1 goes back by 265 ms, from its configuration at 300 to 35",
                "CMD026 the server closed the connection 535.097 ms after publish(5); the last audio or video came 33.099 ms before",
            ],
        ),
        (
            "relay-wraps-31-bits-by-delta",
            &[
                "CHK008 the server's audio on message stream 1 goes back by 2147483625 ms, from 2147483627 to 2: its clock wraps at 2^31 instead of 2^32",
            ],
        ),
        (
            "negative-delta-24bit",
            &[
                "CHK023 the client's type 1 header on chunk stream 6 has the delta 16777196, which is -20 in 24 bits: the clock goes from 1198 to 16778394",
                "CMD026 the server closed the connection 435.698 ms after publish(5); the last audio or video came 33.1 ms before",
            ],
        ),
        (
            "first-timestamp-minus-265",
            &[
                "CHK023 the client's video on message stream 1 begins at 4294967031, which is -265 in 32 bits, while the audio begins at 33: it wraps 265 ms later",
                "CMD026 the server closed the connection 535.097 ms after publish(5); the last audio or video came 33.099 ms before",
            ],
        ),
        ("reconnect-uninvited", &["CMD033 the server asks for a reconnect, and the client connected without capsEx"]),
    ];
    for (name, expected) in cases {
        assert_eq!(said(name), *expected, "{name}");
    }
}

/// What only follows from the fault is told behind it: how the session ended, and the same step seen by another rule.
#[test]
fn what_follows_from_the_fault_stands_behind_it() {
    let cases: &[(&str, &[&str])] = &[
        ("tcurl-broken", &["CMD034 the client's tcUrl: its port is \"11935ve\", which is no port number"]),
        (
            "server-closes-in-big-message",
            &[
                "NET008 the server closed the connection inside the client's video (offset 7768): 20010 of its 1425259 bytes had come, 1405249 were missing",
            ],
        ),
        (
            "server-resets-in-big-message",
            &[
                "NET008 the server closed the connection inside the client's video (offset 7768): 15989 of its 1425259 bytes had come, 1409270 were missing",
            ],
        ),
        ("stall-to-end-fin", &["MED011 no media from the server for 30.0 seconds on message stream 1, until the end"]),
        (
            "delta-minus-265",
            &[
                "CHK023 the client's type 1 header on chunk stream 6 has the delta 4294967031, which is -265 in 32 bits: the clock goes from 300 to 35",
                "CMD026 the server closed the connection 535.097 ms after publish(5); the last audio or video came 33.099 ms before",
            ],
        ),
        (
            "adts-inside-aac",
            &[
                "MED017 the client's aac frame: an ADTS header (fff1, 7 bytes) stands where a raw AAC frame belongs; send raw AAC frames without such a header, and their AudioSpecificConfig as the sequence header",
            ],
        ),
        (
            "real-pyrtmp-gst-rtmp2-publish",
            &[
                "CHK002 the server's first chunk on chunk stream 3 has a type 1 header, without a message stream id; type 0 belongs there",
                "CTL003 the server sends user_control on message stream 1, not 0",
                "CMD013 the server sends NetStream.Publish.Start on message stream 0, not on 1, where publish(0) was sent",
            ],
        ),
    ];
    for (name, expected) in cases {
        assert_eq!(causes(name), *expected, "{name}");
    }
}

/// A sender that breaks the chunk layer is understood: nothing else comes of that but what else is true of the case.
#[test]
fn a_broken_chunk_layer_says_what_its_sender_did() {
    let cases: &[(&str, &[&str])] = &[
        (
            "connect-in-peer-chunk-size",
            &[
                "HSK009 the server sent window_acknowledgement_size 3 ms before C2 was whole",
                "CHK020 the client had announced nothing, so that 128 counted, and from offset 3073 on writes chunks of up to 281 bytes: it uses 4096, which the server announced for itself",
            ],
        ),
        (
            "set-chunk-size-after-use",
            &[
                "CHK020 the client uses chunk size 4096 before announcing it: a chunk of 3009 bytes at offset 3452, where 128 was in force, and Set Chunk Size behind it",
            ],
        ),
        ("announces-4096-sends-128", &["CHK013 after Set Chunk Size 4096 the client goes on with chunks of 128 bytes"]),
        (
            "says-4096-goes-on-with-128",
            &["CHK013 after Set Chunk Size 4096 the client goes on with chunks of 128 bytes"],
        ),
        (
            "header-on-every-chunk",
            &[
                "CHK003 all 3 chunks of the client's video of 9009 bytes have the header of a new message; type 3 belongs on all but the first (offset 3751)",
            ],
        ),
        (
            "type0-header-one-byte-short",
            &[
                "CHK022 the client's type 0 headers have 11 bytes, with 3 bytes for the message stream id, where 12 with 4 belong (offset 3692)",
            ],
        ),
        (
            "window-with-short-header",
            &[
                "CHK022 the server's type 0 headers have 11 bytes, with 3 bytes for the message stream id, where 12 with 4 belong (offset 3073)",
            ],
        ),
        (
            "chunks-where-c2-belongs",
            &["HSK010 C2 never came: the client writes its connect where the 1536 bytes of C2 belong (offset 1537)"],
        ),
        (
            "chunks-where-s2-belongs",
            &[
                "HSK010 S2 never came: the server writes its first chunk where the 1536 bytes of S2 belong (offset 1537)",
            ],
        ),
        (
            "c1-of-1528-bytes",
            &[
                "HSK013 C1 has 1528 bytes, 8 too few, as the place of C2 and of the first chunk show: the client's chunks begin at offset 3065",
            ],
        ),
        (
            "s1-of-1540-bytes",
            &[
                "HSK013 S1 has 1540 bytes, 4 too many, as the place of S2 and of the first chunk show: the server's chunks begin at offset 3077",
            ],
        ),
        ("c2-of-1535-bytes", &["HSK013 C2 has 1535 bytes, 1 too few: the client's chunks begin at offset 3072"]),
        ("s2-of-1544-bytes", &["HSK013 S2 has 1544 bytes, 8 too many: the server's chunks begin at offset 3081"]),
    ];
    for (name, expected) in cases {
        assert_eq!(causes(name), *expected, "{name}");
    }
}
