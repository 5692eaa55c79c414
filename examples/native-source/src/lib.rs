//! An addon with threads of Rust at one end of rings: two sources and a sink.
//!
//! Each function takes the package's `native`, starts a thread, and returns the token for JavaScript's end.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write, copy};
use std::thread;
use std::time::{Duration, Instant};

use crosscore_napi::{Bytes, Consumer, Crosscore, Producer, Text, Token, record};
use flate2::Compression;
use flate2::write::GzEncoder;
use napi_derive::napi;

record! {
    /// A best bid or offer. JavaScript knows it as
    /// `record({ seq: 'u64', ts: 'f64', px: 'f64', qty: 'u32', side: 'u8', venue: bytes(4) })`.
    #[derive(Debug)]
    pub struct Tick {
        seq: u64,
        /// Milliseconds since the source started.
        ts: f64,
        px: f64,
        qty: u32,
        /// 0 for a bid, 1 for an offer.
        side: u8,
        venue: [u8; 4],
    }
}

/// So many ticks, as fast as they are taken; `everyMicroseconds` apart if it is not 0.
#[napi(
    ts_args_type = "native: import('crosscore').Native, count: number, everyMicroseconds: number",
    ts_return_type = "import('crosscore').ConsumerToken<any>"
)]
pub fn ticks(crosscore: Crosscore, count: u32, every_microseconds: u32) -> napi::Result<Token> {
    let (mut producer, token) = crosscore.ring::<Tick>(4096).producer()?;
    thread::Builder::new().name("ticks".into()).spawn(move || {
        let started = Instant::now();
        let pause = Duration::from_micros(u64::from(every_microseconds));
        for seq in 0..count {
            let tick = Tick {
                seq: u64::from(seq),
                ts: started.elapsed().as_secs_f64() * 1000.0,
                px: 100.0 + f64::from(seq % 64) / 64.0,
                qty: seq % 7 + 1,
                side: (seq % 2) as u8,
                venue: *b"XNAS",
            };
            // Ends when JavaScript reads no more.
            if producer.push_wait(tick, None).is_err() {
                return;
            }
            if !pause.is_zero() {
                thread::sleep(pause);
            }
        }
    })?;
    Ok(token)
}

/// The file's bytes, in messages of 64 KiB at most. If it cannot be read, the ring closes with the reason.
#[napi(
    ts_args_type = "native: import('crosscore').Native, path: string",
    ts_return_type = "import('crosscore').ConsumerToken<'bytes'>"
)]
pub fn read_file(crosscore: Crosscore, path: String) -> napi::Result<Token> {
    let (producer, token) = crosscore.ring::<Bytes>(1 << 20).producer()?;
    thread::Builder::new()
        .name("read-file".into())
        .spawn(move || send_file(&path, producer))?;
    Ok(token)
}

fn send_file(path: &str, mut producer: Producer<Bytes>) {
    let sent = File::open(path).and_then(|file| {
        copy(
            &mut BufReader::with_capacity(1 << 16, file),
            &mut producer.writer(),
        )
    });
    if let Err(error) = sent {
        producer.close(&error);
    }
}

/// Compresses what JavaScript pushes into a file of gzip. JavaScript hears of the end in `results`, a ring of text: the
/// number of bytes that came, or the reason why it was closed.
#[napi(
    ts_args_type = "native: import('crosscore').Native, path: string",
    ts_return_type = "{ producer: import('crosscore').ProducerToken<'bytes'>, results: import('crosscore').ConsumerToken<'string'> }"
)]
pub fn gzip_file(crosscore: Crosscore, path: String) -> napi::Result<Sink> {
    let (consumer, token) = crosscore.ring::<Bytes>(1 << 20).consumer()?;
    let (mut results, results_token) = crosscore.ring::<Text>(256).producer()?;
    thread::Builder::new()
        .name("gzip-file".into())
        .spawn(move || match compress(&path, consumer) {
            Ok(count) => {
                // Nobody has to listen.
                let _unheard = results.push(&count.to_string());
            }
            Err(error) => results.close(&error),
        })?;
    Ok(Sink {
        producer: token,
        results: results_token,
    })
}

/// Two tokens of one sink.
#[derive(Debug)]
#[napi(object, object_from_js = false)]
pub struct Sink {
    /// For the bytes.
    pub producer: Token,
    /// For what came of them.
    pub results: Token,
}

fn compress(path: &str, mut consumer: Consumer<Bytes>) -> std::io::Result<u64> {
    let file = BufWriter::new(File::create(path)?);
    let mut encoder = GzEncoder::new(file, Compression::fast());
    let count = copy(&mut consumer.reader(), &mut encoder)?;
    encoder.finish()?.flush()?;
    Ok(count)
}
