//! The program is the system library's, and nothing of Rust's.

fn main() {
    println!("cargo:rustc-link-arg=-lc");
}
