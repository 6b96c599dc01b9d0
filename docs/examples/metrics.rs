//! What a live capture is doing, as metrics in Prometheus' text form, once a second of its packets' time:
//!
//! `tcpdump --immediate-mode -U -w - port 1935 | cargo run --example metrics -- -`

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;

use rtmp_inspect::inspection::Inspection;
use rtmp_inspect::limits::Limits;
use rtmp_inspect::proto::Event;
use rtmp_inspect::rules::Severity;
use rtmp_inspect::wire::Side;

/// Of one second.
#[derive(Default)]
struct Second {
    /// Messages and payload bytes by sender and type.
    messages: BTreeMap<(&'static str, &'static str), (u64, u64)>,
    /// By severity.
    findings: BTreeMap<Severity, u64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let captures: Vec<_> = std::env::args_os().skip(1).map(Into::into).collect();
    let mut inspection = Inspection::open(&captures, &Limits::default())?;
    let (mut second, mut now, mut open) = (Second::default(), 0, 0_u64);
    while let Some(told) = inspection.next() {
        let told = told?;
        let last = told.event.envelope().map(|envelope| envelope.last.time);
        let at = last.map_or(now, |last| last.since(told.start) / 1_000_000_000);
        if at > now {
            write(&second, now, open)?;
            (second, now) = (Second::default(), at);
        }
        for finding in &told.findings {
            *second.findings.entry(finding.severity).or_default() += 1;
        }
        match told.event {
            Event::Session(_) => open += 1,
            Event::Close(close) if close.last => open -= 1,
            Event::Message(message) => {
                let from = if message.from == Side::Client { "client" } else { "server" };
                let kind = message.head.kind.name().unwrap_or("unknown");
                let (count, bytes) = second.messages.entry((from, kind)).or_default();
                *count += 1;
                *bytes += message.payload.len() as u64;
            }
            _ => {}
        }
    }
    write(&second, now, open)
}

fn write(second: &Second, now: i64, open: u64) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "# second {now}\nrtmp_sessions_open {open}")?;
    for ((from, kind), (count, bytes)) in &second.messages {
        writeln!(out, "rtmp_messages{{from=\"{from}\",type=\"{kind}\"}} {count}")?;
        writeln!(out, "rtmp_payload_bytes{{from=\"{from}\",type=\"{kind}\"}} {bytes}")?;
    }
    for (severity, count) in &second.findings {
        writeln!(out, "rtmp_findings{{severity=\"{}\"}} {count}", severity.name())?;
    }
    Ok(out.flush()?)
}
