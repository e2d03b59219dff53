//! Gives the linker the memory map of the target's board: the sizes that a microcontroller has, and
//! more of both for an unoptimised build.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let variable = |name| env::var(name).expect("set by cargo");
    let arch = variable("CARGO_CFG_TARGET_ARCH");
    let (flash, ram) = match variable("OPT_LEVEL").as_str() {
        "0" => ("4M", "512K"),
        _ => ("2M", "384K"),
    };
    let map = format!("{arch}.x");
    let text = fs::read_to_string(&map).expect("the memory map");
    let out = PathBuf::from(variable("OUT_DIR"));
    let text = text.replace("FLASH_SIZE", flash).replace("RAM_SIZE", ram);
    fs::write(out.join("memory.x"), text).expect("the linker's memory map");
    println!("cargo:rerun-if-changed={map}");
    println!("cargo:rustc-link-search={}", out.display());
    if arch == "riscv32" {
        println!("cargo:rustc-link-arg=-Tmemory.x");
    }
    println!("cargo:rustc-link-arg=-Tlink.x");
    // The boards' vectors begin at 0, not at the start of a page.
    println!("cargo:rustc-link-arg=--nmagic");
}
