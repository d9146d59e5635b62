//! How many tests ran, read from the closing lines of cargo-nextest and of libtest.

/// Numbers of tests by how they ended.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Ended well.
    pub passed: u64,
    /// Failed, timed out or could not be started.
    pub failed: u64,
    /// Not run: ignored, or left out by a filter.
    pub skipped: u64,
}

impl Count {
    /// What one line of output reports; nothing if it is not a closing line.
    pub fn of_line(line: &str) -> Self {
        // nextest: `Summary [ 0.1s] 5 tests run: 3 passed (1 slow, 1 leaky), 2 failed, 1 skipped`
        if let Some(rest) = line.trim_start().strip_prefix("Summary [") {
            return rest
                .split_once(" run: ")
                .map_or(Self::default(), |(_, r)| Self::of_list(r, ','));
        }
        // It repeats the output of a failed test, set in, with libtest's own line; that counts nothing.
        // libtest: `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; …`
        match line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) {
            Some((_, rest)) => Self::of_list(rest, ';'),
            None => Self::default(),
        }
    }

    fn of_list(list: &str, separator: char) -> Self {
        let mut count = Self::default();
        for part in without_parentheses(list).split(separator) {
            let Some((number, how)) = part.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match how.trim() {
                "passed" => count.passed += number,
                "skipped" | "ignored" | "filtered out" => count.skipped += number,
                "measured" => {}
                _ => count.failed += number,
            }
        }
        count
    }
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::new();
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

impl std::ops::Add for Count {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Count {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

    fn counts(line: &str) -> [u64; 3] {
        let Count { passed, failed, skipped } = Count::of_line(line);
        [passed, failed, skipped]
    }

    #[test]
    fn closing_lines_of_nextest() {
        assert_eq!(counts("     Summary [   0.012s] 1 test run: 1 passed, 0 skipped\n"), [1, 0, 0]);
        let line = "Summary [ 9.1s] 9 tests run: 4 passed (1 slow, 2 leaky), 3 failed, 2 timed out, 7 skipped";
        assert_eq!(counts(line), [4, 5, 7]);
        let cancelled = "Summary [ 1s] 3/5 tests run: 2 passed, 1 exec failed, 0 skipped";
        assert_eq!(counts(cancelled), [2, 1, 0]);
    }

    #[test]
    fn closing_lines_of_libtest() {
        let line = "test result: FAILED. 3 passed; 2 failed; 1 ignored; 5 measured; 4 filtered out; finished in 0.00s";
        assert_eq!(counts(line), [3, 2, 5]);
        assert_eq!(counts("test result: ok. 12 passed; 0 failed; 0 ignored"), [12, 0, 0]);
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in [
            "",
            "PASS [ 0.1s] core a::b",
            "3 passed, 1 failed",
            "test result: ok",
            "    test result: FAILED. 0 passed; 1 failed",
            "Summary [",
        ] {
            assert_eq!(counts(line), [0, 0, 0], "{line}");
        }
    }
}
