use crate::proto::Close;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::words::rounded_seconds;

/// Nanoseconds. Shorter ones are how a full buffer looks every day.
const LONG: i64 = 1_000_000_000;

rule! {
    /// A receiver closed its TCP window for more than a second: it did not read, and the sender had to stop.
    ///
    /// Why: a live stream falls behind meanwhile, and the sender drops frames or disconnects.
    ///
    /// Seen: players that are paused or too slow; servers that wait for a disk, a script or a viewer.
    ///
    /// Change: nothing in the network: make the receiver read on, or the sender drop frames for it.
    pub(super) struct ZeroWindow {}
    "NET006", "zero-window", Note, "RFC 9293 §3.8.6", rests: Event, media: false
}

impl Rule for ZeroWindow {
    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        let Some(tcp) = &close.tcp else { return };
        if tcp.longest_zero_window > LONG {
            let times = if tcp.zero_windows == 1 { "once" } else { "several times" };
            let seconds = rounded_seconds(tcp.longest_zero_window, 1);
            let mut text =
                format!("the {} closed its receive window {times}, for up to {seconds} s", close.from.name());
            if tcp.zero_window_at_end {
                text.push_str(", and had it closed at the end");
            }
            let first = tcp.zero_window_packet.unwrap_or(close.at.packet);
            findings.push(Self::META, Some(close.from), text, (first, close.at.packet.max(first)));
        }
    }
}
