use super::meaning::meaning;
use crate::proto;
use crate::proto::tls::{AlertDescription, AlertLevel};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// An alert of TLS that is no orderly end (close_notify): the finding says who sent it, what it means for RTMPS, and what
    /// mends it. Behind the handshake an alert is seen only where its records are decrypted.
    ///
    /// Why: a fatal alert ends the connection, and to its user that looks like a server that is down. It is the one word that says
    /// why.
    ///
    /// Seen: `unknown_ca` of clients to which the server does not send its whole chain; `protocol_version` of servers to encoders
    /// with an old TLS library; `handshake_failure` where a server has an RSA certificate and only ECDSA suites are offered.
    ///
    /// Change: what the finding says.
    pub(super) struct TlsAlert {
        said: usize,
    }
    "TLS001", "tls-alert", Note, "RFC 8446 §6, RFC 5246 §7.2", rests: Event, each: true, media: false
}

impl Rule for TlsAlert {
    fn tls(&mut self, told: &proto::Tls, _: &Story, findings: &mut Findings) {
        let alerts = &told.facts.alerts;
        for alert in alerts.get(self.said..).unwrap_or_default() {
            if alert.description == AlertDescription::CLOSE_NOTIFY {
                continue;
            }
            let grave = if alert.level == AlertLevel::FATAL { "a fatal alert" } else { "an alert" };
            let number = alert.description.0;
            let mut text = format!("the {} sent {grave}, ", alert.from.name());
            match alert.description.name() {
                Some(name) => text += &format!("{name} ({number})"),
                None => text += &number.to_string(),
            }
            if let Some((why, change)) = meaning(alert.description) {
                text += &format!(": {why}; {change}");
            }
            findings.push(Self::META, Some(alert.from), text, (alert.at.packet, alert.at.packet));
        }
        self.said = self.said.max(alerts.len());
    }
}
