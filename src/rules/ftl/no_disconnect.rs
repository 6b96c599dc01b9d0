use super::{is_ended, packets};
use crate::net::How;
use crate::proto::Close;
use crate::proto::ftl::Phase;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;

rule! {
    /// The control connection ended, and the client had not said DISCONNECT: which side ended it, and how far the session was.
    ///
    /// Why: without it a server cannot tell who leaves from who is lost, and may keep the channel for who comes back.
    ///
    /// Seen: clients that are killed or crash, whose machine closes the connection; servers that end a session or die.
    ///
    /// Change: send DISCONNECT before closing; look into the log of the side that ended it.
    pub(super) struct NoDisconnect {}
    "FTL018", "no-disconnect", Note, "FTL 0.9, Maintaining the connection", rests: Session, media: false
}

impl Rule for NoDisconnect {
    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        let Some(ftl) = story.ftl.as_ref().filter(|_| close.last) else { return };
        let ending = story.ending(close);
        let Some(by) = ending.by.filter(|_| is_ended(&ending)) else { return };
        let state = &ftl.state;
        if state.disconnected.is_some() || state.phase < Phase::Handshaking {
            return;
        }
        let did = if ending.how == How::Rst { "reset" } else { "closed" };
        let when = if state.started.is_some() { "after the start" } else { "before media could begin" };
        let text = format!("the {} {did} the control connection {when}, without DISCONNECT of the client", by.name());
        let said = story.of(Side::Client).last.map_or(ending.at, |last| last);
        findings.push(Self::META, Some(by), text, packets(said.packet.min(ending.at.packet), ending.at.packet));
    }
}
