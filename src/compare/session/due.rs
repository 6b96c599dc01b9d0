//! Codes that were due and did not come. Nothing is held against a server that the wire leaves in doubt.

use super::super::codes::Carrier;
use super::super::media::Player;
use super::super::normal;
use super::super::request::{self, CLOSES, PATIENCE, Request};
use super::super::writer::Writer;
use super::Session;

/// Codes of which one was due, and what came instead.
struct Missed {
    codes: Vec<&'static str>,
    instead: String,
    n: u64,
}

fn missed(codes: &[&'static str], instead: impl Into<String>, n: u64) -> Missed {
    Missed { codes: codes.to_vec(), instead: instead.into(), n }
}

impl Session {
    pub(super) fn tell_missing(&self, writer: &mut Writer<'_>) {
        let Some(connect) = self.requests.first().filter(|request| request.name == "connect") else { return };
        if self.frozen {
            return;
        }
        let mut all: Vec<Missed> = self.missed_by_connection(connect).into_iter().collect();
        for (index, request) in self.requests.iter().enumerate() {
            let name = writer.shown(&normal::clip(&request.name));
            all.extend(self.missed_by_request(index, request, &name));
        }
        all.extend(self.missed_by_end());
        all.extend(self.player.as_ref().and_then(|player| self.missed_by_player(player)));
        all.extend(self.missed_by_scenario(connect, writer));
        for Missed { codes, instead, n } in all {
            // One of them was due; if one came, that was it.
            if codes.iter().any(|code| self.has(code)) {
                continue;
            }
            for code in codes {
                if let Some(tally) = writer.profile.code(code) {
                    tally.missed(&instead, self.evidence(Some(n)));
                }
            }
        }
    }

    /// Whether the server sent the code, in whatever message.
    fn has(&self, code: &str) -> bool {
        self.sightings.iter().any(|sighted| sighted.sighting.code == code)
    }

    fn missed_by_connection(&self, connect: &Request) -> Option<Missed> {
        let closed = self.server_closed();
        match &self.connect.answer {
            Some((answer, n)) if !self.connect.has_code => Some(if answer.starts_with("_result") {
                missed(&["NetConnection.Connect.Success"], "a _result without a code", *n)
            } else {
                missed(&["NetConnection.Connect.Rejected"], "an _error without a code", *n)
            }),
            Some((answer, _)) if answer.starts_with("_result") => {
                let end = closed?;
                let at = |request: &&Request| request.time <= end.at;
                let last = self.closed_at.map(|index| &self.requests[index]);
                let n = last.or(self.requests.iter().rev().find(at)).map_or(connect.n, |request| request.n);
                // Any of these would have said it; which one was due only the server knows.
                let said = ["IdleTimeout", "AppShutdown", "Rejected"];
                let is_said = said.iter().any(|code| self.has(&format!("NetConnection.Connect.{code}")));
                let instead = "the server closed the connection without it";
                (!is_said).then(|| missed(&["NetConnection.Connect.Closed"], instead, n))
            }
            None if closed.is_some() && self.requests.len() == 1 => {
                let instead = "connect refused by closing the connection";
                Some(missed(&["NetConnection.Connect.Rejected"], instead, connect.n))
            }
            _ => None,
        }
    }

    fn missed_by_request(&self, index: usize, request: &Request, name: &str) -> Option<Missed> {
        let n = request.n;
        let settled = self.is_settled(index);
        if request.is_call() && !request.is_answered && settled {
            return Some(missed(&["NetConnection.Call.Failed"], format!("{name} was never answered"), n));
        }
        let is_refused = request.steps.iter().any(|step| step.text == CLOSES);
        match (request.name.as_str(), request.flag) {
            ("publish", _) if self.says_of_publishing() => None,
            ("publish", _) if is_refused && request.is_name_busy => {
                let instead = "a publish of a busy name was refused by closing the connection";
                Some(missed(&["NetStream.Publish.BadName"], instead, n))
            }
            ("publish", _) if settled && self.server_closed().is_none() => {
                Some(missed(&["NetStream.Publish.Start"], "publish was accepted without it", n))
            }
            ("play", _) => {
                let player = self.player.as_ref().filter(|player| player.play.0 == n && player.has_begun());
                player.map(|_| missed(&["NetStream.Play.Start"], "media came without it", n))
            }
            ("pause", Some(true)) if settled => {
                Some(missed(&["NetStream.Pause.Notify"], "pause was not answered by it", n))
            }
            ("pause", Some(false)) if settled => {
                Some(missed(&["NetStream.Unpause.Notify"], "the end of a pause was not answered by it", n))
            }
            ("seek", _) if settled => {
                let is_refused = self.has("NetStream.Seek.Failed") || self.has("NetStream.Seek.InvalidTime");
                let instead = "seek was not answered by it";
                (!is_refused).then(|| missed(&["NetStream.Seek.Notify"], instead, n))
            }
            _ => None,
        }
    }

    /// Whether a status told how a publish ended.
    fn says_of_publishing(&self) -> bool {
        self.sightings.iter().any(|sighted| {
            let code = sighted.sighting.code.as_str();
            let is_about =
                code.starts_with("NetStream.Publish.") || matches!(code, "NetStream.Failed" | "NetStream.Record.Start");
            is_about && !matches!(sighted.sighting.carrier, Carrier::Other(_))
        })
    }

    /// A publisher that ends its stream is told so.
    fn missed_by_end(&self) -> Option<Missed> {
        let (_, publish) = self.published.as_ref()?;
        let ends = |request: &Request| request.name == "deleteStream" || request.name == "closeStream";
        let end = self.requests.iter().rposition(ends).filter(|end| end > publish)?;
        let request = &self.requests[end];
        let codes = &["NetStream.Unpublish.Success"];
        if !request.steps.is_empty() {
            return Some(missed(codes, format!("answer to {}: {}", request.name, request.story()), request.n));
        }
        // A client that is gone at once may have been too quick.
        let is_clear = self.is_settled(end) && !self.left_at(end);
        is_clear.then(|| missed(codes, format!("{} was not answered by it", request.name), request.n))
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
        Some(missed(&["NetStream.Play.UnpublishNotify"], instead, n))
    }

    fn missed_by_scenario(&self, connect: &Request, writer: &Writer<'_>) -> Option<Missed> {
        let scenario = self.scenario.as_ref().filter(|scenario| !scenario.expects.is_empty())?;
        let is_wanted = |request: &&Request| !request.is_ending() && !request::is_reaction(&request.name);
        let closed_at = self.closed_at.map(|index| &self.requests[index]);
        let request = closed_at.or_else(|| self.requests.iter().rev().find(is_wanted)).unwrap_or(connect);
        let story = if request.steps.is_empty() { "nothing".to_owned() } else { request.story() };
        let is_later = self.server_closed().is_some() && self.closed_at.is_none();
        let later = if is_later { ", and later the server closes" } else { "" };
        let name = writer.shown(&normal::clip(&request.name));
        Some(missed(&scenario.expects, format!("{}: answer to {name}: {story}{later}", scenario.name), request.n))
    }
}
