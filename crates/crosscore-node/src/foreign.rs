//! Ends of rings for other `.node` images: the addon's half of the C interface that `crosscore-napi` has the other half
//! of.
//!
//! An end that a handle here stands for is the same port that an environment has, with a control block of its own that
//! JavaScript never sees. So it counts, waits and ends as all others do. The table is `'static` in an image that is
//! pinned (`lib.rs`): it outlives whoever has a pointer to it.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Duration;

use crosscore::{Memory, WaitError};
use napi::sys;

use crate::control::{Control, FLAG_CLOSED, FLAG_CORRUPT, FLAG_DONE};
use crate::create::make_ring;
use crate::memory::SharedRing;
use crate::shared::{Description, Which};
use crate::side::Port;
use crate::status::check;
use crate::token;

#[path = "../../crosscore-napi/src/abi.rs"]
#[allow(dead_code, reason = "the other image uses the rest of it")]
mod abi;

pub(crate) use abi::kind;
use abi::{Found, Made, Table, Text, Wish, flag, status};

const _: () = {
    assert!(flag::CLOSED == FLAG_CLOSED);
    assert!(flag::DONE == FLAG_DONE);
    assert!(flag::CORRUPT == FLAG_CORRUPT);
};

static TABLE: Table = Table {
    abi: abi::ABI,
    size: size_of::<Table>() as u32,
    version: Text::of(env!("CARGO_PKG_VERSION")),
    layout: abi::LAYOUT,
    origin,
    make,
    claim,
    revoke,
    free,
    publish,
    look,
    wait,
    poll,
    cancel,
    set_reason,
    reason,
    drop: end,
};

/// The object that carries the table through JavaScript: marked, so that another image takes no other for it.
pub(crate) fn carrier(env: sys::napi_env) -> napi::Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    let table = ptr::from_ref(&TABLE).cast_mut().cast::<c_void>();
    // SAFETY: INV-NODE-1: the table is never freed, so nothing counts who has it.
    let made = unsafe { sys::napi_create_external(env, table, None, ptr::null_mut(), &mut value) };
    check(made, "napi_create_external")?;
    let tag = sys::napi_type_tag {
        lower: abi::TAG.0,
        upper: abi::TAG.1,
    };
    // SAFETY: INV-NODE-1: a value that was just made; the tag is read during the call.
    let tagged = unsafe { sys::napi_type_tag_object(env, value, &tag) };
    // A runtime that cannot mark it loads the package all the same; other images find no mark and refuse.
    let _unmarked = tagged != sys::Status::napi_ok;
    Ok(value)
}

/// What a handle of another image leads to.
struct Foreign {
    control: Control,
    port: Port,
    /// The one that was given last.
    waker: Option<Waker>,
}

/// A task of another image.
struct Task(abi::Waker);

// SAFETY: INV-ABI-4: whoever gave it has promised that both functions may be called on any thread.
unsafe impl Send for Task {}
// SAFETY: INV-ABI-4: as above.
unsafe impl Sync for Task {}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // SAFETY: INV-ABI-4: not yet released, and the image that has the function is pinned.
        unsafe { (self.0.wake)(self.0.data) }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // SAFETY: INV-ABI-4: once, and the last use.
        unsafe { (self.0.release)(self.0.data) }
    }
}

/// The end behind a handle.
///
/// # Safety
///
/// INV-ABI-3: the handle came from `hand_out` and was not dropped, and the caller is the only one that uses it now.
#[inline]
unsafe fn at<'a>(handle: *mut abi::Handle) -> &'a mut Foreign {
    // SAFETY: INV-ABI-3: passed on.
    unsafe { &mut *handle.cast::<Foreign>() }
}

/// What `text` says, if it is UTF-8.
///
/// # Safety
///
/// INV-ABI-2: it is alive for as long as `'a`.
unsafe fn read<'a>(text: Text) -> Result<&'a str, (u32, String)> {
    // SAFETY: INV-ABI-2: passed on.
    std::str::from_utf8(unsafe { text.bytes() })
        .map_err(|cause| (status::FAILED, format!("not UTF-8: {cause}")))
}

fn which(side: u32) -> Which {
    if side == abi::PRODUCER {
        Which::Producer
    } else {
        Which::Consumer
    }
}

/// Gives a port away. `None` if it has ended.
fn hand_out(port: Port) -> Option<Made> {
    let (ring, position, element): (&SharedRing, _, _) = match &port {
        Port::Producer(port) => (
            port.producer.ring(),
            port.producer.position(),
            port.end.shared().description.element,
        ),
        Port::Consumer(port) => (
            port.consumer.ring(),
            port.consumer.position(),
            port.end.shared().description.element,
        ),
        Port::Ended => return None,
    };
    let made = Made {
        base: ring.base().as_ptr(),
        // A ring for JavaScript has at most 2^30 bytes (checked in `create.rs`).
        capacity: ring.capacity() as u32,
        offset: (position % ring.capacity() as u64) as u32,
        mirrored: u32::from(ring.memory() == Memory::Mirrored),
        element,
        ..Made::EMPTY
    };
    let control = Control::new();
    control.reset(position);
    let foreign = Box::new(Foreign {
        control,
        port,
        waker: None,
    });
    Some(Made {
        handle: Box::into_raw(foreign).cast(),
        ..made
    })
}

/// Runs what makes an end. Fills in the result or the reason; no panic leaves.
///
/// # Safety
///
/// INV-ABI-2: both places may be written.
unsafe fn answer(
    into: *mut Made,
    trouble: *mut Text,
    work: impl FnOnce() -> Result<Made, (u32, String)>,
) -> u32 {
    let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err((
            status::FAILED,
            "the addon panicked; its message is on standard error".into(),
        ))
    });
    match done {
        Ok(made) => {
            // SAFETY: INV-ABI-2: passed on.
            unsafe { into.write(made) };
            status::OK
        }
        Err((status, reason)) => {
            let reason = Box::leak(reason.into_boxed_str());
            // SAFETY: INV-ABI-2: passed on.
            unsafe { trouble.write(Text::of(reason)) };
            status
        }
    }
}

extern "C" fn origin() -> Text {
    Text::of(token::origin())
}

unsafe extern "C" fn make(wish: *const Wish, into: *mut Made, trouble: *mut Text) -> u32 {
    // SAFETY: INV-ABI-2: the caller's places, valid during the call.
    unsafe {
        answer(into, trouble, || {
            let wish = *wish;
            let description = Description {
                kind: wish.kind,
                publish_every: wish.publish_every,
                element: wish.element,
                schema: read(wish.schema)?.to_owned(),
                // The other end is told of no gaps, or tells of none.
                drops: false,
            };
            let (producer, consumer) = make_ring(wish.capacity, wish.memory, description)
                .map_err(|reason| (status::MEMORY, reason))?;
            let (ours, theirs) = match which(wish.side) {
                Which::Producer => (producer, consumer),
                Which::Consumer => (consumer, producer),
            };
            let ended = || (status::FAILED, "the ring has ended".to_owned());
            let id = token::park(theirs).ok_or_else(ended)?;
            let mut made = hand_out(ours).ok_or_else(ended)?;
            made.id.copy_from_slice(id.as_bytes());
            Ok(made)
        })
    }
}

unsafe extern "C" fn claim(
    id: Text,
    origin: Text,
    side: u32,
    kind: u32,
    schema: Text,
    into: *mut Made,
    trouble: *mut Text,
) -> u32 {
    // SAFETY: INV-ABI-2: the caller's places and texts, valid during the call.
    unsafe {
        answer(into, trouble, || {
            let (id, origin, schema) = (read(id)?, read(origin)?, read(schema)?);
            let port = token::claim(id, origin, which(side), |description| {
                description.kind == kind && description.schema == schema
            })
            .map_err(|refusal| (status::TOKEN, refusal.to_string()))?;
            hand_out(port).ok_or_else(|| (status::TOKEN, "the ring has ended".to_owned()))
        })
    }
}

unsafe extern "C" fn revoke(id: Text) -> u32 {
    // SAFETY: INV-ABI-2: valid during the call.
    let id = unsafe { read(id) };
    let revoked =
        catch_unwind(|| id.is_ok_and(|id| token::revoke(id, token::origin()) == Ok(true)));
    u32::from(revoked.unwrap_or(false))
}

unsafe extern "C" fn free(text: Text) {
    let bytes = ptr::slice_from_raw_parts_mut(text.at.cast_mut(), text.length);
    // SAFETY: INV-ABI-2: `answer` leaked it, and the caller gives it back once.
    drop(unsafe { Box::from_raw(bytes) });
}

// What follows is panic-free; should that be wrong, the process ends at the `extern "C"`, and no frame of another image
// is unwound.

unsafe extern "C" fn publish(handle: *mut abi::Handle, bytes: u32, messages: u32) -> u32 {
    // SAFETY: INV-ABI-3: the caller's promise.
    let Foreign { control, port, .. } = unsafe { at(handle) };
    control.advance(bytes);
    port.publish(control, messages);
    control.flags()
}

unsafe extern "C" fn look(handle: *mut abi::Handle) -> Found {
    // SAFETY: INV-ABI-3: the caller's promise.
    let Foreign { control, port, .. } = unsafe { at(handle) };
    port.look(control);
    found(control)
}

fn found(control: &Control) -> Found {
    Found {
        known: control.known(),
        flags: control.flags(),
    }
}

unsafe extern "C" fn wait(handle: *mut abi::Handle, wanted: u32, nanoseconds: u64) -> Found {
    // SAFETY: INV-ABI-3: the caller's promise.
    let Foreign { control, port, .. } = unsafe { at(handle) };
    let time = (nanoseconds != u64::MAX).then(|| Duration::from_nanos(nanoseconds));
    // Not in slices: nobody terminates this thread.
    let waited = match port.side() {
        Some(side) => side.wait(wanted as usize, time),
        None => Err(WaitError::Closed),
    };
    port.look(control);
    let mut found = found(control);
    if waited == Err(WaitError::TimedOut) && found.known < wanted {
        found.flags |= flag::TIMED_OUT;
    }
    found
}

unsafe extern "C" fn poll(
    handle: *mut abi::Handle,
    wanted: u32,
    waker: *const abi::Waker,
) -> Found {
    // SAFETY: INV-ABI-3: the caller's promise.
    let foreign = unsafe { at(handle) };
    // SAFETY: INV-ABI-4: null, or valid during the call and ours from here on.
    if let Some(&waker) = unsafe { waker.as_ref() } {
        foreign.waker = Some(Waker::from(Arc::new(Task(waker))));
    }
    let Foreign { control, port, .. } = foreign;
    control.set_wanted(wanted);
    let waker = foreign.waker.as_ref().unwrap_or(Waker::noop());
    let armed = port.side().is_some_and(|side| side.arm(control, waker));
    if armed {
        return Found {
            known: 0,
            flags: control.flags() | flag::PENDING,
        };
    }
    port.look(control);
    found(control)
}

unsafe extern "C" fn cancel(handle: *mut abi::Handle) {
    // SAFETY: INV-ABI-3: the caller's promise.
    let Foreign { control, port, .. } = unsafe { at(handle) };
    if let Some(side) = port.side() {
        side.disarm(control);
    }
}

unsafe extern "C" fn set_reason(handle: *mut abi::Handle, reason: Text) {
    // SAFETY: INV-ABI-2, INV-ABI-3: the caller's promises.
    let (foreign, reason) = unsafe { (at(handle), reason.bytes()) };
    if let Some(side) = foreign.port.side() {
        side.end()
            .set_reason(String::from_utf8_lossy(reason).into_owned());
    }
}

unsafe extern "C" fn reason(handle: *mut abi::Handle) -> Text {
    // SAFETY: INV-ABI-3: the caller's promise.
    let foreign = unsafe { at(handle) };
    foreign
        .port
        .side()
        .and_then(|side| {
            let end = side.end();
            // It is set once and never changes, in what both ends keep.
            end.shared().reason_of_other(end.which()).map(Text::of)
        })
        .unwrap_or(Text::EMPTY)
}

unsafe extern "C" fn end(handle: *mut abi::Handle) {
    // SAFETY: INV-ABI-3: from `hand_out`, and the caller gives it back once.
    let mut foreign = unsafe { Box::from_raw(handle.cast::<Foreign>()) };
    drop(foreign.port.take(&foreign.control));
}
