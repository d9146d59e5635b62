//! What a run came to.

/// Counts, and the first difference of each case that failed.
#[derive(Debug, Default)]
pub struct Report {
    /// Cases whose answer was right.
    pub passed: usize,
    /// Cases that the server is not made for: those that need keys, where none was given.
    pub skipped: usize,
    /// What was wrong, a case each.
    pub failures: Vec<String>,
    /// What could not be cleaned up.
    pub left: Vec<String>,
}

impl Report {
    /// Whether nothing failed and nothing was left behind.
    pub fn good(&self) -> bool {
        self.failures.is_empty() && self.left.is_empty()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for failure in &self.failures {
            writeln!(f, "FAILED {failure}")?;
        }
        for left in &self.left {
            writeln!(f, "LEFT {left}")?;
        }
        let (passed, failed) = (self.passed, self.failures.len());
        write!(f, "{passed} passed, {failed} failed, {} skipped", self.skipped)
    }
}
