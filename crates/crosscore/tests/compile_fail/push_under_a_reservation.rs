//! INV-RES-1: the slots stay the reservation's for as long as it lives.
// forbidden: E0499
fn main() {
    let (mut producer, _consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
    let reservation = producer.reserve(1).unwrap();
    #[cfg(feature = "forbidden")]
    producer.push(1).unwrap();
    reservation.commit();
}
