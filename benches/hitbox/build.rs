//! Tells the sources that hitbox is there.

fn main() {
    println!("cargo::rustc-cfg=hitbox");
    println!("cargo::rustc-check-cfg=cfg(hitbox)");
}
