//! INV-SW-1: a producer that went to another thread is gone here.
// forbidden: E0382
fn main() {
    let (mut producer, _consumer) = crosscore::Ring::with_capacity(8).unwrap();
    producer.push(1).unwrap();
    std::thread::spawn(move || producer.push(2).unwrap())
        .join()
        .unwrap();
    #[cfg(feature = "forbidden")]
    producer.push(3).unwrap();
}
