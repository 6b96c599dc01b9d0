use crate::net::How;
use crate::proto::rtmp::procedure::{self, Deed};
use crate::proto::rtmp::{Body, Command, Message};
use crate::proto::{Close, Incomplete};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::words::duration;

/// A client that stays for less than this, in nanoseconds, only looked whether the server is there.
const SILENT_NS: i64 = 10_000_000_000;

rule! {
    /// The server accepted connect, and for ten seconds and more, until one side ended the connection, the client neither published
    /// nor played, nor did either side call the application, send it data or share an object. What only prepares for that
    /// (createStream, FCPublish, a measurement of bandwidth) asks for nothing yet. The finding says how long it was, and who
    /// ended it.
    ///
    /// Why: nothing is wrong on the wire, and nothing works: the client waits for something that the server does not send, or lost
    /// what it was to do.
    ///
    /// Seen: no real client yet.
    ///
    /// Change: look at what the client got last, and at its log; a server closes idle connections after a while.
    pub(super) struct NothingAskedFor {
        is_used: bool,
    }
    "CMD032", "nothing-asked-for", Note, "RTMP 1.0 §7.2", rests: Session, unsure: true
}

impl Rule for NothingAskedFor {
    fn message(&mut self, message: &Message, _: &Story, _: &mut Findings) {
        self.is_used |= match &message.body {
            Body::Command(command) => is_use(command),
            Body::Audio(_) | Body::Video(_) | Body::Data(_) | Body::Aggregate(_) | Body::SharedObject(_) => true,
            _ => false,
        };
    }

    fn incomplete(&mut self, _: &Incomplete, _: &Story, _: &mut Findings) {
        // What it was going to be nobody knows.
        self.is_used = true;
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        let Some(connect) = story.connect.as_ref().filter(|_| close.last && !self.is_used) else { return };
        let Some(answer) = connect.answer.as_ref().filter(|answer| answer.accepted) else { return };
        let ending = story.ending(close);
        // Where the capture only ends, nobody knows what comes.
        let Some(by) = ending.by.filter(|_| Side::BOTH.into_iter().all(|side| story.is_whole(side))) else { return };
        let silent = ending.at.time.since(answer.at.time);
        if silent < SILENT_NS {
            return;
        }
        let (silent, by) = (duration(silent), by.name());
        let end = if ending.how == How::Rst { "reset" } else { "closed" };
        let text = format!(
            "the client asked for nothing after its connect was accepted; {silent} later the {by} {end} the connection"
        );
        let packets = (connect.at.packet, ending.at.packet.max(answer.at.packet));
        let finding = findings.push(Self::META, Some(Side::Client), text, packets);
        finding.message = Some(connect.n);
        finding.certain = story.ends_in_order(close);
    }
}

/// Whether a command uses the connection for something: the application's own do, whoever sends them.
fn is_use(command: &Command) -> bool {
    let of_deed = |deed| matches!(deed, Deed::Publishes | Deed::Plays | Deed::Steers);
    !command.is_answer() && procedure::deed(&command.name).is_none_or(of_deed)
}
