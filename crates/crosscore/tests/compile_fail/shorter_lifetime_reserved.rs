//! INV-VAR-1: nor through a reservation.
// forbidden: E0597
use crosscore::{Reservation, Ring};
fn main() {
    let (mut producer, mut consumer) = Ring::<&'static str>::with_capacity(8).unwrap();
    {
        let _local = String::from("gone soon");
        let mut _reservation: Reservation<'_, &str> = producer.reserve(1).unwrap();
        #[cfg(feature = "forbidden")]
        _reservation.push(&_local).unwrap();
        _reservation.commit();
    }
    let _outlived: Option<&'static str> = consumer.pop();
}
