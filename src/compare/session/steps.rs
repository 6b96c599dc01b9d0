//! Which request a step of the server is about.

use super::super::media::Player;
use super::super::request::{PATIENCE, Request, Step};
use super::{HELD, Session};
use crate::proto::rtmp::procedure::{self, Answer, Caller, Deed};
use crate::proto::rtmp::{Command, Message};

/// A step whose request is not clear before the next answer comes.
pub(super) struct Held {
    pub(super) step: Step,
    /// The last request that the server had then.
    pub(super) request: usize,
}

impl Session {
    /// Steps that were held go to their requests: the answer to `call` follows them.
    pub(super) fn release(&mut self, call: usize) {
        for held in std::mem::take(&mut self.held) {
            let mut request = held.request;
            if request >= call {
                // Sent before the call was answered: about the request before it, if the server had both at once.
                let before =
                    call.checked_sub(1).filter(|before| self.requests[*before].batch == self.requests[call].batch);
                request = before.unwrap_or(call);
            }
            self.requests[request].add(held.step);
        }
    }

    /// Steps that were held go to the last request that the server had.
    pub(super) fn settle(&mut self) {
        for held in std::mem::take(&mut self.held) {
            self.requests[held.request].add(held.step);
        }
    }

    pub(super) fn next_step(&mut self, message: &Message, text: String) -> Step {
        self.order += 1;
        Step { order: self.order, text, n: Some(message.n), time: message.head.last.time }
    }

    /// Something that the server did, to be put to the request that it is about.
    pub(super) fn step(&mut self, message: &Message, text: String) {
        self.step_about(message, text, None);
    }

    /// The same, where the request is known.
    pub(super) fn step_about(&mut self, message: &Message, text: String, cause: Option<usize>) {
        let step = self.next_step(message, text);
        let time = step.time;
        if let Some(player) = &mut self.player
            && player.ended.is_some()
            && !self.requests.last().is_some_and(Request::is_ending)
        {
            if player.after.len() < HELD {
                player.after.push((step.text, message.n));
            }
            return;
        }
        let Some(last) = self.requests.len().checked_sub(1) else {
            if self.early.len() < HELD {
                self.early.push(step);
            }
            return;
        };
        if let Some(cause) = cause {
            self.requests[cause].add(step);
            return;
        }
        // What comes later than that has another reason.
        let request = &self.requests[last];
        let has_begun = self.player.as_ref().is_some_and(Player::has_begun);
        if (has_begun && !request.is_amid_media)
            || (time.since(request.last()) > PATIENCE && !request.steps.is_empty() && self.held.is_empty())
        {
            return;
        }
        if self.held.len() < HELD {
            self.held.push(Held { step, request: last });
        }
    }

    /// The request that a command of the server is about by its own nature: what measures the connection belongs to connect.
    pub(super) fn cause(&self, command: &Command) -> Option<usize> {
        let is_measure = procedure::find(&command.name)
            .is_some_and(|it| it.deed == Deed::Measures && it.caller == Caller::Server && it.answer == Answer::Nothing);
        (is_measure && !self.requests.is_empty()).then_some(0)
    }
}
