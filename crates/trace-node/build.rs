//! Sets the link flags of a Node addon on this platform.

fn main() {
    napi_build::setup();
}
