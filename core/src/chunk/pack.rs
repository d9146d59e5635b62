//! A pack: the one unit that every host stores.
//!
//! ```text
//! header (36 bytes)
//!    0  3  "OPK"
//!    3  1  format version, 1
//!    4  4  length of the index, little-endian
//!    8  4  length of the body, little-endian
//!   12  8  BLAKE3(body), first 8 bytes
//!   20 16  BLAKE3(bytes 0..20, index), first 16 bytes
//! index
//!    number of blocks, number of keyframes          (varints, LEB128)
//!    per block: stored length                       (varint)
//!               chunks in it * 2, + 1 if lz4        (varint)
//!               per chunk: length (varint), hash (32)
//!    per keyframe: commit (32), root (32)
//! body: the blocks, one after the other
//!    raw:  the bytes of the chunks, joined
//!    lz4:  length of the joined bytes (4, little-endian), one lz4 block of them
//! ```
//!
//! Small neighbours share a block, because rows that were written together compress together; a
//! chunk of usual size has a block of its own, so that reading it decompresses nothing else.
//! Header and index are checked by their own sum, so a host may read just these; a chunk is
//! checked by its name, whichever way it was read. The body's sum finds the flipped bytes that
//! decompress to the same chunk, so that a check of the medium misses none.

use super::{Chunk, Hash};

/// A run of chunks with the keyframe records that belong to them.
#[derive(Debug, Clone, Default)]
pub struct Pack {
    /// The chunks, children before the parents that name them.
    pub chunks: Vec<Chunk>,
    /// Keyframes: commit, and the materialised root of its state.
    pub keyframes: Vec<(Hash, Hash)>,
}

/// Why bytes are not a pack, or a pack cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// The bytes are not what an encoder wrote.
    #[error("not a valid pack: {0}")]
    Invalid(&'static str),
    /// The bytes come from a newer format than this program knows.
    #[error("pack format {0} is not known to this version")]
    Version(u8),
    /// The contents exceed a limit of the format; split them over several packs.
    #[error("too large for a pack: {0}")]
    TooLarge(&'static str),
    /// The bytes of a chunk are not those that its name promises.
    #[error(transparent)]
    Chunk(#[from] super::WrongHash),
}

/// Where a chunk stands within a pack, and how to get at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkSlice {
    /// Offset of the chunk's block, in bytes from where the reader counts (the start of the pack
    /// as `PackIndex` gives it; a file may count from its own start).
    pub block: u64,
    /// Stored length of the block in bytes.
    pub stored: u32,
    /// Whether the block is compressed.
    pub lz4: bool,
    /// Offset of the chunk in the uncompressed block, below 64 KiB.
    pub start: u16,
    /// Length of the chunk in bytes.
    pub len: u32,
}

/// What a pack holds, known without reading its body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackIndex {
    /// Every chunk, in the order of the pack.
    pub entries: Vec<(Hash, ChunkSlice)>,
    /// Every keyframe: commit and root.
    pub keyframes: Vec<(Hash, Hash)>,
    /// Offset of the body from the start of the pack: header and index together.
    pub body: usize,
    /// Length of the whole pack in bytes.
    pub len: usize,
    body_sum: [u8; 8],
}

const MAGIC: &[u8; 3] = b"OPK";
const VERSION: u8 = 1;
// Chunks join a block up to this many bytes; about the usual size of a chunk.
const BLOCK_TARGET: usize = 8 * 1024;
// lz4 gains nothing on less than this, and costs its length prefix.
const LZ4_MIN: usize = 64;

impl Pack {
    /// The longest chunk that a pack holds, in bytes.
    pub const CHUNK_MAX: usize = 64 << 20;
    /// The most bytes, uncompressed, that the chunks of one pack may have together.
    pub const RAW_MAX: usize = 1 << 30;

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.keyframes.is_empty()
    }

    /// The pack as bytes. Fails only when a limit is exceeded: a chunk of more than `CHUNK_MAX`,
    /// or more than `RAW_MAX` in all.
    pub fn encode(&self) -> Result<Vec<u8>, PackError> {
        self.encode_indexed().map(|(bytes, _)| bytes)
    }

    /// The pack as bytes, with its index, for a host that keeps the index at hand.
    pub fn encode_indexed(&self) -> Result<(Vec<u8>, PackIndex), PackError> {
        let blocks = self.blocks()?;
        let mut index = Vec::with_capacity(16 + self.chunks.len() * 36 + self.keyframes.len() * 64);
        let mut body = Vec::new();
        let mut entries = Vec::with_capacity(self.chunks.len());
        put_varint(&mut index, blocks.len() as u64);
        put_varint(&mut index, self.keyframes.len() as u64);
        for chunks in blocks {
            let block = body.len() as u64;
            let lz4 = append_block(&mut body, chunks);
            let stored = (body.len() as u64 - block) as u32;
            put_varint(&mut index, u64::from(stored));
            put_varint(&mut index, (chunks.len() as u64) << 1 | u64::from(lz4));
            let mut start = 0;
            for chunk in chunks {
                let len = chunk.bytes().len() as u32;
                put_varint(&mut index, u64::from(len));
                index.extend_from_slice(chunk.hash().as_bytes());
                let slice = ChunkSlice { block, stored, lz4, start: start as u16, len };
                entries.push((chunk.hash(), slice));
                start += len;
            }
        }
        for (commit, root) in &self.keyframes {
            index.extend_from_slice(commit.as_bytes());
            index.extend_from_slice(root.as_bytes());
        }
        let index_len = u32::try_from(index.len()).map_err(|_| PackError::TooLarge("index"))?;
        let body_len = u32::try_from(body.len()).map_err(|_| PackError::TooLarge("body"))?;

        let body_sum = first::<8>(&blake3::hash(&body));
        let body_at = PackIndex::HEADER_LEN + index.len();
        let mut bytes = Vec::with_capacity(body_at + body.len());
        bytes.extend_from_slice(MAGIC);
        bytes.push(VERSION);
        bytes.extend_from_slice(&index_len.to_le_bytes());
        bytes.extend_from_slice(&body_len.to_le_bytes());
        bytes.extend_from_slice(&body_sum);
        let sum = index_sum(&bytes, &index);
        bytes.extend_from_slice(&sum);
        bytes.extend_from_slice(&index);
        bytes.extend_from_slice(&body);
        for (_, slice) in &mut entries {
            slice.block += body_at as u64;
        }
        let keyframes = self.keyframes.clone();
        let index = PackIndex { entries, keyframes, body: body_at, len: bytes.len(), body_sum };
        Ok((bytes, index))
    }

    /// The pack that these bytes are, every sum and every hash verified. Safe on any bytes: what
    /// it allocates is bounded by `RAW_MAX` and by 255 times the input.
    pub fn decode(bytes: &[u8]) -> Result<Pack, PackError> {
        let index = PackIndex::read(bytes)?;
        index.check_body(bytes)?;
        let mut chunks = Vec::with_capacity(index.entries.len());
        let mut open: Option<((u64, u32), Vec<u8>)> = None;
        for (hash, slice) in &index.entries {
            // Several chunks of one block: decompress it once. The length tells an empty block
            // from the one that begins where it does.
            let block = (slice.block, slice.stored);
            if open.as_ref().is_none_or(|(at, _)| *at != block) {
                open = Some((block, slice.inflate(slice.stored_in(bytes)?)?));
            }
            let raw = open.as_ref().map_or(&[][..], |(_, raw)| raw);
            chunks.push(Chunk::verified(*hash, slice.cut(raw)?)?);
        }
        Ok(Pack { chunks, keyframes: index.keyframes })
    }

    // The chunks, split into the runs that share a block.
    fn blocks(&self) -> Result<Vec<&[Chunk]>, PackError> {
        let mut blocks = Vec::new();
        let (mut from, mut raw, mut total) = (0, 0, 0usize);
        for (at, chunk) in self.chunks.iter().enumerate() {
            let len = chunk.bytes().len();
            if len > Self::CHUNK_MAX {
                return Err(PackError::TooLarge("a chunk has more than 64 MiB"));
            }
            total = total.saturating_add(len);
            if total > Self::RAW_MAX {
                return Err(PackError::TooLarge("the chunks have more than 1 GiB in all"));
            }
            if at > from && raw + len > BLOCK_TARGET {
                blocks.push(&self.chunks[from..at]);
                (from, raw) = (at, 0);
            }
            raw += len;
        }
        if from < self.chunks.len() {
            blocks.push(&self.chunks[from..]);
        }
        Ok(blocks)
    }
}

impl PackIndex {
    /// Length of a pack's header in bytes.
    pub const HEADER_LEN: usize = 36;

    /// How many bytes from the start of a pack hold its header and index, from at least
    /// `HEADER_LEN` bytes. Not yet verified: bound it by what is there before reading so much.
    pub fn prefix_len(header: &[u8]) -> Result<usize, PackError> {
        let header = Header::read(header)?;
        Self::HEADER_LEN
            .checked_add(header.index_len as usize)
            .ok_or(PackError::Invalid("index length"))
    }

    /// The index, from a pack or from the part of it that `prefix_len` named. The sum over both is
    /// verified; the body is not looked at.
    pub fn read(bytes: &[u8]) -> Result<PackIndex, PackError> {
        let header = Header::read(bytes)?;
        let body = Self::prefix_len(bytes)?;
        let index = bytes.get(Self::HEADER_LEN..body).ok_or(PackError::Invalid("cut off"))?;
        if index_sum(&bytes[..20], index) != header.index_sum {
            return Err(PackError::Invalid("the sum of the index is wrong"));
        }
        let len =
            body.checked_add(header.body_len as usize).ok_or(PackError::Invalid("body length"))?;
        let (entries, keyframes) = read_index(index, body, len)?;
        Ok(PackIndex { entries, keyframes, body, len, body_sum: header.body_sum })
    }

    /// Whether `bytes` is exactly this pack with an intact body.
    pub fn check_body(&self, bytes: &[u8]) -> Result<(), PackError> {
        if bytes.len() != self.len {
            return Err(PackError::Invalid("length"));
        }
        match first::<8>(&blake3::hash(&bytes[self.body..])) == self.body_sum {
            true => Ok(()),
            false => Err(PackError::Invalid("the sum of the body is wrong")),
        }
    }
}

impl ChunkSlice {
    /// The chunk, from the stored bytes of its block; its hash is verified.
    pub fn read(&self, hash: Hash, stored: &[u8]) -> Result<Chunk, PackError> {
        if !self.lz4 {
            return Ok(Chunk::verified(hash, self.cut(stored)?)?);
        }
        let raw = self.inflate(stored)?;
        if raw.len() == self.len as usize {
            return Ok(Chunk::verified(hash, raw)?);
        }
        Ok(Chunk::verified(hash, self.cut(&raw)?)?)
    }

    fn stored_in<'a>(&self, pack: &'a [u8]) -> Result<&'a [u8], PackError> {
        let from = usize::try_from(self.block).ok();
        let to = from.and_then(|from| from.checked_add(self.stored as usize));
        from.zip(to)
            .and_then(|(from, to)| pack.get(from..to))
            .ok_or(PackError::Invalid("a block lies outside"))
    }

    fn cut<'a>(&self, raw: &'a [u8]) -> Result<&'a [u8], PackError> {
        let from = usize::from(self.start);
        from.checked_add(self.len as usize)
            .and_then(|to| raw.get(from..to))
            .ok_or(PackError::Invalid("a chunk lies outside its block"))
    }

    fn inflate(&self, stored: &[u8]) -> Result<Vec<u8>, PackError> {
        if !self.lz4 {
            return Ok(stored.to_vec());
        }
        let (raw_len, data) = lz4_parts(stored)?;
        let mut raw = vec![0; raw_len];
        match lz4_flex::block::decompress_into(data, &mut raw) {
            Ok(written) if written == raw_len => Ok(raw),
            _ => Err(PackError::Invalid("lz4")),
        }
    }
}

struct Header {
    index_len: u32,
    body_len: u32,
    body_sum: [u8; 8],
    index_sum: [u8; 16],
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Header, PackError> {
        let bytes = bytes.get(..PackIndex::HEADER_LEN).ok_or(PackError::Invalid("cut off"))?;
        if &bytes[..3] != MAGIC {
            return Err(PackError::Invalid("it does not begin like one"));
        }
        if bytes[3] != VERSION {
            return Err(PackError::Version(bytes[3]));
        }
        let u32_at = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let (mut body_sum, mut index_sum) = ([0; 8], [0; 16]);
        body_sum.copy_from_slice(&bytes[12..20]);
        index_sum.copy_from_slice(&bytes[20..36]);
        Ok(Header { index_len: u32_at(4), body_len: u32_at(8), body_sum, index_sum })
    }
}

type Listed = (Vec<(Hash, ChunkSlice)>, Vec<(Hash, Hash)>);

// Reads an index whose body stands at `body..len` of the pack.
fn read_index(mut index: &[u8], body: usize, len: usize) -> Result<Listed, PackError> {
    let index = &mut index;
    let (blocks, keyframe_count) = (get_varint(index)?, get_varint(index)?);
    let mut entries = Vec::new();
    let mut at = body as u64;
    let mut total = 0u64;
    for _ in 0..blocks {
        let stored = u32::try_from(get_varint(index)?).map_err(|_| PackError::Invalid("block"))?;
        let word = get_varint(index)?;
        let (count, lz4) = (word >> 1, word & 1 == 1);
        if count == 0 {
            return Err(PackError::Invalid("an empty block"));
        }
        let mut start = 0u64;
        for _ in 0..count {
            let chunk_len = get_varint(index)?;
            let hash = get_hash(index)?;
            let in_block = u16::try_from(start).map_err(|_| PackError::Invalid("block"))?;
            if chunk_len > Pack::CHUNK_MAX as u64 {
                return Err(PackError::Invalid("a chunk of more than 64 MiB"));
            }
            let chunk_len = chunk_len as u32;
            entries.push((
                hash,
                ChunkSlice { block: at, stored, lz4, start: in_block, len: chunk_len },
            ));
            start += u64::from(chunk_len);
        }
        total += start;
        if total > Pack::RAW_MAX as u64 || (!lz4 && start != u64::from(stored)) {
            return Err(PackError::Invalid("lengths"));
        }
        at += u64::from(stored);
        if at > len as u64 {
            return Err(PackError::Invalid("the blocks are longer than the body"));
        }
    }
    let mut keyframes = Vec::new();
    for _ in 0..keyframe_count {
        keyframes.push((get_hash(index)?, get_hash(index)?));
    }
    match index.is_empty() && at == len as u64 {
        true => Ok((entries, keyframes)),
        false => Err(PackError::Invalid("bytes are left over")),
    }
}

// Appends one block; whether it was compressed.
fn append_block(body: &mut Vec<u8>, chunks: &[Chunk]) -> bool {
    let joined;
    let raw = match chunks {
        [one] => one.bytes(),
        _ => {
            joined = chunks.iter().flat_map(|c| c.bytes().iter().copied()).collect::<Vec<u8>>();
            &joined
        }
    };
    if raw.len() >= LZ4_MIN {
        let packed = lz4_flex::block::compress(raw);
        if packed.len() + 4 < raw.len() {
            body.extend_from_slice(&(raw.len() as u32).to_le_bytes());
            body.extend_from_slice(&packed);
            return true;
        }
    }
    body.extend_from_slice(raw);
    false
}

// The declared length of a compressed block, within what its bytes can expand to, and the lz4.
fn lz4_parts(stored: &[u8]) -> Result<(usize, &[u8]), PackError> {
    let (prefix, data) = stored.split_first_chunk::<4>().ok_or(PackError::Invalid("block"))?;
    let raw_len = u32::from_le_bytes(*prefix) as usize;
    // One byte of lz4 stands for at most 255, and a block is one chunk or a few small ones.
    if raw_len > Pack::CHUNK_MAX || raw_len > data.len().saturating_mul(255) {
        return Err(PackError::Invalid("block length"));
    }
    Ok((raw_len, data))
}

fn index_sum(head: &[u8], index: &[u8]) -> [u8; 16] {
    first(&blake3::Hasher::new().update(head).update(index).finalize())
}

fn first<const N: usize>(hash: &blake3::Hash) -> [u8; N] {
    let mut sum = [0; N];
    sum.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
    sum
}

fn put_varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn get_varint(from: &mut &[u8]) -> Result<u64, PackError> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = from.split_first().ok_or(PackError::Invalid("index cut off"))?;
        *from = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(PackError::Invalid("a number is too long"))
}

fn get_hash(from: &mut &[u8]) -> Result<Hash, PackError> {
    let (hash, rest) = from.split_first_chunk::<32>().ok_or(PackError::Invalid("index cut off"))?;
    *from = rest;
    Ok(Hash::from_bytes(*hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    // xorshift64*: enough for test data, and the same on every machine.
    struct Rng(u64);

    impl Rng {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
        }

        fn below(&mut self, n: u64) -> usize {
            (self.next() % n) as usize
        }

        fn bytes(&mut self, len: usize) -> Vec<u8> {
            (0..len).map(|_| self.next() as u8).collect()
        }
    }

    fn sample(rng: &mut Rng) -> Pack {
        let mut pack = Pack::default();
        for _ in 0..rng.below(40) {
            let len = [0, 1, 63, 300, 4000, 9000, 40_000][rng.below(7)];
            let bytes = match rng.below(2) {
                0 => rng.bytes(len),
                _ => b"row 17, a name, a price; ".iter().copied().cycle().take(len).collect(),
            };
            pack.chunks.push(Chunk::new(bytes));
        }
        for _ in 0..rng.below(3) {
            pack.keyframes.push((Hash::of(&rng.bytes(8)), Hash::of(&rng.bytes(8))));
        }
        pack
    }

    fn hashes(pack: &Pack) -> Vec<Hash> {
        pack.chunks.iter().map(Chunk::hash).collect()
    }

    #[test]
    fn what_goes_in_comes_out_whole_or_chunk_by_chunk() {
        let mut rng = Rng(7);
        for _ in 0..200 {
            let pack = sample(&mut rng);
            let (bytes, index) = pack.encode_indexed().unwrap();
            let back = Pack::decode(&bytes).unwrap();
            assert_eq!(hashes(&back), hashes(&pack));
            assert_eq!(back.keyframes, pack.keyframes);
            let prefix = PackIndex::prefix_len(&bytes).unwrap();
            assert_eq!(PackIndex::read(&bytes[..prefix]).unwrap(), index);
            for ((hash, slice), chunk) in index.entries.iter().zip(&pack.chunks) {
                let block = &bytes[slice.block as usize..][..slice.stored as usize];
                assert_eq!(slice.read(*hash, block).unwrap().bytes(), chunk.bytes());
                assert!(slice.read(Hash::of(b"another"), block).is_err());
            }
        }
    }

    #[test]
    fn a_small_commit_costs_under_100_bytes_more_than_its_chunk() {
        let chunk = Chunk::new(Rng(1).bytes(300));
        let pack = Pack { chunks: vec![chunk], keyframes: vec![] };
        let len = pack.encode().unwrap().len();
        assert!(len <= 400, "{len}");
    }

    #[test]
    fn small_neighbours_share_a_block_and_shrink() {
        let row = |i: u32| {
            Chunk::new(format!("commit {i:06} by someone, on the main branch").into_bytes())
        };
        let pack = Pack { chunks: (0..1000).map(row).collect(), keyframes: vec![] };
        let (bytes, index) = pack.encode_indexed().unwrap();
        let body = bytes.len() - index.body;
        assert!(body < 20_000, "{body} bytes for 45,000");
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let mut rng = Rng(11);
        let row = b"0000000000000000000000000000000000000000".repeat(10);
        let mut pack = Pack { chunks: vec![Chunk::new(row)], ..Pack::default() };
        pack.chunks.push(Chunk::new(rng.bytes(100)));
        pack.keyframes.push((Hash::of(b"commit"), Hash::of(b"root")));
        let bytes = pack.encode().unwrap();
        for at in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[at / 8] ^= 1 << (at % 8);
            assert!(Pack::decode(&bad).is_err(), "bit {at}");
        }
        for len in 0..bytes.len() {
            assert!(Pack::decode(&bytes[..len]).is_err(), "cut at {len}");
        }
        assert!(Pack::decode(&[&bytes[..], b"x"].concat()).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic_or_allocate_without_bound() {
        for seed in 1..4000u64 {
            let mut rng = Rng(seed);
            let mut index = Vec::new();
            // Half of the numbers are hostile, and the sum is right, so that the parser is reached.
            for _ in 0..rng.below(12) {
                let number = match rng.below(2) {
                    0 => rng.next() >> rng.below(64),
                    _ => rng.next() % 5,
                };
                put_varint(&mut index, number);
                let len = [0, 0, 32][rng.below(3)];
                index.extend(rng.bytes(len));
            }
            let len = rng.below(50);
            let body = rng.bytes(len);
            let mut bytes = [&MAGIC[..], &[VERSION]].concat();
            bytes.extend((index.len() as u32).to_le_bytes());
            bytes.extend((body.len() as u32).to_le_bytes());
            bytes.extend(first::<8>(&blake3::hash(&body)));
            let sum = index_sum(&bytes, &index);
            bytes.extend(sum);
            bytes.extend(index);
            bytes.extend(body);
            let _ = Pack::decode(&bytes);
            let len = rng.below(200);
            let noise = rng.bytes(len);
            assert!(Pack::decode(&noise).is_err());
        }
    }

    #[test]
    fn limits_and_versions_are_named() {
        let huge =
            Pack { chunks: vec![Chunk::new(vec![0; Pack::CHUNK_MAX + 1])], keyframes: vec![] };
        assert!(matches!(huge.encode(), Err(PackError::TooLarge(_))));
        let mut bytes = Pack::default().encode().unwrap();
        bytes[3] = 9;
        assert_eq!(Pack::decode(&bytes).unwrap_err(), PackError::Version(9));
    }
}
