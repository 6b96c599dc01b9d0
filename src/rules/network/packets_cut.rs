use crate::proto::Close;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::words::{count, plural};

rule! {
    /// A snap length cut packets of this direction: the capture holds only the first bytes of each.
    ///
    /// Why: the bytes behind them are holes, and what they held is not known.
    ///
    /// Seen: captures made for statistics, with a short snap length.
    ///
    /// Change: capture whole packets (`tcpdump -s 0`).
    pub(super) struct PacketsCut {}
    "NET003", "packets-cut", Note, "RFC 9293", rests: Event, media: false
}

impl Rule for PacketsCut {
    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        let Some(tcp) = &close.tcp else { return };
        if tcp.cut_packets > 0 {
            let (packets, bytes) = (tcp.cut_packets, count(tcp.cut_bytes, "byte"));
            let (packets, were) = (count(packets, "packet"), plural(packets, "was", "were"));
            let from = close.from.name();
            let text = format!("{packets} of the {from} {were} cut by the capture, by {bytes} together");
            findings.push(Self::META, Some(close.from), text, (close.at.packet, close.at.packet));
        }
    }
}
