//! INV-ALIAS-2: no reference to elements outlives their release.
// forbidden: E0502
fn main() {
    let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8).unwrap();
    producer.push(String::new()).unwrap();
    let mut elements = consumer.read(1).unwrap();
    let _element = &elements[0];
    elements.release(1);
    #[cfg(feature = "forbidden")]
    println!("{_element}");
}
