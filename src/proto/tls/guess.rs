//! Records whose handshake the capture does not have, or not all of: which session of the key log they are of, where that has few.
//!
//! One record is tried under all that it may be: the session, the suite, and its number, which grows with the connection's age. That goes on
//! for as long as the stream does, and costs no more than in proportion to it. TLS 1.2 needs the server's random, which no key log has.

use super::facts::Reason;
use super::hello::ServerHello;
use super::keylog::KeyLog;
use super::opener::HEADER;
use super::phase::Phase;
use super::search::KEYS;
use super::suite::{self, CipherSuite, ClientRandom, Version};
use super::{Outside, Record, Tls, Verdict};
use crate::wire::Side;

/// Sessions of a key log that are tried.
const SESSIONS: usize = 64;
/// Numbers that are tried under one key before the next key's turn.
const TURN: u64 = 256;
/// Records among which a short one is looked for: trying it costs less.
const FIRST: u64 = 16;

/// A record that is tried, and how far that is.
#[derive(Debug)]
pub(super) struct Guess {
    sample: Box<[u8]>,
    /// Records that came after it.
    since: u64,
    /// How many candidates there are.
    candidates: usize,
    /// Turns that were taken by them, one after the other.
    turns: u64,
    /// The key log's generation then.
    generation: u64,
}

impl Guess {
    pub(super) fn memory(&self) -> usize {
        size_of::<Guess>() + self.sample.len()
    }
}

/// What a record may be protected by.
struct Candidate {
    client_random: ClientRandom,
    suite: CipherSuite,
    phase: Phase,
}

impl Tls {
    /// A protected record, of which no more is known than the log's sessions.
    pub(super) fn guess(&mut self, from: Side, record: &mut Record<'_>, out: &mut Outside<'_>) -> Verdict {
        self.facts.because(Reason::HandshakeMissing);
        if !self.may_guess(out.secrets) {
            return Verdict::Closed;
        }
        let half = &mut self.halves[from.index()];
        let is_new = |guess: &Guess| {
            // Numbers are not known across a hole.
            let is_shorter = guess.since < FIRST && record.bytes.len() * 2 < guess.sample.len();
            record.lost.is_some() || guess.generation != out.secrets.generation() || is_shorter
        };
        let known = half.guess.take().filter(|guess| !is_new(guess));
        let mut guess = if let Some(mut guess) = known {
            guess.since += 1;
            guess
        } else {
            let generation = out.secrets.generation();
            Box::new(Guess { sample: (&*record.bytes).into(), since: 0, candidates: 0, turns: 0, generation })
        };
        let Some((found, number)) = self.take_turns(from, &mut guess, out.secrets) else {
            self.halves[from.index()].guess = Some(guess);
            return Verdict::Closed;
        };
        let Candidate { client_random, suite, phase } = found;
        self.hello.client_random = Some(client_random);
        self.facts.client_random = Some(client_random);
        self.facts.cipher_suite = Some(suite);
        if self.hello.server.is_none() {
            self.hello.server = Some(ServerHello { version: Version::TLS_1_3, suite: suite.0, ..Default::default() });
            self.facts.version = Some(Version::TLS_1_3);
            self.hello.is_guessed = true;
        }
        self.facts.reason = None;
        self.facts.changed();
        self.enter(from, phase);
        let half = &mut self.halves[from.index()];
        half.sequence = number + guess.since;
        half.lost = None;
        // Data may have come before.
        half.is_midstream |= phase != Phase::Handshake && half.sequence > u64::from(phase == Phase::Keys);
        record.lost = None;
        self.protected(from, record, out)
    }

    pub(super) fn may_guess(&self, secrets: &KeyLog) -> bool {
        self.hello.client_random.is_some() || (1..=SESSIONS).contains(&secrets.sessions().len())
    }

    /// Tries the sample for as long as there is credit.
    fn take_turns(&mut self, from: Side, guess: &mut Guess, secrets: &KeyLog) -> Option<(Candidate, u64)> {
        let candidates = self.candidates(from, secrets);
        if guess.candidates != candidates.len() {
            // The other direction told which session it is.
            (guess.candidates, guess.turns) = (candidates.len(), 0);
        }
        let cost = KEYS + TURN * guess.sample.len() as u64;
        let mut sample = Box::<[u8]>::default();
        let mut found = None;
        while found.is_none() && !candidates.is_empty() && self.pay(from, cost) {
            let candidate = &candidates[(guess.turns % candidates.len() as u64) as usize];
            let first = guess.turns / candidates.len() as u64 * TURN;
            guess.turns += 1;
            let Some(opener) = self.opener_if(from, candidate, secrets) else { continue };
            // The sample stays as it is.
            sample.clone_from(&guess.sample);
            let mut record = Record { bytes: &mut sample, pieces: &[], offset: 0, lost: None };
            let number = (first..first + TURN).find(|number| self.probe(&opener, *number, &mut record).is_some());
            found = number.map(|number| (candidate.client_random, candidate.suite, candidate.phase, number));
        }
        found.map(|(client_random, suite, phase, number)| (Candidate { client_random, suite, phase }, number))
    }

    /// What opens records if the candidate is right.
    fn opener_if(&mut self, from: Side, candidate: &Candidate, secrets: &KeyLog) -> Option<super::opener::Opener> {
        let (random, server) = (self.hello.client_random, self.hello.server.take());
        let is_known = server.is_some();
        let supposed = ServerHello { version: Version::TLS_1_3, suite: candidate.suite.0, ..Default::default() };
        self.hello.client_random = Some(candidate.client_random);
        self.hello.server = server.or(Some(supposed));
        let opener = self.opener_of(from, candidate.phase, secrets);
        self.hello.client_random = random;
        self.hello.server.take_if(|_| !is_known);
        opener.ok().map(|(opener, _)| opener)
    }

    fn candidates(&self, from: Side, secrets: &KeyLog) -> Vec<Candidate> {
        let suites = self.hello.server.as_ref().map_or(suite::TLS_1_3.to_vec(), |hello| vec![hello.suite()]);
        let phases: &[Phase] = match self.hello.version() {
            Some(version) if version != Version::TLS_1_3 => &[Phase::Keys],
            _ if self.halves[from.index()].is_midstream => &[Phase::Traffic(0)],
            _ => &[Phase::Handshake, Phase::Traffic(0)],
        };
        let sessions: Vec<ClientRandom> = match self.hello.client_random {
            Some(random) => vec![random],
            None => secrets.sessions().copied().collect(),
        };
        let mut candidates = Vec::new();
        for client_random in sessions {
            for suite in &suites {
                let of = |phase: &Phase| Candidate { client_random, suite: *suite, phase: *phase };
                candidates.extend(phases.iter().map(of));
            }
        }
        candidates
    }
}

/// Whether a record can be one that is protected, by its header and length.
pub(super) fn is_protected(record: &Record<'_>) -> bool {
    record.bytes[1..3] == [3, 3] && record.bytes.len() > HEADER + 8
}
