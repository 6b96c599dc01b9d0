//! Whether requests whose paths are RTMPT's are RTMPT: other programs have such paths too (`/send/message/1`).

use super::exchange::{Exchange, Problem};
use super::request::Request;

/// The type of RTMPT's bodies.
const TYPE: &str = "application/x-fcs";
/// The longest polling interval that servers send. What is more is the first letter of a text.
const INTERVAL: u8 = 0x21;

/// What the requests that carry a stream, in which no RTMP was found so far, say of themselves.
#[derive(Clone, Debug, Default)]
pub struct Signs {
    /// Bytes of their bodies, the responses' included.
    pub bytes: u64,
    /// The first that was answered with another status than 200, and that.
    pub refused: Option<(Request, u16)>,
    is_proven: bool,
    is_opened: bool,
}

impl Signs {
    /// Takes a request with its response.
    pub fn take(&mut self, exchange: &Exchange) {
        self.bytes += exchange.bytes_up + exchange.bytes_down;
        let Some(request) = exchange.request else { return };
        let status = exchange.status;
        if let Some(status) = status.filter(|status| *status != 200)
            && self.refused.is_none()
        {
            self.refused = Some((request, status));
        }
        let is_typed = exchange.content_type.iter().flatten().any(|kind| kind.contains(TYPE));
        let is_polled = request.is_of_session()
            && exchange.polling_interval.is_some_and(|interval| interval <= INTERVAL)
            && !exchange.problems.contains(&Problem::NoPollingByte);
        self.is_proven |= is_typed || is_polled || request == Request::Ident;
        // The response gave an id, and what follows has it.
        self.is_proven |= self.is_opened && request.is_of_session();
        self.is_opened |= request == Request::Open && status == Some(200);
    }

    /// Whether it is RTMPT: by the type of a body, a polling interval, an ident, or an id that was given and used.
    pub fn is_rtmpt(&self) -> bool {
        self.is_proven
    }
}
