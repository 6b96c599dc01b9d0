//! What a session is carried in, as members of a `stats` line.

use serde::Serialize;

use super::{LatencyLine, is_zero, whole};
use crate::proto::tls::Facts;
use crate::stats::{SessionStats, Tunneling};
use crate::wire::Side;

#[derive(Serialize)]
pub(super) struct TlsLine<'s> {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cipher_suite: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_name: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alpn: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resumed: Option<bool>,
    decrypted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Of one that was not decrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    bits_per_second: Option<Sides>,
}

#[derive(Serialize)]
struct Sides {
    client: u64,
    server: u64,
}

impl<'s> TlsLine<'s> {
    pub(super) fn of(facts: &'s Facts, stats: &'s SessionStats) -> Self {
        let rate = |side| stats.mean_bit_rate(side).map(whole);
        let rates = rate(Side::Client).zip(rate(Side::Server)).map(|(client, server)| Sides { client, server });
        TlsLine {
            version: facts.version_word(),
            cipher_suite: facts.suite_word(),
            server_name: facts.server_name.as_deref(),
            alpn: facts.alpn.as_deref(),
            resumed: facts.resumed,
            decrypted: facts.is_decrypted(),
            reason: facts.reason.map(crate::proto::tls::Reason::name),
            bits_per_second: rates.filter(|_| !facts.is_decrypted()),
        }
    }
}

#[derive(Serialize)]
pub(super) struct TunnelLine<'s> {
    #[serde(skip_serializing_if = "str::is_empty")]
    tunnel_id: &'s str,
    connections: u64,
    requests: Vec<RequestsLine>,
    #[serde(skip_serializing_if = "is_zero")]
    without_request: u64,
    polling_intervals: Vec<IntervalLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_wait_ms: Option<LatencyLine>,
    head_bytes: Sides,
    body_bytes: Sides,
    whole: bool,
}

#[derive(Serialize)]
struct RequestsLine {
    request: &'static str,
    requests: u64,
    unanswered: u64,
    refused: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<LatencyLine>,
}

#[derive(Serialize)]
struct IntervalLine {
    polling_interval: u8,
    responses: u64,
}

impl<'s> TunnelLine<'s> {
    pub(super) fn of(tunnel: &'s Tunneling, stats: &SessionStats) -> Self {
        let sides = |[client, server]: [u64; 2]| Sides { client, server };
        let requests = tunnel.requests.iter().map(|(request, it)| RequestsLine {
            request: request.name(),
            requests: it.count,
            unanswered: it.unanswered,
            refused: it.refused,
            latency_ms: LatencyLine::of(&it.latencies),
        });
        let intervals = tunnel.intervals.iter();
        TunnelLine {
            tunnel_id: &tunnel.id,
            connections: stats.carriers.further + 1,
            requests: requests.collect(),
            without_request: tunnel.without_request,
            polling_intervals: intervals
                .map(|(interval, responses)| IntervalLine { polling_interval: *interval, responses: *responses })
                .collect(),
            idle_wait_ms: LatencyLine::of(&tunnel.waited),
            head_bytes: sides(tunnel.heads),
            body_bytes: sides(tunnel.bodies),
            whole: tunnel.is_whole,
        }
    }
}
