//! Message indexes: the way from a file to one of its messages, and its bytes.

/// The way to a message: its place among the messages of the file, then among those nested in that one, and so on, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageIndexes(Vec<u32>);

impl MessageIndexes {
    /// These indexes, from the outside in.
    pub fn new(indexes: impl Into<Vec<u32>>) -> Self {
        Self(indexes.into())
    }

    /// The indexes, from the outside in.
    pub fn as_slice(&self) -> &[u32] {
        &self.0
    }

    /// What goes between the schema's id and the message: how many, then each, all as zig-zag varints (Kafka's
    /// `ByteUtils.writeVarint`); the first message of a file, `[0]`, is the single byte 0.
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.0 == [0] {
            return vec![0];
        }
        let mut bytes = Vec::new();
        write_varint(self.0.len() as u64, &mut bytes);
        for &index in &self.0 {
            write_varint(u64::from(index), &mut bytes);
        }
        bytes
    }
}

/// Zig-zag of a number that is not negative is its double.
fn write_varint(number: u64, out: &mut Vec<u8>) {
    let mut rest = number << 1;
    loop {
        let low = (rest & 0x7f) as u8;
        rest >>= 7;
        if rest == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}
