//! INV-RES-1: a commit takes the reservation.
// forbidden: E0382
fn main() {
    let (mut producer, _consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
    let reservation = producer.reserve(1).unwrap();
    reservation.commit();
    #[cfg(feature = "forbidden")]
    reservation.commit();
}
