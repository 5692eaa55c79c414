//! Handles of libuv's of our own: a `uv_async_t`, which wakes an event loop of Node's at the least cost, and what runs
//! before a loop sleeps.
//!
//! libuv's interface does not change within its major version, which all versions of Node share; the functions are
//! looked up in the running process, since not everything that has Node-API has libuv. What is relied on is in libuv's
//! `include/uv.h` and in its documentation: `uv_async_send` may be called from any thread while the
//! handle is open; everything else on the loop's thread only; the memory is free when the close callback runs. A loop
//! calls its prepare handles right before it polls, and does not sleep in that poll while an idle handle is active
//! ("The I/O loop" in its design overview).

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

#[cfg(unix)]
use libloading::os::unix::Library;
#[cfg(windows)]
use libloading::os::windows::Library;
use napi::sys;

use super::rung::Bell;

/// A handle of any type, whose size libuv tells.
type Handle = *mut c_void;
type Callback = unsafe extern "C" fn(Handle);
type Init = unsafe extern "C" fn(*mut sys::uv_loop_s, Handle) -> c_int;
type Start = unsafe extern "C" fn(Handle, Callback) -> c_int;
type Stop = unsafe extern "C" fn(Handle) -> c_int;

// `uv_handle_type`: places in `UV_HANDLE_TYPE_MAP`, after `UV_UNKNOWN_HANDLE`.
const UV_ASYNC: c_int = 1;
const UV_IDLE: c_int = 6;
const UV_PREPARE: c_int = 9;

/// At least what any of libuv's handles needs: pointers and doubles.
const ALIGN: usize = 16;

/// The functions of libuv that are in use.
#[derive(Debug)]
struct Functions {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    handle_get_type: unsafe extern "C" fn(Handle) -> c_int,
    handle_get_data: unsafe extern "C" fn(Handle) -> *mut c_void,
    handle_set_data: unsafe extern "C" fn(Handle, *mut c_void),
    async_init: unsafe extern "C" fn(*mut sys::uv_loop_s, Handle, Callback) -> c_int,
    async_send: unsafe extern "C" fn(Handle) -> c_int,
    prepare_init: Init,
    prepare_start: Start,
    prepare_stop: Stop,
    idle_init: Init,
    idle_start: Start,
    idle_stop: Stop,
    backend_timeout: unsafe extern "C" fn(*const sys::uv_loop_s) -> c_int,
    reference: unsafe extern "C" fn(Handle),
    unreference: unsafe extern "C" fn(Handle),
    close: unsafe extern "C" fn(Handle, Callback),
}

impl Functions {
    /// libuv as this process has it.
    fn get() -> Option<&'static Self> {
        static FUNCTIONS: OnceLock<Option<Functions>> = OnceLock::new();
        FUNCTIONS.get_or_init(Self::find).as_ref()
    }

    fn find() -> Option<Self> {
        #[cfg(unix)]
        let process = Library::this();
        #[cfg(windows)]
        let process = Library::this().ok()?;
        // SAFETY: INV-NODE-9: the types are those of `uv.h`, and the process outlives what it exports.
        unsafe {
            Some(Self {
                handle_size: *process.get(b"uv_handle_size\0").ok()?,
                handle_get_type: *process.get(b"uv_handle_get_type\0").ok()?,
                handle_get_data: *process.get(b"uv_handle_get_data\0").ok()?,
                handle_set_data: *process.get(b"uv_handle_set_data\0").ok()?,
                async_init: *process.get(b"uv_async_init\0").ok()?,
                async_send: *process.get(b"uv_async_send\0").ok()?,
                prepare_init: *process.get(b"uv_prepare_init\0").ok()?,
                prepare_start: *process.get(b"uv_prepare_start\0").ok()?,
                prepare_stop: *process.get(b"uv_prepare_stop\0").ok()?,
                idle_init: *process.get(b"uv_idle_init\0").ok()?,
                idle_start: *process.get(b"uv_idle_start\0").ok()?,
                idle_stop: *process.get(b"uv_idle_stop\0").ok()?,
                backend_timeout: *process.get(b"uv_backend_timeout\0").ok()?,
                reference: *process.get(b"uv_ref\0").ok()?,
                unreference: *process.get(b"uv_unref\0").ok()?,
                close: *process.get(b"uv_close\0").ok()?,
            })
        }
    }
}

/// What the callback of a handle was given.
///
/// # Safety
///
/// INV-NODE-9: a callback of that handle is under way, and the handle is one of this file's.
pub(super) unsafe fn data(handle: Handle) -> *const c_void {
    // SAFETY: INV-NODE-9: passed on; there is no callback without the functions.
    Functions::get().map_or(ptr::null(), |functions| unsafe {
        (functions.handle_get_data)(handle)
    })
}

/// Gives the memory of a handle back.
///
/// # Safety
///
/// INV-NODE-9: the close callback of that handle is under way, nobody looks at it afterwards, and it is one of this
/// file's.
pub(super) unsafe fn free(handle: Handle) {
    let Some(functions) = Functions::get() else {
        return;
    };
    // SAFETY: INV-NODE-9: passed on.
    let kind = unsafe { (functions.handle_get_type)(handle) };
    if let Some(layout) = layout(functions, kind) {
        // SAFETY: INV-NODE-9: passed on; allocated in `allocate` with this layout.
        unsafe { dealloc(handle.cast(), layout) };
    }
}

/// Memory for a handle, and its initialisation. `None` where libuv does not know it.
fn open(
    functions: &Functions,
    kind: c_int,
    data: *const c_void,
    init: impl FnOnce(Handle) -> c_int,
) -> Option<NonNull<c_void>> {
    let layout = layout(functions, kind)?;
    // SAFETY: INV-NODE-9: a handle's size is not 0.
    let handle = unsafe { alloc_zeroed(layout) }.cast::<c_void>();
    let Some(handle) = NonNull::new(handle) else {
        handle_alloc_error(layout);
    };
    if init(handle.as_ptr()) != 0 {
        // SAFETY: INV-NODE-9: what failed has left nothing with the loop, and the layout is that of above.
        unsafe { dealloc(handle.as_ptr().cast(), layout) };
        return None;
    }
    // SAFETY: INV-NODE-9: open, on the loop's thread. It keeps no loop alive before somebody wants that.
    unsafe {
        (functions.handle_set_data)(handle.as_ptr(), data.cast_mut());
        (functions.unreference)(handle.as_ptr());
    }
    Some(handle)
}

fn layout(functions: &Functions, kind: c_int) -> Option<Layout> {
    // SAFETY: INV-NODE-9: plain call; 0 for a type that it does not know.
    let size = unsafe { (functions.handle_size)(kind) };
    if size == 0 || size > 4096 {
        return None;
    }
    Layout::from_size_align(size, ALIGN).ok()
}

/// The loop of an environment.
fn event_loop(env: sys::napi_env) -> Option<*mut sys::uv_loop_s> {
    let mut event_loop = ptr::null_mut();
    // SAFETY: INV-NODE-1: plain call with an out-value.
    let status = unsafe { sys::napi_get_uv_event_loop(env, &mut event_loop) };
    (status == sys::Status::napi_ok && !event_loop.is_null()).then_some(event_loop)
}

/// An open `uv_async_t`. Copied freely; open until [`close`](Self::close).
#[derive(Clone, Copy, Debug)]
pub(super) struct Async {
    functions: &'static Functions,
    handle: NonNull<c_void>,
}

// SAFETY: INV-NODE-9: what other threads do with it is `uv_async_send`, in `ring`.
unsafe impl Send for Async {}

impl Async {
    /// Opens a handle on the environment's loop, unreferenced. After each ring `rung` is called on the loop, with
    /// `data`. `None` where that cannot be had.
    ///
    /// # Safety
    ///
    /// INV-NODE-9: this is Node and not something that looks like it; `rung` and `closed` of
    /// [`close`](Self::close) take `data` for what it is.
    pub(super) unsafe fn open(
        env: sys::napi_env,
        data: *const c_void,
        rung: Callback,
    ) -> Option<Self> {
        let functions = Functions::get()?;
        let event_loop = event_loop(env)?;
        // SAFETY: INV-NODE-9: room for the handle, and the loop of the environment whose thread this is.
        let init = |handle| unsafe { (functions.async_init)(event_loop, handle, rung) };
        let handle = open(functions, UV_ASYNC, data, init)?;
        Some(Self { functions, handle })
    }

    /// The loop's thread, before `close`: whether the handle keeps the loop alive.
    pub(super) fn hold(self, hold: bool) {
        // SAFETY: INV-NODE-9: open, on the loop's thread, as the caller sees to.
        unsafe {
            if hold {
                (self.functions.reference)(self.handle.as_ptr());
            } else {
                (self.functions.unreference)(self.handle.as_ptr());
            }
        }
    }

    /// The loop's thread, once: `closed` is called on the loop when nothing uses the handle any more, and frees it.
    ///
    /// # Safety
    ///
    /// INV-NODE-9: nobody rings any more, nor will.
    pub(super) unsafe fn close(self, closed: Callback) {
        // SAFETY: INV-NODE-9: open, on the loop's thread; passed on.
        unsafe { (self.functions.close)(self.handle.as_ptr(), closed) };
    }
}

impl Bell for Async {
    fn ring(&self) {
        // SAFETY: INV-NODE-9: open, because whoever rings holds the bell's lock, without which nobody closes.
        // It fails only for a handle of another type.
        let _status = unsafe { (self.functions.async_send)(self.handle.as_ptr()) };
    }
}

/// What runs on a loop's thread before each sleep, while it is started. Copied freely; open until
/// [`close`](Self::close). All of it is for that thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Eve {
    functions: &'static Functions,
    event_loop: *mut sys::uv_loop_s,
    prepare: NonNull<c_void>,
    idle: NonNull<c_void>,
}

impl Eve {
    /// Handles that an `Eve` has to close.
    pub(super) const HANDLES: u32 = 2;

    /// Opens both on the environment's loop; they keep no loop alive. `None` where that cannot be had.
    ///
    /// # Safety
    ///
    /// INV-NODE-9: as [`Async::open`].
    pub(super) unsafe fn open(env: sys::napi_env, data: *const c_void) -> Option<Self> {
        let functions = Functions::get()?;
        let event_loop = event_loop(env)?;
        // These cannot fail (libuv's documentation), so that none is left open without the other.
        // SAFETY: INV-NODE-9: room for the handle, and the loop of the environment whose thread this is.
        let prepare = |handle| unsafe { (functions.prepare_init)(event_loop, handle) };
        // SAFETY: INV-NODE-9: the same.
        let idle = |handle| unsafe { (functions.idle_init)(event_loop, handle) };
        Some(Self {
            functions,
            event_loop,
            prepare: open(functions, UV_PREPARE, data, prepare)?,
            idle: open(functions, UV_IDLE, data, idle)?,
        })
    }

    /// From now on `before_sleep` is called before each poll of the loop.
    pub(super) fn start(self, before_sleep: Callback) {
        // SAFETY: INV-NODE-9: open, on the loop's thread, as the caller sees to. It fails for a null callback only.
        let _status =
            unsafe { (self.functions.prepare_start)(self.prepare.as_ptr(), before_sleep) };
    }

    /// No longer.
    pub(super) fn stop(self) {
        // SAFETY: INV-NODE-9: open, on the loop's thread, as the caller sees to.
        let _status = unsafe { (self.functions.prepare_stop)(self.prepare.as_ptr()) };
    }

    /// Whether the loop may not sleep in its next poll.
    pub(super) fn keep_awake(self, awake: bool) {
        // SAFETY: INV-NODE-9: open, on the loop's thread, as the caller sees to.
        let _status = unsafe {
            if awake {
                (self.functions.idle_start)(self.idle.as_ptr(), nothing)
            } else {
                (self.functions.idle_stop)(self.idle.as_ptr())
            }
        };
    }

    /// Whether the loop is about to sleep: it has no immediate, no timer that is due and nothing to close.
    pub(super) fn will_sleep(self) -> bool {
        // SAFETY: INV-NODE-9: the loop lives as long as its handles.
        unsafe { (self.functions.backend_timeout)(self.event_loop) != 0 }
    }

    /// Once: `closed` is called on the loop for each of the handles, and frees it.
    ///
    /// # Safety
    ///
    /// INV-NODE-9: nobody uses it afterwards.
    pub(super) unsafe fn close(self, closed: Callback) {
        for handle in [self.prepare, self.idle] {
            // SAFETY: INV-NODE-9: open, on the loop's thread; passed on.
            unsafe { (self.functions.close)(handle.as_ptr(), closed) };
        }
    }
}

unsafe extern "C" fn nothing(_handle: Handle) {}
