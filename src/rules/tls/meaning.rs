//! What an alert of TLS means to who runs RTMPS, and what mends it.

use crate::proto::tls::AlertDescription;

/// Why an alert is sent, and what to change.
pub(super) fn meaning(description: AlertDescription) -> Option<(&'static str, &'static str)> {
    Some(match description {
        AlertDescription::UNEXPECTED_MESSAGE | AlertDescription::DECODE_ERROR | AlertDescription::RECORD_OVERFLOW => (
            "it got what is no TLS in this place",
            "see that both sides speak TLS on this port, and that nothing in between changes what they send",
        ),
        AlertDescription::BAD_RECORD_MAC
        | AlertDescription::DECRYPTION_FAILED
        | AlertDescription::DECRYPT_ERROR
        | AlertDescription::DECOMPRESSION_FAILURE => (
            "what it got does not authenticate",
            "look for what changes bytes on the way, or for a fault in the other side's TLS library",
        ),
        AlertDescription::HANDSHAKE_FAILURE | AlertDescription::INSUFFICIENT_SECURITY => (
            "the sides have no cipher suite or curve in common",
            "let the older side use a newer TLS library, or the server offer a suite that the client has",
        ),
        AlertDescription::NO_CERTIFICATE | AlertDescription::CERTIFICATE_REQUIRED => {
            ("it wants a certificate of the client", "give the client one, or have the server not ask")
        }
        AlertDescription::BAD_CERTIFICATE
        | AlertDescription::UNSUPPORTED_CERTIFICATE
        | AlertDescription::CERTIFICATE_REVOKED
        | AlertDescription::CERTIFICATE_UNKNOWN
        | AlertDescription::BAD_CERTIFICATE_STATUS_RESPONSE
        | AlertDescription::BAD_CERTIFICATE_HASH_VALUE
        | AlertDescription::CERTIFICATE_UNOBTAINABLE => (
            "it does not accept the certificate",
            "see that the certificate names the server as the client calls it, and that its whole chain is sent",
        ),
        AlertDescription::CERTIFICATE_EXPIRED => {
            ("the certificate is out of date by its clock", "renew the certificate, or set the clock")
        }
        AlertDescription::UNKNOWN_CA => (
            "nobody whom it trusts issued the certificate",
            "send the whole chain, or add the issuer to what the client trusts",
        ),
        AlertDescription::ACCESS_DENIED => ("it lets this one not in", "see who may connect by the server's settings"),
        AlertDescription::PROTOCOL_VERSION | AlertDescription::INAPPROPRIATE_FALLBACK => (
            "the sides have no TLS version in common",
            "let the older side use TLS 1.2 at least, or the server allow what the client has",
        ),
        AlertDescription::UNRECOGNIZED_NAME => (
            "it does not know the server's name that was asked for",
            "see the host name in the client's URL, and which names the server has a certificate for",
        ),
        AlertDescription::NO_APPLICATION_PROTOCOL => {
            ("the sides have no ALPN protocol in common", "have the client offer none, or one that the server has")
        }
        AlertDescription::MISSING_EXTENSION
        | AlertDescription::UNSUPPORTED_EXTENSION
        | AlertDescription::ILLEGAL_PARAMETER => {
            ("the handshake says what it must not say", "use a newer TLS library on the other side")
        }
        AlertDescription::UNKNOWN_PSK_IDENTITY => {
            ("it does not know the earlier session or key that is offered", "have the client begin anew, without it")
        }
        AlertDescription::ECH_REQUIRED => {
            ("it could not use the encrypted hello", "have the client fetch the server's keys for it again")
        }
        AlertDescription::INTERNAL_ERROR => {
            ("something failed inside of it", "look into its log; nothing is known to be wrong with the other side")
        }
        AlertDescription::USER_CANCELED => ("its user gave up", "see why: a dialogue about the certificate, often"),
        _ => return None,
    })
}
