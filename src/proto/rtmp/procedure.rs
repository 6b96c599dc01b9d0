//! The procedures that clients and servers call, in one table: who calls each, where, what answers it, and what it does.
//!
//! Sources: RTMP 1.0 §7.2; the Flash Media Server's documentation of NetConnection and NetStream; what FMLE, FFmpeg, OBS,
//! GStreamer and librtmp send beside it (`releaseStream`, `FCPublish` and their like).

use crate::wire::Side;

/// The handler with which a server tells a status.
pub const ON_STATUS: &str = "onStatus";

/// A procedure that is known by its name.
#[derive(Debug, PartialEq, Eq)]
pub struct Procedure {
    pub name: &'static str,
    pub caller: Caller,
    pub place: Place,
    pub answer: Answer,
    pub deed: Deed,
    /// Its first argument is a stream's name, which is its key on most servers.
    pub names_stream: bool,
    /// The command with which a server answers it beside `_result` and `onStatus`.
    pub told_by: Option<&'static str>,
    /// What the codes begin with that an `onStatus` about it has.
    pub about: &'static [&'static str],
    /// The codes that say yes to it.
    pub yes: &'static [&'static str],
}

/// Who calls a procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Client,
    Server,
    Either,
}

impl Caller {
    pub fn allows(self, side: Side) -> bool {
        match self {
            Caller::Client => side == Side::Client,
            Caller::Server => side == Side::Server,
            Caller::Either => true,
        }
    }
}

/// The message stream that a procedure belongs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Message stream 0: it is a command of the NetConnection.
    Connection,
    /// The one that `createStream` gave: it is a command of the NetStream.
    Stream,
    /// Senders differ, and receivers take both.
    Either,
}

/// What answers a procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A `_result` or `_error` is owed, where it has a transaction id other than 0.
    Result,
    /// The same, but many servers send none or an `_error`, and clients go on.
    Courtesy,
    /// An `onStatus`, though many clients number it as if a `_result` came.
    Status,
    /// Nothing, or what happens then.
    Nothing,
}

/// What a procedure does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Opens the NetConnection.
    Connects,
    /// Opens a message stream.
    Creates,
    /// Gets a name ready for being published or played, or frees it.
    Prepares,
    Publishes,
    Plays,
    /// Changes how a stream is played.
    Steers,
    /// Ends what is published or played on a stream.
    Ends,
    /// The same, and gives up the message stream, which it names by its number.
    Deletes,
    /// Measures the connection: the call is a mere reaction to what the server said.
    Measures,
    /// Tells something, or asks for it.
    Tells,
}

impl Deed {
    /// Whether it ends what is published or played.
    pub fn is_end(self) -> bool {
        matches!(self, Deed::Ends | Deed::Deletes)
    }
}

impl Procedure {
    /// Whether a command of this name, with this code in its information object, can be an answer to the procedure beside
    /// its `_result` or `_error`.
    pub fn is_told_by(&self, name: &str, code: Option<&str>) -> bool {
        match name {
            ON_STATUS => code.is_some_and(|code| self.about.iter().any(|about| code.starts_with(about))),
            name => self.told_by == Some(name),
        }
    }
}

/// The procedure of this name.
pub fn find(name: &str) -> Option<&'static Procedure> {
    PROCEDURES.iter().find(|procedure| procedure.name == name)
}

/// Whether a `_result` or `_error` answers a call, where it has a transaction id other than 0. Names that begin with `on` are
/// by custom those of handlers: nobody waits for them.
pub fn expects_result(name: &str) -> bool {
    match find(name) {
        Some(procedure) => matches!(procedure.answer, Answer::Result | Answer::Courtesy),
        None => !is_handler(name),
    }
}

/// Whether its caller goes on without an answer, and after an `_error` too.
pub fn is_courtesy(name: &str) -> bool {
    find(name).is_some_and(|procedure| procedure.answer == Answer::Courtesy) || is_handler(name)
}

/// Whether the first argument names a stream. `UsherToken` carries one in the manner of some services.
pub fn names_stream(name: &str) -> bool {
    find(name).is_some_and(|procedure| procedure.names_stream) || name.ends_with(".UsherToken") || name == "UsherToken"
}

/// What a command of this name does, as far as it is known.
pub fn deed(name: &str) -> Option<Deed> {
    find(name).map(|procedure| procedure.deed)
}

/// Whether a name is a handler's.
pub fn is_handler(name: &str) -> bool {
    name.starts_with("on")
}

const BLANK: Procedure = Procedure {
    name: "",
    caller: Caller::Client,
    place: Place::Stream,
    answer: Answer::Status,
    deed: Deed::Tells,
    names_stream: false,
    told_by: None,
    about: &[],
    yes: &[],
};

/// One of the connection's own.
const fn connection(name: &'static str, answer: Answer, deed: Deed) -> Procedure {
    Procedure { name, place: Place::Connection, answer, deed, ..BLANK }
}

/// One that names a stream to a server that wants to know it beforehand. Senders put it on either message stream.
const fn courtesy(name: &'static str, deed: Deed, told_by: Option<&'static str>) -> Procedure {
    Procedure { name, place: Place::Either, answer: Answer::Courtesy, deed, names_stream: true, told_by, ..BLANK }
}

/// One of a NetStream.
const fn stream(name: &'static str, answer: Answer, deed: Deed) -> Procedure {
    Procedure { name, answer, deed, ..BLANK }
}

/// A handler that a server calls.
const fn handler(name: &'static str, deed: Deed) -> Procedure {
    Procedure { name, caller: Caller::Server, place: Place::Either, answer: Answer::Nothing, deed, ..BLANK }
}

const PLAY: &[&str] = &["NetStream.Play.", "NetStream.Data.", "NetStream.Failed", "NetStream.InvalidArg"];
const PLAYS: &[&str] = &["NetStream.Play.Start", "NetStream.Data.Start"];
const PAUSE: &[&str] = &["NetStream.Pause.", "NetStream.Unpause.", "NetStream.Failed", "NetStream.InvalidArg"];
const PAUSES: &[&str] = &["NetStream.Pause.Notify", "NetStream.Unpause.Notify"];
const END: &[&str] = &["NetStream.Unpublish."];
const ENDS: &[&str] = &["NetStream.Unpublish.Success"];

/// Every procedure that is known: the client's in the order in which clients call them, then the server's.
pub static PROCEDURES: &[Procedure] = &[
    Procedure {
        about: &["NetConnection.Connect."],
        yes: &["NetConnection.Connect.Success"],
        ..connection("connect", Answer::Result, Deed::Connects)
    },
    courtesy("releaseStream", Deed::Prepares, None),
    // An `onStatus` about the name is publish's, which may only be captured later.
    courtesy("FCPublish", Deed::Prepares, Some("onFCPublish")),
    connection("_checkbw", Answer::Courtesy, Deed::Measures),
    connection("checkBandwidth", Answer::Courtesy, Deed::Measures),
    connection("createStream", Answer::Result, Deed::Creates),
    Procedure { place: Place::Either, ..connection("initStream", Answer::Result, Deed::Tells) },
    Procedure {
        names_stream: true,
        about: &["NetStream.Publish.", "NetStream.Record.", "NetStream.Failed", "NetStream.InvalidArg"],
        yes: &["NetStream.Publish.Start"],
        ..stream("publish", Answer::Status, Deed::Publishes)
    },
    courtesy("FCSubscribe", Deed::Prepares, Some("onFCSubscribe")),
    courtesy("getStreamLength", Deed::Tells, None),
    Procedure { names_stream: true, about: PLAY, yes: PLAYS, ..stream("play", Answer::Status, Deed::Plays) },
    Procedure { names_stream: true, about: PLAY, yes: PLAYS, ..stream("play2", Answer::Status, Deed::Plays) },
    stream("receiveAudio", Answer::Nothing, Deed::Steers),
    stream("receiveVideo", Answer::Nothing, Deed::Steers),
    Procedure { about: PAUSE, yes: PAUSES, ..stream("pause", Answer::Status, Deed::Steers) },
    Procedure { about: PAUSE, yes: PAUSES, ..stream("pauseRaw", Answer::Status, Deed::Steers) },
    Procedure {
        about: &["NetStream.Seek.", "NetStream.Failed", "NetStream.InvalidArg"],
        yes: &["NetStream.Seek.Notify"],
        ..stream("seek", Answer::Status, Deed::Steers)
    },
    courtesy("FCUnpublish", Deed::Ends, Some("onFCUnpublish")),
    courtesy("FCUnsubscribe", Deed::Ends, Some("onFCUnsubscribe")),
    Procedure { about: END, yes: ENDS, ..stream("closeStream", Answer::Nothing, Deed::Ends) },
    Procedure { place: Place::Either, about: END, yes: ENDS, ..stream("deleteStream", Answer::Nothing, Deed::Deletes) },
    handler(ON_STATUS, Deed::Tells),
    handler("onFCPublish", Deed::Tells),
    handler("onFCSubscribe", Deed::Tells),
    handler("onFCUnpublish", Deed::Tells),
    handler("onFCUnsubscribe", Deed::Tells),
    handler("onBWDone", Deed::Measures),
    Procedure { answer: Answer::Result, ..handler("_onbwcheck", Deed::Measures) },
    handler("_onbwdone", Deed::Measures),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::rtmp::status;

    #[test]
    fn every_procedure_stands_once_and_its_codes_are_known() {
        for (index, procedure) in PROCEDURES.iter().enumerate() {
            assert!(find(procedure.name) == Some(procedure) && PROCEDURES[..index].iter().all(|it| it != procedure));
            let known = |about: &&str| status::STATUSES.iter().any(|status| status.code.starts_with(about));
            assert!(procedure.about.iter().all(known), "{}", procedure.name);
            let about = |code: &&str| status::find(code).is_some() && procedure.is_told_by("onStatus", Some(code));
            assert!(procedure.yes.iter().all(about), "{}", procedure.name);
            assert!(procedure.told_by.is_none_or(|handler| find(handler).is_some()), "{}", procedure.name);
        }
    }

    #[test]
    fn calls_of_the_application_are_owed_an_answer_and_handlers_are_not() {
        assert!(expects_result("getUsers") && !is_courtesy("getUsers"));
        assert!(!expects_result("onUserJoined") && is_courtesy("onUserJoined"));
        assert!(expects_result("FCPublish") && is_courtesy("FCPublish") && names_stream("FCPublish"));
        assert!(!expects_result("publish") && names_stream("live.UsherToken"));
    }

    #[test]
    fn a_status_is_told_to_the_procedures_that_it_can_answer() {
        let told = |name: &str, code: &str| {
            let told = PROCEDURES.iter().filter(|procedure| procedure.is_told_by(name, Some(code)));
            told.map(|procedure| procedure.name).collect::<Vec<_>>()
        };
        assert_eq!(told("onStatus", "NetStream.Play.Start"), ["play", "play2"]);
        assert_eq!(told("onStatus", "NetStream.Publish.Start"), ["publish"]);
        assert_eq!(told("onFCPublish", "NetStream.Publish.Start"), ["FCPublish"]);
        assert_eq!(told("onStatus", "NetStream.Seek.Failed"), ["seek"]);
        assert!(told("onStatus", "NetConnection.Call.Failed").is_empty());
    }
}
