//! A control line or a datagram in a few words, for a person.

use super::body::Content;
use super::command::{Command, CommandName};
use super::media::Datagram;
use super::reply::{Reply, ReplyKind};
use crate::proto::rtp::{Arrival, Rtp};
use crate::wire::escape;
use crate::wire::words::{counted, seconds};

/// What a line says. Text from the wire is escaped; secrets are shown as they stand, so mask the line before.
pub fn line(content: &Content) -> String {
    match content {
        Content::Command(command) => self::command(command),
        Content::Reply(reply) => self::reply(reply),
    }
}

fn command(command: &Command) -> String {
    let channel = |channel: &Option<u32>| channel.map_or_else(String::new, |channel| format!(" channel {channel}"));
    match command {
        Command::Connect { channel_id, .. } => format!("{}{}", CommandName::Connect.name(), channel(channel_id)),
        Command::Ping { channel_id } => format!("{}{}", CommandName::Ping.name(), channel(channel_id)),
        Command::Attribute { attribute, value } => format!("{}: {}", escape(attribute), escape(value)),
        Command::Unknown { text } => format!("no command: {}", escape(text)),
        Command::Hmac | Command::Start | Command::Disconnect => {
            command.name().map_or_else(String::new, |name| name.name().to_owned())
        }
    }
}

fn reply(reply: &Reply) -> String {
    let text = reply.text.as_deref().map_or_else(String::new, |text| format!(" \"{}\"", escape(text)));
    let Some(code) = reply.code else { return format!("no reply:{text}") };
    let mut line = code.0.to_string();
    if let Some(name) = code.name() {
        line += &format!(" {name}");
    }
    match (reply.kind(), &reply.nonce, reply.media_port) {
        (ReplyKind::Challenge, Some(nonce), _) => {
            line += &format!(", a nonce of {}", counted(nonce.len(), "byte", "bytes"));
        }
        (ReplyKind::MediaPort, _, Some(port)) => line += &format!(", media to UDP port {port}"),
        _ => line += &text,
    }
    line
}

/// What a datagram says.
pub fn datagram(datagram: &Datagram) -> String {
    match datagram {
        Datagram::Rtp(rtp) => self::rtp(rtp),
        Datagram::SenderReport(report) => {
            format!(
                "ssrc {}: {} packets, {} bytes, at {}",
                report.ssrc, report.packets, report.bytes, report.rtp_timestamp
            )
        }
        Datagram::Nack(nack) => {
            let shown: Vec<_> = nack.lost.iter().take(SHOWN).map(u16::to_string).collect();
            let more = nack.lost.len() - shown.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("ssrc {}: missing {}{more}", nack.media_ssrc, shown.join(" "))
        }
        Datagram::Ping(ping) => ping.time.map_or_else(String::new, |time| format!("clock {}", seconds(time.0, 6))),
        Datagram::Rtcp(kind) => format!("RTCP type {kind}"),
        Datagram::Unknown => "neither RTP nor RTCP".to_owned(),
    }
}

/// Sequence numbers of a NACK that are shown.
const SHOWN: usize = 8;

fn rtp(rtp: &Rtp) -> String {
    let what = match rtp.codec {
        Some(codec) => format!("{} {}", codec.kind().name(), codec.name()),
        None => format!("payload type {}", rtp.payload_type),
    };
    let mut line = format!("{what}, ssrc {}, number {}, at {}", rtp.ssrc, rtp.sequence_number, rtp.timestamp);
    let mut units = rtp.units.iter().flat_map(|packed| &packed.units);
    if let Some(first) = units.next() {
        line += &format!(", {}", first.kind.name());
        let more = units.count();
        if more > 0 {
            line += &format!(" and {}", counted(more, "more NAL unit", "more NAL units"));
        }
        line += &first.fragment.map_or_else(String::new, |fragment| format!(" ({})", fragment.name()));
    }
    if let Some(opus) = rtp.opus {
        line += &format!(", {} ms", f64::from(opus.duration) / 1000.0);
    }
    line += if rtp.marker { ", marker" } else { "" };
    line
}

/// What a packet is to those before it, where it is not simply the next one.
pub(super) fn arrival(arrival: Arrival) -> String {
    match arrival {
        Arrival::First | Arrival::Next => String::new(),
        Arrival::Ahead { missing } => format!(", {} missing before it", counted(missing as usize, "packet", "packets")),
        Arrival::Late => ", late".to_owned(),
        Arrival::Retransmission { waited_ns, .. } => {
            format!(", sent again {} s after it was asked for", seconds(waited_ns, 6))
        }
        Arrival::Duplicate => ", a copy".to_owned(),
        Arrival::Strange => ", not near the numbers of its source".to_owned(),
        Arrival::Restart => ", its source began anew".to_owned(),
    }
}
