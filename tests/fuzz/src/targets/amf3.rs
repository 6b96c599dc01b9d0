//! AMF3: the bytes stand behind the marker that leads to it from AMF0, as the arguments of a command. Another value needs
//! another marker.

use rtmp_inspect::synth::{Amf, Message, values};

use super::payload;

pub fn run(bytes: &[u8]) {
    let mut content = values(&["call".into(), 7.into(), Amf::Null]);
    content.push(0x11);
    content.extend(bytes);
    // As AMF0 goes over to it, and as an AMF3 command with its format selector.
    let selected = [&[0], &content[..]].concat();
    payload::run(&[Message::new(3, 20, 0, 0, content), Message::new(3, 17, 0, 0, selected)]);
}
