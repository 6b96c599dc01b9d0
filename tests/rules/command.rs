//! Cases of the CMD rules.

use rtmp_inspect::synth::{Conversation, sample};

use crate::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("CMD006", "answered", &sample::publish(1), &[]),
        case(
            "CMD006",
            "a call that nobody answers",
            &sample::publishing().client(|c| c.command("lab.call", 9, &[])),
            &["lab.call(9) was never answered"],
        ),
        case(
            "CMD006",
            "transaction 0 wants no answer",
            &sample::publishing().client(|c| c.command("lab.call", 0, &[])),
            &[],
        ),
        case("CMD023", "all is well", &sample::publish(1), &[]),
        case(
            "CMD023",
            "connect rejected",
            &Conversation::new()
                .handshake()
                .client(|c| c.connect("live"))
                .server(|s| s.error(1, "NetConnection.Connect.Rejected", "No such app.")),
            &["the server rejected connect(1): NetConnection.Connect.Rejected \"No such app.\""],
        ),
        case(
            "CMD023",
            "a stream that is not there",
            &sample::connected().server(|s| s.on_status(1, "error", "NetStream.Play.StreamNotFound", "Gone.")),
            &["the server sent onStatus: NetStream.Play.StreamNotFound \"Gone.\""],
        ),
    ]
}
