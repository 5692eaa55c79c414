//! INV-ALIAS-2: no slice of free slots outlives their publication.
// forbidden: E0505
fn main() {
    let (mut producer, _consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
    let mut chunks = producer.reserve_chunks(1).unwrap();
    let (_first, _) = chunks.spare_slices();
    _first[0] = 1;
    chunks.commit();
    #[cfg(feature = "forbidden")]
    _first.fill(2);
}
