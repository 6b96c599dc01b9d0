//! Lines of what carries a session: TLS, and requests of RTMPT.

use std::io::{self, Write};

use serde::Serialize;
use serde::ser::SerializeMap;

use super::{JsonWriter, put, span};
use crate::proto::tls::Alert;
use crate::proto::{Tls, Tunnel};
use crate::registry::carriers as field;
use crate::registry::native::{self, Seen};
use crate::wire::{Field, Time};

/// A member that was seen, with its value as JSON has it.
type Member = (&'static Field, serde_json::Value);

fn value(seen: &Seen<'_>, time: &mut dyn FnMut(Time) -> String) -> serde_json::Value {
    match *seen {
        Seen::Uint(value) => value.into(),
        Seen::Number(value) => value.into(),
        Seen::Bool(value) => value.into(),
        Seen::Word(word) => word.into(),
        Seen::Text(text) => String::from_utf8_lossy(text).into(),
        Seen::Time { at, .. } => time(Time(at)).into(),
        _ => serde_json::Value::Null,
    }
}

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

impl<W: Write> JsonWriter<W> {
    pub(super) fn tls(&mut self, told: &Tls) -> io::Result<()> {
        let envelope = told.envelope();
        let mut members: Vec<Member> = Vec::new();
        for (of, values) in field::TLS_MEMBERS {
            values(&told.facts, Time::default(), &mut |seen| {
                members.push((of, value(&seen, &mut |at| self.time(at))));
                false
            });
        }
        let alerts: Vec<_> = told.facts.alerts.iter().map(AlertLine::of).collect();
        self.line(envelope.kind.name(), |map| {
            put(map, &native::SESSION, &told.session)?;
            members.iter().try_for_each(|(field, value)| put(map, field, value))?;
            if !alerts.is_empty() {
                put(map, &field::ALERTS, &alerts)?;
            }
            map.serialize_entry("packets", &span(&envelope))
        })
    }

    pub(super) fn tunnel(&mut self, told: &Tunnel) -> io::Result<()> {
        let envelope = told.envelope();
        let time = self.time(envelope.last.time);
        let mut members: Vec<Member> = Vec::new();
        for (of, values) in field::TUNNEL_MEMBERS {
            values(told, &mut |seen| {
                members.push((of, value(&seen, &mut |at| self.time(at))));
                false
            });
        }
        let faults: Vec<_> = told.exchange.problems.iter().map(|problem| problem.name()).collect();
        self.line(envelope.kind.name(), |map| {
            super::place(map, &envelope)?;
            put(map, &native::TIME, &time)?;
            map.serialize_entry("packets", &span(&envelope))?;
            members.iter().try_for_each(|(field, value)| put(map, field, value))?;
            if faults.is_empty() { Ok(()) } else { put(map, &field::FAULT, &faults) }
        })
    }
}
