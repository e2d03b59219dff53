//! Little-endian numbers, one behind the other.

/// Reads what [`Writer`] writes. Behind the end are zeros, so who reads checks lengths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    pub(super) fn take<const LEN: usize>(&mut self) -> [u8; LEN] {
        let Some((taken, rest)) = self.0.split_first_chunk() else {
            self.0 = &[];
            return [0; LEN];
        };
        self.0 = rest;
        *taken
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    pub(super) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    pub(super) fn f32(&mut self) -> f32 {
        f32::from_le_bytes(self.take())
    }
}

/// Writes into memory until it is full.
#[derive(Debug)]
pub(super) struct Writer<'a>(pub(super) &'a mut [u8]);

impl Writer<'_> {
    pub(super) fn put(&mut self, bytes: &[u8]) {
        let (place, rest) =
            core::mem::take(&mut self.0).split_at_mut_checked(bytes.len()).unwrap_or_default();
        for (slot, byte) in place.iter_mut().zip(bytes) {
            *slot = *byte;
        }
        self.0 = rest;
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.put(&value.to_le_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.put(&value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.put(&value.to_le_bytes());
    }

    pub(super) fn f32(&mut self, value: f32) {
        self.put(&value.to_le_bytes());
    }
}

/// The bytes of an element of a list of fixed-size ones, if it is there.
pub(super) fn element<const LEN: usize>(bytes: &[u8], place: usize) -> Option<[u8; LEN]> {
    let (_, rest) = bytes.split_at_checked(place.checked_mul(LEN)?)?;
    rest.first_chunk().copied()
}
