use crate::proto::rtmp::{Handshake, HandshakeFacts};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// The version in C0 or S0 is 3. 0 to 2 are of the time before RTMP was published, 4 to 31 are left for the future, and only
    /// 6, 8 and 9 are in use, for RTMPE. A server that does not know the version of C0 answers 3, or gives up.
    ///
    /// Why: most servers look at nothing else before they hang up.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: send 3.
    pub(super) struct VersionUnsupported {}
    "HSK002", "version-unsupported", Warning, "RTMP 1.0 §5.2.2", rests: Sender, media: false
}

impl Rule for VersionUnsupported {
    fn handshake(&mut self, step: &Handshake, _: &Story, findings: &mut Findings) {
        let HandshakeFacts::Version(version) = step.facts else { return };
        if !matches!(version, 3 | 6 | 8 | 9) {
            let text = format!("{} is {version}, not 3", step.step.name(step.from));
            findings.push(Self::META, Some(step.from), text, (step.first.packet, step.last.packet));
        }
    }
}
