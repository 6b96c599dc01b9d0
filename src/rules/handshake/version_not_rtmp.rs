use crate::proto::rtmp::detect::Foreign;
use crate::proto::rtmp::{Reason, Step};
use crate::proto::{Opened, Undecodable};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// One side speaks RTMP, and the other answers in another protocol: where C0 or S0 should be stands the beginning of HTTP,
    /// SSH or text. Versions of 32 and more are not allowed just so that this can be told. TLS is TLS003's.
    ///
    /// Why: no session can begin. It is the wrong port, or a proxy or firewall in between that answers in the server's stead.
    ///
    /// Seen: proxies that answer in HTTP; RootEncoder has a case of its own for them.
    ///
    /// Change: connect to the RTMP port; use `rtmps://` where the port speaks TLS, and let no HTTP proxy stand in between.
    pub(super) struct VersionNotRtmp {
        is_clear: bool,
    }
    "HSK001", "version-not-rtmp", Error, "RTMP 1.0 §5.2.2", rests: Event, media: false
}

impl Rule for VersionNotRtmp {
    fn opened(&mut self, opened: &Opened, _: &Story, _: &mut Findings) {
        self.is_clear = opened.is_clear();
    }

    fn undecodable(&mut self, lost: &Undecodable, _: &Story, findings: &mut Findings) {
        let Reason::NotRtmp(foreign) = lost.reason else { return };
        if foreign == Foreign::Tls && self.is_clear {
            return;
        }
        let (side, step) = (lost.from.name(), Step::Version.name(lost.from));
        let text = format!("the {side} speaks {} where {step} should be", foreign.name());
        findings.push(Self::META, Some(lost.from), text, (lost.at.packet, lost.at.packet));
    }
}
