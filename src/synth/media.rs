//! Payloads of audio and video messages: real configurations and headers, frames of noise.

use super::{Amf, Random};

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    Key,
    Inter,
}

/// An AAC sequence header: AAC-LC, 48 kHz, stereo.
pub fn aac_sequence_header() -> Vec<u8> {
    vec![0xaf, 0, 0x11, 0x90]
}

/// A raw AAC frame: a message of `length` bytes, its two header bytes included.
pub fn aac_frame(length: usize, random: &mut Random) -> Vec<u8> {
    noise(&[0xaf, 1], length, random)
}

/// An AVC sequence header: High profile, level 1.2, 320 x 180, as x264 writes it.
pub fn avc_sequence_header() -> Vec<u8> {
    let sequence_parameter_set = [
        0x67, 0x64, 0x00, 0x0c, 0xac, 0xd9, 0x41, 0x41, 0x9f, 0x9f, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00,
        0x00, 0x03, 0x03, 0x20, 0xf1, 0x42, 0x99, 0x60,
    ];
    let picture_parameter_set = [0x68, 0xef, 0xbc, 0xb0];
    [
        &[0x17, 0, 0, 0, 0, 0x01, 0x64, 0x00, 0x0c, 0xff, 0xe1, 0, sequence_parameter_set.len() as u8][..],
        &sequence_parameter_set,
        &[1, 0, picture_parameter_set.len() as u8],
        &picture_parameter_set,
        &[0xfd, 0xf8, 0xf8, 0x00],
    ]
    .concat()
}

/// An AVC picture: a message of `length` bytes (at least 10) with one NAL unit of the right type and length.
pub fn avc_frame(frame: Frame, composition_time: i32, length: usize, random: &mut Random) -> Vec<u8> {
    let (control, nal_unit) = match frame {
        Frame::Key => (0x17, 0x65),
        Frame::Inter => (0x27, 0x41),
    };
    let nal_unit_length = (length.saturating_sub(9) as u32).to_be_bytes();
    let header = [&[control, 1], &composition_time.to_be_bytes()[1..], &nal_unit_length[..], &[nal_unit]].concat();
    noise(&header, length, random)
}

/// The end of an AVC sequence.
pub fn avc_end_of_sequence() -> Vec<u8> {
    vec![0x17, 2, 0, 0, 0]
}

/// An Enhanced RTMP message in the making: modifiers first, then one of the forms that a packet can have.
#[derive(Clone, Debug)]
pub struct Enhanced {
    /// The low nibble of the last byte waits for the type of what follows.
    bytes: Vec<u8>,
    multitrack: u8,
}

impl Enhanced {
    /// A video message; the frame type is 1 key, 2 inter, 5 command.
    pub fn video(frame_type: u8) -> Self {
        Enhanced { bytes: vec![0x80 | frame_type << 4], multitrack: 6 }
    }

    pub fn audio() -> Self {
        Enhanced { bytes: vec![0x90], multitrack: 5 }
    }

    fn kind(&mut self, packet_type: u8) {
        if let Some(last) = self.bytes.last_mut() {
            *last |= packet_type;
        }
    }

    /// A ModEx modifier with 1 to 65536 bytes of data, its size in the short form where that is enough.
    #[must_use]
    pub fn mod_ex(mut self, kind: u8, data: &[u8]) -> Self {
        self.kind(7);
        match u8::try_from(data.len() - 1) {
            Ok(size) if size < 255 => self.bytes.push(size),
            _ => {
                self.bytes.push(255);
                self.bytes.extend(((data.len() - 1) as u16).to_be_bytes());
            }
        }
        self.bytes.extend(data);
        self.bytes.push(kind << 4);
        self
    }

    /// A packet of one codec, without tracks.
    pub fn packet(mut self, packet_type: u8, fourcc: [u8; 4], body: &[u8]) -> Vec<u8> {
        self.kind(packet_type);
        [&self.bytes, &fourcc[..], body].concat()
    }

    /// Multitrack, OneTrack.
    pub fn one_track(mut self, packet_type: u8, fourcc: [u8; 4], id: u8, body: &[u8]) -> Vec<u8> {
        self.kind(self.multitrack);
        [&self.bytes, &[packet_type][..], &fourcc, &[id], body].concat()
    }

    /// Multitrack, ManyTracks.
    pub fn many_tracks(mut self, packet_type: u8, fourcc: [u8; 4], tracks: &[(u8, &[u8])]) -> Vec<u8> {
        self.kind(self.multitrack);
        let mut bytes = [&self.bytes, &[0x10 | packet_type][..], &fourcc].concat();
        for (id, body) in tracks {
            bytes.extend([&[*id], &(body.len() as u32).to_be_bytes()[1..], body].concat());
        }
        bytes
    }

    /// Multitrack, ManyTracksManyCodecs.
    pub fn many_codecs(mut self, packet_type: u8, tracks: &[([u8; 4], u8, &[u8])]) -> Vec<u8> {
        self.kind(self.multitrack);
        let mut bytes = [&self.bytes, &[0x20 | packet_type][..]].concat();
        for (fourcc, id, body) in tracks {
            bytes.extend([&fourcc[..], &[*id], &(body.len() as u32).to_be_bytes()[1..], body].concat());
        }
        bytes
    }
}

/// The metadata of such a stream, as an ECMA array.
pub fn metadata() -> Amf {
    Amf::ecma_array([
        ("width", 320.into()),
        ("height", 180.into()),
        ("framerate", 25.into()),
        ("videocodecid", 7.into()),
        ("audiocodecid", 10.into()),
        ("audiosamplerate", 48000.into()),
        ("stereo", true.into()),
        ("encoder", "rtmp-inspect synth".into()),
    ])
}

fn noise(header: &[u8], length: usize, random: &mut Random) -> Vec<u8> {
    let mut bytes = header.to_vec();
    bytes.resize(length.max(header.len()), 0);
    random.fill(&mut bytes[header.len()..]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_length_asked_for_and_says_so() {
        let frame = avc_frame(Frame::Key, -1, 100, &mut Random::new(1));
        assert_eq!(frame.len(), 100);
        assert_eq!(frame[..10], [0x17, 1, 0xff, 0xff, 0xff, 0, 0, 0, 91, 0x65]);
        assert_eq!(aac_frame(50, &mut Random::new(1)).len(), 50);
    }
}
