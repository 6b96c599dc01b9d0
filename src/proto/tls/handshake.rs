//! The handshake: what its messages change for the records that follow, and what they say of the connection.

use super::facts::EarlyData;
use super::hello::{self, ClientHello, ServerHello};
use super::phase::Phase;
use super::resumption::{Name, Resumable, name};
use super::suite::{ClientRandom, Version};
use super::{Tls, certificate, messages};
use crate::wire::{Moment, Side};

/// Names of one connection's sessions that wait to be taken: a handshake gives two.
const RESUMABLE: usize = 8;

/// What the two hellos agreed on.
#[derive(Debug, Default)]
pub(super) struct Hello {
    pub(super) client_random: Option<ClientRandom>,
    client_session: Vec<u8>,
    /// The sessions that the client offers to go on with.
    pub(super) offered: Vec<Name>,
    offers_early_data: bool,
    pub(super) server: Option<ServerHello>,
    is_retried: bool,
    /// It was not seen, but found out.
    pub(super) is_guessed: bool,
}

impl Hello {
    /// The version that was agreed on.
    pub(super) fn version(&self) -> Option<Version> {
        self.server.as_ref().map(|hello| hello.version)
    }

    /// Data may come from the client before the server says anything.
    pub(super) fn offers_early_data(&self) -> bool {
        self.offers_early_data && self.server.is_none() && !self.is_retried
    }

    pub(super) fn is_retried(&self) -> bool {
        self.is_retried && self.server.is_none()
    }

    pub(super) fn memory(&self) -> usize {
        let server = self.server.as_ref();
        self.client_session.capacity()
            + self.offered.capacity() * size_of::<Name>()
            + server.map_or(0, |hello| hello.session_id.capacity() + hello.alpn.as_ref().map_or(0, String::capacity))
    }
}

impl Tls {
    /// Takes the bytes of handshake messages.
    pub(super) fn handshake(&mut self, from: Side, bytes: &[u8], at: Moment, is_encrypted: bool) {
        let mut messages = std::mem::take(&mut self.halves[from.index()].messages);
        let is_bounded = messages.push(bytes, self.handshake_bytes, |kind, body| {
            self.message(from, kind, body, at, is_encrypted);
        });
        if !is_bounded {
            self.reached.tls_handshake_bytes += 1;
        }
        self.halves[from.index()].messages = messages;
    }

    fn message(&mut self, from: Side, kind: u8, body: &[u8], at: Moment, is_encrypted: bool) {
        let is_1_3 = self.hello.version() == Some(Version::TLS_1_3);
        let phase = self.halves[from.index()].phase;
        match (kind, from) {
            (messages::CLIENT_HELLO, Side::Client) => {
                if let Some(hello) = hello::client_hello(body) {
                    self.client_hello(hello, at, is_encrypted);
                }
            }
            (messages::SERVER_HELLO, Side::Server) => {
                if let Some(hello) = hello::server_hello(body) {
                    self.server_hello(hello, at);
                }
            }
            (messages::ENCRYPTED_EXTENSIONS, Side::Server) if is_1_3 && is_encrypted => {
                let extensions = hello::encrypted_extensions(body);
                if extensions.alpn.is_some() {
                    self.facts.alpn = extensions.alpn;
                }
                if self.facts.early_data == Some(EarlyData::Offered) {
                    let outcome = if extensions.early_data { EarlyData::Accepted } else { EarlyData::Rejected };
                    self.facts.early_data = Some(outcome);
                    self.is_unlocked = true;
                }
                self.facts.changed();
            }
            (messages::CERTIFICATE, Side::Server) => self.certificate(body),
            (messages::SERVER_KEY_EXCHANGE, Side::Server) if !is_1_3 => self.is_full_handshake(),
            (messages::NEW_SESSION_TICKET, Side::Server) => {
                if !is_1_3 {
                    self.may_resume(hello::session_ticket(body).and_then(name));
                }
                self.facts.tickets += 1;
                self.facts.changed();
            }
            (messages::END_OF_EARLY_DATA, Side::Client) if is_1_3 && phase == Phase::Early => {
                self.enter(from, Phase::Handshake);
            }
            (messages::FINISHED, _) if is_encrypted => {
                self.facts.handshake_at(at);
                if is_1_3 && phase == Phase::Handshake {
                    self.enter(from, Phase::Traffic(0));
                }
            }
            (messages::KEY_UPDATE, _) if is_1_3 && is_encrypted => {
                if let Phase::Traffic(generation) = phase {
                    self.facts.sent[from.index()].key_updates += 1;
                    self.enter(from, Phase::Traffic(generation.saturating_add(1)));
                }
            }
            _ => {}
        }
    }

    fn client_hello(&mut self, hello: ClientHello, at: Moment, is_encrypted: bool) {
        if is_encrypted {
            // What protects its records changes at the next ChangeCipherSpec; until then it is as before.
            self.facts.renegotiations += 1;
        }
        let facts = &mut self.facts;
        facts.handshake_at(at);
        facts.client_random = Some(hello.random);
        facts.resumption_offered = hello.ticket.is_some() || hello.pre_shared_key || !hello.session_id.is_empty();
        if hello.version == Version::TLS_1_3 {
            // There a session's id says nothing.
            facts.resumption_offered = hello.ticket.is_some() || hello.pre_shared_key;
        }
        if self.hello.server.is_none() {
            facts.version = Some(hello.version);
        }
        facts.server_name = hello.server_name;
        facts.alpn_offered = hello.alpn;
        facts.encrypted_client_hello |= hello.encrypted_client_hello;
        if hello.early_data && facts.early_data.is_none() {
            facts.early_data = Some(EarlyData::Offered);
        }
        facts.changed();
        // Where the connection's first packets are missing, the inner stream's beginning is not.
        self.halves[Side::Client.index()].is_midstream = false;
        self.hello.client_random = Some(hello.random);
        self.hello.offered = name(&hello.session_id).into_iter().chain(hello.ticket).collect();
        self.hello.client_session = hello.session_id;
        self.hello.offers_early_data = hello.early_data;
        // A capture may have the hellos the other way round.
        if self.hello.version() == Some(Version::TLS_1_3) && self.halves[0].phase == Phase::Clear {
            self.begin(Side::Client);
        }
        self.is_unlocked = true;
    }

    fn server_hello(&mut self, hello: ServerHello, at: Moment) {
        // Records that authenticated say more than a hello that is damaged.
        if self.hello.is_guessed && self.hello.version() != Some(hello.version) {
            return;
        }
        let facts = &mut self.facts;
        facts.handshake_at(at);
        facts.version = Some(hello.version);
        facts.cipher_suite = Some(hello.suite());
        if hello.is_retry {
            facts.hello_retry = true;
            if facts.early_data.is_some() {
                facts.early_data = Some(EarlyData::Rejected);
            }
            facts.changed();
            self.hello.is_retried = true;
            self.is_unlocked = true;
            return;
        }
        self.halves[Side::Server.index()].is_midstream = false;
        let is_1_3 = hello.version == Version::TLS_1_3;
        if is_1_3 {
            facts.resumed = Some(hello.pre_shared_key);
        } else {
            let is_echo = !hello.session_id.is_empty() && hello.session_id == self.hello.client_session;
            facts.resumed = is_echo.then_some(true);
            facts.extended_master_secret = hello.extended_master_secret;
            facts.encrypt_then_mac = hello.encrypt_then_mac;
            facts.alpn.clone_from(&hello.alpn);
            if facts.early_data.is_some() {
                facts.early_data = Some(EarlyData::Rejected);
            }
        }
        facts.changed();
        if !is_1_3 {
            self.may_resume(name(&hello.session_id));
        }
        self.hello.server = Some(hello);
        if is_1_3 {
            self.enter(Side::Server, Phase::Handshake);
            if self.hello.client_random.is_some() && self.halves[0].phase == Phase::Clear {
                self.begin(Side::Client);
            }
        }
        self.is_unlocked = true;
    }

    /// The client's records are protected from here on (TLS 1.3).
    fn begin(&mut self, from: Side) {
        let is_early = self.facts.early_data == Some(EarlyData::Offered);
        self.enter(from, if is_early { Phase::Early } else { Phase::Handshake });
    }

    /// A name that the session may be known by in another connection.
    fn may_resume(&mut self, name: Option<Name>) {
        if let (Some(name), Some(client_random)) = (name, self.hello.client_random)
            && self.resumable.len() < RESUMABLE
        {
            let earlier = self.hello.offered.clone();
            self.resumable.push(Resumable { name, client_random, earlier });
        }
    }

    fn certificate(&mut self, body: &[u8]) {
        self.is_full_handshake();
        let Some(version) = self.hello.version() else { return };
        if let Some(found) = hello::first_certificate(body, version).and_then(certificate::read) {
            self.facts.certificate = Some(found);
            self.facts.changed();
        }
    }

    /// What only a new session has.
    fn is_full_handshake(&mut self) {
        if self.facts.resumed.is_none() {
            self.facts.resumed = Some(false);
            self.facts.changed();
        }
    }
}
