//! Values from files: RTMP captures, and shared objects that Flash Player has stored.

use std::path::{Path, PathBuf};

use flash_lso::amf3::read::AMF3Decoder;
use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::capture::Input;
use rtmp_inspect::proto::Event;
use rtmp_inspect::proto::rtmp::Message;
use rtmp_inspect::wire::Tree;

/// The values of each message of a capture that holds AMF, as they would stand in a message of type 20.
pub fn captured(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let Ok(mut input) = Input::open(&[PathBuf::from(path)]) else { return found };
    let mut analyzer = Analyzer::new(&Limits::default(), Options::default());
    let mut drain = |analyzer: &mut Analyzer| {
        while let Some(event) = analyzer.poll() {
            if let Event::Message(message) = event {
                let place = format!("{} message {}", path.display(), message.n);
                found.extend(values(&message).into_iter().map(|bytes| (place.clone(), bytes)));
            }
        }
    };
    while let Some(packet) = input.next() {
        if let Ok(packet) = packet {
            analyzer.push(&packet);
        }
        drain(&mut analyzer);
    }
    analyzer.finish();
    drain(&mut analyzer);
    found
}

fn values(message: &Message) -> Vec<Vec<u8>> {
    match message.head.kind.0 {
        18 | 20 => vec![message.payload.to_vec()],
        15 | 17 => vec![message.payload[usize::from(message.format_selector().is_some())..].to_vec()],
        16 | 19 => {
            let mut tree = Tree::default();
            message.record(&mut tree, &Limits::default());
            let is_value =
                |name: &str| ["shared_object.events.value", "shared_object.events.arguments.item"].contains(&name);
            let mut values = Vec::new();
            let mut behind = 0;
            for node in &tree.nodes {
                // What is inside a value is part of it.
                if is_value(node.field.name) && node.span.start >= behind {
                    behind = node.span.end;
                    values.push(message.payload[node.span.start as usize..node.span.end as usize].to_vec());
                }
            }
            values
        }
        _ => Vec::new(),
    }
}

/// The content of a file that Flash Player has written for a shared object: in AMF0 its values; in AMF3, where all of
/// the file shares its tables, one array with its names and values.
pub fn stored(path: &Path) -> Option<Vec<Vec<u8>>> {
    let bytes = std::fs::read(path).ok()?;
    // Two bytes of version, four of length, ten of signature, the name; three of padding and the AMF version.
    let name = usize::from(u16::from_be_bytes([*bytes.get(16)?, *bytes.get(17)?]));
    let version = *bytes.get(18 + name + 3)?;
    let mut body = bytes.get(18 + name + 4..)?;
    if version == 0 {
        let mut values = Vec::new();
        while body.len() > 2 {
            let name = usize::from(u16::from_be_bytes([body[0], body[1]]));
            body = body.get(2 + name..)?;
            let (rest, _) = flash_lso::amf0::read::AMF0Decoder::default().parse_single_element(body).ok()?;
            values.push(body[..body.len() - rest.len()].to_vec());
            body = rest.get(1..)?;
        }
        return Some(values);
    }
    let mut decoder = AMF3Decoder::default();
    let mut array = vec![0x11, 0x09, 0x01];
    while !body.is_empty() {
        // A name reads as a string does behind its marker.
        let name = [&[6][..], body].concat();
        let (rest, _) = decoder.parse_single_element(&name).ok()?;
        let (rest, _) = decoder.parse_single_element(&body[body.len() - rest.len()..]).ok()?;
        array.extend(&body[..body.len() - rest.len()]);
        body = rest.get(1..)?;
    }
    array.push(1);
    Some(vec![array])
}
