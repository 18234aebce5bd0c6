//! Avro's binary encoding of what has no parts: zig-zag varints, floats, and bytes with their length.

/// Appends a long, or an int: both are written alike.
#[inline]
pub(crate) fn put_long(out: &mut Vec<u8>, value: i64) {
    let zigzag = (value << 1 ^ value >> 63).cast_unsigned();
    if zigzag < 0x80 {
        out.push(zigzag.to_le_bytes()[0]);
    } else {
        put_long_wide(out, zigzag);
    }
}

/// Eight groups of seven bits are spread over eight bytes at once, all are appended, and those too many taken off again: a
/// copy of fixed length is one store, where one of a computed length is a call.
#[inline]
fn put_long_wide(out: &mut Vec<u8>, zigzag: u64) {
    if zigzag >> 56 != 0 {
        return put_long_widest(out, zigzag);
    }
    let bytes = (64 - zigzag.leading_zeros()).div_ceil(7) as usize;
    let more = 0x8080_8080_8080_8080 & ((1 << (8 * (bytes - 1))) - 1);
    let end = out.len() + bytes;
    out.extend_from_slice(&(spread(zigzag) | more).to_le_bytes());
    out.truncate(end);
}

/// Nine or ten bytes: eight, and the rest as a varint of its own.
#[cold]
fn put_long_widest(out: &mut Vec<u8>, zigzag: u64) {
    out.extend_from_slice(&(spread(zigzag & ((1 << 56) - 1)) | 0x8080_8080_8080_8080).to_le_bytes());
    let rest = (zigzag >> 56).to_le_bytes()[0];
    if rest < 0x80 {
        out.push(rest);
    } else {
        out.extend_from_slice(&[rest, 1]);
    }
}

/// 56 bits, seven to a byte.
#[inline]
const fn spread(bits: u64) -> u64 {
    let halves = (bits & 0x0fff_ffff) | (bits & 0x00ff_ffff_f000_0000) << 4;
    let quarters = (halves & 0x0000_3fff_0000_3fff) | (halves & 0x0fff_c000_0fff_c000) << 2;
    (quarters & 0x007f_007f_007f_007f) | (quarters & 0x3f80_3f80_3f80_3f80) << 1
}

/// Appends a length or an index. Nothing in memory is longer than an `i64` counts.
#[inline]
pub(crate) fn put_len(out: &mut Vec<u8>, len: usize) {
    put_long(out, i64::try_from(len).unwrap_or(i64::MAX));
}

/// Appends bytes, or a string, behind their length.
#[inline]
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_len(out, bytes.len());
    out.extend_from_slice(bytes);
}

#[inline]
pub(crate) fn put_boolean(out: &mut Vec<u8>, value: bool) {
    out.push(u8::from(value));
}

#[inline]
pub(crate) fn put_float(out: &mut Vec<u8>, value: f32) {
    out.extend_from_slice(&value.to_le_bytes());
}

#[inline]
pub(crate) fn put_double(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Reads a long that stands at the start of `bytes`, and how many bytes it takes.
pub(crate) fn read_long(bytes: &[u8]) -> Option<(i64, usize)> {
    let mut zigzag = 0u64;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        zigzag |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let value = (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed();
            return Some((value, index + 1));
        }
    }
    None
}

/// An array's or a map's one block: the number of its elements, the elements, and the 0 that ends it. The number is written
/// first as it is announced, and again if it was not so many.
#[derive(Debug)]
pub(super) struct Block {
    /// Where it begins, and its first element, in `out`.
    start: usize,
    body: usize,
    announced: usize,
    pub(super) count: usize,
}

impl Block {
    pub(super) fn open(out: &mut Vec<u8>, announced: Option<usize>) -> Self {
        let start = out.len();
        let announced = announced.unwrap_or(0);
        if announced > 0 {
            put_len(out, announced);
        }
        Self { start, body: out.len(), announced, count: 0 }
    }

    pub(super) fn close(self, out: &mut Vec<u8>) {
        if self.count != self.announced {
            let mut header = Vec::new();
            if self.count > 0 {
                put_len(&mut header, self.count);
            }
            out.splice(self.start..self.body, header);
        }
        out.push(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plain loop of the specification.
    fn slow(value: i64) -> Vec<u8> {
        let mut rest = (value << 1 ^ value >> 63).cast_unsigned();
        let mut out = Vec::new();
        while rest >= 0x80 {
            out.push(rest.to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        out.push(rest.to_le_bytes()[0]);
        out
    }

    #[test]
    fn longs_of_every_width_are_those_of_the_specification() {
        for bits in 0..64 {
            for value in [1i64 << bits, (1i64 << bits).wrapping_sub(1), (1i64 << bits).wrapping_neg(), !(1i64 << bits)]
            {
                let mut out = vec![7];
                put_long(&mut out, value);
                assert_eq!(&out[1..], slow(value), "{value}");
                assert_eq!(read_long(&out[1..]), Some((value, out.len() - 1)));
            }
        }
    }

    #[test]
    fn a_block_counts_what_it_got() {
        for (announced, count, bytes) in [
            (Some(2), 2, &[4, 9, 9, 0][..]),
            (None, 2, &[4, 9, 9, 0]),
            (Some(200), 1, &[2, 9, 0]),
            (Some(3), 0, &[0]),
            (None, 0, &[0]),
        ] {
            let mut out = Vec::new();
            let mut block = Block::open(&mut out, announced);
            out.resize(out.len() + count, 9);
            block.count = count;
            block.close(&mut out);
            assert_eq!(out, bytes);
        }
    }
}
