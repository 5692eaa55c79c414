//! INV-INIT-2: only where zeroes are a value are free slots shown as elements.
// forbidden: E0277
fn main() {
    let (mut producer, _consumer) = crosscore::Ring::<&u64>::with_capacity(8).unwrap();
    let mut _reservation = producer.reserve(1).unwrap();
    #[cfg(feature = "forbidden")]
    println!("{}", _reservation.spare_slice()[0]);
}
