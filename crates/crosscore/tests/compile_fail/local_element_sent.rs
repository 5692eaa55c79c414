//! INV-SEND-1: a ring of elements that must not change threads does not.
// forbidden: E0277
fn main() {
    let (mut producer, consumer) = crosscore::Ring::with_capacity(8).unwrap();
    producer.push(std::rc::Rc::new(1)).unwrap();
    let _take = move || drop(consumer);
    #[cfg(feature = "forbidden")]
    std::thread::spawn(_take);
}
