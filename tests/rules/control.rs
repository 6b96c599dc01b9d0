//! Cases of the CTL rules.

use rtmp_inspect::synth::{Message, sample};

use crate::{Case, case, large};

pub(super) fn cases() -> Vec<Case> {
    // A window of 1000 bytes on the side that sends media.
    let windowed = |acknowledge: bool| {
        let mut conversation = sample::publishing().client(|c| c.window_acknowledgement_size(1000).message(&large(40)));
        if acknowledge {
            conversation = conversation.server(|s| s.acknowledgement(9000));
        }
        conversation.client(|c| c.message(&large(80)))
    };
    vec![
        case("CTL001", "on chunk stream 2", &sample::publish(3), &[]),
        case(
            "CTL001",
            "a window on chunk stream 3",
            &sample::publishing().server(|s| s.message(&Message::new(3, 5, 0, 0, vec![0, 1, 0, 0]))),
            &["window_acknowledgement_size on chunk stream 3, not 2"],
        ),
        case(
            "CTL001",
            "user control is another rule's",
            &sample::publishing().server(|s| s.message(&Message::new(3, 4, 0, 0, vec![0, 0, 0, 0, 0, 1]))),
            &[],
        ),
        case("CTL002", "on message stream 0", &sample::publish(3), &[]),
        case(
            "CTL002",
            "an acknowledgement on message stream 1",
            &sample::publishing().server(|s| s.message(&Message::new(2, 3, 1, 0, vec![0, 0, 1, 0]))),
            &["acknowledgement on message stream 1, not 0"],
        ),
        case("CTL006", "acknowledged", &windowed(true), &[]),
        case(
            "CTL006",
            "never acknowledged",
            &windowed(false),
            &["the server never acknowledged 10018 bytes of the client under a window of 1000"],
        ),
        case("CTL006", "less than two windows", &sample::publish(20), &[]),
    ]
}
