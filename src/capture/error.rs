//! What can go wrong with a capture, in sentences for its owner.

use std::io;

/// Why a capture could not be read, or not to its end. Each sentence is complete after `rtmp-inspect: `.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    #[error("no capture was named")]
    NoInput,
    #[error("{file}: no such file")]
    NotFound { file: String },
    #[error("{file}: permission denied")]
    Denied { file: String },
    #[error("{file}: is a directory, not a capture")]
    Directory { file: String },
    #[error("standard input can be read only once")]
    InputTwice,
    #[error("--follow reads one capture")]
    FollowSeveral,
    #[error("standard input is followed by itself")]
    FollowInput,
    #[error("{file}: only a file can be followed")]
    FollowOther { file: String },
    #[error("{file}: compressed captures cannot be followed: what is half written cannot be decompressed")]
    FollowCompressed { file: String },
    #[error("{file}: the file is empty, without even a capture header")]
    Empty { file: String },
    #[error("{file}: {looks}")]
    NotCapture { file: String, looks: String },
    #[error("{file}: the file ends inside its header")]
    HeaderCut { file: String },
    #[error("{file}: packet {packet}: record claims {claimed} bytes, the file ends after {left}")]
    PacketCut { file: String, packet: u64, claimed: u64, left: u64 },
    #[error("{file}: packet {packet}: the file ends inside the record's header")]
    RecordCut { file: String, packet: u64 },
    #[error("{file}: packet {packet}: record claims {claimed} bytes, more than any packet has: the file is damaged")]
    PacketTooLong { file: String, packet: u64, claimed: u64 },
    #[error("{file}: packet {packet}: interface {interface} has no description block before it")]
    NoInterface { file: String, packet: u64, interface: u32 },
    #[error("{file}: block at byte {offset}: {what}")]
    Block { file: String, offset: u64, what: String },
    // No `source`: who shows the whole chain of causes would say it twice.
    #[error("{file}: {cause}")]
    Io { file: String, cause: io::Error },
}

impl CaptureError {
    /// Whether all that is wrong is that the file ends too early.
    pub(super) fn is_cut(&self) -> bool {
        match self {
            CaptureError::PacketCut { .. } | CaptureError::RecordCut { .. } => true,
            CaptureError::Block { what, .. } => what.contains("the file ends"),
            CaptureError::Io { cause, .. } => cause.kind() == io::ErrorKind::UnexpectedEof,
            _ => false,
        }
    }

    pub(super) fn io(file: &str, cause: io::Error) -> Self {
        let file = file.to_owned();
        match cause.kind() {
            io::ErrorKind::NotFound => CaptureError::NotFound { file },
            io::ErrorKind::PermissionDenied => CaptureError::Denied { file },
            io::ErrorKind::IsADirectory => CaptureError::Directory { file },
            _ => CaptureError::Io { file, cause },
        }
    }
}
