//! The software that a server calls itself on the wire.
//!
//! What a server says of itself is its word, not a proof: many copy the `fmsVer` of a Flash Media Server, and the constants of
//! S1 too. So each value keeps the place where it was said.

use std::collections::BTreeSet;

use super::normal;
use super::profile::Profile;
use super::tested::Told;
use crate::limits::Limits;
use crate::proto::amf::Amf;
use crate::proto::rtmp::secrets::{Masks, Place};
use crate::proto::rtmp::{Body, Command, Content, Handshake, HandshakeFacts, Message};
use crate::wire::Side;

/// Things that one session, and one server over all its sessions, says of itself.
const TOLD: usize = Limits::DEFAULT.compared_software;
/// Names of streams of one session, and texts of publishers in one capture, that are known.
const NAMES: usize = Limits::DEFAULT.compared_names;
const PUBLISHED: usize = Limits::DEFAULT.compared_published;
/// What metadata may name the server with.
const METADATA: &[&str] = &["server", "server_version"];

/// What publishers of one capture wrote into their metadata: what a server passes on is not said of the server.
#[derive(Debug, Default)]
pub(super) struct Published {
    texts: BTreeSet<String>,
}

/// What one session tells of its server.
#[derive(Debug, Default)]
pub(super) struct Fold {
    /// With their ranks: the order of the protocol.
    told: BTreeSet<(u8, Told)>,
    names: Vec<String>,
}

impl Fold {
    pub(super) fn handshake(&mut self, step: &Handshake) {
        let HandshakeFacts::Block { zero, content, fingerprint, .. } = step.facts else { return };
        // A copy of C1 tells of the client.
        if step.from == Side::Client || content == Content::Copy {
            return;
        }
        let [a, b, c, d] = zero;
        let is_version = zero != [0; 4] && zero.iter().all(|byte| *byte < 32);
        let version = is_version.then(|| format!("version bytes {a}.{b}.{c}.{d}"));
        let likeness = fingerprint.map(|maker| format!("looks like {}", maker.name()));
        let parts: Vec<String> = likeness.into_iter().chain(version).collect();
        if !parts.is_empty() {
            self.put(9, "S1".into(), parts.join(", "));
        }
    }

    pub(super) fn message(&mut self, message: &Message, masks: &Masks, published: &mut Published) {
        match (message.from, &message.body) {
            (Side::Client, Body::Command(command)) => self.name(command),
            (Side::Client, Body::Data(data)) if data.handler() == "onMetaData" => {
                for (_, text) in metadata(&data.values) {
                    if published.texts.len() < PUBLISHED {
                        published.texts.insert(text.to_owned());
                    }
                }
            }
            (Side::Server, Body::Command(command)) if command.name == "_result" => {
                self.answer(message.session, command, masks);
            }
            (Side::Server, Body::Data(data)) if data.handler() == "onMetaData" => {
                for (name, text) in metadata(&data.values).filter(|(_, text)| !published.texts.contains(*text)) {
                    self.put(3, format!("onMetaData {name}"), shown(message.session, text, masks));
                }
            }
            _ => {}
        }
    }

    fn name(&mut self, command: &Command) {
        let name = command.arguments.first().and_then(Amf::text).filter(|_| normal::names_stream(&command.name));
        if let Some(name) = name
            && self.names.len() < NAMES
            && !self.names.iter().any(|known| known == name)
        {
            self.names.push(name.to_owned());
        }
    }

    /// The answer to connect: it alone has an `fmsVer` or `data`.
    fn answer(&mut self, session: u32, command: &Command, masks: &Masks) {
        let properties = command.object.iter().flat_map(Amf::members);
        let data = command.information().and_then(|information| information.member("data"));
        let data = data.into_iter().flat_map(Amf::members);
        let all = properties.map(|member| (1, "", member)).chain(data.map(|member| (2, "data.", member)));
        for (rank, prefix, (name, value)) in all {
            if !(name == "fmsVer" || name.ends_with("version") || name.ends_with("server")) {
                continue;
            }
            let value = match value {
                Amf::String(text) => shown(session, text, masks),
                value => value.number().map_or_else(String::new, |number| number.to_string()),
            };
            if !value.is_empty() {
                self.put(rank, format!("{prefix}{}", shown(session, name, masks)), value);
            }
        }
    }

    fn put(&mut self, rank: u8, source: String, value: String) {
        if self.told.len() < TOLD {
            self.told.insert((rank, Told { source, value }));
        }
    }

    /// The session is over: what it told goes to its server.
    pub(super) fn tell(self, profile: &mut Profile) {
        for (rank, Told { source, value }) in self.told {
            if profile.software.len() < TOLD {
                // A stream's name may have become known after it was said.
                let [source, value] = [source, value].map(|text| normal::hide(&text, &self.names));
                profile.software.insert((rank, Told { source, value }));
            }
        }
    }
}

/// The members of metadata that may name the server.
fn metadata(values: &[Amf]) -> impl Iterator<Item = (&str, &str)> {
    let members = values.iter().flat_map(Amf::members);
    let named = members.filter(|(name, _)| METADATA.contains(&name.as_str()));
    named.filter_map(|(name, value)| Some((name.as_str(), value.text().filter(|text| !text.is_empty())?)))
}

fn shown(session: u32, text: &str, masks: &Masks) -> String {
    normal::clip(&masks.even(session, Place::Text, text))
}
