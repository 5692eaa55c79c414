//! A handle in an environment: how it comes, the functions that are bound to it, and when it ends.
//!
//! A call of a class method unwraps `this` (54 to 78 ns) and, through an idiomatic `#[napi]` method,
//! takes a lock as well. So each handle has a few native functions that carry the address of its slot as their
//! data pointer: no `this`, no lock, no arguments; numbers go through the control block. They are for what a push or
//! a pop calls; all else is called by number (`calls.rs`).
//!
//! # When a handle ends
//!
//! It goes at the first of these:
//!
//! - JavaScript closes or moves it;
//! - its object has been collected: nobody can use the handle any more;
//! - the environment ends, in whatever way: its cleanup hook runs.
//!
//! Node promises no order among hooks and finalizers, so each of them may come first and the others
//! find nothing left to do. The slot is left when all that can call for it has been collected.

use std::ffi::{CStr, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::sync::Arc;

use napi::sys;

use crate::consumer::ConsumerPort;
use crate::control::{BLOCK_BYTES, Control};
use crate::doorbell::Listener;
use crate::environment::Environment;
use crate::memory::SharedRing;
use crate::producer::ProducerPort;
use crate::shared::{Shared, Which};
use crate::side::{ENDED, Port, Side};
use crate::slot::{MOST, Slot, Table, Tenant};
use crate::status::{Code, check, error};
use crate::value::{Callback, boolean, function, number, object, string};
use crate::visible::Visible;

/// What belongs to a handle besides its end of the ring.
#[derive(Debug)]
pub(crate) struct Rest {
    pub(crate) ring: SharedRing,
    pub(crate) shared: Arc<Shared>,
    pub(crate) which: Which,
    /// What JavaScript sees the control block through, until the handle's object is collected.
    block: Option<Rc<Visible>>,
    /// There when it has waited on the event loop.
    pub(crate) listener: Option<Listener>,
}

/// A slot with a handle.
pub(crate) type HandleSlot = Slot<Rest>;

/// The handles of the process. The image is pinned (`lib.rs`), so every environment finds the same table.
pub(crate) static HANDLES: Table<Rest> = Table::new();

/// Ends a handle: drops its end, which closes the ring for the other side.
///
/// # Safety
///
/// INV-NODE-12: the caller is on the thread that has the slot, and has no borrow of what is in it.
pub(crate) unsafe fn end(slot: &'static HandleSlot) {
    // SAFETY: INV-NODE-12: passed on.
    drop(unsafe { take(slot) });
}

/// Takes the end of the ring out of a handle, which has ended then.
///
/// # Safety
///
/// As [`end`].
pub(crate) unsafe fn take(slot: &'static HandleSlot) -> Port {
    // SAFETY: INV-NODE-12: passed on; nothing below comes back here.
    let Some(tenant) = (unsafe { slot.tenant() }) else {
        return Port::Ended;
    };
    let port = tenant.port.take(&slot.control);
    slot.control.raise(ENDED);
    let listener = tenant.rest.listener.take();
    // Without an environment, which is ending, there is nobody to call and nothing to hold.
    if let Some(environment) = Environment::current() {
        if let (Some(listener), Some(doorbell)) = (listener, environment.known_doorbell()) {
            doorbell.forget(listener);
        }
        environment.detached(slot.index(), tenant.rest.shared.number);
    }
    port
}

/// Finalizer of an object that can call for a slot.
unsafe extern "C" fn user_collected(_env: sys::napi_env, data: *mut c_void, hint: *mut c_void) {
    // SAFETY: INV-NODE-1: `counted` gave it a slot, which is never freed.
    let slot = unsafe { &*data.cast::<HandleSlot>().cast_const() };
    // The object that stands for the handle is marked; who has only a function of it has no handle.
    if !hint.is_null() {
        // SAFETY: INV-NODE-12: finalizers run on the environment's thread.
        unsafe { end(slot) };
        // SAFETY: INV-NODE-12: as above; the borrow ends at once.
        let left = unsafe { slot.tenant() }
            .map(|tenant| (tenant.rest.shared.number, tenant.rest.block.take()));
        if let Some((ring, block)) = left {
            // Only the handle's object had it.
            if let Some(block) = block {
                block.detach();
            }
            if let Some(environment) = Environment::current() {
                environment.over(ring, true);
            }
        }
    }
    drop(User(slot));
}

/// Something of JavaScript that can reach a slot: a bound function, the handle's object, the control block's
/// ArrayBuffer. The slot is left, and gets its next tenant, when the last of them is gone.
#[derive(Debug)]
struct User(&'static HandleSlot);

impl User {
    /// On the thread that has the slot.
    fn new(slot: &'static HandleSlot) -> Self {
        // SAFETY: INV-NODE-12: the caller's promise; the borrow ends at once.
        if let Some(tenant) = unsafe { slot.tenant() } {
            tenant.users += 1;
        }
        Self(slot)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        // SAFETY: INV-NODE-12: finalizers run on the environment's thread, and the borrow ends at once.
        let users = unsafe { self.0.tenant() }.map(|tenant| {
            tenant.users -= 1;
            tenant.users
        });
        if users == Some(0) {
            // SAFETY: INV-NODE-12: as above. Nothing can reach the slot: all that could was counted.
            unsafe {
                end(self.0);
                HANDLES.leave(self.0);
            }
        }
    }
}

/// Counts an object of JavaScript that can call for the slot, until it is collected.
fn counted(
    env: sys::napi_env,
    slot: &'static HandleSlot,
    object: sys::napi_value,
    is_handle: bool,
) -> napi::Result<sys::napi_value> {
    let data = ptr::from_ref(slot).cast_mut().cast::<c_void>();
    let mark = if is_handle { data } else { ptr::null_mut() };
    // SAFETY: INV-NODE-1: the finalizer takes `data` for what it is and runs once.
    let status = unsafe {
        sys::napi_add_finalizer(
            env,
            object,
            data,
            Some(user_collected),
            mark,
            ptr::null_mut(),
        )
    };
    check(status, "napi_add_finalizer")?;
    // The finalizer gives it back.
    std::mem::forget(User::new(slot));
    Ok(object)
}

/// What a function was bound to; `None` when Node refuses to say, and for one that is bound to nothing.
#[inline]
pub(crate) unsafe fn data_of(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> Option<NonNull<c_void>> {
    let mut data = ptr::null_mut();
    // SAFETY: INV-NODE-1: `env` and `info` are those of the call that is under way; null out-values
    // are allowed.
    let status = unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &mut data,
        )
    };
    if status != sys::Status::napi_ok {
        return None;
    }
    NonNull::new(data)
}

/// The handle that a call of a bound function is for; `None` when Node refuses to say.
#[inline]
unsafe fn called<'a>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> Option<(&'a mut Port, &'a Control)> {
    // SAFETY: INV-NODE-1: passed on.
    let data = unsafe { data_of(env, info) }?.cast::<HandleSlot>();
    // SAFETY: INV-NODE-1: `describe` gave it a slot, which is never freed. INV-NODE-12: it belongs to this environment and
    // was not left, since the function that is being called counts; the callers below call nothing that comes back.
    unsafe {
        let slot = data.as_ref();
        Some((&mut slot.tenant().unwrap_unchecked().port, &slot.control))
    }
}

/// The end in a port that is known to be of this type, or gone.
trait Expected: Side + Sized {
    fn of(port: &mut Port) -> Option<&mut Self>;

    /// The hot crossings of this side, as functions of Node-API.
    const HOT: HotFunctions;
}

impl Expected for ProducerPort {
    const HOT: HotFunctions = &[
        (c"publish", Hot::<Self>::publish),
        (c"look", Hot::<Self>::look),
    ];

    #[inline]
    fn of(port: &mut Port) -> Option<&mut Self> {
        match port {
            Port::Producer(port) => Some(port),
            _ => None,
        }
    }
}

impl Expected for ConsumerPort {
    const HOT: HotFunctions = &[
        (c"publish", Hot::<Self>::publish),
        (c"look", Hot::<Self>::look),
        (c"text", text),
    ];

    #[inline]
    fn of(port: &mut Port) -> Option<&mut Self> {
        match port {
            Port::Consumer(port) => Some(port),
            _ => None,
        }
    }
}

/// The hot crossings of a side, as functions of Node-API.
struct Hot<S>(PhantomData<S>);

impl<S: Expected> Hot<S> {
    /// `publish()`.
    unsafe extern "C" fn publish(
        env: sys::napi_env,
        info: sys::napi_callback_info,
    ) -> sys::napi_value {
        // SAFETY: INV-NODE-1: called by Node with its own arguments.
        let Some((port, control)) = (unsafe { called(env, info) }) else {
            return ptr::null_mut();
        };
        match S::of(port) {
            Some(side) => side.publish(control, 0),
            None => control.raise(ENDED),
        }
        flagged(env, control)
    }

    /// `look()`: publishes, then refreshes what is known of the other side.
    unsafe extern "C" fn look(
        env: sys::napi_env,
        info: sys::napi_callback_info,
    ) -> sys::napi_value {
        // SAFETY: INV-NODE-1: called by Node with its own arguments.
        let Some((port, control)) = (unsafe { called(env, info) }) else {
            return ptr::null_mut();
        };
        match S::of(port) {
            Some(side) => side.look(control),
            None => {
                control.set_known(0);
                control.raise(ENDED);
            }
        }
        flagged(env, control)
    }
}

/// What a publication or a look returns: `true` if JavaScript has to look at the flags, or else
/// `undefined`, which costs nothing.
#[inline]
fn flagged(env: sys::napi_env, control: &Control) -> sys::napi_value {
    if control.flags() == 0 {
        return ptr::null_mut();
    }
    raised(env)
}

#[cold]
fn raised(env: sys::napi_env) -> sys::napi_value {
    // A failure means that the environment is ending. A flag stays raised, and the next crossing would tell it again.
    boolean(env, true).unwrap_or(ptr::null_mut())
}

/// Gives an end of a ring to this environment: the object that `lib/native/addon.ts` describes as `RawHandle`.
///
/// If anything fails on the way, the end is closed.
pub(crate) fn attach(env: sys::napi_env, port: Port) -> napi::Result<sys::napi_value> {
    let environment = Environment::enter(env)?;
    let (ring, position, end_of, hot) = match &port {
        Port::Producer(port) => (
            port.producer.ring().clone(),
            port.producer.position(),
            &port.end,
            ProducerPort::HOT,
        ),
        Port::Consumer(port) => (
            port.consumer.ring().clone(),
            port.consumer.position(),
            &port.end,
            ConsumerPort::HOT,
        ),
        Port::Ended => return Err(error(Code::Moved, "the handle was moved or closed before")),
    };
    let (shared, which) = (Arc::clone(end_of.shared()), end_of.which());
    let tenant = Tenant {
        port,
        users: 0,
        rest: Rest {
            ring,
            shared: Arc::clone(&shared),
            which,
            block: None,
            listener: None,
        },
    };
    let slot = HANDLES.take(tenant, position).ok_or_else(|| {
        error(
            Code::Memory,
            format!("a process has at most {MOST} handles at a time: close some"),
        )
    })?;
    // This call uses it too, so that a slot with a handle that could not be made is left at its end.
    let _user = User::new(slot);
    environment.attached(slot.index(), shared.number);
    describe(env, &environment, slot, position, hot).inspect_err(|_| {
        // SAFETY: INV-NODE-12: on the thread that has just taken the slot.
        unsafe { end(slot) };
        environment.over(shared.number, true);
    })
}

/// `text()` of a consumer: the oldest message as a string, with its length as the answer; `undefined` if it is none that
/// can be had this way.
unsafe extern "C" fn text(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    let Some((port, control)) = (unsafe { called(env, info) }) else {
        return ptr::null_mut();
    };
    let Some((value, length)) = ConsumerPort::of(port).and_then(|side| side.text(env, control))
    else {
        return ptr::null_mut();
    };
    control.set_answer(length);
    value
}

/// Names and callbacks of a side's hot crossings.
type HotFunctions = &'static [(&'static CStr, Callback)];

fn describe(
    env: sys::napi_env,
    environment: &Rc<Environment>,
    slot: &'static HandleSlot,
    position: u64,
    hot: HotFunctions,
) -> napi::Result<sys::napi_value> {
    // SAFETY: INV-NODE-12: on the thread that has just taken the slot. Copies: what follows calls Node.
    let (ring, shared) = unsafe { slot.tenant() }
        .map(|tenant| (tenant.rest.ring.clone(), Arc::clone(&tenant.rest.shared)))
        .ok_or_else(|| error(Code::Moved, "the handle was closed before it was there"))?;
    let data = ptr::from_ref(slot).cast_mut().cast::<c_void>();
    let bind = |&(name, callback): &(&'static CStr, Callback)| {
        let function = function(env, name, callback, data)?;
        Ok((name, counted(env, slot, function, false)?))
    };
    let block = (NonNull::from(&slot.control).cast(), BLOCK_BYTES);
    let user = Box::new(User::new(slot));
    // SAFETY: INV-NODE-1: a slot is never freed. The block is this handle's until its user goes, and where that is never
    // let go, because the block was taken away, the slot gets no other tenant.
    let (visible, block) = unsafe { Visible::new(environment, env, block, user, None)? };
    // SAFETY: INV-NODE-12: on the thread that has just taken the slot; the borrow ends at once.
    if let Some(tenant) = unsafe { slot.tenant() } {
        tenant.rest.block = Some(visible);
    }
    let description = &shared.description;
    let mut properties = hot
        .iter()
        .map(bind)
        .collect::<napi::Result<Vec<(&'static CStr, sys::napi_value)>>>()?;
    properties.extend([
        (c"number", number(env, slot.number())?),
        (c"block", block),
        (c"capacity", number(env, ring.capacity() as f64)?),
        (
            c"offset",
            number(env, (position % ring.capacity() as u64) as f64)?,
        ),
        (c"memoryKind", string(env, &ring.memory().to_string())?),
        (c"ring", number(env, shared.number as f64)?),
        (c"kind", number(env, f64::from(description.kind))?),
        (
            c"publishEvery",
            number(env, f64::from(description.publish_every))?,
        ),
        (c"elementSize", number(env, f64::from(description.element))?),
        (c"schema", string(env, &description.schema)?),
        (c"drops", boolean(env, description.drops)?),
    ]);
    let handle = object(env, &properties)?;
    counted(env, slot, handle, true)
}
