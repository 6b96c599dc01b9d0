//! RTMPT: requests and their responses, in whose bodies a session is.

mod body_length_wrong;
mod content_type_wrong;
mod polling_byte_missing;
mod polling_slow;
mod request_number_wrong;
mod request_unanswered;

use crate::proto::rtmpt::{Exchange, Request};
use crate::rules::{Finding, Findings, Meta};
use crate::wire::Side;

pub(super) const TUN001: super::Entry = request_number_wrong::RequestNumberWrong::ENTRY;
pub(super) const TUN002: super::Entry = polling_byte_missing::PollingByteMissing::ENTRY;
pub(super) const TUN003: super::Entry = content_type_wrong::ContentTypeWrong::ENTRY;
pub(super) const TUN004: super::Entry = polling_slow::PollingSlow::ENTRY;
pub(super) const TUN005: super::Entry = request_unanswered::RequestUnanswered::ENTRY;
pub(super) const TUN006: super::Entry = body_length_wrong::BodyLengthWrong::ENTRY;

/// A request as people call it: `send 14`.
fn called(exchange: &Exchange) -> String {
    let name = exchange.request.map_or("a request", Request::name);
    exchange.number.map_or_else(|| name.to_owned(), |number| format!("{name} {number}"))
}

/// A finding about a request or its response. It is certain where the capture misses nothing of them.
fn about<'f>(
    findings: &'f mut Findings,
    rule: &'static Meta,
    from: Side,
    exchange: &Exchange,
    text: String,
) -> &'f mut Finding {
    let finding = findings.push(rule, Some(from), text, exchange.packets);
    finding.certain = exchange.certain;
    finding
}
