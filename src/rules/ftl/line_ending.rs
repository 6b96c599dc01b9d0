use super::{about_field, called, command};
use crate::proto::ftl::{LineEnd, Message, field};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// A client's line ends in LF alone, or in one CRLF, instead of CRLF CRLF.
    ///
    /// Why: FTL's documents show LF alone, and servers should take it; Janus and Lightspeed do not, and wait for CRLF CRLF for
    /// ever. They answer nothing then, and nobody says why.
    ///
    /// Seen: clients that were written after the documents rather than after ftl-sdk, which ends every line in CRLF CRLF, as OBS
    /// does.
    ///
    /// Change: end each line of a client in CRLF CRLF; a server should take LF as well.
    pub(super) struct LineEnding {}
    "FTL006", "line-ending", Warning, "ftl-sdk handshake.c; FTL 0.9, Commands", rests: Sender, media: false
}

impl Rule for LineEnding {
    fn ftl(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Some((line, command)) = command(message) else { return };
        let ends = match line.line.end {
            LineEnd::Lf => "LF alone",
            LineEnd::CrLf => "one CRLF",
            LineEnd::CrLfCrLf | LineEnd::Missing => return,
        };
        let what = command.name().map_or("a line", called);
        about_field(
            findings,
            Self::META,
            message,
            &field::LINE_END,
            format!("{what} ends in {ends}; Janus and Lightspeed wait for CRLF CRLF"),
        );
    }
}
