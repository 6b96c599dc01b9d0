use super::packets;
use crate::proto;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::words::count;
use crate::wire::{self, Side, Time};

const DAY: i64 = 86_400_000_000_000;

rule! {
    /// The server's certificate had expired when the session began, was not valid yet, or names itself as its issuer. The time is
    /// that of the capture's packets. The certificate is seen in TLS 1.2, and in TLS 1.3 where that is decrypted. Whether its
    /// issuer is trusted, and whether it names the server as it was called, is for the client to say.
    ///
    /// Why: OBS, browsers and phones refuse such a certificate; FFmpeg and librtmp take any unless they are told to look.
    ///
    /// Seen: test servers with a certificate of their own; renewals that failed.
    ///
    /// Change: renew the certificate and have the server load it; use one of an authority that clients trust; set the clock of the
    /// machine whose time is wrong.
    pub(super) struct CertificateDoubtful {
        is_judged: bool,
    }
    "TLS004", "certificate-doubtful", Warning, "RFC 5280 §4.1.2.5", rests: Event, each: true, media: false
}

impl Rule for CertificateDoubtful {
    fn tls(&mut self, told: &proto::Tls, _: &Story, findings: &mut Findings) {
        let Some(certificate) = told.facts.certificate.as_ref().filter(|_| !self.is_judged) else { return };
        let Some((begin, _)) = told.facts.packets else { return };
        self.is_judged = true;
        let whose = format!("the server's certificate, of {}, ", wire::told(&certificate.subject));
        let ends = certificate.not_after;
        let starts = certificate.not_before;
        if begin.time > ends {
            let text = format!("{whose}expired on {}, {} this session", date(ends), apart(begin.time, ends, "before"));
            findings.push(Self::META, Some(Side::Server), text, packets(told));
        } else if begin.time < starts {
            let text = format!(
                "{whose}is valid from {} on, {} this session began",
                date(starts),
                apart(starts, begin.time, "after")
            );
            findings.push(Self::META, Some(Side::Server), text, packets(told));
        }
        if certificate.self_signed {
            let text = format!(
                "{whose}names itself as its issuer: clients that look refuse it, unless they are told to trust it"
            );
            findings.push(Self::META, Some(Side::Server), text, packets(told));
        }
    }
}

/// `3 days before`.
fn apart(later: Time, earlier: Time, word: &str) -> String {
    match later.since(earlier) / DAY {
        0 => format!("less than a day {word}"),
        days => format!("{} {word}", count(days as u64, "day")),
    }
}

/// `2026-12-20`.
fn date(time: Time) -> String {
    let second = time.0.div_euclid(1_000_000_000);
    jiff::Timestamp::from_second(second).unwrap_or_default().strftime("%Y-%m-%d").to_string()
}
