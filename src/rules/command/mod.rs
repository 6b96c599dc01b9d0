//! CMD: commands and status.

mod request_rejected;
mod transaction_unanswered;

pub(super) const CMD006: super::Entry = transaction_unanswered::TransactionUnanswered::ENTRY;
pub(super) const CMD023: super::Entry = request_rejected::RequestRejected::ENTRY;
