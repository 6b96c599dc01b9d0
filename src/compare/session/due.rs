//! Codes that were due and did not come. Nothing is held against a server that the wire leaves in doubt, and one situation
//! makes one code due: where several would have told what happened, the first, and any other of them does as well. What the
//! player raises for itself, as `NetConnection.Connect.Closed`, no server has to send.

use super::super::media::Player;
use super::super::normal;
use super::super::request::{self, CLOSES, PATIENCE, Request};
use super::super::writer::Writer;
use super::{SIGHTINGS, Session};
use crate::proto::rtmp::procedure::{self, Deed};

/// A code that was due, and what came instead.
struct Missed {
    code: &'static str,
    /// Others that would have done as well.
    or: Vec<&'static str>,
    instead: String,
    /// The request that it was due to: one request makes one code due.
    to: u64,
    /// The message that shows it.
    n: u64,
}

fn missed(code: &'static str, instead: impl Into<String>, n: u64) -> Missed {
    Missed { code, or: Vec::new(), instead: instead.into(), to: n, n }
}

impl Session {
    pub(super) fn tell_missing(&self, writer: &mut Writer<'_>) {
        let Some(connect) = self.requests.first().filter(|request| request.deed == Some(Deed::Connects)) else {
            return;
        };
        // What was not looked at may have been sent.
        if self.frozen || self.sightings.len() >= SIGHTINGS {
            return;
        }
        let mut all: Vec<Missed> = self.missed_by_connection(connect).into_iter().collect();
        for (index, request) in self.requests.iter().enumerate() {
            let name = normal::clip(&writer.shown(&request.name));
            all.extend(self.missed_by_request(index, request, &name));
        }
        all.extend(self.missed_by_end());
        all.extend(self.player.as_ref().and_then(|player| self.missed_by_player(player)));
        if let Some(expected) = self.missed_by_scenario(connect, writer) {
            // The file knows better what this request was to be answered with.
            all.retain(|missed| missed.to != expected.to);
            all.push(expected);
        }
        for Missed { code, or, instead, n, .. } in all {
            if self.has(code) || or.iter().any(|code| self.has(code)) {
                continue;
            }
            if let Some(tally) = writer.profile.code(code) {
                tally.missed(&instead, self.evidence(Some(n)));
            }
        }
    }

    /// Whether the server sent the code, in whatever message.
    fn has(&self, code: &str) -> bool {
        self.sightings.iter().any(|sighted| sighted.sighting.code == code)
    }

    fn missed_by_connection(&self, connect: &Request) -> Option<Missed> {
        let refused = |instead: &str, n| Missed {
            or: vec!["NetConnection.Connect.InvalidApp", "NetConnection.Connect.AppShutdown"],
            ..missed("NetConnection.Connect.Rejected", instead, n)
        };
        let missed = match &self.connect.answer {
            Some((answer, n)) if !self.connect.has_code => Some(if answer.starts_with("_result") {
                missed("NetConnection.Connect.Success", "a _result without a code", *n)
            } else {
                refused("an _error without a code", *n)
            }),
            None if self.server_closed().is_some() && self.requests.len() == 1 => {
                Some(refused("connect refused by closing the connection", connect.n))
            }
            _ => None,
        };
        missed.map(|missed| Missed { to: connect.n, ..missed })
    }

    fn missed_by_request(&self, index: usize, request: &Request, name: &str) -> Option<Missed> {
        let n = request.n;
        let settled = self.is_settled(index);
        if request.is_call() && !request.told.is_answered && settled {
            return Some(missed("NetConnection.Call.Failed", format!("{name} was never answered"), n));
        }
        let is_refused = request.steps.iter().any(|step| step.text == CLOSES);
        let told = request.told;
        match (request.deed?, request.flag) {
            (Deed::Publishes, _) if told.has_status || told.is_settled => None,
            (Deed::Publishes, _) if is_refused && request.is_name_busy => {
                let instead = "a publish of a busy name was refused by closing the connection";
                Some(missed("NetStream.Publish.BadName", instead, n))
            }
            (Deed::Publishes, _) if settled && self.server_closed().is_none() => {
                Some(missed("NetStream.Publish.Start", "publish was accepted without it", n))
            }
            (Deed::Plays, _) => {
                let player = self.player.as_ref().filter(|player| player.play.0 == n && player.has_begun());
                player.filter(|_| !told.is_started).map(|_| missed("NetStream.Play.Start", "media came without it", n))
            }
            (Deed::Steers, flag) if settled && !told.is_settled => {
                let known = procedure::find(&request.name)?;
                // The second one undoes what the first one does.
                let code = if flag == Some(false) { known.yes.get(1).or(known.yes.first()) } else { known.yes.first() };
                code.map(|code| missed(code, format!("{name} was not answered by it"), n))
            }
            _ => None,
        }
    }

    /// A publisher that ends its stream is told so.
    fn missed_by_end(&self) -> Option<Missed> {
        let (_, publish) = self.published.as_ref()?;
        let ends = |request: &Request| request.is_ending() && !procedure::is_courtesy(&request.name);
        let end = self.requests.iter().rposition(ends).filter(|end| end > publish)?;
        let request = &self.requests[end];
        let code = "NetStream.Unpublish.Success";
        if !request.steps.is_empty() {
            return Some(missed(code, format!("answer to {}: {}", request.name, request.story()), request.n));
        }
        // A client that is gone at once may have been too quick.
        let is_clear = self.is_settled(end) && !self.left_at(end);
        is_clear.then(|| missed(code, format!("{} was not answered by it", request.name), request.n))
    }

    /// A player is told when the publisher of its stream ends.
    fn missed_by_player(&self, player: &Player) -> Option<Missed> {
        let ended = player.ended?;
        let stayed = self.end.is_none_or(|end| end.at.since(ended) > PATIENCE);
        let told: Vec<&str> = player.after.iter().map(|(text, _)| text.as_str()).collect();
        if told.is_empty() && !stayed {
            return None;
        }
        let told = if told.is_empty() { "nothing".to_owned() } else { told.join(", ") };
        let n = player.after.first().map_or(player.play.0, |(_, n)| *n);
        let instead = format!("to a player, when the publisher ended: {told}");
        Some(missed("NetStream.Play.UnpublishNotify", instead, n))
    }

    fn missed_by_scenario(&self, connect: &Request, writer: &Writer<'_>) -> Option<Missed> {
        let scenario = self.scenario.as_ref()?;
        let (code, or) = scenario.expects.split_first()?;
        let is_wanted = |request: &&Request| !request.is_ending() && !request::is_reaction(&request.name);
        let closed_at = self.closed_at.map(|index| &self.requests[index]);
        let request = closed_at.or_else(|| self.requests.iter().rev().find(is_wanted)).unwrap_or(connect);
        let story = if request.steps.is_empty() { "nothing".to_owned() } else { request.story() };
        let is_later = self.server_closed().is_some() && self.closed_at.is_none();
        let later = if is_later { ", and later the server closes" } else { "" };
        let name = normal::clip(&writer.shown(&request.name));
        let instead = format!("answer to {name}: {story}{later} ({})", scenario.name);
        Some(Missed { or: or.to_vec(), ..missed(code, instead, request.n) })
    }
}
