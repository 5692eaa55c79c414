//! INV-ALIAS-2: no reference to elements outlives the guard that it came from.
// forbidden: E0505
fn main() {
    let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8).unwrap();
    producer.push(String::new()).unwrap();
    let elements = consumer.read(1).unwrap();
    let _element = &elements[0];
    elements.release_all();
    #[cfg(feature = "forbidden")]
    println!("{_element}");
}
