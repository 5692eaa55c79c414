//! INV-ALIAS-2: no slice that the consumer may write outlives the release of its elements.
// forbidden: E0499
fn main() {
    let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8).unwrap();
    producer.push(1).unwrap();
    let mut chunks = consumer.read_chunks(1).unwrap();
    let (_first, _) = chunks.as_mut_slices();
    chunks.release(1);
    #[cfg(feature = "forbidden")]
    _first.fill(2);
}
