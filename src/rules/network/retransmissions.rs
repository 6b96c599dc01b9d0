use crate::proto::Close;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::words::count;

rule! {
    /// More than 1 % of a direction's bytes were sent again. Packets that were merely captured twice do not count.
    ///
    /// Why: TCP slows down at each loss, and a live stream has no time to spare: frames come late or are dropped. What was
    /// captured before it was sent again was lost behind the point of capture, or its acknowledgement was.
    ///
    /// Seen: wireless and mobile uplinks; bit rates above what the link carries.
    ///
    /// Change: a lower bit rate, or a server that is nearer.
    pub(super) struct Retransmissions {}
    "NET007", "retransmissions", Note, "RFC 9293 §3.8.1", rests: Event, media: false
}

impl Rule for Retransmissions {
    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        let Some(tcp) = &close.tcp else { return };
        let (again, all) = (tcp.retransmitted_bytes, close.bytes);
        if again.saturating_mul(100) <= all {
            return;
        }
        let percent = again as f64 * 100.0 / all.max(1) as f64;
        let (again, segments) = (count(again, "byte"), count(tcp.retransmissions, "segment"));
        let mut text =
            format!("the {} sent {again} again ({percent:.1} % of its {all}), in {segments}", close.from.name());
        if tcp.lost_before_capture > 0 {
            text += &format!(", {} of them for what was lost before the point of capture", tcp.lost_before_capture);
        }
        let packets = tcp.retransmission_packets.unwrap_or((close.at.packet, close.at.packet));
        findings.push(Self::META, Some(close.from), text, packets);
    }
}
