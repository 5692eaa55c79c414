//! INV-VAR-1: a producer of `&'static str` is no producer of shorter-lived ones: its consumer would
//! hand them out as `&'static str`.
// forbidden: E0597
use crosscore::{Producer, Ring};
fn main() {
    let (producer, mut consumer) = Ring::<&'static str>::with_capacity(8).unwrap();
    {
        let local = String::from("gone soon");
        let mut _producer: Producer<&str> = producer;
        #[cfg(feature = "forbidden")]
        _producer.push(&local).unwrap();
    }
    let _outlived: Option<&'static str> = consumer.pop();
}
