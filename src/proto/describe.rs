//! An event in one line, for a person.

use super::rtmp::secrets::Masks;
use super::rtmp::{self, Content, HandshakeFacts};
use super::{Close, Event, Flow, Incomplete, Opened, Transport};
use crate::net::{How, Start, TcpFacts};
use crate::wire::words::{count, counted};
use crate::wire::{Side, escape};

/// What an event says, without its time, session and side. Text from the wire is escaped. Messages are described as they are: whoever
/// shows them masks them before.
pub fn describe(event: &Event) -> String {
    describe_behind(&Masks::default(), event)
}

/// The same, with what masks let through of bytes that could not be decoded.
pub fn describe_behind(masks: &Masks, event: &Event) -> String {
    match event {
        Event::Session(event) => opened(event),
        Event::Handshake(event) => handshake(event.facts),
        Event::Flow(flow) => self::flow(flow),
        Event::Tls(event) => event.alert.map_or_else(|| event.facts.describe(), |alert| alert.describe()),
        Event::Tunnel(event) => event.exchange.describe(),
        Event::Message(message) => rtmp::describe(message),
        Event::Ftl(message) if masks.reveal => message.describe(),
        Event::Ftl(message) => message.masked().describe(),
        Event::Incomplete(event) => incomplete(event),
        Event::Gap(gap) => {
            let then = if gap.survived { "decoding goes on" } else { "the next chunk is looked for" };
            let about = if gap.exact { "" } else { "about " };
            let missing = counted(gap.bytes as usize, "byte is", "bytes are");
            let missed = if gap.captured { "not opened" } else { "missing" };
            format!("{about}{missing} {missed} at offset {}; {then}", gap.offset)
        }
        Event::Undecodable(lost) => {
            let why = masks.sentence(lost.session, &lost.reason.sentence());
            format!("not decodable at offset {}: {why}", lost.offset)
        }
        Event::Resync(event) => {
            format!(
                "chunks found again at offset {}, after {} not decoded",
                event.offset,
                counted(event.skipped as usize, "byte that was", "bytes that were")
            )
        }
        Event::Deviation(event) => {
            let (who, what) = (event.from.name(), event.mistake.clause(event.from));
            format!("the {who} writes {what} (offset {}): what follows is read so", event.offset)
        }
        Event::Close(event) => close(event),
        Event::Piece(piece) => format!("{} at offset {}", count(u64::from(piece.length), "byte"), piece.offset),
    }
}

fn opened(opened: &Opened) -> String {
    let Opened { protocol, client, server, at, .. } = opened;
    let mut line = format!("{protocol} {client} → {server}, from packet {}", at.packet);
    if opened.start == Start::Midstream {
        line.push_str(", without its beginning");
    }
    match opened.decrypted {
        Some(true) => line.push_str(", deciphered"),
        Some(false) => line.push_str(", not deciphered"),
        None => {}
    }
    let (tunnels, back) = opened.ways();
    if !tunnels.is_empty() {
        line += &format!(", in {tunnels}");
    }
    if let Some(back) = back {
        line += &format!(", back in {back}");
    }
    if let Some(source) = &opened.proxied {
        line += &format!(", proxied for {}", escape(source));
    }
    line
}

fn flow(flow: &Flow) -> String {
    let what = match flow.transport {
        Transport::Tcp => "another connection, TCP",
        Transport::Udp => "media in UDP",
    };
    let mut line = format!("{what} {} → {}, from packet {}", flow.client, flow.server, flow.at.packet);
    if !flow.tunnels.is_empty() {
        line += &format!(", in {}", flow.tunnels);
    }
    line
}

fn handshake(facts: HandshakeFacts) -> String {
    match facts {
        HandshakeFacts::Version(version) => format!("version {version}"),
        HandshakeFacts::Block { epoch, zero: [a, b, c, d], scheme, content, fingerprint, .. } => {
            let mut line = format!("epoch {epoch}, version {a}.{b}.{c}.{d}, {}", scheme.name());
            match content {
                Content::Random => {}
                Content::Zero => line.push_str(", all zero"),
                Content::Constant => line.push_str(", all the same byte"),
                Content::Copy => line.push_str(", a copy of C1"),
            }
            if let Some(maker) = fingerprint {
                line += &format!(", like {}", maker.name());
            }
            line
        }
        HandshakeFacts::Echo { time, time2, echo } => {
            let echo = echo.map_or_else(String::new, |echo| format!(", echo {}", echo.name()));
            format!("time {time}, time2 {time2}{echo}")
        }
    }
}

fn incomplete(incomplete: &Incomplete) -> String {
    let Incomplete { received, head, why, .. } = incomplete;
    format!("incomplete, {received} of {}: {}", count(u64::from(head.length), "byte"), why.clause())
}

fn close(close: &Close) -> String {
    let how = match close.how {
        How::Fin => "closed",
        How::Rst => match close.tcp.as_ref().and_then(|tcp| tcp.reset) {
            Some((Side::Client, _)) => "reset by the client",
            Some((Side::Server, _)) => "reset by the server",
            None => "reset",
        },
        How::Timeout => "abandoned",
        How::EndOfCapture => "open at the end of the capture",
    };
    let mut line = format!("{how}: {}, {}", count(close.bytes, "byte"), count(close.messages, "message"));
    if close.undecoded > 0 {
        line += &format!(", {} not decoded", count(close.undecoded, "byte"));
    }
    let trouble = close.tcp.as_deref().map(trouble).unwrap_or_default();
    if !trouble.is_empty() {
        line += &format!("; TCP: {trouble}");
    }
    line
}

/// What went wrong with TCP; nothing where all is well.
pub fn trouble(tcp: &TcpFacts) -> String {
    let mut line = String::new();
    let mut say = |times: u64, text: String| {
        if times > 0 {
            line.push_str(if line.is_empty() { "" } else { ", " });
            line.push_str(&text);
        }
    };
    let (again, bytes) = (tcp.retransmissions, tcp.retransmitted_bytes);
    say(again, format!("{again} retransmitted ({})", count(bytes, "byte")));
    say(tcp.out_of_order, format!("{} out of order", tcp.out_of_order));
    say(tcp.copies, format!("{} captured twice", tcp.copies));
    say(tcp.cut_packets, format!("{} cut by the capture", tcp.cut_packets));
    say(tcp.capture_holes, format!("{} missed by the capture", count(tcp.capture_hole_bytes, "byte")));
    let seconds = tcp.longest_zero_window as f64 / 1e9;
    let still = if tcp.zero_window_at_end { ", also at the end" } else { "" };
    say(
        tcp.zero_windows,
        format!("window closed {}, for up to {seconds:.3} s{still}", count(tcp.zero_windows, "time")),
    );
    line
}
