use crate::proto::Undecodable;
use crate::proto::rtmp::detect::Foreign;
use crate::proto::rtmp::{Reason, Step};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;

rule! {
    /// One side speaks RTMP, and the other answers in another protocol: where C0 or S0 should be stands the beginning of HTTP,
    /// TLS, SSH or text. Versions of 32 and more are not allowed just so that this can be told.
    ///
    /// Why: no session can begin. It is the wrong port, or a proxy or firewall in between that answers in the server's stead.
    ///
    /// Seen: proxies that answer in HTTP; RootEncoder has a case of its own for them.
    ///
    /// Change: connect to the RTMP port; use `rtmps://` where the port speaks TLS, and let no HTTP proxy stand in between.
    pub(super) struct VersionNotRtmp {}
    "HSK001", "version-not-rtmp", Error, "RTMP 1.0 §5.2.2", rests: Event, media: false
}

impl Rule for VersionNotRtmp {
    fn undecodable(&mut self, lost: &Undecodable, _: &Story, findings: &mut Findings) {
        let Reason::NotRtmp(foreign) = lost.reason else { return };
        let (side, step) = (lost.from.name(), Step::Version.name(lost.from));
        let mut text = format!("the {side} speaks {} where {step} should be", foreign.name());
        if (lost.from, foreign) == (Side::Server, Foreign::Tls) {
            text.push_str(": the client sends RTMP in clear to a port that speaks TLS");
        }
        findings.push(Self::META, Some(lost.from), text, (lost.at.packet, lost.at.packet));
    }
}
