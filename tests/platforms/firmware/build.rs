//! Gives the linker the memory map of the board, with no more RAM for a program than it is said to do
//! with: statics that leave none for the stack do not link.

use std::path::PathBuf;
use std::{env, fs};

/// Each program, and its RAM.
const RAM: [(&str, &str); 2] = [("label", "64K"), ("budgets", "4M")];

fn main() {
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));
    let map = fs::read_to_string("mps2.x").expect("the memory map");
    for (program, size) in RAM {
        let folder = out.join(program);
        fs::create_dir_all(&folder).expect("a folder for the memory map");
        fs::write(folder.join("memory.x"), map.replace("RAM_SIZE", size)).expect("the memory map");
        println!("cargo:rustc-link-arg-bin={program}=-L{}", folder.display());
    }
    println!("cargo:rerun-if-changed=mps2.x");
    println!("cargo:rustc-link-arg=-Tlink.x");
    // The boards' vectors begin at 0, not at the start of a page.
    println!("cargo:rustc-link-arg=--nmagic");
}
