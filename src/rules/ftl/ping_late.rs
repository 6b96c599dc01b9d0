use super::{SECOND, about_field, command, is_ended, packets};
use crate::proto::Close;
use crate::proto::ftl::{Command, Message, field};
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::ftl::Ftl;
use crate::wire::words::duration;
use crate::wire::{Moment, Side};

/// Servers count a client as gone that says nothing for longer.
const LATE: i64 = 6 * SECOND;

rule! {
    /// More than 6 seconds without a PING on the control connection, once media may begin.
    ///
    /// Why: the documents ask for one every 5 seconds; a server may take who is late for gone, and end the session.
    ///
    /// Seen: clients that do not ping, or whose pings wait behind something else that they do.
    ///
    /// Change: send PING every 5 seconds from a timer of its own.
    pub(super) struct PingLate {}
    "FTL010", "ping-late", Warning, "FTL 0.9, Maintaining the connection", rests: Sender, media: false
}

impl Rule for PingLate {
    fn ftl(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let Some((line, Command::Ping { .. })) = command(message) else { return };
        let Some((since, what)) = story.ftl.as_ref().and_then(|ftl| last(ftl)) else { return };
        let pause = line.line.last.time.since(since.time);
        if pause > LATE {
            let text = format!("PING comes {} after {what}", duration(pause));
            about_field(findings, Self::META, message, &field::NAME, text);
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        let Some(ftl) = story.ftl.as_ref().filter(|_| close.last) else { return };
        let Some((since, what)) = last(ftl) else { return };
        let ending = story.ending(close);
        let refused = ftl.state.refused.map(|(_, at)| at);
        let ends = [ftl.state.disconnected, refused, Some(ending.at)].into_iter().flatten();
        let Some(end) = ends.min_by_key(|end| end.time) else { return };
        let pause = end.time.since(since.time);
        if pause > LATE {
            let until = if is_ended(&ending) { "the end" } else { "the end of the capture" };
            let text = format!("no PING in {} from {what} to {until}", duration(pause));
            findings.push(Self::META, Some(Side::Client), text, packets(since.packet, end.packet));
        }
    }
}

/// From when on the next PING is waited for.
fn last(ftl: &Ftl) -> Option<(Moment, &'static str)> {
    let started = ftl.state.started?;
    let ping = ftl.pings.last.filter(|ping| ping.time >= started.time);
    Some(ping.map_or((started, "the start"), |ping| (ping, "the last one")))
}
