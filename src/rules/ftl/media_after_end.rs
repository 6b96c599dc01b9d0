use super::{SECOND, about_source, is_ended, named};
use crate::proto::Close;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::words::duration;

/// What was under way when the end came, in ns.
const UNDER_WAY: i64 = SECOND;

rule! {
    /// The client's media goes on for more than a second after its DISCONNECT, after the server refused or ended the session, or
    /// after the control connection was closed.
    ///
    /// Why: nobody takes it. The port may be another session's by then.
    ///
    /// Seen: clients that do not notice that their server is gone.
    ///
    /// Change: stop sending when the control connection ends.
    pub(super) struct MediaAfterEnd {}
    "FTL020", "media-after-end", Note, "FTL 0.9, Maintaining the connection", rests: Event, each: true, media: false
}

impl Rule for MediaAfterEnd {
    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        let Some(ftl) = story.ftl.as_ref().filter(|_| close.last) else { return };
        let ending = story.ending(close);
        let state = &ftl.state;
        let ends = [
            state.disconnected.map(|at| (at, "DISCONNECT")),
            state.refused.map(|(_, at)| (at, "the server's refusal")),
            is_ended(&ending).then_some((ending.at, "the end of the control connection")),
        ];
        let Some((end, what)) = ends.into_iter().flatten().min_by_key(|(at, _)| at.time) else { return };
        for source in ftl.sources.iter().filter(|source| source.from == Side::Client) {
            let after = source.last.time.since(end.time);
            if after > UNDER_WAY {
                let text = format!("{} goes on until {} after {what}", named(source), duration(after));
                about_source(findings, Self::META, source, text);
            }
        }
    }
}
