//! Information objects: every status code with its level, its sender, its place and its meaning.
//!
//! A server says how a request ended, and what happens later, with an object that has a `level`, a `code` and a
//! `description`. Source: the NetStatusEvent reference of ActionScript 3; the server-side reference of Flash Media
//! Server; RTMP 1.0 §7.2; Enhanced RTMP v2, "Reconnect Request". Codes are case-sensitive.

/// How serious an information object is: its `level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Status,
    Warning,
    Error,
}

impl Level {
    pub const fn name(self) -> &'static str {
        match self {
            Level::Status => "status",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// Who raises a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The server sends it.
    Server,
    /// The server may send it; the client raises it for itself too, without anything on the wire.
    Either,
    /// The client alone raises it, for itself: it is not on the wire.
    Client,
    /// The server raises it for the application that runs in it: it is not on the wire.
    Application,
}

impl Sender {
    /// Whether it can be on the wire.
    pub fn is_on_wire(self) -> bool {
        matches!(self, Sender::Server | Sender::Either)
    }
}

/// Where an information object belongs. That holds for `onStatus`; an `onFCPublish` and its kin carry codes of a
/// NetStream on the connection's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Message stream 0: it is about the connection.
    Connection,
    /// The message stream of the NetStream that it is about.
    Stream,
    /// The same, in a data message (`onPlayStatus`, `onStatus`) instead of a command.
    StreamData,
    /// The status event of a shared object message.
    SharedObject,
}

/// One status code.
#[derive(Debug)]
pub struct Status {
    pub code: &'static str,
    /// The levels that it may have, the usual one first: the references disagree about a few.
    pub levels: &'static [Level],
    pub sender: Sender,
    pub place: Place,
    /// A sentence.
    pub meaning: &'static str,
}

impl Status {
    /// Whether `level` is one that the code may have.
    pub fn allows(&self, level: &str) -> bool {
        self.levels.iter().any(|known| known.name() == level)
    }
}

/// The code's entry, if it is one that is known.
pub fn find(code: &str) -> Option<&'static Status> {
    STATUSES.iter().find(|status| status.code == code)
}

const fn entry(
    code: &'static str,
    levels: &'static [Level],
    sender: Sender,
    place: Place,
    meaning: &'static str,
) -> Status {
    Status { code, levels, sender, place, meaning }
}

const STATUS: &[Level] = &[Level::Status];
const WARNING: &[Level] = &[Level::Warning];
const ERROR: &[Level] = &[Level::Error];

use Place::{Connection, SharedObject, Stream, StreamData};
use Sender::{Application, Client, Either, Server};

/// Every known code, those of a connection first.
pub const STATUSES: &[Status] = &[
    entry(
        "NetConnection.Call.Prohibited",
        ERROR,
        Client,
        Connection,
        "The player's security rules forbid the call, because the server's domain is another one.",
    ),
    entry(
        "NetConnection.Call.BadVersion",
        ERROR,
        Either,
        Connection,
        "A packet is encoded in a way that its receiver does not know.",
    ),
    entry(
        "NetConnection.Call.Failed",
        ERROR,
        Either,
        Connection,
        "The method that was called does not exist or could not be run.",
    ),
    entry(
        "NetConnection.Connect.AppShutdown",
        ERROR,
        Server,
        Connection,
        "The application or the whole server is being shut down.",
    ),
    entry(
        "NetConnection.Connect.Closed",
        STATUS,
        Either,
        Connection,
        "The connection is closed, and that was intended.",
    ),
    entry(
        "NetConnection.Connect.Failed",
        ERROR,
        Client,
        Connection,
        "The server cannot be reached, so that no connection came about.",
    ),
    entry(
        "NetConnection.Connect.Rejected",
        ERROR,
        Server,
        Connection,
        "The server refuses the client, its parameters or the application that it asks for.",
    ),
    entry("NetConnection.Connect.Success", STATUS, Server, Connection, "The server accepts the connection."),
    entry(
        "NetConnection.Connect.InvalidApp",
        ERROR,
        Server,
        Connection,
        "The application's name in connect is not a valid one.",
    ),
    entry(
        "NetConnection.Connect.IdleTimeout",
        STATUS,
        Server,
        Connection,
        "The server ends a connection that was idle for too long.",
    ),
    entry(
        "NetConnection.Connect.NetworkChange",
        STATUS,
        Client,
        Connection,
        "The client's own network has changed; the connection may be lost.",
    ),
    entry(
        "NetConnection.Connect.ReconnectRequest",
        STATUS,
        Server,
        Connection,
        "The server asks the client to connect again, perhaps elsewhere.",
    ),
    entry(
        "NetConnection.Proxy.NotResponding",
        ERROR,
        Server,
        Connection,
        "The server behind the one that was asked does not answer.",
    ),
    entry(
        "NetStream.Publish.Start",
        STATUS,
        Server,
        Stream,
        "Publishing is accepted: the server takes the stream's media.",
    ),
    entry(
        "NetStream.Publish.BadName",
        ERROR,
        Server,
        Stream,
        "The name cannot be published, mostly because somebody else publishes it already.",
    ),
    entry("NetStream.Publish.Denied", ERROR, Server, Stream, "The client may not publish."),
    entry("NetStream.Publish.Rejected", ERROR, Server, Stream, "The server refuses what the client wants to publish."),
    entry("NetStream.Publish.Idle", STATUS, Server, Stream, "The publisher has sent nothing for a while."),
    entry("NetStream.Unpublish.Success", STATUS, Server, Stream, "Publishing has ended, as the client asked."),
    entry("NetStream.Play.Reset", STATUS, Server, Stream, "What was to be played before is dropped."),
    entry("NetStream.Play.Start", STATUS, Server, Stream, "Playing begins."),
    entry("NetStream.Play.Stop", STATUS, Server, Stream, "Playing has ended."),
    entry(
        "NetStream.Play.StreamNotFound",
        ERROR,
        Server,
        Stream,
        "There is no stream of the name that is to be played.",
    ),
    entry("NetStream.Play.Failed", ERROR, Server, Stream, "The stream cannot be played, for a reason without a code."),
    entry(
        "NetStream.Play.FileStructureInvalid",
        ERROR,
        Either,
        Stream,
        "The file that is to be played is broken, or of a kind that cannot be played.",
    ),
    entry(
        "NetStream.Play.NoSupportedTrackFound",
        &[Level::Error, Level::Status],
        Either,
        Stream,
        "The file has no audio, video or data that can be played.",
    ),
    entry(
        "NetStream.Play.InsufficientBW",
        WARNING,
        Server,
        Stream,
        "The client's link is too slow to play at normal speed.",
    ),
    entry("NetStream.Play.PublishNotify", STATUS, Server, Stream, "Somebody has begun to publish the played stream."),
    entry("NetStream.Play.UnpublishNotify", STATUS, Server, Stream, "The publisher of the played stream has ended it."),
    entry("NetStream.Play.Transition", STATUS, Server, Stream, "The server begins to switch to another stream."),
    entry(
        "NetStream.Play.TransitionComplete",
        STATUS,
        Either,
        StreamData,
        "The switch to another stream has reached the player.",
    ),
    entry("NetStream.Play.Switch", STATUS, Server, StreamData, "The next stream of a playlist begins."),
    entry("NetStream.Play.Complete", STATUS, Server, StreamData, "The end of what is to be played is reached."),
    entry("NetStream.Data.Start", STATUS, Server, StreamData, "Data and metadata of the played stream follow."),
    entry("NetStream.Pause.Notify", STATUS, Server, Stream, "The stream is paused."),
    entry("NetStream.Unpause.Notify", STATUS, Server, Stream, "The stream goes on after a pause."),
    entry("NetStream.Seek.Notify", STATUS, Server, Stream, "Playing goes on at the position that was asked for."),
    entry("NetStream.Seek.Failed", ERROR, Server, Stream, "The position cannot be reached, as in a live stream."),
    entry(
        "NetStream.Seek.InvalidTime",
        ERROR,
        Either,
        Stream,
        "The position that was asked for is outside what there is to play.",
    ),
    entry("NetStream.Step.Notify", STATUS, Client, Stream, "The player has stepped to another picture."),
    entry("NetStream.Record.Start", STATUS, Server, Stream, "Recording has begun."),
    entry("NetStream.Record.Stop", STATUS, Server, Stream, "Recording has ended."),
    entry("NetStream.Record.Failed", ERROR, Server, Stream, "Recording failed, for a reason without a code."),
    entry(
        "NetStream.Record.NoAccess",
        ERROR,
        Server,
        Stream,
        "The stream may not be recorded: it is read-only or still being played.",
    ),
    entry(
        "NetStream.Record.AlreadyExists",
        &[Level::Status, Level::Error],
        Server,
        Stream,
        "Another stream is being recorded into the same file.",
    ),
    entry("NetStream.Failed", ERROR, Server, Stream, "A request on the stream failed, for a reason without a code."),
    entry(
        "NetStream.InvalidArg",
        ERROR,
        Server,
        Stream,
        "A request on the stream has an argument that cannot be used.",
    ),
    entry("NetStream.Clear.Success", STATUS, Server, Stream, "A recorded stream was deleted."),
    entry("NetStream.Clear.Failed", ERROR, Server, Stream, "A recorded stream could not be deleted."),
    entry("NetStream.Transition.Success", STATUS, Server, Stream, "The switch to another stream was accepted."),
    entry("NetStream.Transition.Forced", STATUS, Server, Stream, "The server switched to another stream by itself."),
    entry("NetStream.Buffer.Empty", STATUS, Client, Stream, "The player's buffer has run empty."),
    entry("NetStream.Buffer.Full", STATUS, Client, Stream, "The player's buffer is full enough to play."),
    entry("NetStream.Buffer.Flush", STATUS, Client, Stream, "Nothing more comes; the player empties its buffer."),
    entry("NetStream.Connect.Success", STATUS, Client, Connection, "A stream to a peer came about (RTMFP)."),
    entry("NetStream.Connect.Closed", STATUS, Client, Connection, "A stream to a peer was closed (RTMFP)."),
    entry("NetStream.Connect.Failed", ERROR, Client, Connection, "A stream to a peer failed (RTMFP)."),
    entry("NetStream.Connect.Rejected", ERROR, Client, Connection, "A peer refuses the stream (RTMFP)."),
    entry("NetStream.MulticastStream.Reset", STATUS, Client, Stream, "A multicast stream begins anew (RTMFP)."),
    entry("NetStream.DRM.UpdateNeeded", STATUS, Client, Stream, "The player's protection module is too old."),
    entry(
        "SharedObject.BadPersistence",
        ERROR,
        Server,
        SharedObject,
        "The shared object exists with another persistence than was asked for.",
    ),
    entry(
        "SharedObject.UriMismatch",
        ERROR,
        Either,
        SharedObject,
        "The shared object belongs to another address than the connection.",
    ),
    entry("SharedObject.NoReadAccess", ERROR, Server, SharedObject, "The client may not read the shared object."),
    entry("SharedObject.NoWriteAccess", ERROR, Server, SharedObject, "The client may not change the shared object."),
    entry("SharedObject.ObjectCreationFailed", ERROR, Server, SharedObject, "The shared object could not be created."),
    entry("SharedObject.Flush.Success", STATUS, Client, SharedObject, "The local shared object was written to disk."),
    entry("SharedObject.Flush.Failed", ERROR, Client, SharedObject, "The local shared object could not be written."),
    entry("Application.Script.Error", ERROR, Application, Connection, "The application's script failed."),
    entry("Application.Script.Warning", WARNING, Application, Connection, "The application's script is doubtful."),
    entry("Application.Resource.LowMemory", WARNING, Application, Connection, "The application is short of memory."),
    entry("Application.Shutdown", ERROR, Application, Connection, "The application is being unloaded."),
    entry("Application.GC", STATUS, Application, Connection, "The application is about to be cleaned up."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_every_meaning_is_a_sentence() {
        for (index, status) in STATUSES.iter().enumerate() {
            assert!(STATUSES[..index].iter().all(|other| other.code != status.code), "{}", status.code);
            assert!(status.meaning.ends_with('.') && status.meaning.starts_with(char::is_uppercase), "{}", status.code);
            assert!(!status.levels.is_empty());
        }
    }

    #[test]
    fn codes_are_found_as_they_are_written() {
        assert!(find("NetConnection.Connect.Success").is_some_and(|status| status.allows("status")));
        assert!(find("NetStream.Record.AlreadyExists").is_some_and(|status| status.allows("error")));
        assert!(find("NetStream.Play.InsufficientBW").is_some_and(|status| !status.allows("status")));
        assert!(find("netconnection.connect.success").is_none());
    }
}
