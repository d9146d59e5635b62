//! Bytes written and read back: the few primitives that every stored record is made of.
//!
//! Integers are LEB128 varints (at most 10 bytes) or fixed little-endian; byte strings carry their
//! length in front. A reader is bounded by the bytes that it was given: a length that points past
//! the end is an error before anything is allocated.

/// The bytes do not hold what the record's format says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed {what} at byte {at}")]
pub struct DecodeError {
    /// What was being read.
    pub what: &'static str,
    /// Where it stopped, in bytes from the start of the record.
    pub at: usize,
}

/// Builds a record.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// An empty record.
    pub fn new() -> Self {
        Writer::default()
    }

    /// An empty record that is going to have about this many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Writer(Vec::with_capacity(bytes))
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }

    /// An unsigned integer as a varint.
    pub fn uint(&mut self, mut value: u64) -> &mut Self {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
        self
    }

    /// A signed integer as a zigzag varint.
    pub fn int(&mut self, value: i64) -> &mut Self {
        self.uint(((value << 1) ^ (value >> 63)) as u64)
    }

    /// Bytes whose length the reader knows.
    pub fn fixed(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Bytes with their length in front.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.uint(bytes.len() as u64).fixed(bytes)
    }

    /// Bytes that may be absent: 0, or the length plus one and the bytes.
    pub fn maybe(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            None => self.uint(0),
            Some(bytes) => self.uint(bytes.len() as u64 + 1).fixed(bytes),
        }
    }

    /// Text with its length in bytes in front.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// The record.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    /// How many bytes have been written.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing has been written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads a record back.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    what: &'static str,
}

impl<'a> Reader<'a> {
    /// A reader at the start of a record; `what` names the record in errors.
    pub fn new(what: &'static str, bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0, what }
    }

    /// The error for whatever stands here.
    pub fn malformed(&self) -> DecodeError {
        DecodeError { what: self.what, at: self.at }
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// How many bytes have been read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Bytes of a known length.
    pub fn fixed(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.at.checked_add(len).ok_or_else(|| self.malformed())?;
        let bytes = self.bytes.get(self.at..end).ok_or_else(|| self.malformed())?;
        self.at = end;
        Ok(bytes)
    }

    /// An array of a known length.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let error = self.malformed();
        self.fixed(N)?.try_into().map_err(|_| error)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.array::<1>()?[0])
    }

    /// A varint.
    pub fn uint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return Err(self.malformed());
            }
            value |= part << shift;
            if byte < 0x80 {
                // One encoding per number: no padding with a zero byte at the end.
                return match byte == 0 && shift > 0 {
                    true => Err(self.malformed()),
                    false => Ok(value),
                };
            }
        }
        Err(self.malformed())
    }

    /// A zigzag varint.
    pub fn int(&mut self) -> Result<i64, DecodeError> {
        let raw = self.uint()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// A count of things that each take at least one byte of what is left.
    pub fn count(&mut self) -> Result<usize, DecodeError> {
        let n = self.uint()?;
        match usize::try_from(n) {
            Ok(n) if n <= self.left() => Ok(n),
            _ => Err(self.malformed()),
        }
    }

    /// Bytes with their length in front.
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.count()?;
        self.fixed(len)
    }

    /// Bytes that may be absent.
    pub fn maybe(&mut self) -> Result<Option<&'a [u8]>, DecodeError> {
        match self.uint()? {
            0 => Ok(None),
            n => match usize::try_from(n - 1) {
                Ok(len) => self.fixed(len).map(Some),
                Err(_) => Err(self.malformed()),
            },
        }
    }

    /// Text.
    pub fn text(&mut self) -> Result<&'a str, DecodeError> {
        let error = self.malformed();
        std::str::from_utf8(self.bytes()?).map_err(|_| error)
    }

    /// Nothing may follow.
    pub fn end(&self) -> Result<(), DecodeError> {
        match self.left() {
            0 => Ok(()),
            _ => Err(self.malformed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive() {
        for value in [0, 1, -1, 63, -64, 64, i64::MAX, i64::MIN, 1 << 40] {
            let mut w = Writer::new();
            w.int(value).uint(value as u64).maybe(None).maybe(Some(b"")).text("é");
            let bytes = w.finish();
            let mut r = Reader::new("test", &bytes);
            assert_eq!(r.int(), Ok(value));
            assert_eq!(r.uint(), Ok(value as u64));
            assert_eq!(r.maybe(), Ok(None));
            assert_eq!(r.maybe(), Ok(Some(&b""[..])));
            assert_eq!(r.text(), Ok("é"));
            assert_eq!(r.end(), Ok(()));
        }
    }

    #[test]
    fn lengths_past_the_end_are_refused() {
        let mut w = Writer::new();
        w.uint(u64::MAX);
        let bytes = w.finish();
        assert!(Reader::new("test", &bytes).bytes().is_err());
        assert!(Reader::new("test", &bytes).maybe().is_err());
        assert!(Reader::new("test", &bytes).count().is_err());
        assert!(Reader::new("test", &[0x80, 0x00]).uint().is_err());
        assert!(Reader::new("test", &[0xff; 11]).uint().is_err());
    }
}
