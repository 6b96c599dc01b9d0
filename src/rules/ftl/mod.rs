//! FTL: control lines, and media in datagrams.

mod attribute_contradicts;
mod attribute_missing;
mod command_before_authentication;
mod command_unanswered;
mod connect_repeated;
mod line_ending;
mod media_after_end;
mod media_elsewhere;
mod media_missing;
mod media_not_announced;
mod media_port_missing;
mod nack_unanswered;
mod no_disconnect;
mod no_parameter_sets;
mod packets_lost;
mod ping_late;
mod protocol_version;
mod rejection;
mod request_rejected;
mod signature_invalid;
mod timestamp_jump;

use crate::net::How;
use crate::proto::ftl::{Body, Command, CommandName, Content, Item, Message, Reply, media};
use crate::proto::rtp::Rtp;
use crate::rules::{Finding, Findings, Mark, Meta};
use crate::story::Ending;
use crate::story::ftl::Source;
use crate::wire::{Field, PacketNo, Side, Tree};

pub(super) const FTL001: super::Entry = request_rejected::RequestRejected::ENTRY;
pub(super) const FTL002: super::Entry = signature_invalid::SignatureInvalid::ENTRY;
pub(super) const FTL003: super::Entry = command_before_authentication::CommandBeforeAuthentication::ENTRY;
pub(super) const FTL004: super::Entry = attribute_missing::AttributeMissing::ENTRY;
pub(super) const FTL005: super::Entry = attribute_contradicts::AttributeContradicts::ENTRY;
pub(super) const FTL006: super::Entry = line_ending::LineEnding::ENTRY;
pub(super) const FTL007: super::Entry = connect_repeated::ConnectRepeated::ENTRY;
pub(super) const FTL008: super::Entry = media_port_missing::MediaPortMissing::ENTRY;
pub(super) const FTL009: super::Entry = command_unanswered::CommandUnanswered::ENTRY;
pub(super) const FTL010: super::Entry = ping_late::PingLate::ENTRY;
pub(super) const FTL011: super::Entry = media_missing::MediaMissing::ENTRY;
pub(super) const FTL012: super::Entry = media_not_announced::MediaNotAnnounced::ENTRY;
pub(super) const FTL013: super::Entry = media_elsewhere::MediaElsewhere::ENTRY;
pub(super) const FTL014: super::Entry = packets_lost::PacketsLost::ENTRY;
pub(super) const FTL015: super::Entry = nack_unanswered::NackUnanswered::ENTRY;
pub(super) const FTL016: super::Entry = timestamp_jump::TimestampJump::ENTRY;
pub(super) const FTL017: super::Entry = no_parameter_sets::NoParameterSets::ENTRY;
pub(super) const FTL018: super::Entry = no_disconnect::NoDisconnect::ENTRY;
pub(super) const FTL019: super::Entry = protocol_version::ProtocolVersion::ENTRY;
pub(super) const FTL020: super::Entry = media_after_end::MediaAfterEnd::ENTRY;

/// A second, in ns.
const SECOND: i64 = 1_000_000_000;

/// The client's line, with what it says.
fn command(message: &Message) -> Option<(&Item, &Command)> {
    match &message.body {
        Body::Line(line) => match &line.content {
            Content::Command(command) => Some((line, command)),
            Content::Reply(_) => None,
        },
        Body::Datagram(_) | Body::Unreachable(_) => None,
    }
}

/// The server's line, with what it says.
fn reply(message: &Message) -> Option<(&Item, &Reply)> {
    match &message.body {
        Body::Line(line) => match &line.content {
            Content::Reply(reply) => Some((line, reply)),
            Content::Command(_) => None,
        },
        Body::Datagram(_) | Body::Unreachable(_) => None,
    }
}

/// The client's media, with what its packet is to others.
fn rtp(message: &Message) -> Option<(&media::Item, &Rtp)> {
    match &message.body {
        Body::Datagram(datagram) if datagram.item.from == Side::Client => match &datagram.item.datagram {
            // What has not even its source is nobody's.
            media::Datagram::Rtp(rtp) if rtp.payload.start > 0 => Some((&datagram.item, rtp)),
            _ => None,
        },
        _ => None,
    }
}

/// A finding about the line or the datagram that is judged.
fn about<'f>(findings: &'f mut Findings, rule: &'static Meta, message: &Message, text: String) -> &'f mut Finding {
    let (first, last) = message.packets();
    let finding = findings.push(rule, Some(message.from()), text, (first.packet, last.packet));
    finding.message = Some(message.n());
    finding
}

/// The same, which a field of it shows.
fn about_field(findings: &mut Findings, rule: &'static Meta, message: &Message, field: &'static Field, text: String) {
    let mut tree = Tree::default();
    message.record(&mut tree);
    let node = tree.nodes.iter().find(|node| std::ptr::eq(node.field, field));
    about(findings, rule, message, text).mark = node.map(|node| Mark::Payload(node.span.clone()));
}

/// A finding about a source, between its first packet and its last.
fn about_source<'f>(findings: &'f mut Findings, rule: &'static Meta, source: &Source, text: String) -> &'f mut Finding {
    findings.push(rule, Some(source.from), text, packets(source.first.packet, source.last.packet))
}

/// Two packets in order.
fn packets(a: PacketNo, b: PacketNo) -> (PacketNo, PacketNo) {
    (a.min(b), a.max(b))
}

/// A source in words: `video (ssrc 78)`.
fn named(source: &Source) -> String {
    let kind = source.codec.map_or("media", |codec| codec.kind().name());
    format!("{kind} (ssrc {})", source.ssrc)
}

/// A command as people call it.
fn called(name: CommandName) -> &'static str {
    match name {
        CommandName::Start => "the dot",
        CommandName::Attribute => "an attribute",
        name => name.name(),
    }
}

/// Whether somebody ended the control connection; otherwise it ran on when the capture ended.
fn is_ended(ending: &Ending) -> bool {
    matches!(ending.how, How::Fin | How::Rst)
}
