//! What is known of the carriers of a session: of TLS, and of each request of RTMPT.

use super::native::{Native, Seen, Visit};
use super::subject::Subject;
use crate::fields;
use crate::proto::rtmpt::{Problem, Request};
use crate::proto::tls::{EarlyData, Facts, Reason};
use crate::proto::{Event, Tunnel};
use crate::wire::{Field, Side, Time};

fields! {
    /// The TLS connection that carries the session: what is known of it so far. Filters find a session's newest by any of its events.
    TLS: Group "tls", "", "RFC 8446, RFC 5246";
    /// The version that was agreed on, or the highest that was offered.
    VERSION: Text "tls.version", "", "RFC 8446 §4.2.1";
    /// The cipher suite, by IANA's name or its number.
    CIPHER_SUITE: Text "tls.cipher_suite", "", "RFC 8446 §B.4, RFC 5246 §A.5";
    /// The server's name, as the client asked for it.
    SERVER_NAME: Text "tls.server_name", "", "RFC 6066 §3";
    /// The application protocol that was agreed on.
    ALPN: Text "tls.alpn", "", "RFC 7301";
    /// Whether an earlier session goes on.
    RESUMED: Bool "tls.resumed", "", "RFC 8446 §2.2, RFC 5246 §F.1.4";
    /// Whether data came before the handshake was over (0-RTT), and what became of it.
    EARLY_DATA: Word "tls.early_data", "", "RFC 8446 §4.2.10", EarlyData::WORDS;
    /// The client's hello is an outer one, with its real one encrypted inside.
    ENCRYPTED_CLIENT_HELLO: Bool "tls.encrypted_client_hello", "", "RFC 9849";
    /// Whom the server's certificate names, where it is seen.
    CERTIFICATE_SUBJECT: Text "tls.certificate_subject", "", "RFC 5280 §4.1.2.6";
    /// Who issued it.
    CERTIFICATE_ISSUER: Text "tls.certificate_issuer", "", "RFC 5280 §4.1.2.4";
    /// From when on it is valid.
    CERTIFICATE_FROM: Time "tls.certificate_not_before", "", "RFC 5280 §4.1.2.5";
    /// Until when it is valid.
    CERTIFICATE_UNTIL: Time "tls.certificate_not_after", "", "RFC 5280 §4.1.2.5";
    /// Whether records were decrypted.
    DECRYPTED: Bool "tls.decrypted", "", "";
    /// Why records were not decrypted, or some were not.
    REASON: Word "tls.reason", "", "", Reason::WORDS;
    /// Handshakes behind the first one, inside of the session.
    RENEGOTIATIONS: Uint "tls.renegotiations", "", "RFC 5246 §7.4.1.1";
    /// Alerts: the first ones.
    ALERTS: Group "tls.alerts", "", "RFC 8446 §6";
    /// Who sent an alert.
    ALERT_FROM: Word "tls.alerts.from", "", "RFC 8446 §6", Side::WORDS;
    /// How grave it is.
    ALERT_LEVEL: Text "tls.alerts.level", "", "RFC 8446 §6";
    /// What it says.
    ALERT_DESCRIPTION: Text "tls.alerts.description", "", "RFC 8446 §6";
    /// The packet that it was complete with.
    ALERT_PACKET: Uint "tls.alerts.packet", "", "";
    /// A request of RTMPT with its response.
    TUNNEL: Group "tunnel", "", "RTMPT";
    /// The session's id in HTTP.
    TUNNEL_ID: Text "tunnel.tunnel_id", "", "RTMPT";
    /// What is asked for.
    REQUEST: Word "tunnel.request", "", "RTMPT", Request::WORDS;
    /// The request's number in its path.
    NUMBER: Uint "tunnel.number", "", "RTMPT";
    /// Bytes of the request's body.
    BYTES_UP: Uint "tunnel.bytes_up", "bytes", "RFC 9112 §6";
    /// Bytes of the response's body, the polling interval among them.
    BYTES_DOWN: Uint "tunnel.bytes_down", "bytes", "RFC 9112 §6";
    /// The response's first byte: how long the client should wait before it polls again, in a unit of the server's own.
    POLLING_INTERVAL: Uint "tunnel.polling_interval", "", "RTMPT";
    /// From the request's last byte to the response's first.
    LATENCY: Number "tunnel.latency_ms", "ms", "";
    /// The response's status, where it is not 200.
    STATUS: Uint "tunnel.status", "", "RFC 9110 §15";
    /// What is wrong with the request or its response.
    FAULT: Word "tunnel.faults", "", "", Problem::WORDS;
}

/// A field of TLS, and its values.
type OfTls = (&'static Field, fn(&Facts, Time, &mut Visit<'_>) -> bool);
/// A field of a request of RTMPT, and its values.
type OfTunnel = (&'static Field, fn(&Tunnel, &mut Visit<'_>) -> bool);

fn text(value: Option<&str>, visit: &mut Visit<'_>) -> bool {
    value.is_some_and(|value| visit(Seen::Text(value.as_bytes())))
}

fn alerts(facts: &Facts, visit: &mut Visit<'_>, of: fn(&crate::proto::tls::Alert) -> Seen<'static>) -> bool {
    facts.alerts.iter().any(|alert| visit(of(alert)))
}

macro_rules! tls {
    ($($field:ident: $values:expr;)*) => {
        /// What stands in JSON, in its order.
        pub(crate) static TLS_MEMBERS: &[OfTls] = &[$((&$field, $values)),*];
        static OF_TLS: &[Native] = &[$(Native {
            field: &$field,
            values: |subject, visit| tls_of(subject).is_some_and(|facts| ($values)(facts, subject.start, visit)),
        }),*];
    };
}

macro_rules! tunnel {
    ($($field:ident: $values:expr;)*) => {
        /// What stands in JSON, in its order.
        pub(crate) static TUNNEL_MEMBERS: &[OfTunnel] = &[$((&$field, $values)),*];
        static OF_TUNNEL: &[Native] = &[$(Native {
            field: &$field,
            values: |subject, visit| match subject.event {
                Event::Tunnel(tunnel) => ($values)(tunnel, visit),
                _ => false,
            },
        }),*];
    };
}

/// What is known of the TLS of an event's session.
fn tls_of<'s>(subject: &Subject<'s>) -> Option<&'s Facts> {
    match subject.event {
        Event::Tls(told) => Some(&told.facts),
        _ => subject.session?.tls.as_deref(),
    }
}

fn time(at: Time, start: Time) -> Seen<'static> {
    Seen::Time { at: at.0, since: at.since(start) }
}

tls! {
    VERSION: |facts: &Facts, _, visit: &mut Visit<'_>| {
        text(facts.version_word().as_deref(), visit)
    };
    CIPHER_SUITE: |facts: &Facts, _, visit: &mut Visit<'_>| {
        text(facts.suite_word().as_deref(), visit)
    };
    SERVER_NAME: |facts: &Facts, _, visit: &mut Visit<'_>| text(facts.server_name.as_deref(), visit);
    ALPN: |facts: &Facts, _, visit: &mut Visit<'_>| text(facts.alpn.as_deref(), visit);
    RESUMED: |facts: &Facts, _, visit: &mut Visit<'_>| facts.resumed.is_some_and(|value| visit(Seen::Bool(value)));
    EARLY_DATA: |facts: &Facts, _, visit: &mut Visit<'_>| {
        facts.early_data.is_some_and(|early| visit(Seen::Word(early.name())))
    };
    ENCRYPTED_CLIENT_HELLO: |facts: &Facts, _, visit: &mut Visit<'_>| {
        facts.encrypted_client_hello && visit(Seen::Bool(true))
    };
    CERTIFICATE_SUBJECT: |facts: &Facts, _, visit: &mut Visit<'_>| {
        text(facts.certificate.as_ref().map(|known| &*known.subject), visit)
    };
    CERTIFICATE_ISSUER: |facts: &Facts, _, visit: &mut Visit<'_>| {
        text(facts.certificate.as_ref().map(|known| &*known.issuer), visit)
    };
    CERTIFICATE_FROM: |facts: &Facts, start, visit: &mut Visit<'_>| {
        facts.certificate.as_ref().is_some_and(|known| visit(time(known.not_before, start)))
    };
    CERTIFICATE_UNTIL: |facts: &Facts, start, visit: &mut Visit<'_>| {
        facts.certificate.as_ref().is_some_and(|known| visit(time(known.not_after, start)))
    };
    DECRYPTED: |facts: &Facts, _, visit: &mut Visit<'_>| visit(Seen::Bool(facts.is_decrypted()));
    REASON: |facts: &Facts, _, visit: &mut Visit<'_>| {
        facts.reason.is_some_and(|reason| visit(Seen::Word(reason.name())))
    };
    RENEGOTIATIONS: |facts: &Facts, _, visit: &mut Visit<'_>| {
        facts.renegotiations > 0 && visit(Seen::Uint(facts.renegotiations))
    };
}

tunnel! {
    TUNNEL_ID: |told: &Tunnel, visit: &mut Visit<'_>| text(Some(&*told.id).filter(|id| !id.is_empty()), visit);
    REQUEST: |told: &Tunnel, visit: &mut Visit<'_>| {
        told.exchange.request.is_some_and(|request| visit(Seen::Word(request.name())))
    };
    NUMBER: |told: &Tunnel, visit: &mut Visit<'_>| told.exchange.number.is_some_and(|number| visit(Seen::Uint(number)));
    BYTES_UP: |told: &Tunnel, visit: &mut Visit<'_>| visit(Seen::Uint(told.exchange.bytes_up));
    BYTES_DOWN: |told: &Tunnel, visit: &mut Visit<'_>| visit(Seen::Uint(told.exchange.bytes_down));
    POLLING_INTERVAL: |told: &Tunnel, visit: &mut Visit<'_>| {
        told.exchange.polling_interval.is_some_and(|interval| visit(Seen::Uint(u64::from(interval))))
    };
    LATENCY: |told: &Tunnel, visit: &mut Visit<'_>| {
        told.exchange.latency.is_some_and(|latency| visit(Seen::Number(latency as f64 / 1e6)))
    };
    STATUS: |told: &Tunnel, visit: &mut Visit<'_>| {
        told.exchange.status.filter(|status| *status != 200).is_some_and(|status| visit(Seen::Uint(u64::from(status))))
    };
}

static MORE: &[Native] = &[
    Native { field: &TLS, values: |subject, visit| tls_of(subject).is_some() && visit(Seen::Group) },
    Native {
        field: &ALERTS,
        values: |subject, visit| tls_of(subject).is_some_and(|facts| alerts(facts, visit, |_| Seen::Group)),
    },
    Native {
        field: &ALERT_FROM,
        values: |subject, visit| {
            tls_of(subject).is_some_and(|facts| alerts(facts, visit, |alert| Seen::Word(alert.from.name())))
        },
    },
    Native {
        field: &ALERT_LEVEL,
        values: |subject, visit| {
            let facts = tls_of(subject);
            facts.is_some_and(|facts| facts.alerts.iter().any(|alert| text(Some(&alert.level_word()), visit)))
        },
    },
    Native {
        field: &ALERT_DESCRIPTION,
        values: |subject, visit| {
            let facts = tls_of(subject);
            facts.is_some_and(|facts| facts.alerts.iter().any(|alert| text(Some(&alert.description_word()), visit)))
        },
    },
    Native {
        field: &ALERT_PACKET,
        values: |subject, visit| {
            tls_of(subject).is_some_and(|facts| alerts(facts, visit, |alert| Seen::Uint(alert.at.packet.0)))
        },
    },
    Native { field: &TUNNEL, values: |subject, visit| matches!(subject.event, Event::Tunnel(_) if visit(Seen::Group)) },
    Native {
        field: &FAULT,
        values: |subject, visit| match subject.event {
            Event::Tunnel(told) => told.exchange.problems.iter().any(|problem| visit(Seen::Word(problem.name()))),
            _ => false,
        },
    },
];

/// What an event of a carrier has, field by field; nothing of other events.
pub(crate) fn visit_members(event: &Event, see: &mut dyn FnMut(&'static Field, Seen<'_>)) {
    match event {
        Event::Tls(told) => {
            for (field, values) in TLS_MEMBERS {
                values(&told.facts, Time::default(), &mut |seen| {
                    see(field, seen);
                    false
                });
            }
        }
        Event::Tunnel(told) => {
            for (field, values) in TUNNEL_MEMBERS {
                values(told, &mut |seen| {
                    see(field, seen);
                    false
                });
            }
            for problem in &told.exchange.problems {
                see(&FAULT, Seen::Word(problem.name()));
            }
        }
        _ => {}
    }
}

/// Each with the way to its values.
pub(crate) fn natives() -> impl Iterator<Item = &'static Native> {
    OF_TLS.iter().chain(OF_TUNNEL).chain(MORE)
}
