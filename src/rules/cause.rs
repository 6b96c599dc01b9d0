//! Which faults explain others: who mends the cause mends what follows from it.
//!
//! What may follow is no less true: it is found, counted and written to JSON like everything else, with its cause beside it. A
//! person is shown the cause, and what may follow from it in one line.

use super::{Finding, Severity};
use crate::wire::{PacketNo, Side};

/// Faults that explain others, when those come behind them in the same session.
struct Cause {
    codes: &'static [&'static str],
    /// The codes of what may follow.
    explained: &'static [&'static str],
    /// Which of those that come behind them.
    which: Which,
}

#[derive(Clone, Copy)]
enum Which {
    /// All.
    All,
    /// Those about the same message.
    OfTheMessage,
    /// What the other side does.
    OfTheOtherSide,
    /// Those that end no later: the cause lasted until then.
    Until,
}

/// In the order in which a session reaches them.
const CAUSES: &[Cause] = &[
    // Without a handshake that both sides accept nothing is read, so nothing is answered.
    Cause {
        codes: &["HSK001", "HSK002", "HSK005", "HSK010", "HSK012", "HSK013", "TLS003"],
        explained: &["CMD006", "CMD026", "NET004"],
        which: Which::All,
    },
    // What one side encrypts the other cannot read, and neither can this program.
    Cause { codes: &["HSK011"], explained: &["CHK001", "CHK018"], which: Which::All },
    // A receiver that goes by the specification has lost the chunk stream there: it answers no more, and hangs up.
    Cause {
        codes: &["CHK001", "CHK003", "CHK010", "CHK013", "CHK014", "CHK018", "CHK020", "CHK021", "CHK022"],
        explained: &[
            "CMD006", "CMD017", "CMD018", "CMD026", "CTL006", "CTL007", "CTL013", "MED001", "MED004", "NET004",
            "NET008",
        ],
        which: Which::All,
    },
    // A message that is cut in the wrong place holds what nobody wrote.
    Cause {
        codes: &["CHK020", "CHK021", "CHK022"],
        explained: &[
            "AMF001", "AMF002", "AMF003", "AMF004", "AMF005", "AMF006", "AMF007", "AMF008", "AMF010", "CMD009",
            "MED002", "MED003", "MED010", "MED015", "MED016", "MED017",
        ],
        which: Which::All,
    },
    // Ids that are not written as they should name what nobody made.
    Cause {
        codes: &["CHK015", "CHK022"],
        explained: &["CMD013", "CMD014", "CMD015", "MED004", "MED005"],
        which: Which::All,
    },
    // A size that cannot be is announced, and another used.
    Cause { codes: &["CHK010"], explained: &["CHK013", "CHK020"], which: Which::All },
    // A chunk size that the other side does not take ends the connection.
    Cause {
        codes: &["CHK012"],
        explained: &["CMD006", "CMD017", "CMD018", "CMD026", "NET004", "NET008"],
        which: Which::All,
    },
    // A server that cannot read a command does not answer it.
    Cause {
        codes: &["CMD001", "CMD009", "AMF001", "AMF003", "AMF010", "AMF011"],
        explained: &["CMD003", "CMD006", "CMD017", "CMD018", "CMD026"],
        which: Which::All,
    },
    // What cannot be read is not what was asked for.
    Cause {
        codes: &["AMF001", "AMF002", "AMF010", "AMF011"],
        explained: &["CMD001", "CMD002", "CMD007"],
        which: Which::All,
    },
    // Who was refused asks for nothing more, and leaves.
    Cause {
        codes: &["CMD023"],
        explained: &["CMD006", "CMD017", "CMD018", "CMD026", "CMD032", "MED004", "NET004", "NET008"],
        which: Which::All,
    },
    // A server that still waits for the end of a line answers nothing.
    Cause { codes: &["FTL006"], explained: &["FTL009"], which: Which::All },
    // The same of FTL: who was refused goes no further.
    Cause { codes: &["FTL001"], explained: &["FTL009", "FTL011", "FTL018", "NET004"], which: Which::All },
    // A sender that waits for an acknowledgement stops.
    Cause { codes: &["CTL006"], explained: &["CTL009", "MED011"], which: Which::All },
    // A side that takes nothing more stops the other.
    Cause { codes: &["NET006"], explained: &["MED011"], which: Which::All },
    // Frames that are no frames configure no decoder.
    Cause {
        codes: &["MED016", "MED017"],
        explained: &["MED001", "MED002", "MED003", "MED006", "MED015"],
        which: Which::All,
    },
    // What is labelled as something else is read as what it is not.
    Cause {
        codes: &["MED003"],
        explained: &["MED001", "MED002", "MED004", "MED007", "MED009", "MED010", "MED015", "MED016", "MED017"],
        which: Which::All,
    },
    // A clock that goes wrong moves all that is measured by it.
    Cause { codes: &["CHK008", "CHK023"], explained: &["CHK009", "MED008", "MED011", "MED014"], which: Which::All },
    // A frame that goes back is what a negative step makes of it.
    Cause { codes: &["CHK023"], explained: &["CHK008"], which: Which::OfTheMessage },
    // A server that finds its application by an address that cannot be taken apart finds none.
    Cause { codes: &["CMD034"], explained: &["CMD006"], which: Which::OfTheMessage },
    // A client that looks for the answer on the stream of its request gives up waiting.
    Cause { codes: &["CMD013"], explained: &["CMD026"], which: Which::OfTheOtherSide },
    // A receiver of frames that are none hangs up.
    Cause {
        codes: &["MED003", "MED016", "MED017"],
        explained: &["CMD026", "NET004", "NET008"],
        which: Which::OfTheOtherSide,
    },
    // What cut a message off ended the session.
    Cause { codes: &["NET008"], explained: &["CMD026", "NET004"], which: Which::All },
    // Who gets nothing more, or waits for more in vain, leaves.
    Cause { codes: &["MED011"], explained: &["CMD026"], which: Which::Until },
];

/// The causes that a session has shown so far.
#[derive(Debug, Default)]
pub(super) struct Causes {
    /// The first one of each code.
    seen: Vec<Known>,
}

/// A fault that may explain others.
#[derive(Debug)]
struct Known {
    code: &'static str,
    from: Option<Side>,
    message: Option<u64>,
    packets: (PacketNo, PacketNo),
}

impl Causes {
    /// The code of what explains a finding: the earliest cause that it stands behind.
    pub(super) fn of(&self, finding: &Finding) -> Option<&'static str> {
        let is_cause = |known: &&Known| {
            known.packets.0 <= finding.packets.1 && CAUSES.iter().any(|cause| cause.explains(known, finding))
        };
        self.seen.iter().find(is_cause).map(|known| known.code)
    }

    /// Takes note of a finding that may explain later ones.
    pub(super) fn learn(&mut self, finding: &Finding) {
        let code = finding.rule.code;
        // The mild case of a rule is no reason for anything: a player that leaves in the middle of a picture.
        let is_mild = finding.severity == Severity::Note && finding.rule.severity > Severity::Note;
        let is_known = self.seen.iter().any(|known| known.code == code);
        if !is_mild && !is_known && CAUSES.iter().any(|cause| cause.codes.contains(&code)) {
            let Finding { from, message, packets, .. } = *finding;
            self.seen.push(Known { code, from, message, packets });
        }
    }
}

impl Cause {
    fn explains(&self, known: &Known, finding: &Finding) -> bool {
        let is_such = match self.which {
            Which::All => true,
            Which::OfTheMessage => known.message.is_some() && known.message == finding.message,
            Which::OfTheOtherSide => known.from.is_some() && finding.from == known.from.map(Side::other),
            Which::Until => finding.packets.1 <= known.packets.1,
        };
        is_such && self.codes.contains(&known.code) && self.explained.contains(&finding.rule.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::CATALOGUE;

    #[test]
    fn causes_and_what_follows_are_rules() {
        for code in CAUSES.iter().flat_map(|cause| cause.codes.iter().chain(cause.explained)) {
            assert!(CATALOGUE.iter().any(|entry| entry.meta.code == *code), "{code}");
        }
    }

    #[test]
    fn nothing_explains_itself() {
        for cause in CAUSES {
            assert!(cause.codes.iter().all(|code| !cause.explained.contains(code)), "{:?}", cause.codes);
        }
    }
}
