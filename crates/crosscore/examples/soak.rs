//! Millions of rounds in which each side sleeps and is woken, with each strategy that the platform has,
//! and a watchdog for the wake-up that is lost. `npm run soak` runs it.
//!
//! ```text
//! cargo run --release --example soak -- 10000000
//! cargo run --release --example soak -- 10000000 store-buffering
//! ```

#[path = "../tests/stress/mod.rs"]
mod stress;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds = arguments.first().map_or(100_000, |rounds| {
        rounds.parse().expect("a number of rounds")
    });
    let kind = arguments.get(1).map(String::as_str);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    stress::in_each_strategy(&arguments, || {
        if kind.is_none_or(|kind| kind == "ping-pong") {
            stress::ping_pong(rounds);
        }
        if kind.is_none_or(|kind| kind == "one-slot") {
            stress::one_slot(rounds / 10);
        }
        if kind.is_none_or(|kind| kind == "store-buffering") {
            stress::push_against_park(rounds / 10);
            stress::pop_against_park(rounds / 10);
        }
    });
}
