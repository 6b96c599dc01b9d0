//! Conformance: what is wrong, strange or worth knowing on the wire, with proof.
//!
//! A rule is one small file. It sees events only, keeps its own little state, and a fresh set of rules judges each
//! session. What happened so far is told by the [`Story`]. [`CATALOGUE`] is the only list.

mod amf;
mod cause;
mod chunk;
mod command;
mod control;
mod engine;
mod ftl;
mod handshake;
mod media;
mod network;
mod place;
pub mod reference;
mod tls;
mod tunnel;

pub use engine::Engine;

use crate::limits::Limits;
use crate::proto::rtmp::{Handshake, Message};
use crate::proto::{self, Close, Deviation, Flow, Gap, Incomplete, Opened, Resync, Tls, Tunnel, Undecodable};
use crate::story::Request;
pub use crate::story::Story;
pub use crate::story::{Mark, Marked, Quote, Subject};
use crate::wire::words::clip_bytes;
use crate::wire::{PacketNo, Sentence, Side, Word};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Legal, but a person who looks for a fault wants to see it.
    Note,
    /// A MUST or SHOULD is broken and streams survive, or a known peer breaks on it.
    Warning,
    /// A MUST is broken with effect, or the peer or this program cannot go on.
    Error,
}

impl Severity {
    /// Every name, in order.
    pub const WORDS: &'static [Word] = &[
        Word { name: Severity::Note.name(), number: Some(0) },
        Word { name: Severity::Warning.name(), number: Some(1) },
        Word { name: Severity::Error.name(), number: Some(2) },
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// What a rule is, apart from its logic.
#[derive(Debug)]
pub struct Meta {
    /// Stable for ever, never used again: `CTL001`.
    pub code: &'static str,
    /// The fault, in words that read well after "allow".
    pub name: &'static str,
    pub severity: Severity,
    pub source: &'static str,
    /// What it checks; then, in paragraphs of their own, "Why: …" it matters, "Seen: …" who does it, "Change: …" what to
    /// change in a server or client.
    pub doc: &'static str,
    /// What must have been captured for its verdict to be certain.
    pub rests: Rests,
    /// Whether it is still said, as uncertain, where that was not captured. Otherwise the rule is silent there.
    pub unsure: bool,
    /// Whether each case is a finding of its own. Otherwise a session's first case is, and the rest are counted.
    pub each: bool,
    /// Whether it has to see audio and video messages. They are most of a stream: those that learn nothing from them are
    /// spared them.
    pub media: bool,
    /// Whether it only says how a peer does things: legal, and seen on session after session. Text counts such notes in one line a
    /// session. What explains why something did not work is never one.
    pub background: bool,
}

impl Meta {
    /// Whether it says something of sessions of a protocol. What TCP did is said of all.
    fn judges(&self, protocol: &str) -> bool {
        self.code.starts_with("NET") || self.is_of_ftl() == (protocol == proto::ftl::NAME)
    }

    /// Whether it says something of FTL's own.
    const fn is_of_ftl(&self) -> bool {
        matches!(self.code.as_bytes(), [b'F', b'T', b'L', ..])
    }

    /// Whether its findings say why something did not work: they come first.
    pub fn rejects(&self) -> bool {
        matches!(self.code, "CMD023" | "FTL001")
    }

    /// Whether its findings are about calls that were never answered.
    pub fn is_of_silence(&self) -> bool {
        matches!(self.code, "CMD006" | "CMD017" | "CMD018" | "FTL009")
    }

    /// What to change in a server or client, in one sentence or some.
    pub fn change(&self) -> Option<String> {
        reference::paragraphs(self).find_map(|paragraph| Some(paragraph.strip_prefix("Change:")?.trim().to_owned()))
    }
}

/// What a verdict rests on. A capture that misses some of it makes the verdict uncertain: no peer is blamed for a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rests {
    /// The one event that the finding is about proves it, whatever else is missing.
    Event,
    /// Everything that its sender sent before.
    Sender,
    /// Everything that both sides sent before. A finding of such a rule waits until the other side is known as far.
    Session,
}

/// One fault, with its evidence.
#[derive(Clone, Debug)]
pub struct Finding {
    pub rule: &'static Meta,
    /// The rule's severity, or a lower one where the case is milder.
    pub severity: Severity,
    pub session: u32,
    pub from: Option<Side>,
    /// A clause, lower case, no full stop. What it quotes from the wire is not masked yet, nor escaped.
    pub text: Sentence,
    /// The message that it is about.
    pub message: Option<u64>,
    /// The first and last packet that prove it.
    pub packets: (PacketNo, PacketNo),
    /// False where a hole in the capture or a midstream start may be the reason, or where it is ambiguous. Such a finding is no
    /// error.
    pub certain: bool,
    /// Its bytes can be read in another way too. Such a finding is not certain either.
    pub ambiguous: bool,
    /// The message that it is about, to be quoted.
    pub quote: Option<Subject>,
    /// Which of that message's bytes show the fault.
    pub mark: Option<Mark>,
    /// How often it happened on this session, on the closing report of a fault that repeats.
    pub count: u64,
    /// Whether it was said before: the closing report of a fault whose first case was. It is not another finding.
    pub again: bool,
    /// The code of an earlier fault of the session that may be why.
    pub cause: Option<&'static str>,
    /// The severity that the rule gave it; a policy may have changed [`Finding::severity`].
    pub judged: Severity,
}

/// Which fault a finding is: its rule's code, its sender, its severity by the rule.
pub type Kind = (&'static str, Option<Side>, Severity);

/// One rule at work on one session. Each hook sees the story as it was before the event.
pub trait Rule: Send {
    /// Bytes that its lists take, about, where an input can make them long.
    fn held(&self) -> usize {
        0
    }
    fn opened(&mut self, _: &Opened, _: &Story, _: &mut Findings) {}
    fn handshake(&mut self, _: &Handshake, _: &Story, _: &mut Findings) {}
    fn message(&mut self, _: &Message, _: &Story, _: &mut Findings) {}
    fn ftl(&mut self, _: &proto::ftl::Message, _: &Story, _: &mut Findings) {}
    fn flow(&mut self, _: &Flow, _: &Story, _: &mut Findings) {}
    fn tls(&mut self, _: &Tls, _: &Story, _: &mut Findings) {}
    fn tunnel(&mut self, _: &Tunnel, _: &Story, _: &mut Findings) {}
    fn incomplete(&mut self, _: &Incomplete, _: &Story, _: &mut Findings) {}
    fn gap(&mut self, _: &Gap, _: &Story, _: &mut Findings) {}
    fn undecodable(&mut self, _: &Undecodable, _: &Story, _: &mut Findings) {}
    fn resync(&mut self, _: &Resync, _: &Story, _: &mut Findings) {}
    fn deviation(&mut self, _: &Deviation, _: &Story, _: &mut Findings) {}
    fn close(&mut self, _: &Close, _: &Story, _: &mut Findings) {}
}

/// Text of the wire that is kept or told, cut where it is longer than a person reads.
fn clipped(text: String) -> String {
    clip_bytes(text, Limits::DEFAULT.finding_bytes)
}

/// Where rules put what they find.
pub struct Findings {
    session: u32,
    found: Vec<Finding>,
}

impl Findings {
    /// A finding about some packets. What its text quotes from the wire is to be marked as [`told`](crate::wire::told).
    fn push(
        &mut self,
        rule: &'static Meta,
        from: Option<Side>,
        text: String,
        packets: (PacketNo, PacketNo),
    ) -> &mut Finding {
        self.found.push(Finding {
            rule,
            severity: rule.severity,
            session: self.session,
            from,
            text: Sentence::of(text, Limits::DEFAULT.finding_bytes),
            message: None,
            packets,
            certain: true,
            ambiguous: false,
            quote: None,
            mark: None,
            count: 1,
            again: false,
            cause: None,
            judged: rule.severity,
        });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// A finding about the message that is judged.
    fn about(&mut self, rule: &'static Meta, message: &Message, text: String) -> &mut Finding {
        let packets = (message.head.first.packet, message.head.last.packet);
        let finding = self.push(rule, Some(message.from), text, packets);
        finding.message = Some(message.n);
        finding
    }

    /// A finding about a request that was made before.
    fn about_request(&mut self, rule: &'static Meta, request: &Request, text: String) -> &mut Finding {
        let finding = self.push(rule, Some(request.from), text, request.packets);
        finding.message = Some(request.n);
        finding.quote = request.quote.clone().map(Subject::Rtmp);
        finding
    }

    /// A finding about an earlier message.
    fn about_earlier(
        &mut self,
        rule: &'static Meta,
        quote: &Quote,
        packets: (PacketNo, PacketNo),
        text: String,
    ) -> &mut Finding {
        let finding = self.push(rule, Some(quote.from), text, packets);
        finding.message = Some(quote.n);
        finding.quote = Some(Subject::Rtmp(quote.clone()));
        finding
    }
}

impl Finding {
    /// The bytes of its message that show the fault, where the whole message was kept. They are not masked.
    pub fn marked(&self) -> Option<Marked<'_>> {
        self.quote.as_ref()?.marked(self.mark.as_ref()?)
    }

    /// Why it is not certain, in words.
    pub fn doubt(&self) -> Option<&'static str> {
        match (self.certain, self.ambiguous) {
            (true, _) => None,
            (false, true) => Some("its bytes can be read in another way"),
            (false, false) => Some("the capture may miss what would explain it"),
        }
    }

    /// Whether it is one of the notes that only say how a peer does things, or the mild case of a rule that is no note.
    pub fn is_background(&self) -> bool {
        is_background(self.rule, self.severity)
    }

    /// Which fault it is. Cases of one kind in one session are one finding, where a rule does not say each.
    pub fn kind(&self) -> Kind {
        (self.rule.code, self.from, self.judged)
    }

    /// Points at bytes of its message that show the fault.
    fn at(&mut self, mark: Mark) -> &mut Finding {
        self.mark = Some(mark);
        self
    }
}

/// Whether a rule's findings of a severity only say how a peer does things.
pub fn is_background(rule: &Meta, severity: Severity) -> bool {
    severity == Severity::Note && (rule.background || rule.severity > Severity::Note)
}

/// A rule of the catalogue and how to start it.
pub struct Entry {
    pub meta: &'static Meta,
    start: fn() -> Box<dyn Rule>,
}

/// Declares a rule: its state, its documentation and its [`Meta`].
macro_rules! rule {
    ($(#[doc = $doc:literal])* pub(super) struct $name:ident { $($field:ident: $type:ty,)* }
     $code:literal, $word:literal, $severity:ident, $source:literal,
     rests: $rests:ident $(, unsure: $unsure:literal)? $(, each: $each:literal)? $(, media: $media:literal)?
     $(, background: $background:literal)?) => {
        $(#[doc = $doc])*
        #[derive(Default)]
        pub(super) struct $name { $($field: $type,)* }

        impl $name {
            pub(super) const META: &'static $crate::rules::Meta = &$crate::rules::Meta {
                code: $code,
                name: $word,
                severity: $crate::rules::Severity::$severity,
                source: $source,
                doc: concat!($($doc, "\n",)*),
                rests: $crate::rules::Rests::$rests,
                unsure: false $(|| $unsure)?,
                each: false $(|| $each)?,
                media: true $(&& $media)?,
                background: false $(|| $background)?,
            };
            pub(super) const ENTRY: $crate::rules::Entry =
                $crate::rules::Entry { meta: Self::META, start: || Box::new(Self::default()) };
        }
    };
}
use rule;

/// Every rule, by code.
pub static CATALOGUE: &[&Entry] = &[
    &handshake::HSK001,
    &handshake::HSK002,
    &handshake::HSK003,
    &handshake::HSK004,
    &handshake::HSK005,
    &handshake::HSK006,
    &handshake::HSK007,
    &handshake::HSK008,
    &handshake::HSK009,
    &handshake::HSK010,
    &handshake::HSK011,
    &handshake::HSK012,
    &handshake::HSK013,
    &chunk::CHK001,
    &chunk::CHK002,
    &chunk::CHK003,
    &chunk::CHK004,
    &chunk::CHK005,
    &chunk::CHK006,
    &chunk::CHK007,
    &chunk::CHK008,
    &chunk::CHK009,
    &chunk::CHK010,
    &chunk::CHK011,
    &chunk::CHK012,
    &chunk::CHK013,
    &chunk::CHK014,
    &chunk::CHK015,
    &chunk::CHK016,
    &chunk::CHK017,
    &chunk::CHK018,
    &chunk::CHK019,
    &chunk::CHK020,
    &chunk::CHK021,
    &chunk::CHK022,
    &chunk::CHK023,
    &control::CTL001,
    &control::CTL002,
    &control::CTL003,
    &control::CTL004,
    &control::CTL005,
    &control::CTL006,
    &control::CTL007,
    &control::CTL008,
    &control::CTL009,
    &control::CTL010,
    &control::CTL011,
    &control::CTL012,
    &control::CTL013,
    &control::CTL014,
    &control::CTL015,
    &control::CTL016,
    &control::CTL017,
    &control::CTL018,
    &command::CMD001,
    &command::CMD002,
    &command::CMD003,
    &command::CMD004,
    &command::CMD005,
    &command::CMD006,
    &command::CMD007,
    &command::CMD008,
    &command::CMD009,
    &command::CMD010,
    &command::CMD011,
    &command::CMD012,
    &command::CMD013,
    &command::CMD014,
    &command::CMD015,
    &command::CMD016,
    &command::CMD017,
    &command::CMD018,
    &command::CMD019,
    &command::CMD020,
    &command::CMD021,
    &command::CMD022,
    &command::CMD023,
    &command::CMD024,
    &command::CMD025,
    &command::CMD026,
    &command::CMD027,
    &command::CMD028,
    &command::CMD029,
    &command::CMD030,
    &command::CMD031,
    &command::CMD032,
    &command::CMD033,
    &command::CMD034,
    &amf::AMF001,
    &amf::AMF002,
    &amf::AMF003,
    &amf::AMF004,
    &amf::AMF005,
    &amf::AMF006,
    &amf::AMF007,
    &amf::AMF008,
    &amf::AMF009,
    &amf::AMF010,
    &amf::AMF011,
    &media::MED001,
    &media::MED002,
    &media::MED003,
    &media::MED004,
    &media::MED005,
    &media::MED006,
    &media::MED007,
    &media::MED008,
    &media::MED009,
    &media::MED010,
    &media::MED011,
    &media::MED012,
    &media::MED013,
    &media::MED014,
    &media::MED015,
    &media::MED016,
    &media::MED017,
    &media::MED018,
    &ftl::FTL001,
    &ftl::FTL002,
    &ftl::FTL003,
    &ftl::FTL004,
    &ftl::FTL005,
    &ftl::FTL006,
    &ftl::FTL007,
    &ftl::FTL008,
    &ftl::FTL009,
    &ftl::FTL010,
    &ftl::FTL011,
    &ftl::FTL012,
    &ftl::FTL013,
    &ftl::FTL014,
    &ftl::FTL015,
    &ftl::FTL016,
    &ftl::FTL017,
    &ftl::FTL018,
    &ftl::FTL019,
    &ftl::FTL020,
    &tls::TLS001,
    &tls::TLS002,
    &tls::TLS003,
    &tls::TLS004,
    &tls::TLS005,
    &tunnel::TUN001,
    &tunnel::TUN002,
    &tunnel::TUN003,
    &tunnel::TUN004,
    &tunnel::TUN005,
    &tunnel::TUN006,
    &network::NET001,
    &network::NET002,
    &network::NET003,
    &network::NET004,
    &network::NET005,
    &network::NET006,
    &network::NET007,
    &network::NET008,
    &network::NET009,
    &network::NET010,
];

/// The codes and the names of all rules, as words of a field.
pub static CODES: &[Word] = &WORDS.0;
pub static NAMES: &[Word] = &WORDS.1;

static WORDS: ([Word; RULES], [Word; RULES]) = {
    let none = Word { name: "", number: None };
    let mut words = ([none; RULES], [none; RULES]);
    let mut at = 0;
    while at < RULES {
        words.0[at].name = CATALOGUE[at].meta.code;
        words.1[at].name = CATALOGUE[at].meta.name;
        at += 1;
    }
    words
};

const RULES: usize = CATALOGUE.len();
