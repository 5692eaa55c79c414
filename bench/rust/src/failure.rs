//! How the process ends when a contender is wrong. The other thread may be spinning on the one that found
//! out, so there is nothing to go back to.

use std::process;
use std::sync::Mutex;

/// What is being measured: case and system.
static UNDER_WAY: Mutex<String> = Mutex::new(String::new());

pub fn under_way(measurement: String) {
    *UNDER_WAY.lock().expect("no panic while it is held") = measurement;
}

#[cold]
#[inline(never)]
pub fn fail(what: &str) -> ! {
    let measurement = UNDER_WAY.lock().expect("no panic while it is held");
    eprintln!("\nFAILED  {measurement}: {what}");
    process::exit(1)
}
