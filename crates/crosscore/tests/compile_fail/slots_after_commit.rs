//! INV-ALIAS-2: no reference to reserved slots outlives their publication.
// forbidden: E0505
fn main() {
    let (mut producer, _consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
    let mut reservation = producer.reserve(1).unwrap();
    let _slots = reservation.spare_slots();
    _slots[0].write(1);
    reservation.commit();
    #[cfg(feature = "forbidden")]
    _slots[0].write(2);
}
