//! What several rules share that can judge only when a session is over.

use crate::limits::Limits;
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Meta, Quote};
use crate::wire::PacketNo;

/// Cases that are kept, as many as the engine holds; the others are dropped.
const KEPT: usize = Limits::DEFAULT.late_cases;

/// What looks wrong by what is known so far. It is judged at the end: what a hole or a reordered capture holds back of the
/// other side may explain it.
pub(super) struct Late<T> {
    kept: Vec<Case<T>>,
}

struct Case<T> {
    /// What may explain it.
    about: T,
    text: String,
    packets: (PacketNo, PacketNo),
    quote: Quote,
    mark: Option<Mark>,
}

impl<T> Default for Late<T> {
    fn default() -> Self {
        Late { kept: Vec::new() }
    }
}

impl<T> Late<T> {
    pub(super) fn keep(&mut self, message: &Message, about: T, text: String) {
        self.keep_at(message, about, text, None);
    }

    pub(super) fn keep_at(&mut self, message: &Message, about: T, text: String, mark: Option<Mark>) {
        if self.kept.len() < KEPT {
            let packets = (message.head.first.packet, message.head.last.packet);
            self.kept.push(Case { about, text, packets, quote: Quote::of(message), mark });
        }
    }

    /// Bytes of memory that it takes, about.
    pub(super) fn held(&self) -> usize {
        self.kept.iter().map(|case| size_of::<Case<T>>() + case.text.len() + case.quote.cost()).sum()
    }

    /// Drops what is explained.
    pub(super) fn forget(&mut self, is_explained: impl Fn(&T) -> bool) {
        self.kept.retain(|case| !is_explained(&case.about));
    }

    /// Says what still looks wrong.
    pub(super) fn say(&mut self, rule: &'static Meta, findings: &mut Findings, is_wrong: impl Fn(&T) -> bool) {
        for case in self.kept.drain(..).filter(|case| is_wrong(&case.about)) {
            findings.about_earlier(rule, &case.quote, case.packets, case.text).mark = case.mark;
        }
    }
}
