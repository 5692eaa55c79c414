//! INV-RES-1: a producer does not leave while a reservation of its is open.
// forbidden: E0505
fn main() {
    let (mut producer, _consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
    let reservation = producer.reserve(1).unwrap();
    #[cfg(feature = "forbidden")]
    drop(producer);
    reservation.commit();
}
