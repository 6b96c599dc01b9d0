use super::connect_property_type::PROPERTIES;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, place, rule};
use crate::wire::told;

rule! {
    /// A property of `connect` that is a letter or two away from a known one, or differs from it in case alone, while the
    /// known one is not there. Names are case-sensitive.
    ///
    /// Why: the server does not find the property, and treats the client as one that does not have it.
    ///
    /// Seen: gortmp writes `vedioCodecs`, `vedioFunction` and `flashver`.
    ///
    /// Change: write the name as the specification has it.
    pub(super) struct ConnectPropertyMisspelt {}
    "CMD004", "connect-property-misspelt", Warning, "RTMP 1.0 §7.2.1.1", rests: Event, media: false
}

impl Rule for ConnectPropertyMisspelt {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        let Some(object) = command.object.as_ref().filter(|_| command.name == "connect") else { return };
        let mut faults = Vec::new();
        let mut first = None;
        for (name, _) in object.members() {
            if PROPERTIES.iter().any(|(known, _)| known == name) {
                continue;
            }
            let near = PROPERTIES.iter().filter_map(|(known, _)| Some((mistakes(name, known)?, *known)));
            // Among those that are as near, the one that begins alike.
            let meant =
                near.min_by_key(|(mistakes, known)| (*mistakes, known.as_bytes().first() != name.as_bytes().first()));
            let meant = meant.map(|(_, known)| known);
            if let Some(meant) = meant.filter(|meant| object.member(meant).is_none()) {
                faults.push(format!("{} for {meant}", told(name)));
                first.get_or_insert(name);
            }
        }
        if let Some(first) = first {
            let text = format!("the client's connect has {}", faults.join(", "));
            findings.about(Self::META, message, text).mark = place::key(message, first);
        }
    }
}

/// How many mistakes make `name` of `known`, where they are few. Short names are too near to one another for more than their
/// case.
fn mistakes(name: &str, known: &str) -> Option<usize> {
    if name.eq_ignore_ascii_case(known) {
        return Some(0);
    }
    let allowed = match known.len() {
        ..5 => 0,
        5..7 => 1,
        _ => 2,
    };
    if name.len().abs_diff(known.len()) > allowed {
        return None;
    }
    Some(distance(name.as_bytes(), known.as_bytes())).filter(|mistakes| *mistakes <= allowed)
}

/// How many bytes are to be put in, taken out or changed to make the one the other.
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, byte) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, wanted) in other.iter().enumerate() {
            let changed = diagonal + usize::from(byte != wanted);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
