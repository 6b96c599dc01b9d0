use crate::proto::rtmp::{Handshake, HandshakeFacts};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// The version in C0 or S0 is 3. 0 to 2 are of the time before RTMP was published, 4 to 31 are left for the future, and only
    /// 6, 8 and 9 are in use, for RTMPE. 32 and more are not allowed: text begins so. That it is RTMP all the same is shown by the
    /// C1 or S1 behind it. A server that does not know the version of C0 answers 3, or gives up.
    ///
    /// Why: most servers look at nothing else before they hang up.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: send 3 in C0 or S0.
    pub(super) struct VersionUnsupported {}
    "HSK002", "version-unsupported", Warning, "RTMP 1.0 §5.2.2", rests: Sender, media: false
}

impl Rule for VersionUnsupported {
    fn handshake(&mut self, step: &Handshake, _: &Story, findings: &mut Findings) {
        let HandshakeFacts::Version(version) = step.facts else { return };
        if !matches!(version, 3 | 6 | 8 | 9) {
            let (side, name) = (step.from.name(), step.step.name(step.from));
            let what = if version < 32 { "a version that nobody speaks" } else { "no version, since text begins so" };
            let text = format!("{name} of the {side} is {version}, {what}; plain RTMP is 3");
            findings.push(Self::META, Some(step.from), text, (step.first.packet, step.last.packet));
        }
    }
}
