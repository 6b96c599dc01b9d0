//! Cases of the CMD rules.

use rtmp_inspect::rules::Severity;
use rtmp_inspect::synth::{Amf, Conversation, Link, Message, Packet, Peer, object, sample, tcp, values};
use rtmp_inspect::wire::Side;

use crate::common::{Story, capture};
use crate::{Case, case, said};

/// A case of a capture.
fn real(code: &'static str, name: &'static str, expected: &'static [&'static str]) -> Case {
    Case { code, what: name, story: Story::of_file(&capture(name)), expected }
}

/// A client that connects with these properties, and no server that says anything.
fn connecting(properties: &[(&'static str, Amf)]) -> Conversation {
    let properties = object(properties.iter().cloned());
    Conversation::new().handshake().client(|c| c.command("connect", 1, &[properties]))
}

/// The usual properties of connect, and one more.
fn with(name: &'static str, value: impl Into<Amf>) -> Conversation {
    connecting(&[("app", "live".into()), ("tcUrl", "rtmp://lab/live".into()), (name, value.into())])
}

/// [`sample::connected`], then createStream and its result.
fn created() -> Conversation {
    sample::connected().client(|c| c.create_stream(2)).server(|s| s.create_stream_result(2, 1))
}

/// A command or data message of an AMF3 type: these bytes, then values.
fn amf3(kind: u8, selector: &[u8], content: &[Amf]) -> Message {
    Message::new(3, kind, u32::from(kind == 15), 0, [selector, &values(content)].concat())
}

/// A command of these values alone.
fn bare(content: &[Amf]) -> Message {
    Message::new(3, 20, 0, 0, values(content))
}

fn information(members: &[(&'static str, &'static str)]) -> Amf {
    object(members.iter().map(|(name, value)| (*name, Amf::from(*value))))
}

fn status<'p>(peer: &'p mut Peer, id: u32, members: &[(&'static str, &'static str)]) -> &'p mut Peer {
    let payload = values(&["onStatus".into(), id.into(), Amf::Null, information(members)]);
    peer.message(&Message::new(5, 20, 1, 0, payload))
}

pub(super) fn cases() -> Vec<Case> {
    [
        connect(),
        calls(),
        statuses(),
        requests(),
        rejections(),
        endings(),
        addresses(),
        reconnects(),
        repeats(),
        silences(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn connect() -> Vec<Case> {
    let answered = |say: fn(&mut Peer) -> &mut Peer| {
        Conversation::new().handshake().client(|c| c.connect("live")).server(say).client(|c| c.create_stream(2))
    };
    let asking = |encoding: u32| with("objectEncoding", encoding);
    let agreeing = |peer: &mut Peer, encoding: u32| {
        let information = object([
            ("level", "status".into()),
            ("code", "NetConnection.Connect.Success".into()),
            ("description", "Yes.".into()),
            ("objectEncoding", encoding.into()),
        ]);
        peer.result(1, &[Amf::Null, information]);
    };
    vec![
        case("CMD001", "connect first", &sample::publish(1), &[]),
        case(
            "CMD001",
            "releaseStream first",
            &Conversation::new().handshake().client(|c| {
                c.set_chunk_size(4096).command("releaseStream", 1, &[Amf::Null, "s".into()]).connect("live")
            }),
            &["the client sends releaseStream before connect"],
        ),
        case(
            "CMD001",
            "video first",
            &Conversation::new().handshake().client(|c| c.video(1, 0, vec![0x27; 40])),
            &["the client sends video before connect"],
        ),
        case("CMD002", "transaction 1", &sample::publish(1), &[]),
        case(
            "CMD002",
            "transaction 2",
            &Conversation::new().handshake().client(|c| {
                c.command("connect", 2, &[object([("app", "live".into()), ("tcUrl", "rtmp://lab/live".into())])])
            }),
            &["the client's connect has the transaction id 2, not 1"],
        ),
        case("CMD003", "both are there", &sample::publish(1), &[]),
        case("CMD003", "neither is there", &connecting(&[]), &["the client's connect has no app and no tcUrl"]),
        case(
            "CMD003",
            "an empty application",
            &connecting(&[("app", "".into()), ("tcUrl", "rtmp://lab/".into())]),
            &["the client's connect has an empty app"],
        ),
        case(
            "CMD003",
            "what breaks off may have held them",
            &Conversation::new().handshake().client(|c| {
                c.message(&bare(&["connect".into(), 1.into(), Amf::Raw(vec![3, 0, 3, b'a', b'p', b'p', 0x20])]))
            }),
            &[],
        ),
        case("CMD004", "known properties", &sample::publish(1), &[]),
        case("CMD004", "a property of its own", &with("labSecret", "x"), &[]),
        case("CMD004", "short names are near to one another", &with("apps", "x"), &[]),
        case(
            "CMD004",
            "a letter and another",
            &with("vedioCodecs", 252),
            &["the client's connect has vedioCodecs for videoCodecs"],
        ),
        case("CMD004", "its case", &with("flashver", "LNX 9"), &["the client's connect has flashver for flashVer"]),
        case(
            "CMD004",
            "both spellings, to be sure",
            &connecting(&[
                ("app", "live".into()),
                ("tcUrl", "rtmp://lab/live".into()),
                ("flashVer", "LNX".into()),
                ("flashver", "LNX".into()),
            ]),
            &[],
        ),
        case("CMD005", "the types of the specification", &with("fpad", false), &[]),
        case("CMD005", "a property of its own", &with("labSecret", false), &[]),
        case(
            "CMD005",
            "a number in a string",
            &with("objectEncoding", "3"),
            &["the client's connect has objectEncoding as a string, not as a number"],
        ),
        case(
            "CMD005",
            "no page",
            &with("pageUrl", Amf::Undefined),
            &["the client's connect has pageUrl as undefined, not as a string"],
        ),
        case("CMD005", "no application is another rule's", &connecting(&[("app", Amf::Null)]), &[]),
        case("CMD020", "the whole exchange", &sample::publish(1), &[]),
        case(
            "CMD020",
            "a result alone",
            &answered(|s| s.connect_result()),
            &["the server accepted connect with no Window Acknowledgement Size and no Set Peer Bandwidth"],
        ),
        case(
            "CMD020",
            "the window behind it",
            &answered(|s| s.set_peer_bandwidth(5000, 2).connect_result().window_acknowledgement_size(5000)),
            &["the server accepted connect with a late Window Acknowledgement Size"],
        ),
        real("CMD020", "rtmplite3/rtmpclient-amf3.pcap", &["the server accepted connect with no Set Peer Bandwidth"]),
        case(
            "CMD021",
            "3 asked, 3 agreed, type 17 sent",
            &asking(3)
                .server(|s| {
                    agreeing(s, 3);
                    s
                })
                .client(|c| c.message(&amf3(17, &[0], &["createStream".into(), 2.into(), Amf::Null]))),
            &[],
        ),
        case(
            "CMD021",
            "type 17 under 0",
            &sample::connected().client(|c| c.message(&amf3(17, &[0], &["createStream".into(), 2.into(), Amf::Null]))),
            &["the client sends command_amf3, and the client asked for object encoding 0"],
        ),
        case(
            "CMD021",
            "3 asked, 0 agreed, type 17 sent",
            &asking(3)
                .server(|s| {
                    agreeing(s, 0);
                    s
                })
                .client(|c| c.message(&amf3(17, &[0], &["createStream".into(), 2.into(), Amf::Null]))),
            &["the client sends command_amf3, and the server agreed to object encoding 0 alone"],
        ),
        case(
            "CMD021",
            "0 asked, 3 agreed",
            &asking(0).server(|s| {
                agreeing(s, 3);
                s
            }),
            &["the server agrees to object encoding 3, and the client asked for 0"],
        ),
        case(
            "CMD022",
            "with a selector",
            &sample::connected().client(|c| c.message(&amf3(17, &[0], &["lab".into(), 2.into(), Amf::Null]))),
            &[],
        ),
        case(
            "CMD022",
            "without one",
            &sample::connected().client(|c| c.message(&amf3(17, &[], &["lab".into(), 2.into(), Amf::Null]))),
            &["the client sends command_amf3 without a format selector, which is 0"],
        ),
        case(
            "CMD022",
            "with another",
            &sample::publishing().client(|c| c.message(&amf3(15, &[3], &["onMetaData".into()]))),
            &["the client sends data_amf3 with the format selector 3, not 0"],
        ),
    ]
}

fn calls() -> Vec<Case> {
    let calling = |name: &'static str| sample::publishing().client(|c| c.command(name, 9, &[Amf::Null]));
    vec![
        case("CMD006", "answered", &sample::publish(1), &[]),
        case(
            "CMD006",
            "a call that nobody answers",
            &calling("lab.call").wait_ms(1500).client(|c| c.delete_stream(1)),
            &["the server never answered lab.call(9); the client closed the connection 1.502 seconds later"],
        ),
        case("CMD006", "the client leaves at once", &calling("lab.call"), &[]),
        case(
            "CMD006",
            "a call that many servers do not answer",
            &calling("FCPublish").wait_ms(1500).client(|c| c.delete_stream(1)),
            &["the server never answered FCPublish(9)"],
        ),
        case(
            "CMD006",
            "transaction 0 wants no answer",
            &sample::publishing()
                .client(|c| c.command("lab.call", 0, &[]))
                .wait_ms(1500)
                .client(|c| c.delete_stream(1)),
            &[],
        ),
        real(
            "CMD006",
            "nginx-rtmp/ffmpeg-publish-wrong-app.pcap",
            &[
                "the server never answered connect(1) to the application \"noapp\"; the server closed the connection 0.087 ms later",
            ],
        ),
        case("CMD007", "answers to calls", &sample::publish(1), &[]),
        case(
            "CMD007",
            "an answer twice",
            &created().server(|s| s.create_stream_result(2, 1)),
            &["the server sent _result(2), and no call 2 waits for it"],
        ),
        case(
            "CMD007",
            "an answer to transaction 0",
            &sample::connected()
                .client(|c| c.command("releaseStream", 0, &[Amf::Null, "s".into()]))
                .server(|s| s.error(0, "NetConnection.Call.Failed", "No.")),
            &["the server sent _error(0), and transaction id 0 wants no answer"],
        ),
        case(
            "CMD007",
            "the client answers a call of the server",
            &sample::connected()
                .server(|s| s.command("onBWCheck", 17796, &[Amf::Null]))
                .client(|c| c.error(17796, "NetConnection.Call.Failed", "No.")),
            &[],
        ),
        real(
            "CMD007",
            "crtmpserver/gst-rtmp2-adobe-auth.pcap",
            &[
                "the server sent _error(0), and transaction id 0 wants no answer",
                "the server sent _result(0), and transaction id 0 wants no answer",
            ],
        ),
        case("CMD008", "ids that count up", &sample::publish(1), &[]),
        case("CMD008", "an id again after its answer", &created().client(|c| c.create_stream(2)), &[]),
        case(
            "CMD008",
            "an id again before its answer",
            &sample::connected().client(|c| c.create_stream(2).create_stream(2)),
            &["the client sends createStream(2) while createStream(2) waits for its answer"],
        ),
        case(
            "CMD008",
            "a publish waits for no _result",
            &sample::publishing().client(|c| c.command("lab.call", 3, &[Amf::Null])),
            &[],
        ),
        case("CMD009", "well-formed", &sample::publish(1), &[]),
        real("CMD009", "ffmpeg-listen/ffmpeg-publish.pcap", &["the server sends onFCPublish without a transaction id"]),
        case(
            "CMD009",
            "no name",
            &sample::connected().client(|c| c.message(&bare(&[1.into(), 2.into()]))),
            &["the client sends a command with a number for its name, where a string belongs"],
        ),
        case(
            "CMD009",
            "no transaction id",
            &sample::connected().client(|c| c.message(&bare(&["lab.call".into()]))),
            &["the client sends lab.call without a transaction id"],
        ),
        case(
            "CMD009",
            "a string for a transaction id",
            &sample::connected().client(|c| c.message(&bare(&["lab.call".into(), "2".into(), Amf::Null]))),
            &["the client sends lab.call with something else than a number for its transaction id"],
        ),
        case(
            "CMD009",
            "nothing",
            &sample::connected().client(|c| c.message(&bare(&[]))),
            &["the client sends a command without content"],
        ),
        case(
            "CMD009",
            "a marker that does not exist is for the AMF rules",
            &sample::connected().client(|c| c.message(&bare(&["lab.call".into(), Amf::Raw(vec![0x55])]))),
            &[],
        ),
    ]
}

fn statuses() -> Vec<Case> {
    let said = |id: u32, members: &'static [(&'static str, &'static str)]| {
        sample::publishing().server(|s| status(s, id, members))
    };
    let on =
        |stream: u32| sample::publishing().server(|s| s.on_status(stream, "status", "NetStream.Record.Start", "Yes."));
    vec![
        case(
            "CMD009",
            "a number for the stream's name",
            &sample::connected().client(|c| c.stream_command(1, "publish", 3, &[Amf::Null, 42.into(), "live".into()])),
            &["the client sends publish(3) with a number for the stream's name, where a string belongs"],
        ),
        case(
            "CMD009",
            "play(false) stops playing",
            &sample::connected().client(|c| c.stream_command(1, "play", 3, &[Amf::Null, false.into()])),
            &[],
        ),
        case(
            "CMD009",
            "metadata with a number for its name",
            &sample::publishing().client(|c| c.message(&Message::new(4, 18, 1, 0, values(&[1.into(), Amf::Null])))),
            &["the client sends a data message with a number for its name, where a string belongs"],
        ),
        case("CMD010", "level, code, description", &sample::publish(1), &[]),
        case(
            "CMD010",
            "a number for its code",
            &sample::publishing().server(|s| {
                let members = [("level", "status".into()), ("code", 200.into()), ("description", "ok".into())];
                s.stream_command(1, "onStatus", 0, &[Amf::Null, object(members)])
            }),
            &["the server sends onStatus with a number for its code, where a string belongs"],
        ),
        case(
            "CMD010",
            "no level and no description",
            &said(0, &[("code", "NetStream.Record.Start")]),
            &["the server sends onStatus NetStream.Record.Start without level, description"],
        ),
        case(
            "CMD010",
            "transaction 5",
            &said(5, &[("level", "status"), ("code", "NetStream.Record.Start"), ("description", "Yes.")]),
            &["the server sends onStatus NetStream.Record.Start with the transaction id 5, not 0"],
        ),
        case(
            "CMD010",
            "no information at all",
            &sample::publishing().server(|s| s.stream_command(1, "onStatus", 0, &[Amf::Null])),
            &["the server sends onStatus without level, code, description"],
        ),
        real(
            "CMD010",
            "xiu/ffmpeg-extended-timestamp.pcap",
            &[
                "the server sends onStatus NetStream.Publish.Start with the transaction id 5, not 0",
                "the server sends onStatus NetStream.Play.Reset with the transaction id 4, not 0",
            ],
        ),
        case("CMD011", "the right level", &sample::publish(1), &[]),
        case(
            "CMD011",
            "an error as a status",
            &said(0, &[("level", "status"), ("code", "NetStream.Publish.BadName"), ("description", "Busy.")]),
            &["the server sends NetStream.Publish.BadName with the level status, not error"],
        ),
        case(
            "CMD011",
            "either will do",
            &said(0, &[("level", "error"), ("code", "NetStream.Record.AlreadyExists"), ("description", "It is.")]),
            &[],
        ),
        case(
            "CMD011",
            "as data",
            &sample::playing().server(|s| {
                let members = [("level", "error"), ("code", "NetStream.Play.Complete")];
                s.data(1, 0, "onPlayStatus", &[information(&members)])
            }),
            &["the server sends NetStream.Play.Complete with the level error, not status"],
        ),
        case("CMD012", "known codes", &sample::publish(1), &[]),
        case(
            "CMD012",
            "a code of the server's own",
            &said(0, &[("level", "status"), ("code", "Lab.Stream.Ready"), ("description", "Yes.")]),
            &[],
        ),
        case(
            "CMD012",
            "a code that looks like one",
            &said(0, &[("level", "status"), ("code", "NetStream.Publish.Ready"), ("description", "Yes.")]),
            &["the server sends NetStream.Publish.Ready, which is in no table of codes"],
        ),
        case(
            "CMD012",
            "its case",
            &said(0, &[("level", "status"), ("code", "NetStream.publish.start"), ("description", "Yes.")]),
            &["the server sends NetStream.publish.start, which is in no table of codes; NetStream.Publish.Start is"],
        ),
        real(
            "CMD012",
            "xiu/ffmpeg-extended-timestamp.pcap",
            &["the server sends NetStream.DeleteStream.Suceess, which is in no table of codes"],
        ),
        case("CMD013", "on the stream", &on(1), &[]),
        case(
            "CMD013",
            "on message stream 0",
            &on(0),
            &["the server sends NetStream.Record.Start on message stream 0, not on 1, where publish(3) was sent"],
        ),
        case(
            "CMD013",
            "on a stream that is not there",
            &on(7),
            &["the server sends NetStream.Record.Start on message stream 7, not on 1, where publish(3) was sent"],
        ),
        case("CMD013", "after the stream was deleted", &sample::publish(1), &[]),
        case(
            "CMD013",
            "where the client published",
            &sample::connected()
                .client(|c| c.publish(0, 3, "s"))
                .server(|s| s.on_status(0, "status", "NetStream.Publish.Start", "Yes.")),
            &[],
        ),
    ]
}

fn requests() -> Vec<Case> {
    let publish = |arguments: &[Amf]| created().client(|c| c.stream_command(1, "publish", 3, arguments));
    let named = |name: &'static str| publish(&[Amf::Null, name.into(), "live".into()]);
    let play = |reset: bool| {
        let arguments = [Amf::Null, "s".into(), (-2).into(), (-1).into(), reset.into()];
        created().client(|c| c.stream_command(1, "play", 3, &arguments))
    };
    let start = ["status", "NetStream.Play.Start", "Yes."];
    vec![
        case("CMD014", "on its stream", &sample::publish(1), &[]),
        case(
            "CMD014",
            "the client sends publish(3) on message stream 0, not on one that createStream made",
            &created().client(|c| c.publish(0, 3, "s")),
            &["the client sends publish(3) on message stream 0, not on one that createStream made"],
        ),
        case("CMD015", "after the result", &sample::publish(1), &[]),
        case(
            "CMD015",
            "before the result",
            &sample::connected()
                .client(|c| c.create_stream(2).publish(1, 3, "s"))
                .server(|s| s.create_stream_result(2, 1)),
            &["the client sends publish(3) on message stream 1 before the result of createStream"],
        ),
        case(
            "CMD017",
            "answered though it came before the result of createStream",
            &sample::connected()
                .client(|c| c.create_stream(2).publish(1, 3, "s"))
                .server(|s| s.create_stream_result(2, 1).on_status(1, "status", "NetStream.Publish.Start", "Yes."))
                .wait_ms(1500)
                .client(|c| c.delete_stream(1)),
            &[],
        ),
        case(
            "CMD015",
            "without createStream",
            &sample::connected().client(|c| c.play(1, 3, "s")).server(|s| s.stream_begin(1)),
            &["the client sends play(3) on message stream 1, which no createStream made"],
        ),
        case("CMD016", "live", &sample::publish(1), &[]),
        case(
            "CMD016",
            "no type",
            &publish(&[Amf::Null, "s".into()]),
            &["the client sends publish(3) without a type: live, record or append belongs behind the name"],
        ),
        case(
            "CMD016",
            "a type of its own",
            &publish(&[Amf::Null, "s".into(), "LIVE".into()]),
            &["the client sends publish(3) with the type \"LIVE\", not live, record or append"],
        ),
        case("CMD016", "publish(false)", &publish(&[Amf::Null, false.into()]), &[]),
        case("CMD017", "answered", &sample::publish(1), &[]),
        case(
            "CMD017",
            "not answered",
            &named("s").wait_ms(1500).client(|c| c.delete_stream(1)),
            &[
                "the server never answered publish(3) by an onStatus; the client closed the connection 1.502 seconds later",
            ],
        ),
        case("CMD017", "the client leaves at once", &named("s"), &[]),
        case(
            "CMD017",
            "the client thinks again",
            &named("s").client(|c| c.delete_stream(1)).wait_ms(1500).client(|c| c.delete_stream(1)),
            &[],
        ),
        case(
            "CMD017",
            "answered by a _result",
            &named("s").server(|s| s.result(3, &[Amf::Null, information(&[("code", "NetStream.Publish.Start")])])),
            &["the server answered publish(3) by a _result with NetStream.Publish.Start, not by an onStatus"],
        ),
        real(
            "CMD017",
            "srs/ffmpeg-publish-busy.pcap",
            &["the server never answered publish(6) by an onStatus; the server closed the connection 0.45 ms later"],
        ),
        case("CMD018", "answered", &sample::play(1), &[]),
        case(
            "CMD018",
            "media without a status",
            &play(false).server(|s| s.video(1, 0, vec![0x17; 40])).wait_ms(1500).client(|c| c.delete_stream(1)),
            &[],
        ),
        case(
            "CMD018",
            "not answered",
            &play(false).wait_ms(1500).client(|c| c.delete_stream(1)),
            &[
                "the server answered play(3) neither by an onStatus nor by media; the client closed the connection 1.502 seconds later",
            ],
        ),
        case("CMD018", "the client leaves at once", &play(false), &[]),
        case("CMD019", "the whole exchange", &sample::play(1), &[]),
        case(
            "CMD019",
            "media without a status",
            &play(false).server(|s| s.video(1, 0, vec![0x17; 40])),
            &["the server lets play(3) succeed without NetStream.Play.Start"],
        ),
        case(
            "CMD019",
            "a reset that was asked for",
            &play(true).server(|s| s.on_status(1, start[0], start[1], start[2])),
            &["the server lets play(3) succeed without NetStream.Play.Reset"],
        ),
        case("CMD019", "no reset", &play(false).server(|s| s.on_status(1, start[0], start[1], start[2])), &[]),
        case(
            "CMD019",
            "rejected",
            &play(true).server(|s| s.on_status(1, "error", "NetStream.Play.StreamNotFound", "No.")),
            &[],
        ),
        case("CMD024", "a name", &sample::publish(1), &[]),
        case(
            "CMD024",
            "a URL for a name",
            &named("rtmp://lab/live/s"),
            &["the stream's name in the client's publish(3) is a URL"],
        ),
        case("CMD024", "a path is a name", &named("live/mp4:s"), &[]),
        case(
            "CMD024",
            "the key in tcUrl",
            &connecting(&[("app", "live".into()), ("tcUrl", "rtmp://lab/live/s".into())])
                .client(|c| c.publish(1, 3, "s")),
            &["the client's tcUrl holds the stream's name of publish(3) behind the application"],
        ),
        case("CMD031", "a name", &sample::publish(1), &[]),
        case("CMD031", "none", &named(""), &["the client's publish(3) has an empty name"]),
        case(
            "CMD031",
            "a query alone",
            &named("?key=x"),
            &["the client's publish(3) has a name with nothing in front of its query"],
        ),
        case(
            "CMD031",
            "of a play",
            &created().client(|c| c.play(1, 3, "")),
            &["the client's play(3) has an empty name"],
        ),
        case(
            "CMD031",
            "of a play2",
            &created().client(|c| c.stream_command(1, "play2", 0, &[Amf::Null, object([("streamName", "".into())])])),
            &["the client's play2(0) has an empty name"],
        ),
        case(
            "CMD031",
            "publish(false) ends a stream",
            &created().client(|c| c.stream_command(1, "publish", 0, &[Amf::Null, false.into()])),
            &[],
        ),
        real("CMD031", "cases/empty-stream-name.pcap", &["the client's publish(3) has an empty name"]),
        case("CMD025", "a stream that is there", &sample::publish(1), &[]),
        case(
            "CMD025",
            "twice",
            &sample::publishing().client(|c| c.delete_stream(1).delete_stream(1)),
            &["the client sends deleteStream(0) for message stream 1, which does not exist"],
        ),
        case(
            "CMD025",
            "by its name",
            &sample::publishing().client(|c| c.command("deleteStream", 0, &[Amf::Null, "s".into()])),
            &["the client's deleteStream(0) names the stream by something else than its number"],
        ),
        real(
            "CMD025",
            "nginx-rtmp/gst-rtmp2-chunk-size-16.pcap",
            &["the client's deleteStream(0) names the stream by something else than its number"],
        ),
        case(
            "CMD025",
            "closeStream of another",
            &sample::publishing().client(|c| c.stream_command(4, "closeStream", 0, &[Amf::Null])),
            &["the client sends closeStream(0) for message stream 4, which does not exist"],
        ),
        case(
            "CMD025",
            "closeStream, then deleteStream",
            &sample::publishing().client(|c| c.stream_command(1, "closeStream", 0, &[Amf::Null]).delete_stream(1)),
            &[],
        ),
    ]
}

/// What a server says in the three rounds of authentication.
const NAME: &str = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ";
const CHALLENGE: &str =
    "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=u&salt=s&challenge=c&opaque=o";
const REFUSED: &str = "[ AccessManager.Reject ] : [ authmod=llnw ] : ?reason=authfailed&opaque=o";

fn rejections() -> Vec<Case> {
    let asked = || created().client(|c| c.play(1, 3, "s"));
    let told =
        |code: &'static str, description: &'static str| asked().server(|s| s.on_status(1, "error", code, description));
    let auth = |app: &'static str, description: &'static str| {
        Conversation::new()
            .handshake()
            .client(|c| c.connect(app))
            .server(|s| s.error(1, "NetConnection.Connect.Rejected", description))
    };
    vec![
        case("CMD023", "all is well", &sample::publish(1), &[]),
        case(
            "CMD023",
            "connect rejected",
            &Conversation::new()
                .handshake()
                .client(|c| c.connect("live"))
                .server(|s| s.error(1, "NetConnection.Connect.Rejected", "No such app.")),
            &[
                "the server rejected connect(1) to the application \"live\": NetConnection.Connect.Rejected \"No such app.\"",
            ],
        ),
        case(
            "CMD023",
            "a stream that is not there",
            &told("NetStream.Play.StreamNotFound", "Gone."),
            &["the server rejected play(3): NetStream.Play.StreamNotFound \"Gone.\""],
        ),
        case(
            "CMD023",
            "without a description the code speaks",
            &told("NetStream.Play.StreamNotFound", ""),
            &[
                "the server rejected play(3): NetStream.Play.StreamNotFound (there is no stream of the name that is to be \
               played)",
            ],
        ),
        case(
            "CMD023",
            "what was accepted",
            &sample::publishing().server(|s| s.on_status(1, "error", "NetStream.Record.NoAccess", "Full.")),
            &["the server accepted publish(3) and then broke it off: NetStream.Record.NoAccess \"Full.\""],
        ),
        case(
            "CMD023",
            "an answer with the wrong number",
            &asked().server(|s| s.error(9, "NetStream.Play.StreamNotFound", "Gone.")),
            &["the server rejected play(3): NetStream.Play.StreamNotFound \"Gone.\""],
        ),
        case(
            "CMD023",
            "the connection",
            &sample::playing().server(|s| s.on_status(0, "error", "NetConnection.Connect.AppShutdown", "Bye.")),
            &["the server sent onStatus(0) about the connection: NetConnection.Connect.AppShutdown \"Bye.\""],
        ),
        case(
            "CMD023",
            "a seek",
            &sample::playing()
                .client(|c| c.stream_command(1, "seek", 4, &[Amf::Null, 5000.into()]))
                .server(|s| s.on_status(1, "error", "NetStream.Seek.Failed", "Live.")),
            &["the server rejected seek(4): NetStream.Seek.Failed \"Live.\""],
        ),
        case(
            "CMD023",
            "nothing that was asked",
            &sample::connected().server(|s| s.on_status(1, "error", "NetStream.Failed", "Lost.")),
            &["the server sent onStatus(0) on message stream 1: NetStream.Failed \"Lost.\""],
        ),
        case(
            "CMD023",
            "a method that is not there",
            &sample::connected()
                .client(|c| c.command("lab.call", 2, &[Amf::Null]))
                .server(|s| s.command("_error", 2, &[Amf::Null])),
            &["the server rejected lab.call(2) without saying why"],
        ),
        case(
            "CMD023",
            "a call that clients go on without",
            &sample::connected()
                .client(|c| {
                    c.command("releaseStream", 2, &[Amf::Null, "s".into()]).command("_checkbw", 3, &[Amf::Null])
                })
                .server(|s| {
                    s.error(2, "NetConnection.Call.Failed", "Specified stream not found").error(
                        3,
                        "NetConnection.Call.Failed",
                        "No.",
                    )
                }),
            &[],
        ),
        case(
            "CMD023",
            "a code that means no, whatever its level",
            &asked().server(|s| s.on_status(1, "status", "NetStream.Play.Failed", "No.")),
            &["the server rejected play(3): NetStream.Play.Failed \"No.\""],
        ),
        case(
            "CMD023",
            "a code of level status",
            &sample::playing().server(|s| s.on_status(0, "status", "NetConnection.Connect.Closed", "Bye.")),
            &[],
        ),
        case("CMD023", "a round of authentication", &auth("live", NAME), &[]),
        case(
            "CMD023",
            "the last round",
            &auth("live?authmod=llnw&user=u&response=r", REFUSED),
            &["the server rejected connect(1) to the application \"live\": NetConnection.Connect.Rejected \
               \"[ AccessManager.Reject ] : [ authmod=llnw ] : ?reason=authfailed&opaque=o\""],
        ),
        real(
            "CMD023",
            "nginx-rtmp/rtmpdump-vod-seek.pcap",
            &["the server rejected play(3): NetStream.Play.StreamNotFound \"Video on demand stream not found\""],
        ),
        // Its two first connections are rejected on purpose, and the third's releaseStream does not matter.
        real("CMD023", "crtmpserver/gst-rtmp2-adobe-auth.pcap", &[]),
        real(
            "CMD027",
            "crtmpserver/gst-rtmp2-adobe-auth.pcap",
            &[
                "step 1 of 3 of adobe authentication: the server rejected connect(1) to ask who the user is",
                "step 2 of 3 of adobe authentication: the server rejected connect(1) to send its challenge",
                "step 3 of 3 of adobe authentication: the server accepted the client's response",
            ],
        ),
        case("CMD027", "no authentication", &sample::publish(1), &[]),
        case("CMD027", "a rejection of another kind", &auth("live", "No such app."), &[]),
        case(
            "CMD027",
            "the first round",
            &auth("live", NAME),
            &["step 1 of 3 of adobe authentication: the server rejected connect(1) to ask who the user is"],
        ),
        case(
            "CMD027",
            "the second",
            &auth("live?authmod=adobe&user=u", CHALLENGE),
            &["step 2 of 3 of adobe authentication: the server rejected connect(1) to send its challenge"],
        ),
        case(
            "CMD027",
            "refused",
            &auth("live?authmod=llnw&user=u&response=r", REFUSED),
            &["llnw authentication failed: the server refused connect(1): authfailed"],
        ),
        case(
            "CMD027",
            "accepted",
            &Conversation::new()
                .handshake()
                .client(|c| c.connect("live?authmod=adobe&user=u&challenge=c&response=r"))
                .server(|s| s.connect_result()),
            &["step 3 of 3 of adobe authentication: the server accepted the client's response"],
        ),
        real(
            "CMD027",
            "crtmpserver/ffmpeg-adobe-auth-bad-password.pcap",
            &[
                "step 1 of 3 of adobe authentication: the server rejected connect(1) to ask who the user is",
                "step 2 of 3 of adobe authentication: the server rejected connect(1) to send its challenge",
                "adobe authentication failed: the server refused connect(1): authfailed",
            ],
        ),
    ]
}

fn endings() -> Vec<Case> {
    let media = |story: Conversation| story.client(|c| c.video(1, 0, vec![0x17; 40])).wait_ms(98);
    vec![
        case("CMD026", "deleted", &sample::publish(1), &[]),
        case(
            "CMD026",
            "FCUnpublish alone",
            &media(sample::publishing()).client(|c| c.command("FCUnpublish", 5, &[])),
            &[],
        ),
        case(
            "CMD026",
            "the client leaves",
            &media(sample::publishing()).client(|c| c.window_acknowledgement_size(1)),
            &[
                "the client left 102.04 ms after publish(3) without FCUnpublish, deleteStream or closeStream; the last audio or \
               video came 100.04 ms before",
            ],
        ),
        case(
            "CMD026",
            "the player leaves before anything came",
            &sample::playing(),
            &[
                "the client left 2.04 ms after play(3) without deleteStream or closeStream; no audio or video had come by then",
            ],
        ),
        real(
            "CMD026",
            "nginx-rtmp/ffmpeg-drop-idle-publisher.pcap",
            &[
                "the server closed the connection 5.636 seconds after publish(5); the last audio or video came 3.851 seconds before",
            ],
        ),
        real(
            "CMD026",
            "nginx-rtmp/rtmpdump-play-denied.pcap",
            &["the server closed the connection 0.056 ms after play(4); no audio or video had come by then"],
        ),
        real(
            "CMD026",
            "node-media-server/ffmpeg-publish-bad-sign.pcap",
            &[
                "the server closed the connection 2.644 ms after publish(5); no audio or video had come by then",
                "the server closed the connection 0.948 ms after publish(5); no audio or video had come by then",
            ],
        ),
        case(
            "CMD026",
            "what was played is over",
            &sample::playing().server(|s| s.on_status(1, "status", "NetStream.Play.Stop", "Over.").stream_eof(1)),
            &[],
        ),
        case(
            "CMD026",
            "what was rejected did not run",
            &created()
                .client(|c| c.publish(1, 3, "s"))
                .server(|s| s.on_status(1, "error", "NetStream.Publish.BadName", "Busy.")),
            &[],
        ),
    ]
}

/// CMD034: what `tcUrl` says, and whether `app` says the same.
fn addresses() -> Vec<Case> {
    let of = |what, url: &'static str, app: &'static str, expected| {
        case("CMD034", what, &connecting(&[("app", app.into()), ("tcUrl", url.into())]), expected)
    };
    let fine = [
        ("a port", "rtmp://lab:1935/live", "live"),
        ("an empty port", "rtmp://lab:/live", "live"),
        ("IPv6", "rtmp://[::1]:1935/live", "live"),
        ("a user and a password that looks like a port", "rtmp://joe:x@lab/live", "live"),
        ("a slash behind it", "rtmp://lab/live/", "live"),
        ("a slash more", "rtmp://lab//live", "live"),
        ("an instance", "rtmp://lab/live/one", "live"),
        ("an instance in app alone", "rtmp://lab/live", "live/one"),
        ("the default instance", "rtmp://lab/live/_definst_", "live"),
        ("the stream's name", "rtmp://lab/live/s", "live"),
        ("a query in both", "rtmp://lab/live?vhost=a", "live?vhost=a"),
        ("a query in one", "rtmp://lab/live?vhost=a", "live"),
        ("a query behind dots", "rtmp://lab/live...vhost...a", "live"),
        ("percent-encoding", "rtmp://lab/my%20live", "my live"),
        ("a proxy's query", "rtmp://edge/?rtmp://lab/live", "live"),
        ("a proxy's path", "rtmp://edge/lab/live", "live"),
        ("no application at all is another rule's", "rtmp://lab/", ""),
        ("another scheme", "rtmpte://lab/live", "live"),
    ];
    let mut cases: Vec<_> = fine.into_iter().map(|(what, url, app)| of(what, url, app, &[])).collect();
    cases.extend([
        of(
            "a slash forgotten",
            "rtmp://lab:1935live",
            "live",
            &["the client's tcUrl: its port is \"1935live\", which is no port number"],
        ),
        of(
            "too large a port",
            "rtmp://lab:70000/live",
            "live",
            &["the client's tcUrl: its port is \"70000\", which is no port number"],
        ),
        of(
            "a port with a sign",
            "rtmp://lab:+80/live",
            "live",
            &["the client's tcUrl: its port is \"+80\", which is no port number"],
        ),
        of("no host", "rtmp:///live", "live", &["the client's tcUrl: it has no host"]),
        of("no host, but a port", "rtmp://:1935/live", "live", &["the client's tcUrl: it has no host"]),
        of("no scheme", "lab/live", "live", &["the client's tcUrl: it has no scheme"]),
        of("a space", "rtmp://lab /live", "live", &["the client's tcUrl: it has a space at byte 10"]),
        of(
            "IPv6 without brackets",
            "rtmp://::1/live",
            "live",
            &["the client's tcUrl: its host has colons and no brackets"],
        ),
        of("a bracket alone", "rtmp://[::1/live", "live", &["the client's tcUrl: its [ is never closed"]),
        of(
            "a slash in a password",
            "rtmp://joe:pass/word@lab/live",
            "live",
            &["the client's tcUrl: its host is not where it should be: a slash stands in front of an @"],
        ),
        of(
            "another application",
            "rtmp://lab/live2",
            "live",
            &["the client's tcUrl: its application is not \"live\", which app names"],
        ),
        of(
            "no application",
            "rtmp://lab",
            "live",
            &["the client's tcUrl: its application is not \"live\", which app names"],
        ),
        real(
            "CMD034",
            "cases/tcurl-broken.pcap",
            &["the client's tcUrl: its port is \"11935ve\", which is no port number"],
        ),
    ]);
    cases
}

/// CMD028 to CMD030: commands of the wrong side, and what was asked for already.
fn repeats() -> Vec<Case> {
    let properties = || object([("app", "live".into()), ("tcUrl", "rtmp://lab/live".into())]);
    let connect = |story: Conversation, id: u32| story.client(|c| c.command("connect", id, &[properties()]));
    let twice = connect(connect(Conversation::new().handshake(), 1), 2);
    let publish = |story: Conversation, id: u32| story.client(|c| c.publish(1, id, "t"));
    let ended = |say: fn(&mut Peer) -> &mut Peer| publish(sample::publishing().client(say), 9);
    vec![
        case("CMD028", "each side its own", &sample::publish(1), &[]),
        case(
            "CMD028",
            "a name that is the application's",
            &sample::connected().server(|s| s.command("lab", 5, &[])),
            &[],
        ),
        case(
            "CMD028",
            "a server publishes",
            &created().server(|s| s.publish(1, 3, "s")),
            &["the server sends publish(3), which is for the client to send"],
        ),
        case(
            "CMD028",
            "a client tells of the bandwidth",
            &sample::connected().client(|c| c.command("onBWDone", 0, &[Amf::Null])),
            &["the client sends onBWDone(0), which is for the server to send"],
        ),
        case("CMD006", "nobody answers what only the other side may ask", &wrong_side(), &[]),
        case("CMD017", "… nor publishes for it", &wrong_side(), &[]),
        real(
            "CMD028",
            "cases/server-sends-client-commands.pcap",
            &["the server sends FCUnpublish(1), which is for the client to send"],
        ),
        case("CMD029", "once", &sample::publish(1), &[]),
        case(
            "CMD029",
            "again",
            &connect(sample::connected(), 1),
            &["the client sends connect(1) after connect(1), which was accepted"],
        ),
        case(
            "CMD029",
            "again before the answer",
            &twice.clone().server(|s| s.connect_result()),
            &["the client sends connect(2) before the answer to connect(1), which was accepted"],
        ),
        case("CMD029", "neither is answered", &twice, &[]),
        case(
            "CMD029",
            "after a refusal",
            &connect(
                connect(Conversation::new().handshake(), 1)
                    .server(|s| s.error(1, "NetConnection.Connect.Rejected", "Who is it?")),
                1,
            )
            .server(|s| s.connect_result()),
            &[],
        ),
        case("CMD002", "the id of a second connect", &connect(sample::connected(), 9), &[]),
        case("CMD030", "once", &sample::publish(1), &[]),
        case(
            "CMD030",
            "again",
            &publish(sample::publishing(), 9),
            &["the client sends publish(9) on message stream 1, which publishes since publish(3)"],
        ),
        case(
            "CMD030",
            "again before the answer",
            &publish(publish(created(), 3), 4),
            &["the client sends publish(4) on message stream 1, on which publish(3) waits for its answer"],
        ),
        case(
            "CMD030",
            "after a refusal",
            &publish(
                publish(created(), 3).server(|s| s.on_status(1, "error", "NetStream.Publish.BadName", "Busy.")),
                4,
            ),
            &[],
        ),
        case("CMD030", "after FCUnpublish", &ended(|c| c.command("FCUnpublish", 5, &[Amf::Null, "s".into()])), &[]),
        case("CMD030", "after closeStream", &ended(|c| c.stream_command(1, "closeStream", 0, &[Amf::Null])), &[]),
        case(
            "CMD030",
            "publish(false) ends a stream",
            &sample::publishing().client(|c| c.stream_command(1, "publish", 0, &[Amf::Null, false.into()])),
            &[],
        ),
        case("CMD030", "on another stream", &sample::publishing().client(|c| c.publish(2, 9, "t")), &[]),
    ]
}

/// A server that calls what is for clients to call, and waits for a while.
fn wrong_side() -> Conversation {
    created()
        .server(|s| s.command("createStream", 7, &[Amf::Null]).publish(1, 8, "s"))
        .wait_ms(1500)
        .client(|c| c.delete_stream(1))
}

/// CMD032: connected, and then nothing.
fn silences() -> Vec<Case> {
    let idle = |story: Conversation| story.wait_ms(12_000).client(|c| c.window_acknowledgement_size(5000));
    let prepared = || {
        let name = [Amf::Null, "s".into()];
        idle(
            created()
                .client(|c| c.command("FCPublish", 3, &name).set_buffer_length(1, 3000))
                .server(|s| s.stream_begin(1)),
        )
    };
    let used = |say: fn(&mut Peer) -> &mut Peer| idle(sample::connected().client(say));
    let cut = |keep: fn(&Packet) -> bool| {
        let mut packets = Link::v4().packets(&prepared());
        packets.retain(keep);
        Story::of_packets(&packets)
    };
    let judged = |what, story| Case { code: "CMD032", what, story, expected: &[] };
    let mut lossy = Link::v4().packets(&prepared());
    lossy.remove(lossy.iter().rposition(|packet| packet.from == Side::Client && !packet.payload.is_empty()).unwrap());
    vec![
        case("CMD032", "published", &idle(sample::publishing()), &[]),
        case("CMD032", "it leaves soon", &sample::connected().wait_ms(9000).client(|c| c.set_chunk_size(4096)), &[]),
        case(
            "CMD032",
            "prepared, and then nothing",
            &prepared(),
            &[
                "the client asked for nothing after its connect was accepted; 12.007 seconds later the client closed the connection",
            ],
        ),
        case("CMD032", "a call", &used(|c| c.command("getUsers", 5, &[Amf::Null])), &[]),
        case(
            "CMD032",
            "the server calls",
            &idle(sample::connected().server(|s| s.command("onJoin", 0, &[Amf::Null]))),
            &[],
        ),
        case("CMD032", "a play that nobody answers", &used(|c| c.play(1, 4, "s")), &[]),
        judged("the capture ends", cut(|packet| packet.flags & tcp::FIN == 0)),
        judged("bytes are missing", Story::of_packets(&lossy)),
        real(
            "CMD032",
            "cases/silent-after-connect.pcap",
            &[
                "the client asked for nothing after its connect was accepted; 105 seconds later the client closed the connection",
            ],
        ),
    ]
}

/// CMD033: whether a reconnect was announced.
fn reconnects() -> Vec<Case> {
    let asked = |capabilities: Option<Amf>| {
        let mut properties = vec![("app", "live".into()), ("tcUrl", "rtmp://lab/live".into())];
        properties.extend(capabilities.map(|value| ("capsEx", value)));
        let code = "NetConnection.Connect.ReconnectRequest";
        connecting(&properties).server(|s| s.connect_result().on_status(0, "status", code, "We move."))
    };
    vec![
        case("CMD033", "announced", &asked(Some(1.into())), &[]),
        case("CMD033", "announced with others", &asked(Some(15.into())), &[]),
        case("CMD033", "never asked for", &sample::publish(1), &[]),
        case(
            "CMD033",
            "others announced",
            &asked(Some(6.into())),
            &["the server asks for a reconnect, and the client connected with capsEx 6, without its flag 1"],
        ),
        real(
            "CMD033",
            "cases/reconnect-uninvited.pcap",
            &["the server asks for a reconnect, and the client connected without capsEx"],
        ),
    ]
}

#[test]
fn nobody_is_blamed_where_one_side_alone_was_captured() {
    for conversation in [sample::publish(2), sample::play(2)] {
        for side in Side::BOTH {
            let mut packets = Link::v4().packets(&conversation);
            packets.retain(|packet| packet.from == side);
            let story = Story::of_packets(&packets);
            let blames: Vec<_> = story.findings.iter().filter(|finding| finding.rule.code.starts_with("CMD")).collect();
            assert!(blames.is_empty(), "{side:?}: {blames:?}");
        }
    }
}

#[test]
fn an_answer_that_is_captured_before_its_call_is_an_answer() {
    let conversation = sample::publish(2);
    let whole = Link::v4().packets(&conversation);
    for place in 0..whole.len() - 1 {
        // One packet comes a place later than it was sent.
        let mut packets = whole.clone();
        packets.swap(place, place + 1);
        let story = Story::of_packets(&packets);
        for code in ["CMD006", "CMD007", "CMD013", "CMD015", "CMD017", "CMD025", "CMD026"] {
            assert!(said(code, &story).is_empty(), "{code}, packet {place}: {:?}", said(code, &story));
        }
    }
}

#[test]
fn a_handler_without_a_transaction_id_is_milder_than_a_call_without_one() {
    for (name, severity) in [("onFCPublish", Severity::Warning), ("lab.call", Severity::Error)] {
        let story = Story::of(&sample::connected().client(|c| c.message(&bare(&[name.into()]))));
        let found = story.findings.iter().find(|finding| finding.rule.code == "CMD009").unwrap();
        assert_eq!(found.severity, severity, "{name}");
    }
}
