//! Lines of what carries a session: TLS, and requests of RTMPT.

use std::io::{self, Write};

use serde::Serialize;
use serde::ser::SerializeMap;

use super::super::tree_json::SeenJson;
use super::{Filled, JsonWriter, Map, put, span};
use crate::proto::tls::Alert;
use crate::proto::{Tls, Tunnel};
use crate::registry::carriers as field;
use crate::registry::native::{self, Visit};
use crate::wire::{Field, Time};

/// An alert as JSON has it.
#[derive(Serialize)]
struct AlertLine {
    from: &'static str,
    level: String,
    description: String,
    packet: u64,
}

impl AlertLine {
    fn of(alert: &Alert) -> AlertLine {
        AlertLine {
            from: alert.from.name(),
            level: alert.level_word(),
            description: alert.description_word(),
            packet: alert.at.packet.0,
        }
    }
}

/// Puts what was seen of a field, where there was something.
fn seen(map: &mut Map<'_>, of: &Field, values: impl FnOnce(&mut Visit<'_>) -> bool) -> Filled {
    let mut filled = Ok(());
    values(&mut |seen| {
        filled = put(map, of, &SeenJson(seen));
        true
    });
    filled
}

impl<W: Write> JsonWriter<W> {
    pub(super) fn tls(&mut self, told: &Tls) -> io::Result<()> {
        let envelope = told.envelope();
        let time = self.time(envelope.last.time);
        let alerts: Vec<_> = told.facts.alerts.iter().map(AlertLine::of).collect();
        self.line(envelope.kind.name(), |map| {
            super::place(map, &envelope)?;
            put(map, &native::TIME, &time)?;
            map.serialize_entry(native::PACKETS, &span(&envelope))?;
            for (of, values) in field::TLS_MEMBERS {
                seen(map, of, |visit| values(&told.facts, Time::default(), visit))?;
            }
            if alerts.is_empty() { Ok(()) } else { put(map, &field::ALERTS, &alerts) }
        })
    }

    pub(super) fn tunnel(&mut self, told: &Tunnel) -> io::Result<()> {
        let envelope = told.envelope();
        let time = self.time(envelope.last.time);
        let faults: Vec<_> = told.exchange.problems.iter().map(|problem| problem.name()).collect();
        self.line(envelope.kind.name(), |map| {
            super::place(map, &envelope)?;
            put(map, &native::TIME, &time)?;
            map.serialize_entry(native::PACKETS, &span(&envelope))?;
            for (of, values) in field::TUNNEL_MEMBERS {
                seen(map, of, |visit| values(told, visit))?;
            }
            if faults.is_empty() { Ok(()) } else { put(map, &field::FAULT, &faults) }
        })
    }
}
