//! What is produced: 64 bytes, the first four the record's number, the last four its complement, both
//! little-endian.

/// Bytes in a record.
pub(super) const RECORD: usize = 64;

/// What comes before a message in a ring of bytes (`lib/framing.ts`): its length in the first four bytes.
const HEADER: usize = 8;

/// What a record takes in a ring of bytes. A multiple of 8, so nothing fills it up.
pub(super) const FRAMED: usize = HEADER + RECORD;

/// One record, with its header in front, made in place again and again.
pub(super) struct Record([u8; FRAMED]);

impl Record {
    pub(super) fn new() -> Self {
        let mut bytes = [0x2e; FRAMED];
        bytes[..HEADER].copy_from_slice(&(RECORD as u64).to_le_bytes());
        Self(bytes)
    }

    /// Gives it a number.
    pub(super) fn number(&mut self, number: i32) {
        self.0[HEADER..HEADER + 4].copy_from_slice(&number.to_le_bytes());
        self.0[FRAMED - 4..].copy_from_slice(&(!number).to_le_bytes());
    }

    /// As it lies in a ring.
    pub(super) fn framed(&self) -> &[u8; FRAMED] {
        &self.0
    }

    /// Without the header.
    pub(super) fn bytes(&self) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        bytes.copy_from_slice(&self.0[HEADER..]);
        bytes
    }
}
