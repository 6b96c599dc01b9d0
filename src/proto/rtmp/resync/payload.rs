//! What the first bytes of a payload say for its message's type, in bits.
//!
//! Codecs name themselves or look like the direction's messages before; commands begin with a name and a number. Nothing
//! is decoded here: what is no payload of its type is told from what may be one.

// The weights are tables: a line a case, also where two cases weigh the same.
#![allow(clippy::match_same_arms)]

use super::known::{Signs, video_codec};
use crate::proto::rtmp::MessageType;

/// The bytes of a payload that are waited for.
pub(super) const BEGINNING: usize = 6;
/// Bits of a message that names its codec.
const NAMED: i32 = 24;
/// Bits of a message that begins like one before.
pub(super) const FAMILIAR: i32 = 7;
/// Bits with which a message says its type by itself.
pub(super) const TELLING: i32 = 12;

/// How much a payload says for its type; `None` when it cannot be one. These are its bytes as far as they are there, at
/// least its [`BEGINNING`]. The signs are those of the messages before, and then have this one's.
pub(super) fn weigh(kind: MessageType, payload: &[u8], signs: &mut Signs) -> Option<i32> {
    match (kind, payload) {
        (MessageType::AUDIO, [first, rest @ ..]) => {
            // A direction has few codecs; another one has to say its name.
            let is_new = signs.audio.excludes(|before| before >> 4 == first >> 4);
            let is_known = signs.audio.has(*first);
            signs.audio.add(*first);
            audio(*first, rest, is_known).filter(|bits| !is_new || *bits >= NAMED)
        }
        (MessageType::VIDEO, [first, rest @ ..]) => {
            let codec = video_codec(*first);
            let is_new = signs.video.excludes(|before| before == codec);
            let is_known = signs.video.has(codec);
            signs.video.add(codec);
            video(*first, rest, is_known).filter(|bits| !is_new || *bits >= NAMED)
        }
        (MessageType::ACKNOWLEDGEMENT, number) => {
            let number = number.first_chunk::<4>().map(|number| u32::from_be_bytes(*number)).unwrap_or_default();
            match signs.acknowledged.replace(number) {
                // More was received since, and not by very much.
                Some(before) if number.wrapping_sub(before) <= 0x00ff_ffff => Some(8),
                Some(_) => None,
                None => Some(0),
            }
        }
        (MessageType::COMMAND_AMF0, [2, 0, 1..=64, b' '..=b'~', ..]) => Some(20 + command(payload)),
        (MessageType::DATA_AMF0, [2, 0, 1..=64, b' '..=b'~', ..]) => Some(20),
        (MessageType::COMMAND_AMF0 | MessageType::DATA_AMF0, _) => None,
        (MessageType::COMMAND_AMF3, [0, amf0 @ ..]) if matches!(amf0, [2, 0, 1..=64, ..]) => Some(14 + command(amf0)),
        (MessageType::COMMAND_AMF3 | MessageType::DATA_AMF3, [0, 2, 0, ..] | [2, 0, ..]) => Some(14),
        (MessageType::COMMAND_AMF3 | MessageType::DATA_AMF3, _) => None,
        (MessageType::AGGREGATE, [8 | 9 | 18, ..]) => Some(5),
        (MessageType::AGGREGATE, _) => None,
        _ => Some(0),
    }
}

/// How much more a command says that begins with these bytes: a name of letters, and a small whole number.
fn command(payload: &[u8]) -> i32 {
    let [2, 0, length, rest @ ..] = payload else { return 0 };
    let Some((name, [0, number @ ..])) = rest.split_at_checked(usize::from(*length)) else { return 0 };
    let Some(number) = number.first_chunk::<8>().map(|number| f64::from_be_bytes(*number)) else { return 0 };
    let is_name = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let is_small = (0.0..=65_535.0).contains(&number) && number.fract() == 0.0;
    // A letter says two bits, the number's marker 8, its zeros 40.
    if is_name && is_small { 2 * i32::from(*length) + 48 } else { 0 }
}

fn audio(first: u8, rest: &[u8], is_known: bool) -> Option<i32> {
    let known = if is_known { FAMILIAR } else { 0 };
    match (first >> 4, rest) {
        (10, [0 | 1, ..]) => Some(3 + known + 7),
        (10, _) => None,
        (9, _) if first & 15 > 7 => None,
        (9, [a, b, c, d, ..]) if is_audio_name([*a, *b, *c, *d]) => Some(24),
        // Several tracks, with one codec.
        (9, [0x00..=0x14, a, b, c, d, ..]) if first & 15 == 5 && is_audio_name([*a, *b, *c, *d]) => Some(24),
        (9, _) => Some(known),
        (0..=8 | 11 | 13..=15, _) => Some(known),
        _ => None,
    }
}

fn is_audio_name(name: [u8; 4]) -> bool {
    matches!(&name, b"ac-3" | b"ec-3" | b"Opus" | b".mp3" | b"fLaC" | b"mp4a")
}

fn video(first: u8, rest: &[u8], is_known: bool) -> Option<i32> {
    if first & 0x80 != 0 {
        return match rest {
            _ if first & 15 > 7 => None,
            [a, b, c, d, ..] if is_video_name([*a, *b, *c, *d]) => Some(28),
            // Several tracks, with one codec.
            [0x00..=0x15, a, b, c, d, ..] if first & 15 == 6 && is_video_name([*a, *b, *c, *d]) => Some(28),
            _ if matches!(first & 15, 6 | 7) => Some(0),
            _ => None,
        };
    }
    let known = if is_known { 3 } else { 0 };
    match (first >> 4, first & 15, rest) {
        // Composition times are small, and rarely below zero.
        (1..=5, 7 | 12 | 13, [0..=2, 0, 0..=0x3f, _, ..] | [0..=2, 0xff, 0xc0..=0xff, _, ..]) => {
            Some(4 + known + 6 + 9)
        }
        (1..=5, 2..=6, _) => Some(2 + known),
        _ => None,
    }
}

fn is_video_name(name: [u8; 4]) -> bool {
    matches!(&name, b"avc1" | b"hvc1" | b"vvc1" | b"av01" | b"vp08" | b"vp09")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each payload's weight, in one direction.
    fn weights<const N: usize>(kind: MessageType, payloads: [&[u8]; N]) -> [Option<i32>; N] {
        let mut signs = Signs::default();
        payloads.map(|payload| weigh(kind, payload, &mut signs))
    }

    #[test]
    fn another_codec_has_to_say_its_name() {
        let [first, again, mp3, opus, tracks] = weights(
            MessageType::AUDIO,
            [&[0xaf, 1, 0, 0, 0, 0], &[0xaf, 1, 0, 0, 0, 0], &[0x2f, 0, 0, 0, 0, 0], b"\x91Opus\0", b"\x95\x01Opus"],
        );
        assert_eq!((again, mp3), (first.map(|bits| bits + FAMILIAR), None));
        assert_eq!((opus, tracks), (Some(NAMED), Some(NAMED)));
        let [_, h263, hevc, unnamed] =
            weights(MessageType::VIDEO, [&[0x17, 1, 0, 0, 0, 0], &[0x22, 0, 0, 0, 0, 0], b"\x91hvc1\0", b"\x91abcd\0"]);
        assert_eq!((h263, unnamed), (None, None));
        assert!(hevc >= Some(NAMED));
    }

    #[test]
    fn composition_times_are_small() {
        let [ahead, behind, large] = weights(
            MessageType::VIDEO,
            [&[0x27, 1, 0, 0x3f, 0xff, 0], &[0x27, 1, 0xff, 0xc0, 0, 0], &[0x27, 1, 0, 0x40, 0, 0]],
        );
        assert!(ahead.is_some() && behind > ahead, "the second has a codec that was seen");
        assert_eq!(large, None);
    }

    #[test]
    fn commands_say_more_with_their_number() {
        let whole = b"\x02\0\x07connect\0\x3f\xf0\0\0\0\0\0\0\x03";
        let amf3 = [&[0], &whole[..]].concat();
        assert_eq!(weights(MessageType::COMMAND_AMF0, [&whole[..], &whole[..6]]), [Some(20 + 14 + 48), Some(20)]);
        assert_eq!(weights(MessageType::COMMAND_AMF3, [&amf3[..], &amf3[..6]]), [Some(14 + 14 + 48), Some(14)]);
        assert_eq!(weights(MessageType::COMMAND_AMF0, [&amf3[..], &[2, 0, 7, 0, 0, 0]]), [None, None]);
    }

    #[test]
    fn acknowledged_bytes_become_more() {
        let numbers = [&[0, 1, 0, 0][..], &[0, 2, 0, 0], &[0, 1, 0, 0]];
        assert_eq!(weights(MessageType::ACKNOWLEDGEMENT, numbers), [Some(0), Some(8), None]);
        assert_eq!(weights(MessageType::ACKNOWLEDGEMENT, [&[0xff; 4][..], &[0; 4]]), [Some(0), Some(8)]);
    }
}
