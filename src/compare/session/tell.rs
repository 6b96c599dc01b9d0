//! What is told of a session: requests, streams, the end.

use super::super::media::Player;
use super::super::normal;
use super::super::request::{self, CLOSES, PATIENCE};
use super::super::situation::Situation;
use super::super::writer::{Writer, name};
use super::Session;
use crate::net::How;
use crate::proto::rtmp::procedure::{Deed, ON_STATUS};

impl Session {
    pub(super) fn tell_requests(&self, writer: &mut Writer<'_>) {
        for (index, request) in self.requests.iter().enumerate() {
            let shown = normal::clip(&writer.shown(&request.name));
            if let Some((n, at)) = request.told.answer {
                let rank = if request.deed == Some(Deed::Connects) { 899 } else { 600 + request::rank(&request.name) };
                let row = name(rank, format!("latency.{shown}"), format!("{shown} to its answer"));
                writer.latency(row, at.since(request.time), Some(n));
            }
            if request.deed == Some(Deed::Connects) {
                continue;
            }
            let value = if !request.steps.is_empty() {
                request.story()
            } else if self.is_settled(index) {
                "nothing".to_owned()
            } else {
                continue;
            };
            let n = request.steps.iter().min_by_key(|step| step.order).and_then(|step| step.n).unwrap_or(request.n);
            let row = name(request::rank(&request.name), format!("request.{shown}"), format!("Answer to {shown}"));
            writer.fact(row, &request.situation, value, Some(n));
        }
    }

    pub(super) fn tell_streams(&self, writer: &mut Writer<'_>) {
        const TITLES: [&str; 10] = [
            "protocol control messages",
            "user control messages",
            "answers to calls",
            ON_STATUS,
            "other commands",
            "data messages",
            "shared objects",
            "audio",
            "video",
            "aggregates",
        ];
        for ((situation, place, chunk_stream, stream), n) in &self.kinds {
            let stream = match stream {
                None => "a message stream that is not known",
                Some(0) => "message stream 0",
                Some(id) if self.is_own(*id) => "the stream's message stream",
                Some(_) => "another message stream",
            };
            let title = TITLES[*place];
            let value = format!("chunk stream {chunk_stream}, {stream}");
            let key = format!("streams.{}", title.replace(' ', "_"));
            let row = name(600 + *place as u32, key, format!("Streams of {title}"));
            writer.fact(row, &self.situations[*situation], value, Some(*n));
        }
    }

    pub(super) fn tell_publisher_end(&self, player: &Player, writer: &mut Writer<'_>) {
        let Some(ended) = player.ended else { return };
        let stayed = self.end.is_none_or(|end| end.at.since(ended) > PATIENCE);
        if player.after.is_empty() && (self.frozen || !stayed) {
            return;
        }
        let mut texts: Vec<&str> = player.after.iter().map(|(text, _)| text.as_str()).collect();
        texts.dedup();
        let value = if texts.is_empty() { "nothing".to_owned() } else { texts.join(", ") };
        let n = player.after.first().map_or(player.play.0, |(_, n)| *n);
        let row = name(707, "media.publisher_end", "To a player, when the publisher ends");
        writer.fact(row, &player.situation, value, Some(n));
    }

    pub(super) fn tell_end(&self, situation: &Situation, writer: &mut Writer<'_>) {
        let Some(end) = self.end else { return };
        let value = match (self.server_closed().is_some(), end.how) {
            (_, How::Timeout | How::EndOfCapture) => return,
            (false, _) => "the client is done first",
            (true, How::Fin) => CLOSES,
            (true, How::Rst) => "the server resets the connection",
        };
        writer.fact(name(950, "end", "End of the connection"), situation, value, None);
    }
}
