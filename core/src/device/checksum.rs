//! CRC-32, by which a damaged image or record is known.

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};

/// Bit by bit: a table would take a kilobyte of a device's flash, for a few milliseconds a start.
const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// CRC-32/ISO-HDLC of some bytes.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u32 {
    CRC.checksum(bytes)
}
