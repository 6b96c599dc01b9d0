/// The farthest that zstd data may look back, in bytes: all of it is kept while it is decompressed. It is what the `zstd`
/// program allows by itself; without `--ultra` or `--long` it makes 8 MiB at most.
pub const ZSTD_WINDOW: u64 = 128 << 20;

/// What comments, names and secrets of captures may cost together, in bytes. A key log of a day has some megabytes.
pub const NOTE_BYTES: usize = 16 << 20;

/// Every bound on what the program keeps, in one place. A declared length never allocates by itself.
#[derive(Clone, Debug)]
pub struct Limits {
    /// TCP connections followed at a time. Past it the one idle for longest is closed out (`timeout`).
    pub connections: usize,
    /// Bytes of one direction kept while an earlier segment is missing. Past it the hole is declared a gap.
    /// 1 MiB is a window that a fast link fills; a larger reorder is a loss.
    pub reorder_bytes: usize,
    /// Segments of one direction kept while an earlier one is missing.
    pub reorder_segments: usize,
    /// The same bytes over all connections together.
    pub reorder_bytes_total: usize,
    /// A hole that the receiver has acknowledged was missed by the capture, not by the network. It is declared after
    /// this many further packets of the connection: captures themselves reorder a little.
    pub acknowledged_hole_packets: u32,
    /// … or after this long, in nanoseconds of capture time.
    pub acknowledged_hole_ns: i64,
    /// Tags, labels and tunnels around one packet. Real networks stack a handful; each more is work for a hostile packet
    /// alone.
    pub nesting: usize,
    /// IP packets of which not every fragment has come, and whole ones kept to recognise copies. Past it those given out
    /// are forgotten first, then the oldest. Linux keeps as much by bytes alone.
    pub fragments: usize,
    /// What their bytes cost together, with what that costs beside them: as much as Linux keeps
    /// (`net.ipv4.ipfrag_high_thresh`).
    pub fragment_bytes: usize,
    /// A packet is given up when its first fragment is this old, in nanoseconds of capture time: as long as Linux waits
    /// (`net.ipv4.ipfrag_time`). Longer, and another packet may have the same identification.
    pub fragment_age_ns: i64,
    /// Bytes of one direction kept while its protocol is not yet known. A whole RTMP handshake half is 3073.
    pub opening_bytes: usize,
    /// The same where the connection's beginning was not captured, or has a hole: a chain of chunk headers must prove what it is.
    pub midstream_opening_bytes: usize,
    /// Bytes of one direction in which the next chunk is looked for after a hole. Four of the largest common chunks: a
    /// chain of headers that proves a place is seldom longer.
    pub search_bytes: usize,
    /// Payload bytes of unfinished messages, over all chunk streams of one direction.
    pub partial_bytes: usize,
    /// Chunk streams of one direction. The protocol allows 65597; real peers use under ten.
    pub chunk_streams: usize,
    /// Calls without an answer that are remembered per direction.
    pub pending_calls: usize,
    /// AMF values inside one another.
    pub amf_depth: u16,
    /// AMF values in one message.
    pub amf_values: u32,
    /// Bytes of text that the AMF values of one message may repeat by reference: each reference is a copy for whoever
    /// reads the value.
    pub amf_repeated: usize,
    /// Messages inside one aggregate message. Media servers put about a hundred there.
    pub aggregate_messages: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 65_536,
            reorder_bytes: 1 << 20,
            reorder_segments: 4096,
            reorder_bytes_total: 16 << 20,
            acknowledged_hole_packets: 128,
            acknowledged_hole_ns: 3_000_000_000,
            nesting: 16,
            fragments: 4096,
            fragment_bytes: 4 << 20,
            fragment_age_ns: 30_000_000_000,
            opening_bytes: 4096,
            midstream_opening_bytes: 64 << 10,
            search_bytes: 256 << 10,
            partial_bytes: 32 << 20,
            chunk_streams: 4096,
            pending_calls: 1024,
            amf_depth: 64,
            amf_values: 65_536,
            amf_repeated: 1 << 20,
            aggregate_messages: 16_384,
        }
    }
}
