//! What FTL sessions amount to, as `stats --json` says it.

use std::process::Command;

use serde_json::{Value, json};

/// The `stats` lines of a capture's sessions.
pub(crate) fn stats(capture: &str, arguments: &[&str]) -> Vec<Value> {
    let run = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/captures/ftl"))
        .args(["stats", "--json"])
        .args(arguments)
        .arg(capture)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let lines = String::from_utf8(run.stdout).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["event"] == "stats" && line["session"].is_u64()).collect()
}

/// The members of an object that are named.
fn of(value: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), value[name].clone())).collect::<serde_json::Map<_, _>>().into()
}

const COUNTS: &[&str] = &[
    "packets",
    "missing",
    "late",
    "duplicates",
    "retransmissions",
    "recovered",
    "asked",
    "answered",
    "frames",
    "whole_frames",
];

/// The capture is of a way that loses packets in a way that its making says: `tests/differential/ftl_loss.py`.
#[test]
fn what_was_lost_and_sent_again() {
    let session = stats("derived-nacks.pcap", &[]).remove(0);
    let sources = &session["ftl"]["sources"];
    assert_eq!(
        of(&sources[0], COUNTS),
        json!({
            "packets": 63, "missing": 2, "late": 1, "duplicates": 0, "retransmissions": 3, "recovered": 2,
            "asked": 4, "answered": 3, "frames": 57, "whole_frames": 55,
        })
    );
    assert_eq!(
        of(&sources[1], COUNTS),
        json!({
            "packets": 100, "missing": 0, "late": 0, "duplicates": 1, "retransmissions": 0, "recovered": 0,
            "asked": 0, "answered": 0, "frames": 99, "whole_frames": 99,
        })
    );
    assert_eq!(session["ftl"]["nacks"], 3);
    // What was lost are two frames: the others are of the same time, from the first to the last.
    let whole = stats("janus-client-killed.pcap", &[]).remove(0);
    let before = &whole["ftl"]["sources"];
    assert_eq!(of(&before[0], &["frames", "whole_frames"]), json!({ "frames": 59, "whole_frames": 59 }));
    assert_eq!(sources[0]["media_ms"], before[0]["media_ms"]);
    assert_eq!(
        of(&sources[1], &["bytes", "jitter_ms"]),
        of(&before[1], &["bytes", "jitter_ms"]),
        "a copy is in neither"
    );
    let rate = |source: &Value| source["frame_rate"].as_f64().unwrap() * source["media_ms"].as_f64().unwrap() / 1000.0;
    assert!((rate(&before[0]) - 58.0).abs() < 0.01 && (rate(&sources[0]) - 56.0).abs() < 0.01);
}

#[test]
fn what_was_said_on_the_control_connection() {
    let session = stats("janus-publish.pcap", &[]).remove(0);
    let ftl = &session["ftl"];
    let told = of(ftl, &["reached", "channel_id", "media_port", "attributes"]);
    assert_eq!(
        told,
        json!({
            "reached": "started", "channel_id": 77, "media_port": 9000,
            "attributes": {
                "protocol_version": "0.9", "vendor_name": "ftl_app", "vendor_version": "0.0.1",
                "video": { "sent": true, "codec": "H264", "payload_type": 96, "ssrc": 78, "width": 1280, "height": 720 },
                "audio": { "sent": true, "codec": "OPUS", "payload_type": 97, "ssrc": 77 },
            },
        })
    );
    let commands: Vec<_> = ftl["commands"].as_array().unwrap().iter().map(|it| (&it["name"], &it["code"])).collect();
    assert_eq!(
        commands,
        [(&json!("HMAC"), &json!(200)), (&json!("CONNECT"), &json!(200)), (&json!("START"), &json!(200))]
    );
    let video = &ftl["sources"][0];
    assert_eq!(of(video, &["width", "height", "key_frames"]), json!({ "width": 320, "height": 180, "key_frames": 2 }));
    // What is of RTMP is not there, rather than 0.
    for name in ["handshake_ms", "connect_ms", "requests", "calls", "tracks", "metadata"] {
        assert!(session.get(name).is_none(), "{name}");
    }
    for name in ["chunks", "header_share", "payload_bytes"] {
        assert!(session["sent"]["client"].get(name).is_none(), "{name}");
    }
}

#[test]
fn a_client_that_is_refused() {
    let session = stats("own-rejected-405.pcap", &[]).remove(0);
    let ftl = &session["ftl"];
    assert_eq!(
        of(ftl, &["reached", "flows", "sources"]),
        json!({ "reached": "handshaking", "flows": [], "sources": [] })
    );
    let refused = of(&ftl["refused"], &["code", "code_name"]);
    assert_eq!(refused, json!({ "code": 405, "code_name": "invalid_stream_key" }));
    assert!(ftl.get("media_pings").is_none() && ftl.get("nacks").is_none(), "there was no media");
    let session = stats("janus-bad-key.pcap", &[]).remove(0);
    assert!(session["ftl"].get("refused").is_none(), "Janus closes without a word");
    assert!(session["ftl"]["commands"][1].get("code").is_none());
}

/// Every datagram and every line is counted once, and its bytes are the close's.
#[test]
fn kinds_add_up() {
    for capture in ["janus-publish.pcap", "janus-two-clients-control.pcap", "derived-nacks.pcap"] {
        for session in stats(capture, &[]) {
            for side in ["client", "server"] {
                let sent = &session["sent"][side];
                let sum = |name: &str| {
                    sent["types"].as_array().unwrap().iter().map(|kind| kind[name].as_u64().unwrap()).sum::<u64>()
                };
                assert_eq!(json!(sum("bytes")), sent["bytes"], "{capture} {side}");
                let messages = sent["lines"].as_u64().unwrap() + sent["datagrams"].as_u64().unwrap();
                assert_eq!(sum("messages"), messages, "{capture} {side}");
            }
        }
    }
}

/// PINGs come only once media may: a control connection that is joined at one has started.
#[test]
fn a_session_without_its_beginning() {
    let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/captures/ftl/janus-publish.pcap")).unwrap();
    let mut at = 24;
    for _ in 0..300 {
        at += 16 + u32::from_le_bytes(file[at + 8..at + 12].try_into().unwrap()) as usize;
    }
    let cut = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("ftl-midstream.pcap");
    std::fs::write(&cut, [&file[..24], &file[at..]].concat()).unwrap();
    let sessions = stats(cut.to_str().unwrap(), &[]);
    let control = sessions.iter().find(|session| session["ftl"]["pings"]["sent"] == 1).unwrap();
    assert_eq!(of(control, &["start"]), json!({ "start": "midstream" }));
    assert_eq!(of(&control["ftl"], &["reached", "channel_id"]), json!({ "reached": "started", "channel_id": 77 }));
}

#[test]
fn a_filter_says_which_sessions_are_told() {
    let all = stats("janus-publish.pcap", &[]);
    assert_eq!(stats("janus-publish.pcap", &["-Y", "ftl.code == 200"])[0]["ftl"], all[0]["ftl"]);
    assert!(stats("janus-publish.pcap", &["-Y", "ftl.code == 405"]).is_empty());
}
