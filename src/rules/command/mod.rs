//! CMD: commands and status.

mod authentication_round;
mod command_before_stream;
mod command_from_wrong_side;
mod command_malformed;
mod connect_answer_incomplete;
mod connect_not_first;
mod connect_property_missing;
mod connect_property_misspelt;
mod connect_property_type;
mod connect_repeated;
mod connect_transaction_not_one;
mod delete_unknown_stream;
mod encoding_not_negotiated;
mod format_selector_missing;
mod late;
mod nothing_asked_for;
mod play_answer_incomplete;
mod play_unanswered;
mod publish_repeated;
mod publish_type_unknown;
mod publish_unanswered;
mod reconnect_not_announced;
mod request_rejected;
mod session_abandoned;
mod status_code_unknown;
mod status_level_wrong;
mod status_malformed;
mod status_on_wrong_stream;
mod stream_command_on_control_stream;
mod stream_name_empty;
mod stream_name_is_url;
mod transaction_reused;
mod transaction_unanswered;
mod transaction_unknown;
mod url_malformed;

use self::late::Late;
use super::{Entry, Story};
use crate::net::How;
use crate::proto::Close;
use crate::proto::rtmp::{Body, Command, Message};
use crate::wire::words::duration;
use crate::wire::words::number;
use crate::wire::{Moment, Origin, Side, told, told_as};

pub(super) const CMD001: Entry = connect_not_first::ConnectNotFirst::ENTRY;
pub(super) const CMD002: Entry = connect_transaction_not_one::ConnectTransactionNotOne::ENTRY;
pub(super) const CMD003: Entry = connect_property_missing::ConnectPropertyMissing::ENTRY;
pub(super) const CMD004: Entry = connect_property_misspelt::ConnectPropertyMisspelt::ENTRY;
pub(super) const CMD005: Entry = connect_property_type::ConnectPropertyType::ENTRY;
pub(super) const CMD006: Entry = transaction_unanswered::TransactionUnanswered::ENTRY;
pub(super) const CMD007: Entry = transaction_unknown::TransactionUnknown::ENTRY;
pub(super) const CMD008: Entry = transaction_reused::TransactionReused::ENTRY;
pub(super) const CMD009: Entry = command_malformed::CommandMalformed::ENTRY;
pub(super) const CMD010: Entry = status_malformed::StatusMalformed::ENTRY;
pub(super) const CMD011: Entry = status_level_wrong::StatusLevelWrong::ENTRY;
pub(super) const CMD012: Entry = status_code_unknown::StatusCodeUnknown::ENTRY;
pub(super) const CMD013: Entry = status_on_wrong_stream::StatusOnWrongStream::ENTRY;
pub(super) const CMD014: Entry = stream_command_on_control_stream::StreamCommandOnControlStream::ENTRY;
pub(super) const CMD015: Entry = command_before_stream::CommandBeforeStream::ENTRY;
pub(super) const CMD016: Entry = publish_type_unknown::PublishTypeUnknown::ENTRY;
pub(super) const CMD017: Entry = publish_unanswered::PublishUnanswered::ENTRY;
pub(super) const CMD018: Entry = play_unanswered::PlayUnanswered::ENTRY;
pub(super) const CMD019: Entry = play_answer_incomplete::PlayAnswerIncomplete::ENTRY;
pub(super) const CMD020: Entry = connect_answer_incomplete::ConnectAnswerIncomplete::ENTRY;
pub(super) const CMD021: Entry = encoding_not_negotiated::EncodingNotNegotiated::ENTRY;
pub(super) const CMD022: Entry = format_selector_missing::FormatSelectorMissing::ENTRY;
pub(super) const CMD023: Entry = request_rejected::RequestRejected::ENTRY;
pub(super) const CMD024: Entry = stream_name_is_url::StreamNameIsUrl::ENTRY;
pub(super) const CMD025: Entry = delete_unknown_stream::DeleteUnknownStream::ENTRY;
pub(super) const CMD026: Entry = session_abandoned::SessionAbandoned::ENTRY;
pub(super) const CMD027: Entry = authentication_round::AuthenticationRound::ENTRY;
pub(super) const CMD028: Entry = command_from_wrong_side::CommandFromWrongSide::ENTRY;
pub(super) const CMD029: Entry = connect_repeated::ConnectRepeated::ENTRY;
pub(super) const CMD030: Entry = publish_repeated::PublishRepeated::ENTRY;
pub(super) const CMD031: Entry = stream_name_empty::StreamNameEmpty::ENTRY;
pub(super) const CMD032: Entry = nothing_asked_for::NothingAskedFor::ENTRY;
pub(super) const CMD033: Entry = reconnect_not_announced::ReconnectNotAnnounced::ENTRY;
pub(super) const CMD034: Entry = url_malformed::UrlMalformed::ENTRY;

/// A server that had less than this, in nanoseconds, is not blamed for silence: the client left.
const TIME_TO_ANSWER_NS: i64 = 1_000_000_000;

/// The command's name and transaction id: `publish(5)`.
fn numbered(command: &Command) -> String {
    match command.transaction_id {
        Some(id) => format!("{}({})", told(&command.name), number(id)),
        None => told(&command.name).to_string(),
    }
}

/// The text in `name` of a status: of a command's information object, or of `onStatus` and `onPlayStatus` as data.
fn status_text<'m>(message: &'m Message, name: &str) -> Option<&'m str> {
    match &message.body {
        Body::Command(command) => command.information_text(name),
        Body::Data(data) if matches!(data.name.as_str(), "onStatus" | "onPlayStatus") => {
            data.values.iter().find(|value| value.member("code").is_some())?.member(name)?.text()
        }
        _ => None,
    }
}

/// How the session ended after something that waited for an answer: `; the server closed the connection 0.087 ms later`.
fn then_it_ended(story: &Story, close: &Close, waiting: Moment) -> String {
    let ending = story.ending(close);
    let later = duration(ending.at.time.since(waiting.time));
    match (ending.how, ending.by) {
        (How::Fin, Some(side)) => format!("; the {} closed the connection {later} later", side.name()),
        (How::Rst, Some(side)) => format!("; the {} reset the connection {later} later", side.name()),
        _ => String::new(),
    }
}

/// Whether what a side asked for at `asked`, and may have taken back, was over before the other had time for its answer.
fn had_no_time(story: &Story, close: &Close, from: Side, asked: Moment, taken_back: Option<Moment>) -> bool {
    let ending = story.ending(close);
    let was_left = ending.by != Some(from.other()) || ending.at.time < asked.time;
    let left = was_left.then_some(ending.at);
    taken_back.into_iter().chain(left).any(|over| over.time.since(asked.time) < TIME_TO_ANSWER_NS)
}

/// The application that a connect is for: ` to the application "live"`.
fn application(call: &str, story: &Story) -> String {
    let app = story.connect.as_ref().filter(|_| call == "connect").and_then(|connect| connect.app.as_deref());
    let name = app.map(|app| told_as(Origin::App, app.split('?').next().unwrap_or(app)));
    name.map(|name| format!(" to the application \"{name}\"")).unwrap_or_default()
}
