//! A `Read` that fills the ring directly, and a `Write` that empties it: no buffer in between.
//!
//! ```text
//! cargo run --release --example read_from_a_socket
//! ```

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crosscore::{Consumer, Producer, Ring};

const BYTES: usize = 8 << 20;

/// Reads until the end, each time into the slots that are free.
fn pump_in(mut from: impl Read, mut producer: Producer<u8>) -> io::Result<()> {
    loop {
        let Some(mut reservation) = producer.reserve(64 << 10) else {
            if producer.is_closed() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            thread::yield_now();
            continue;
        };
        let n = from.read(reservation.spare_slice())?;
        reservation.advance(n);
        if reservation.commit() == 0 {
            return Ok(());
        }
    }
}

/// Writes until the producer is gone; what was not taken stays in the ring.
fn pump_out(mut consumer: Consumer<u8>, mut to: impl Write) -> io::Result<usize> {
    let mut total = 0;
    while !consumer.is_done() {
        match consumer.read(usize::MAX) {
            Some(mut bytes) => {
                let n = to.write(&bytes)?;
                bytes.release(n);
                total += n;
            }
            None => thread::yield_now(),
        }
    }
    Ok(total)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let sending = thread::spawn(move || -> io::Result<()> {
        let mut socket = TcpStream::connect(address)?;
        let block: Vec<u8> = (0..=255).collect();
        (0..BYTES / block.len()).try_for_each(|_| socket.write_all(&block))
    });
    let (socket, _) = listener.accept()?;

    let (producer, consumer) = Ring::with_capacity(256 << 10)?;
    let receiving = thread::spawn(move || pump_in(socket, producer));
    let mut received = Vec::new();
    let total = pump_out(consumer, &mut received)?;
    receiving.join().expect("the receiver does not panic")?;
    sending.join().expect("the sender does not panic")?;

    println!("{total} bytes");
    assert_eq!(total, BYTES);
    assert!(
        received
            .iter()
            .enumerate()
            .all(|(i, &byte)| byte == i as u8)
    );
    Ok(())
}
