//! Gives the linker the memory map of the target's board.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let arch = env::var("CARGO_CFG_TARGET_ARCH").expect("set by cargo");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo"));
    let map = format!("{arch}.x");
    fs::copy(&map, out.join("memory.x")).expect("the memory map");
    println!("cargo:rerun-if-changed={map}");
    println!("cargo:rustc-link-search={}", out.display());
    if arch == "riscv32" {
        println!("cargo:rustc-link-arg=-Tmemory.x");
    }
    println!("cargo:rustc-link-arg=-Tlink.x");
    // The boards' vectors begin at 0, not at the start of a page.
    println!("cargo:rustc-link-arg=--nmagic");
}
