//! Which request a step of the server is about.

use super::super::media::Player;
use super::super::request::{PATIENCE, Request, Step};
use super::{HELD, Session};
use crate::proto::rtmp::Message;

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
        if let Some(cause) = self.cause(&step.text) {
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

    /// The request that a step says itself that it is about.
    fn cause(&self, text: &str) -> Option<usize> {
        let last = |is_it: &dyn Fn(&Request) -> bool| self.requests.iter().rposition(is_it);
        match text {
            "onBWDone" => Some(0),
            "onStatus NetStream.Pause.Notify" => {
                last(&|request| request.name.starts_with("pause") && request.flag == Some(true))
            }
            "onStatus NetStream.Unpause.Notify" => {
                last(&|request| request.name.starts_with("pause") && request.flag == Some(false))
            }
            text => {
                // onFCUnpublish answers the FCUnpublish that the server has just got.
                let name = text.strip_prefix("on")?.split(' ').next()?;
                let batch = self.requests.last()?.batch;
                name.starts_with("FC").then(|| last(&|request| request.name == name && request.batch == batch))?
            }
        }
    }
}
