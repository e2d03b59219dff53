//! Gives the linker the memory map of the board, with as much RAM for each program as it is said to do
//! with: one that has more statics does not link.

use std::path::PathBuf;
use std::{env, fs};

/// Each program, and its RAM.
const RAM: [(&str, &str); 1] = [("budgets", "4M")];

fn main() {
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));
    let map = fs::read_to_string("memory.x").expect("the memory map");
    for (program, size) in RAM {
        let folder = out.join(program);
        fs::create_dir_all(&folder).expect("a folder for the memory map");
        fs::write(folder.join("memory.x"), map.replace("RAM_SIZE", size)).expect("the memory map");
        println!("cargo:rustc-link-arg-bin={program}=-L{}", folder.display());
    }
    println!("cargo:rerun-if-changed=memory.x");
    println!("cargo:rustc-link-arg=-Tlink.x");
    // The boards' vectors begin at 0, not at the start of a page.
    println!("cargo:rustc-link-arg=--nmagic");
}
