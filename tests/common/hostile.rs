//! A conversation in which all text that a peer can send tries to be markup, or to act on what shows it.
#![allow(dead_code, unreachable_pub)]

use rtmp_inspect::synth::{Amf, Conversation, Message, object, sample, values};

const STREAM: u32 = sample::STREAM;

/// A server whose every text tries to be something else.
pub fn hostile() -> Conversation {
    let evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>' | `@someone` **b** \u{1b}[2J\u{202e}\n| x |";
    let information = object([
        ("level", evil.into()),
        ("code", format!("NetStream.{evil}").into()),
        ("description", evil.into()),
        (evil, evil.into()),
    ]);
    let payload = values(&["onStatus".into(), 0.into(), Amf::Null, information]);
    let properties = object([("fmsVer", evil.into()), (evil, evil.into())]);
    let success = object([
        ("level", "status".into()),
        ("code", "NetConnection.Connect.Success".into()),
        ("description", evil.into()),
        ("data", object([(evil, 1.into())])),
    ]);
    Conversation::new()
        .handshake()
        .client(|c| c.command("connect", 1, &[object([("app", evil.into()), ("flashVer", evil.into())])]))
        .server(|s| s.result(1, &[properties, success]).command(evil, 0, &[Amf::Null, evil.into()]))
        .client(|c| c.create_stream(2).command(evil, 3, &[Amf::Null, evil.into()]))
        .server(|s| s.create_stream_result(2, STREAM).error(3, evil, evil))
        .client(|c| c.publish(STREAM, 4, evil))
        .server(|s| s.message(&Message::new(5, 20, STREAM, 0, payload)).data(STREAM, 0, evil, &[evil.into()]))
}
