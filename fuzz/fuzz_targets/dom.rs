#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/trace-core/tests/integration/targets.rs"]
#[expect(dead_code, reason = "each binary runs one of the shared targets")]
mod targets;

fuzz_target!(|data: &[u8]| targets::dom(data));
