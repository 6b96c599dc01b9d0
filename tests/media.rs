//! Audio and video messages: every header form of FLV and Enhanced RTMP, and the codecs' own records.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use rtmp_inspect::proto::flv::{self, Audio, Multitrack, Video};
use rtmp_inspect::proto::rtmp::{MessageType, record_payload};
use rtmp_inspect::synth::media::{self, Enhanced, Frame};
use rtmp_inspect::synth::{Amf, Random, object};
use rtmp_inspect::wire::{Kind, Label, Reader, Silent, Stop, Tree, Trouble, Value};
use serde_json::{Map, Value as Json, json};

/// A node as JSON has it, with a check that no name comes twice and every span lies in its parent's.
fn node(tree: &Tree, index: usize, bytes: &[u8]) -> Json {
    let node_ = &tree.nodes[index];
    let slice = |range: &std::ops::Range<u32>| &bytes[range.start as usize..range.end as usize];
    let children: Vec<usize> = tree.children(index).collect();
    for child in &children {
        let span = &tree.nodes[*child].span;
        assert!(span.start >= node_.span.start && span.end <= node_.span.end, "{span:?} in {:?}", node_.field.name);
    }
    match &node_.value {
        // A list that stopped early is a group with positions.
        Value::Group if children.iter().any(|child| matches!(tree.nodes[*child].label, Label::Index(_))) => {
            children.into_iter().map(|child| node(tree, child, bytes)).collect()
        }
        Value::Group | Value::EcmaArray(_) => {
            let mut map = Map::new();
            for child in children {
                let field = tree.nodes[child].field;
                let key = match &tree.nodes[child].label {
                    Label::Key(range) => String::from_utf8_lossy(slice(range)).into_owned(),
                    _ => field.key().to_owned(),
                };
                if field.kind != Kind::Opaque {
                    let earlier = map.insert(key, node(tree, child, bytes));
                    assert!(earlier.is_none(), "{} comes twice in {}", field.name, node_.field.name);
                }
            }
            Json::Object(map)
        }
        Value::List => children.into_iter().map(|child| node(tree, child, bytes)).collect(),
        Value::Uint(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Number(value) => json!(value),
        Value::Bool(value) => json!(value),
        Value::Word(word) => json!(word),
        Value::Text(range) => json!(String::from_utf8_lossy(slice(range))),
        Value::Bytes(range) => json!(slice(range)),
        _ => Json::Null,
    }
}

fn record(kind: MessageType, bytes: &[u8]) -> Json {
    let mut tree = Tree::default();
    record_payload(kind, 0, bytes, 0, &mut tree, &rtmp_inspect::analyzer::Limits::default());
    let roots: Vec<usize> = tree.roots().collect();
    assert_eq!(roots.len(), 1, "nothing lies behind the message's one group");
    assert_eq!(tree.nodes[0].span, 0..bytes.len() as u32);
    node(&tree, 0, bytes)
}

fn video(bytes: &[u8]) -> (Video, Option<Stop>, Json) {
    let mut tree = Tree::default();
    let told = flv::video(&mut Reader::new(bytes, 0, &mut tree));
    let silent = flv::video(&mut Reader::new(bytes, 0, &mut Silent));
    assert_eq!(told, silent, "what is told does not depend on recording");
    (silent.0, silent.1, record(MessageType::VIDEO, bytes))
}

fn audio(bytes: &[u8]) -> (Audio, Option<Stop>, Json) {
    let mut tree = Tree::default();
    let told = flv::audio(&mut Reader::new(bytes, 0, &mut tree));
    let silent = flv::audio(&mut Reader::new(bytes, 0, &mut Silent));
    assert_eq!(told, silent, "what is told does not depend on recording");
    (silent.0, silent.1, record(MessageType::AUDIO, bytes))
}

fn whole_video(bytes: &[u8]) -> (Video, Json) {
    let (told, stop, json) = video(bytes);
    assert_eq!(stop, None, "{json}");
    (told, json)
}

fn whole_audio(bytes: &[u8]) -> (Audio, Json) {
    let (told, stop, json) = audio(bytes);
    assert_eq!(stop, None, "{json}");
    (told, json)
}

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

// Enhanced RTMP headers, from the byte tables of v2. The bytes are written out, so that no writer of ours can share a
// mistake with the reader.

#[test]
fn audio_multitrack_has_its_type_in_the_high_nibble() {
    // Wireshark 4.4 takes the nibbles the other way round.
    let (told, json) = whole_audio(b"\x95\x01mp4a\x03frame");
    assert_eq!(told.multitrack, Some(Multitrack::ONE_TRACK));
    assert_eq!((told.packet_type, told.tracks.len(), told.tracks[0].id), (Some("multitrack"), 1, 3));
    assert_eq!(told.tracks[0].media.packet_type, Some("coded_frames"));
    assert_eq!(
        json,
        json!({"enhanced": true, "packet_type": "multitrack", "multitrack_type": "one_track", "fourcc": "mp4a",
            "codec": "aac", "tracks": [{"track_id": 3, "codec": "aac", "packet_type": "coded_frames"}]})
    );
}

#[test]
fn audio_many_tracks_have_sizes() {
    let (told, json) = whole_audio(b"\x95\x10mp4a\x00\x00\x00\x02\x11\x90\x01\x00\x00\x02\x12\x08");
    let rates: Vec<_> = told.by_track().map(|(id, _, track)| (id, track.sample_rate, track.channels)).collect();
    assert_eq!(rates, [(0, Some(48_000), Some(2)), (1, Some(44_100), Some(1))]);
    assert_eq!(json["tracks"][1]["length"], 2);
    assert_eq!(json["tracks"][1]["sample_rate"], 44_100);
}

#[test]
fn audio_many_codecs_have_the_fourcc_before_the_track_id() {
    // Wireshark 4.4 reads the track id first.
    let (told, json) = whole_audio(b"\x95\x21Opus\x00\x00\x00\x01xac-3\x05\x00\x00\x02\x0b\x77");
    let codecs: Vec<_> = told.by_track().map(|(id, _, track)| (id, track.codec())).collect();
    assert_eq!(codecs, [(0, Some("opus")), (5, Some("ac3"))]);
    assert_eq!((told.codec(), told.fourcc), (None, None));
    assert_eq!(
        json["tracks"],
        json!([{"fourcc": "Opus", "track_id": 0, "length": 1, "codec": "opus", "packet_type": "coded_frames"},
            {"fourcc": "ac-3", "track_id": 5, "length": 2, "codec": "ac3", "packet_type": "coded_frames"}])
    );
}

#[test]
fn video_multitrack_of_all_three_forms() {
    let (told, _) = whole_video(b"\x96\x03av01\x01\x10\x00");
    assert_eq!((told.tracks[0].id, told.tracks[0].media.packet_type), (1, Some("coded_frames_x")));

    let (told, _, json) = video(b"\xa6\x11hvc1\x00\x00\x00\x05\x00\x00\x50ab\x01\x00\x00\x03\xff\xff\xff");
    let times: Vec<_> = told.by_track().map(|(id, _, track)| (id, track.composition_time)).collect();
    assert_eq!(times, [(0, Some(80)), (1, Some(-1))]);
    assert_eq!(json["tracks"][0]["length"], 5);

    let (told, _, json) = video(b"\xa6\x21avc1\x02\x00\x00\x03\x00\x00\x07vp09\x09\x00\x00\x01v");
    let codecs: Vec<_> = told.by_track().map(|(id, _, track)| (id, track.codec(), track.composition_time)).collect();
    assert_eq!(codecs, [(2, Some("h264"), Some(7)), (9, Some("vp9"), None)]);
    assert_eq!(json["multitrack_type"], "many_tracks_many_codecs");
}

#[test]
fn one_bad_track_spares_the_others() {
    let bytes = Enhanced::audio().many_tracks(0, *b"mp4a", &[(0, &[0x11]), (1, &[0x11, 0x90])]);
    let (told, stop, json) = audio(&bytes);
    assert_eq!(stop.unwrap().what, "AudioSpecificConfig ends early");
    assert_eq!(told.tracks[1].media.sample_rate, Some(48_000));
    assert_eq!(json["tracks"].as_array().unwrap().len(), 2);

    let (told, stop, _) = video(b"\xa6\x13avc1\x00\x00\x00\x09abc");
    assert_eq!(stop.unwrap().what, "a track of 9 bytes, 3 are left");
    assert_eq!(told.tracks.len(), 1);
    assert_eq!(video(b"\xa6\x36avc1").1.unwrap().what, "unknown multitrack type 3");
    assert_eq!(video(b"\xa6\x16avc1").1.unwrap().what, "tracks inside tracks");
    assert!(video(b"\xa6\x11avc1").1.is_some(), "no track at all");
}

#[test]
fn modifiers_with_sizes_of_one_and_of_two_bytes_and_in_a_chain() {
    // Wireshark 4.4 takes the modifier's first bytes for the FourCC.
    let (told, json) = whole_audio(b"\x97\x02\x00\x00\x64\x01mp4aframe");
    assert_eq!((told.timestamp_offset_ns, told.packet_type), (Some(100), Some("coded_frames")));
    assert_eq!(
        json,
        json!({"enhanced": true, "mod_ex": [{"size": 3, "data": [0, 0, 100], "type": "timestamp_offset_nano"}],
            "timestamp_offset_ns": 100, "packet_type": "coded_frames", "fourcc": "mp4a", "codec": "aac"})
    );

    // 255 says that two more bytes have the size: here 0x0104, so 261 bytes of data.
    let long = [&b"\xa7\xff\x01\x04"[..], &[0x0f, 0x42, 0x3f], &[9; 258], b"\x03hvc1frame"].concat();
    let (told, _, json) = video(&long);
    assert_eq!((told.timestamp_offset_ns, told.packet_type), (Some(999_999), Some("coded_frames_x")));
    assert_eq!(json["mod_ex"][0]["size"], 261);

    // A modifier of an unknown type, then the known one, then tracks.
    let (told, _, json) = video(b"\xa7\x00\xaa\x57\x02\x00\x01\x00\x06\x01av01\x07frame");
    assert_eq!((told.timestamp_offset_ns, told.tracks[0].id), (Some(256), 7));
    assert_eq!(told.tracks[0].media.timestamp_offset_ns, Some(256));
    assert_eq!(json["mod_ex"][0], json!({"size": 1, "data": [0xaa], "type": 5}));
    assert_eq!(json["mod_ex"].as_array().unwrap().len(), 2);
    assert_eq!(
        Enhanced::video(2).mod_ex(5, &[0xaa]).mod_ex(0, &[0, 1, 0]).one_track(1, *b"av01", 7, b"frame"),
        b"\xa7\x00\xaa\x57\x02\x00\x01\x00\x06\x01av01\x07frame"
    );
    assert_eq!(Enhanced::video(2).mod_ex(0, &long[4..265]).packet(3, *b"hvc1", b"frame"), long);
}

#[test]
fn a_modifier_cut_short_is_a_problem_and_what_came_before_it_stays() {
    let (told, stop, json) = audio(b"\x97\x02\x00\x00");
    assert_eq!(stop.unwrap().what, "data needs 3 bytes, 2 are left");
    assert_eq!(told.packet_type, Some("mod_ex"));
    assert_eq!(json["mod_ex"], json!([{"size": 3}]));
    let (_, stop, _) = audio(b"\x97\x00\x01\x01mp4a");
    assert_eq!(stop.unwrap().what, "a timestamp offset needs 3 bytes, ModEx has 1");
    let endless = [&[0x97][..], &[0, 0, 0x57].repeat(1000)].concat();
    assert!(audio(&endless).1.unwrap().what.starts_with("more ModEx modifiers"));
}

#[test]
fn speex_is_no_enhanced_rtmp() {
    // Wireshark 4.4 tests two bits of four, so that SoundFormat 11 passes for 9.
    let (told, json) = whole_audio(b"\xb2speex frame");
    assert!(!told.enhanced);
    assert_eq!(
        json,
        json!({"codec": "speex", "codec_id": 11, "enhanced": false, "sample_rate": 16_000, "channels": 1})
    );
    for format in [0xd2, 0xf2] {
        assert!(!audio(&[format, 1, 2, 3, 4, 5]).0.enhanced);
    }
}

#[test]
fn every_packet_type_has_its_word() {
    let words = |bytes: &[u8]| video(bytes).0.packet_type.unwrap();
    for (kind, word) in [(2, "sequence_end"), (3, "coded_frames_x"), (4, "metadata"), (5, "mpeg2ts_sequence_start")] {
        assert_eq!(words(&Enhanced::video(1).packet(kind, *b"hvc1", &[])), word);
    }
    let (_, json) = whole_audio(b"\x92Opus");
    assert_eq!(json["packet_type"], "sequence_end");
    let (_, json) = whole_audio(b"\x9fOpusxy");
    assert_eq!(json["packet_type"], 15);
    let (told, json) = whole_video(b"\x91zzzzframe");
    assert_eq!((told.codec(), &json["fourcc"]), (None, &json!("zzzz")));
    assert_eq!(audio(b"\x91Op").1.unwrap().what, "a FourCC needs 4 bytes, 2 are left");
}

#[test]
fn commands_stand_alone() {
    assert_eq!(whole_video(b"\xd1\x00").0.command, Some(0));
    assert_eq!(whole_video(b"\xd0\x01").1["command"], 1);
    // Legacy, with and without the AVC header that the specification wants.
    assert_eq!(whole_video(&[0x57, 1]).0.command, Some(1));
    let (told, json) = whole_video(&[0x57, 1, 0, 0, 0, 1]);
    assert_eq!((told.command, &json["composition_time"]), (Some(1), &json!(0)));
    assert_eq!(whole_video(&[0x52, 0]).0.command, Some(0));
    assert!(video(b"\xd1").1.is_some());
}

#[test]
fn a_metadata_frame_is_names_and_values() {
    let color = object([("bitDepth", 10.into()), ("colorPrimaries", 9.into())]);
    let body = [Amf::from("colorInfo").bytes(), object([("colorConfig", color)]).bytes()].concat();
    let (_, json) = whole_video(&Enhanced::video(5).packet(4, *b"hvc1", &body));
    assert_eq!(json["metadata"], json!({"colorInfo": {"colorConfig": {"bitDepth": 10.0, "colorPrimaries": 9.0}}}));
    let (_, stop, json) = video(&Enhanced::video(1).packet(4, *b"hvc1", &[&body[..], &[5]].concat()));
    assert!(stop.is_some());
    assert_eq!(json["metadata"]["colorInfo"]["colorConfig"]["bitDepth"], 10.0, "what came before is kept");
}

#[test]
fn multichannel_configurations_of_all_orders() {
    let (told, json) = whole_audio(b"\x94Opus\x01\x06\x00\x00\x00\x3f");
    assert_eq!(told.channels, Some(6));
    assert_eq!((&json["channel_order"], &json["channel_mask"]), (&json!("native"), &json!(0x3f)));
    assert_eq!(json["channel_layout"][3], "low_frequency_1");
    assert_eq!(json["channel_layout"].as_array().unwrap().len(), 6);
    let (_, json) = whole_audio(b"\x94Opus\x02\x04\x01\x17\xfe\xff");
    assert_eq!(json["channel_layout"], json!(["front_right", "bottom_front_right", "unused", "unknown"]));
    let (told, json) = whole_audio(b"\x94Opus\x00\x02");
    assert_eq!((told.channels, &json["channel_order"]), (Some(2), &json!("unspecified")));
    assert!(audio(b"\x94Opus\x02\x04\x01").1.is_some());
}

// Legacy codecs.

#[test]
fn legacy_audio_says_what_its_header_knows() {
    let facts = |bytes: &[u8]| {
        let told = whole_audio(bytes).0;
        (told.codec(), told.sample_rate, told.channels)
    };
    assert_eq!(facts(&[0x0d, 1]), (Some("pcm_u8"), Some(44_100), Some(2)));
    assert_eq!(facts(&[0x0e, 1]), (Some("pcm"), Some(44_100), Some(1)));
    assert_eq!(facts(&[0x3b, 1]), (Some("pcm_s16le"), Some(22_050), Some(2)));
    assert_eq!(facts(&[0x16, 1]), (Some("adpcm_swf"), Some(11_025), Some(1)));
    assert_eq!(facts(&[0x4e, 1]), (Some("nellymoser"), Some(16_000), Some(1)));
    assert_eq!(facts(&[0x5f, 1]), (Some("nellymoser"), Some(8_000), Some(1)));
    assert_eq!(facts(&[0x6a, 1]), (Some("nellymoser"), Some(22_050), Some(1)));
    assert_eq!(facts(&[0x72, 1]), (Some("pcm_alaw"), Some(8_000), Some(1)));
    assert_eq!(facts(&[0x83, 1]), (Some("pcm_mulaw"), Some(8_000), Some(2)));
    // Opus under a number of no specification: the bits are anything.
    assert_eq!(facts(&[0xdf, 1]), (Some("opus"), None, None));
    // AAC's own bits are a constant.
    assert_eq!(facts(&[0xaf, 1, 0x21]), (Some("aac"), None, None));
    assert_eq!(facts(&[]), (Some("pcm"), None, None));
}

#[test]
fn an_mp3_frame_tells_what_flv_cannot() {
    let (told, json) = whole_audio(&[0x2f, 0xff, 0xfb, 0x90, 0x64, 0, 0]);
    assert_eq!((told.sample_rate, told.channels), (Some(44_100), Some(2)));
    assert_eq!((&json["bit_rate"], &json["channel_mode"]), (&json!(128_000), &json!("joint_stereo")));
    // MPEG-2.5, 8 kHz, mono, 16 kbit/s.
    let (told, json) = whole_audio(&[0xe2, 0xff, 0xe3, 0x28, 0xc4]);
    assert_eq!((told.sample_rate, told.channels), (Some(8_000), Some(1)));
    assert_eq!((&json["mpeg_version"], &json["bit_rate"]), (&json!("2.5"), &json!(16_000)));
    // No frame starts here: FLV's bits are all there is.
    assert_eq!(whole_audio(&[0x2e, 1, 2, 3, 4]).0.sample_rate, Some(44_100));
    assert_eq!(whole_audio(&hex("91 2e6d7033 fffb5064")).0.sample_rate, Some(44_100));
}

#[test]
fn sizes_of_the_old_video_codecs() {
    let size = |bytes: &[u8]| {
        let told = whole_video(bytes).0;
        told.width.zip(told.height)
    };
    // Sorenson H.263: 8 and 16 bits, and a size by name.
    assert_eq!(size(&hex("12 00008400 80a1 005b 12")), Some((322, 182)));
    assert_eq!(size(&hex("12 00008402 00 00")), Some((128, 96)));
    assert!(video(&hex("12 10008400 80a1 005b 12")).1.is_some());
    // Screen video, FFmpeg's version 2.
    assert_eq!(size(&hex("16 3140 30b4 00 0009")), Some((320, 180)));
    assert_eq!(size(&hex("13 314d 30bb 0009")), Some((333, 187)));
    // VP6: 20 by 12 macroblocks, twelve lines cut off; then with alpha; then a frame that has no size.
    assert_eq!(size(&hex("14 0c 78 46 0c14 0c14")), Some((320, 180)));
    let (told, json) = whole_video(&hex("15 0c 000010 78 46 0c14 0c14"));
    assert_eq!((told.width, told.height, &json["offset_to_alpha"]), (Some(320), Some(180), &json!(16)));
    assert_eq!(size(&hex("24 0c 78 46 0c14 0c14")), None);
    assert_eq!(whole_video(&[]).0, Video::default());
}

// Configuration records.

#[test]
fn an_avc_record_down_to_the_frame_rate() {
    let (told, json) = whole_video(&media::avc_sequence_header());
    let sequence = told.sequence.clone().unwrap();
    assert_eq!((told.width, told.height, sequence.frame_rate), (Some(320), Some(180), Some(25.0)));
    assert_eq!((sequence.profile, sequence.level, sequence.chroma), (Some("High"), Some("1.2"), Some("4:2:0")));
    assert_eq!(json["configuration"]["nal_length_size"], 4);
    assert_eq!(json["configuration"]["sequence_parameter_sets"][0]["frame_crop_bottom_offset"], 6);
    assert_eq!(json["configuration"]["picture_parameter_sets"][0]["entropy_coding_mode_flag"], true);

    // x264, interlaced, 1920x1080: lines are cropped in pairs.
    let interlaced = hex("17 00 000000 0142c028ff e1 0019 6742c028da01e0089f97011000000300100000030320f1832a
        01 0004 68ce0fc8");
    let told = whole_video(&interlaced).0;
    let sequence = told.sequence.clone().unwrap();
    assert_eq!((told.width, told.height, sequence.frame_rate), (Some(1920), Some(1080), Some(25.0)));
    assert_eq!((sequence.profile, sequence.level), (Some("Constrained Baseline"), Some("4")));
}

#[test]
fn a_damaged_parameter_set_spares_the_rest_of_the_record() {
    let bytes = hex("17 00 000000 0164000cff e1 0004 6764000c 01 0004 68efbcb0");
    let (told, stop, json) = video(&bytes);
    assert_eq!(stop.unwrap(), Stop::new(17, "a parameter set ends early"));
    assert_eq!(told.sequence.unwrap().level, Some("1.2"));
    assert_eq!(json["configuration"]["picture_parameter_sets"][0]["length"], 4);
    let (_, stop, _) = video(&hex("17 00 000000 00000001 67"));
    assert_eq!(
        stop.unwrap().what,
        "an Annex B start code (00000001) stands where the AVCDecoderConfigurationRecord belongs"
    );
    let (_, stop, _) = video(&hex("17 00 000000 0264000c"));
    assert_eq!(stop.unwrap().what, "AVCDecoderConfigurationRecord has version 2, not 1");
}

#[test]
fn hevc_records_under_a_fourcc_and_under_number_12() {
    let record = hex("0101600000009000000000003cf000fcfdf8f800000f 03
        a0 0001 0018 40010c01ffff01600000030090000003000003003c959409
        a1 0001 002a 42010101600000030090000003000003003ca00a080c1f3e595952930b9a020000030002000003001e10
        a2 0001 0006 4401c073c189");
    for bytes in [Enhanced::video(1).packet(0, *b"hvc1", &record), [&[0x1c, 0, 0, 0, 0][..], &record].concat()] {
        let (told, json) = whole_video(&bytes);
        let sequence = told.sequence.clone().unwrap();
        assert_eq!((told.codec(), told.width, told.height), (Some("hevc"), Some(320), Some(180)));
        assert_eq!((sequence.profile, sequence.level, sequence.frame_rate), (Some("Main"), Some("2"), Some(15.0)));
        let types: Vec<_> =
            json["configuration"]["arrays"].as_array().unwrap().iter().map(|a| &a["nal_unit_type"]).collect();
        assert_eq!(types, ["vps", "sps", "pps"]);
    }
}

#[test]
fn a_vvc_record_has_profile_level_and_size() {
    // libvvenc by FFmpeg: 10 bits, its parameter sets left out here.
    let (told, json) =
        whole_video(&Enhanced::video(1).packet(0, *b"vvc1", &hex("ff 00655f 01 02 23 8000 0002 8801 6800 00 00")));
    let sequence = told.sequence.clone().unwrap();
    assert_eq!((sequence.profile, sequence.bit_depth, sequence.chroma), (Some("Main 10"), Some(10), Some("4:2:0")));
    assert_eq!((told.width, told.height), (Some(648), Some(360)), "{json}");
}

#[test]
fn an_av1_record_and_its_sequence_header() {
    // SVT-AV1 by FFmpeg, 320x180.
    let record = hex("81000c00 0a0b 0200000521e7f66017c002");
    for bytes in [Enhanced::video(1).packet(0, *b"av01", &record), [&[0x1d, 0, 0, 0, 0][..], &record].concat()] {
        let (told, json) = whole_video(&bytes);
        let sequence = told.sequence.clone().unwrap();
        assert_eq!((told.codec(), told.width, told.height), (Some("av1"), Some(320), Some(180)));
        assert_eq!((sequence.profile, sequence.level, sequence.bit_depth), (Some("Main"), Some("2"), Some(8)));
        assert_eq!(json["configuration"]["obus"][0]["type"], "sequence_header");
    }
    let (told, json) = whole_video(&Enhanced::video(1).packet(5, *b"av01", &hex("8004 81 05 4c 40")));
    let sequence = told.sequence.clone().unwrap();
    assert_eq!((sequence.level, sequence.bit_depth), (Some("3.1"), Some(10)), "{json}");
    let (_, stop, _) = video(&Enhanced::video(1).packet(0, *b"av01", &[]));
    assert_eq!(stop.unwrap().what, "AV1CodecConfigurationRecord needs 4 bytes, 0 are left");
}

#[test]
fn a_vp9_record_with_and_without_its_box_s_version() {
    for record in ["01000000 00 0b 82 02 02 02 0000", "00 0b 82 02 02 02 0000"] {
        let told = whole_video(&Enhanced::video(1).packet(0, *b"vp09", &hex(record))).0;
        let sequence = told.sequence.clone().unwrap();
        assert_eq!((sequence.profile, sequence.level), (Some("Profile 0"), Some("1.1")));
        assert_eq!((sequence.bit_depth, sequence.chroma), (Some(8), Some("4:2:0")));
    }
    let size = |fourcc: [u8; 4], frame: &str| {
        let told = whole_video(&Enhanced::video(1).packet(1, fourcc, &hex(frame))).0;
        told.width.zip(told.height)
    };
    assert_eq!(size(*b"vp09", "824983420013f00b36063824"), Some((320, 180)));
    assert_eq!(size(*b"vp09", "b124c1a140014080b2b031c1"), Some((642, 358)), "profile 3, 12 bits");
    assert_eq!(size(*b"vp08", "10 0200 9d012a 8202 6601 00"), Some((642, 358)));
    assert_eq!(size(*b"vp08", "11 0200 9d012a 8202 6601 00"), None);
}

#[test]
fn audio_specific_configs() {
    let facts = |config: &str| {
        let told = whole_audio(&[&[0xaf, 0][..], &hex(config)].concat()).0;
        (told.profile.unwrap(), told.sample_rate.unwrap(), told.channels.unwrap())
    };
    assert_eq!(facts("1190"), ("LC", 48_000, 2));
    assert_eq!(facts("1210 56e500"), ("LC", 44_100, 2));
    // SBR and PS told behind the record, and in front.
    assert_eq!(facts("1310 56e598"), ("HE-AAC", 48_000, 2));
    assert_eq!(facts("1308 56e59d4880"), ("HE-AACv2", 48_000, 2));
    assert_eq!(facts("2b920800"), ("HE-AAC", 44_100, 2));
    assert_eq!(facts("eb8a0800"), ("HE-AACv2", 44_100, 2));
    // A rate of 24 bits: 50 kHz.
    assert_eq!(facts("178061a810"), ("LC", 50_000, 2));
    // 2.1 by a program config element, as FFmpeg writes it.
    assert_eq!(facts("1180 04c4010020000d4c61766335392e33372e31303056e500"), ("LC", 48_000, 3));
    assert_eq!(facts("11b8 56e500"), ("LC", 48_000, 8));
    let (_, stop, json) = audio(&[0xaf, 0, 0x11]);
    assert_eq!(stop.unwrap().what, "AudioSpecificConfig ends early");
    assert_eq!(json["packet_type"], "sequence_start");
}

#[test]
fn opus_flac_and_dolby_headers() {
    let facts = |bytes: &str| {
        let told = whole_audio(&hex(bytes)).0;
        (told.codec().unwrap(), told.sample_rate, told.channels)
    };
    assert_eq!(facts("90 4f707573 4f70757348656164 01 02 3801 803e0000 0000 00"), ("opus", Some(48_000), Some(2)));
    let (_, json) = whole_audio(&hex("90 4f707573 4f70757348656164 01 06 3801 80bb0000 00ff 01 04 02 000401020305"));
    assert_eq!(
        (&json["configuration"]["output_gain"], &json["configuration"]["coupled_count"]),
        (&json!(-256), &json!(2))
    );
    assert_eq!(facts("90 4f707573"), ("opus", None, None), "the header may be missing");
    let info = "0400 0400 000000 000815 0bb800f0 00000000 00000000000000000000000000000000";
    assert_eq!(facts(&format!("90 664c6143 {info}")), ("flac", Some(48_000), Some(1)));
    assert_eq!(facts(&format!("90 664c6143 664c6143 80000022 {info}")), ("flac", Some(48_000), Some(1)));
    assert_eq!(facts("91 61632d33 0b772d10084043e106f0"), ("ac3", Some(48_000), Some(2)));
    assert_eq!(facts("91 61632d33 0b7790a31e40eaf8403e"), ("ac3", Some(48_000), Some(5)));
    assert_eq!(facts("91 65632d33 0b77037f3f87c00020f8"), ("eac3", Some(48_000), Some(6)));
    let (told, stop, _) = audio(&hex("91 65632d33 000000000000"));
    assert_eq!((told.codec(), told.sample_rate), (Some("eac3"), None));
    assert_eq!(stop.unwrap().what, "a frame of AC-3 begins without its synchronisation word 0b77");
    // FFmpeg's last frame has no byte.
    for fourcc in ["65632d33", "664c6143", "4f707573"] {
        whole_audio(&hex(&format!("91 {fourcc}")));
    }
    let what = |bytes: &str| audio(&hex(bytes)).1.map(|stop| stop.what);
    assert_eq!(what("91 664c6143 fff8aa08"), None);
    assert_eq!(
        what("91 664c6143 664c6143").unwrap(),
        "a FLAC frame begins without its synchronisation code fff8 or fff9"
    );
    assert_eq!(what("91 4f707573 4f676753 0002").unwrap(), "an Ogg page stands where an Opus packet belongs");
}

// Coded frames.

#[test]
fn nal_units_are_listed_where_their_lengths_fill_the_payload() {
    let units = |bytes: &[u8]| whole_video(bytes).1.get("nal_units").cloned();
    let frame = media::avc_frame(Frame::Key, 80, 100, &mut Random::new(1));
    assert_eq!(units(&frame), Some(json!(["idr"])));
    let mut tree = Tree::default();
    flv::video(&mut Reader::new(&frame, 0, &mut tree));
    assert!(tree.nodes.iter().any(|node| node.field.name == "video.nal_units.item" && node.span == (5..100)));
    // Lengths of two bytes, and of one.
    assert_eq!(units(&hex("27 01 000000 0002 09f0 0003 419a24")), Some(json!(["aud", "non_idr"])));
    assert_eq!(units(&hex("27 01 000000 02 09f0 03 419a24")), Some(json!(["aud", "non_idr"])));
    assert_eq!(
        units(&Enhanced::video(1).packet(3, *b"hvc1", &hex("00000003 2601ac 00000003 4e0105"))),
        Some(json!(["idr_w_radl", "prefix_sei"]))
    );
    let (_, json) = whole_video(&Enhanced::video(2).packet(1, *b"av01", &hex("1200 3203 280d10")));
    assert_eq!(json["obus"], json!(["temporal_delimiter", "frame"]));
    let (_, stop, json) = video(&Enhanced::video(2).packet(1, *b"av01", &hex("1200 3209 280d10")));
    assert_eq!(stop.unwrap(), Stop::new(7, "the header or size of OBU 2 does not fit into the frame"));
    assert!(json.get("obus").is_none());
}

/// What is said of H.264's frames, and of the other codecs'.
#[test]
fn nal_units_that_their_lengths_do_not_part_are_a_problem() {
    let what = |bytes: &[u8]| {
        let (_, stop, json) = video(bytes);
        assert!(json.get("nal_units").is_none());
        stop.map(|stop| (stop.at, stop.what, stop.trouble)).unwrap()
    };
    let tiling = |bytes: &str, at: u32, text: &str| {
        assert_eq!(what(&hex(bytes)), (at, text.to_owned(), Trouble::Tiling), "{bytes}");
    };
    let delimited = |bytes: &str, at: u32, text: &str| {
        assert_eq!(what(&hex(bytes)), (at, text.to_owned(), Trouble::Delimited), "{bytes}");
    };
    let place = "stands where the length of NAL unit 1 belongs";
    for code in ["00000001", "000001"] {
        delimited(
            &format!("27 01 000000 {code} 419a24 {code} 419a25"),
            5,
            &format!("an Annex B start code ({code}) {place}"),
        );
    }
    delimited(
        "a1 68766331 000000 000001 0201d0",
        8,
        "an Annex B start code (000001) stands where the length of NAL unit 1 belongs",
    );
    tiling("27 01 000000 00000004 419a24", 5, "NAL unit 1 has the length 4 (in 4 bytes), 3 bytes are left");
    tiling("27 01 000000 00000003 419a24 00000000", 12, "NAL unit 2 has the length 0");
    tiling("27 01 000000 00000003 419a24 0000", 12, "behind NAL unit 1 too few bytes are left for a length: 2");
    tiling("27 01 000000", 5, "no NAL unit in a coded frame");
    tiling("a3 76766331 00000001 00", 5, "NAL unit 1 has the length 1, its header alone has 2");
    tiling("27 01 000000 00000003 c19a24", 5, "NAL unit 1 begins with c1, which is no NAL unit's header");
    delimited(
        "27 01 000000 00000007 00000001 419a24",
        5,
        "NAL unit 1 begins with an Annex B start code behind its length",
    );
}

#[test]
fn sequence_headers_without_a_configuration_record() {
    let what = |bytes: &str| video(&hex(bytes)).1.map(|stop| (stop.what, stop.trouble)).unwrap();
    let place = "stands where the HEVCDecoderConfigurationRecord belongs";
    let start = |record: &str| format!("an Annex B start code (00000001) stands where the {record} belongs");
    let delimited = |bytes: &str, text: &str| assert_eq!(what(bytes), (text.to_owned(), Trouble::Delimited), "{bytes}");
    let tiling = |bytes: &str, text: &str| assert_eq!(what(bytes), (text.to_owned(), Trouble::Tiling), "{bytes}");
    delimited("90 68766331 00000001 40010c01", &start("HEVCDecoderConfigurationRecord"));
    delimited("1c 00 000000 00000001 40010c01", &start("HEVCDecoderConfigurationRecord"));
    delimited("90 76766331 00000001 00791141", &start("VvcDecoderConfigurationRecord"));
    tiling(
        "90 68766331 00000004 40010c01",
        &format!("NAL units behind their lengths stand where the {} belongs", "HEVCDecoderConfigurationRecord"),
    );
    tiling("90 68766331 40010c01", &format!("a parameter set (4001) {place}"));
    tiling(
        "17 00 000000 6764000c",
        "a sequence parameter set (67) stands where the AVCDecoderConfigurationRecord belongs",
    );
    tiling("17 00 000000 0164000cff e1 0009 6764000c", "a parameter set has the length 9, 4 bytes are left");
    tiling("17 00 000000 0164000cff e1 0000 01 0001 68", "a parameter set has the length 0");
    delimited(
        "17 00 000000 0164000cff e1 0008 000000016764000c 01 0001 68",
        "a parameter set begins with an Annex B start code behind its length",
    );
}

#[test]
fn aac_in_a_transport_s_framing() {
    let what = |bytes: &str| audio(&hex(bytes)).1.map(|stop| (stop.at, stop.what, stop.trouble));
    let wrapped = |bytes: &str, at: u32, text: &str| {
        assert_eq!(what(bytes), Some((at, text.to_owned(), Trouble::Wrapped)), "{bytes}");
    };
    let raw = "stands where a raw AAC frame belongs";
    let tag = "stands where the audio tag header belongs";
    wrapped("af 01 fff15080013ffc 2110", 2, &format!("an ADTS header (fff1, 7 bytes) {raw}"));
    wrapped("91 6d703461 fff05080017ffc 1234 2110", 5, &format!("an ADTS header (fff0, 9 bytes) {raw}"));
    wrapped("af 01 fff1508001 3ffc2110 fff1508001 3ffc2110", 2, &format!("an ADTS header (fff1, 7 bytes) {raw}"));
    wrapped("af 01 56e002 2110", 2, &format!("a LATM header (56e0) {raw}"));
    wrapped("af 00 fff15080013ffc", 2, "an ADTS header (fff1, 7 bytes) stands where the AudioSpecificConfig belongs");
    wrapped("fff15080013ffc 2110", 0, &format!("an ADTS header (fff1, 7 bytes) {tag}"));
    wrapped("56e002 2110", 0, &format!("a LATM header (56e0) {tag}"));
    wrapped("fffb9064 0000", 0, &format!("an MPEG audio header (fffb) {tag}"));
    wrapped("f2 01020304", 0, "no audio header: sound format 15 is reserved");
    wrapped("af fff15080013ffc 2110", 1, "an ADTS header (fff1, 7 bytes) stands where the AAC packet type belongs");
    wrapped("1210", 0, &format!("an AudioSpecificConfig (1210) {tag}"));
    wrapped("119056e500", 0, &format!("an AudioSpecificConfig (1190) {tag}"));
    wrapped("af 1210", 1, "an AudioSpecificConfig (1210) stands where the AAC packet type belongs");
    wrapped("af 07 2110", 1, "AAC packet type 7 does not exist: 0 is a sequence header, 1 a frame");
    // The first bits are those of a header, and its length is not.
    assert_eq!(what("af 01 fff15080023ffc 2110"), None);
    assert_eq!(what("af 01 56e009 2110"), None);
    let (told, _, json) = audio(&hex("fff15080013ffc 2110"));
    assert_eq!((told.codec(), json), (None, json!({"codec_id": 15, "enhanced": false})));
}

#[test]
fn audio_of_another_codec_than_its_label() {
    let what = |bytes: &[u8]| audio(bytes).1.map(|stop| (stop.at, stop.what, stop.trouble));
    let frame = [&hex("fffb9064")[..], &[0; 413]].concat();
    let mp3 = |before: &str, place: &str| {
        let bytes = [hex(before), frame.clone()].concat();
        let text = format!("an MP3 frame (fffb, 417 bytes) stands where {place} belongs");
        assert_eq!(what(&bytes), Some((before.len() as u32 / 2, text, Trouble::Mislabelled)), "{before}");
        // The header alone may be anything: it is one by the place where its frame ends.
        assert!(what(&bytes[..bytes.len() - 1]).is_none_or(|it| it.2 != Trouble::Mislabelled));
    };
    mp3("af", "the AAC packet type");
    mp3("af00", "the AudioSpecificConfig");
    mp3("af01", "a raw AAC frame");
    mp3("916d703461", "a raw AAC frame");
    let text = "an AAC sequence header (00 1210) stands where an MP3 frame belongs";
    assert_eq!(what(&hex("2f 00 1210")), Some((1, text.to_owned(), Trouble::Mislabelled)));
    assert_eq!(what(&hex("2f 00 1210 21")), None);
    assert_eq!(what(&hex("2f 01 2110")), None);
    // ADPCM and MP3 as short as that, with a value that an AudioSpecificConfig cannot have.
    for bytes in ["1278", "1680", "1211", "121021", "1200"] {
        assert_eq!(what(&hex(bytes)), None, "{bytes}");
    }
}

#[test]
fn video_without_its_header() {
    let what = |bytes: &str| {
        let (told, stop, _) = video(&hex(bytes));
        (told.codec(), stop.map(|stop| (stop.what, stop.trouble)).unwrap())
    };
    let wrapped = |bytes: &str, codec: Option<&'static str>, text: &str| {
        assert_eq!(what(bytes), (codec, (text.to_owned(), Trouble::Wrapped)), "{bytes}");
    };
    let place = "stands where the video tag header belongs";
    wrapped("00000001 6588", None, &format!("an Annex B start code (00000001) {place}"));
    wrapped("00000003 658884", None, &format!("a NAL unit behind its length {place}"));
    wrapped("6764000c", None, &format!("what looks like a bare NAL unit (67, sps) {place}"));
    wrapped("72 0102", None, "no video header: frame type 7 is reserved (codec id 2)");
    wrapped("21 9a24", None, "no video header: codec id 1 is reserved");
    wrapped(
        "27 05 000000",
        Some("h264"),
        "AVC packet type 5 does not exist: 0 is a sequence header, 1 a frame, 2 the end",
    );
}

#[test]
fn long_lists_end_in_a_count() {
    let many = [&[0x27, 1, 0, 0, 0][..], &[0, 0, 0, 2, 0x41, 0x9a].repeat(100)].concat();
    let (_, json) = whole_video(&many);
    assert_eq!((json["nal_units"].as_array().unwrap().len(), &json["nal_units_more"]), (64, &json!(36)));
    let endless = [&[0x27, 1, 0, 0, 0][..], &[0, 0, 0, 1, 0x41].repeat(100_000)].concat();
    assert!(whole_video(&endless).1.get("nal_units").is_none());
    // 300 empty tracks: no more than there are ids.
    let tracks: Vec<(u8, &[u8])> = (0..300).map(|id| (id as u8, &[][..])).collect();
    let (told, stop, _) = audio(&Enhanced::audio().many_tracks(1, *b"Opus", &tracks));
    assert_eq!((told.tracks.len(), stop.is_some()), (256, true));
}

#[test]
fn every_field_has_a_name_of_its_own() {
    let mut names: Vec<_> = rtmp_inspect::proto::fields().map(|field| (field.name, field.doc)).collect();
    assert!(names.iter().all(|(name, doc)| !doc.is_empty() && doc.ends_with('.') && !name.is_empty()));
    names.sort_unstable();
    for pair in names.windows(2) {
        assert_ne!(pair[0].0, pair[1].0);
    }
}

/// Messages that begin like real ones, so that arbitrary bytes get past the headers.
fn payloads() -> impl Strategy<Value = Vec<u8>> {
    let starts: Vec<Vec<u8>> = vec![
        vec![],
        vec![0x17, 0, 0, 0, 0, 1],
        vec![0x1c, 0, 0, 0, 0],
        vec![0x1d, 0, 0, 0, 0, 0x81],
        vec![0x12, 0, 0, 0x84],
        vec![0x14],
        vec![0x15],
        b"\x90hvc1".to_vec(),
        b"\x90vvc1\xff".to_vec(),
        b"\x90av01\x81\0\x0c\0\x0a".to_vec(),
        b"\x90vp09".to_vec(),
        b"\x95av01\x81".to_vec(),
        b"\x91vp09".to_vec(),
        b"\x96\x10avc1".to_vec(),
        b"\xa6\x20".to_vec(),
        b"\x94hvc1\x02\0\x01a".to_vec(),
        vec![0x97],
        vec![0xaf, 0],
        b"\x90mp4a".to_vec(),
        b"\x90OpusOpusHead".to_vec(),
        b"\x90fLaC".to_vec(),
        b"\x94Opus".to_vec(),
        b"\x91ac-3\x0b\x77".to_vec(),
        b"\x95\x20".to_vec(),
    ];
    // Half the bytes are 0 or 255: those lead furthest through bit fields.
    let byte = prop_oneof![Just(0u8), Just(255u8), any::<u8>(), any::<u8>()];
    (prop::sample::select(starts), prop::collection::vec(byte, 0..200)).prop_map(|(start, rest)| [start, rest].concat())
}

/// Real records, damaged in a few places.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let hevc = hex("90 68766331 0101600000009000000000003cf000fcfdf8f800000f 01
        a1 0001 002a 42010101600000030090000003000003003ca00a080c1f3e595952930b9a020000030002000003001e10");
    let av1 = hex("90 61763031 81000c00 0a0b 0200000521e7f66017c002");
    let aac = hex("af00 1180 04c4010020000d4c61766335392e33372e31303056e500");
    let records = vec![media::avc_sequence_header(), hevc, av1, aac];
    (prop::sample::select(records), prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)).prop_map(
        |(mut bytes, changes)| {
            for (place, byte) in changes {
                let at = place.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_bytes_make_it_panic_and_every_span_lies_in_the_payload(bytes in prop_oneof![payloads(), damaged()]) {
        video(&bytes);
        audio(&bytes);
    }
}
