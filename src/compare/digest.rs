//! What breaks clients first: the differences between servers, ranked.
//!
//! The ranking is the table [`KINDS`]: one line a kind of difference, the worst first, each with its reason. Of one kind, what
//! more servers do comes first. One fact stands in the digest once, however many situations show it; the tables have all of
//! them. Where it is prescribed what to do, the servers that do otherwise are named; elsewhere those that do otherwise than the
//! reference.

use super::rows::{CodeRow, Row, State};
use crate::proto::rtmp::procedure;

/// Differences that the digest names.
pub const DIGEST: usize = 10;

/// The parts of a row about message streams. Control messages belong on chunk stream 2 and message stream 0 (RTMP 1.0 §5.4, §6.2).
const CONTROL: &str = "chunk stream 2, message stream 0";
const OWN: &str = "the stream's message stream";
const ZERO: &str = "message stream 0";
const UNKNOWN: &str = "a message stream that is not known";

/// Steps of the answer to connect whose order clients depend on.
const STEPS: &[&str] =
    &["Window Acknowledgement Size", "Set Peer Bandwidth", "Set Chunk Size", "_result", "_error", "the server closes"];

/// A kind of difference, and why it breaks clients.
#[derive(Debug)]
pub struct Kind {
    subject: Subject,
    pub why: &'static str,
}

/// What a kind of difference is seen in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// Control messages of the row of that key are elsewhere than they belong.
    Control(&'static str),
    /// The row differs.
    Row(&'static str),
    /// The order of what connect is answered with.
    Steps,
    /// A code is missing or deviates, in other things than where a status came.
    Code(&'static str),
    /// FCPublish is not followed by onFCPublish.
    FcPublish,
    /// What belongs to a stream is on another message stream.
    Media(&'static str),
    /// A status is on another message stream than it belongs.
    StatusStream,
    /// A status has a transaction id that is not 0.
    TransactionId,
}

use Subject::{Code, Control, FcPublish, Media, StatusStream, Steps, TransactionId};

const fn kind(subject: Subject, why: &'static str) -> Kind {
    Kind { subject, why }
}

const REFUSED: &str =
    "a client that is refused without a code cannot tell that from a broken network, and may try again";
const STREAM: &str =
    "clients hand messages to their streams by message stream id: what comes on another one reaches none";

/// The ranking: every kind of difference that the digest knows, the worst first.
pub const KINDS: &[Kind] = &[
    kind(
        Control("streams.protocol_control_messages"),
        "a client that takes them from chunk stream 2 alone misses a new chunk size, and reads all later chunks wrongly",
    ),
    kind(
        Control("streams.user_control_messages"),
        "a client that takes them from chunk stream 2 alone misses pings, and where streams begin and end",
    ),
    kind(Subject::Row("connect.answer"), "nothing goes on before connect is answered with a _result"),
    kind(
        Steps,
        "clients go on at a certain step: what comes behind it, or not at all, is not in force for what they send and read next",
    ),
    kind(
        Subject::Row("connect.object"),
        "a client that looks for properties of the server, as fmsVer, finds no object",
    ),
    kind(Code("NetConnection.Connect.Success"), "clients take the connection for made when they see this code"),
    kind(Code("NetStream.Publish.Start"), "publishers wait for this code before they send media"),
    kind(Code("NetStream.Play.Start"), "many players wait for this code before they show anything"),
    kind(FcPublish, "encoders that call FCPublish may wait for onFCPublish"),
    kind(Code("NetConnection.Connect.Rejected"), REFUSED),
    kind(Code("NetConnection.Connect.InvalidApp"), REFUSED),
    kind(Code("NetStream.Publish.BadName"), REFUSED),
    kind(Code("NetStream.Publish.Denied"), REFUSED),
    kind(Code("NetStream.Publish.Rejected"), REFUSED),
    kind(Code("NetStream.Play.StreamNotFound"), "a player that is told nothing waits for media that never come"),
    kind(Code("NetStream.Play.Failed"), REFUSED),
    kind(Code("NetStream.Play.Reset"), "a player may wait for this code after it asked for a new stream"),
    kind(Code("NetStream.Pause.Notify"), "a player may wait for this code before it takes the stream for paused"),
    kind(Code("NetStream.Unpause.Notify"), "a player may wait for this code before it plays on"),
    kind(Code("NetStream.Seek.Notify"), "a player may drop what comes before this code as older than the seek"),
    kind(Code("NetStream.Unpublish.Success"), "a publisher that ends in order may wait for this code before it closes"),
    kind(
        Code("NetStream.Play.UnpublishNotify"),
        "a player that is told nothing waits for more of a stream that has ended",
    ),
    kind(Code("NetConnection.Call.Failed"), "who calls a method that is not there waits for an answer"),
    kind(StatusStream, STREAM),
    kind(Media("streams.audio"), STREAM),
    kind(Media("streams.video"), STREAM),
    kind(Media("streams.data_messages"), STREAM),
    kind(
        Subject::Row("request.createStream"),
        "clients publish and play on the stream id of this answer; some count on it being 1",
    ),
    kind(TransactionId, "onStatus answers no call: a client that looks for the call of its transaction id finds none"),
    kind(
        Subject::Row("connect.window"),
        "clients acknowledge each time that so many bytes have come: all the time with a small window, perhaps never with a large one",
    ),
    kind(Subject::Row("connect.bandwidth"), "clients may send no more than this before the server acknowledges it"),
    kind(Subject::Row("connect.chunk_size"), "a client with a fixed buffer for a chunk has no room for a larger one"),
];

/// A difference that breaks clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key of its rows in the table of behaviour (of the first of them, where there are several), or its code.
    pub key: String,
    pub title: String,
    pub why: &'static str,
    /// The labels that do otherwise than is prescribed, or where nothing is, than the reference.
    pub labels: Vec<usize>,
}

/// The differences that break clients first, the worst first.
pub(super) fn digest(codes: &[CodeRow], behaviour: &[Row]) -> Vec<Difference> {
    KINDS.iter().filter_map(|kind| kind.find(codes, behaviour)).take(DIGEST).collect()
}

impl Kind {
    /// What it is seen in, for a document.
    pub fn what(&self) -> String {
        match self.subject {
            Control(key) => format!("`{key}`: not on {CONTROL}"),
            Subject::Row(key) => format!("`{key}` differs"),
            Steps => {
                "`connect.steps`: another order of window, bandwidth, chunk size and `_result`, or one is absent".into()
            }
            Code(code) => format!("`{code}` is missing or deviates"),
            FcPublish => "`request.FCPublish`: no onFCPublish, neither there nor at publish".into(),
            Media(key) => format!("`{key}`: not on {OWN}"),
            StatusStream => "`status.onStatus.….place`: not on the message stream that it is about".into(),
            TransactionId => "`status.onStatus.….place`: a transaction id that is not 0".into(),
        }
    }

    /// The difference of this kind, if there is one.
    fn find(&self, codes: &[CodeRow], behaviour: &[Row]) -> Option<Difference> {
        let keyed = |key: &'static str| behaviour.iter().filter(move |row| row.key == key);
        let places = || behaviour.iter().filter(|row| is_status_place(row));
        match self.subject {
            Code(code) => self.of_code(codes.iter().find(|row| row.code == code)?),
            Control(key) => self.of_rows(keyed(key), |row| prescribed(row, |value| value == CONTROL), None),
            Media(key) => self.of_rows(keyed(key), |row| prescribed(row, |value| value.ends_with(OWN)), None),
            Subject::Row(key) => self.of_rows(keyed(key), |row| parting(row, |value| vec![value]), None),
            Steps => self.of_rows(keyed("connect.steps"), |row| parting(row, steps), None),
            FcPublish => self.of_fc_publish(behaviour),
            StatusStream => {
                let is_right = |row: &Row, value: &str| {
                    let is_about_stream = row.key.starts_with("status.onStatus.NetStream.");
                    value.starts_with(if is_about_stream { OWN } else { ZERO })
                };
                let judge = |row: &Row| prescribed(row, |value| is_right(row, value));
                self.of_rows(places(), judge, Some("Message stream of onStatus"))
            }
            TransactionId => {
                let judge = |row: &Row| prescribed(row, |value| value.ends_with(", transaction id 0"));
                self.of_rows(places(), judge, Some("Transaction id of onStatus"))
            }
        }
    }

    fn of_code(&self, row: &CodeRow) -> Option<Difference> {
        let is_bad = |label: &usize| {
            let cell = &row.cells[*label];
            cell.state == State::Missing || (cell.state == State::Deviates && !is_about_place(&row.code, &cell.detail))
        };
        let labels: Vec<usize> = (0..row.cells.len()).filter(is_bad).collect();
        let is_well = |label: usize| row.cells[label].state != State::NotExercised && !is_bad(&label);
        let differs = (0..row.cells.len()).any(is_well);
        let (key, title) = (row.code.clone(), row.code.clone());
        (differs && !labels.is_empty()).then_some(Difference { key, title, why: self.why, labels })
    }

    /// What rows have in common, as one difference: `judge` says which labels of a row do otherwise.
    fn of_rows<'r>(
        &self,
        rows: impl Iterator<Item = &'r Row>,
        judge: impl Fn(&'r Row) -> Vec<usize>,
        title: Option<&str>,
    ) -> Option<Difference> {
        let mut found: Option<Difference> = None;
        for row in rows {
            let labels = judge(row);
            if labels.is_empty() {
                continue;
            }
            let title = title.unwrap_or(&row.title).to_owned();
            let new = || Difference { key: row.key.clone(), title, why: self.why, labels: Vec::new() };
            found.get_or_insert_with(new).labels.extend(labels);
        }
        if let Some(difference) = &mut found {
            difference.labels.sort_unstable();
            difference.labels.dedup();
        }
        found
    }

    /// Servers may send onFCPublish when FCPublish comes, or when publish does.
    fn of_fc_publish(&self, behaviour: &[Row]) -> Option<Difference> {
        let row = behaviour.iter().find(|row| row.key == "request.FCPublish")?;
        let told_by = procedure::find(row.key.strip_prefix("request.")?)?.told_by?;
        let values = |key: &'static str, label: usize| {
            let rows = behaviour.iter().filter(move |row| row.key == key);
            rows.flat_map(move |row| &row.cells[label].values)
        };
        let has = |label: &usize| {
            let mut all = values("request.FCPublish", *label).chain(values("request.publish", *label));
            all.any(|value| value.contains(told_by))
        };
        let asked = |label: &usize| values("request.FCPublish", *label).next().is_some();
        let (with, without): (Vec<usize>, Vec<usize>) = (0..row.cells.len()).filter(asked).partition(has);
        let (key, title) = (row.key.clone(), "onFCPublish for FCPublish".to_owned());
        (!with.is_empty() && !without.is_empty()).then_some(Difference { key, title, why: self.why, labels: without })
    }
}

fn is_status_place(row: &Row) -> bool {
    row.key
        .strip_prefix("status.onStatus.")
        .and_then(|rest| rest.rsplit_once('.'))
        .is_some_and(|(_, part)| part == "place")
}

/// Whether a status of a stream deviates in nothing but its message stream and its transaction id: they have kinds of their own.
fn is_about_place(code: &str, detail: &str) -> bool {
    let is_one = |part: &str| {
        ["transaction id not 0", "on message stream 0", "on a message stream"].iter().any(|own| part.starts_with(own))
    };
    code.starts_with("NetStream.") && detail.split("; ").all(is_one)
}

/// Labels that do not do what is prescribed, where others do. What the capture does not show is held against nobody.
fn prescribed<'r>(row: &'r Row, is_right: impl Fn(&'r str) -> bool) -> Vec<usize> {
    let known =
        |label: usize| row.cells[label].values.iter().map(String::as_str).filter(|value| !value.contains(UNKNOWN));
    let seen: Vec<usize> = (0..row.cells.len()).filter(|label| known(*label).next().is_some()).collect();
    let (right, wrong): (Vec<usize>, Vec<usize>) = seen.into_iter().partition(|label| known(*label).all(&is_right));
    if right.is_empty() { Vec::new() } else { wrong }
}

/// Labels that differ from the reference in what matters of their values.
fn parting<'r>(row: &'r Row, part: impl Fn(&'r str) -> Vec<&'r str>) -> Vec<usize> {
    let parts = |label: usize| row.cells[label].values.iter().map(|value| part(value)).collect::<Vec<_>>();
    // Labels that do not differ do as the reference.
    let is_usual = |label: &usize| !row.cells[*label].differs && !row.cells[*label].values.is_empty();
    let usual: Vec<_> = (0..row.cells.len()).filter(is_usual).flat_map(parts).collect();
    let differing = (0..row.cells.len()).filter(|label| row.cells[*label].differs);
    differing.filter(|label| parts(*label).iter().any(|part| !usual.contains(part))).collect()
}

/// The steps of the answer to connect whose order matters.
fn steps(story: &str) -> Vec<&str> {
    story.split(", ").filter(|step| STEPS.iter().any(|known| step.starts_with(known))).collect()
}
