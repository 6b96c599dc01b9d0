//! Information objects: were they sent as they should be, and were they sent when they were due?

use std::collections::BTreeMap;

use super::evidence::{Evidence, Seen};
use crate::limits::Limits;
use crate::proto::rtmp::status::{self, Place};

/// Different details of one code that are kept.
const DETAILS: usize = Limits::DEFAULT.compared_details;

/// What one server did about one code.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Sent as it should be.
    pub(super) works: Seen,
    /// How often it was sent where it belongs.
    pub(super) sent: u64,
    /// Sent otherwise, by what was other.
    pub(super) deviates: BTreeMap<String, Seen>,
    /// Due and not sent, by what came instead.
    pub(super) missing: BTreeMap<String, Seen>,
    /// Sent in a command that is not `onStatus`, such as `onFCPublish`.
    pub(super) elsewhere: BTreeMap<String, Seen>,
    /// The level that it was sent with, for codes that are not known.
    pub(super) level: Option<String>,
}

impl Tally {
    pub(super) fn sighted(&mut self, sighting: &Sighting, evidence: Evidence) {
        if let Carrier::Other(name) = &sighting.carrier {
            note(&mut self.elsewhere, name, evidence);
            return;
        }
        self.level.get_or_insert_with(|| sighting.level.clone().unwrap_or_default());
        self.sent += 1;
        let deviations = sighting.deviations();
        if deviations.is_empty() {
            self.works.add(evidence);
        }
        for deviation in deviations {
            note(&mut self.deviates, &deviation, evidence);
        }
    }

    pub(super) fn missed(&mut self, instead: &str, evidence: Evidence) {
        note(&mut self.missing, instead, evidence);
    }
}

fn note(details: &mut BTreeMap<String, Seen>, detail: &str, evidence: Evidence) {
    if details.len() < DETAILS || details.contains_key(detail) {
        details.entry(detail.to_owned()).or_default().add(evidence);
    }
}

/// The kind of message that an information object came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    /// `_result`, with what it answers.
    Result(To),
    /// `_error`, with the same.
    Error(To),
    OnStatus,
    /// Another command, such as `onFCPublish`.
    Other(String),
    Data,
    SharedObject,
}

/// What a `_result` or `_error` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    Connect,
    OtherCall,
    NoCall,
}

/// One information object that a server sent.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    pub(super) code: String,
    pub(super) level: Option<String>,
    pub(super) has_description: bool,
    pub(super) carrier: Carrier,
    pub(super) transaction_id: Option<f64>,
    /// `None` when the capture does not show it.
    pub(super) message_stream: Option<u32>,
    /// Whether that is one that the server gave the client.
    pub(super) is_created: bool,
}

impl Sighting {
    /// What is other than it should be. Source: RTMP 1.0 §7.2; the table of status codes.
    fn deviations(&self) -> Vec<String> {
        let mut found = Vec::new();
        let known = status::find(&self.code);
        match known {
            None => found.push("no reference knows this code".into()),
            Some(known) if !known.sender.is_on_wire() => found.push("it is not for the wire".into()),
            Some(_) => {}
        }
        let place = known.map(|known| known.place);
        let is_command = !matches!(self.carrier, Carrier::Data | Carrier::SharedObject);
        match (&self.level, known) {
            (None, _) if is_command => found.push("without a level".into()),
            (Some(level), Some(known)) if !known.allows(level) => {
                found.push(format!("level \"{level}\" instead of \"{}\"", known.levels[0].name()));
            }
            _ => {}
        }
        if is_command && !self.has_description {
            found.push("without a description".into());
        }
        self.transaction(&mut found);
        if let Some(place) = place {
            self.place(place, &mut found);
        }
        found
    }

    fn transaction(&self, found: &mut Vec<String>) {
        match (&self.carrier, self.transaction_id) {
            (Carrier::OnStatus, Some(0.0)) => {}
            (Carrier::OnStatus, Some(_)) => found.push("transaction id not 0".into()),
            (Carrier::OnStatus, None) => found.push("without a transaction id".into()),
            (Carrier::Result(To::NoCall) | Carrier::Error(To::NoCall), _) => {
                found.push("in an answer to no call".into())
            }
            _ => {}
        }
    }

    fn place(&self, place: Place, found: &mut Vec<String>) {
        let carrier = match &self.carrier {
            Carrier::Result(_) => "in a _result",
            Carrier::Error(_) => "in an _error",
            Carrier::OnStatus => "in an onStatus command",
            Carrier::Other(_) => "in another command",
            Carrier::Data => "in a data message",
            Carrier::SharedObject => "in a shared object message",
        };
        let is_right = match (place, &self.carrier) {
            (Place::Connection, Carrier::Result(to)) => {
                self.code == "NetConnection.Connect.Success" && *to == To::Connect
            }
            (Place::Connection, Carrier::OnStatus) => self.code != "NetConnection.Connect.Success",
            (Place::Connection, Carrier::Error(_))
            | (Place::Stream, Carrier::OnStatus)
            | (Place::StreamData, Carrier::Data)
            | (Place::SharedObject, Carrier::SharedObject) => true,
            _ => false,
        };
        if !is_right {
            let should = match place {
                Place::Connection => "in the answer to its call",
                Place::Stream => "in an onStatus command",
                Place::StreamData => "in a data message",
                Place::SharedObject => "in a shared object message",
            };
            found.push(format!("{carrier} instead of {should}"));
        }
        match (place, self.message_stream) {
            (Place::Connection, Some(stream)) if stream != 0 => {
                found.push("not on message stream 0".into());
            }
            (Place::Stream | Place::StreamData, Some(0)) => found.push("on message stream 0".into()),
            (Place::Stream | Place::StreamData, Some(_)) if !self.is_created => {
                found.push("on a message stream that the server did not create".into());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Sighting {
        Sighting {
            code: "NetStream.Play.Start".into(),
            level: Some("status".into()),
            has_description: true,
            carrier: Carrier::OnStatus,
            transaction_id: Some(0.0),
            message_stream: Some(1),
            is_created: true,
        }
    }

    type Change = fn(&mut Sighting);

    #[test]
    fn each_departure_from_the_rule_is_named() {
        assert!(start().deviations().is_empty());
        let cases: &[(&str, Change)] = &[
            ("level \"error\" instead of \"status\"", |sighting| sighting.level = Some("error".into())),
            ("without a level", |sighting| sighting.level = None),
            ("without a description", |sighting| sighting.has_description = false),
            ("transaction id not 0", |sighting| sighting.transaction_id = Some(5.0)),
            ("on message stream 0", |sighting| sighting.message_stream = Some(0)),
            ("on a message stream that the server did not create", |sighting| sighting.is_created = false),
            ("in a data message instead of in an onStatus command", |sighting| sighting.carrier = Carrier::Data),
            ("no reference knows this code", |sighting| sighting.code = "NetStream.DeleteStream.Suceess".into()),
            ("it is not for the wire", |sighting| sighting.code = "NetStream.Buffer.Full".into()),
        ];
        for (detail, change) in cases {
            let mut sighting = start();
            change(&mut sighting);
            assert_eq!(sighting.deviations(), [*detail]);
        }
    }

    #[test]
    fn success_belongs_into_the_answer_to_connect() {
        let success = Sighting {
            code: "NetConnection.Connect.Success".into(),
            carrier: Carrier::Result(To::Connect),
            transaction_id: Some(1.0),
            message_stream: Some(0),
            ..start()
        };
        assert!(success.deviations().is_empty());
        let as_status = Sighting { carrier: Carrier::OnStatus, transaction_id: Some(0.0), ..success.clone() };
        assert_eq!(as_status.deviations(), ["in an onStatus command instead of in the answer to its call"]);
        let to_nothing = Sighting { carrier: Carrier::Result(To::NoCall), ..success };
        assert_eq!(
            to_nothing.deviations(),
            ["in an answer to no call", "in a _result instead of in the answer to its call"]
        );
    }
}
