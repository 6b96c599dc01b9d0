//! Cases of the HSK rules.

use rtmp_inspect::synth::{Conversation, Handshake};

use crate::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    let handshake =
        |kind| Conversation::new().handshake_as(kind).client(|c| c.connect("live")).server(|s| s.connect_result());
    vec![
        case("HSK005", "an echo with its time", &handshake(Handshake::Simple), &[]),
        case("HSK005", "an exact echo", &handshake(Handshake::Exact), &[]),
        case("HSK005", "S1 is a copy of C1", &handshake(Handshake::CopiedS1), &[]),
        case(
            "HSK005",
            "C2 is something else",
            &handshake(Handshake::BrokenC2),
            &["C2 is neither an echo of S1 nor signed"],
        ),
        case(
            "HSK005",
            "S2 is something else",
            &handshake(Handshake::BrokenS2),
            &["S2 is neither an echo of C1 nor signed"],
        ),
    ]
}
