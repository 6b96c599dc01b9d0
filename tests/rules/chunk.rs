//! Cases of the CHK rules.

use rtmp_inspect::synth::{ExtendedTimestamp, sample};

use crate::{Case, case, large};

pub(super) fn cases() -> Vec<Case> {
    let extended = |dialect| {
        sample::publishing().client(|c| {
            c.chunk_layer(|chunks| chunks.extended_timestamp = dialect)
                .message(&large(0x0100_0000))
                .message(&large(0x0100_0028))
        })
    };
    vec![
        case("CHK001", "full header first", &sample::publishing(), &[]),
        case(
            "CHK001",
            "type 3 first",
            &sample::publishing().client(|c| c.raw(&[0xc9, 0])),
            &["the first chunk on chunk stream 9 is of type 3 and inherits from nothing (offset 3328)"],
        ),
        case("CHK004", "repeated", &extended(ExtendedTimestamp::Repeated), &[]),
        case(
            "CHK004",
            "left out",
            &extended(ExtendedTimestamp::Omitted),
            &["type 3 chunks leave out the extended timestamp 16777216"],
        ),
    ]
}
