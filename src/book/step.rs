//! What a row is in the course of its session, whatever its times, numbers and values are: by that, two courses are compared; and
//! what it is called where there is room for one line.

use super::Book;
use super::row::Row;
use crate::net::How;
use crate::proto::rtmp::{Body, Command, MessageType};
use crate::wire::{Side, escape};

/// A session's last rows, among which its ends stand.
const ENDS: usize = 128;

/// A step of a session's course. Equal ones of two sessions are the same step.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step {
    pub from: Option<Side>,
    /// As [`RowText::kind`](super::RowText::kind).
    pub kind: String,
    /// What is called, answered or said by name, as in `connect`, `_result of connect`, `onStatus NetStream.Publish.Start`;
    /// nothing where the kind says all.
    pub name: String,
}

impl Step {
    /// In one word or some: the name, or else the kind.
    pub fn words(&self) -> &str {
        if self.name.is_empty() { &self.kind } else { &self.name }
    }
}

impl Book {
    /// What a row is in the course of its session.
    pub fn course_step(&self, row: u32) -> Step {
        let Some(entry) = self.index.row(row) else { return Step::default() };
        let (from, name) = (entry.from(), self.step_name(row, entry));
        // Sessions have numbers, a step has none.
        let kind =
            if let Row::Opened(envelope) = entry { envelope.kind.name().to_owned() } else { self.text(row).kind };
        Step { from, kind, name }
    }

    fn step_name(&self, row: u32, entry: &Row) -> String {
        let Row::Message(message) = entry else { return String::new() };
        // The bytes of media are not needed for that.
        if !is_named(message.kind) {
            return String::new();
        }
        let Ok(shown) = self.message(row, message) else { return String::new() };
        let name = match &shown.message.body {
            Body::Command(command) => self.command_name(row, command),
            Body::Data(data) => data.name.clone(),
            Body::UserControl(control) => control.event.name().unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        escape(&name)
    }

    /// An answer has the name of what it answers, a status its code.
    fn command_name(&self, row: u32, command: &Command) -> String {
        let call = self.answered(row).map(|(call, _)| self.course_step(call).name).filter(|name| !name.is_empty());
        match call {
            Some(call) if command.is_answer() => format!("{} of {call}", command.name),
            _ => match command.information_text("code").filter(|_| command.is_status()) {
                Some(code) => format!("{} {code}", command.name),
                None => command.name.clone(),
            },
        }
    }

    /// The call that the message at a row answers, by its number or by a status: its row, and how long the answer took, in nanoseconds.
    pub fn answered(&self, row: u32) -> Option<(u32, i64)> {
        let answer = self.index.settles(row)?;
        Some((self.row_of(answer.n)?, answer.latency))
    }

    /// Who sent what a row stands for; none where nobody did, as at a capture's end. A reset comes from who reset, and ends both
    /// directions: where each has a row, that is the row of its sender's own.
    pub fn sent_by(&self, row: u32) -> Option<Side> {
        let entry = self.index.row(row)?;
        let Row::Close(close) = entry else { return entry.from() };
        match close.how {
            How::Fin => Some(close.from),
            How::Rst => {
                let by = close.tcp.as_ref().and_then(|tcp| tcp.reset).map_or(close.from, |(by, _)| by);
                (by == close.from || !self.has_own_reset(close.session, by)).then_some(by)
            }
            How::Timeout | How::EndOfCapture => None,
        }
    }

    /// Whether a side's direction has a row that says that it was reset.
    fn has_own_reset(&self, session: u32, side: Side) -> bool {
        let Some(session) = self.session(session) else { return false };
        let last = (0..session.rows.len()).rev().take(ENDS).filter_map(|at| self.index.row(*session.rows.get(at)?));
        last.into_iter().any(|row| matches!(row, Row::Close(close) if close.from == side && close.how == How::Rst))
    }

    /// A row in one line: what is called by name begins with that, all else with what kind it is.
    pub fn line(&self, row: u32) -> String {
        let text = self.text(row);
        let is_called = |kind| matches!(kind, MessageType::COMMAND_AMF0 | MessageType::COMMAND_AMF3);
        match self.index.row(row) {
            Some(Row::Message(message)) if is_called(message.kind) => text.what,
            Some(Row::Opened(_)) => format!("{}: {}", text.kind, text.what),
            // It begins with what the kind is.
            Some(Row::Close(_)) => text.what,
            _ if text.what.is_empty() => text.kind,
            _ => format!("{} {}", text.kind, text.what),
        }
    }
}

fn is_named(kind: MessageType) -> bool {
    matches!(
        kind,
        MessageType::COMMAND_AMF0
            | MessageType::COMMAND_AMF3
            | MessageType::DATA_AMF0
            | MessageType::DATA_AMF3
            | MessageType::USER_CONTROL
    )
}
