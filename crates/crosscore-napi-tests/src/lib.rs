//! What `__test__/native.spec.js` has on the other side of rings: threads that echo, panic, close, and wait in a task.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use napi::bindgen_prelude::{FromNapiValue, Unknown};
use napi::{Env, sys};

use crosscore_napi::{
    Bytes, Consumer, Crosscore, Element, Error, Kind, Memory, Producer, Publish, ReceiveError,
    SendError, Text, Token, record,
};
use napi_derive::napi;

record! {
    /// In a record.
    #[derive(Debug)]
    pub struct Level { px: f64, qty: u32 }
}
record! {
    /// A field of each sort.
    #[derive(Debug)]
    pub struct Row {
        flag: u8,
        wide: u64,
        small: i8,
        half: i16,
        best: Level,
        levels: [Level; 3],
        text: [u8; 5],
        sums: [f32; 2],
        ts: f64,
        signed: i64,
    }
}

/// The tokens of two rings.
#[derive(Debug)]
#[napi(object, object_from_js = false)]
pub struct Pair {
    /// Of the producer whose elements come back.
    pub input: Token,
    /// Of the consumer that they come to.
    pub output: Token,
}

// How elements go from one end to the other: false when they can go no further.

fn echo_elements<T: Element>(from: &mut Consumer<T>, to: &mut Producer<T>) -> bool {
    if from.wait_for_data(1, None).is_err() {
        return false;
    }
    // Each way that there is, in turn.
    let mut items = Vec::new();
    from.drain(7, |item| items.push(item));
    let mut rest = &items[to.push_slice(&items)..];
    if let Some(mut reservation) = to.reserve(rest.len()) {
        reservation.extend_from_slice(rest);
        rest = &rest[reservation.commit()..];
    }
    rest.iter().all(|item| to.push_wait(*item, None).is_ok())
        && from
            .pop()
            .is_none_or(|item| to.push_wait(item, None).is_ok())
}

fn echo_bytes(from: &mut Consumer<Bytes>, to: &mut Producer<Bytes>) -> bool {
    from.pop_wait(None)
        .is_ok_and(|message| to.push_wait(&message, None).is_ok())
}

fn echo_text(from: &mut Consumer<Text>, to: &mut Producer<Text>) -> bool {
    from.pop_wait(None)
        .is_ok_and(|message| to.push_wait(&message, None).is_ok())
}

fn rings<K: Kind>(
    crosscore: Crosscore,
    capacity: u32,
    heap: bool,
) -> Result<(Consumer<K>, Producer<K>, Pair), Error> {
    let memory = if heap { Memory::Heap } else { Memory::Auto };
    let ring = || crosscore.ring::<K>(capacity as usize).memory(memory);
    let (consumer, input) = ring().publish(Publish::Tick).consumer()?;
    let (producer, output) = ring().producer()?;
    Ok((consumer, producer, Pair { input, output }))
}

fn echoing<K: Kind>(
    crosscore: Crosscore,
    capacity: u32,
    heap: bool,
    step: fn(&mut Consumer<K>, &mut Producer<K>) -> bool,
) -> napi::Result<Pair> {
    let (mut consumer, mut producer, pair) = rings::<K>(crosscore, capacity, heap)?;
    thread::spawn(move || while step(&mut consumer, &mut producer) {});
    Ok(pair)
}

/// What goes into one ring comes out of another.
#[napi]
pub fn echo(crosscore: Crosscore, of: String, capacity: u32, heap: bool) -> napi::Result<Pair> {
    match of.as_str() {
        "u8" => echoing(crosscore, capacity, heap, echo_elements::<u8>),
        "i8" => echoing(crosscore, capacity, heap, echo_elements::<i8>),
        "u16" => echoing(crosscore, capacity, heap, echo_elements::<u16>),
        "i16" => echoing(crosscore, capacity, heap, echo_elements::<i16>),
        "u32" => echoing(crosscore, capacity, heap, echo_elements::<u32>),
        "i32" => echoing(crosscore, capacity, heap, echo_elements::<i32>),
        "f32" => echoing(crosscore, capacity, heap, echo_elements::<f32>),
        "f64" => echoing(crosscore, capacity, heap, echo_elements::<f64>),
        "i64" => echoing(crosscore, capacity, heap, echo_elements::<i64>),
        "u64" => echoing(crosscore, capacity, heap, echo_elements::<u64>),
        "bytes" => echoing(crosscore, capacity, heap, echo_bytes),
        "string" => echoing(crosscore, capacity, heap, echo_text),
        _ => echoing(crosscore, capacity, heap, echo_elements::<Row>),
    }
}

/// A task's thread, woken by its waker.
struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Parked(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}

/// As `echo` for numbers, in a task; and for messages in another.
#[napi]
pub fn echo_in_tasks(crosscore: Crosscore, capacity: u32) -> napi::Result<Vec<Pair>> {
    let (mut numbers, mut back, pair) = rings::<f64>(crosscore, capacity, false)?;
    thread::spawn(move || {
        block_on(async {
            while let Some(number) = numbers.pop_async().await {
                if back.push_async(number).await.is_err() {
                    break;
                }
            }
        });
    });
    let (mut texts, mut texts_back, texts_pair) = rings::<Text>(crosscore, capacity * 8, false)?;
    thread::spawn(move || {
        block_on(async {
            while let Ok(text) = texts.pop_async().await {
                if texts_back.push_async(&text).await.is_err() {
                    break;
                }
            }
        });
    });
    Ok(vec![pair, texts_pair])
}

/// So many numbers, and then a panic.
#[napi]
pub fn panic_after(crosscore: Crosscore, count: u32) -> napi::Result<Token> {
    let (mut producer, token) = crosscore.ring::<f64>(64).producer()?;
    thread::spawn(move || {
        for i in 0..count {
            assert!(producer.push_wait(f64::from(i), None).is_ok());
        }
        panic!("on purpose");
    });
    Ok(token)
}

/// A consumer that closes at once, with a reason.
#[napi]
pub fn refuse(crosscore: Crosscore, why: String) -> napi::Result<Token> {
    let (consumer, token) = crosscore.ring::<f64>(64).consumer()?;
    consumer.close(&std::io::Error::other(why));
    Ok(token)
}

/// Says in a ring of text what the other ring's producer closed with.
#[napi]
pub fn report_reason(crosscore: Crosscore) -> napi::Result<Pair> {
    let (mut consumer, input) = crosscore.ring::<f64>(64).consumer()?;
    let (mut results, output) = crosscore.ring::<Text>(1024).producer()?;
    thread::spawn(move || {
        let sum: f64 = consumer.by_ref().sum();
        let reason = consumer.reason();
        let _unheard = results.push(&format!(
            "{sum} {}",
            reason.map_or("none".into(), |reason| format!(
                "{reason} {:?}",
                reason.code
            ))
        ));
    });
    Ok(Pair { input, output })
}

/// The sum of what comes out of a ring that JavaScript has made, as its only number in another such ring.
#[napi]
pub fn sum(crosscore: Crosscore, numbers: Token, into: Token) -> napi::Result<()> {
    let numbers = crosscore.claim_consumer::<f64>(numbers)?;
    let mut into = crosscore.claim_producer::<f64>(into)?;
    thread::spawn(move || into.push_wait(numbers.sum(), None));
    Ok(())
}

/// Whether a token that was dropped has closed its ring, and what a ring says to messages that do not fit.
#[napi]
pub fn own_checks(crosscore: Crosscore) -> napi::Result<Vec<String>> {
    let (mut producer, token) = crosscore
        .ring::<Bytes>(4096)
        .memory(Memory::Heap)
        .producer()?;
    let mut said = vec![
        format!("{:?}", producer.push(&[0; 4089])),
        format!("{:?}", producer.push(&[1; 4088])),
        format!("{:?}", producer.push(&[]) == Err(SendError::Full)),
        format!("{}", producer.is_closed()),
    ];
    drop(token);
    said.push(format!("{}", producer.is_closed()));
    let (mut consumer, token) = crosscore.ring::<Bytes>(64).consumer()?;
    said.push(format!("{:?}", consumer.pop()));
    drop(token);
    said.push(format!(
        "{:?}",
        consumer.pop_wait(None) == Err(ReceiveError::Closed)
    ));
    Ok(said)
}

/// A ring of so many bytes, which is dropped.
#[napi]
pub fn make(crosscore: Crosscore, capacity: f64) -> napi::Result<u32> {
    let (producer, _token) = crosscore.ring::<f64>(capacity as usize).producer()?;
    Ok(producer.capacity() as u32)
}

/// The package's version.
#[napi]
pub fn version(crosscore: Crosscore) -> String {
    crosscore.version().to_owned()
}

/// What other versions of the package would hand over as `native`, as far as all versions are the same.
#[repr(C)]
struct OtherTable {
    interface: u32,
    size: u32,
    version: (*const u8, usize),
    layout: u32,
}

/// A `native` of another version of the interface or of what lies in a ring.
#[napi]
pub fn other_native(
    env: &Env,
    interface: u32,
    layout: u32,
    size: u32,
) -> napi::Result<Unknown<'_>> {
    let version = "9.8.7";
    let table = Box::leak(Box::new(OtherTable {
        interface,
        size,
        version: (version.as_ptr(), version.len()),
        layout,
    }));
    let tag = sys::napi_type_tag {
        lower: 0x6372_6f73_7363_6f72,
        upper: 0x652d_6e61_7469_7665,
    };
    let mut value = std::ptr::null_mut();
    // SAFETY: INV-NODE-1: the table is leaked, and the tag is read during the call. INV-ABI-1: what all versions have is
    // there, and no more is read of another.
    unsafe {
        let made = sys::napi_create_external(
            env.raw(),
            std::ptr::from_mut(table).cast(),
            None,
            std::ptr::null_mut(),
            &mut value,
        );
        let tagged = sys::napi_type_tag_object(env.raw(), value, &tag);
        if (made, tagged) != (sys::Status::napi_ok, sys::Status::napi_ok) {
            return Err(napi::Error::from_reason("no external value"));
        }
        Unknown::from_napi_value(env.raw(), value)
    }
}
