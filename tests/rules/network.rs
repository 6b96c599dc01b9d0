//! Cases of the NET rules.

use rtmp_inspect::synth::{Link, sample, transform};
use rtmp_inspect::wire::Side;

use crate::common::Story;
use crate::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        case("NET001", "whole", &sample::publish(3), &[]),
        case("NET002", "from the SYN", &sample::publish(3), &[]),
    ];
    // A packet of the server's direction lost: one hole, said once, and no peer is blamed for it.
    let packets = Link::v4().packets(&sample::publishing());
    let lost = packets.iter().rposition(|packet| packet.from == Side::Server && packet.payload.len() > 100).unwrap();
    let story = Story::of_packets(&transform::drop_packets(&packets, &[lost]));
    cases.push(Case {
        code: "NET001",
        what: "a packet lost",
        story,
        expected: &["134 bytes from offset 3353 on are not in the capture; the next chunk is looked for"],
    });
    let without_syn: Vec<_> = packets.into_iter().filter(|packet| packet.flags & 2 == 0).collect();
    cases.push(Case {
        code: "NET002",
        what: "no SYN",
        story: Story::of_packets(&without_syn),
        expected: &["the connection began before the capture"],
    });
    cases
}
