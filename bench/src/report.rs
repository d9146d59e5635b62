//! Lines of the table.

use cpu_time::ThreadTime;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// What was measured, in the order of measuring.
#[derive(Default)]
pub struct Report(Vec<[String; 6]>);

impl Report {
    /// A figure beside a peer's.
    pub fn ratio(&mut self, what: &str, rows: u64, ours: Duration, peer: Duration, goal: &str) {
        let ratio = ours.as_secs_f64() / peer.as_secs_f64().max(1e-12);
        self.line(what, rows, &shown(ours), &shown(peer), &format!("{ratio:.2}"), goal);
    }

    /// A figure of its own.
    pub fn figure(&mut self, what: &str, rows: u64, figure: &str, goal: &str) {
        self.line(what, rows, figure, "", "", goal);
    }

    fn line(&mut self, what: &str, rows: u64, ours: &str, peer: &str, ratio: &str, goal: &str) {
        eprintln!("{what}: {ours} {peer} {ratio} (goal {goal})");
        let rows = rows.to_string();
        self.0.push([what, &rows, ours, peer, ratio, goal].map(str::to_owned));
    }

    /// The table.
    pub fn markdown(&self) -> String {
        let mut text = String::from("| what | rows | Offshoot | SQLite | ratio | goal |\n");
        text.push_str("|---|---:|---:|---:|---:|---:|\n");
        for line in &self.0 {
            let _ = writeln!(text, "| {} |", line.join(" | "));
        }
        text
    }
}

/// A duration for people.
pub fn shown(time: Duration) -> String {
    match time.as_nanos() {
        0..10_000 => format!("{} ns", time.as_nanos()),
        10_000..10_000_000 => format!("{:.1} µs", time.as_secs_f64() * 1e6),
        _ => format!("{:.1} ms", time.as_secs_f64() * 1e3),
    }
}

/// The mean time of one of `n` runs.
pub fn each(n: u64, mut run: impl FnMut(u64)) -> Duration {
    let start = Instant::now();
    (0..n).for_each(&mut run);
    start.elapsed() / u32::try_from(n.max(1)).unwrap_or(u32::MAX)
}

/// The mean CPU time, in this thread, of one of `n` runs.
pub fn cpu_each(n: u64, mut run: impl FnMut(u64)) -> Duration {
    let start = ThreadTime::now();
    (0..n).for_each(&mut run);
    start.elapsed() / u32::try_from(n.max(1)).unwrap_or(u32::MAX)
}

/// The median of several times.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// SplitMix64: the same keys for both sides.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// Text of about this many bytes that does not compress to nothing.
pub fn filler(seed: u64, len: usize) -> String {
    let mut random = Random(seed);
    (0..len).map(|_| char::from(b'a' + random.below(26) as u8)).collect()
}
