//! Handshake messages, put together from the records of one direction.

/// Types of handshake messages.
pub(super) const HELLO_REQUEST: u8 = 0;
pub(super) const CLIENT_HELLO: u8 = 1;
pub(super) const SERVER_HELLO: u8 = 2;
pub(super) const NEW_SESSION_TICKET: u8 = 4;
pub(super) const END_OF_EARLY_DATA: u8 = 5;
pub(super) const ENCRYPTED_EXTENSIONS: u8 = 8;
pub(super) const CERTIFICATE: u8 = 11;
pub(super) const SERVER_KEY_EXCHANGE: u8 = 12;
pub(super) const FINISHED: u8 = 20;
pub(super) const KEY_UPDATE: u8 = 24;

const HEADER: usize = 4;

/// Bytes of memory that are kept where no message is under way.
const IDLE: usize = 4 << 10;

/// What came of messages that are not complete.
#[derive(Debug, Default)]
pub(super) struct Messages {
    buffer: Vec<u8>,
    /// Bytes to come of a message that is longer than what is kept.
    skip: usize,
}

impl Messages {
    /// Takes the next bytes, and gives each message that is complete. Of one that is longer than `most` it gives nothing, and says so.
    pub(super) fn push(&mut self, mut bytes: &[u8], most: usize, mut give: impl FnMut(u8, &[u8])) -> bool {
        let mut is_bounded = true;
        loop {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            let lacking = HEADER.saturating_sub(self.buffer.len()).min(bytes.len());
            self.buffer.extend_from_slice(&bytes[..lacking]);
            bytes = &bytes[lacking..];
            let Some([kind, length @ ..]) = self.buffer.first_chunk::<HEADER>().copied() else { return is_bounded };
            let length = u32::from_be_bytes([0, length[0], length[1], length[2]]) as usize;
            if length > most {
                self.buffer.clear();
                self.skip = length;
                is_bounded = false;
                continue;
            }
            let lacking = (HEADER + length - self.buffer.len()).min(bytes.len());
            self.buffer.extend_from_slice(&bytes[..lacking]);
            bytes = &bytes[lacking..];
            if self.buffer.len() < HEADER + length {
                return is_bounded;
            }
            give(kind, &self.buffer[HEADER..]);
            self.buffer.clear();
            if self.buffer.capacity() > IDLE {
                self.buffer = Vec::new();
            }
        }
    }

    /// Some bytes are missing: what is here belongs to nothing any more.
    pub(super) fn forget(&mut self) {
        self.buffer.clear();
        self.skip = 0;
    }

    /// Gives up the message that is under way: what follows of it is passed over.
    pub(super) fn shed(&mut self) {
        if let Some([_, length @ ..]) = self.buffer.first_chunk::<HEADER>() {
            let length = u32::from_be_bytes([0, length[0], length[1], length[2]]) as usize;
            self.skip = HEADER + length - self.buffer.len();
            self.buffer = Vec::new();
        }
    }

    /// No message is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.skip == 0
    }

    /// Nothing is kept between the hello and the tickets.
    pub(super) fn shrink(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = Vec::new();
        }
    }

    pub(super) fn memory(&self) -> usize {
        self.buffer.capacity()
    }
}

/// Whether a record's body can be the beginning of a handshake message in clear.
pub(super) fn is_plausible(body: &[u8]) -> bool {
    let known = [
        HELLO_REQUEST,
        CLIENT_HELLO,
        SERVER_HELLO,
        NEW_SESSION_TICKET,
        CERTIFICATE,
        SERVER_KEY_EXCHANGE,
        // CertificateRequest, ServerHelloDone, CertificateVerify, ClientKeyExchange, CertificateStatus.
        13,
        14,
        15,
        16,
        22,
    ];
    body.first_chunk::<HEADER>().is_some_and(|header| known.contains(&header[0]) && header[1] == 0)
}
