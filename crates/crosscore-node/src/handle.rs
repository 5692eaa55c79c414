//! Functions that are bound to a handle, and when the handle ends.
//!
//! A call of a class method unwraps `this` (54 to 78 ns) and, through an idiomatic `#[napi]` method,
//! takes a lock as well. So each handle owns a few native functions that carry its address as their
//! data pointer: no `this`, no lock, no arguments; numbers go through the control block.
//!
//! # When a handle ends
//!
//! `Bound` is what the data pointers point to. It is counted once by each bound function, by the
//! ArrayBuffer over its control block and by the environment's cleanup hook, so it outlives them
//! all (INV-NODE-1). The port in it goes at the first of these:
//!
//! - JavaScript closes or moves the handle;
//! - the last bound function has been collected: nobody can use the handle any more;
//! - the environment ends, in whatever way: its cleanup hook runs.
//!
//! Node promises no order among hooks and finalizers, so each of them may come first and the others
//! find nothing left to do.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char, c_void};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::task::Waker;

use crosscore::Metrics;
use napi::sys;

use crate::control::{BLOCK_BYTES, Control};
use crate::doorbell::{Doorbell, Listener};
use crate::memory::{SharedRing, array_buffer};
use crate::registry::{self, Entry};
use crate::status::{Code, check, error};

/// What producers and consumers have in common, seen from a crossing.
///
/// # Safety of the `unsafe fn`s
///
/// INV-NODE-2: the caller is on the thread of the handle's environment, and no other of these calls
/// is under way on the same handle.
pub(crate) trait Side: Sized + 'static {
    /// The handle without its environment.
    type Port;

    fn new(port: Self::Port) -> Self;
    fn control(&self) -> &Control;
    fn ring(port: &Self::Port) -> &Arc<SharedRing>;
    fn position(port: &Self::Port) -> u64;
    fn into_entry(port: Self::Port) -> Entry;
    /// Binds the functions that only this side has.
    fn bind_own(
        _env: sys::napi_env,
        _bound: &Arc<Bound<Self>>,
        _object: sys::napi_value,
    ) -> napi::Result<()> {
        Ok(())
    }

    /// The publication edge: publishes or releases the pending bytes.
    unsafe fn publish(&self);
    /// The publication edge, then a look at the other side's cursor.
    unsafe fn look(&self);
    /// Blocks this thread until what is wanted is there, for a slice of time at most; then looks.
    unsafe fn block(&self);
    /// Leaves `waker` with the other side unless what is wanted is there; tells whether it did.
    unsafe fn arm(&self, waker: &Waker) -> bool;
    /// Takes the waker back.
    unsafe fn disarm(&self);
    unsafe fn metrics(&self) -> Option<(Metrics, (u64, u64))>;
    /// Publishes what is pending and gives the port away. `None` if it is gone already.
    unsafe fn take(&self) -> Option<Self::Port>;
}

/// A handle in an environment.
pub(crate) struct Bound<S: Side> {
    pub(crate) side: S,
    ring: Arc<SharedRing>,
    description: String,
    listener: RefCell<Option<Listener>>,
    env: sys::napi_env,
    /// Bound functions that have not been collected.
    functions: Cell<u32>,
    /// Whether the cleanup hook is registered and so counts this.
    hooked: Cell<bool>,
    /// This, as `Arc::as_ptr` gives it: a pointer made from `&self` may not reach the counts.
    this: Cell<*const Self>,
}

impl<S: Side> Bound<S> {
    fn silence(&self) {
        let listener = self.listener.borrow_mut().take();
        if let Some(listener) = listener {
            Doorbell::of(self.env, |doorbell| doorbell.forget(listener));
        }
    }

    /// Ends the handle: drops the port, which closes the ring for the other side.
    ///
    /// # Safety
    ///
    /// INV-NODE-2, and `this` is counted by the caller until this returns.
    unsafe fn end(this: *const Self) {
        // SAFETY: INV-NODE-1: counted by the caller; INV-NODE-2: passed on.
        let port = unsafe { (*this).side.take() };
        drop(port);
        // SAFETY: INV-NODE-1: counted by the caller.
        unsafe { &*this }.silence();
        // SAFETY: INV-NODE-1, INV-NODE-2: as above.
        unsafe { Self::unhook(this) };
    }

    /// Registers the cleanup hook, which counts this.
    fn hook(&self) -> napi::Result<()> {
        let this = self.this.get();
        // SAFETY: INV-NODE-1: `self` is always in an `Arc` (`attach`), which the caller counts; this
        // is the hook's own count, and the hook takes its argument for what it is.
        let status = unsafe {
            Arc::increment_strong_count(this);
            sys::napi_add_env_cleanup_hook(
                self.env,
                Some(end_with_environment::<S>),
                this.cast_mut().cast(),
            )
        };
        check(status, "napi_add_env_cleanup_hook").inspect_err(|_| {
            // SAFETY: INV-NODE-1: no hook was registered, so its count is still ours.
            unsafe { Arc::decrement_strong_count(this) };
        })?;
        self.hooked.set(true);
        Ok(())
    }

    /// Takes the cleanup hook away, and its count.
    ///
    /// # Safety
    ///
    /// As [`end`](Self::end).
    unsafe fn unhook(this: *const Self) {
        // SAFETY: INV-NODE-1: counted by the caller.
        let bound = unsafe { &*this };
        if !bound.hooked.replace(false) {
            return;
        }
        let this = bound.this.get();
        // SAFETY: INV-NODE-1: hook and argument are those that were registered in `attach`.
        let status = unsafe {
            sys::napi_remove_env_cleanup_hook(
                bound.env,
                Some(end_with_environment::<S>),
                this.cast_mut().cast(),
            )
        };
        if status == sys::Status::napi_ok {
            // SAFETY: INV-NODE-1: the hook will not run, so its count is given back here. The
            // caller's own count keeps `this` alive.
            drop(unsafe { Arc::from_raw(this) });
        } else {
            // The hook may still run: then it must find its count, and does.
            bound.hooked.set(true);
        }
    }
}

/// Cleanup hook: the environment ends, by exit, error or `terminate()`.
unsafe extern "C" fn end_with_environment<S: Side>(arg: *mut c_void) {
    // SAFETY: INV-NODE-1: the count that `attach` gave to the hook, which runs once.
    let bound = unsafe { Arc::from_raw(arg.cast::<Bound<S>>().cast_const()) };
    bound.hooked.set(false);
    // SAFETY: INV-NODE-2: hooks run on the environment's thread, between calls of JavaScript.
    unsafe { Bound::end(&*bound) };
}

/// Finalizer of a bound function.
unsafe extern "C" fn function_collected<S: Side>(
    _env: sys::napi_env,
    data: *mut c_void,
    _hint: *mut c_void,
) {
    // SAFETY: INV-NODE-1: the count that `bind` gave to this function, whose finalizer runs once.
    let bound = unsafe { Arc::from_raw(data.cast::<Bound<S>>().cast_const()) };
    bound.functions.set(bound.functions.get() - 1);
    if bound.functions.get() == 0 {
        // SAFETY: INV-NODE-2: finalizers run on the environment's thread, and no crossing is under
        // way, since no function is left to make one.
        unsafe { Bound::end(&*bound) };
    }
}

/// Finalizer of the ArrayBuffer over the control block.
unsafe extern "C" fn control_collected<S: Side>(
    _env: sys::napi_env,
    _data: *mut c_void,
    hint: *mut c_void,
) {
    // SAFETY: INV-NODE-1: the count that `attach` gave to this ArrayBuffer.
    drop(unsafe { Arc::from_raw(hint.cast::<Bound<S>>().cast_const()) });
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
pub(crate) unsafe fn bound_of<'a, S: Side>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> Option<&'a Bound<S>> {
    // SAFETY: INV-NODE-1: passed on.
    let data = unsafe { data_of(env, info) }?;
    // SAFETY: INV-NODE-1: the function that is being called counts it.
    Some(unsafe { data.cast::<Bound<S>>().as_ref() })
}

/// `publish()`: the hot call.
unsafe extern "C" fn publish<S: Side>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    if let Some(bound) = unsafe { bound_of::<S>(env, info) } {
        // SAFETY: INV-NODE-2: on the environment's thread, and nothing below calls JavaScript.
        unsafe { bound.side.publish() };
        return flagged(env, bound.side.control());
    }
    ptr::null_mut()
}

/// What a publication or a look returns: `true` if JavaScript has to look at the flags, or else
/// `undefined`, which costs nothing.
#[inline]
pub(crate) fn flagged(env: sys::napi_env, control: &Control) -> sys::napi_value {
    if !control.is_flagged() {
        return ptr::null_mut();
    }
    let mut value = ptr::null_mut();
    // SAFETY: INV-NODE-1: plain call with an out-value.
    let status = unsafe { sys::napi_get_boolean(env, true, &mut value) };
    if status == sys::Status::napi_ok {
        value
    } else {
        // The environment is ending. A flag stays raised, and the next crossing would tell it again.
        ptr::null_mut()
    }
}

/// `look()`: publishes, then refreshes what is known of the other side.
unsafe extern "C" fn look<S: Side>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    if let Some(bound) = unsafe { bound_of::<S>(env, info) } {
        // SAFETY: INV-NODE-2: on the environment's thread, and nothing below calls JavaScript.
        unsafe { bound.side.look() };
        return flagged(env, bound.side.control());
    }
    ptr::null_mut()
}

/// `block()`: waits on this thread for a slice of time.
unsafe extern "C" fn block<S: Side>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    if let Some(bound) = unsafe { bound_of::<S>(env, info) } {
        // SAFETY: INV-NODE-2: on the environment's thread, and nothing below calls JavaScript.
        unsafe { bound.side.block() };
    }
    ptr::null_mut()
}

/// `arm()`: leaves the doorbell with the other side, unless what is wanted is there.
unsafe extern "C" fn arm<S: Side>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    if let Some(bound) = unsafe { bound_of::<S>(env, info) } {
        let listener = bound.listener.borrow();
        let Some(listener) = &*listener else {
            return ptr::null_mut();
        };
        // SAFETY: INV-NODE-2: on the environment's thread, and nothing below calls JavaScript.
        let armed = unsafe { bound.side.arm(listener.waker()) };
        bound.side.control().set_armed(armed);
    }
    ptr::null_mut()
}

/// `disarm()`: takes the doorbell back.
unsafe extern "C" fn disarm<S: Side>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    if let Some(bound) = unsafe { bound_of::<S>(env, info) } {
        // SAFETY: INV-NODE-2: on the environment's thread, and nothing below calls JavaScript.
        unsafe { bound.side.disarm() };
    }
    ptr::null_mut()
}

/// `hold()`: a wait keeps the event loop alive.
unsafe extern "C" fn hold<S: Side>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    if let Some(bound) = unsafe { bound_of::<S>(env, info) } {
        if let Some(listener) = &*bound.listener.borrow() {
            Doorbell::of(env, |doorbell| doorbell.hold(listener, true));
        }
    }
    ptr::null_mut()
}

/// `letGo()`: the event loop may end although a wait is pending, or there is none.
unsafe extern "C" fn let_go<S: Side>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    if let Some(bound) = unsafe { bound_of::<S>(env, info) } {
        if let Some(listener) = &*bound.listener.borrow() {
            Doorbell::of(env, |doorbell| doorbell.hold(listener, false));
        }
    }
    ptr::null_mut()
}

/// `listen(callback)`: installs the doorbell's callback, once.
unsafe extern "C" fn listen<S: Side>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    let Some(bound) = (unsafe { bound_of::<S>(env, info) }) else {
        return ptr::null_mut();
    };
    let installed = first_argument(env, info).and_then(|callback| {
        if bound.listener.borrow().is_some() {
            return Ok(());
        }
        let listener = Doorbell::of(env, |doorbell| doorbell.listen(callback));
        *bound.listener.borrow_mut() = Some(listener?);
        Ok(())
    });
    if let Err(error) = installed {
        // SAFETY: INV-NODE-1: a call is under way, so an exception can be thrown into it.
        unsafe { napi::JsError::from(error).throw_into(env) };
    }
    ptr::null_mut()
}

fn first_argument(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> napi::Result<sys::napi_value> {
    let mut count = 1;
    let mut argument = ptr::null_mut();
    // SAFETY: INV-NODE-1: room for one argument, as `count` says; null out-values are allowed.
    let status = unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &mut count,
            &mut argument,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    check(status, "napi_get_cb_info")?;
    Ok(argument)
}

/// `stats()`: writes the statistics into the control block.
unsafe extern "C" fn stats<S: Side>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    if let Some(bound) = unsafe { bound_of::<S>(env, info) } {
        // SAFETY: INV-NODE-2: on the environment's thread, and nothing below calls JavaScript.
        if let Some((metrics, (sent, received))) = unsafe { bound.side.metrics() } {
            // Counts as doubles: exact up to 2^53.
            bound.side.control().set_stats(&[
                metrics.sent as f64,
                metrics.received as f64,
                metrics.full_encounters as f64,
                metrics.empty_encounters as f64,
                metrics.high_water_mark as f64,
                sent as f64,
                received as f64,
            ]);
        }
    }
    ptr::null_mut()
}

/// `close()`: ends the handle.
unsafe extern "C" fn close<S: Side>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    if let Some(bound) = unsafe { bound_of::<S>(env, info) } {
        // SAFETY: INV-NODE-2: on the environment's thread; INV-NODE-1: counted by the function.
        unsafe { Bound::end(bound) };
    }
    ptr::null_mut()
}

/// `move()`: empties the handle and returns the token's number as 32 hexadecimal digits.
unsafe extern "C" fn move_out<S: Side>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    let Some(bound) = (unsafe { bound_of::<S>(env, info) }) else {
        return ptr::null_mut();
    };
    // SAFETY: INV-NODE-2: on the environment's thread; INV-NODE-1: counted by the function.
    let moved = unsafe {
        let port = bound.side.take();
        bound.silence();
        Bound::unhook(bound);
        port
    }
    .ok_or_else(|| error(Code::Moved, "the handle was moved or closed before"))
    .and_then(|port| {
        registry::park(S::into_entry(port), bound.description.clone()).map_err(|cause| {
            error(
                Code::Token,
                format!("the system has no random bits for a token: {cause}"),
            )
        })
    })
    .and_then(|token| string(env, &format!("{token:032x}")));
    match moved {
        Ok(token) => token,
        Err(error) => {
            // SAFETY: INV-NODE-1: a call is under way, so an exception can be thrown into it.
            unsafe { napi::JsError::from(error).throw_into(env) };
            ptr::null_mut()
        }
    }
}

/// `memory()`: a new ArrayBuffer over the ring's memory; `lib/memory.ts` sees to it that there is
/// one at a time.
unsafe extern "C" fn memory<S: Side>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    let Some(bound) = (unsafe { bound_of::<S>(env, info) }) else {
        return ptr::null_mut();
    };
    match array_buffer(env, &bound.ring) {
        Ok(buffer) => buffer,
        Err(error) => {
            // SAFETY: INV-NODE-1: a call is under way, so an exception can be thrown into it.
            unsafe { napi::JsError::from(error).throw_into(env) };
            ptr::null_mut()
        }
    }
}

/// A JavaScript string.
pub(crate) fn string(env: sys::napi_env, text: &str) -> napi::Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    // SAFETY: INV-NODE-1: `text` is valid for its length, and Node copies it.
    let status = unsafe {
        sys::napi_create_string_utf8(
            env,
            text.as_ptr().cast::<c_char>(),
            text.len() as isize,
            &mut value,
        )
    };
    check(status, "napi_create_string_utf8")?;
    Ok(value)
}

fn number(env: sys::napi_env, number: f64) -> napi::Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    // SAFETY: INV-NODE-1: plain call with an out-value.
    let status = unsafe { sys::napi_create_double(env, number, &mut value) };
    check(status, "napi_create_double")?;
    Ok(value)
}

fn set(
    env: sys::napi_env,
    object: sys::napi_value,
    name: &CStr,
    value: sys::napi_value,
) -> napi::Result<()> {
    // SAFETY: INV-NODE-1: both values are of this environment and this call's handle scope.
    let status = unsafe { sys::napi_set_named_property(env, object, name.as_ptr(), value) };
    check(status, "napi_set_named_property")
}

pub(crate) type Callback =
    unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

/// Makes a function that carries the handle as its data, and counts it.
pub(crate) fn bind<S: Side>(
    env: sys::napi_env,
    bound: &Arc<Bound<S>>,
    object: sys::napi_value,
    name: &CStr,
    callback: Callback,
) -> napi::Result<()> {
    let data = Arc::as_ptr(bound).cast_mut().cast::<c_void>();
    let mut function = ptr::null_mut();
    // SAFETY: INV-NODE-1: `data` is what `callback` takes it for, and is counted below before
    // JavaScript can get hold of the function.
    let status = unsafe {
        sys::napi_create_function(
            env,
            name.as_ptr(),
            name.count_bytes() as isize,
            Some(callback),
            data,
            &mut function,
        )
    };
    check(status, "napi_create_function")?;
    // SAFETY: INV-NODE-1: the finalizer takes `data` for what it is and runs once.
    let status = unsafe {
        sys::napi_add_finalizer(
            env,
            function,
            data,
            Some(function_collected::<S>),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    check(status, "napi_add_finalizer")?;
    // The count that the finalizer gives back.
    let _ = Arc::into_raw(Arc::clone(bound));
    bound.functions.set(bound.functions.get() + 1);
    set(env, object, name, function)
}

/// Gives a handle to this environment: an object with its functions, its control block and what is
/// known of its ring.
///
/// If anything fails on the way, the handle ends with what was made of it.
pub(crate) fn attach<S: Side>(
    env: sys::napi_env,
    port: S::Port,
    description: String,
) -> napi::Result<sys::napi_value> {
    let ring = Arc::clone(S::ring(&port));
    let capacity = ring.capacity();
    let offset = S::position(&port) % capacity as u64;
    let bound = Arc::new(Bound {
        side: S::new(port),
        ring,
        description,
        listener: RefCell::default(),
        env,
        functions: Cell::new(0),
        hooked: Cell::new(false),
        this: Cell::new(ptr::null()),
    });

    bound.this.set(Arc::as_ptr(&bound));
    bound.hook()?;

    let object = describe(env, &bound, capacity, offset);
    if object.is_err() {
        // SAFETY: INV-NODE-2: on the environment's thread; INV-NODE-1: counted by `bound`.
        unsafe { Bound::end(&*bound) };
    }
    object
}

/// The object that `lib/native.ts` describes as `NativeHandle`.
fn describe<S: Side>(
    env: sys::napi_env,
    bound: &Arc<Bound<S>>,
    capacity: usize,
    offset: u64,
) -> napi::Result<sys::napi_value> {
    let mut object = ptr::null_mut();
    // SAFETY: INV-NODE-1: plain call with an out-value.
    let status = unsafe { sys::napi_create_object(env, &mut object) };
    check(status, "napi_create_object")?;
    bind(env, bound, object, c"publish", publish::<S>)?;
    bind(env, bound, object, c"look", look::<S>)?;
    bind(env, bound, object, c"block", block::<S>)?;
    bind(env, bound, object, c"listen", listen::<S>)?;
    bind(env, bound, object, c"arm", arm::<S>)?;
    bind(env, bound, object, c"disarm", disarm::<S>)?;
    bind(env, bound, object, c"hold", hold::<S>)?;
    bind(env, bound, object, c"letGo", let_go::<S>)?;
    bind(env, bound, object, c"stats", stats::<S>)?;
    bind(env, bound, object, c"close", close::<S>)?;
    bind(env, bound, object, c"move", move_out::<S>)?;
    bind(env, bound, object, c"memory", memory::<S>)?;
    S::bind_own(env, bound, object)?;

    let owner = Arc::into_raw(Arc::clone(bound));
    let mut control = ptr::null_mut();
    // SAFETY: INV-NODE-1: the block is valid while `owner` is counted, and the finalizer uncounts it
    // once, when V8 has let go of the block.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(
            env,
            bound.side.control().base().cast(),
            BLOCK_BYTES,
            Some(control_collected::<S>),
            owner.cast_mut().cast(),
            &mut control,
        )
    };
    check(status, "napi_create_external_arraybuffer").inspect_err(|_| {
        // SAFETY: INV-NODE-1: no ArrayBuffer was made, so its count is still ours.
        drop(unsafe { Arc::from_raw(owner) });
    })?;
    set(env, object, c"control", control)?;
    set(env, object, c"capacity", number(env, capacity as f64)?)?;
    set(env, object, c"offset", number(env, offset as f64)?)?;
    set(
        env,
        object,
        c"memoryKind",
        string(env, &bound.ring.memory().to_string())?,
    )?;
    // The address of the shared ring tells its two handles that they have the same one; it is used
    // for nothing else.
    let id = format!("{:x}", Arc::as_ptr(&bound.ring) as usize);
    set(env, object, c"ring", string(env, &id)?)?;
    set(
        env,
        object,
        c"description",
        string(env, &bound.description)?,
    )?;
    Ok(object)
}
