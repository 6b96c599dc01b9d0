//! Our own words, and those of the protocol, stay: whatever a stream is called. Tags tell secrets apart.

use std::process::Command;

use rtmp_inspect::synth::{Amf, Conversation, object, sample};

use super::file;

fn run(arguments: &[&str], conversation: &Conversation) -> String {
    let capture = file(conversation);
    let output = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).args(arguments).arg(capture.path()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A stream's name that is no word of anything.
const OTHER: &str = "nothing-else-9";

/// A publisher whose stream has this name, and who stalls: findings speak of audio and video.
fn publisher(name: &str) -> Conversation {
    sample::connected()
        .client(|c| c.create_stream(2))
        .server(|s| s.create_stream_result(2, 1))
        .client(|c| c.command("releaseStream", 3, &[Amf::Null, name.into()]).publish(1, 5, name))
        .server(|s| s.on_status(1, "status", "NetStream.Publish.Start", &format!("{name} is now published.")))
        .client(|c| c.metadata(1, 0).video(1, 0, rtmp_inspect::synth::media::avc_sequence_header()))
        .wait_ms(40_000)
        .client(|c| c.delete_stream(1))
}

#[test]
fn a_stream_named_like_a_word_of_ours_takes_it_from_nobody() {
    let lines = |arguments: &[&str], name: &str| {
        let shown = run(arguments, &publisher(name));
        // A longer name takes more bytes.
        let lines = shown.lines().filter(|line| !line.contains("closed:"));
        lines.map(|line| line.replace(OTHER, "***a") + "\n").collect::<String>()
    };
    for name in ["live", "video", "publish", "audio", "status", "stream", "NetStream.Publish.Start", "s", "1", "no"] {
        for arguments in [&["--text"][..], &["check", "--notes"]] {
            let open = lines(&[arguments, &["--show-secrets"]].concat(), OTHER);
            assert!(open.contains("***a") || arguments[0] == "check", "{arguments:?}: {open}");
            assert_eq!(lines(arguments, name), open, "{name}");
        }
    }
}

#[test]
fn the_same_secret_has_the_same_tag_and_another_one_another() {
    let conversation = sample::connected()
        .client(|c| c.create_stream(2).command("releaseStream", 3, &[Amf::Null, "first-key".into()]))
        .server(|s| s.create_stream_result(2, 1))
        .client(|c| c.publish(1, 5, "second-key?token=third-key"))
        .server(|s| s.on_status(1, "status", "NetStream.Publish.Start", "second-key is now published, not first-key"))
        .client(|c| c.data(1, 0, "onMetaData", &[object([("title", "third-key and second-key".into())])]));
    let shown = run(&["--text"], &conversation);
    for text in [
        r#"releaseStream(3) "***a""#,
        r#"publish(5) "***b?token=***c" "live""#,
        r#""***b is now published, not ***a""#,
        r#"title="***c and ***b""#,
    ] {
        assert!(shown.contains(text), "no {text} in\n{shown}");
    }
}

/// Bytes keep their length, so that places stay what they are.
#[test]
fn bytes_have_asterisks() {
    let conversation = sample::connected().client(|c| c.command("FCPublish", 3, &[Amf::Null, "first-key".into()]));
    let shown = run(&["--json", "--payload", "hex"], &conversation);
    let line = shown.lines().find(|line| line.contains("FCPublish")).unwrap();
    assert!(line.contains(r#""arguments":["***a"]"#) && line.contains("0200092a2a2a2a2a2a2a2a2a\""), "{line}");
}

/// Bytes that may be a part of a key are in no text about what cannot be decoded, and all are there when they are asked for.
#[test]
fn bytes_that_cannot_be_decoded_are_told_without_text() {
    let conversation = sample::publishing().client(|c| c.raw(b"\x99K1\x05y2\xc3\x00my secret words"));
    for arguments in [&["--text"][..], &["--json"], &["check"]] {
        let shown = run(arguments, &conversation);
        assert!(shown.contains("they begin with 99 ·· ·· 05 ·· ·· c3 00 ·· ·· ·· ··"), "{arguments:?}: {shown}");
        let open = run(&[arguments, &["--show-secrets"]].concat(), &conversation);
        assert!(open.contains("they begin with 99 4b 31 05 79 32 c3 00 6d 79 20 73"), "{arguments:?}: {open}");
    }
}
