//! Arrays as NumPy writes them.

/// A `.npy` file of float32 with this shape, its numbers by their places.
pub fn npy(shape: &[usize], value: impl Fn(usize) -> f32) -> Vec<u8> {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    let mut count = 1;
    shape.iter().for_each(|length| count *= length);
    let shape = lengths.join(", ");
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape},), }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    file.extend(header.as_bytes());
    file.extend((0..count).flat_map(|index| value(index).to_le_bytes()));
    file
}
