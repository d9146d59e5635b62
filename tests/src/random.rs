//! Numbers that follow from a seed, so that a failure can be had again.

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// From `OFFSHOOT_SEED`, or from the time. Prints the seed, which a failed test shows.
    pub fn seeded(what: &str) -> Self {
        let seed = match std::env::var("OFFSHOOT_SEED") {
            Ok(text) => text.parse().expect("OFFSHOOT_SEED is a number"),
            Err(_) => {
                let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                now.unwrap().as_nanos() as u64
            }
        };
        println!("{what}: OFFSHOOT_SEED={seed}");
        Random(seed)
    }

    /// The same, from a given seed where the environment has none: a run that must not fail by chance.
    pub fn settled(what: &str, seed: u64) -> Self {
        match std::env::var_os("OFFSHOOT_SEED") {
            Some(_) => Self::seeded(what),
            None => {
                println!("{what}: OFFSHOOT_SEED={seed}");
                Random(seed)
            }
        }
    }

    /// A generator of its own for one of several threads.
    pub fn split(&mut self) -> Self {
        Random(self.next())
    }

    /// The next number.
    #[expect(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is above zero. The bias of the remainder does not matter here.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A number from `low` to below `high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn follows_from_the_seed() {
        // The first numbers from seed 1234567, as published with the algorithm.
        let mut random = Random(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
        assert!((0..1000).all(|_| (3..7).contains(&random.between(3, 7))));
    }
}
