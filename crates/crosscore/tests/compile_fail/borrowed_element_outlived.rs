//! INV-DROP-1: a ring drops what is left in it, so that must still be alive.
// forbidden: E0597
struct Noisy<'a>(&'a String);
impl Drop for Noisy<'_> {
    fn drop(&mut self) {
        println!("{}", self.0);
    }
}
fn main() {
    let (mut _producer, _consumer) = crosscore::Ring::with_capacity(8).unwrap();
    let local = String::new();
    let noisy = Noisy(&local);
    #[cfg(feature = "forbidden")]
    _producer.push(noisy).unwrap();
    #[cfg(not(feature = "forbidden"))]
    let _: (_, Result<(), crosscore::PushError<u8>>) = (noisy, _producer.push(1));
}
